import type { MetricId } from '../metrics/catalog.js';
import { noMetrics } from './noMetrics.js';
import { StreamCounter } from '../metrics/counters.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import type { Measurement } from './measurement.js';
import type { StreamMetrics } from './model.js';
import { familyOf, ratesOf } from './rates.js';

/** Formats whose datagrams tell what the sender's own host refused to send. */
const TELLS_NEVER_SENT: ReadonlySet<string> = new Set(['probe']);

const NO_SEQUENCE = 'the format numbers nothing';
const MESSAGES = 'the format numbers messages, not datagrams';
const NO_DROP_COUNTER =
  'this input/output implementation sees no drop counter: network and socket buffer cannot be told apart';

/** ECN field 11: RFC 3168 section 5. */
const CONGESTION_EXPERIENCED = 3;
const CAPTURED = 'a capture does not tell whether the network or a socket buffer lost a datagram';

export interface MetricSheet {
  readonly metrics: StreamMetrics;
  /** Why a metric is `null`, for those that one would expect. */
  readonly not_measured: Record<string, string>;
}

/** All metrics of a stream. What needs a missing capability is `null`, never 0, and says why. */
export function streamMetrics(stream: StreamSnapshot, measurement: Measurement): MetricSheet {
  const metrics = noMetrics();
  const reasons: Record<string, string> = {};
  const put = (id: Exclude<MetricId, 'dscp_received'>, value: number | null, unless: string | null = null): void => {
    if (unless === null && value !== null && Number.isFinite(value)) metrics[id] = value;
    else if (unless !== null) reasons[id] = unless;
  };
  putCounts(stream, put);
  putLoss(stream, measurement, put);
  putTimes(stream, put);
  putMarks(stream, measurement, metrics, reasons, put);
  return { metrics, not_measured: reasons };
}

type Put = (id: Exclude<MetricId, 'dscp_received'>, value: number | null, unless?: string | null) => void;

function putCounts(stream: StreamSnapshot, put: Put): void {
  const c = stream.counters;
  const unnumbered = stream.unit === 'none' ? NO_SEQUENCE : null;
  const notPackets = stream.unit === 'message' ? MESSAGES : unnumbered;
  put('packets_received', c[StreamCounter.PacketsReceived]!);
  put('packets_expected', c[StreamCounter.Expected]!, notPackets);
  put('packets_lost', c[StreamCounter.Lost]!, notPackets);
  put('packets_duplicated', c[StreamCounter.PacketsDuplicated]!, unnumbered);
  put('packets_reordered', c[StreamCounter.PacketsReordered]!, unnumbered);
  put('packets_late', c[StreamCounter.PacketsLate]!, unnumbered);
  put('packets_pending', stream.pending, unnumbered);
  put('octets_received', c[StreamCounter.OctetsReceived]!);
  put('markers_received', c[StreamCounter.Markers]!);
  put('shared_time_datagrams', c[StreamCounter.SharedTime]!);
  put('user_time_datagrams', c[StreamCounter.UserTime]!);
  if (stream.unit === 'message') {
    put('messages_received', c[StreamCounter.Received]!);
    put('messages_expected', c[StreamCounter.Expected]!);
    put('messages_lost', c[StreamCounter.Lost]!);
    put('messages_duplicated', c[StreamCounter.Duplicated]!);
    put('messages_reordered', c[StreamCounter.Reordered]!);
  }
  const received = c[StreamCounter.Received]!;
  const nothing = unnumbered ?? (received > 0 ? null : 'nothing was received');
  put('duplication_ratio', c[StreamCounter.Duplicated]! / received, nothing);
  put('reordered_ratio', c[StreamCounter.Reordered]! / received, nothing);
  const detail = stream.lossDetail;
  put('reorder_extent_max', detail.reorderExtentMax);
  put('reorder_extent_mean', detail.reorderExtentMean);
}

