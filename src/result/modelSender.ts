/** Schemas of what a sender says about itself. Import types only, unless you validate. */
import * as z from 'zod';
import { LossLocationSchema } from './modelLossLocation.js';
import { FeedbackSchema } from './modelReceiver.js';
import { count, figure, HistogramSummarySchema, nullableCount } from './modelStream.js';

export const ImpairmentSchema = z
  .object({
    lost: count.describe('Datagrams of which no intact copy left.'),
    duplicated: count.describe('Further intact copies.'),
    reordered: count.describe('As they left, per flow. [RFC 4737 section 3.3]'),
    delayed: count,
    corrupted: count.describe('Copies.'),
  })
  .meta({ id: 'impairment', description: 'What --impair did.' });
export type Impairment = z.infer<typeof ImpairmentSchema>;

const NotSentSchema = z.object({
  no_buffers: nullableCount.describe("ENOBUFS: the host's own queueing discipline refused it; null: not seen."),
  too_late: count.describe('The send buffer stayed full (EAGAIN) until it was too late.'),
  failed: count.describe('Any other error.'),
  skipped: count.describe('Given up because the schedule had fallen behind.'),
});

const rates = {
  octets_sent: count.describe('UDP payload.'),
  rate_bit_per_second: figure.describe('UDP payload, over active_ns.'),
  rate_ip_bit_per_second: figure.describe('With UDP and IP headers.'),
  rate_ethernet_bit_per_second: figure.describe('With 14 octets of Ethernet header, as tc counts.'),
  rate_packets_per_second: figure,
  active_ns: figure.describe('First to last departure.'),
};

const totals = {
  scheduled: count.describe(
    'Datagrams with data that came due: with what impairment added and without what it took away, sent + not_sent.',
  ),
  sent: count.describe('Datagrams that the kernel took; further copies made by impairment included.'),
  not_sent: nullableCount.describe('Datagrams that never left this host; null: this implementation cannot see it.'),
};

export const SenderStreamSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  leg: z.string().nullable(),
  format: z.string(),
  group: z.string(),
  port: count,
  source: z.string().nullable(),
  source_port: count,
  interface: z.string(),
  flows: z.array(z.string()).describe('Flow ids as receivers show them; at most 16, see flow_count.'),
  flow_count: count,
  ttl: count,
  dscp: count,
  size_octets: nullableCount.describe('UDP payload of a datagram; null: varies.'),
  pattern: z.string(),
  flow_rates: z.string().nullable().describe('As --flow-rates says it; null: no flows that share a rate.'),
  ...totals,
  ...rates,
  departure_error_ns: HistogramSummarySchema.nullable(),
  impairment: ImpairmentSchema.nullable(),
  impairment_seed: z.number().nullable(),
});
export type SenderStream = z.infer<typeof SenderStreamSchema>;

const SentCaptureSchema = z
  .object({
    frames: count.describe('Of the whole file.'),
    datagrams: count.describe('That are sent, in each pass.'),
    not_selected: count.describe('To groups, hosts and ports that are not sent.'),
    outside: count.describe('Before --from or behind --to.'),
    truncated: count.describe('Payloads or headers that the capture cut (snap length).'),
    too_large: count.describe('Payloads beyond 65507 octets, made by offload.'),
    fragments: count.describe('Of IP datagrams; they are not put together.'),
    not_udp: count,
    malformed: count.describe('Lengths that contradict each other, or a wrong version.'),
    unknown_link: count.describe('Frames of link layers that are not read.'),
    path_overflow: count.describe('To destinations beyond those that can be told apart.'),
    backwards: count.describe("Sent, but recorded with a time before that of one before; sent at that one's time."),
    fault: z.string().nullable().describe('Why reading ended before the file did; null: it did not.'),
  })
  .meta({ id: 'sent_capture', description: 'What became of the frames of a capture that is sent.' });
export type SentCapture = z.infer<typeof SentCaptureSchema>;

const SentMessagesSchema = z
  .object({
    messages: count.describe('Put into datagrams.'),
    too_long: count.describe('Left out: a datagram of --mtu has no room for them. They take no number.'),
    empty: count.describe('Of no octets.'),
    backwards: count.describe("With a timestamp before that of one before; due at that one's time."),
  })
  .meta({ id: 'sent_messages', description: 'What became of the messages of a file that a feed sends.' });
