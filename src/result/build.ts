import { StreamCounter } from '../metrics/counters.js';
import { formatHostPort } from '../core/format.js';
import { formatRealtime, type Nanos } from '../core/time.js';
import { SERIES_METRIC_IDS, SERIES_METRICS, type HistogramId } from '../metrics/catalog.js';
import type { Histogram } from '../metrics/histogram.js';
import type { Series } from '../metrics/series.js';
import { STREAM_HISTOGRAMS, type StreamSnapshot } from '../metrics/snapshot.js';
import { buildBursts } from './buildBursts.js';
import { buildAfter, buildFec, buildRecovery, buildRtcp } from './buildRepair.js';
import { buildTransport, type MediaFacts } from './buildTransport.js';
import { summarise } from './histogramSummary.js';
import type { Measurement } from './measurement.js';
import type { Stream, StreamHistograms, StreamSeries } from './model.js';
import { streamMetrics } from './streamMetrics.js';

const LOSS_MAP_RANGES = 1024;
const UNTOLD = 'no RTCP sender report came: what was lost behind the last packet that came is not counted';

/** What names a stream. */
export type StreamIdentity = Pick<
  StreamSnapshot,
  'source' | 'sourcePort' | 'group' | 'port' | 'flow' | 'senderRun' | 'interfaceIndex'
>;

/** Stable within the run: group, source, interface, flow and sender run, e.g. `239.1.1.1:5001/10.0.0.1:40000/eth0/0/1f2e3d4c`. */
export function streamId(stream: StreamIdentity, interfaceName: string | null): string {
  const parts = [
    formatHostPort(stream.group, stream.port),
    formatHostPort(stream.source, stream.sourcePort),
    interfaceName ?? String(stream.interfaceIndex),
  ];
  if (stream.flow !== null) parts.push(stream.flow);
  if (stream.senderRun !== null) parts.push(stream.senderRun);
  return parts.join('/');
}

/** One entry of `streams[]`, with everything that `detail` streams have. `media`: `null` where nothing looked inside. */
export function buildStream(
  stream: StreamSnapshot,
  measurement: Measurement,
  series: Series | null,
  media: MediaFacts | null = null,
): Stream {
  const { epoch, startMonoNs } = measurement;
  const interfaceName = measurement.interfaceName(stream.interfaceIndex);
  const place = measurement.place(stream);
  const sheet = streamMetrics(stream, measurement);
  const arrived = !Number.isNaN(stream.firstMonoNs);
  const local = measurement.isLocal(stream.source, stream.interfaceIndex);
  const doubt = delayDoubt(stream, local, measurement);
  const { histograms, not_measured } = streamHistograms(stream, measurement, sheet.metrics.loss_ratio);
  const { bursts, not_measured: unburst } = buildBursts(stream, startMonoNs);
  const countsDrops = measurement.capabilities.dropCounter;
  const inside = media?.transport ?? null;
  const content = inside === null ? null : buildTransport(inside, startMonoNs, media!.joinMonoNs);
  return {
    id: streamId(stream, interfaceName),
    name: stream.name,
    role: place.role,
    leg: place.leg,
    format: stream.format,
    unit: stream.unit,
    source: stream.source,
    source_port: stream.sourcePort,
    group: stream.group,
    port: stream.port,
    interface: interfaceName,
    flow: stream.flow,
    sender_run: stream.senderRun,
    local,
    start: arrived ? formatRealtime(epoch, stream.firstRealNs) : null,
    end: arrived ? formatRealtime(epoch, stream.lastRealNs) : null,
    start_ns: arrived ? stream.firstMonoNs - startMonoNs : null,
    end_ns: arrived ? stream.lastMonoNs - startMonoNs : null,
    expected_from: stream.expectedFrom,
    ended: stream.ended,
    loss_attribution: countsDrops ? stream.lossAttribution : null,
    send_time: stream.sendTime,
    // One host, one clock: what is left is how long after its stamp a datagram may have left.
    delay_uncertainty_ns: doubt === null ? measurement.sendTimeBoundNs : null,
    // Known once all streams are: `withDelayCorrection`.
    delay_correction: null,
    super_packets: stream.superPackets,
    metrics: sheet.metrics,
    histograms,
    not_measured: {
      ...sheet.not_measured,
      ...not_measured,
      ...unburst,
      ...content?.not_measured,
      ...(doubt === null ? {} : { delay_uncertainty_ns: doubt }),
    },
    series: series === null ? null : buildSeries(series, startMonoNs, countsDrops),
    numbers: numbersOf(stream),
    loss_map: stream.lossDetail.map
      .slice(0, LOSS_MAP_RANGES)
      .map(({ first, count, cause }) => ({ first, count, cause })),
    loss_map_truncated: stream.lossDetail.mapTruncated || stream.lossDetail.map.length > LOSS_MAP_RANGES,
    bursts,
    transport: content?.transport ?? null,
    mdi: content?.mdi ?? null,
    tr101290: content?.tr101290 ?? null,
    fec: buildFec(media?.repair?.fec ?? null),
    recovery: buildRecovery(media?.repair?.recovery ?? null),
    rtp:
      stream.rtp === null
        ? null
        : { payload_type: stream.rtp.payloadType, timestamp_discontinuities: stream.rtp.timestampDiscontinuities },
    feed:
      stream.feed === null
        ? null
        : {
            messages_arrived: stream.feed.messages,
            heartbeats: stream.feed.heartbeats,
            beginnings: stream.feed.beginnings,
          },
    rtcp: buildRtcp(media?.rtcp ?? null),
    notes: [...stream.notes, ...(isUntold(stream, media) ? [UNTOLD] : [])],
    after: buildAfter(stream, media?.repair ?? null),
  };
}

