/**
 * Sections out of the packets of one PID (ISO/IEC 13818-1 = ITU-T H.222.0 sections 2.4.4.1 and 2.4.4.2): where
 * payload_unit_start_indicator is set, the payload's first octet, pointer_field, says how many octets before the first
 * section that begins here still belong to the one before; sections follow each other without a gap, and 0xff in place
 * of a table_id means that nothing but stuffing follows.
 */
import { TS_PACKET_OCTETS, payloadAt, startsUnit } from './mpegts.js';

/** table_id, flags and section_length. */
export const SECTION_HEAD_OCTETS = 3;
/** A whole section at most (sections 2.4.4.11, 2.4.4.14: section_length up to 4093). */
export const LARGEST_SECTION_OCTETS = 4096;
const STUFFING = 0xff;

/** Largest section_length: 1021 for PAT, CAT, PMT, TSDT, NIT, SDT and BAT (EN 300 468 section 5.1.1), 4093 for others. */
function largestSectionLength(tableId: number): number {
  const isShort = tableId <= 0x03 || (tableId >= 0x40 && tableId <= 0x46) || tableId === 0x4a;
  return isShort ? 1021 : 4093;
}

/** Octets of the section that begins at `at`, of which the first three are there. */
function sectionOctetsAt(bytes: Uint8Array, at: number): number {
  return SECTION_HEAD_OCTETS + (((bytes[at + 1]! & 0x0f) << 8) | bytes[at + 2]!);
}

/**
 *     assembler.add(bytes, at);
 *     while (assembler.next()) read(assembler.bytes, assembler.sectionAt, assembler.sectionOctets);
 *
 * The CRC is not looked at. Nothing is allocated after the constructor.
 */
export class SectionAssembler {
  /** Owned by the assembler; the section in it is good until the next `add` or `reset`. */
  readonly bytes = new Uint8Array(LARGEST_SECTION_OCTETS + TS_PACKET_OCTETS);
  /** Offset of the completed section's table_id, after {@link next}. */
  sectionAt = 0;
  /** Its octets, 3 .. 4096. */
  sectionOctets = 0;
  /** Pointers out of the packet, lengths above the limit, sections that did not end where the pointer says. */
  malformed = 0;
  /** Begun sections that `reset` dropped. */
  dropped = 0;
  /** What is not consumed lies in [from, end); of that, before `boundary`, the rest of a section begun earlier. */
  #from = 0;
  #boundary = 0;
  #end = 0;
  /** Whether a section begins at the boundary, so that nothing more can come for what lies before it. */
  #begins = false;

  /** Drops the section that is not complete: after a break of continuity, or a packet that cannot be trusted. */
  reset(): void {
    while (this.next());
    if (this.#from < this.#end) this.dropped++;
    this.#empty();
  }

  /**
   * Takes the packet whose sync octet is at `at`: of this PID, in order, no duplicate, in clear. What was completed
   * before and not taken by {@link next} is lost.
   */
  add(bytes: Uint8Array, at: number): void {
    while (this.next());
    const payload = payloadAt(bytes, at);
    const end = at + TS_PACKET_OCTETS;
    if (payload >= end) return;
    this.#toFront();
    const isPartial = this.#end > 0;
    if (!startsUnit(bytes, at)) {
      // Without a beginning only what began before can go on.
      if (isPartial) this.#append(bytes, payload, end);
      this.#boundary = this.#end;
      this.#begins = false;
      return;
    }
    const begin = payload + 1 + bytes[payload]!;
    if (begin >= end) {
      this.malformed++;
      this.#empty();
      return;
    }
    if (isPartial) this.#append(bytes, payload + 1, begin);
    this.#boundary = this.#end;
    this.#begins = true;
    this.#append(bytes, begin, end);
  }

  /** Moves to the next completed section; false: none is left until more is added. */
  next(): boolean {
    while (this.#from < this.#end) {
      const at = this.#from;
      const isRest = at < this.#boundary;
      const available = (isRest ? this.#boundary : this.#end) - at;
      if (!isRest && this.bytes[at] === STUFFING) {
        this.#empty();
        return false;
      }
      const octets = available < SECTION_HEAD_OCTETS ? Infinity : sectionOctetsAt(this.bytes, at);
      if (octets !== Infinity && octets > SECTION_HEAD_OCTETS + largestSectionLength(this.bytes[at]!)) {
        this.malformed++;
        if (isRest && this.#begins) this.#from = this.#boundary;
        else this.#empty();
        continue;
      }
      if (octets <= available) {
        this.sectionAt = at;
        this.sectionOctets = octets;
        // Behind a section that began in an earlier packet only stuffing can stand, up to the boundary.
        this.#from = isRest ? this.#boundary : at + octets;
        return true;
      }
      if (!isRest || !this.#begins) return false;
      this.malformed++;
      this.#from = this.#boundary;
    }
    return false;
  }

  #empty(): void {
    this.#from = 0;
    this.#end = 0;
  }

  #toFront(): void {
    if (this.#from > 0) this.bytes.copyWithin(0, this.#from, this.#end);
    this.#end -= this.#from;
    this.#from = 0;
    this.#boundary = 0;
  }

  #append(bytes: Uint8Array, from: number, to: number): void {
    const into = this.bytes;
    let end = this.#end;
    for (let i = from; i < to; i++) into[end++] = bytes[i]!;
    this.#end = end;
  }
}
