import { formatDuration } from '../core/format.js';
import type { FeedSnapshot, LossDetail, StreamIdentity, StreamSnapshot } from '../metrics/snapshot.js';
import { ProbeFlag } from '../wire/probe.js';
import { LossRecord } from './lossRecord.js';
import { type FeedFacts, framingOf } from './feedDecoder.js';
import type { SocketFacts } from './measurementOptions.js';
import { Phase, Seq } from './sequenceState.js';
import type { SocketDrops } from './socketDrops.js';
import { Fault, FAULT_KINDS, type SocketFaults } from './socketFaults.js';
import type { StreamAnalyzers } from './streamAnalyzers.js';
import type { StreamDecoder } from './streamDecoder.js';
import type { StreamPath } from './streamPath.js';
import { isNumbered, StreamFormat, type StreamTable } from './streamTable.js';
import { Heard } from './streamTimes.js';

/** Of streams that have no record of their losses yet. */
const NOTHING_LOST = new LossRecord(0);
/** No delay is as long, and no clock that somebody takes for right is off by so much. */
const OTHER_CLOCK_NS = 600e9;

/** What is known of one receive socket. */
export interface SocketSnapshot {
  readonly socket: number;
  /** Datagrams that belong to no stream, by `WireStatus` and `Fault`. */
  readonly malformed: Float64Array;
  /** Format of what came although another was demanded; `null` when nothing did. */
  readonly instead: string | null;
  /** Drops that the kernel counted: datagrams, or super-packets where there are some. */
  readonly kernelDrops: number;
  /** Lost numbers that were put down to them. */
  readonly kernelDropsExplained: number;
  /** Drops that are no stream's loss (duplicates, markers, foreign or broken datagrams); `null`: not to be told with super-packets. */
  readonly kernelDropsOther: number | null;
  readonly superPackets: boolean;
  readonly streams: number;
}

/** What is known of a socket whose streams are `streams`. */
export function socketSnapshotOf(
  socket: number,
  streams: readonly number[],
  faults: SocketFaults,
  drops: SocketDrops,
  analyzers: StreamAnalyzers,
): SocketSnapshot {
  const at = socket * FAULT_KINDS;
  const malformed = faults.counts.slice(at, at + FAULT_KINDS);
  const { rejectedJumps } = analyzers.sequence;
  let rejected = 0;
  for (let i = 0; i < streams.length; i++) rejected += rejectedJumps[streams[i]!] ?? 0;
  malformed[Fault.UnconfirmedJump]! += rejected;
  return {
    socket,
    malformed,
    instead: faults.instead[socket] ?? null,
    kernelDrops: drops.dropped[socket]!,
    kernelDropsExplained: drops.explained[socket]!,
    kernelDropsOther: drops.unexplained(socket),
    superPackets: drops.segments[socket]! > 1,
    streams: streams.length,
  };
}

/** The parts that a stream's figures lie in. */
export interface StreamParts {
  readonly table: StreamTable;
  readonly path: StreamPath;
  readonly facts: SocketFacts;
  readonly analyzers: StreamAnalyzers;
  readonly decoder: StreamDecoder;
  readonly drops: SocketDrops;
  readonly streamsOnSocket: number;
}

