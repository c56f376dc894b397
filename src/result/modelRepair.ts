/** Schemas of FEC, of arbitration of two legs, and of outputs. Import types only, unless you validate. */
import * as z from 'zod';
import { count, figure, HistogramSummarySchema, nullableCount } from './modelFigures.js';

export const FecReportSchema = z
  .object({
    columns: nullableCount.describe('L of the matrix, as its packets say; null: none came.'),
    rows: nullableCount.describe('D of the matrix, as its packets say; null: none came.'),
    has_rows: z.boolean().describe('Row protection came too.'),
    packets_heard: count.describe('FEC packets.'),
    packets_malformed: count.describe('Of those: no FEC packets.'),
    packets_out_of_window: count.describe('Of those: about media packets out of reach.'),
    packets_inconsistent: count.describe('Of those: contradicting the media.'),
    packets_recovered: count.describe('Media packets.'),
  })
  .describe('[SMPTE ST 2022-1]');
export type FecReport = z.infer<typeof FecReportSchema>;

export const RecoveryReportSchema = z
  .object({
    messages_missed: count.describe('Messages that a number further on, or a heartbeat, showed to be missing.'),
    messages_came: count.describe('Of those: a line brought them by itself, asked for or not.'),
    messages_recovered: count.describe('Of those: an answer brought them.'),
    messages_unrecovered: count.describe('Of those: given up.'),
    messages_pending: count.describe('Of those: not decided yet. 0 in a finished result.'),
    gaps_closed: count.describe('Gaps of which nothing is missing any more.'),
    gaps_torn: count.describe('Gaps of which something was given up.'),
    requests: count.describe('Requests, retries included.'),
    retries: count.describe('Requests about messages that an earlier one brought nothing of.'),
    timeouts: count.describe('Requests that nothing came of in time.'),
    short_answers: count.describe('Requests that less came of than was asked for.'),
    requests_not_sent: count.describe('Requests that never left this host.'),
    answers: count.describe('Datagrams of the session that came in answer.'),
    recovery_ns: HistogramSummarySchema.nullable().describe(
      'By closed gap of which answers brought some: from when it was found to the last of those.',
    ),
    unrecovered: z
      .array(z.object({ first: z.string(), last: z.string() }))
      .describe('Ranges given up, as numbers on the wire; the first 1024 of them.'),
    unrecovered_unlisted: count.describe('Messages given up in further ranges.'),
  })
  .meta({ id: 'recovery', description: 'What was missing on all lines and asked for. [MoldUDP64 1.00]' });
export type RecoveryReport = z.infer<typeof RecoveryReportSchema>;

const legFigures = {
  leg: z.string(),
  packets_received: count.describe('First copies on this leg.'),
  packets_lost: nullableCount.describe('Not on this leg; what both lost included.'),
  loss_ratio: figure.describe('packets_lost of packets_expected.'),
  packets_duplicated: nullableCount.describe('Further copies on this leg.'),
  packets_late: nullableCount.describe('Came when their number had been decided.'),
  first_arrivals: count.describe("Came before the other leg's copy, or without one."),
  first_arrival_share: figure.describe('first_arrivals of those of both legs.'),
};

const joint = {
  packets_expected: nullableCount.describe('Numbers of the common sequence: on either leg, or on neither.'),
  packets_pending: nullableCount.describe('Of those: not decided yet. 0 in a finished result.'),
  both_lost: count.describe('Lost on both legs.'),
  remaining_lost: count.describe('Lost after arbitration, FEC and recovery.'),
  skew_ns: HistogramSummarySchema.nullable().describe('Arrival on leg b minus arrival on leg a of what both brought.'),
  unit: z
    .enum(['packet', 'message'])
    .nullable()
    .describe('What the figures named packets_ and lost count: numbers of the sequence; null: pairs of both kinds.'),
  skews_dropped: nullableCount.describe('Skews that found no room and are in no figure.'),
};

export const ArbitrationStreamSchema = z.object({
  name: z.string().nullable(),
  legs: z.array(
    z.object({ ...legFigures, stream: z.string().nullable().describe('streams[].id; null: nothing came.') }),
  ),
  ...joint,
});
export type ArbitrationStream = z.infer<typeof ArbitrationStreamSchema>;

export const ArbitrationSchema = z
  .object({
    legs: z.array(z.object(legFigures)),
    ...joint,
    streams: z
      .array(ArbitrationStreamSchema)
      .describe('Each pair of legs; at most as many as there may be in detail, worst first.'),
    streams_total: nullableCount,
  })
  .describe('All pairs of legs together. [SMPTE ST 2022-7; A and B lines of feeds]');
export type Arbitration = z.infer<typeof ArbitrationSchema>;

export const OutputSchema = z.object({
  stream: z.string().nullable().describe('streams[].id of what was put out; null: not told.'),
  name: z.string().describe('As the operator named it.'),
  datagrams: count.describe('Put out whole.'),
  octets: count,
  dropped: count.describe('Datagrams that a slow or failed output did not take.'),
  failure: z.string().nullable().describe('Why it ended early; null: it did not.'),
  failed: z
    .boolean()
    .describe('What was to be put out is lost by that: exit status 1. A player that was closed has not failed.'),
});
export type Output = z.infer<typeof OutputSchema>;

export const RtcpReportSchema = z
  .object({
    reports: count.describe('Sender reports heard. [RFC 3550 section 6.4.1]'),
    packets_total: figure.describe('Packets that the sender has sent in all, as it says in its newest report.'),
    packets_sent: figure.describe('Packets that the sender sent since its first report, by the newest one.'),
    packets_arrived: figure.describe('Distinct packets that arrived of those.'),
    packets_behind: figure.describe('Sent behind the highest number that arrived: tail loss; null: not told yet.'),
    octets_sent: figure.describe('Octets of payload that the sender sent since its first report.'),
    octets_arrived: figure.describe('Octets of payload that arrived of those.'),
    restarts: count,
    cname: z.string().nullable().describe("The sender's name for its clock and source. [RFC 7022]"),
    tool: z.string().nullable(),
    bye: z.boolean().describe('The sender said that the stream is over.'),
    clock_hz: figure.describe("Frequency of the RTP time stamps by the sender's wall clock."),
    clock_difference_ns: figure.describe("This host's clock minus the sender's, plus the shortest way of a report."),
  })
  .meta({ id: 'rtcp' });
export type RtcpReport = z.infer<typeof RtcpReportSchema>;
