/** Schemas of what the document says about one stream. Import types only, unless you validate. */
import * as z from 'zod';
import {
  HISTOGRAM_IDS,
  HISTOGRAMS,
  METRIC_IDS,
  METRICS,
  SERIES_METRIC_IDS,
  SERIES_METRICS,
  type HistogramId,
  type MetricId,
  type SeriesMetricId,
} from '../metrics/catalog.js';
import { BurstsSchema } from './modelBursts.js';
import { count, decimal, figure, HistogramSummarySchema, instant, type HistogramSummary } from './modelFigures.js';
import { FecReportSchema, RecoveryReportSchema, RtcpReportSchema } from './modelRepair.js';
import { DelayCorrectionSchema } from './modelReceiver.js';
import { TransportSchema } from './modelTransport.js';

export { count, decimal, figure, HistogramSummarySchema, instant, nullableCount } from './modelFigures.js';
export type { HistogramSummary } from './modelFigures.js';

function metricSchema(id: MetricId): z.ZodType {
  const about = METRICS[id];
  const schema = about.kind === 'distribution' ? z.record(z.string().regex(/^\d+$/u), count).nullable() : figure;
  return schema.describe(`${about.definition} Unit: ${about.unit}. [${about.reference}]`);
}

export type StreamMetrics = { [Id in Exclude<MetricId, 'dscp_received'>]: number | null } & {
  dscp_received: Record<string, number> | null;
};
export const StreamMetricsSchema = z
  .object(Object.fromEntries(METRIC_IDS.map((id) => [id, metricSchema(id)])))
  .meta({ id: 'metrics' }) as unknown as z.ZodType<StreamMetrics>;

export type StreamHistograms = { [Id in HistogramId]: HistogramSummary | null };
export const StreamHistogramsSchema = z
  .object(
    Object.fromEntries(
      HISTOGRAM_IDS.map((id) => [
        id,
        HistogramSummarySchema.nullable().describe(`${HISTOGRAMS[id].definition} [${HISTOGRAMS[id].reference}]`),
      ]),
    ),
  )
  .meta({ id: 'histograms' }) as unknown as z.ZodType<StreamHistograms>;

const points = z.array(figure);
const SeriesSumSchema = z.object({ sum: points, min: points, max: points });
const SeriesMeanSchema = z.object({ mean: points, min: points, max: points });
export type SeriesMetrics = {
  [Id in SeriesMetricId]:
    | ((typeof SERIES_METRICS)[Id] extends 'sum' ? z.infer<typeof SeriesSumSchema> : z.infer<typeof SeriesMeanSchema>)
    | null;
};
export const StreamSeriesSchema = z.object({
  start_ns: z.number().describe('Beginning of the first point, from run.start.'),
  step_ns: z.number().positive().describe('Length of a point; doubles whenever 512 points are full.'),
  points: count.max(512),
  metrics: z
    .object(
      Object.fromEntries(
        SERIES_METRIC_IDS.map((id) => [
          id,
          (SERIES_METRICS[id] === 'sum' ? SeriesSumSchema : SeriesMeanSchema).nullable(),
        ]),
      ),
    )
    .describe('Each with one value per point; null where nothing was measured.') as unknown as z.ZodType<SeriesMetrics>,
});
export type StreamSeries = z.infer<typeof StreamSeriesSchema>;

export const LossRangeSchema = z.object({
  first: decimal.describe('First lost sequence number.'),
  count,
  cause: z.enum(['network', 'socket_buffer', 'application', 'mixed']),
});

const reasons = z
  .record(z.string(), z.string())
  .describe('For each metric or histogram that is null although one would expect it: why, in words.');

export const StreamAfterSchema = z
  .object({
    metrics: StreamMetricsSchema,
    histograms: StreamHistogramsSchema.nullable(),
    not_measured: reasons,
  })
  .describe(
    'What remained after arbitration, FEC and recovery: counts, loss and rates. Limits on these look here where it is present.',
  );
export type StreamAfter = z.infer<typeof StreamAfterSchema>;

const named = z.record(z.string(), figure).nullable();

