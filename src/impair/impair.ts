import { SendFlag, type SendBatch } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';
import { CopyStore } from './copyStore.js';
import { Departures } from './departures.js';
import { ImpairCounter, type ImpairStatistics, impairStatistics } from './impairCounters.js';
import { Losses, threshold } from './losses.js';
import { impairProblems, type ImpairSpec, REORDER_WINDOW_PACKETS } from './spec.js';

export interface ImpairOptions {
  readonly seed: number;
  /** `SendBatch.flow` of the first flow, and how many there are from it on. */
  readonly flowBase: number;
  readonly flows: number;
  /**
   * Octets `[from, to)` of a datagram that its format checks: one bit in one of them is flipped to
   * corrupt it, so that every receiver refuses it.
   */
  readonly checkedRanges: readonly (readonly [from: number, to: number])[];
  /** Datagrams that can be on their way at once, and the longest one, octets. */
  readonly storeDatagrams: number;
  readonly slotOctets: number;
}

/** Slots of the store that data leave to markers, which must never be lost. */
const MARKER_RESERVE = 16;
/** `reorder`: at most so many later copies go first. */
const REORDER_EXTENT = 3;
const MARKERS = SendFlag.Start | SendFlag.End;
const UINT32 = 4_294_967_296;

/**
 * The network as `--impair` wants it: takes datagrams in, lets out what is left of them, each at its
 * new due time, those of one time in the order in which they came. Every random decision about a
 * datagram depends on the seed, its flow and its ordinal alone: adding duplicates does not change what
 * is lost.
 *
 * In order: `list`, `loss` and `ge`; `dup` (one further copy); per copy the queue of `rate` (first come
 * first served, what finds it full is lost), `delay` and `jitter`, `corrupt`, `reorder` (the copy waits
 * until 1 to 3 later copies of its flow have gone, at most 50 ms behind the first of them).
 * Start markers pass untouched; end markers too, but never before what is delayed of their flow: if
 * need be all of them move back by the same time.
 *
 * {@link statistics} count what left, by the receiver's own rules. A corrupted copy keeps `stampAt`: no
 * check covers the send time, and the copy goes the way of all others.
 */
export class Impair {
  readonly #options: ImpairOptions;
  readonly #spec: ImpairSpec;
  readonly #losses: Losses;
  readonly #duplicate: number;
  readonly #reorder: number;
  readonly #corrupt: number;
  readonly #store: CopyStore;
  readonly #departures: Departures;
  /** By flow: dice, next ordinal, NextExp of RFC 4737 in ordinals, how much later end markers leave (NaN: not known). */
  readonly #random: Random[] = [];
  readonly #ordinal: Float64Array;
  readonly #nextExpected: Float64Array;
  readonly #endShiftNs: Float64Array;
  readonly #counters: Float64Array;
  /** When the queue of `rate` will be empty. */
  #busyUntilNs: Nanos = -Infinity;
  /** When the copy that is being taken in is through that queue. */
  #queuedNs: Nanos = -Infinity;
  /** Up to when datagrams were taken in or let out. */
  #reachedNs: Nanos = -Infinity;
  /** By slot of the batch released into: where its datagram was stored, and the how manieth use of that slot it was. */
  #releasedSlot = new Int32Array(0);
  #releasedUse = new Uint32Array(0);

  /** Throws McastError ERR_USAGE for what cannot be done, delays beyond the reorder window among it. */
  constructor(spec: ImpairSpec, options: ImpairOptions) {
    const problems = impairProblems(spec);
    if (problems.length > 0) throw new McastError('ERR_USAGE', `impair: ${problems.join('; ')}`);
    const { flows, storeDatagrams } = options;
    this.#spec = spec;
    this.#options = options;
    this.#losses = new Losses(spec, flows);
    this.#duplicate = threshold(spec.duplicate);
    this.#reorder = threshold(spec.reorder);
    this.#corrupt = threshold(spec.corrupt);
    this.#store = new CopyStore(storeDatagrams, options.slotOctets);
    this.#departures = new Departures(2 * storeDatagrams, flows);
    for (let f = 0; f < flows; f++) this.#random.push(new Random(options.seed, f));
    this.#ordinal = new Float64Array(flows);
    this.#nextExpected = new Float64Array(flows);
    this.#endShiftNs = new Float64Array(flows).fill(NaN);
    this.#counters = new Float64Array(flows * ImpairCounter.Count);
  }

