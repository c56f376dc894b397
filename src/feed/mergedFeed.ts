import type { SendBatch } from '../core/batch.js';
import { DueOrder } from '../core/dueOrder.js';
import type { Nanos } from '../core/time.js';
import type { Feed } from './feed.js';
import { UNPACED_RUN } from './limits.js';

/** A feed whose flows have numbers of their own in `SendBatch.flow`: `[flowBase, flowBase + flows)`. */
export interface FlowFeed extends Feed {
  readonly flowBase: number;
  readonly flows: number;
  /** A rate of Infinity: data are always due, `fill` takes `untilNs` for the present time. */
  readonly unpaced: boolean;
  /** As `fill(batch, batch.untilNs)`, and leaves `nextDueNs()` in `batch.nextDueNs`. A run may be one datagram. Hot. */
  fillRun(batch: SendBatch): number;
}

/**
 * Many feeds as one schedule: a binary heap by next due time. Feeds without a rate get what room the
 * others leave in the batch, and take turns in it; order of due time then holds for each of them alone.
 * At least one feed; flow numbers of the feeds must not overlap. `together`: what a feed has up to the
 * end of a fill is one run, as a super-packet wants it; the first of all is due first, and order holds for each feed alone.
 */
export class MergedFeed implements FlowFeed {
  readonly flowBase: number;
  readonly flows: number;
  readonly unpaced: boolean;
  readonly #feeds: readonly FlowFeed[];
  /** Feed of each flow, from `flowBase`. */
  readonly #feedOfFlow: Uint32Array;
  readonly #paced: readonly FlowFeed[];
  readonly #unpaced: readonly FlowFeed[];
  readonly #together: boolean;
  /** Of indexes in `#paced`. */
  readonly #order: DueOrder;
  #turn = 0;

  constructor(feeds: readonly FlowFeed[], together = false) {
    this.#feeds = feeds;
    this.#together = together;
    this.flowBase = Math.min(...feeds.map((feed) => feed.flowBase));
    this.flows = Math.max(...feeds.map((feed) => feed.flowBase + feed.flows)) - this.flowBase;
    this.#feedOfFlow = new Uint32Array(this.flows);
    for (const [index, feed] of feeds.entries()) {
      const from = feed.flowBase - this.flowBase;
      this.#feedOfFlow.fill(index, from, from + feed.flows);
    }
    this.#paced = feeds.filter((feed) => !feed.unpaced);
    this.#unpaced = feeds.filter((feed) => feed.unpaced);
    this.unpaced = this.#unpaced.length > 0;
    this.#order = new DueOrder(this.#paced.length);
    this.#rebuild();
  }

  nextDueNs(): Nanos {
    let dueNs = this.#order.firstNs();
    for (let i = 0; i < this.#unpaced.length; i++) dueNs = Math.min(dueNs, this.#unpaced[i]!.nextDueNs());
    return dueNs;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    const before = batch.count;
    if (this.#paced.length > 0) this.#fillPaced(batch, untilNs);
    if (this.#unpaced.length > 0) this.#fillUnpaced(batch, untilNs);
    return batch.count - before;
  }

  fillRun(batch: SendBatch): number {
    const made = this.fill(batch, batch.untilNs);
    batch.nextDueNs = this.nextDueNs();
    return made;
  }

  refuse(batch: SendBatch, slot: number): void {
    this.#feedOf(batch, slot).refuse(batch, slot);
  }

  update(batch: SendBatch, slot: number): void {
    this.#feedOf(batch, slot).update(batch, slot);
  }

  #feedOf(batch: SendBatch, slot: number): FlowFeed {
    return this.#feeds[this.#feedOfFlow[batch.flow[slot]! - this.flowBase]!]!;
  }

  skip(untilNs: Nanos): number {
    let skipped = 0;
    for (const feed of this.#feeds) skipped += feed.skip(untilNs);
    this.#rebuild();
    return skipped;
  }

  finish(nowNs: Nanos): void {
    for (const feed of this.#feeds) feed.finish(nowNs);
    this.#rebuild();
  }

  #fillPaced(batch: SendBatch, untilNs: Nanos): void {
    const { heap, dueNs: due } = this.#order;
    for (;;) {
      const first = heap[0]!;
      const dueNs = due[first]!;
      if (dueNs > untilNs) return;
      batch.untilNs = untilNs;
      if (!this.#together) {
        // A run of one feed: up to when the next one is due.
        if (heap.length > 1 && due[heap[1]!]! < batch.untilNs) batch.untilNs = due[heap[1]!]!;
        if (heap.length > 2 && due[heap[2]!]! < batch.untilNs) batch.untilNs = due[heap[2]!]!;
      }
      const made = this.#paced[first]!.fillRun(batch);
      const nextNs = batch.nextDueNs;
      // The batch is full.
      if (made === 0 && nextNs === dueNs) return;
      due[first] = nextNs;
      this.#order.firstMoved();
    }
  }

  #fillUnpaced(batch: SendBatch, untilNs: Nanos): void {
    const feeds = this.#unpaced;
    let made: number;
    let cut = -1;
    do {
      made = 0;
      for (let i = 0; i < feeds.length; i++) {
        const feed = feeds[this.#turn]!;
        const added = feed.nextDueNs() <= untilNs ? feed.fill(batch, untilNs) : 0;
        if (cut < 0 && added < UNPACED_RUN && feed.nextDueNs() <= untilNs) cut = this.#turn;
        this.#turn = (this.#turn + 1) % feeds.length;
        made += added;
      }
    } while (made > 0);
    // Whoever found the batch full first has the first turn in the next one.
    if (cut >= 0) this.#turn = cut;
  }

  #rebuild(): void {
    for (const [index, feed] of this.#paced.entries()) this.#order.dueNs[index] = feed.nextDueNs();
    this.#order.rebuild();
  }
}
