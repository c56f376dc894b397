import { didYouMean } from '../core/nearest.js';
import { BURST_LIMIT_NAMES } from '../metrics/burstFigures.js';
import {
  HISTOGRAM_IDS,
  METRICS,
  METRIC_IDS,
  PERCENTILE_IDS,
  type HistogramId,
  type MetricId,
} from '../metrics/catalog.js';
import type { Link } from './modelLink.js';
import { NAMED_FIGURES } from './transportFigures.js';

/** What a limit looks at. */
export type LimitTarget =
  | { readonly kind: 'metric'; readonly id: MetricId }
  /** `fraction` is `null` for a figure that is no percentile. */
  | {
      readonly kind: 'histogram';
      readonly id: HistogramId;
      readonly figure: HistogramFigure | null;
      readonly fraction: number | null;
    }
  /** A figure of each stream, below `mdi`, `tr101290` or `burst`. */
  | { readonly kind: 'named'; readonly section: NamedSection; readonly key: string }
  /** A figure of each link to one peer. */
  | { readonly kind: 'link'; readonly key: LinkFigure }
  /** A figure of the run, by its path in the document. */
  | { readonly kind: 'path'; readonly path: readonly string[] };

const NAMED = { ...NAMED_FIGURES, burst: BURST_LIMIT_NAMES } as const;
export type NamedSection = keyof typeof NAMED;
const SECTIONS = Object.keys(NAMED) as readonly NamedSection[];

export const HISTOGRAM_FIGURES = ['count', 'min', 'mean', 'max', 'clamped'] as const;
export type HistogramFigure = (typeof HISTOGRAM_FIGURES)[number];

function under(section: string, names: string): string[] {
  return names.split(' ').map((name) => `${section}.${name}`);
}

const AGGREGATE_FIGURES =
  'packets_received packets_lost packets_duplicated packets_reordered packets_late loss_ratio loss_network ' +
  'loss_socket_buffer loss_application never_sent octets_received rate_bit_per_second rate_packets_per_second';
const LEG_FIGURES =
  'packets_received packets_lost loss_ratio packets_duplicated packets_late first_arrivals first_arrival_share';

/** Figures of the run that a limit may name; those of histograms stand below. */
export const RUN_FIGURES: readonly string[] = [
  ...under('sender', 'scheduled sent not_sent markers_sent octets_sent active_ns'),
  ...under('sender', 'rate_bit_per_second rate_ip_bit_per_second rate_ethernet_bit_per_second rate_packets_per_second'),
  ...under('sender', 'quantum_ns max_late_ns spin_share system_calls super_packets transmit_stamps_missing'),
  ...under('sender', 'icmp_errors underruns streams_total'),
  ...under('sender.not_sent_by_reason', 'no_buffers too_late failed skipped'),
  ...under('sender.impairment', 'lost duplicated reordered delayed corrupted'),
  ...under('sender.recovery', 'requests answered datagrams messages refused shortened out_of_range unavailable'),
  ...under('sender.recovery', 'malformed foreign not_sent not_kept clients'),
  ...under('arbitration', 'packets_expected packets_pending both_lost remaining_lost skews_dropped streams_total'),
  ...under('arbitration.legs.a', LEG_FIGURES),
  ...under('arbitration.legs.b', LEG_FIGURES),
  ...under('taps', 'packets_matched packets_lost loss_ratio packets_only_second packets_reordered reordered_ratio'),
  ...under('taps', 'streams_total streams_compared streams_only_first streams_only_second packets_uncounted'),
  ...under('taps.first', 'packets_received packets_duplicated packets_outside'),
  ...under('taps.second', 'packets_received packets_duplicated packets_outside'),
  ...under('zap', 'attempts failures incomplete'),
  ...under('aggregate.metrics', AGGREGATE_FIGURES),
  ...under('bench.groups', 'capacity silent'),
  ...under('bench.forwarding', 'groups silent lossy packets_received packets_lost loss_ratio rate_bit_per_second'),
  'bench.classes.classes_total',
  ...under('bench.delays', 'attempts join.timeouts join.unpruned leave.timeouts'),
  ...under('bench.delays.loaded', 'attempts join.timeouts join.unpruned leave.timeouts rate_bit_per_second'),
  ...under('health', 'verdict kernel_drops kernel_drops_other malformed stalls cycles cycle_max_ns overslept_max_ns'),
];

