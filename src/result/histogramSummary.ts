import { PERCENTILE_IDS, PERCENTILES, type PercentileId } from '../metrics/catalog.js';
import { Histogram, HISTOGRAM_PARAMETERS } from '../metrics/histogram.js';
import type { HistogramSummary } from './model.js';

const { p50, p90, p99, p999, p9999 } = PERCENTILES;
const FRACTIONS = [p50, p90, p99, p999, p9999] as const;

/**
 * A histogram as the document carries it. `lossRatio`: share of datagrams that have no value because
 * they were lost; a percentile p is then conditional on delivery when more than 1 - p was lost (a lost
 * datagram's delay is undefined, RFC 7679 section 3.4). `null`: not known, or loss does not matter.
 */
export function summarise(histogram: Histogram, lossRatio: number | null = null): HistogramSummary {
  const buckets = histogram.buckets();
  const values = histogram.percentiles(FRACTIONS, buckets);
  return {
    count: histogram.count,
    min: histogram.min,
    mean: histogram.mean,
    max: histogram.max,
    p50: values[0]!,
    p90: values[1]!,
    p99: values[2]!,
    p999: values[3]!,
    p9999: values[4]!,
    clamped: histogram.clamped,
    conditional: lossRatio === null ? [] : conditionalAt(lossRatio),
    parameters: HISTOGRAM_PARAMETERS,
    buckets,
  };
}

function conditionalAt(lossRatio: number): PercentileId[] {
  return PERCENTILE_IDS.filter((id) => lossRatio > 1 - PERCENTILES[id]);
}

/** The histogram behind a summary, for merging and for percentiles that it does not list. */
export function histogramOf(summary: HistogramSummary): Histogram {
  return Histogram.from(summary.buckets, summary);
}

/** One summary over several, from their buckets; `null` when there is none. */
export function mergeSummaries(
  summaries: readonly (HistogramSummary | null)[],
  lossRatio: number | null = null,
): HistogramSummary | null {
  const known = summaries.filter((summary) => summary !== null);
  if (known.length === 0) return null;
  const merged = new Histogram();
  let [min, max] = [Infinity, -Infinity];
  for (const summary of known) {
    if (summary.min !== null && summary.min < min) min = summary.min;
    if (summary.max !== null && summary.max > max) max = summary.max;
  }
  // At once, or they would grow with hundreds of summaries.
  if (min <= max) merged.reserve(min, max);
  for (const summary of known) merged.addBuckets(summary.buckets, summary);
  return summarise(merged, lossRatio);
}
