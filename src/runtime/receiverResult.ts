import { EVENT_NAMES } from '../analysis/eventRing.js';
import type { Measurement } from '../analysis/measurement.js';
import type { SocketSnapshot } from '../analysis/streamSnapshot.js';
import { formatRealtime, type Nanos } from '../core/time.js';
import { truesize } from '../core/truesize.js';
import { SocketCounter, type Io } from '../io/datagram.js';
import { readingMembershipsOnce } from '../io/linux/membership.js';
import { StreamCounter } from '../metrics/counters.js';
import type { Series } from '../metrics/series.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import { assembleInSteps } from '../result/assemble.js';
import { digestStream } from '../result/build.js';
import { buildArbitration, type ArbitrationPair } from '../result/buildArbitration.js';
import { buildOutputs } from '../result/buildRepair.js';
import type { MediaFacts } from '../result/buildTransport.js';
import type { IntervalJudge } from '../result/intervalJudge.js';
import type { Measurement as Provenance } from '../result/measurement.js';
import type { ClockOffsetReport, ClockQuality, Membership, RunResult, SocketReport } from '../result/model.js';
import type { Evidenced } from './evidence.js';
import type { ClockWatch } from './clockWatch.js';
import { malformedSection } from './demandedFormat.js';
import { clockSection, runSection, type RunFacts } from './document.js';
import type { EventLog } from './eventLog.js';
import { interfaceFacts } from './interfaceFacts.js';
import type { LoopHealth } from './loop.js';
import type { MediaReceiver } from './mediaReceiver.js';
import type { RtcpReceiver } from './rtcpReceiver.js';
import { ReceivedStreams } from './receivedStreams.js';
import type { ReceiverOutputs } from './receiverOutputs.js';
import type { Judge } from './messages.js';
import type { ReceivePlan } from '../profile/plan.js';
import type { OpenSource } from './receiverSetup.js';
import { tellStreams } from './tellStreams.js';
import { hostFacts, toolFacts } from './toolFacts.js';

/** What a result is made from, as long as the run goes on. */
export interface ReceiverParts {
  readonly measurement: Measurement;
  readonly sources: readonly OpenSource[];
  /** By socket, as long as it was joined. */
  readonly memberships: readonly Membership[];
  readonly provenance: Provenance;
  /** Of streams in detail, by index. */
  readonly series: ReadonlyMap<number, Series>;
  /** Of the limits on every interval. */
  readonly each: IntervalJudge;
  readonly health: LoopHealth;
  readonly watch: ClockWatch;
  readonly log: EventLog;
  readonly media: MediaReceiver;
  readonly rtcp: RtcpReceiver;
  readonly outputs: ReceiverOutputs;
  /** The clocks of senders that were compared with ours, as they are now. */
  readonly offsets: () => ClockOffsetReport[];
  readonly evidence: () => Generator<void, Evidenced>;
  readonly began: Pick<RunFacts, 'startMonoNs' | 'startRealNs'>;
}

/** What else it is made from when its streams are. */
export interface ReceiverMoment {
  readonly captureDropped: number;
  readonly facts: RunFacts;
}

/** The result of now. Yields between its parts: they are of slightly different moments. */
export function* receiverResult(
  io: Io,
  plan: ReceivePlan,
  judge: Judge,
  parts: ReceiverParts,
  now: () => ReceiverMoment,
): Generator<void, RunResult> {
  const { measurement } = parts;
  const streams = new ReceivedStreams(judge.limits, plan.detail);
  const offsets = parts.offsets();
  yield* tellStreams(measurement, parts.provenance, streams, (index) => {
    const snapshot = measurement.snapshot(index);
    const series = parts.series.get(index) ?? null;
    return digestStream(snapshot, parts.provenance, series, mediaFacts(parts, snapshot), offsets);
  });
  const sockets: SocketReport[] = [];
  let kernelDrops = 0;
  const hasDrops = io.capabilities.dropCounter;
  for (const open of parts.sources) {
    const snapshot = measurement.socketSnapshot(open.source.index);
    kernelDrops += snapshot.kernelDrops;
    sockets.push(socketReport(open, snapshot, streams, hasDrops));
    yield;
  }
  const total = (counter: number): number =>
    parts.sources.reduce((sum, { source }) => sum + source.counters[counter]!, 0);
  const arbitration = buildArbitration(legPairs(parts.media, streams), plan.detail);
  yield;
  const { evidence } = yield* parts.evidence();
  const { facts, captureDropped } = now();
  return yield* assembleInSteps({
    tool: toolFacts(),
    host: hostFacts(interfaceFacts(parts.sources.map(({ via }) => via))),
    clock: { ...clockSection(io, parts.watch, facts.startMonoNs, measuredTime(parts, streams)), offsets },
    run: runSection(plan, io, facts),
    memberships: [...parts.memberships],
    sockets,
    arbitration,
    outputs: buildOutputs(null, parts.outputs.snapshots()),
    sender: null,
    receivers: [],
    streams: streams.tally,
    others: measurement.aggregate(),
    events: parts.log.events,
    eventCounts: eventCounts(parts.log.counts, measurement.suppressedEvents),
    evidence,
    eachLimits: parts.each.results(
      // Silence is what ends such a run, and so the end of a stream.
      (id) => plan.once || plan.untilIdleNs !== null || streams.hasEnded(id),
      facts.endMonoNs - facts.startMonoNs,
    ),
    judge,
    health: {
      kernelDrops: hasDrops ? kernelDrops : null,
      truncated: total(SocketCounter.Truncated),
      controlTruncated: total(SocketCounter.ControlTruncated),
      streamTableOverflow: overflowOf(measurement),
      pathTableOverflow: total(SocketCounter.PathOverflow),
      ringOverflow: total(SocketCounter.Discarded),
      loop: parts.health,
      departures: [],
      injected: plan.inject === null ? null : plan.inject.text,
      refusedSendsDisagree: null,
      notes: [...facts.notes, ...captureNotes(captureDropped)],
    },
  });
}

