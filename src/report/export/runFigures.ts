/** Exported figures of the run as a whole and of its parts that are no streams. */
import { BENCH_FIGURES } from './benchFigures.js';
import { figuresOf, type ExportedFigure, type FigureRow } from './exportedFigure.js';

const RUN = [
  ...figuresOf('', 'run', {
    'run.start': ['gauge', 'instant', 'Beginning of the run, since 1970.', { base: 'start_time' }],
    'run.duration_ns': ['gauge', 'ns', 'How long the run has lasted, monotonic clock.'],
    streams_total: ['gauge', 'none', 'Streams that the run found.', { base: 'streams' }],
    'event_counts{event}': ['counter', 'none', 'Events by kind.', { base: 'events' }],
  }),
  ...figuresOf('health', 'health', {
    verdict: [
      'state',
      'none',
      "The instrument's judgement of itself: 1 at the verdict that holds.",
      { states: ['valid', 'degraded', 'invalid'] },
    ],
    kernel_drops: ['counter', 'packets', "Datagrams dropped at this run's receive sockets."],
    kernel_drops_other: ['gauge', 'packets', 'Those of them that are no lost datagram of a stream.'],
    malformed: ['counter', 'packets', 'Datagrams that belong to no stream, at all receive sockets.'],
    stalls: ['counter', 'none', 'Work cycles or overslept waits longer than 10 ms.'],
    cycles: ['counter', 'none', 'Work cycles of the measuring loop.'],
    cycle_max_ns: ['gauge', 'ns', 'Longest work cycle.'],
    overslept_max_ns: ['gauge', 'ns', 'Longest time by which a wait ended too late.'],
  }),
  ...figuresOf('clock', 'clock', {
    'synchronisation.state': [
      'state',
      'none',
      "What the kernel says of this host's clock: 1 at the state that holds.",
      { base: 'synchronisation', states: ['synchronised', 'unsynchronised', 'unknown'] },
    ],
    'synchronisation.estimated_error_ns': ['gauge', 'ns', 'Estimated error of the clock against true time.'],
    'synchronisation.maximum_error_ns': ['gauge', 'ns', 'Largest error of the clock against true time.'],
    'synchronisation.frequency_ppm': ['gauge', 'ppm', "Correction of the clock's frequency.", { base: 'frequency' }],
    epoch_uncertainty_ns: ['gauge', 'ns', 'How far apart both clocks may have been read at the epoch.'],
    send_time_bound_ns: ['gauge', 'ns', 'By how much a departure may be later than its datagram says.'],
    slew_ppm: ['gauge', 'ppm', 'Rate of realtime against CLOCK_MONOTONIC_RAW over the run.'],
    shared_time_datagrams: ['counter', 'packets', 'Arrivals whose stamp is that of another segment.'],
    user_time_datagrams: ['counter', 'packets', 'Arrivals without a stamp.'],
  }),
  ...figuresOf('clock.offsets[]', 'clock_offset', {
    offset_ns: ['gauge', 'ns', "This host's clock less a sender's, in the middle of the run.", { base: 'of_sender' }],
    uncertainty_ns: ['gauge', 'ns', 'The offset is within so much of that.'],
    drift_ppm: ['gauge', 'ppm', "What this host's clock gains on the sender's."],
    round_trip_min_ns: ['gauge', 'ns', 'Least round trip of the exchanges.', { base: 'round_trip_least' }],
    exchanges: ['counter', 'none', 'Exchanges of the time with the sender.'],
    refused: ['counter', 'none', 'Of those: not used.'],
  }),
  ...figuresOf('sockets[]', 'socket', {
    buffer_octets: ['gauge', 'octets', 'Receive buffer as the kernel granted it.'],
    buffer_datagrams: ['gauge', 'packets', 'How many datagrams of the present size that holds.'],
    buffer_ns: ['gauge', 'ns', 'How long that lasts at the present rate.', { base: 'buffer_time' }],
    datagrams: ['counter', 'packets', 'Datagrams that passed the socket.'],
    octets: ['counter', 'octets', 'UDP payload of them.', { base: 'payload' }],
    system_calls: ['counter', 'none', 'System calls that read or sent.'],
    kernel_drops: ['counter', 'packets', 'Datagrams dropped at the full receive buffer.'],
    truncated: ['counter', 'packets', 'Datagrams longer than their slot.'],
    control_truncated: ['counter', 'packets', 'Datagrams without all their control messages.'],
    'malformed{reason}': ['counter', 'packets', 'Datagrams that belong to no stream, by what was wrong with them.'],
    icmp_errors: ['counter', 'none', 'ICMP errors that the socket told of.'],
  }),
  ...figuresOf('limits[]', 'limit', {
    ok: ['gauge', 'truth', 'Whether a limit (--max, --min, --expect) is kept so far.'],
  }),
  ...figuresOf('limits[].intervals', 'limit_intervals', {
    judged: ['counter', 'none', 'Intervals that a limit of every interval judged.'],
    exceeded: ['counter', 'none', 'Of those: beyond the limit.'],
  }),
  ...figuresOf('evidence', 'host', {
    'host_counters{counter}': ['gauge', 'none', "Growth of the host's own counters over the run.", { base: 'growth' }],
    'processors.time_ns': [
      'counter',
      'ns',
      "Time of all the host's processors, used or not.",
      { base: 'processors_time' },
    ],
    'processors.stolen_ns': [
      'counter',
      'ns',
      'Time of them that a hypervisor gave to others.',
      { base: 'processors_stolen' },
    ],
  }),
  ...figuresOf('evidence.threads[]', 'thread', {
    cpu_ns: ['counter', 'ns', 'Time that a thread of this process had a processor.'],
    waiting_ns: ['counter', 'ns', 'Time that it was ready to go on and had none.'],
  }),
  ...figuresOf('outputs[]', 'output', {
    datagrams: ['counter', 'packets', 'Datagrams that an output was given.'],
    octets: ['counter', 'octets', 'Octets that an output was given.', { base: 'payload' }],
    dropped: ['counter', 'packets', 'Datagrams that a slow or failed output did not take.'],
  }),
  ...figuresOf('links[]', 'link', {
    state: [
      'state',
      'none',
      'State of a link: 1 at the one that holds.',
      { states: ['waiting', 'connected', 'ended'] },
    ],
    connections: ['counter', 'none', 'Connections, one after another.'],
    failed_attempts: ['counter', 'none', 'Calls that were not answered, or refused.'],
    refused_peers: ['counter', 'none', 'Peers that were not let in.'],
    turned_away_peers: ['counter', 'none', 'Peers that asked while there was one.'],
    lost_connections: ['counter', 'none', 'Connections that broke.'],
    messages_received: ['counter', 'messages', 'Messages received.'],
    octets_received: ['counter', 'octets', 'Payload received.'],
    messages_sent: ['counter', 'messages', 'Messages sent.'],
    octets_sent: ['counter', 'octets', 'Payload sent.'],
    octets_discarded: ['counter', 'octets', 'Payload that was to be sent while no peer was there.'],
    packets_sent: ['counter', 'packets', 'Packets of SRT sent, retransmissions included.'],
    packets_received: ['counter', 'packets', 'Packets of SRT received, retransmissions included.'],
    wire_octets_sent: ['counter', 'octets', 'Octets sent with the headers of IP, UDP and SRT.'],
    wire_octets_received: ['counter', 'octets', 'Octets received with the headers of IP, UDP and SRT.'],
    packets_retransmitted: ['counter', 'packets', 'Packets sent again.'],
    packets_lost_sending: ['counter', 'packets', 'Losses that the peer reported.'],
    packets_lost_receiving: ['counter', 'packets', 'Losses found here.'],
    packets_dropped_sending: ['counter', 'packets', 'Given up by the sender as too late.'],
    packets_dropped_receiving: ['counter', 'packets', 'Given up by the receiver as too late.'],
    packets_undecrypted: ['counter', 'packets', 'Packets that could not be decrypted.'],
    rtt_ns: ['gauge', 'ns', 'Round trip, smoothed.'],
    bandwidth_bit_per_second: ['gauge', 'bit/s', "The library's estimate of the bandwidth.", { base: 'bandwidth' }],
    latency_ns: ['gauge', 'ns', 'Latency agreed for what is received.'],
    peer_latency_ns: ['gauge', 'ns', 'Latency agreed for what is sent.'],
  }),
];