export const StreamSchema = z.object({
  id: z.string().describe('Stable within the run, and over parts and receivers of it.'),
  name: z.string().nullable().describe('From a line-up.'),
  role: z.enum(['media', 'fec', 'control']),
  leg: z.string().nullable().describe('a or b where the stream has two legs.'),
  format: z.string().describe('What the datagrams are: probe, rtp, ...'),
  unit: z.enum(['packet', 'message', 'none']).describe('What its sequence numbers count.'),
  source: z.string(),
  source_port: count,
  group: z.string(),
  port: count,
  interface: z.string().nullable(),
  flow: z.string().nullable().describe('Flow id, SSRC or session.'),
  sender_run: z.string().nullable().describe("The sender's run id, eight hexadecimal digits."),
  local: z.boolean().describe("The source is this host's own address: these copies never left the host."),
  start: instant.nullable().describe('First arrival.'),
  end: instant.nullable().describe('Last arrival.'),
  start_ns: figure.describe('First arrival, from run.start, monotonic clock.'),
  end_ns: figure.describe('Last arrival, from run.start, monotonic clock.'),
  expected_from: z
    .enum(['start', 'first'])
    .nullable()
    .describe('Expected numbers count from the start that was announced, or from the first one heard.'),
  ended: z.boolean().describe('The sender announced the end.'),
  loss_attribution: z
    .enum(['exact', 'shared', 'bounded'])
    .nullable()
    .describe('How exact the split of loss by cause is; null without a drop counter.'),
  send_time: z.enum(['departure', 'due']).nullable().describe('What the carried send time is; null: none.'),
  delay_uncertainty_ns: figure.describe('How far one-way delay may be off; null: not known, not_measured says why.'),
  delay_correction: DelayCorrectionSchema.nullable().describe(
    'One-way delay by one clock; null: the clocks of both ends were not compared, or there is no delay.',
  ),
  super_packets: z.boolean().describe('Segmentation offload: some datagrams share a receive stamp.'),
  metrics: StreamMetricsSchema,
  histograms: StreamHistogramsSchema.nullable().describe(
    'null for a stream beyond the detail limit: its values are in aggregate.histograms.',
  ),
  not_measured: reasons,
  series: StreamSeriesSchema.nullable(),
  numbers: z
    .object({ from: decimal, to: decimal.describe('The one behind the last.') })
    .nullable()
    .describe('Sequence numbers that were expected, or never sent; null: the format has none, or nothing came.'),
  loss_map: z.array(LossRangeSchema).max(1024).nullable(),
  loss_map_truncated: z.boolean().describe('There were more than 1024 ranges.'),
  bursts: BurstsSchema.nullable().describe('Micro-bursts; null: nothing arrived, or a stream beyond the detail limit.'),
  transport: TransportSchema.nullable().describe('null: no transport stream, or a stream beyond the detail limit.'),
  mdi: named.describe('Media delivery index: docs/metrics.md. [RFC 4445]'),
  tr101290: named.describe('Indicator counts by id, and p1, p2, p3: their sums per priority. [ETSI TR 101 290]'),
  fec: FecReportSchema.nullable().describe('Forward error correction; null: none was looked for.'),
  recovery: RecoveryReportSchema.nullable().describe('Messages asked for anew; null: none were to be.'),
  rtp: z
    .object({
      payload_type: count.describe('Of the latest packet. [RFC 3551 section 6]'),
      timestamp_discontinuities: count.describe(
        'Steps of the time stamp by more than a second that the arrivals do not explain.',
      ),
    })
    .nullable()
    .describe('What the RTP headers said; null: no RTP. [RFC 3550 section 5.1]'),
  feed: z
    .object({
      messages_arrived: count.describe('In all copies.'),
      heartbeats: count.describe('Datagrams without messages.'),
      beginnings: count.describe('How often the numbers of the same session had begun anew before.'),
    })
    .nullable()
    .describe('What the datagrams of a sequenced feed were; null: no feed.'),
  rtcp: RtcpReportSchema.nullable().describe("The sender's own reports; null: none came."),
  notes: z.array(z.string()),
  after: StreamAfterSchema.nullable(),
});
export type Stream = z.infer<typeof StreamSchema>;

export const AggregateSchema = z.object({
  streams: count,
  metrics: StreamMetricsSchema,
  histograms: StreamHistogramsSchema,
  bursts: BurstsSchema.nullable().describe('The largest of any one stream, not of their sum.'),
  not_measured: reasons,
});
export type Aggregate = z.infer<typeof AggregateSchema>;
