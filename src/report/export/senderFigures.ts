/** Exported figures of a sender. */
import { figuresOf, type ExportedFigure, type FigureRow } from './exportedFigure.js';

const TOTALS: Readonly<Record<string, FigureRow>> = {
  scheduled: ['counter', 'packets', 'Datagrams with data that came due.', { base: 'packets_scheduled' }],
  sent: ['counter', 'packets', 'Datagrams that the kernel took.', { base: 'packets_sent' }],
  not_sent: ['counter', 'packets', 'Datagrams that never left this host.', { base: 'packets_not_sent' }],
  octets_sent: ['counter', 'octets', 'UDP payload sent.'],
  rate_bit_per_second: ['gauge', 'bit/s', 'Rate of UDP payload over the active time.'],
  rate_ip_bit_per_second: ['gauge', 'bit/s', 'The same with UDP and IP headers.'],
  rate_ethernet_bit_per_second: ['gauge', 'bit/s', 'The same with 14 octets of Ethernet header.'],
  rate_packets_per_second: ['gauge', 'packets/s', 'Datagrams sent over the active time.'],
  active_ns: ['gauge', 'ns', 'First to last departure.'],
  departure_error_ns: ['distribution', 'ns', 'Departure minus due time of every datagram.', { signed: true }],
};

const IMPAIRMENT: Readonly<Record<string, FigureRow>> = {
  lost: ['counter', 'packets', 'Datagrams of which no intact copy left (--impair).'],
  duplicated: ['counter', 'packets', 'Further intact copies (--impair).'],
  reordered: ['counter', 'packets', 'Reordered as they left (--impair).'],
  delayed: ['counter', 'packets', 'Delayed (--impair).'],
  corrupted: ['counter', 'packets', 'Corrupted copies (--impair).'],
};

const refused = (reason: string): FigureRow => [
  'counter',
  'packets',
  'Datagrams that never left this host, by reason.',
  { base: 'packets_not_sent_by_reason', labels: [['reason', reason]] },
];

const skipped = (reason: string): FigureRow => [
  'gauge',
  'packets',
  'Frames of a capture that are not sent, by reason.',
  { base: 'left_out', labels: [['reason', reason]] },
];