const LEG: Readonly<Record<string, FigureRow>> = {
  packets_received: ['counter', 'packets', 'First copies on a leg.'],
  packets_lost: ['counter', 'packets', 'Numbers lost on a leg; what both lost included.'],
  loss_ratio: ['gauge', 'ratio', 'Lost over expected numbers of a leg.'],
  packets_duplicated: ['counter', 'packets', 'Further copies on a leg.'],
  packets_late: ['counter', 'packets', 'Came on a leg when their number had been decided.'],
  first_arrivals: ['counter', 'packets', "Came on a leg before the other's copy, or without one."],
  first_arrival_share: ['gauge', 'ratio', "A leg's part of the first arrivals of both."],
};
const JOINT: Readonly<Record<string, FigureRow>> = {
  packets_expected: ['counter', 'packets', 'Numbers of the common sequence.'],
  packets_pending: ['gauge', 'packets', 'Of those: not decided yet.'],
  both_lost: ['counter', 'packets', 'Lost on both legs.'],
  remaining_lost: ['counter', 'packets', 'Lost after arbitration, FEC and recovery.'],
  skew_ns: ['distribution', 'ns', 'Arrival on leg b minus arrival on leg a of what both brought.', { signed: true }],
  skews_dropped: ['counter', 'packets', 'Skews that found no room.'],
};

const ARBITRATION = [
  ...figuresOf('arbitration', 'arbitration', {
    ...JOINT,
    streams_total: ['gauge', 'none', 'Pairs of legs.', { base: 'pairs' }],
  }),
  ...figuresOf('arbitration.legs[]', 'arbitration_leg', LEG),
  ...figuresOf('arbitration.streams[]', 'arbitration_pair', JOINT),
  ...figuresOf('arbitration.streams[].legs[]', 'arbitration_pair_leg', LEG),
];

