/**
 * The one place that says what every figure of a stream is. The result document, its JSON Schema,
 * limits, exports and `docs/metrics.md` are made from it or tested against it.
 */
export type MetricUnit =
  | 'packets'
  | 'messages'
  | 'units'
  | 'octets'
  | 'ratio'
  | 'bit/s'
  | 'packets/s'
  | 'ns'
  | 'periods'
  | 'dscp'
  | 'ttl'
  | 'hops';

/**
 * How the figures of several streams, parts or receivers become one:
 * `sum`, `min` and `max` as they say (of those that are not `null`), `derived` is computed anew from
 * the merged ones, `none` has no meaning over several streams and is `null` there.
 */
export type MergeRule = 'sum' | 'min' | 'max' | 'derived' | 'none';

export interface MetricDescriptor {
  readonly id: string;
  readonly label: string;
  readonly unit: MetricUnit;
  readonly kind: 'counter' | 'gauge' | 'distribution';
  readonly merge: MergeRule;
  /** Part of the first published document: always there. Others may be missing in an older result. */
  readonly fixed: boolean;
  readonly definition: string;
  /** Clause that defines it; `mcastkit` where no standard does. */
  readonly reference: string;
}

function metric(
  label: string,
  unit: MetricUnit,
  kind: MetricDescriptor['kind'],
  merge: MergeRule,
  fixed: 'fixed' | 'further',
  definition: string,
  reference: string,
): Omit<MetricDescriptor, 'id'> {
  return { label, unit, kind, merge, fixed: fixed === 'fixed', definition, reference };
}

