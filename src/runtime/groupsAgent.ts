import type { ReceiveBatch } from '../core/batch.js';
import { SlotFlag } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import type { DatagramSource, Io } from '../io/datagram.js';
import type { GroupTap, GroupTapReader } from '../io/groupTap.js';
import type { Agent } from './agent.js';

/** Nothing wakes the loop for a tap. */
const TAP_NS = 5e6;
/** Of one socket in one turn, so that a group that comes as fast as it is read holds up no other. */
const READS_PER_TURN = 8;

/** What came of each group that is joined. Grows as groups are; times are CLOCK_MONOTONIC since the epoch. */
export class GroupArrivals {
  readonly counts: number[] = [];
  readonly firstNs: Nanos[] = [];
  /** By index of the socket. */
  readonly #slots = new Map<number, number>();
  readonly #sources = new Map<number, DatagramSource>();

  add(source: DatagramSource, slot: number): void {
    this.#slots.set(source.index, slot);
    this.#sources.set(source.index, source);
    this.counts[slot] = 0;
    this.firstNs[slot] = NaN;
  }

  remove(source: DatagramSource): void {
    this.#slots.delete(source.index);
    this.#sources.delete(source.index);
  }

  /** Counts anew. */
  reset(): void {
    this.counts.fill(0);
  }

  source(index: number): DatagramSource | undefined {
    return this.#sources.get(index);
  }

  took(index: number, datagrams: number, firstNs: Nanos): void {
    const slot = this.#slots.get(index)!;
    this.counts[slot]! += datagrams;
    if (Number.isNaN(this.firstNs[slot])) this.firstNs[slot] = firstNs;
  }
}

/** Reads all joined groups until something has come about, or its time is over. */
export class GroupsAgent implements Agent, GroupTapReader {
  finished = false;
  wasStopped = false;
  unstamped = 0;
  /** Datagrams that the tap saw. */
  seen = 0;
  readonly #io: Io;
  readonly #arrivals: GroupArrivals;
  readonly #batch: ReceiveBatch;
  readonly #tap: GroupTap | null;
  readonly #isOver: () => boolean;
  readonly #endNs: Nanos;

  /** `isOver`: asked when something has been read. */
  constructor(
    io: Io,
    arrivals: GroupArrivals,
    batch: ReceiveBatch,
    tap: GroupTap | null,
    isOver: () => boolean,
    endMonoNs: Nanos,
  ) {
    this.#io = io;
    this.#arrivals = arrivals;
    this.#batch = batch;
    this.#tap = tap;
    this.#isOver = isOver;
    this.#endNs = endMonoNs;
  }

  doWork(nowMonoNs: Nanos, ready: number): number {
    let handled = this.#tap?.read(this) ?? 0;
    for (let i = 0; i < ready; i++) {
      const source = this.#arrivals.source(this.#io.ready[i]!);
      if (source !== undefined) handled += this.#read(source);
    }
    this.finished = this.wasStopped || nowMonoNs >= this.#endNs || this.#isOver();
    return handled;
  }

  nextDueNs(): Nanos {
    return this.#tap === null ? this.#endNs : Math.min(this.#endNs, this.#io.clock.monoNs() + TAP_NS);
  }

  gatherNs(): Nanos {
    return 0;
  }

  stop(): void {
    this.wasStopped = true;
  }

  onDatagram(): void {
    this.seen++;
  }

  onReport(): void {}

  #read(source: DatagramSource): number {
    const batch = this.#batch;
    let handled = 0;
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const count = source.receive(batch);
      if (count === 0) break;
      for (let i = 0; i < count; i++) if ((batch.flags[i]! & SlotFlag.TimeUser) !== 0) this.unstamped++;
      this.#arrivals.took(source.index, count, batch.timeRealNs[0]! + batch.realToMonoNs);
      handled += count;
    }
    return handled;
  }
}
