import { StreamCounter } from '../metrics/counters.js';
import { formatHostPort } from '../core/format.js';
import { formatRealtime, type Nanos } from '../core/time.js';
import { SERIES_METRIC_IDS, SERIES_METRICS, type HistogramId } from '../metrics/catalog.js';
import type { Histogram } from '../metrics/histogram.js';
import type { Series } from '../metrics/series.js';
import { STREAM_HISTOGRAMS, type StreamSnapshot } from '../metrics/snapshot.js';
import { buildBursts } from './buildBursts.js';
import { buildAfter, buildFec, buildRecovery, buildRtcp } from './buildRepair.js';
import { buildTransport, type MediaFacts, type TransportSheet } from './buildTransport.js';
import { delayCorrection } from './delayCorrection.js';
import { Figure, metricsOf } from './figures.js';
import { summarise } from './histogramSummary.js';
import type { Measurement } from './measurement.js';
import type { ClockOffsetReport, Stream, StreamHistograms, StreamSeries } from './model.js';
import type { BriefStream, StreamDigest } from './streamDigest.js';
import { streamFigures, unmeasured } from './streamFigures.js';

const LOSS_MAP_RANGES = 1024;
const UNTOLD = 'no RTCP sender report came: what was lost behind the last packet that came is not counted';

/** What names a stream. */
export type StreamIdentity = Pick<
  StreamSnapshot,
  'source' | 'sourcePort' | 'group' | 'port' | 'flow' | 'senderRun' | 'interfaceIndex'
>;

/** Stable within the run: group, source, interface, flow and sender run, e.g. `239.1.1.1:5001/10.0.0.1:40000/eth0/0/1f2e3d4c`. */
export function streamId(stream: StreamIdentity, interfaceName: string | null): string {
  return streamIds(stream, interfaceName)(stream.flow);
}

/** The same of streams that only their flows tell apart. */
export function streamIds(
  stream: Omit<StreamIdentity, 'flow'>,
  interfaceName: string | null,
): (flow: StreamIdentity['flow']) => string {
  const to = formatHostPort(stream.group, stream.port);
  const from = formatHostPort(stream.source, stream.sourcePort);
  const path = `${to}/${from}/${interfaceName ?? stream.interfaceIndex}`;
  const run = stream.senderRun === null ? '' : `/${stream.senderRun}`;
  const head = `${path}/`;
  // Two parts, of which the second is short: of ten thousand streams it counts.
  return (flow) => (flow === null ? path + run : head + (flow + run));
}

/** One entry of `streams[]`, with everything that `detail` streams have. `media`: `null` where nothing looked inside. */
export function buildStream(
  stream: StreamSnapshot,
  measurement: Measurement,
  series: Series | null,
  media: MediaFacts | null = null,
): Stream {
  return digestStream(stream, measurement, series, media).whole();
}

/** The same as far as every stream is looked at. `offsets`: of the senders' clocks that were compared with this host's. */
export function digestStream(
  stream: StreamSnapshot,
  measurement: Measurement,
  series: Series | null,
  media: MediaFacts | null = null,
  offsets: readonly ClockOffsetReport[] = [],
): StreamDigest {
  const { startMonoNs } = measurement;
  const figures = streamFigures(stream, measurement);
  const { histograms, not_measured } = streamHistograms(stream, measurement, figures.values[Figure.loss_ratio]!);
  const { bursts, not_measured: unburst } = buildBursts(stream, startMonoNs);
  const inside = media?.transport ?? null;
  const content = inside === null ? null : buildTransport(inside, startMonoNs, media!.joinMonoNs);
  const brief = briefStream(stream, measurement, media, content);
  brief.delay_correction = delayCorrection(brief, histograms?.one_way_delay_ns ?? null, offsets);
  const transport = content?.transport ?? null;
  const whole = (): Stream => {
    const reasons = {
      ...unmeasured(stream, measurement, figures),
      ...not_measured,
      ...unburst,
      ...content?.not_measured,
    };
    const doubt = delayDoubt(stream, brief.local, measurement);
    if (doubt !== null) reasons['delay_uncertainty_ns'] = doubt;
    return {
      ...brief,
      metrics: metricsOf(figures),
      histograms,
      not_measured: reasons,
      series: series === null ? null : buildSeries(series, startMonoNs, measurement.capabilities.dropCounter),
      loss_map: stream.lossDetail.map
        .slice(0, LOSS_MAP_RANGES)
        .map(({ first, count, cause }) => ({ first, count, cause })),
      bursts,
      transport,
    };
  };
  return { brief, figures, histograms, bursts, transport, whole };
}

function briefStream(
  stream: StreamSnapshot,
  measurement: Measurement,
  media: MediaFacts | null,
  content: TransportSheet | null,
): BriefStream {
  const { epoch, startMonoNs } = measurement;
  const interfaceName = measurement.interfaceName(stream.interfaceIndex);
  const place = measurement.place(stream);
  const arrived = !Number.isNaN(stream.firstMonoNs);
  const local = measurement.isLocal(stream.source, stream.interfaceIndex);
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
    loss_attribution: measurement.capabilities.dropCounter ? stream.lossAttribution : null,
    send_time: stream.sendTime,
    // One host, one clock: what is left is how long after its stamp a datagram may have left.
    delay_uncertainty_ns: delayDoubt(stream, local, measurement) === null ? measurement.sendTimeBoundNs : null,
    delay_correction: null,
    super_packets: stream.superPackets,
    numbers: numbersOf(stream),
    loss_map_truncated: stream.lossDetail.mapTruncated || stream.lossDetail.map.length > LOSS_MAP_RANGES,
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
export function numbersOf({ expectedFrom, lossDetail, counters }: StreamSnapshot): Stream['numbers'] {
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
  lossRatio: number,
): { readonly histograms: StreamHistograms | null; readonly not_measured: Record<string, string> } {
  const recorded = stream.histograms;
  if (recorded === null) return { histograms: null, not_measured: {} };
  const not_measured: Record<string, string> = {};
  const histograms = { departure_error_ns: null } as StreamHistograms;
  for (const id of STREAM_HISTOGRAMS) {
    const why = histogramMissing(id, recorded[id], stream, measurement);
    const isDelay = id === 'one_way_delay_ns' || id === 'pdv_ns';
    histograms[id] =
      why === null ? summarise(recorded[id], isDelay && !Number.isNaN(lossRatio) ? lossRatio : null) : null;
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
