import type { ByteSource } from '../core/byteSource.js';
import { copyBytes } from '../core/copyBytes.js';
import { TS_PACKET_OCTETS, TS_SYNC } from '../wire/mpegts.js';

/** What {@link TsReader.pull} came to. */
export const TsRead = {
  /** At least one packet more. */
  More: 0,
  /** The source has nothing yet. */
  Dry: 1,
  /** There is no room for a packet. */
  Full: 2,
  /** The source has ended, and all its packets are there. */
  Ended: 3,
  /** Whatever this is, it is no transport stream. */
  NotTs: 4,
} as const;
export type TsRead = (typeof TsRead)[keyof typeof TsRead];

export interface TsReaderOptions {
  /** Packets that there is room for at first; a power of two. Default 2048. */
  readonly leastPackets?: number;
  /** And after growing; a power of two. Default 32,768, 6 MiB: 200 ms at 246 Mbit/s. */
  readonly mostPackets?: number;
}

const LEAST_PACKETS = 2048;
const MOST_PACKETS = 32_768;
const STAGE_OCTETS = 65_536;
/** Of the most packets that {@link TsReader.copyTo} takes: 7. */
const GATHERED_OCTETS = 7 * TS_PACKET_OCTETS;
/** So many sync octets at the same distance are a transport stream. */
const SYNCS = 5;
/** A source without them in so many octets is none. */
const NOT_TS_OCTETS = 1 << 20;

/**
 * Distances of two sync octets: packets alone; behind a time code of 4 octets each (M2TS); with 16 octets of
 * Reed-Solomon parity each (ETSI EN 300 429).
 */
const STRIDES = [TS_PACKET_OCTETS, 192, 204] as const;
const LONGEST_STRIDE = 204;
const TIME_CODE_STRIDE = 192;
const TIME_CODE_OCTETS = 4;

/**
 * Whole transport packets out of a source, in a window over a ring: packet `p`, counted from 0 over all passes, stands
 * at {@link octetOf}`(p)` of `bytes` as long as `first <= p < end`. The copies in the window are the caller's to change.
 *
 * Where the sync octet is missing, packets are looked for anew; what lies between is skipped and counted. So is a packet
 * that the end of the source, or of a pass, cuts off. A new pass begins with a new search, which is no loss of sync.
 */
export class TsReader {
  /** The ring, {@link ringOctets} of it; behind it what is the reader's own. Replaced by {@link grow}. */
  bytes: Uint8Array;
  /** The oldest packet that is kept; moved on by the caller. */
  first = 0;
  /** Behind the newest packet. */
  end = 0;
  /** Octets from one packet to the next in the source: 188, 192 or 204; 0: not yet known. */
  strideOctets = 0;
  /** Losses of sync. */
  resyncs = 0;
  /** Octets of the source that are in no packet; parity and time codes are not counted. */
  skippedOctets = 0;
  /** Packets cut off by the end of the source or of a pass. */
  truncatedPackets = 0;
  readonly #source: ByteSource;
  readonly #mostPackets: number;
  #mask: number;
  /** Per slot of the ring: 1 where a pass begins, but the first. */
  #passBegins: Uint8Array;
  /**
   * Octets as they were read stand behind the ring, in the same memory, so that they are moved without a view of them:
   * those of [from, to) are not looked at yet. `from` may lie beyond `to`: these are passed over.
   */
  #from: number;
  #to: number;
  #isSynced = false;
  /** No packet of this pass has been found. */
  #isBeginning = true;
  /** Passed over since the beginning of the pass, as long as that is so. */
  #searchedOctets = 0;
  /** Where packets stand one behind the other, at the end of the same memory, before they are copied out of it. */
  #gathered: Uint8Array;
  /** Octets of this pass that are not read yet. */
  #passLeft = Infinity;
  #passFirst = 0;
  #isNewPass = false;
  /** The first pass, of which some was left out before reading began. */
  #isPartialPass = false;
  /** What is staged is the last of a pass or of the source. */
  #isLast = false;
  #hasEnded = false;
  #isNotTs = false;

