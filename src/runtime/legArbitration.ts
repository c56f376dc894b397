import type { Nanos } from '../core/time.js';
import { Histogram } from '../metrics/histogram.js';
import type { ArbitrationSnapshot, LegSnapshot } from '../metrics/repairSnapshot.js';
import { Arbiter, Leg, type LegCounters } from '../repair/arbiter.js';
import { LegQueue } from './legQueue.js';

/** Skews are counted so many at once; what one datagram brings finds room behind them. */
const MANY_SKEWS = 1024;

/** What two legs brought of one sequence: packets of a protected stream (SMPTE ST 2022-7), messages of A and B lines. */
export class LegArbitration {
  /** [0]: stamp of what {@link push} is told next. */
  readonly arrivedNs: Float64Array;
  readonly #arbiter: Arbiter;
  readonly #legs: LegQueue;
  #skew = new Histogram();
  readonly #skewWords: Int32Array;

  /**
   * `windowNumbers`: numbers that stay open, a power of two; `queued`: usual arrivals of each leg between two reads, and
   * `mostQueued`: at most; likewise.
   */
  constructor(windowNumbers: number, queued: number, windowNs: Nanos, mostQueued?: number) {
    this.#arbiter = new Arbiter({ windowPackets: windowNumbers, windowNs });
    this.#skewWords = new Int32Array(this.#arbiter.skewNs.buffer);
    this.#legs = new LegQueue(queued, mostQueued);
    this.arrivedNs = this.#legs.arrivedNs;
  }

  /** Numbers `number .. number + span` came on a leg at {@link arrivedNs}. Hot. */
  push(leg: 0 | 1, number: number, span: number): void {
    if (this.#legs.push(leg, number, span)) return;
    // Beyond all memory: in the order of what has been read.
    this.#take(Infinity);
    this.#legs.push(leg, number, span);
  }

  /** A leg said at {@link arrivedNs} that `next` is the next number: behind what it brought before. */
  announce(leg: 0 | 1, next: number): void {
    this.push(leg, next, 0);
  }

  /** All arrivals before `beforeNs` have been read. */
  onTime(beforeNs: Nanos): void {
    this.#take(beforeNs);
    if (beforeNs !== Infinity) this.#arbiter.advance(beforeNs);
  }

  #take(beforeNs: Nanos): void {
    const arbiter = this.#arbiter;
    const legs = this.#legs;
    legs.beforeNs[0] = beforeNs;
    while (legs.next()) {
      arbiter.arrivedNs[0] = legs.timeNs[0]!;
      if (legs.span === 0) arbiter.announce(legs.number, legs.timeNs[0]!);
      else arbiter.take(legs.leg, legs.number, legs.span);
      if (arbiter.skews > MANY_SKEWS) this.#takeSkews();
    }
    this.#takeSkews();
  }

  /** Both legs are over. */
  finish(): void {
    this.onTime(Infinity);
    this.#arbiter.close();
  }

  /** End of the warm-up: skews begin anew. */
  restart(): void {
    this.#skew = new Histogram();
  }

  snapshot(): ArbitrationSnapshot {
    const { onlyA, onlyB, both, neither, open, skewsDropped, legs } = this.#arbiter;
    const snapshots: [LegSnapshot, LegSnapshot] = [legSnapshot(legs[0]), legSnapshot(legs[1])];
    return { legs: snapshots, onlyA, onlyB, both, neither, open, skewNs: this.#skew.copy(), skewsDropped };
  }

  /** As {@link snapshot}; numbers that are open, and so are counted later, no leg has had yet. */
  decided(): ArbitrationSnapshot {
    const all = this.snapshot();
    const [a, b] = all.legs;
    const legs: [LegSnapshot, LegSnapshot] = [
      { ...a, received: a.received - this.#arbiter.openOn(Leg.A) },
      { ...b, received: b.received - this.#arbiter.openOn(Leg.B) },
    ];
    return { ...all, legs };
  }

  #takeSkews(): void {
    const arbiter = this.#arbiter;
    this.#skew.recordMany(arbiter.skewNs, this.#skewWords, arbiter.skews);
    arbiter.skews = 0;
  }
}

function legSnapshot({ received, wins, duplicates, lost, late }: LegCounters): LegSnapshot {
  return { received, wins, duplicates, lost, late };
}