/** RTP packets tell no total, and no sender report did. */
function isUntold({ format }: StreamSnapshot, media: MediaFacts | null): boolean {
  return format.startsWith('rtp/') && (media?.rtcp ?? null) === null;
}

/** From the first number that was expected to the one behind the last; the sender's own gaps lie among them. */
function numbersOf({ expectedFrom, lossDetail, counters }: StreamSnapshot): Stream['numbers'] {
  if (expectedFrom === null) return null;
  const count = counters[StreamCounter.Expected]! + counters[StreamCounter.NeverSent]!;
  const to = BigInt.asUintN(64, BigInt(lossDetail.origin) + BigInt(count));
  return { from: lossDetail.origin, to: String(to) };
}

/** Why nobody can say how far one-way delay is off; `null`: one can. */
function delayDoubt(stream: StreamSnapshot, local: boolean, measurement: Measurement): string | null {
  if (stream.sendTime === null) return 'the format carries no send time';
  const receiveTime = measurement.receiveTime(stream.socket);
  if (receiveTime === 'user') return 'contains the time until this program read the datagram, which varies';
  if (!local || receiveTime !== 'kernel') return 'contains the offset between two clocks, which was not measured';
  if (stream.sendTime === 'due') return "contains the sender's departure error: the send time is the due time";
  // Ours would be known, but cannot be told from iperf's own.
  return stream.format === 'iperf'
    ? 'contains what a client of iperf does between reading its clock and sending'
    : null;
}

function streamHistograms(
  stream: StreamSnapshot,
  measurement: Measurement,
  lossRatio: number | null,
): { readonly histograms: StreamHistograms | null; readonly not_measured: Record<string, string> } {
  const recorded = stream.histograms;
  if (recorded === null) return { histograms: null, not_measured: {} };
  const not_measured: Record<string, string> = {};
  const histograms = { departure_error_ns: null } as StreamHistograms;
  for (const id of STREAM_HISTOGRAMS) {
    const why = histogramMissing(id, recorded[id], stream, measurement);
    histograms[id] =
      why === null ? summarise(recorded[id], id === 'one_way_delay_ns' || id === 'pdv_ns' ? lossRatio : null) : null;
    if (why !== null) not_measured[id] = why;
  }
  return { histograms, not_measured };
}

function histogramMissing(
  id: HistogramId,
  histogram: Histogram,
  stream: StreamSnapshot,
  measurement: Measurement,
): string | null {
  const needsSendTime = id === 'one_way_delay_ns' || id === 'ipdv_ns' || id === 'pdv_ns';
  if (needsSendTime && stream.sendTime === null) return 'the format carries no send time';
  const receiveTime = measurement.receiveTime(stream.socket);
  if (id === 'wakeup_delay_ns' && receiveTime !== 'kernel' && receiveTime !== 'hardware') {
    return receiveTime === 'capture' ? 'nothing was woken: the datagrams come from a capture' : 'needs kernel stamps';
  }
  return histogram.count === 0 && histogram.clamped === 0 ? 'no datagram had what it takes' : null;
}

/** `countsDrops`: loss by cause is known. */
export function buildSeries(series: Series, startMonoNs: Nanos, countsDrops: boolean): StreamSeries | null {
  if (series.points === 0) return null;
  const metrics = {} as Record<string, unknown>;
  for (const id of SERIES_METRIC_IDS) {
    const unknown = !countsDrops && (id === 'loss_network' || id === 'loss_socket_buffer');
    const column = unknown ? null : series.column(id);
    metrics[id] = column === null ? null : { [SERIES_METRICS[id]]: column.value, min: column.min, max: column.max };
  }
  return {
    start_ns: series.startMonoNs - startMonoNs,
    step_ns: series.stepNs,
    points: series.points,
    metrics: metrics as StreamSeries['metrics'],
  };
}