  /** When the next copy leaves; Infinity while there is none but those that wait for later datagrams. */
  nextDueNs(): Nanos {
    return this.#departures.line.firstNs;
  }

  /** Of one flow (counted from 0), or of all together. */
  statistics(flow?: number): ImpairStatistics {
    return impairStatistics(this.#counters, flow);
  }

  /**
   * Takes in slots `[from, batch.count)`, in order of due time; returns the slot after the last one
   * taken, which is `batch.count` unless a marker found no room. Data that find none are lost.
   */
  take(batch: SendBatch, from: number): number {
    for (let i = from; i < batch.count; i++) {
      if ((batch.flags[i]! & MARKERS) === 0) this.#takeData(batch, i);
      else if (!this.#takeMarker(batch, i)) return i;
      this.#reachedNs = Math.max(this.#reachedNs, batch.dueMonoNs[i]!);
    }
    return batch.count;
  }

  /**
   * Appends the copies that are due at or before `untilNs`, until the batch is full; returns how many.
   * Everything due by then must have been taken in before. Writes all columns but `departureMonoNs`.
   */
  release(batch: SendBatch, untilNs: Nanos): number {
    const departures = this.#departures;
    const store = this.#store;
    const before = batch.count;
    this.#followSlots(batch.capacity);
    this.#reachedNs = Math.max(this.#reachedNs, untilNs);
    let at = before === 0 ? 0 : batch.offset[before - 1]! + batch.length[before - 1]!;
    while (departures.line.firstNs <= untilNs && batch.count < batch.capacity) {
      const copy = departures.first;
      const slot = departures.slot[copy]!;
      if (at + store.length[slot]! > batch.bytes.length) break;
      const to = batch.count++;
      const flow = store.flow[slot]! - this.#options.flowBase;
      const dueNs = departures.line.dueNs[copy]!;
      departures.removeFirst(flow);
      store.copyTo(slot, batch, to, at);
      batch.dueMonoNs[to] = dueNs;
      this.#releasedSlot[to] = slot;
      this.#releasedUse[to] = store.use[slot]!;
      if ((store.flags[slot]! & MARKERS) === 0) {
        const row = flow * ImpairCounter.Count;
        if (dueNs > departures.cameNs[copy]!) this.#counters[row + ImpairCounter.Delayed]!++;
        this.#countData(batch, to, flow, slot, departures.bit[copy]!);
      }
      if (--store.copies[slot]! === 0) store.release(slot);
      at += store.length[slot]!;
    }
    return batch.count - before;
  }

  /**
   * Slot `slot` of the batch released into was refused for good and never left: takes it out of the
   * statistics (`reordered` apart, which stay those of what was offered). Returns whether its datagram
   * has thereby not been sent at all, which is the feed's to count.
   */
  onRefused(batch: SendBatch, slot: number): boolean {
    const flags = batch.flags[slot]!;
    if ((flags & MARKERS) !== 0) return (flags & SendFlag.Last) !== 0;
    const row = (batch.flow[slot]! - this.#options.flowBase) * ImpairCounter.Count;
    if ((flags & SendFlag.Corrupted) !== 0) {
      this.#counters[row + ImpairCounter.Corrupted]!--;
      return false;
    }
    if ((flags & SendFlag.Copy) !== 0) {
      this.#counters[row + ImpairCounter.Duplicated]!--;
      return false;
    }
    const stored = this.#releasedSlot[slot]!;
    const use = this.#releasedUse[slot]!;
    for (let i = slot + 1; i < batch.count; i++) {
      const isCopy = (batch.flags[i]! & SendFlag.Copy) !== 0;
      if (isCopy && this.#releasedSlot[i] === stored && this.#releasedUse[i] === use) {
        // A further copy comes behind it, and is now the first.
        batch.flags[i]! &= ~SendFlag.Copy;
        this.#counters[row + ImpairCounter.Duplicated]!--;
        return false;
      }
    }
    const store = this.#store;
    if (store.use[stored] === use && store.copies[stored]! > 0 && store.intact[stored]! > 0) {
      store.left[stored] = 0;
      return false;
    }
    return true;
  }

  /** The schedule has fallen behind: copies due before `untilNs` never leave, markers leave then. */
  skip(untilNs: Nanos): void {
    const departures = this.#departures;
    const store = this.#store;
    while (departures.line.firstNs < untilNs) {
      const copy = departures.first;
      const slot = departures.slot[copy]!;
      if ((store.flags[slot]! & MARKERS) !== 0) {
        departures.postponeFirst(untilNs);
        continue;
      }
      const flow = store.flow[slot]! - this.#options.flowBase;
      const row = flow * ImpairCounter.Count;
      departures.removeFirst(flow);
      this.#counters[row + ImpairCounter.GivenUp]!++;
      if (departures.bit[copy]! < 0 && --store.intact[slot]! === 0 && store.left[slot] === 0) {
        this.#counters[row + ImpairCounter.Lost]!++;
      }
      if (--store.copies[slot]! === 0) store.release(slot);
    }
  }

  /** Nothing more comes of any flow: what waits for later datagrams leaves behind all others. */
  flush(): void {
    for (let flow = 0; flow < this.#options.flows; flow++) this.#departures.flush(flow, this.#reachedNs);
  }

  #takeMarker(batch: SendBatch, i: number): boolean {
    if (this.#store.free === 0 || this.#departures.free === 0) return false;
    const flow = batch.flow[i]! - this.#options.flowBase;
    const ownNs = batch.dueMonoNs[i]!;
    let dueNs = ownNs;
    if ((batch.flags[i]! & SendFlag.End) !== 0) {
      const lastNs = this.#departures.flush(flow, ownNs);
      if (Number.isNaN(this.#endShiftNs[flow])) this.#endShiftNs[flow] = Math.max(0, lastNs - ownNs);
      dueNs += this.#endShiftNs[flow]!;
    }
    const slot = this.#store.put(batch, i, 0);
    this.#store.copies[slot] = 1;
    const copy = this.#departures.next;
    this.#departures.cameNs[copy] = ownNs;
    this.#departures.line.dueNs[copy] = dueNs;
    this.#departures.add(flow, slot, -1, 0);
    return true;
  }

  #takeData(batch: SendBatch, i: number): void {
    const { delayNs, jitterNs } = this.#spec;
    const store = this.#store;
    const departures = this.#departures;
    const flow = batch.flow[i]! - this.#options.flowBase;
    const row = flow * ImpairCounter.Count;
    const random = this.#random[flow]!;
    const ordinal = this.#ordinal[flow]!++;
    const length = batch.length[i]!;
    this.#counters[row + ImpairCounter.Offered]!++;
    const lost = this.#losses.next(flow, ordinal, random);
    const copies = random.int32() >>> 0 < this.#duplicate ? 2 : 1;
    let slot = -1;
    if (!lost) {
      if (store.free > MARKER_RESERVE && departures.free > MARKER_RESERVE) slot = store.put(batch, i, ordinal);
      else this.#counters[row + ImpairCounter.StoreFull]!++;
    }
    let intact = 0;
    // As many numbers are drawn whatever becomes of the datagram.
    for (let copy = 0; copy < 2; copy++) {
      const jitter = (random.int32() >>> 0) / UINT32;
      const corrupted = random.int32() >>> 0 < this.#corrupt;
      const where = random.int32() >>> 1;
      const waits = random.int32() >>> 0 < this.#reorder;
      const extent = (random.int32() >>> 0) / UINT32;
      if (slot < 0 || copy >= copies) continue;
      if (!this.#queue(batch, i)) continue;
      const wayNs = delayNs + (2 * jitter - 1) * jitterNs;
      const bit = corrupted ? this.#checkedBit(length, where) : -1;
      if (bit < 0) intact++;
      store.copies[slot]!++;
      departures.cameNs[departures.next] = batch.dueMonoNs[i]!;
      departures.line.dueNs[departures.next] = Math.round(wayNs > 0 ? this.#queuedNs + wayNs : this.#queuedNs);
      departures.add(flow, slot, bit, waits ? 1 + Math.floor(extent * REORDER_EXTENT) : 0);
    }
    if (intact === 0) this.#counters[row + ImpairCounter.Lost]!++;
    if (slot < 0) return;
    store.intact[slot] = intact;
    if (store.copies[slot] === 0) store.release(slot);
  }

  /** Whether a copy of slot `i` finds room in the queue of `rate`; it is through at `#queuedNs`. */
  #queue(batch: SendBatch, i: number): boolean {
    const cameNs = batch.dueMonoNs[i]!;
    const rate = this.#spec.rateBitPerSecond;
    if (rate === null) {
      this.#queuedNs = cameNs;
      return true;
    }
    const nsPerOctet = 8e9 / rate;
    const octets = batch.length[i]!;
    const fromNs = Math.max(cameNs, this.#busyUntilNs);
    if ((fromNs - cameNs) / nsPerOctet + octets > this.#spec.queueOctets) return false;
    this.#busyUntilNs = fromNs + octets * nsPerOctet;
    this.#queuedNs = this.#busyUntilNs;
    return true;
  }

  /** A bit of the checked octets, `where` / 2^31 of the way through them; -1 when there are none. */
  #checkedBit(length: number, where: number): number {
    const ranges = this.#options.checkedRanges;
    let octets = 0;
    for (let r = 0; r < ranges.length; r++) octets += Math.max(0, Math.min(ranges[r]![1], length) - ranges[r]![0]);
    let bit = ((where / 2_147_483_648) * octets * 8) | 0;
    for (let r = 0; r < ranges.length; r++) {
      const bits = 8 * Math.max(0, Math.min(ranges[r]![1], length) - ranges[r]![0]);
      if (bit < bits) return 8 * ranges[r]![0] + bit;
      bit -= bits;
    }
    return -1;
  }

  /** A copy leaves in slot `to` of the batch: flags it and counts it. */
  #countData(batch: SendBatch, to: number, flow: number, slot: number, bit: number): void {
    const store = this.#store;
    const counters = this.#counters;
    const row = flow * ImpairCounter.Count;
    if (bit >= 0) {
      batch.bytes[batch.offset[to]! + (bit >> 3)]! ^= 0x80 >> (bit & 7);
      batch.flags[to]! |= SendFlag.Corrupted;
      counters[row + ImpairCounter.Corrupted]!++;
      return;
    }
    store.intact[slot]!--;
    const ordinal = store.ordinal[slot]!;
    const isFirst = store.left[slot] === 0;
    const isLate = this.#nextExpected[flow]! - ordinal > REORDER_WINDOW_PACKETS;
    if (isLate) {
      counters[row + ImpairCounter.Late]!++;
      if (isFirst) counters[row + ImpairCounter.Lost]!++;
    } else if (!isFirst) {
      counters[row + ImpairCounter.Duplicated]!++;
    } else if (ordinal < this.#nextExpected[flow]!) {
      counters[row + ImpairCounter.Reordered]!++;
    } else {
      this.#nextExpected[flow] = ordinal + 1;
    }
    store.left[slot] = 1;
    if (!isFirst) batch.flags[to]! |= SendFlag.Copy;
  }

  #followSlots(capacity: number): void {
    if (this.#releasedSlot.length >= capacity) return;
    this.#releasedSlot = new Int32Array(capacity);
    this.#releasedUse = new Uint32Array(capacity);
  }
}