const CHANGES: Readonly<Record<string, FigureRow>> = {
  attempts: ['counter', 'none', 'Changes of the channel.'],
  failures: ['counter', 'none', 'Of these: nothing came in time.'],
  incomplete: ['counter', 'none', 'Of these: a transport stream came, but no random access point in time.'],
  first_packet_ns: ['distribution', 'ns', 'From the join to the first datagram.'],
  first_pat_ns: ['distribution', 'ns', 'From the join to the first PAT.'],
  first_pmt_ns: ['distribution', 'ns', 'From the join to the first PMT.'],
  first_random_access_ns: ['distribution', 'ns', 'From the join to the first random access point of a video.'],
};

const TAP = (tap: string): Readonly<Record<string, FigureRow>> => {
  const labels = [['tap', tap]] as const;
  return {
    packets_received: ['counter', 'packets', 'Distinct datagrams at a tap.', { labels }],
    packets_duplicated: ['counter', 'packets', 'Further copies at a tap.', { labels }],
    packets_outside: ['counter', 'packets', 'Numbers that the other tap does not cover.', { labels }],
  };
};
const TAP_FILE = (tap: string): Readonly<Record<string, FigureRow>> => ({
  datagrams: ['counter', 'packets', 'UDP datagrams read from a capture.', { labels: [['tap', tap]] }],
  missed: ['counter', 'packets', 'Frames that a capture says it missed.', { labels: [['tap', tap]] }],
});
const JOINED: Readonly<Record<string, FigureRow>> = {
  packets_matched: ['counter', 'packets', 'Seen in both captures.'],
  packets_lost: ['counter', 'packets', 'In the first capture, not in the second although it covers them.'],
  loss_ratio: ['gauge', 'ratio', 'Lost over matched and lost.'],
  packets_only_second: ['counter', 'packets', 'In the second capture, not in the first although it covers them.'],
  packets_reordered: ['counter', 'packets', 'Matched ones that the second tap saw in another order.'],
  reordered_ratio: ['gauge', 'ratio', 'Reordered over matched.'],
  delay_ns: ['distribution', 'ns', 'Time at the second tap minus time at the first.', { signed: true }],
  delay_above_min_ns: ['shifting', 'ns', 'The same minus the smallest of its stream.', { base: 'delay_above_least' }],
};

const OFFLINE = [
  ...figuresOf('capacity', 'capacity', {
    quorum: ['gauge', 'none', 'So many receivers must get a rate.'],
    highest_bit_per_second: ['gauge', 'bit/s', 'Not more than this was tried.', { base: 'highest_tried' }],
    max_loss_ratio: ['gauge', 'ratio', 'So much may be lost.'],
  }),
  ...figuresOf('capacity.searches[]', 'capacity_search', {
    rate_bit_per_second: ['gauge', 'bit/s', 'Highest rate that held, of Ethernet frames.'],
    rate_payload_bit_per_second: ['gauge', 'bit/s', 'The same, of UDP payload.'],
    rate_ip_bit_per_second: ['gauge', 'bit/s', 'The same, of IP.'],
    rate_wire_bit_per_second: ['gauge', 'bit/s', 'The same, on the wire.'],
    rate_packets_per_second: ['gauge', 'packets/s', 'The same, in datagrams.'],
    failing_bit_per_second: ['gauge', 'bit/s', 'Lowest rate that did not hold.'],
    delivered_bit_per_second: ['gauge', 'bit/s', 'What came of the highest that held.'],
    confirmed: ['gauge', 'truth', 'Whether as many trials speak for both as were to.'],
    elapsed_ns: ['gauge', 'ns', 'How long the search took.'],
  }),
  ...figuresOf('zap', 'zap', CHANGES),
  ...figuresOf('zap.channels[]', 'zap_channel', CHANGES),
  ...figuresOf('taps', 'taps', {
    ...JOINED,
    streams_total: ['gauge', 'none', 'Streams of both captures.', { base: 'streams' }],
    streams_compared: ['gauge', 'none', 'Streams that were compared.'],
    streams_only_first: ['gauge', 'none', 'Numbered streams that the second capture has nothing of.'],
    streams_only_second: ['gauge', 'none', 'Numbered streams that the first capture has nothing of.'],
    packets_uncounted: ['counter', 'packets', 'Datagrams that found no room in memory.'],
  }),
  ...figuresOf('taps.first', 'tap', { ...TAP_FILE('first'), ...TAP('first') }),
  ...figuresOf('taps.second', 'tap', { ...TAP_FILE('second'), ...TAP('second') }),
  ...figuresOf('taps.streams[]', 'taps_stream', JOINED),
  ...figuresOf('taps.streams[].first', 'taps_stream_tap', TAP('first')),
  ...figuresOf('taps.streams[].second', 'taps_stream_tap', TAP('second')),
];

export const RUN_FIGURES: readonly ExportedFigure[] = [...RUN, ...ARBITRATION, ...BENCH_FIGURES, ...OFFLINE];