/** `streams[].metrics`. A "sequence unit" is a packet, or a message in a message-sequenced format. */
const ROWS = {
  packets_received: metric(
    'received',
    'packets',
    'counter',
    'sum',
    'fixed',
    'Distinct datagrams with data. Arrivals = packets_received + packets_duplicated + packets_late.',
    'RFC 7680 section 2.4',
  ),
  packets_expected: metric(
    'expected',
    'packets',
    'counter',
    'sum',
    'fixed',
    'Datagrams that the sender offered to the network, as far as heard, from the first expected one. Equals packets_received + packets_lost + packets_pending. null in formats that do not number datagrams.',
    'RFC 3550 appendix A.3',
  ),
  packets_lost: metric(
    'lost',
    'packets',
    'counter',
    'sum',
    'fixed',
    'Expected datagrams that had not come when the reorder window passed them. Equals loss_network + loss_socket_buffer + loss_application.',
    'RFC 7680 section 2.4',
  ),
  packets_duplicated: metric(
    'duplicated',
    'packets',
    'counter',
    'sum',
    'fixed',
    'Further copies of datagrams that had come before.',
    'RFC 5560 section 3',
  ),
  packets_reordered: metric(
    'reordered',
    'packets',
    'counter',
    'sum',
    'fixed',
    'First copies whose number is smaller than NextExp, the number after the highest one seen.',
    'RFC 4737 section 3.3',
  ),
  octets_received: metric(
    'octets',
    'octets',
    'counter',
    'sum',
    'fixed',
    'UDP payload octets of all arrivals that carry data, further copies included.',
    'mcastkit',
  ),
  loss_ratio: metric(
    'loss ratio',
    'ratio',
    'gauge',
    'derived',
    'fixed',
    'Lost over expected sequence units. null when nothing was expected.',
    'RFC 7680 section 4.1',
  ),
  loss_network: metric(
    'lost in the network',
    'units',
    'counter',
    'sum',
    'fixed',
    'Lost sequence units that neither a drop counter of this host nor this program accounts for.',
    'mcastkit',
  ),
  loss_socket_buffer: metric(
    'lost at the socket buffer',
    'units',
    'counter',
    'sum',
    'fixed',
    'Lost sequence units that the kernel dropped at the full receive buffer (SO_RXQ_OVFL, SO_MEMINFO). See loss_attribution for how exactly.',
    'mcastkit',
  ),
  loss_application: metric(
    'lost in the application',
    'units',
    'counter',
    'sum',
    'fixed',
    'Lost sequence units that the kernel delivered and this program discarded before analysis: truncated, or no room in a table or ring.',
    'mcastkit',
  ),
  rate_bit_per_second: metric(
    'rate (UDP payload)',
    'bit/s',
    'gauge',
    'derived',
    'fixed',
    'octets_received x 8 over active_ns. null for a single arrival. n datagrams span n - 1 periods, so that short streams read high by 1/n.',
    'mcastkit',
  ),
  jitter_ns: metric(
    'interarrival jitter',
    'ns',
    'gauge',
    'max',
    'fixed',
    'Smoothed interarrival jitter at the end, from carried send times. Over several streams: the largest.',
    'RFC 3550 section 6.4.1 and appendix A.8',
  ),
  ttl_min: metric(
    'lowest TTL',
    'ttl',
    'gauge',
    'min',
    'fixed',
    'Lowest TTL or hop limit as received.',
    'RFC 791 section 3.1',
  ),
  ttl_max: metric(
    'highest TTL',
    'ttl',
    'gauge',
    'max',
    'fixed',
    'Highest TTL or hop limit as received.',
    'RFC 791 section 3.1',
  ),
  dscp_received: metric(
    'DSCP received',
    'dscp',
    'distribution',
    'sum',
    'fixed',
    'Object from DSCP value (0..63, as text) to the number of arrivals that carried it.',
    'RFC 2474 section 3',
  ),
  dscp_sent: metric(
    'DSCP sent',
    'dscp',
    'gauge',
    'none',
    'fixed',
    'DSCP that the sender says it set, from the datagrams or from the endpoint.',
    'RFC 2474 section 3',
  ),
  first_packet_after_join_ns: metric(
    'first packet after join',
    'ns',
    'gauge',
    'max',
    'fixed',
    'Receive stamp of the first datagram minus realtime read just before the join. null when the stream began after the join. Over several streams: the longest.',
    'mcastkit',
  ),
  packets_late: metric(
    'late',
    'packets',
    'counter',
    'sum',
    'further',
    'Datagrams that came after the reorder window had declared them lost. They stay lost.',
    'RFC 7680 section 2.4 (waiting time)',
  ),
  packets_pending: metric(
    'pending',
    'packets',
    'counter',
    'sum',
    'further',
    'Sequence units in open gaps: neither received nor declared lost. 0 in a finished result.',
    'mcastkit',
  ),
  never_sent: metric(
    'never sent',
    'units',
    'counter',
    'sum',
    'further',
    'Gaps that the sender accounts for: its own host refused the datagram. Not expected, not lost. null where the format does not tell.',
    'mcastkit',
  ),
  markers_received: metric(
    'markers',
    'packets',
    'counter',
    'sum',
    'further',
    'Arrivals without data: start and end markers, heartbeats.',
    'mcastkit',
  ),
  duplication_ratio: metric(
    'duplication ratio',
    'ratio',
    'gauge',
    'derived',
    'further',
    'Further copies over received sequence units.',
    'RFC 5560 section 5',
  ),
  reordered_ratio: metric(
    'reordered ratio',
    'ratio',
    'gauge',
    'derived',
    'further',
    'Reordered over received sequence units.',
    'RFC 4737 section 4.1',
  ),
  reorder_extent_max: metric(
    'largest reordering extent',
    'packets',
    'gauge',
    'max',
    'further',
    'Largest reordering extent: the distance in packets to the earliest arrival with a higher number.',
    'RFC 4737 section 4.2',
  ),
  reorder_extent_mean: metric(
    'mean reordering extent',
    'packets',
    'gauge',
    'none',
    'further',
    'Mean reordering extent of the reordered packets.',
    'RFC 4737 section 4.2',
  ),
  loss_periods: metric(
    'loss periods',
    'periods',
    'counter',
    'sum',
    'further',
    'Runs of consecutive lost sequence units.',
    'RFC 3357 section 4',
  ),
  loss_period_min: metric(
    'shortest loss period',
    'units',
    'gauge',
    'min',
    'further',
    'Length of the shortest loss period.',
    'RFC 3357 section 6.3',
  ),
  loss_period_mean: metric(
    'mean loss period',
    'units',
    'gauge',
    'none',
    'further',
    'Mean length of the loss periods.',
    'RFC 3357 section 6.3',
  ),
  loss_period_max: metric(
    'longest loss period',
    'units',
    'gauge',
    'max',
    'further',
    'Length of the longest loss period.',
    'RFC 3357 section 6.3',
  ),
  loss_distance_min: metric(
    'shortest loss distance',
    'units',
    'gauge',
    'min',
    'further',
    'Smallest difference of the numbers of two successive losses (1: in one period).',
    'RFC 3357 section 4',
  ),
  loss_distance_mean: metric(
    'mean loss distance',
    'units',
    'gauge',
    'none',
    'further',
    'Mean difference of the numbers of successive losses.',
    'RFC 3357 section 4',
  ),
  loss_distance_max: metric(
    'longest loss distance',
    'units',
    'gauge',
    'max',
    'further',
    'Largest difference of the numbers of two successive losses.',
    'RFC 3357 section 4',
  ),
  jitter_max_ns: metric(
    'highest jitter',
    'ns',
    'gauge',
    'max',
    'further',
    'Highest value that the smoothed interarrival jitter reached.',
    'RFC 3550 section 6.4.1',
  ),
  active_ns: metric(
    'active time',
    'ns',
    'gauge',
    'derived',
    'further',
    'First to last arrival, monotonic clock. Rates are over this time.',
    'mcastkit',
  ),
  rate_ip_bit_per_second: metric(
    'rate (IP)',
    'bit/s',
    'gauge',
    'derived',
    'further',
    'As rate_bit_per_second, with the UDP header (8 octets) and the IP header (20, or 40 in IPv6) of every arrival. Fragments count as one datagram.',
    'RFC 5136 (IP-layer bits)',
  ),
  rate_ethernet_bit_per_second: metric(
    'rate (Ethernet)',
    'bit/s',
    'gauge',
    'derived',
    'further',
    'As rate_ip_bit_per_second, with 14 octets of Ethernet header; no VLAN tag, FCS, preamble or gap, as tc counts.',
    'mcastkit',
  ),
  rate_packets_per_second: metric(
    'packet rate',
    'packets/s',
    'gauge',
    'derived',
    'further',
    'Arrivals that carry data over active_ns.',
    'mcastkit',
  ),
  ttl_sent: metric(
    'TTL sent',
    'ttl',
    'gauge',
    'none',
    'further',
    'TTL or hop limit that the sender says it set, from the datagrams or from the endpoint.',
    'RFC 791 section 3.1',
  ),
  hops_min: metric(
    'fewest hops',
    'hops',
    'gauge',
    'min',
    'further',
    'ttl_sent - ttl_max: routers passed on the shortest way.',
    'RFC 1812 section 5.3.1',
  ),
  hops_max: metric(
    'most hops',
    'hops',
    'gauge',
    'max',
    'further',
    'ttl_sent - ttl_min: routers passed on the longest way.',
    'RFC 1812 section 5.3.1',
  ),
  ecn_ce_received: metric(
    'ECN congestion experienced',
    'packets',
    'counter',
    'sum',
    'further',
    'Arrivals marked Congestion Experienced (ECN 11).',
    'RFC 3168 section 5',
  ),
  messages_received: metric(
    'messages received',
    'messages',
    'counter',
    'sum',
    'further',
    'Distinct messages, in message-sequenced formats. null in others, as are the other messages_ figures.',
    'mcastkit',
  ),
  messages_expected: metric(
    'messages expected',
    'messages',
    'counter',
    'sum',
    'further',
    'As packets_expected, in messages.',
    'mcastkit',
  ),
  messages_lost: metric(
    'messages lost',
    'messages',
    'counter',
    'sum',
    'further',
    'As packets_lost, in messages.',
    'mcastkit',
  ),
  messages_duplicated: metric(
    'messages duplicated',
    'messages',
    'counter',
    'sum',
    'further',
    'Further copies of messages.',
    'RFC 5560 section 3',
  ),
  messages_reordered: metric(
    'messages reordered',
    'messages',
    'counter',
    'sum',
    'further',
    'As packets_reordered, in messages.',
    'RFC 4737 section 3.3',
  ),
  shared_time_datagrams: metric(
    'arrivals with a shared stamp',
    'packets',
    'counter',
    'sum',
    'further',
    "Further segments of super-packets: their stamp is the first segment's, they enter no time metric.",
    'mcastkit',
  ),
  user_time_datagrams: metric(
    'arrivals without a stamp',
    'packets',
    'counter',
    'sum',
    'further',
    'Arrivals for which neither NIC nor kernel gave a stamp: the time of reading stands in.',
    'mcastkit',
  ),
} as const;

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
