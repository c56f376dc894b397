import { SendBatch, SendFlag } from '../core/batch.js';
import { copyAtLeast } from '../core/bytes.js';
import type { Nanos } from '../core/time.js';
import { endOctet, putColumns, SKIPPED_AT_ONCE, UNPACED_RUN } from './limits.js';
import type { FlowFeed } from './mergedFeed.js';

export interface LegOptions {
  /** Number of its flow in the batches that it fills, and their destination. */
  readonly flowBase: number;
  readonly destination: number;
}

/** Datagrams taken from the feed at once. */
const STEP = 16;
const MARKERS = SendFlag.Start | SendFlag.End;

/**
 * One feed of one flow for several legs (SMPTE ST 2022-7): each leg offers every datagram, octet for octet, at its due
 * time, whichever leg asks first. What one leg has not taken is kept for it, up to a bound; beyond that it is not sent
 * there, and counted. A feed without a rate has no schedule to keep: there the slower leg sets the pace, and nothing is left
 * out. What is written at departure would differ between the legs: the feed must leave no place for it.
 */
export class LegSplitter {
  readonly feed: FlowFeed;
  /** Datagrams made so far. */
  made = 0;
  readonly #legs: Leg[] = [];
  /** Its slab goes on behind what the feed fills: there is what is kept, as within one slab copies cost least. */
  readonly #inner: SendBatch;
  readonly #capacity: number;
  readonly #slotOctets: number;
  /** Octet of the slab where what is kept begins, and its slots. */
  readonly #keptAt: number;
  readonly #slots: readonly Uint8Array[];
  readonly #length: Uint32Array;
  readonly #flags: Uint8Array;
  readonly #dueNs: Float64Array;

