import type { Nanos } from '../core/time.js';
import { StreamCounter, type StreamCounters } from '../metrics/counters.js';
import type { IntervalSnapshot } from '../metrics/snapshot.js';
import type { IntervalDelay } from './earlyDelays.js';

/** Columns of a row beside its counters; ns but for the first. */
const Figure = {
  Pending: 0,
  JitterNs: 1,
  DelayMinNs: 2,
  DelayP50Ns: 3,
  DelayP99Ns: 4,
  DelayMaxNs: 5,
  Count: 6,
} as const;
const FIRST_ROWS = 16;

/** What several streams did together. */
export interface IntervalTotal {
  streams: number;
  /** Numbers in open gaps at the interval's end. */
  pending: number;
  /** By {@link StreamCounter}. */
  readonly counters: Float64Array;
}

/**
 * What streams did in one interval: a row each, in columns, since objects for ten thousand streams would hold up what
 * is received meanwhile.
 */
export class IntervalStreams {
  /** Rows so far. */
  count = 0;
  /** Stream of each row. Like the other columns replaced when it grows. */
  stream: Uint32Array;
  /** `counters[row * StreamCounter.Count + column]`, of the interval alone. */
  counters: Float64Array;
  /** Of all rows, by the format of their streams. */
  readonly totals: (IntervalTotal | undefined)[] = [];
  #figures: Float64Array;

  /** `rows`: so many are likely. */
  constructor(rows = 0) {
    const room = Math.max(FIRST_ROWS, rows);
    this.stream = new Uint32Array(room);
    this.counters = new Float64Array(room * StreamCounter.Count);
    this.#figures = new Float64Array(room * Figure.Count);
  }

  /**
   * Appends what `stream`, of a `StreamFormat`, did since its counters were `base`, and sets that to what they are now.
   * Nothing is appended when it did nothing and is `optional`.
   */
  add(
    stream: number,
    format: number,
    { values }: StreamCounters,
    base: Float64Array,
    pending: number,
    jitterNs: number,
    delay: IntervalDelay,
    optional: boolean,
  ): void {
    if (this.count === this.stream.length) this.#grow();
    const row = this.count;
    const from = stream * StreamCounter.Count;
    const to = row * StreamCounter.Count;
    const total = (this.totals[format] ??= { streams: 0, pending: 0, counters: new Float64Array(StreamCounter.Count) });
    let isIdle = pending === 0;
    for (let i = 0; i < StreamCounter.Count; i++) {
      const value = values[from + i]!;
      const grown = value - base[from + i]!;
      if (grown !== 0) {
        isIdle = false;
        total.counters[i]! += grown;
      }
      this.counters[to + i] = grown;
      base[from + i] = value;
    }
    if (isIdle && optional) return;
    total.streams++;
    total.pending += pending;
    this.count++;
    this.stream[row] = stream;
    const at = row * Figure.Count;
    this.#figures[at + Figure.Pending] = pending;
    this.#figures[at + Figure.JitterNs] = jitterNs;
    this.#figures[at + Figure.DelayMinNs] = delay.minNs;
    this.#figures[at + Figure.DelayP50Ns] = delay.p50Ns;
    this.#figures[at + Figure.DelayP99Ns] = delay.p99Ns;
    this.#figures[at + Figure.DelayMaxNs] = delay.maxNs;
  }

  /** As if nothing had been added. */
  clear(): void {
    this.count = 0;
    this.totals.length = 0;
  }

  /** Numbers in open gaps at the interval's end. */
  pending(row: number): number {
    return this.#figures[row * Figure.Count + Figure.Pending]!;
  }

  /** A row as an object of its own. */
  snapshot(row: number, startMonoNs: Nanos, endMonoNs: Nanos): IntervalSnapshot {
    const figures = this.#figures;
    const at = row * Figure.Count;
    return {
      index: this.stream[row]!,
      startMonoNs,
      endMonoNs,
      counters: this.counters.slice(row * StreamCounter.Count, (row + 1) * StreamCounter.Count),
      pending: figures[at + Figure.Pending]!,
      jitterNs: figures[at + Figure.JitterNs]!,
      delayMinNs: figures[at + Figure.DelayMinNs]!,
      delayP50Ns: figures[at + Figure.DelayP50Ns]!,
      delayP99Ns: figures[at + Figure.DelayP99Ns]!,
      delayMaxNs: figures[at + Figure.DelayMaxNs]!,
    };
  }

  #grow(): void {
    const { stream, counters } = this;
    const figures = this.#figures;
    this.stream = new Uint32Array(2 * stream.length);
    this.counters = new Float64Array(2 * counters.length);
    this.#figures = new Float64Array(2 * figures.length);
    this.stream.set(stream);
    this.counters.set(counters);
    this.#figures.set(figures);
  }
}
