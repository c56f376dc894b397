import { copyOctets } from '../core/bytes.js';
import type { Nanos } from '../core/time.js';
import { RTP_FIXED_OCTETS, checkRtp } from '../wire/rtp.js';
import {
  FEC_LENGTH_RECOVERY_AT,
  FEC_MAX_MATRIX_PACKETS,
  FEC_PT_RECOVERY_AT,
  FEC_TS_RECOVERY_AT,
  SMPTE_FEC_OCTETS,
  checkSmpteFec,
  fecAssociated,
  fecIsRow,
  fecOffset,
  fecSnBase,
} from '../wire/smpteFec.js';
import { WireStatus } from '../wire/status.js';
import { combineOctets } from './combine.js';
import { PutOutcome, RECOVERED_LEG, type PacketStore } from './packetStore.js';

/** FEC packets kept by default: all those of 400 packets in matrices of 4x4, where there are most. */
const DEFAULT_FEC_PACKETS = 256;
/** The first packet of a matrix may need the column that leaves last: at the end of the next matrix. */
const WINDOW_MATRICES = 2;
/** So far ahead of the newest number or behind it the base of an FEC packet may lie: late FEC is still of use. */
const BELIEVED_DISTANCE = 2 * WINDOW_MATRICES * FEC_MAX_MATRIX_PACKETS;

const RTP_VERSION_2 = 0x80;

/** How many numbers of an FEC packet are missing. */
const Missing = { None: 0, One: 1, Several: 2, Behind: 3 } as const;

/**
 * Repairs a stream of RTP with FEC of SMPTE ST 2022-1. Media packets come through the {@link PacketStore}: put them
 * there, then call {@link addMedia}; FEC packets of both streams come through {@link addFec}; in any order. What rows
 * and columns can recover together is put into the store as soon as it can be, with leg `RECOVERED_LEG`.
 *
 * A recovered packet is the whole RTP packet: P, X, CC, M, payload type, timestamp, length and all octets behind the
 * fixed header from FEC (RFC 2733 section 8.1), the sequence number from its place, the SSRC from the stream. The size
 * of the matrix is what the FEC packets say, each for itself, so that it may change at any time.
 */
export class FecDecoder {
  /** FEC packets heard. */
  heard = 0;
  /** Of those, no FEC packets of this format. */
  malformed = 0;
  /** Longer than what the store's packets need. */
  tooLong = 0;
  /** About numbers that are behind or too far ahead of the media. */
  outOfWindow = 0;
  /** Overwritten by newer ones before they were of use. */
  overwritten = 0;
  /** Contradicting the media packets: what they give is no RTP packet, or does not fit. */
  inconsistent = 0;
  /** Media packets recovered. */
  recovered = 0;
  /** L and D as last heard of column FEC, and L of row FEC; 0: not yet. */
  columns = 0;
  rows = 0;
  rowColumns = 0;

  readonly #store: PacketStore;
  readonly #fec: DataView;
  readonly #fecOctets: number;
  readonly #capacity: number;
  /** Slots in use, in no order: the first `#live` of them. The others are free. */
  readonly #slots: Uint16Array;
  #live = 0;
  /** By slot: first number protected, distance, how many, octets of the packet. */
  readonly #base: Float64Array;
  readonly #offset: Uint8Array;
  readonly #associated: Uint8Array;
  readonly #length: Uint32Array;
  /** The packet being recovered. */
  readonly #scratch: DataView;
  readonly #scratchBytes: Uint8Array;
  /** Numbers recovered whose other rows and columns are still to be looked at. */
  readonly #found: Float64Array;
  #foundCount = 0;
  /** Number on the wire minus number in the store, modulo 2^16; -1: no media yet. */
  #wireOffset = -1;
  /** SSRC of the stream, signed. */
  #ssrc = 0;
  #missing = 0;
  #windowPackets = WINDOW_MATRICES * FEC_MAX_MATRIX_PACKETS;
  /** Up to this number packets of the last larger matrix are waited for. */
  #largerUntil = -Infinity;

  /** `fecPackets`: how many FEC packets are kept, 1 .. 65535. The store's capacity bounds what can be repaired. */
  constructor(store: PacketStore, fecPackets = DEFAULT_FEC_PACKETS) {
    this.#store = store;
    this.#capacity = fecPackets;
    this.#fecOctets = store.slotOctets + SMPTE_FEC_OCTETS - RTP_FIXED_OCTETS;
    this.#fec = new DataView(new ArrayBuffer(fecPackets * this.#fecOctets));
    this.#slots = Uint16Array.from({ length: fecPackets }, (_, i) => i);
    this.#base = new Float64Array(fecPackets);
    this.#offset = new Uint8Array(fecPackets);
    this.#associated = new Uint8Array(fecPackets);
    this.#length = new Uint32Array(fecPackets);
    this.#scratchBytes = new Uint8Array(store.slotOctets);
    this.#scratch = new DataView(this.#scratchBytes.buffer);
    this.#found = new Float64Array(fecPackets);
  }

