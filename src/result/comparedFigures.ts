import type { HistogramId, MetricId } from '../metrics/catalog.js';
import { HISTOGRAMS, METRICS } from '../metrics/catalog.js';
import { REPAIRED_METRICS } from './buildRepair.js';
import type { ComparedFigure } from './comparison.js';
import type { HistogramSummary, RunResult, StreamHistograms, StreamMetrics } from './model.js';

type Row = readonly [name: string, better: ComparedFigure['better']];

/** Of every stream, and of all together. */
export const STREAM_FIGURES: readonly Row[] = [
  ['packets_received', null],
  ['loss_ratio', 'lower'],
  ['loss_period_max', 'lower'],
  ['duplication_ratio', 'lower'],
  ['reordered_ratio', 'lower'],
  ['rate_bit_per_second', 'higher'],
  ['one_way_delay_ns.p50', 'lower'],
  ['one_way_delay_ns.p99', 'lower'],
  ['one_way_delay_ns.max', 'lower'],
  ['pdv_ns.p99', 'lower'],
  ['jitter_ns', 'lower'],
  ['interarrival_ns.p99', 'lower'],
  ['first_packet_after_join_ns', 'lower'],
  ['ecn_ce_received', 'lower'],
  ['mdi.delay_factor_max_ns', 'lower'],
  ['mdi.media_loss_rate_max', 'lower'],
  ['tr101290.p1', 'lower'],
  ['tr101290.p2', 'lower'],
  ['tr101290.p3', null],
];

export const RUN_FIGURES: readonly Row[] = [
  ['sender.sent', null],
  ['sender.not_sent', 'lower'],
  ['sender.rate_bit_per_second', 'higher'],
  ['sender.departure_error_ns.p50', 'lower'],
  ['sender.departure_error_ns.p99', 'lower'],
  ['arbitration.both_lost', 'lower'],
  ['arbitration.remaining_lost', 'lower'],
  ['zap.failures', 'lower'],
  ['zap.incomplete', 'lower'],
  ['zap.first_packet_ns.p50', 'lower'],
  ['zap.first_packet_ns.p99', 'lower'],
  ['zap.first_random_access_ns.p50', 'lower'],
  ['zap.first_random_access_ns.p99', 'lower'],
  ['taps.loss_ratio', 'lower'],
  ['taps.delay_above_min_ns.p99', 'lower'],
  ['health.kernel_drops', 'lower'],
  ['health.stalls', null],
];

/** What figures of streams are read from. */
export interface FigureCarrier {
  readonly metrics: StreamMetrics;
  readonly histograms: StreamHistograms | null;
  readonly after?: { readonly metrics: StreamMetrics } | null;
  readonly mdi?: Readonly<Record<string, number | null>> | null;
  readonly tr101290?: Readonly<Record<string, number | null>> | null;
}

/** After repair where repair changes it, as limits have it. */
export function streamFigure(carrier: FigureCarrier, name: string): number | null {
  if (name in METRICS) {
    const id = name as Exclude<MetricId, 'dscp_received'>;
    return (REPAIRED_METRICS.has(id) ? (carrier.after ?? carrier) : carrier).metrics[id];
  }
  const dot = name.indexOf('.');
  const section = name.slice(0, dot);
  const key = name.slice(dot + 1);
  if (section in HISTOGRAMS) {
    return carrier.histograms?.[section as HistogramId]?.[key as 'p50' | 'p99' | 'max'] ?? null;
  }
  return carrier[section as 'mdi' | 'tr101290']?.[key] ?? null;
}

/** A figure of the run, by its path in the document. */
export function runFigure(result: RunResult, name: string): number | null {
  let value: unknown = result;
  for (const part of name.split('.')) {
    value = (value as Readonly<Record<string, unknown>> | HistogramSummary | null)?.[part as 'p50'] ?? null;
  }
  return typeof value === 'number' ? value : null;
}