/** Copies everything that is known of `stream`. */
export function snapshotOf(stream: number, parts: StreamParts): StreamSnapshot {
  const { table, facts } = parts;
  const { counters, marking, sequence, times, timing } = parts.analyzers;
  const format = table.format(stream);
  const isProbe = format === StreamFormat.Probe;
  const isIperf = format === StreamFormat.Iperf;
  const { values, phase } = sequence.states;
  const at = stream * Seq.Count;
  const isBegun = isNumbered(format) && phase[stream] !== Phase.New;
  const { probe, rtp, iperf, feed } = parts.decoder;
  const sent = probe.sent[stream] ?? 0;
  const hasTtl = marking.ttlMin[stream]! <= marking.ttlMax[stream]!;
  // A start marker that was heard was sent after the join.
  const heard = stream * Heard.Count;
  const firstDataRealNs = times.values[heard + Heard.FirstDataRealNs]!;
  const afterJoin = phase[stream] === Phase.Start ? NaN : firstDataRealNs - facts.joinRealNs;
  const identity = identityOf(stream, parts);
  const histograms = timing.histograms(stream);
  const sendTime = sendTimeOf(stream, parts);
  const isInMessages = format >= StreamFormat.Feed && !framingOf(format).carriesSendTime;
  const delayNs = histograms?.one_way_delay_ns.min ?? null;
  // Each by its name: a literal that begins with what is spread into it costs 100 us.
  return {
    index: identity.index,
    format: identity.format,
    unit: identity.unit,
    source: identity.source,
    sourcePort: identity.sourcePort,
    group: identity.group,
    port: identity.port,
    interfaceIndex: identity.interfaceIndex,
    flow: identity.flow,
    senderRun: identity.senderRun,
    socket: identity.socket,
    name: identity.name,
    superPackets: identity.superPackets,
    expectedFrom: isBegun ? (phase[stream] === Phase.Start ? 'start' : 'first') : null,
    ended: isBegun && values[at + Seq.EndedMonoNs] === values[at + Seq.EndedMonoNs],
    pending: isBegun ? values[at + Seq.Pending]! : 0,
    counters: counters.row(stream),
    firstMonoNs: times.values[heard + Heard.FirstMonoNs]!,
    lastMonoNs: times.values[heard + Heard.LastMonoNs]!,
    firstRealNs: times.values[heard + Heard.FirstRealNs]!,
    lastRealNs: times.values[heard + Heard.LastRealNs]!,
    jitterNs: timing.jitterNs(stream),
    jitterMaxNs: timing.jitterMaxNs(stream),
    tosCounts: marking.tosCounts(stream),
    tosMissing: marking.tosMissing[stream]!,
    ttlMin: hasTtl ? marking.ttlMin[stream]! : null,
    ttlMax: hasTtl ? marking.ttlMax[stream]! : null,
    tosSent: isProbe ? sent >>> 16 : ((isIperf ? iperf.tosSent(stream) : null) ?? facts.tosSent),
    ttlSent: isProbe ? (sent >>> 8) & 0xff : facts.ttlSent,
    firstPacketAfterJoinNs: afterJoin === afterJoin ? afterJoin : null,
    lossDetail: lossDetail(stream, isBegun, parts),
    histograms,
    bursts: parts.analyzers.bursts.snapshot(stream),
    lossAttribution: isBegun && facts.hasDropCounter ? attribution(parts, table.socket(stream)) : null,
    sendTime,
    rtp:
      format === StreamFormat.Rtp
        ? { payloadType: rtp.payloadType(stream), timestampDiscontinuities: rtp.timestampJumps(stream) }
        : null,
    feed: format >= StreamFormat.Feed ? feedSnapshot(feed.facts(stream)) : null,
    notes: [...notesOf(format, parts.decoder.plain.formats[stream]), ...clockNotes(sendTime, isInMessages, delayNs)],
  };
}

function sendTimeOf(stream: number, { table, decoder }: StreamParts): 'departure' | 'due' | null {
  const format = table.format(stream);
  const { probe, rtp, iperf, feed } = decoder;
  if (format === StreamFormat.Probe) return ((probe.sent[stream] ?? 0) & ProbeFlag.DueTime) === 0 ? 'departure' : 'due';
  if (format === StreamFormat.Rtp) return rtp.carriesSendTime(stream) ? 'departure' : null;
  if (format === StreamFormat.Iperf) return iperf.carriesSendTime(stream) ? 'departure' : null;
  return format >= StreamFormat.Feed ? feed.carriesSendTime(stream) : null;
}

function notesOf(format: number, plainFormat: string | undefined): string[] {
  if (format !== StreamFormat.Plain) return [];
  const unnumbered = 'no sequence number: loss, order and delay cannot be measured';
  return plainFormat === 'rtp' ? [`${unnumbered}; if this is RTP, say rtp:// in the endpoint`] : [unnumbered];
}