/** Figures of each of `links` that a limit may name behind `links.`. */
export const LINK_FIGURES = [
  'connections',
  'failed_attempts',
  'refused_peers',
  'turned_away_peers',
  'lost_connections',
  'messages_received',
  'octets_received',
  'messages_sent',
  'octets_sent',
  'octets_discarded',
  'packets_sent',
  'packets_received',
  'wire_octets_sent',
  'wire_octets_received',
  'packets_retransmitted',
  'packets_lost_sending',
  'packets_lost_receiving',
  'packets_dropped_sending',
  'packets_dropped_receiving',
  'packets_undecrypted',
  'rtt_ns',
  'bandwidth_bit_per_second',
  'latency_ns',
  'peer_latency_ns',
] as const satisfies readonly (keyof Link)[];
export type LinkFigure = (typeof LINK_FIGURES)[number];

/** Histograms of the run that a limit may name. */
export const RUN_HISTOGRAMS: readonly string[] = [
  'sender.departure_error_ns',
  'sender.transmit_delay_ns',
  'arbitration.skew_ns',
  'taps.delay_ns',
  'taps.delay_above_min_ns',
  ...under('aggregate.histograms', 'one_way_delay_ns ipdv_ns pdv_ns interarrival_ns'),
  'bench.groups.join_ns',
  ...under('bench.forwarding', 'one_way_delay_ns pdv_ns'),
  ...under('bench.delays', 'join.delay_ns join.report_ns join.network_ns'),
  ...under('bench.delays', 'leave.delay_ns leave.report_ns leave.network_ns'),
  ...under('bench.delays.loaded', 'join.delay_ns join.report_ns join.network_ns'),
  ...under('bench.delays.loaded', 'leave.delay_ns leave.report_ns leave.network_ns'),
  'zap.first_packet_ns',
  'zap.first_pat_ns',
  'zap.first_pmt_ns',
  'zap.first_random_access_ns',
];

/** The target that `name` means, or in words why there is none. */
export function limitTarget(name: string): LimitTarget | string {
  if (name in METRICS) return { kind: 'metric', id: name as MetricId };
  for (const section of SECTIONS) {
    const key = name.slice(section.length + 1);
    if (name.startsWith(`${section}.`) && NAMED[section].includes(key)) return { kind: 'named', section, key };
  }
  if (RUN_FIGURES.includes(name)) return { kind: 'path', path: name.split('.') };
  const link = LINK_FIGURES.find((key) => name === `links.${key}`);
  if (link !== undefined) return { kind: 'link', key: link };
  const dot = name.lastIndexOf('.');
  const before = name.slice(0, Math.max(0, dot));
  const last = name.slice(dot + 1);
  const ofStream = (HISTOGRAM_IDS as readonly string[]).includes(before);
  if (ofStream || RUN_HISTOGRAMS.includes(before)) {
    const figure = HISTOGRAM_FIGURES.find((one) => one === last) ?? null;
    const fraction = figure === null ? percentileFraction(last) : null;
    if (figure === null && fraction === null) {
      return `"${last}" is no figure of ${before}: one of ${[...HISTOGRAM_FIGURES, ...PERCENTILE_IDS].join(' ')}, or another percentile as p95`;
    }
    if (!ofStream) return { kind: 'path', path: name.split('.') };
    return { kind: 'histogram', id: before as HistogramId, figure, fraction };
  }
  if ((HISTOGRAM_IDS as readonly string[]).includes(name) || RUN_HISTOGRAMS.includes(name)) {
    return `"${name}" is a histogram: say which figure of it, as ${name}.p99 or ${name}.max`;
  }
  const near = didYouMean(name, limitNames());
  return `"${name}" is no figure of a result${near === '' ? ': docs/metrics.md lists them' : near}`;
}

/** 0.99 for `p99`, 0.999 for `p999`, 0.05 for `p05`; `null` for what is none. */
export function percentileFraction(name: string): number | null {
  return /^p\d{2,}$/u.test(name) && !/^p0+$/u.test(name) && name !== 'p100' ? Number(`0.${name.slice(1)}`) : null;
}

/** Names that a limit may have, of percentiles the usual ones. */
export function limitNames(): string[] {
  const figures = ['p50', 'p99', 'max'];
  const histograms = [...HISTOGRAM_IDS, ...RUN_HISTOGRAMS].flatMap((id) => figures.map((figure) => `${id}.${figure}`));
  const named = SECTIONS.flatMap((section) => NAMED[section].map((key) => `${section}.${key}`));
  return [...METRIC_IDS, ...RUN_FIGURES, ...LINK_FIGURES.map((key) => `links.${key}`), ...histograms, ...named];
}
