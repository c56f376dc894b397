/**
 * The one place that says what every figure of a stream is. The result document, its JSON Schema,
 * limits, exports and `docs/metrics.md` are made from it or tested against it.
 */
import { COUNT_METRICS } from './countMetrics.js';
import { metric, type MetricDescriptor } from './metricDescriptor.js';
import { PATH_METRICS } from './pathMetrics.js';

export type { MergeRule, MetricDescriptor, MetricUnit } from './metricDescriptor.js';

const ROWS = { ...COUNT_METRICS, ...PATH_METRICS };

export type MetricId = keyof typeof ROWS;

function withIds<Id extends string>(rows: Readonly<Record<Id, Omit<MetricDescriptor, 'id'>>>) {
  const described = {} as Record<Id, MetricDescriptor>;
  for (const id of Object.keys(rows) as Id[]) described[id] = { id, ...rows[id] };
  return described as Readonly<Record<Id, MetricDescriptor>>;
}

/** `streams[].metrics`, in the order in which they are written. */
export const METRICS = withIds<MetricId>(ROWS);
export const METRIC_IDS = Object.keys(METRICS) as readonly MetricId[];

function histogram(label: string, fixed: 'fixed' | 'further', definition: string, reference: string) {
  return metric(label, 'ns', 'distribution', 'sum', fixed, definition, reference);
}

const HISTOGRAM_ROWS = {
  one_way_delay_ns: histogram(
    'one-way delay',
    'fixed',
    'Receive stamp minus carried send time, over first copies that were not late. Contains the offset between the clocks of both hosts and may be negative. A percentile p is conditional on delivery when more than 1 - p was lost.',
    'RFC 7679 section 3',
  ),
  interarrival_ns: histogram(
    'interarrival time',
    'fixed',
    'Receive stamp minus that of the preceding first copy of the stream, monotonic clock.',
    'mcastkit',
  ),
  ipdv_ns: histogram(
    'IPDV',
    'fixed',
    'One-way delay minus that of the packet with the preceding number, both received.',
    'RFC 3393 section 2; RFC 5481 section 3.1',
  ),
  departure_error_ns: histogram(
    'departure error',
    'fixed',
    'Sender: departure minus due time of every datagram, monotonic clock. null at a receiver.',
    'mcastkit',
  ),
  wakeup_delay_ns: histogram(
    'wake-up delay',
    'fixed',
    'Time of reading minus receive stamp, realtime: how long a datagram waited in the socket buffer. null without kernel stamps.',
    'mcastkit',
  ),
  pdv_ns: histogram(
    'PDV',
    'further',
    'One-way delay minus the smallest one of the stream. Independent of a constant clock offset.',
    'RFC 5481 section 3.2',
  ),
} as const;

export type HistogramId = keyof typeof HISTOGRAM_ROWS;
/** `streams[].histograms`. */
export const HISTOGRAMS = withIds<HistogramId>(HISTOGRAM_ROWS);
export const HISTOGRAM_IDS = Object.keys(HISTOGRAMS) as readonly HistogramId[];

/** Percentiles that every histogram of the document carries. */
export const PERCENTILES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999, p9999: 0.9999 } as const;
export type PercentileId = keyof typeof PERCENTILES;
export const PERCENTILE_IDS = Object.keys(PERCENTILES) as readonly PercentileId[];

/** Metrics that a series keeps; see `metrics/series.ts`. */
export const SERIES_METRICS = {
  rate_bit_per_second: 'mean',
  loss_network: 'sum',
  loss_socket_buffer: 'sum',
  loss_application: 'sum',
  one_way_delay_p50_ns: 'mean',
  one_way_delay_p99_ns: 'mean',
  jitter_ns: 'mean',
  mdi_df_ns: 'mean',
} as const satisfies Record<string, 'sum' | 'mean'>;
export type SeriesMetricId = keyof typeof SERIES_METRICS;
export const SERIES_METRIC_IDS = Object.keys(SERIES_METRICS) as readonly SeriesMetricId[];