/** What is known of a stream's content. */
export function mediaFacts(
  { media, rtcp, sources, began }: Pick<ReceiverParts, 'media' | 'rtcp' | 'sources' | 'began'>,
  { index, socket }: StreamSnapshot,
): MediaFacts | null {
  const transport = media.transport(index);
  const repair = media.repair(index);
  if (transport === null && repair === null) return null;
  const joinRealNs = sources.find(({ source }) => source.index === socket)?.source.joinRealNs ?? NaN;
  return {
    transport,
    repair,
    outputs: [],
    rtcp: rtcp.snapshot(index),
    joinMonoNs: joinRealNs + (began.startMonoNs - began.startRealNs),
  };
}

/** Streams that are two legs of one. */
export function legPairs(media: MediaReceiver, streams: ReceivedStreams): ArbitrationPair[] {
  return media.pairs().flatMap(({ legA, legB, repair }) => {
    const { arbitration } = repair;
    if (arbitration === null) return [];
    const a = streams.leg(legA);
    const b = streams.leg(legB);
    const unit = (a ?? b)?.unit === 'message' ? 'message' : 'packet';
    const name = (a ?? b)?.name ?? null;
    return [{ name, legA: a?.id ?? null, legB: b?.id ?? null, unit, snapshot: arbitration, repair }];
  });
}

/** Those that were told, and by `EventKind` those that came no further than the measurement. */
export function eventCounts(told: Readonly<Record<string, number>>, suppressed: Float64Array): Record<string, number> {
  const counts: Record<string, number> = { ...told };
  for (const [kind, name] of EVENT_NAMES.entries()) {
    if (suppressed[kind]! > 0) counts[name] = (counts[name] ?? 0) + suppressed[kind]!;
  }
  return counts;
}

/** Datagrams that found no room in the stream table. */
export function overflowOf(measurement: Measurement): number {
  const { others } = measurement.table;
  return others < 0 || others >= measurement.streamCount
    ? 0
    : measurement.counters.values[others * StreamCounter.Count + StreamCounter.LossApplication]!;
}

function captureNotes(dropped: number): string[] {
  return dropped === 0 ? [] : [`${dropped} datagrams are missing from the capture: its file was too slow`];
}

function measuredTime(
  parts: ReceiverParts,
  streams: ReceivedStreams,
): Pick<
  ClockQuality,
  'receive_time' | 'send_time' | 'send_time_bound_ns' | 'shared_time_datagrams' | 'user_time_datagrams'
> {
  const order = ['user', 'kernel', 'hardware'] as const;
  // The least exact one stands for the run.
  const worst = Math.min(...parts.sources.map(({ source }) => order.indexOf(source.timeSource)));
  return {
    receive_time: order[worst] ?? null,
    send_time_bound_ns: parts.provenance.sendTimeBoundNs,
    ...streams.stamps.section(),
  };
}

function socketReport(
  open: OpenSource,
  snapshot: SocketSnapshot,
  streams: ReceivedStreams,
  hasDrops: boolean,
): SocketReport {
  const { source, planned, via, address } = open;
  const c = source.counters;
  const datagrams = c[SocketCounter.Datagrams]!;
  const octets = c[SocketCounter.Octets]!;
  const buffer = source.receiveBufferOctets;
  const holds = buffer === null || datagrams === 0 ? null : Math.floor(buffer / truesize(octets / datagrams));
  const perSecond = streams.packetsPerSecond(planned);
  return {
    index: source.index,
    direction: 'receive',
    group: planned.group,
    port: planned.port,
    interface: via.name,
    receive_time: source.timeSource,
    buffer_octets: buffer,
    buffer_datagrams: holds,
    buffer_ns: holds === null || perSecond === 0 ? null : Math.round((holds / perSecond) * 1e9),
    datagrams,
    octets,
    system_calls: c[SocketCounter.SystemCalls]!,
    kernel_drops: hasDrops ? snapshot.kernelDrops : null,
    truncated: c[SocketCounter.Truncated]!,
    control_truncated: c[SocketCounter.ControlTruncated]!,
    ...malformedSection([snapshot], [address.scheme]),
    icmp_errors: 0,
  };
}

/** What the kernel says was joined, read while it is. */
export function membershipsOf(io: Io, sources: readonly OpenSource[]): Membership[] {
  return readingMembershipsOnce(() => sources.map((open) => membershipOf(io, open)));
}

function membershipOf(io: Io, { source, planned, via }: OpenSource): Membership {
  const state = source.membership();
  const joined = joinedAt(io, source.joinRealNs);
  return {
    group: planned.group,
    port: planned.port,
    interface: via.name,
    interface_index: via.index,
    filter_mode: state.mode,
    sources: [...state.sources],
    protocol: state.protocol,
    evidence: state.evidence,
    joined,
    socket: source.index,
  };
}

function joinedAt(io: Io, joinRealNs: Nanos): string | null {
  return Number.isNaN(joinRealNs) ? null : formatRealtime(io.clock.epoch, joinRealNs);
}
