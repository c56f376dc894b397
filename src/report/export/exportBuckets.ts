import { Histogram } from '../../metrics/histogram.js';
import { HISTOGRAM_INDEX_MIN } from '../../metrics/histogramBuckets.js';
import type { HistogramSummary } from '../../result/model.js';

/**
 * Bounds of exported buckets, ns: the same for ever and for all streams, or the counts of two scrapes and of two
 * streams could not be compared. Each is an edge of the document's buckets (docs/json.md), so that counts are exact:
 * those are whole numbers, and one below the beginning of a bucket is the largest value before it.
 */
const LEAST_OCTAVE = 10;
const MOST_OCTAVE = 34;

/** From 1 us to 17 s, one in each octave. */
const FROM_ZERO: readonly number[] = Array.from(
  { length: MOST_OCTAVE - LEAST_OCTAVE + 1 },
  (_, i) => 2 ** (LEAST_OCTAVE + i) - 1,
);

/** Of delays and the like, which may be negative: the octaves below zero, zero, and two in each octave above. */
const SIGNED: readonly number[] = [
  ...FROM_ZERO.map((bound) => -(bound + 1)).toReversed(),
  0,
  ...FROM_ZERO.flatMap((bound, i) => (i === FROM_ZERO.length - 1 ? [bound] : [bound, 1.5 * (bound + 1) - 1])),
];

export interface ExportBuckets {
  /** Upper bounds, ns, each included; behind the last one is infinity. */
  readonly bounds: readonly number[];
  /** Values up to each bound, and last of all of them. */
  readonly upTo: readonly number[];
}

/** By bound, the last bucket of the document up to it: their indexes are in the order of their values. */
const LAST_INDEXES = new Map<readonly number[], readonly number[]>();

function lastIndexes(bounds: readonly number[]): readonly number[] {
  let indexes = LAST_INDEXES.get(bounds);
  if (indexes === undefined) {
    let index = HISTOGRAM_INDEX_MIN;
    indexes = bounds.map((bound) => {
      while (Histogram.bounds(index + 1).to - 1 <= bound) index++;
      return index;
    });
    LAST_INDEXES.set(bounds, indexes);
  }
  return indexes;
}

export function exportBuckets({ buckets, count }: HistogramSummary, signed: boolean): ExportBuckets {
  const bounds = signed ? SIGNED : FROM_ZERO;
  const upTo: number[] = [];
  let seen = 0;
  let at = 0;
  for (const last of lastIndexes(bounds)) {
    for (; at < buckets.length && buckets[at]![0] <= last; at++) seen += buckets[at]![1];
    upTo.push(seen);
  }
  upTo.push(count);
  return { bounds, upTo };
}

/** Sum of all values, ns: a whole number, which the mean tells up to 2^53. */
export function sumOf({ mean, count }: HistogramSummary): number {
  return mean === null ? 0 : Math.round(mean * count);
}
