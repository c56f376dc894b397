import { whole } from '../core/steps.js';
import { HISTOGRAM_IDS, METRIC_IDS, METRICS, type HistogramId, type MetricId } from '../metrics/catalog.js';
import type { Histogram } from '../metrics/histogram.js';
import { mergeBursts } from './buildBursts.js';
import { mergeSummaries, summarise } from './histogramSummary.js';
import { noMetrics } from './noMetrics.js';
import type { Rates } from './rates.js';
import type { Aggregate, HistogramSummary, Stream, StreamHistograms, StreamMetrics } from './model.js';

/** What merging needs of a stream. */
type Part = Pick<Stream, 'metrics' | 'start_ns' | 'end_ns'>;

/** Histograms in which lost datagrams have no value. */
const DELAYS: ReadonlySet<HistogramId> = new Set(['one_way_delay_ns', 'pdv_ns']);

const MERGE = { sum: (a: number, b: number) => a + b, min: Math.min, max: Math.max };

/**
 * Figures of several streams, parts or receivers as one, by the rules of the catalogue. `not_measured`
 * names those that some of them lack.
 */
export function mergeMetrics(parts: readonly Part[]): {
  readonly metrics: StreamMetrics;
  readonly not_measured: Record<string, string>;
} {
  const metrics = noMetrics();
  const not_measured: Record<string, string> = {};
  for (const id of METRIC_IDS) {
    if (id === 'dscp_received') continue;
    const rule = METRICS[id].merge;
    if (rule === 'none' || rule === 'derived') continue;
    const { merged, missing } = mergeMetric(parts, id, MERGE[rule]);
    metrics[id] = merged;
    if (merged !== null && missing > 0) {
      not_measured[id] = `not measurable in ${missing} of ${parts.length} streams: these are left out`;
    }
  }
  metrics.dscp_received = mergeDscp(parts);
  derive(metrics, parts);
  return { metrics, not_measured };
}

function mergeMetric(
  parts: readonly Part[],
  id: Exclude<MetricId, 'dscp_received'>,
  merge: (a: number, b: number) => number,
): { readonly merged: number | null; readonly missing: number } {
  let merged = NaN;
  let missing = 0;
  for (const { metrics } of parts) {
    const value = metrics[id];
    if (value === null) missing++;
    else merged = merged === merged ? merge(merged, value) : value;
  }
  return { merged: missing === parts.length ? null : merged, missing };
}

function mergeDscp(parts: readonly Part[]): Record<string, number> | null {
  const known = parts.map((part) => part.metrics.dscp_received).filter((counts) => counts !== null);
  if (known.length === 0) return null;
  const merged: Record<string, number> = {};
  for (const counts of known) {
    for (const [dscp, count] of Object.entries(counts)) merged[dscp] = (merged[dscp] ?? 0) + count;
  }
  return merged;
}

function derive(metrics: StreamMetrics, parts: readonly Part[]): void {
  let expected = 0;
  let received = 0;
  let lost = 0;
  let duplicated = 0;
  let reordered = 0;
  for (const { metrics: m } of parts) {
    const unit = m.messages_expected === null ? 'packets' : 'messages';
    if (m[`${unit}_expected`] === null) continue;
    expected += m[`${unit}_expected`]!;
    received += m[`${unit}_received`]!;
    lost += m[`${unit}_lost`]!;
    duplicated += m[`${unit}_duplicated`]!;
    reordered += m[`${unit}_reordered`]!;
  }
  if (expected > 0) metrics.loss_ratio = lost / expected;
  if (received > 0) {
    metrics.duplication_ratio = duplicated / received;
    metrics.reordered_ratio = reordered / received;
  }
  const starts = parts.map((part) => part.start_ns).filter((ns) => ns !== null);
  const ends = parts.map((part) => part.end_ns).filter((ns) => ns !== null);
  if (starts.length === 0 || ends.length === 0) return;
  const activeNs = Math.max(...ends) - Math.min(...starts);
  metrics.active_ns = activeNs;
  if (activeNs <= 0) return;
  deriveRates(metrics, parts, activeNs);
}

/** All that came over the time that something came. */
function deriveRates(metrics: StreamMetrics, parts: readonly Part[], activeNs: number): void {
  const amount = (part: Part, id: keyof Rates): number => (part.metrics[id] ?? 0) * (part.metrics.active_ns ?? 0);
  const sum = (of: readonly Part[], figure: (part: Part) => number): number =>
    of.reduce((total, part) => total + figure(part), 0);
  const octets = ({ metrics: m }: Part): number => m.octets_received ?? 0;
  // Of a stream with one datagram there is no rate; its headers are those of the others.
  const rated = parts.filter((part) => part.metrics.rate_packets_per_second !== null);
  const brief = parts.filter((part) => part.metrics.rate_packets_per_second === null);
  const datagrams = sum(rated, (part) => amount(part, 'rate_packets_per_second')) / 1e9;
  const more = sum(
    brief,
    ({ metrics: m }) => (m.packets_received ?? 0) + (m.packets_duplicated ?? 0) + (m.packets_late ?? 0),
  );
  for (const id of ['rate_ip_bit_per_second', 'rate_ethernet_bit_per_second'] as const) {
    const withHeaders = sum(rated, (part) => amount(part, id)) / 8e9;
    const perDatagram = datagrams > 0 ? (withHeaders - sum(rated, octets)) / datagrams : NaN;
    const all = withHeaders + (more > 0 ? sum(brief, octets) + more * perDatagram : 0);
    metrics[id] = Number.isNaN(all) ? null : (all * 8e9) / activeNs;
  }
  metrics.rate_packets_per_second = ((datagrams + more) * 1e9) / activeNs;
  metrics.rate_bit_per_second = ((metrics.octets_received ?? 0) * 8e9) / activeNs;
}

/** `others`: what streams beyond the detail limit recorded in common. */
export function aggregateStreams(
  streams: readonly Stream[],
  others: Readonly<Partial<Record<HistogramId, Histogram>>> | null,
): Aggregate | null {
  return whole(aggregateInSteps(streams, others));
}

/** The same, yielding between its parts. */
export function* aggregateInSteps(
  all: readonly Stream[],
  others: Readonly<Partial<Record<HistogramId, Histogram>>> | null,
): Generator<void, Aggregate | null> {
  // What protects or reports media is none of it.
  const streams = all.filter(({ role }) => role === 'media');
  if (streams.length === 0) return null;
  const { metrics, not_measured } = mergeMetrics(streams);
  const histograms = {} as StreamHistograms;
  for (const id of HISTOGRAM_IDS) {
    yield;
    const summaries: (HistogramSummary | null)[] = streams.map((stream) => stream.histograms?.[id] ?? null);
    const shared = others?.[id];
    if (shared !== undefined && shared.count > 0) summaries.push(summarise(shared));
    histograms[id] = mergeSummaries(summaries, DELAYS.has(id) ? metrics.loss_ratio : null);
  }
  yield;
  const bursts = mergeBursts(streams.map((stream) => stream.bursts));
  return { streams: streams.length, metrics, histograms, bursts, not_measured };
}
