/** Figures of benchmarks of what forwards multicast. */
import { figuresOf, type ExportedFigure, type ExportUnit, type FigureRow } from './exportedFigure.js';

const CYCLES: Readonly<Record<string, FigureRow>> = {
  attempts: ['counter', 'none', 'Cycles of joining and leaving.'],
  spacing_ns: ['gauge', 'ns', 'From one datagram to the next while joined.'],
};
const DELAYS: Readonly<Record<string, FigureRow>> = {
  timeouts: ['counter', 'none', 'Cycles in which nothing came, or which did not end.'],
  delay_ns: ['distribution', 'ns', 'From the call that joins or leaves.'],
  report_ns: ['distribution', 'ns', "From that call to this host's report."],
  network_ns: ['distribution', 'ns', "From this host's report (RFC 2432)."],
};
const JOINS: Readonly<Record<string, FigureRow>> = {
  ...DELAYS,
  unpruned: ['counter', 'none', 'Cycles in which the group came before it was joined.'],
};

/** A figure of each group, over all of them. */
function spreadOf(key: string, base: string, unit: ExportUnit, help: string): readonly ExportedFigure[] {
  const row = (spread: string): FigureRow => ['gauge', unit, help, { base, labels: [['spread', spread]] }];
  const rows = Object.fromEntries(SPREAD.map((spread) => [spread, row(spread)]));
  return figuresOf(`bench.forwarding.${key}`, 'bench_forwarding', rows);
}

const SPREAD = ['min', 'p50', 'p90', 'p99', 'max'];

/**
 * No counters and no buckets: where the mark that was sent is not known, a stream is of the class of which most of it
 * comes, and that may become another one.
 */
const CLASS: Readonly<Record<string, FigureRow>> = {
  streams: ['gauge', 'none', 'Streams of a traffic class.'],
  packets_expected: ['gauge', 'packets', 'Expected of a class.'],
  packets_received: ['gauge', 'packets', 'Received of a class.'],
  packets_lost: ['gauge', 'packets', 'Lost of a class.'],
  loss_ratio: ['gauge', 'ratio', 'Lost over expected.'],
  rate_bit_per_second: ['gauge', 'bit/s', 'UDP payload of a class.'],
  loss_network: ['gauge', 'none', 'Of what was lost: by the network.'],
  loss_socket_buffer: ['gauge', 'none', 'Of what was lost: in the socket buffer of this host.'],
  jitter_ns: ['gauge', 'ns', 'Interarrival jitter of the stream that has most (RFC 3550).'],
  one_way_delay_ns: ['shifting', 'ns', 'One-way delay of a class.'],
  pdv_ns: ['shifting', 'ns', 'Delay above the smallest of each stream.'],
  'dscp_received{dscp}': ['gauge', 'packets', 'Datagrams of a class by the DSCP with which they came.'],
  remarked: ['gauge', 'packets', 'Datagrams that came with another DSCP than that of their class.'],
};

export const BENCH_FIGURES: readonly ExportedFigure[] = [
  ...figuresOf('bench.forwarding', 'bench_forwarding', {
    groups: ['gauge', 'none', 'Groups that were joined.'],
    silent: ['gauge', 'none', 'Of these: nothing came.'],
    lossy: ['gauge', 'none', 'Of these: something was lost.'],
    packets_expected: ['counter', 'packets', 'Expected of all groups.'],
    packets_received: ['counter', 'packets', 'Received of all groups.'],
    packets_lost: ['counter', 'packets', 'Lost of all groups.'],
    loss_ratio: ['gauge', 'ratio', 'Lost over expected.'],
    rate_bit_per_second: ['gauge', 'bit/s', 'UDP payload of all groups together.'],
    one_way_delay_ns: ['distribution', 'ns', 'One-way delay of all groups.', { signed: true }],
    pdv_ns: ['shifting', 'ns', 'Delay above the smallest of each stream.'],
  }),
  ...spreadOf('group_loss_ratio', 'group_loss', 'ratio', 'Lost over expected of a group, over those that came.'),
  ...spreadOf('group_rate_bit_per_second', 'group_rate', 'bit/s', 'UDP payload of a group, over those that came.'),
  ...figuresOf('bench.classes', 'bench_classes', {
    classes_total: ['gauge', 'none', 'Traffic classes that came.', { base: 'classes' }],
  }),
  ...figuresOf('bench.classes.classes[]', 'bench_class', CLASS),
  ...figuresOf('bench.groups', 'bench_groups', {
    capacity: ['gauge', 'none', 'Groups joined one after the other, and delivered.'],
    silent: ['gauge', 'none', 'Of these: nothing came any more with all of them joined.'],
    join_ns: ['distribution', 'ns', 'From the join of each to its first datagram.'],
  }),
  ...figuresOf('bench.delays', 'bench', CYCLES),
  ...figuresOf('bench.delays.join', 'bench_join', JOINS),
  ...figuresOf('bench.delays.leave', 'bench_leave', DELAYS),
  ...figuresOf('bench.delays.loaded', 'bench_loaded', {
    ...CYCLES,
    datagrams: ['counter', 'packets', 'Datagrams of the background.', { base: 'background' }],
    octets: ['counter', 'octets', 'UDP payload of the background.', { base: 'background_payload' }],
    rate_bit_per_second: ['gauge', 'bit/s', 'UDP payload of the background.'],
  }),
  ...figuresOf('bench.delays.loaded.join', 'bench_loaded_join', JOINS),
  ...figuresOf('bench.delays.loaded.leave', 'bench_loaded_leave', DELAYS),
];