export const SENDER_FIGURES: readonly ExportedFigure[] = [
  ...figuresOf('sender', 'sender', {
    ...TOTALS,
    markers_sent: ['counter', 'packets', 'Start and end markers and heartbeats sent.'],
    transmit_delay_ns: ['distribution', 'ns', "Kernel's transmit stamp minus departure."],
    quantum_ns: ['gauge', 'ns', 'Datagrams due within so long may leave in one call.'],
    max_late_ns: ['gauge', 'ns', 'A datagram later than this is not sent.', { base: 'late_limit' }],
    spin_share: ['gauge', 'ratio', 'Share of the run spent spinning before deadlines.'],
    system_calls: ['counter', 'none', 'System calls that sent.'],
    super_packets: ['counter', 'packets', 'Sends with segmentation offload.'],
    transmit_stamps_missing: ['counter', 'packets', 'Datagrams without the transmit stamp that was asked for.'],
    icmp_errors: ['counter', 'none', 'ICMP errors that came back.'],
    underruns: ['counter', 'none', 'Times that the input had nothing when a datagram was due.'],
    streams_total: ['gauge', 'none', 'Streams that are sent.', { base: 'streams' }],
  }),
  ...figuresOf('sender.not_sent_by_reason', 'sender', {
    no_buffers: refused('no_buffers'),
    too_late: refused('too_late'),
    failed: refused('failed'),
    skipped: refused('skipped'),
  }),
  ...figuresOf('sender.impairment', 'sender_impairment', IMPAIRMENT),
  ...figuresOf('sender.recovery', 'sender_recovery', {
    requests: ['counter', 'none', 'Requests for messages, as they should be.'],
    answered: ['counter', 'none', 'Of those: with an answer at least.'],
    datagrams: ['counter', 'packets', 'Answers.'],
    messages: ['counter', 'messages', 'Messages in the answers.'],
    refused: ['counter', 'none', 'Requests without an answer, because of a limit on the rate.'],
    shortened: [
      'counter',
      'none',
      'Requests that got less, because of a limit on the rate or of 32 datagrams for each.',
    ],
    out_of_range: ['counter', 'none', 'Requests for numbers not sent yet, or before the first message.'],
    unavailable: ['counter', 'messages', 'Messages asked for that were not kept any more.'],
    malformed: ['counter', 'packets', 'Datagrams that are no request.'],
    foreign: ['counter', 'none', 'Requests for another session.'],
    not_sent: ['counter', 'packets', 'Answers that never left this host.'],
    not_kept: ['counter', 'messages', 'Messages sent that were never kept: their file could not be written.'],
    clients: ['gauge', 'none', 'Hosts that asked.'],
  }),
  ...figuresOf('sender.feedback', 'sender_feedback', {
    announcements: ['counter', 'packets', 'Announcements that ask receivers for reports.'],
    receivers: ['gauge', 'none', 'Receivers that were told apart.'],
    results: ['counter', 'none', 'Results of receivers that came.'],
    results_refused: ['counter', 'none', 'Connections that brought no result of this run.'],
    foreign: ['counter', 'packets', 'Datagrams that are nothing of this run, or lack the proof.'],
    stale: ['counter', 'packets', 'Reports that came again, or behind a later one.'],
    flooded: ['counter', 'packets', 'Reports and questions beyond 100 a second of one receiver.'],
    not_taken: ['counter', 'packets', 'Of receivers beyond those that can be told apart.'],
  }),
  ...figuresOf('sender.loss_location.common', 'sender_lost_by_all', {
    lost: ['gauge', 'packets', 'Datagrams that all receivers missed: lost at or near the sender.', { base: 'packets' }],
    unsure: ['gauge', 'packets', 'Further ones that look so.'],
  }),
  ...figuresOf('sender.loss_location.alone', 'sender_lost_alone', {
    lost: ['gauge', 'packets', 'Missed by the only receiver that was there.', { base: 'packets' }],
    unsure: ['gauge', 'packets', 'Further ones that look so.'],
  }),
  ...figuresOf('sender.loss_location.single[]', 'sender_lost_by_one', {
    lost: ['gauge', 'packets', 'Datagrams that one receiver alone missed.', { base: 'packets' }],
    unsure: ['gauge', 'packets', 'Further ones that look so.'],
  }),
  ...figuresOf('sender.streams[]', 'sender_stream', TOTALS),
  ...figuresOf('sender.streams[].impairment', 'sender_stream_impairment', IMPAIRMENT),
  ...figuresOf('sender.inputs[]', 'sender_input', {
    passes: ['counter', 'none', 'Ends of an input that were passed, and begun anew.'],
    underruns: ['counter', 'none', 'Times that an input had nothing when a datagram was due.'],
    resyncs: ['counter', 'none', 'Losses of sync.'],
    skipped_octets: ['counter', 'octets', 'Octets in no transport packet.'],
    truncated_packets: ['counter', 'packets', 'Packets that an end cut off.'],
    discontinuities: ['counter', 'none', 'Of the clock, and moves of the schedule behind an input that was late.'],
    unstamped_units: ['counter', 'none', 'Time stamps of later passes that could not be rewritten.'],
    left_out_packets: ['counter', 'packets', 'Of a live input: what had come before sending began.'],
    correction_ppm: ['gauge', 'ppm', 'How much faster a live input is sent than its clock says.'],
  }),
  ...figuresOf('sender.inputs[].capture', 'sender_capture', {
    frames: ['gauge', 'packets', 'Frames of a capture that is sent.'],
    datagrams: ['gauge', 'packets', 'Datagrams of it that are sent in each pass.'],
    not_selected: skipped('not_selected'),
    outside: skipped('outside'),
    truncated: skipped('truncated'),
    too_large: skipped('too_large'),
    fragments: skipped('fragments'),
    not_udp: skipped('not_udp'),
    malformed: skipped('malformed'),
    unknown_link: skipped('unknown_link'),
    path_overflow: skipped('path_overflow'),
    backwards: ['gauge', 'packets', 'Sent, but recorded with a time before that of one before.'],
  }),
  ...figuresOf('sender.inputs[].messages', 'sender_file', {
    messages: ['counter', 'messages', 'Messages of a file that were put into datagrams.'],
    too_long: ['counter', 'messages', 'Left out: a datagram has no room for them.'],
    empty: ['counter', 'messages', 'Of no octets.'],
    backwards: ['counter', 'messages', 'With a timestamp before that of one before.'],
  }),
];