function putLoss(stream: StreamSnapshot, measurement: Measurement, put: Put): void {
  const c = stream.counters;
  const detail = stream.lossDetail;
  const unnumbered = stream.unit === 'none' ? NO_SEQUENCE : null;
  const noCounter = measurement.receiveTime(stream.socket) === 'capture' ? CAPTURED : NO_DROP_COUNTER;
  const uncounted = unnumbered ?? (measurement.capabilities.dropCounter ? null : noCounter);
  const expected = c[StreamCounter.Expected]!;
  put('loss_ratio', c[StreamCounter.Lost]! / expected, unnumbered ?? (expected > 0 ? null : 'nothing was expected'));
  put('loss_network', c[StreamCounter.LossNetwork]!, uncounted);
  put('loss_socket_buffer', c[StreamCounter.LossSocketBuffer]!, uncounted);
  put('loss_application', c[StreamCounter.LossApplication]!, unnumbered);
  const silent = TELLS_NEVER_SENT.has(stream.format) ? null : 'the format does not tell what its sender could not send';
  put('never_sent', c[StreamCounter.NeverSent]!, unnumbered ?? silent);
  put('loss_periods', detail.periods, unnumbered);
  put('loss_period_min', detail.periodLengthMin);
  put('loss_period_mean', detail.periodLengthMean);
  put('loss_period_max', detail.periodLengthMax);
  put('loss_distance_min', detail.distanceMin);
  put('loss_distance_mean', detail.distanceMean);
  put('loss_distance_max', detail.distanceMax);
}

function putTimes(stream: StreamSnapshot, put: Put): void {
  const c = stream.counters;
  const noSendTime = stream.sendTime === null ? 'the format carries no send time' : null;
  const tooFew = Number.isNaN(stream.jitterNs) ? 'needs two datagrams with stamps of their own' : null;
  put('jitter_ns', stream.jitterNs, tooFew === null ? null : (noSendTime ?? tooFew));
  put('jitter_max_ns', stream.jitterMaxNs);
  const arrivals =
    c[StreamCounter.PacketsReceived]! + c[StreamCounter.PacketsDuplicated]! + c[StreamCounter.PacketsLate]!;
  const activeNs = stream.lastMonoNs - stream.firstMonoNs;
  put('active_ns', activeNs, Number.isNaN(activeNs) ? 'nothing was received' : null);
  const instant = activeNs > 0 ? null : 'all arrivals have one stamp: they span no time';
  const rates = ratesOf(c[StreamCounter.OctetsReceived]!, arrivals, familyOf(stream.group), activeNs);
  put('rate_bit_per_second', rates.rate_bit_per_second, instant);
  put('rate_ip_bit_per_second', rates.rate_ip_bit_per_second, instant);
  put('rate_ethernet_bit_per_second', rates.rate_ethernet_bit_per_second, instant);
  put('rate_packets_per_second', rates.rate_packets_per_second, instant);
  const late = stream.firstPacketAfterJoinNs === null ? 'the stream began after the join, or that is not known' : null;
  put('first_packet_after_join_ns', stream.firstPacketAfterJoinNs, late);
}

function putMarks(
  stream: StreamSnapshot,
  measurement: Measurement,
  metrics: StreamMetrics,
  reasons: Record<string, string>,
  put: Put,
): void {
  const { capabilities } = measurement;
  const said = measurement.sentMark(stream);
  const ttlSent = stream.ttlSent ?? said.ttl;
  put('dscp_sent', stream.tosSent === null ? said.dscp : stream.tosSent >>> 2, untold(stream.tosSent ?? said.dscp));
  put('ttl_sent', ttlSent, untold(ttlSent));
  const noTtl = capabilities.receivedTtl ? null : 'this input/output implementation does not see TTL';
  put('ttl_min', stream.ttlMin, noTtl);
  put('ttl_max', stream.ttlMax, noTtl);
  const noHops = noTtl ?? untold(ttlSent);
  put('hops_min', ttlSent === null || stream.ttlMax === null ? null : ttlSent - stream.ttlMax, noHops);
  put('hops_max', ttlSent === null || stream.ttlMin === null ? null : ttlSent - stream.ttlMin, noHops);
  const noTos = capabilities.tos ? null : 'this input/output implementation does not see DSCP and ECN';
  if (noTos === null) {
    const dscp: Record<string, number> = {};
    let congested = 0;
    for (const [tos, count] of stream.tosCounts) {
      dscp[String(tos >>> 2)] = (dscp[String(tos >>> 2)] ?? 0) + count;
      if ((tos & CONGESTION_EXPERIENCED) === CONGESTION_EXPERIENCED) congested += count;
    }
    metrics.dscp_received = dscp;
    put('ecn_ce_received', congested);
  } else {
    reasons['dscp_received'] = noTos;
    put('ecn_ce_received', null, noTos);
  }
}

function untold(value: number | null): string | null {
  return value === null ? 'neither the datagrams nor the endpoint say what the sender set' : null;
}
