import { u32be } from '../../core/bytes.js';
import { Pid, type PidTable } from './pidTable.js';

/** What a packet is to the packets of its PID before it. */
export const Continuity = {
  /** Goes on, or is the first. */
  Next: 0,
  /** The one further copy that is allowed. */
  Duplicate: 1,
  /** Does not go on, with a reason: announced, or behind a packet that could not be read. */
  Excused: 2,
  /** Continuity_count_error, with packets missing before this one. */
  Broken: 3,
  /** Continuity_count_error: a copy too many. */
  CopyTooMany: 4,
} as const;

/**
 * continuity_counter (ISO/IEC 13818-1 section 2.4.3.3): counts packets with payload of a PID modulo 16; packets without
 * payload repeat the last value; a packet may come twice; with discontinuity_indicator it may jump (section 2.4.3.5).
 */
export class ContinuityCheck {
  /** Ordinals of packets in the stream: of this one, behind the last loss that the network told, the last unreadable one. */
  ordinal = 0;
  lossOrdinal = -1;
  unreadableOrdinal = -1;
  /** Of the last `Broken`: packets that are missing, 1 .. 15. */
  missing = 0;
  /** Of the last `Broken` or `CopyTooMany`: the network lost datagrams since the packet before. */
  isExplained = false;
  readonly #pids: PidTable;

  constructor(pids: PidTable) {
    this.#pids = pids;
  }

  /** `row`: of the PID, not the null PID. `isAnnounced`: discontinuity_indicator. Hot. */
  judge(row: number, bytes: Uint8Array, at: number, hasPayload: boolean, isAnnounced: boolean): number {
    const v = this.#pids.values;
    const base = row * Pid.Count;
    const counter = bytes[at + 3]! & 0x0f;
    const last = v[base + Pid.LastCounter]!;
    const before = v[base + Pid.LastOrdinal]!;
    v[base + Pid.LastOrdinal] = this.ordinal;
    if (!hasPayload) {
      if (last < 0 || counter === last) return Continuity.Next;
      v[base + Pid.LastCounter] = counter;
      v[base + Pid.Copies] = 0;
      // Nothing was seen of the packet that it names: there is nothing to be a copy of.
      this.#pids.fingerprint[row] = ~this.#pids.fingerprint[row]!;
      return isAnnounced ? Continuity.Excused : this.#broken((counter - last) & 15, before);
    }
    // Three places of the payload stand for it; none is where a copy may differ (its PCR).
    const print = u32be(bytes, at + 184) ^ Math.imul(u32be(bytes, at + 96), 31) ^ Math.imul(u32be(bytes, at + 48), 17);
    const isAlike = this.#pids.fingerprint[row] === print;
    this.#pids.fingerprint[row] = print;
    v[base + Pid.LastCounter] = counter;
    if (last < 0 || counter === ((last + 1) & 15)) {
      v[base + Pid.Copies] = 0;
      return Continuity.Next;
    }
    if (counter === last && isAlike && !isAnnounced) {
      const copies = ++v[base + Pid.Copies]!;
      this.isExplained = false;
      return copies === 1 ? Continuity.Duplicate : Continuity.CopyTooMany;
    }
    v[base + Pid.Copies] = 0;
    return isAnnounced ? Continuity.Excused : this.#broken((counter - last - 1) & 15, before);
  }

  #broken(missing: number, before: number): number {
    // The packet that could not be read was this PID's.
    if (missing === 1 && this.unreadableOrdinal > before) return Continuity.Excused;
    this.missing = missing;
    this.isExplained = this.lossOrdinal > before;
    return Continuity.Broken;
  }

  /** A packet whose header may be wrong: whether it says what is expected next of a PID that is known. */
  isPlausible(row: number, bytes: Uint8Array, at: number): boolean {
    const last = this.#pids.values[row * Pid.Count + Pid.LastCounter]!;
    const hasPayload = (bytes[at + 3]! & 0x10) !== 0;
    return row > 0 && last >= 0 && (bytes[at + 3]! & 0x0f) === ((last + (hasPayload ? 1 : 0)) & 15);
  }

  /** Takes the counter of a packet of which nothing else is believed. */
  accept(row: number, bytes: Uint8Array, at: number): void {
    this.#pids.values[row * Pid.Count + Pid.LastCounter] = bytes[at + 3]! & 0x0f;
    this.#pids.values[row * Pid.Count + Pid.LastOrdinal] = this.ordinal;
  }
}