/** Times of day in messages may be by the clocks of another zone, or those of a day that is long over. */
function clockNotes(sendTime: 'departure' | 'due' | null, isInMessages: boolean, delayNs: number | null): string[] {
  if (sendTime !== 'due' || !isInMessages || delayNs === null || Math.abs(delayNs) < OTHER_CLOCK_NS) return [];
  const off = `${formatDuration(Math.abs(delayNs))} ${delayNs < 0 ? 'ahead of' : 'behind'} the clock here`;
  return [`the times of day in its messages are ${off}: is --zone that of the feed, and is it sent at its own time?`];
}

/** What names it. Cheap, where {@link snapshotOf} copies histograms. */
export function identityOf(stream: number, parts: Omit<StreamParts, 'analyzers' | 'drops'>): StreamIdentity {
  const { table, path, facts } = parts;
  const format = table.format(stream);
  const isProbe = format === StreamFormat.Probe;
  return {
    index: stream,
    format: formatName(stream, format, parts.decoder),
    unit: unitOf(format),
    source: path.source,
    sourcePort: path.sourcePort,
    group: path.group,
    port: path.port,
    interfaceIndex: path.interfaceIndex,
    flow: format >= StreamFormat.Feed ? sessionOf(stream, parts.decoder) : flowName(table.flow(stream), format),
    senderRun: isProbe ? table.run(stream).toString(16).padStart(8, '0') : null,
    socket: table.socket(stream),
    name: facts.name,
    superPackets: sendsSuperPackets(stream, table, parts.decoder),
  };
}

/** What its datagrams are, as far as that is known. */
export function formatName(stream: number, format: number, decoder: StreamDecoder): string {
  if (format === StreamFormat.Probe) return 'probe';
  if (format === StreamFormat.Iperf) return 'iperf';
  if (format >= StreamFormat.Feed) return framingOf(format).format;
  if (format === StreamFormat.Rtp) return decoder.rtp.formats[stream] ?? 'rtp';
  return format === StreamFormat.Plain ? (decoder.plain.formats[stream] ?? 'unknown') : 'others';
}

/** Whether a probe says so. */
export function sendsSuperPackets(stream: number, table: StreamTable, { probe }: StreamDecoder): boolean {
  return table.format(stream) === StreamFormat.Probe && ((probe.sent[stream] ?? 0) & ProbeFlag.SuperPacket) !== 0;
}

/** What a format's numbers count. Of what found no room, which has none, datagrams are counted as lost. */
export function unitOf(format: number): StreamIdentity['unit'] {
  if (format === StreamFormat.Others) return 'packet';
  if (format >= StreamFormat.Feed) return framingOf(format).unit;
  return isNumbered(format) ? 'packet' : 'none';
}

/** `null` where the framing has none. */
function sessionOf(stream: number, { feed }: StreamDecoder): string | null {
  const { session } = feed.facts(stream);
  return session === '' ? null : session;
}

function feedSnapshot({ messages, heartbeats, beginnings }: FeedFacts): FeedSnapshot {
  return { messages, heartbeats, beginnings };
}

/** Flow number of a probe, SSRC of RTP in the usual hexadecimal. */
function flowName(flow: number, format: number): string | null {
  if (format === StreamFormat.Rtp) return `0x${flow.toString(16).padStart(8, '0')}`;
  return format === StreamFormat.Probe ? String(flow) : null;
}

function lossDetail(stream: number, isBegun: boolean, parts: StreamParts): LossDetail {
  const { table } = parts;
  const { sequence } = parts.analyzers;
  const { values } = sequence.states;
  const at = stream * Seq.Count;
  const origin = table.origin(stream);
  const record = sequence.window.record(stream) ?? NOTHING_LOST;
  if (!isBegun) return record.detail(origin, 0, 0, 0);
  return record.detail(origin, values[at + Seq.Extents]!, values[at + Seq.ExtentSum]!, values[at + Seq.ExtentMax]!);
}

function attribution(parts: StreamParts, socket: number): 'exact' | 'shared' | 'bounded' {
  const { drops, streamsOnSocket } = parts;
  // Without drops there is nothing to divide.
  if (drops.dropped[socket] === 0) return 'exact';
  if (drops.segments[socket]! > 1) return 'bounded';
  return streamsOnSocket > 1 ? 'shared' : 'exact';
}