  constructor(source: ByteSource, options: TsReaderOptions = {}) {
    const packets = options.leastPackets ?? LEAST_PACKETS;
    this.#source = source;
    this.#mostPackets = options.mostPackets ?? Math.max(packets, MOST_PACKETS);
    this.#mask = packets - 1;
    this.bytes = new Uint8Array(packets * TS_PACKET_OCTETS + STAGE_OCTETS + GATHERED_OCTETS);
    this.#gathered = this.bytes.subarray(-GATHERED_OCTETS);
    this.#from = this.ringOctets;
    this.#to = this.ringOctets;
    this.#passBegins = new Uint8Array(packets);
    if (source.passOctets === null) return;
    this.#passLeft = source.passOctets - (source.startOctet % source.passOctets);
    this.#isPartialPass = this.#passLeft < source.passOctets;
  }

  /** Packets that there is room for. */
  get capacity(): number {
    return this.#mask + 1;
  }

  get ringOctets(): number {
    return (this.#mask + 1) * TS_PACKET_OCTETS;
  }

  /** Offset of the packet's sync octet in `bytes`. */
  octetOf(packet: number): number {
    return (packet & this.#mask) * TS_PACKET_OCTETS;
  }

  /** Whether the source repeats itself from this packet on. */
  beginsPass(packet: number): boolean {
    return this.#passBegins[packet & this.#mask] === 1;
  }

  /** Octets that were read and are in no packet yet. */
  get stagedOctets(): number {
    return Math.max(0, this.#to - this.#from);
  }

  /**
   * Copies `packets` of them, 1 .. 7, from `packet` on to `into[at ..]`. By way of memory that has a view already: making
   * one each time would be an object, and a loop takes ten times as long. Hot.
   */
  copyTo(packet: number, packets: number, into: Uint8Array, at: number): void {
    const { bytes } = this;
    const octets = packets * TS_PACKET_OCTETS;
    const gatheredAt = bytes.length - GATHERED_OCTETS;
    const from = this.octetOf(packet);
    // In two pieces where the ring ends.
    const whole = Math.min(octets, this.ringOctets - from);
    bytes.copyWithin(gatheredAt, from, from + whole);
    if (whole < octets) bytes.copyWithin(gatheredAt + whole, 0, octets - whole);
    if (this.#gathered.length !== octets) this.#gathered = bytes.subarray(gatheredAt, gatheredAt + octets);
    into.set(this.#gathered, at);
  }

  /** Reads until there is at least one packet more, or says why not. */
  pull(): TsRead {
    const before = this.end;
    for (;;) {
      this.#parse();
      if (this.end > before) return TsRead.More;
      if (this.#isNotTs) return TsRead.NotTs;
      if (this.end - this.first > this.#mask) return TsRead.Full;
      if (this.#isLast) {
        this.#endPass();
        if (this.#isNotTs) return TsRead.NotTs;
        if (this.#hasEnded) return TsRead.Ended;
      }
      const octets = this.#read();
      if (octets === 0) return TsRead.Dry;
      if (octets < 0) {
        this.#isLast = true;
        this.#hasEnded = true;
      }
    }
  }

  /** Twice the room; false: there is as much as there may be. */
  grow(): boolean {
    const packets = 2 * this.capacity;
    if (packets > this.#mostPackets) return false;
    const bytes = new Uint8Array(packets * TS_PACKET_OCTETS + STAGE_OCTETS + GATHERED_OCTETS);
    const passBegins = new Uint8Array(packets);
    for (let packet = this.first; packet < this.end; packet++) {
      const slot = packet & (packets - 1);
      copyBytes(this.bytes, this.octetOf(packet), TS_PACKET_OCTETS, bytes, slot * TS_PACKET_OCTETS);
      passBegins[slot] = this.#passBegins[packet & this.#mask]!;
    }
    const further = bytes.length - this.bytes.length;
    copyBytes(this.bytes, this.ringOctets, STAGE_OCTETS, bytes, this.ringOctets + further);
    this.#from += further;
    this.#to += further;
    this.bytes = bytes;
    this.#gathered = bytes.subarray(-GATHERED_OCTETS);
    this.#passBegins = passBegins;
    this.#mask = packets - 1;
    return true;
  }

  /** Reads behind the staged octets, which move to the front; returns what the source's `read` does. */
  #read(): number {
    const begin = this.ringOctets;
    const staged = this.#to - this.#from;
    if (staged > 0) this.bytes.copyWithin(begin, this.#from, this.#to);
    this.#from = staged > 0 ? begin : begin - staged;
    this.#to = begin + Math.max(0, staged);
    const octets = this.#source.read(this.bytes, this.#to, Math.min(begin + STAGE_OCTETS - this.#to, this.#passLeft));
    if (octets > 0) {
      this.#to += octets;
      this.#passLeft -= octets;
      if (this.#passLeft === 0) this.#isLast = true;
    }
    return octets;
  }

  /** What is left over was cut off. The next pass is looked at as if it were another file. */
  #endPass(): void {
    const left = this.stagedOctets;
    this.skippedOctets += left;
    if (left > 0 && this.#isSynced) this.truncatedPackets++;
    this.#from = this.ringOctets;
    this.#to = this.ringOctets;
    if (this.#hasEnded) {
      // An empty source has merely ended.
      if (this.end === 0 && this.skippedOctets > 0) this.#isNotTs = true;
      return;
    }
    // A whole pass without a packet: the next one would have none either.
    if (this.end === this.#passFirst && !this.#isPartialPass) this.#isNotTs = true;
    this.#isPartialPass = false;
    this.#searchedOctets = 0;
    this.#isBeginning = true;
    this.#isSynced = false;
    this.#isLast = false;
    this.#isNewPass = true;
    this.#passFirst = this.end;
    this.#passLeft = this.#source.passOctets!;
  }

  /** Moves staged packets into the window, as far as there is room. */
  #parse(): void {
    const { bytes } = this;
    for (;;) {
      if (!this.#isSynced && !this.#findSync()) return;
      const to = this.#to;
      const stride = this.strideOctets;
      while (this.#from + TS_PACKET_OCTETS <= to && this.end - this.first <= this.#mask) {
        const from = this.#from;
        if (bytes[from] !== TS_SYNC) {
          this.#isSynced = false;
          this.resyncs++;
          break;
        }
        const slot = this.end & this.#mask;
        // Packets without anything between them are copied as one piece, as far as the ring goes.
        const room = Math.min(this.first + this.#mask + 1 - this.end, this.#mask + 1 - slot);
        let run = 1;
        if (stride === TS_PACKET_OCTETS) {
          let next = from + stride;
          while (run < room && next + TS_PACKET_OCTETS <= to && bytes[next] === TS_SYNC) {
            run++;
            next += stride;
          }
        }
        bytes.copyWithin(slot * TS_PACKET_OCTETS, from, from + run * TS_PACKET_OCTETS);
        for (let i = 0; i < run; i++) this.#passBegins[slot + i] = 0;
        if (this.#isNewPass) {
          this.#passBegins[slot] = 1;
          this.#isNewPass = false;
        }
        this.end += run;
        this.#from = from + run * stride;
      }
      if (this.#isSynced) return;
    }
  }

  /** Moves on to the first of five sync octets at one distance; of fewer where the source ends. */
  #findSync(): boolean {
    const { bytes } = this;
    const begin = this.#from;
    let last = this.#isLast ? this.#to - TS_PACKET_OCTETS : this.#to - (SYNCS - 1) * LONGEST_STRIDE - 1;
    if (this.strideOctets === 0) last = Math.min(last, begin + NOT_TS_OCTETS - this.#searchedOctets - 1);
    let stride = 0;
    let at = begin;
    for (; at <= last && stride === 0; at++) {
      if (bytes[at] === TS_SYNC) stride = this.#strideAt(at);
    }
    if (stride > 0) at--;
    this.#from = Math.max(begin, at);
    this.skippedOctets += this.#from - begin;
    this.#searchedOctets += this.#from - begin;
    if (stride === 0) {
      if (this.strideOctets === 0 && this.#searchedOctets === NOT_TS_OCTETS) this.#isNotTs = true;
      return false;
    }
    // The time code before the first packet belongs to it; behind other packets it is passed over with them.
    if (this.#isBeginning && stride === TIME_CODE_STRIDE) {
      this.skippedOctets -= Math.min(TIME_CODE_OCTETS, this.#searchedOctets);
    }
    this.#isBeginning = false;
    this.strideOctets = stride;
    this.#isSynced = true;
    return true;
  }

  /** Distance of the sync octets from `at` on, that of before first; 0: there are none at any distance. */
  #strideAt(at: number): number {
    if (this.strideOctets !== 0 && this.#hasSyncs(at, this.strideOctets)) return this.strideOctets;
    for (let i = 0; i < STRIDES.length; i++) {
      if (this.#hasSyncs(at, STRIDES[i]!)) return STRIDES[i]!;
    }
    return 0;
  }

  #hasSyncs(at: number, stride: number): boolean {
    const end = Math.min(this.#to, at + SYNCS * stride);
    for (let next = at; next < end; next += stride) {
      if (this.bytes[next] !== TS_SYNC) return false;
    }
    return true;
  }
}