  /**
   * How many packets behind the newest one may still be repaired: two matrices, of the largest size that the standard
   * allows until column FEC tells its own. FEC that is read later than media sent after it needs as much more.
   */
  get windowPackets(): number {
    return this.#windowPackets;
  }

  /** FEC packets that wait for more media. */
  get waiting(): number {
    return this.#live;
  }

  /** A media packet, RTP by `checkRtp`, was stored (also late). Returns how many packets that recovers. Hot. */
  addMedia(sequence: number, nowMonoNs: Nanos): number {
    const store = this.#store;
    if (!store.has(sequence) || store.lengthOf(sequence) < RTP_FIXED_OCTETS) return 0;
    const at = store.offsetOf(sequence);
    const isFirst = this.#wireOffset < 0;
    this.#learnNumbers(sequence, at);
    if (this.#live === 0) return 0;
    if (isFirst) this.#placeAll();
    this.#foundCount = 0;
    this.#settle(sequence, nowMonoNs);
    return this.#recoverFurther(nowMonoNs);
  }

  /** A datagram of an FEC stream. Returns how many media packets that recovers. */
  addFec(view: DataView, at: number, length: number, nowMonoNs: Nanos): number {
    this.heard++;
    const store = this.#store;
    if (checkSmpteFec(view, at, length) !== WireStatus.Ok) {
      this.malformed++;
      return 0;
    }
    if (length > this.#fecOctets) {
      this.tooLong++;
      return 0;
    }
    // Media may have been there before this decoder was.
    if (this.#wireOffset < 0 && !store.isEmpty && store.lengthOf(store.newest) >= RTP_FIXED_OCTETS) {
      this.#learnNumbers(store.newest, store.offsetOf(store.newest));
    }
    this.#noteShape(view, at);
    const base = this.#wireOffset < 0 ? fecSnBase(view, at) : this.#place(fecSnBase(view, at));
    if (this.#wireOffset >= 0 && Math.abs(base - store.newest) > BELIEVED_DISTANCE) {
      this.outOfWindow++;
      return 0;
    }
    if (this.#live === this.#capacity) this.#dropOldest();
    const index = this.#live++;
    const slot = this.#slots[index]!;
    this.#base[slot] = base;
    this.#offset[slot] = fecOffset(view, at);
    this.#associated[slot] = fecAssociated(view, at);
    this.#length[slot] = length;
    copyOctets(view, at, length, this.#fec, slot * this.#fecOctets);
    if (this.#wireOffset < 0) return 0;
    this.#foundCount = 0;
    this.#use(index, nowMonoNs);
    return this.#recoverFurther(nowMonoNs);
  }

  /** From a media packet in the store. */
  #learnNumbers(sequence: number, at: number): void {
    const { view } = this.#store;
    this.#wireOffset = (view.getUint16(at + 2) - sequence) & 0xffff;
    this.#ssrc = view.getInt32(at + 8);
  }

  /** The number in the store nearest to the newest one whose lower 16 bits on the wire are `wire`. */
  #place(wire: number): number {
    const { newest } = this.#store;
    // Sign extension of the difference modulo 2^16.
    return newest + (((wire - ((newest + this.#wireOffset) & 0xffff)) << 16) >> 16);
  }

  /** FEC came before the first media packet: its numbers are the wire's until now. */
  #placeAll(): void {
    for (let i = this.#live - 1; i >= 0; i--) {
      const slot = this.#slots[i]!;
      this.#base[slot] = this.#place(this.#base[slot]!);
      if (Math.abs(this.#base[slot] - this.#store.newest) <= BELIEVED_DISTANCE) continue;
      this.outOfWindow++;
      this.#free(i);
    }
  }

  #noteShape(view: DataView, at: number): void {
    if (fecIsRow(view, at)) {
      this.rowColumns = fecAssociated(view, at);
      return;
    }
    this.columns = fecOffset(view, at);
    this.rows = fecAssociated(view, at);
    if (this.#wireOffset < 0) return;
    const window = WINDOW_MATRICES * this.columns * this.rows;
    const { newest } = this.#store;
    if (window >= this.#windowPackets) {
      this.#windowPackets = window;
      this.#largerUntil = newest + this.#windowPackets;
    } else if (newest >= this.#largerUntil) {
      this.#windowPackets = window;
    }
  }

  /** Uses what waits for `sequence`, and frees what is behind. */
  #settle(sequence: number, nowMonoNs: Nanos): void {
    const floor = this.#store.newest - BELIEVED_DISTANCE;
    for (let i = this.#live - 1; i >= 0; i--) {
      // Using one frees at most itself; the last one takes its place and was seen before.
      const slot = this.#slots[i]!;
      const base = this.#base[slot]!;
      const offset = this.#offset[slot]!;
      const last = base + offset * (this.#associated[slot]! - 1);
      if (last < floor) this.#free(i);
      else if (sequence >= base && sequence <= last && (sequence - base) % offset === 0) this.#use(i, nowMonoNs);
    }
  }

  #recoverFurther(nowMonoNs: Nanos): number {
    let done = 0;
    // Each took an FEC packet, so that there are never more than there are slots.
    while (done < this.#foundCount) this.#settle(this.#found[done++]!, nowMonoNs);
    return done;
  }

  #use(index: number, nowMonoNs: Nanos): void {
    const slot = this.#slots[index]!;
    const missing = this.#count(slot);
    if (missing === Missing.Several) return;
    if (missing === Missing.One && this.#recover(slot)) {
      const length = this.#length[slot]!;
      const outcome = this.#store.put(this.#missing, this.#scratch, 0, length, nowMonoNs, RECOVERED_LEG);
      if (outcome === PutOutcome.Stored || outcome === PutOutcome.Late) {
        this.recovered++;
        this.#found[this.#foundCount++] = this.#missing;
      }
    } else if (missing === Missing.Behind) {
      this.outOfWindow++;
    }
    this.#free(index);
  }

  #count(slot: number): number {
    const store = this.#store;
    const offset = this.#offset[slot]!;
    const end = this.#base[slot]! + offset * this.#associated[slot]!;
    if (this.#base[slot]! < store.oldest) return Missing.Behind;
    let missing = 0;
    for (let n = this.#base[slot]!; n < end; n += offset) {
      if (store.has(n)) continue;
      if (++missing > 1) return Missing.Several;
      this.#missing = n;
    }
    return missing;
  }

  /** Recovers the missing packet into the scratch (RFC 2733 section 8.1); its length takes that of the FEC packet. */
  #recover(slot: number): boolean {
    const store = this.#store;
    const fecAt = slot * this.#fecOctets;
    const fec = this.#fec;
    const out = this.#scratch;
    const fecPayload = this.#length[slot]! - SMPTE_FEC_OCTETS;
    let flags = fec.getUint8(fecAt);
    let marked = (fec.getUint8(fecAt + 1) & 0x80) ^ (fec.getUint8(fecAt + FEC_PT_RECOVERY_AT) & 0x7f);
    let timestamp = fec.getInt32(fecAt + FEC_TS_RECOVERY_AT);
    let payload = fec.getUint16(fecAt + FEC_LENGTH_RECOVERY_AT);
    copyOctets(fec, fecAt + SMPTE_FEC_OCTETS, fecPayload, out, RTP_FIXED_OCTETS);
    const offset = this.#offset[slot]!;
    const end = this.#base[slot]! + offset * this.#associated[slot]!;
    for (let n = this.#base[slot]!; n < end; n += offset) {
      if (n === this.#missing) continue;
      const at = store.offsetOf(n);
      const octets = store.lengthOf(n) - RTP_FIXED_OCTETS;
      // FEC is as long as the longest packet that it protects.
      if (octets < 0 || octets > fecPayload) return this.#reject();
      flags ^= store.view.getUint8(at);
      marked ^= store.view.getUint8(at + 1);
      timestamp ^= store.view.getInt32(at + 4);
      payload ^= octets;
      combineOctets(store.view, at + RTP_FIXED_OCTETS, octets, out, RTP_FIXED_OCTETS);
    }
    if (payload > fecPayload) return this.#reject();
    out.setUint8(0, RTP_VERSION_2 | (flags & 0x3f));
    out.setUint8(1, marked);
    out.setUint16(2, this.#missing + this.#wireOffset);
    out.setInt32(4, timestamp);
    out.setInt32(8, this.#ssrc);
    const length = RTP_FIXED_OCTETS + payload;
    if (checkRtp(this.#scratchBytes, 0, length) !== WireStatus.Ok) return this.#reject();
    this.#length[slot] = length;
    return true;
  }

  #reject(): false {
    this.inconsistent++;
    return false;
  }

  #free(index: number): void {
    const slots = this.#slots;
    const last = --this.#live;
    const slot = slots[index]!;
    slots[index] = slots[last]!;
    slots[last] = slot;
  }

  #dropOldest(): void {
    let oldest = 0;
    for (let i = 1; i < this.#live; i++) {
      if (this.#base[this.#slots[i]!]! < this.#base[this.#slots[oldest]!]!) oldest = i;
    }
    this.overwritten++;
    this.#free(oldest);
  }
}
