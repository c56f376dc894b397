import { StreamCounter } from '../metrics/counters.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import { Figure, FIGURE_IDS, noFigures, type Figures } from './figures.js';
import type { Measurement } from './measurement.js';
import { familyOf, ratesOf } from './rates.js';

/** Figures that are a counter as it is. */
type Counted = readonly (readonly [figure: number, counter: number])[];

const OF_ALL: Counted = [
  [Figure.packets_received, StreamCounter.PacketsReceived],
  [Figure.octets_received, StreamCounter.OctetsReceived],
  [Figure.markers_received, StreamCounter.Markers],
  [Figure.shared_time_datagrams, StreamCounter.SharedTime],
  [Figure.user_time_datagrams, StreamCounter.UserTime],
];
const OF_NUMBERED: Counted = [
  [Figure.packets_duplicated, StreamCounter.PacketsDuplicated],
  [Figure.packets_reordered, StreamCounter.PacketsReordered],
  [Figure.packets_late, StreamCounter.PacketsLate],
  [Figure.loss_application, StreamCounter.LossApplication],
];
const OF_PACKETS: Counted = [
  [Figure.packets_expected, StreamCounter.Expected],
  [Figure.packets_lost, StreamCounter.Lost],
];
const OF_MESSAGES: Counted = [
  [Figure.messages_received, StreamCounter.Received],
  [Figure.messages_expected, StreamCounter.Expected],
  [Figure.messages_lost, StreamCounter.Lost],
  [Figure.messages_duplicated, StreamCounter.Duplicated],
  [Figure.messages_reordered, StreamCounter.Reordered],
];
/** Where drops are counted. */
const BY_CAUSE: Counted = [
  [Figure.loss_network, StreamCounter.LossNetwork],
  [Figure.loss_socket_buffer, StreamCounter.LossSocketBuffer],
];
/** Formats whose datagrams tell what the sender's own host refused to send. */
const TELLS_NEVER_SENT: ReadonlySet<string> = new Set(['probe']);
/** ECN field 11: RFC 3168 section 5. */
const CONGESTION_EXPERIENCED = 3;

/** All metrics of a stream. What needs a missing capability is not measured, never 0. */
export function streamFigures(stream: StreamSnapshot, measurement: Measurement): Figures {
  const values = noFigures();
  const { counters, unit } = stream;
  count(OF_ALL, counters, values);
  if (unit === 'packet') count(OF_PACKETS, counters, values);
  if (unit === 'message') count(OF_MESSAGES, counters, values);
  if (unit !== 'none') {
    count(OF_NUMBERED, counters, values);
    if (measurement.capabilities.dropCounter) count(BY_CAUSE, counters, values);
    if (TELLS_NEVER_SENT.has(stream.format)) values[Figure.never_sent] = counters[StreamCounter.NeverSent]!;
    fillSequence(stream, values);
  }
  fillTimes(stream, times, 0);
  for (let place = 0; place < times.length; place++) values[TIME_FIGURES[place]!] = times[place]!;
  fillMarks(stream, measurement, values);
  return { values, dscp: measurement.capabilities.tos ? receivedDscp(stream) : null };
}

function count(which: Counted, counters: Float64Array, values: number[]): void {
  for (let i = 0; i < which.length; i++) values[which[i]![0]] = counters[which[i]![1]]!;
}

function fillSequence({ counters: c, pending, lossDetail }: StreamSnapshot, values: number[]): void {
  const received = c[StreamCounter.Received]!;
  values[Figure.packets_pending] = pending;
  values[Figure.duplication_ratio] = ratio(c[StreamCounter.Duplicated]!, received);
  values[Figure.reordered_ratio] = ratio(c[StreamCounter.Reordered]!, received);
  values[Figure.loss_ratio] = ratio(c[StreamCounter.Lost]!, c[StreamCounter.Expected]!);
  values[Figure.loss_periods] = lossDetail.periods;
  values[Figure.loss_period_min] = lossDetail.periodLengthMin ?? NaN;
  values[Figure.loss_period_mean] = lossDetail.periodLengthMean ?? NaN;
  values[Figure.loss_period_max] = lossDetail.periodLengthMax ?? NaN;
  values[Figure.loss_distance_min] = lossDetail.distanceMin ?? NaN;
  values[Figure.loss_distance_mean] = lossDetail.distanceMean ?? NaN;
  values[Figure.loss_distance_max] = lossDetail.distanceMax ?? NaN;
  values[Figure.reorder_extent_max] = lossDetail.reorderExtentMax ?? NaN;
  values[Figure.reorder_extent_mean] = lossDetail.reorderExtentMean ?? NaN;
}

function ratio(part: number, of: number): number {
  return of > 0 ? part / of : NaN;
}

const RATES: readonly number[] = [
  Figure.rate_bit_per_second,
  Figure.rate_ip_bit_per_second,
  Figure.rate_ethernet_bit_per_second,
  Figure.rate_packets_per_second,
];
/** Figures of a stream's times, as they are told by themselves. */
export const TIME_FIGURES: readonly number[] = [
  Figure.jitter_ns,
  Figure.jitter_max_ns,
  Figure.active_ns,
  Figure.first_packet_after_join_ns,
  ...RATES,
];
/** By {@link Figure}: its place among {@link TIME_FIGURES}; -1: it is none of them. */
export const TIME_PLACE: readonly number[] = FIGURE_IDS.map((_, figure) => TIME_FIGURES.indexOf(figure));

