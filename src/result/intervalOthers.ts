import type { Nanos } from '../core/time.js';
import { StreamCounter } from '../metrics/counters.js';
import { buildIntervalFigures, type IntervalFigures, type IntervalUnit } from './interval.js';

/** The streams of an interval that have no row of their own, all together: with them its rows add up to all that came. */
export interface IntervalOthers extends IntervalFigures {
  readonly streams: number;
}

interface Sum {
  readonly of: IntervalUnit;
  readonly counters: Float64Array;
  pending: number;
  streams: number;
}

/** Adds up such streams. */
export class IntervalSums {
  /** A sum for each way of counting that there was. */
  readonly #sums: Sum[] = [];

  /** `counters[at ..]`: a row of `StreamCounter`, of so many streams. */
  add(counters: Float64Array, at: number, pending: number, of: IntervalUnit, streams = 1): void {
    const sum = this.#sumOf(of);
    for (let i = 0; i < StreamCounter.Count; i++) sum.counters[i]! += counters[at + i]!;
    sum.pending += pending;
    sum.streams += streams;
  }

  /** A stream that is in them. */
  remove(counters: Float64Array, at: number, pending: number, of: IntervalUnit): void {
    const sum = this.#sumOf(of);
    for (let i = 0; i < StreamCounter.Count; i++) sum.counters[i]! -= counters[at + i]!;
    sum.pending -= pending;
    sum.streams--;
  }

  #sumOf(of: IntervalUnit): Sum {
    let sum = this.#sums.find((other) => other.of.unit === of.unit && other.of.tellsNeverSent === of.tellsNeverSent);
    if (sum === undefined) {
      sum = { of, counters: new Float64Array(StreamCounter.Count), pending: 0, streams: 0 };
      this.#sums.push(sum);
    }
    return sum;
  }

  /** A figure is `null` when none of them has it; `null`: there are none. */
  build(lengthNs: Nanos): IntervalOthers | null {
    const sums = this.#sums.filter(({ streams }) => streams > 0);
    const parts = sums.map(({ of, counters, pending }) => buildIntervalFigures(counters, pending, lengthNs, of));
    if (parts.length === 0) return null;
    const figures = parts.reduce(added);
    const numbered = sums.filter(({ of }) => of.unit !== 'none');
    const total = (column: number): number => numbered.reduce((sum, { counters }) => sum + counters[column]!, 0);
    const lost = total(StreamCounter.Lost);
    const settled = total(StreamCounter.Received) + lost;
    const streams = sums.reduce((sum, one) => sum + one.streams, 0);
    return { streams, ...figures, loss_ratio: settled > 0 ? lost / settled : null };
  }
}

function added(a: IntervalFigures, b: IntervalFigures): IntervalFigures {
  const sum: Record<string, number | null> = { ...a };
  for (const [id, value] of Object.entries(b) as [string, number | null][]) {
    if (value !== null) sum[id] = (sum[id] ?? 0) + value;
  }
  return sum as unknown as IntervalFigures;
}
