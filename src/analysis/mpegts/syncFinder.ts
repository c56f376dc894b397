import { TS_PACKET_OCTETS, TS_SYNC } from '../../wire/mpegts.js';

/** Packets with sync byte in a row that are synchronisation (ISO/IEC 13818-1 annex G.1; TR 101 290 section 5.2.1). */
export const SYNC_PACKETS = 5;
/** Distances of sync bytes: packets alone, with 16 octets of Reed-Solomon parity behind, with 4 of a time stamp before. */
const STRIDES = [188, 204, 192] as const;
const CAPACITY = 65_536;
/** Octets that tell whether a file is a transport stream: part of a packet, and packets enough behind it. */
export const SYNC_EVIDENCE_OCTETS = 204 * (SYNC_PACKETS + 1);

/**
 * Whether a file that begins so is a transport stream: {@link SYNC_PACKETS} sync bytes at their distance, the first at
 * most a packet from the beginning. A file that is shorter than {@link SYNC_EVIDENCE_OCTETS} has them at its beginning and in all
 * its packets, two at least, if it is not exactly one.
 */
export function beginsInSync(head: Uint8Array): boolean {
  const isWhole = head.length < SYNC_EVIDENCE_OCTETS;
  return STRIDES.some((stride) => {
    const stamp = stride - TS_PACKET_OCTETS === 4 ? 4 : 0;
    for (let from = 0; from <= stride; from++) {
      if (head[from] !== TS_SYNC) continue;
      let syncs = 0;
      while (head[from + syncs * stride] === TS_SYNC) syncs++;
      if (syncs >= SYNC_PACKETS) return true;
      const isAll = from === stamp && from + syncs * stride >= head.length;
      if (isWhole && isAll && (syncs > 1 || head.length === stride)) return true;
    }
    return false;
  });
}

/**
 * Packets out of octets that are cut anywhere.
 *
 *     for (let done = 0; done < length; ) {
 *       done += finder.add(bytes, at + done, length - done);
 *       while (finder.next()) read(finder.bytes, finder.at);
 *     }
 *
 * In synchronisation a packet is delivered whatever its first octet; whoever reads decides that synchronisation is lost,
 * and calls `search`. Then what is between two packets found is stray.
 */
export class SyncFinder {
  /** Owned by the finder; the packet is good until the next `add`. */
  readonly bytes = new Uint8Array(CAPACITY);
  /** Offset of the packet's sync octet, after {@link next}. */
  at = 0;
  /** Octets that belong to no packet. */
  strayOctets = 0;
  /** Whether the packet is the first one found since the beginning or since `search`. */
  isFirst = false;
  #stride = 188;
  #isFound = false;
  #from = 0;
  #end = 0;
  #isFinished = false;

  /** Takes what there is room for and returns how many octets that was; all of `next` was read before. */
  add(bytes: Uint8Array, at: number, length: number): number {
    // What lost synchronisation may have to be searched again.
    const keep = Math.max(0, this.#from - 2 * this.#stride);
    if (keep > 0) {
      this.bytes.copyWithin(0, keep, this.#end);
      this.#from -= keep;
      this.#end -= keep;
    }
    const taken = Math.min(length, CAPACITY - this.#end);
    this.bytes.set(bytes.subarray(at, at + taken), this.#end);
    this.#end += taken;
    return taken;
  }

  /** No octets follow: fewer packets than {@link SYNC_PACKETS} are enough at the end. */
  finish(): void {
    this.#isFinished = true;
  }

  next(): boolean {
    this.isFirst = false;
    if (!this.#isFound && !this.#find()) return false;
    if (this.#from + TS_PACKET_OCTETS > this.#end) {
      if (this.#isFinished) this.strayOctets += Math.max(0, this.#end - this.#from);
      if (this.#isFinished) this.#from = this.#end;
      return false;
    }
    this.at = this.#from;
    this.#from += this.#stride;
    return true;
  }

  /** Synchronisation is lost with the last packet: searches on from the one before, which was no packet either. */
  search(): void {
    this.#isFound = false;
    this.#from = Math.max(0, this.#from - 2 * this.#stride);
  }

  #find(): boolean {
    while (this.#from < this.#end) {
      if (this.bytes[this.#from] === TS_SYNC) {
        for (const stride of STRIDES) {
          const packets = this.#packetsAt(stride);
          if (packets < 0) return false;
          if (packets === 0) continue;
          this.#stride = stride;
          this.#isFound = true;
          this.isFirst = true;
          return true;
        }
      }
      this.#from++;
      this.strayOctets++;
    }
    return false;
  }

  /** 0: no packets stand here; -1: it takes more octets to say. */
  #packetsAt(stride: number): number {
    for (let packet = 0; packet < SYNC_PACKETS; packet++) {
      const at = this.#from + packet * stride;
      if (at >= this.#end)
        return this.#isFinished && this.#from + TS_PACKET_OCTETS <= this.#end ? packet : this.#isFinished ? 0 : -1;
      if (this.bytes[at] !== TS_SYNC) return 0;
    }
    return SYNC_PACKETS;
  }
}
