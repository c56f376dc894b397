/** Schemas of what the document says about a transport stream. Import types only, unless you validate. */
import * as z from 'zod';
import { count, figure, HistogramSummarySchema, nullableCount } from './modelFigures.js';

const kind = z
  .enum(['table', 'video', 'audio', 'subtitle', 'data', 'null'])
  .nullable()
  .describe('table: PAT, PMT, SI; null: not known.');
const language = z.string().nullable().describe('[ISO 639]');

export const IndicatorReportSchema = z.object({
  id: z.string(),
  name: z.string().describe('As ETSI TR 101 290 writes it.'),
  clause: z.string().describe('Of ETSI TR 101 290, and the number within it.'),
  priority: z.literal([1, 2, 3]),
  count: nullableCount.describe('null: there was nothing to judge, not_measured says why.'),
  first_ns: figure.describe('First one, from run.start.'),
  last_ns: figure.describe('Last one, from run.start.'),
  pid: nullableCount.describe('Of the last one; null: none, or it concerns no PID.'),
});

export const ServiceSchema = z.object({
  program_number: count,
  name: z.string().nullable().describe('From the SDT. [EN 300 468]'),
  provider: z.string().nullable().describe('From the SDT. [EN 300 468]'),
  pmt_pid: count,
  pcr_pid: nullableCount,
  has_pmt: z.boolean().describe('Its PMT came.'),
  rate_bit_per_second: figure.describe('Of its PMT, PCR and elementary streams together.'),
  streams: z.array(z.object({ pid: count, stream_type: count, kind, name: z.string(), language })),
});

export const PidSchema = z.object({
  pid: count,
  kind,
  name: z.string().nullable().describe('Codec or table.'),
  language,
  program_number: nullableCount.describe('null: of none, or of several.'),
  packets: count,
  rate_bit_per_second: figure.describe('Whole packets of 188 octets.'),
  scrambled: count,
  transport_errors: count,
  continuity_errors: count,
  missing_packets: count.describe('By continuity_counter, modulo 16: at least as many.'),
  continuity_errors_explained: count.describe("Behind a loss that the network's sequence numbers told."),
  missing_packets_explained: count.describe("Behind a loss that the network's sequence numbers told."),
  duplicates: count.describe('Second copies. [ISO/IEC 13818-1 section 2.4.3.3]'),
  pcrs: count,
  pts_count: count,
  first_ns: figure.describe('First packet, from run.start.'),
  last_ns: figure.describe('Last packet, from run.start.'),
});

const histogram = HistogramSummarySchema.nullable();

export const PcrSchema = z.object({
  pid: count,
  pcrs: count,
  interval_ns: histogram.describe('Differences of consecutive PCRs; none across discontinuities and losses.'),
  discontinuities: count.describe('Signalled and other ones.'),
  accuracy_ns: histogram.describe(
    'PCR_AC: magnitudes of the deviation from the value by octet position. [TR 101 290 section 5.3.2; ITU-T J.133 section 4.6]',
  ),
  accuracy_min_ns: figure.describe('Largest deviation to the negative side.'),
  accuracy_max_ns: figure.describe('Largest deviation to the positive side.'),
  accuracy_why_not: z.enum(['too_few', 'variable_rate']).nullable().describe('Why there is no accuracy.'),
  rate_bit_per_second: figure.describe('Of the transport stream, by PCR and octet position.'),
  jitter_ns: histogram.describe(
    'Arrival less PCR less the fitted line, above the least of its block; null: nothing arrived.',
  ),
  drift_ppm: figure.describe("How much faster the program clock runs than the receiver's, 10^-6."),
  drift_error_ppm: figure.describe(
    'Twice the standard error of the drift, were the arrivals independent of each other.',
  ),
  drift_over_ns: figure.describe('What the drift was measured over.'),
});

const fromStart = 'From run.start; null: none came.';
const afterJoin = 'From the join; null: none came, or the time of the join is not known.';

export const TransportSchema = z
  .object({
    transport_stream_id: nullableCount,
    in_sync: z.boolean().describe('At the end.'),
    packets: count,
    null_packets: count,
    rate_bit_per_second: figure.describe('Whole packets of 188 octets.'),
    stray_octets: count.describe('Outside of synchronisation, or in datagrams of no whole number of packets.'),
    odd_datagrams: count.describe('Datagrams that are no whole number of packets.'),
    malformed_packets: count.describe('An adaptation field that does not fit, or a reserved control.'),
    malformed_sections: count,
    lost_datagrams: count,
    continuity_errors: count.describe('Of all PIDs.'),
    missing_packets: count.describe('Of all PIDs; at least as many.'),
    continuity_errors_explained: count.describe("Of all PIDs: behind a loss that the network's sequence numbers told."),
    pids_overflowed: count.describe('PIDs beyond the table: in no row of pids[].'),
    indicators: z.array(IndicatorReportSchema).describe('All of docs/metrics.md. [ETSI TR 101 290 section 5.2]'),
    services: z.array(ServiceSchema),
    pids: z.array(PidSchema).describe('Ascending.'),
    pcr: z.array(PcrSchema).describe('One per PID with PCRs.'),
    media_loss_from: z
      .enum(['sequence', 'continuity'])
      .nullable()
      .describe('Where mdi.media_loss_rate is known from; continuity is a lower bound.'),
    first_packet_ns: figure.describe(fromStart),
    first_pat_ns: figure.describe(fromStart),
    first_pmt_ns: figure.describe(`Of the first program. ${fromStart}`),
    first_random_access_ns: figure.describe(`First random access point of a video stream. ${fromStart}`),
    random_access_by: z
      .enum(['indicator', 'picture'])
      .nullable()
      .describe('random_access_indicator, or the beginning of an intra picture.'),
    first_pat_after_join_ns: figure.describe(afterJoin),
    first_pmt_after_join_ns: figure.describe(afterJoin),
    first_random_access_after_join_ns: figure.describe(afterJoin),
  })
  .meta({ id: 'transport' });
export type Transport = z.infer<typeof TransportSchema>;
export type TransportService = Transport['services'][number];
export type TransportPid = Transport['pids'][number];
export type TransportPcr = Transport['pcr'][number];
export type IndicatorReport = Transport['indicators'][number];
