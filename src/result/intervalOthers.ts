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
}

/** Adds up such streams. */
export class IntervalSums {
  #streams = 0;
  /** A sum for each way of counting that there was. */
  readonly #sums: Sum[] = [];
  /** That of the stream before: nearly always the same way. */
  #last: Sum | null = null;

  /** `counters[at ..]`: a row of `StreamCounter`. */
  add(counters: Float64Array, at: number, pending: number, of: IntervalUnit): void {
    const sum = this.#last?.of === of ? this.#last : this.#sumOf(of);
    for (let i = 0; i < StreamCounter.Count; i++) sum.counters[i]! += counters[at + i]!;
    sum.pending += pending;
    this.#streams++;
  }

  #sumOf(of: IntervalUnit): Sum {
    let sum = this.#sums.find((other) => other.of.unit === of.unit && other.of.tellsNeverSent === of.tellsNeverSent);
    if (sum === undefined) this.#sums.push((sum = { of, counters: new Float64Array(StreamCounter.Count), pending: 0 }));
    return (this.#last = sum);
  }

  /** A figure is `null` when none of them has it; `null`: there are none. */
  build(lengthNs: Nanos): IntervalOthers | null {
    const parts = this.#sums.map(({ of, counters, pending }) => buildIntervalFigures(counters, pending, lengthNs, of));
    if (parts.length === 0) return null;
    const figures = parts.reduce(added);
    const numbered = this.#sums.filter(({ of }) => of.unit !== 'none');
    const total = (column: number): number => numbered.reduce((sum, { counters }) => sum + counters[column]!, 0);
    const lost = total(StreamCounter.Lost);
    const settled = total(StreamCounter.Received) + lost;
    return { streams: this.#streams, ...figures, loss_ratio: settled > 0 ? lost / settled : null };
  }
}

function added(a: IntervalFigures, b: IntervalFigures): IntervalFigures {
  const sum: Record<string, number | null> = { ...a };
  for (const [id, value] of Object.entries(b) as [string, number | null][]) {
    if (value !== null) sum[id] = (sum[id] ?? 0) + value;
  }
  return sum as unknown as IntervalFigures;
}