/** Of one stream, written before they are read. */
const times = new Float64Array(TIME_FIGURES.length);

/** Writes {@link TIME_FIGURES}, in their order, to `to[at ..]`; NaN: not measured. */
export function fillTimes(stream: StreamSnapshot, to: Float64Array, at: number): void {
  const c = stream.counters;
  const arrivals =
    c[StreamCounter.PacketsReceived]! + c[StreamCounter.PacketsDuplicated]! + c[StreamCounter.PacketsLate]!;
  const activeNs = stream.lastMonoNs - stream.firstMonoNs;
  const rates = ratesOf(c[StreamCounter.OctetsReceived]!, arrivals, familyOf(stream.group), activeNs);
  to[at] = stream.jitterNs;
  to[at + 1] = stream.jitterMaxNs;
  to[at + 2] = activeNs;
  to[at + 3] = stream.firstPacketAfterJoinNs ?? NaN;
  to[at + 4] = rates.rate_bit_per_second ?? NaN;
  to[at + 5] = rates.rate_ip_bit_per_second ?? NaN;
  to[at + 6] = rates.rate_ethernet_bit_per_second ?? NaN;
  to[at + 7] = rates.rate_packets_per_second ?? NaN;
}

function fillMarks(stream: StreamSnapshot, measurement: Measurement, values: number[]): void {
  const { capabilities } = measurement;
  const said = measurement.sentMark(stream);
  const ttlSent = stream.ttlSent ?? said.ttl ?? NaN;
  values[Figure.dscp_sent] = stream.tosSent === null ? (said.dscp ?? NaN) : stream.tosSent >>> 2;
  values[Figure.ttl_sent] = ttlSent;
  if (capabilities.receivedTtl) {
    const ttlMin = stream.ttlMin ?? NaN;
    const ttlMax = stream.ttlMax ?? NaN;
    values[Figure.ttl_min] = ttlMin;
    values[Figure.ttl_max] = ttlMax;
    values[Figure.hops_min] = ttlSent - ttlMax;
    values[Figure.hops_max] = ttlSent - ttlMin;
  }
  if (!capabilities.tos) return;
  let congested = 0;
  for (const [tos, arrivals] of stream.tosCounts) {
    if ((tos & CONGESTION_EXPERIENCED) === CONGESTION_EXPERIENCED) congested += arrivals;
  }
  values[Figure.ecn_ce_received] = congested;
}

/** Arrivals by DSCP. */
function receivedDscp({ tosCounts }: StreamSnapshot): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [tos, arrivals] of tosCounts) counts[tos >>> 2] = (counts[tos >>> 2] ?? 0) + arrivals;
  return counts;
}

/** Why a metric is not measured, for those that one would expect. */
export function unmeasured(
  stream: StreamSnapshot,
  measurement: Measurement,
  { values }: Figures,
): Record<string, string> {
  const reasons: Record<string, string> = {};
  /** The first reason is the one. */
  const say = (why: string, ...figures: number[]): void => {
    for (const figure of figures) if (Number.isNaN(values[figure])) reasons[FIGURE_IDS[figure]!] ??= why;
  };
  const { capabilities } = measurement;
  if (stream.unit === 'none') say('the format numbers nothing', ...EXPECTED_OF_NUMBERED);
  say('the format numbers messages, not datagrams', Figure.packets_expected, Figure.packets_lost);
  say('nothing was received', Figure.duplication_ratio, Figure.reordered_ratio, Figure.active_ns);
  say('nothing was expected', Figure.loss_ratio);
  const noCounter =
    measurement.receiveTime(stream.socket) === 'capture'
      ? 'a capture does not tell whether the network or a socket buffer lost a datagram'
      : 'this input/output implementation sees no drop counter: network and socket buffer cannot be told apart';
  say(noCounter, Figure.loss_network, Figure.loss_socket_buffer);
  say('the format does not tell what its sender could not send', Figure.never_sent);
  if (stream.sendTime === null) say('the format carries no send time', Figure.jitter_ns);
  say('needs two datagrams with stamps of their own', Figure.jitter_ns);
  say('all arrivals have one stamp: they span no time', ...RATES);
  say('the stream began after the join, or that is not known', Figure.first_packet_after_join_ns);
  if (!capabilities.receivedTtl) say('this input/output implementation does not see TTL', ...RECEIVED_TTL);
  const untold = 'neither the datagrams nor the endpoint say what the sender set';
  say(untold, Figure.dscp_sent, Figure.ttl_sent);
  if (Number.isNaN(values[Figure.ttl_sent])) say(untold, Figure.hops_min, Figure.hops_max);
  if (!capabilities.tos) {
    const noTos = 'this input/output implementation does not see DSCP and ECN';
    say(noTos, Figure.ecn_ce_received);
    reasons['dscp_received'] = noTos;
  }
  return reasons;
}

const EXPECTED_OF_NUMBERED: readonly number[] = [
  ...[...OF_NUMBERED, ...OF_PACKETS, ...BY_CAUSE].map(([figure]) => figure),
  Figure.packets_pending,
  Figure.duplication_ratio,
  Figure.reordered_ratio,
  Figure.loss_ratio,
  Figure.loss_periods,
  Figure.never_sent,
];
const RECEIVED_TTL: readonly number[] = [Figure.ttl_min, Figure.ttl_max, Figure.hops_min, Figure.hops_max];