  /** `capacity`: datagrams kept, a power of two; `slotOctets`: of the largest, which the feed may also write at once. */
  constructor(feed: FlowFeed, capacity: number, slotOctets: number) {
    this.feed = feed;
    this.#capacity = capacity;
    this.#slotOctets = slotOctets;
    this.#inner = new SendBatch(STEP, (STEP + capacity) * slotOctets);
    this.#keptAt = STEP * slotOctets;
    this.#slots = Array.from({ length: capacity }, (_, slot) => {
      const at = this.#keptAt + slot * slotOctets;
      return this.#inner.bytes.subarray(at, at + slotOctets);
    });
    this.#length = new Uint32Array(capacity);
    this.#flags = new Uint8Array(capacity);
    this.#dueNs = new Float64Array(capacity);
  }

  leg(options: LegOptions): Leg {
    const leg = new Leg(this, options);
    this.#legs.push(leg);
    return leg;
  }

  /** The lowest number that is still kept. */
  get oldest(): number {
    return Math.max(0, this.made - this.#capacity);
  }

  /** When number `index` is due; Infinity: the feed has ended before it. */
  dueNs(index: number): Nanos {
    if (index < this.made) return this.#dueNs[index & (this.#capacity - 1)]!;
    return this.feed.nextDueNs();
  }

  length(index: number): number {
    return this.#length[index & (this.#capacity - 1)]!;
  }

  /** Bits of {@link SendFlag}. */
  flags(index: number): number {
    return this.#flags[index & (this.#capacity - 1)]!;
  }

  /** Copies number `index`, which is there, to `into[at ..]`; what follows it there is to be written later. Hot. */
  copy(index: number, into: Uint8Array, at: number): void {
    const slot = index & (this.#capacity - 1);
    copyAtLeast(this.#slots[slot]!, this.#length[slot]!, into, at);
  }

  /** Takes from the feed what is due by `untilNs`, some of it at least; false: nothing is, or the slower leg comes first. */
  draw(untilNs: Nanos): boolean {
    if (this.feed.unpaced && this.made + STEP - this.#slowest() > this.#capacity) return false;
    const inner = this.#inner;
    inner.count = 0;
    const made = this.feed.fill(inner, untilNs);
    for (let i = 0; i < made; i++) {
      const slot = this.made & (this.#capacity - 1);
      const from = inner.offset[i]!;
      inner.bytes.copyWithin(this.#keptAt + slot * this.#slotOctets, from, from + inner.length[i]!);
      this.#length[slot] = inner.length[i]!;
      this.#flags[slot] = inner.flags[i]!;
      this.#dueNs[slot] = inner.dueMonoNs[i]!;
      this.made++;
    }
    return made > 0;
  }

  finish(nowNs: Nanos): void {
    this.feed.finish(nowNs);
  }

  /** Number that the leg that is furthest behind takes next. */
  #slowest(): number {
    let next = this.made;
    for (let i = 0; i < this.#legs.length; i++) next = Math.min(next, this.#legs[i]!.next);
    return next;
  }
}

/** The datagrams of a {@link LegSplitter} on one leg. */
export class Leg implements FlowFeed {
  readonly flowBase: number;
  readonly flows = 1;
  /** As the feed: what is always due takes the present from whoever asks, not from when another leg's next one is due. */
  readonly unpaced: boolean;
  readonly checkedRanges: readonly (readonly [from: number, to: number])[] = [[0, Infinity]];
  /** Datagrams with data offered or given up so far on this leg; of those, refused, skipped or passed over. */
  scheduled = 0;
  notSent = 0;
  /** Number of the next datagram. */
  next = 0;
  readonly #splitter: LegSplitter;
  readonly #destination: number;

  constructor(splitter: LegSplitter, { flowBase, destination }: LegOptions) {
    this.flowBase = flowBase;
    this.unpaced = splitter.feed.unpaced;
    this.#splitter = splitter;
    this.#destination = destination;
  }

  nextDueNs(): Nanos {
    this.#catchUp();
    return this.#splitter.dueNs(this.next);
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const splitter = this.#splitter;
    const before = batch.count;
    let at = endOctet(batch);
    // The other leg's turn comes before what is kept for it runs out.
    const most = this.unpaced ? Math.min(batch.capacity, before + UNPACED_RUN) : batch.capacity;
    this.#catchUp();
    while (batch.count < most) {
      if (this.next === splitter.made && !splitter.draw(batch.untilNs)) break;
      const dueNs = splitter.dueNs(this.next);
      const length = splitter.length(this.next);
      const flags = splitter.flags(this.next);
      if (dueNs > batch.untilNs || at + length > batch.bytes.length) break;
      const slot = batch.count;
      putColumns(batch, slot, slot + 1, length, flags, this.#destination, 0);
      batch.offset[slot] = at;
      batch.flow[slot] = this.flowBase;
      batch.dueMonoNs[slot] = dueNs;
      splitter.copy(this.next, batch.bytes, at);
      batch.count = slot + 1;
      at += length;
      this.next++;
      if (flags === 0) this.scheduled++;
    }
    batch.nextDueNs = this.nextDueNs();
    return batch.count - before;
  }

  refuse(batch: SendBatch, slot: number): void {
    if ((batch.flags[slot]! & MARKERS) === 0) this.notSent++;
  }

  /** These datagrams say nothing of earlier ones. */
  update(_batch: SendBatch, _slot: number): void {}

  skip(untilNs: Nanos): number {
    const before = this.scheduled;
    while (this.scheduled - before < SKIPPED_AT_ONCE && this.nextDueNs() < untilNs) {
      if (this.next === this.#splitter.made && !this.#splitter.draw(untilNs)) break;
      if (this.#splitter.flags(this.next) === 0) this.#pass(1);
      else this.next++;
    }
    return this.scheduled - before;
  }

  finish(nowNs: Nanos): void {
    this.#splitter.finish(nowNs);
  }

  /** What is no longer kept was not sent here. */
  #catchUp(): void {
    const behind = this.#splitter.oldest - this.next;
    if (behind > 0) this.#pass(behind);
  }

  #pass(datagrams: number): void {
    this.next += datagrams;
    this.scheduled += datagrams;
    this.notSent += datagrams;
  }
}