export type SentMessages = z.infer<typeof SentMessagesSchema>;

const SenderInputSchema = z.object({
  stream: z.string().describe('streams[].id; of two legs the first.'),
  name: z.string().describe('As the operator named it; - is standard input.'),
  pcr_pid: nullableCount.describe('PID whose clock set the pace; null: none did.'),
  passes: count.describe('Ends that were passed, and begun anew.'),
  underruns: count.describe('Times that it had nothing when a datagram was due.'),
  resyncs: count.describe('Losses of sync.'),
  skipped_octets: count.describe('Octets in no transport packet.'),
  truncated_packets: count.describe('Packets that its end, or that of a pass, cut off.'),
  discontinuities: count.describe('Of the clock, and moves of the schedule behind an input that came too late.'),
  unstamped_units: count.describe('Time stamps of later passes that could not be rewritten.'),
  left_out_packets: count.describe('Of a live input: what had come before sending began.'),
  correction_ppm: z.number().describe('How much faster a live input was sent than its clock says, at the end.'),
  failure: z.string().nullable().describe('Why it ended early; null: it did not.'),
  capture: SentCaptureSchema.nullable().describe('null: it is no capture.'),
  messages: SentMessagesSchema.nullable().describe('null: it is no file of messages.'),
});
export type SenderInput = z.infer<typeof SenderInputSchema>;

export const SenderRecoverySchema = z
  .object({
    requests: count.describe('Requests for messages, as they should be.'),
    answered: count.describe('Of those: with an answer at least.'),
    datagrams: count.describe('Answers.'),
    messages: count.describe('Messages in the answers.'),
    refused: count.describe('Requests without an answer, because of a limit on the rate.'),
    shortened: count.describe(
      'Requests that got less than there was, because of a limit on the rate or of 32 datagrams for each.',
    ),
    out_of_range: count.describe('Requests for numbers not sent yet, or before the first message.'),
    unavailable: count.describe('Messages asked for that were not kept any more.'),
    malformed: count.describe('Datagrams that are no request.'),
    foreign: count.describe('Requests for another session.'),
    not_sent: count.describe('Answers that never left this host.'),
    not_kept: count.describe('Messages sent that were never kept, because their file could not be written.'),
    clients: count.describe('Hosts that asked; of very many, some may be counted twice.'),
  })
  .meta({ id: 'sender_recovery', description: 'What became of requests for messages. [MoldUDP64 1.00]' });
export type SenderRecovery = z.infer<typeof SenderRecoverySchema>;

export const SenderSchema = z.object({
  run: z.string().describe('Run id that the datagrams carry, eight hexadecimal digits.'),
  ...totals,
  not_sent_by_reason: NotSentSchema,
  markers_sent: count,
  ...rates,
  departure_error_ns: HistogramSummarySchema.nullable().describe('Departure minus due time, of every datagram.'),
  transmit_delay_ns: HistogramSummarySchema.nullable().describe("Kernel's transmit stamp minus departure."),
  quantum_ns: z.number().describe('Datagrams due within so long may leave in one call; 0: each on its own.'),
  max_late_ns: z.number(),
  spin_share: figure.describe('Share of the run spent spinning before deadlines.'),
  system_calls: count,
  super_packets: count.describe('Sends with segmentation offload.'),
  transmit_stamps_missing: count,
  icmp_errors: count,
  underruns: count.describe('Times that the input had nothing when a datagram was due.'),
  impairment: ImpairmentSchema.nullable().describe('Sums over streams; null without --impair.'),
  recovery: SenderRecoverySchema.nullable().describe('Sums over feeds; null: requests are not answered.'),
  feedback: FeedbackSchema.nullable().describe('null: receivers were asked for nothing.'),
  loss_location: LossLocationSchema.nullable().describe('null: fewer than two receivers gave a result.'),
  inputs: z
    .array(SenderInputSchema)
    .describe('What transport streams, replays and feeds out of files were made of; at most as many as in detail.'),
  streams: z.array(SenderStreamSchema),
  streams_total: count,
});
export type Sender = z.infer<typeof SenderSchema>;
