/** What a sender knows of its receivers from their reports. */
import * as z from 'zod';
import { count, figure, instant, nullableCount } from './modelFigures.js';

export const ReceiverReportSchema = z
  .object({
    ssrc: z.string().describe('Of the receiver in this run, eight hexadecimal digits.'),
    state: z
      .enum(['reporting', 'done', 'silent'])
      .describe('done: it has said its last. silent: it was not heard for 5 of its intervals, at least 3 s.'),
    reports: count,
    streams: count.describe('Of this run, that it has heard.'),
    received: nullableCount.describe('Counts are over all streams, since the run began; of feeds messages.'),
    expected: nullableCount,
    lost: nullableCount,
    loss_network: nullableCount,
    loss_socket_buffer: nullableCount,
    loss_application: nullableCount,
    duplicated: nullableCount,
    reordered: nullableCount,
    late: nullableCount,
    octets: nullableCount,
    loss_ratio: figure,
    one_way_delay_p50_ns: figure.describe(
      "Of the latest interval, and of the stream whose p99 is the largest; by the receiver's clock less the sender's, as they are.",
    ),
    one_way_delay_p99_ns: figure,
    jitter_ns: figure.describe('The largest of its streams. [RFC 3550 section 6.4.1]'),
    clock_offset_ns: figure.describe("The receiver's clock less the sender's. [RFC 5905 section 8]"),
    clock_uncertainty_ns: figure.describe('The offset is within so much of that.'),
    clock_drift_ppm: figure,
    round_trip_min_ns: figure,
    exchanges: nullableCount.describe('Questions about the clock that were answered.'),
  })
  .meta({ id: 'receiver_report', description: 'The last report of a receiver.' });
export type ReceiverReport = z.infer<typeof ReceiverReportSchema>;

export const FeedbackSchema = z
  .object({
    address: z.string().describe('Where reports and results come.'),
    port: count,
    control_port: count.describe('Of the announcements, on the first group.'),
    announcements: count,
    receivers: count.describe('That were told apart; at most 1024.'),
    results: count.describe('Results that came.'),
    results_refused: count.describe('Connections that brought none, or one of another run or without the proof.'),
    foreign: count.describe('Datagrams that are nothing of this run, or lack the proof.'),
    stale: count.describe('Reports that came again, or behind a later one.'),
    flooded: count.describe('Reports and questions beyond 100 a second of one receiver.'),
    not_taken: count.describe('Of receivers beyond 1024, or beyond 512 of one host.'),
  })
  .meta({ id: 'feedback', description: 'What came of asking receivers for reports.' });
export type Feedback = z.infer<typeof FeedbackSchema>;

export const DelayCorrectionSchema = z
  .object({
    basis: z
      .enum(['same_host', 'exchange'])
      .describe('Both ends have one clock, or their clocks were compared: clock.offsets.'),
    offset_ns: z.number().describe("What this host's clock is ahead of the sender's, taken off the delays."),
    uncertainty_ns: z
      .number()
      .describe('The corrected delays are within so much of the truth, drift over the run included.'),
    min_ns: z.number(),
    p50_ns: z.number(),
    p99_ns: z.number(),
    max_ns: z.number(),
  })
  .meta({ id: 'delay_correction', description: 'One-way delay without the difference between both clocks.' });
export type DelayCorrection = z.infer<typeof DelayCorrectionSchema>;

/** One sender's clock against this host's. */
export const ClockOffsetSchema = z
  .object({
    sender: z.string().describe('Its address.'),
    run: z.string().describe('Run id, eight hexadecimal digits.'),
    offset_ns: z
      .number()
      .describe("This host's clock less the sender's, in the middle of the run. [RFC 5905 section 8]"),
    uncertainty_ns: z.number().describe('The offset is within so much of that: half of the least round trip at least.'),
    drift_ppm: z.number().describe("What this host's clock gains on the sender's."),
    round_trip_min_ns: z.number(),
    exchanges: count,
    refused: count.describe('Exchanges that no clocks can make.'),
    steps: z
      .array(z.object({ at: instant, size_ns: z.number() }))
      .describe("The last 64 steps of this host's clock against the sender's."),
  })
  .meta({ id: 'clock_offset', description: "A sender's clock against this host's, by two-way exchanges." });
export type ClockOffsetReport = z.infer<typeof ClockOffsetSchema>;
