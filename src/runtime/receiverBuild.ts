import { Measurement } from '../analysis/measurement.js';
import { splitNs, type Nanos } from '../core/time.js';
import { CaptureWriter } from '../io/captureWriter.js';
import type { Io } from '../io/datagram.js';
import type { ReceivePlan } from '../profile/plan.js';
import type { Membership } from '../result/model.js';
import type { Agent } from './agent.js';
import { MEDIA_HOLD_NS, SILENCE_NS } from './assumptions.js';
import type { FeedbackPeer } from './feedbackPeer.js';
import type { FeedbackReceiver } from './feedbackReceiver.js';
import { feedbackReceiver } from './feedbackSetup.js';
import { Inject } from './inject.js';
import { namesOf } from './interfaceNames.js';
import { IperfAnswers } from './iperfAnswers.js';
import { MediaReceiver } from './mediaReceiver.js';
import { MessageOutput } from './messageOutput.js';
import type { WorkerTask } from './messages.js';
import { OffloadSwitch } from './offloadSwitch.js';
import { ReceiverAgent, RECEIVE_CAPACITY } from './receiverAgent.js';
import { ReceiverOutputs } from './receiverOutputs.js';
import { membershipsOf } from './receiverResult.js';
import type { OpenSource } from './receiverSetup.js';
import type { ReceiverSockets } from './receiverSockets.js';
import { RecoveryAgent } from './recoveryAgent.js';
import { shortTermCname } from './rtcpIdentity.js';
import { RtcpReceiver } from './rtcpReceiver.js';
import { RtcpReports } from './rtcpReports.js';
import { nextUtcMultiple } from './utcTime.js';

const FEED_SCHEMES = ['mold', 'mdp', 'xdp'] as const;
const SCHEMES = ['probe', 'iperf', 'udp', 'rtp', ...FEED_SCHEMES] as const;
/** So many channels that begin at once leave no time to compile, or to find memory. */
const MANY_CHANNELS = 8;

/** All that measures in a receiver, and works beside that. */
export interface BuiltReceiver {
  readonly measurement: Measurement;
  readonly media: MediaReceiver;
  readonly rtcp: RtcpReceiver;
  readonly outputs: ReceiverOutputs;
  /** `null`: nothing is captured. */
  readonly capture: CaptureWriter | null;
  /** `null`: there is none. */
  readonly offload: OffloadSwitch | null;
  readonly agent: ReceiverAgent;
  /** `null`: it does not report to senders of RTP. */
  readonly reports: RtcpReports | null;
  /** `null`: nothing that is missing is asked for. */
  readonly recovery: RecoveryAgent | null;
  /** `null`: senders of ours are told nothing. */
  readonly feedback: FeedbackReceiver | null;
  /** Those of the above that are. */
  readonly agents: readonly Agent[];
  /** By socket. */
  readonly memberships: readonly Membership[];
  /** When all was joined, CLOCK_MONOTONIC since the epoch, ns. */
  readonly joinedMonoNs: Nanos;
}

/** The feeds of market data that it expects; `undefined`: none. */
export function feedSchemeOf({ streams }: ReceivePlan): (typeof FEED_SCHEMES)[number] | undefined {
  return FEED_SCHEMES.find((scheme) => streams.some((stream) => stream.scheme === scheme));
}

/** How many channels begin at once; 0: so few that it does not matter. */
export function manyChannelsOf({ places }: ReceivePlan): number {
  const channels = channelsOf(places);
  return channels >= MANY_CHANNELS ? channels : 0;
}

function channelsOf(places: ReceivePlan['places']): number {
  return places.filter(({ role, leg }) => role === 'media' && leg === 0).length;
}

/** `deliver`: is called for each peer whose run is over and who wants the result. */
export function buildReceiver(
  io: Io,
  task: Extract<WorkerTask, { kind: 'receive' }>,
  { sources, asking, reporting, forwards }: ReceiverSockets,
  startMonoNs: Nanos,
  deliver: (peer: FeedbackPeer) => void,
): BuiltReceiver {
  const { plan } = task;
  const interfaceName = namesOf(sources);
  const nameOf = (index: number): string => interfaceName(index) ?? String(index);
  const capture =
    task.capture === null ? null : new CaptureWriter(task.capture, io.clock.epoch, (index) => io.path(index), nameOf);
  const inject = plan.inject === null ? null : new Inject(plan.inject, () => io.clock.monoNs());
  const measurement = measurementOf(io, plan, startMonoNs);
  for (const open of sources) addSocket(measurement, io, plan, open, inject);
  const memberships = membershipsOf(
    io,
    sources.filter(({ place }) => place.role === 'media'),
  );
  const joinedMonoNs = io.clock.monoNs();
  const offload =
    plan.offload === 'off' || !io.capabilities.offload ? null : new OffloadSwitch(plan.offload, sources, measurement);
  const messages = task.outputs.filter((queue) => queue.takesMessages).map((queue) => new MessageOutput(queue));
  const outputs = new ReceiverOutputs(task.outputs, [...forwards, ...messages]);
  const bySocket: OpenSource[] = [];
  for (const open of sources) bySocket[open.source.index] = open;
  const rtcp = new RtcpReceiver(measurement, io.clock.epoch.realtimeNs, () => media);
  const media: MediaReceiver = new MediaReceiver({
    measurement,
    placeOf: (stream) => bySocket[measurement.table.socket(stream)]!.place,
    holdNs: Math.min(plan.reorderWindowNs, MEDIA_HOLD_NS),
    mergeWindowNs: plan.mergeWindowNs,
    endpoints: channelsOf(plan.places),
    silenceEnds: plan.once || plan.untilIdleNs !== null,
    outputsOf: (position) => outputs.of(position),
    previewOf: (position) => outputs.previewOf(position),
    recoveryOf: (position, session, origin) => recovery?.channel(position, session, origin) ?? null,
    control: rtcp,
  });
  media.reserve(manyChannelsOf(plan));
  const agent = new ReceiverAgent({
    io,
    sources: sources.map(({ source }) => source),
    measurement,
    gatherNs: plan.gatherNs,
    inject,
    capture,
    offload,
    media,
    answers: plan.answersIperf ? iperfAnswers(io, measurement, sources) : null,
    end: {
      atMonoNs: endOf(io, plan, joinedMonoNs),
      afterFirstNs: plan.waitNs === null ? null : plan.durationNs,
      firstByMonoNs: plan.waitNs === null ? Infinity : joinedMonoNs + plan.waitNs,
      count: plan.count,
      idleNs: plan.untilIdleNs ?? Infinity,
      once: plan.once,
    },
  });
  const isMedia = (stream: number): boolean => media.placeOf(stream)?.role === 'media';
  const others = [agent];
  const beside = { io, measurement, rtcp, isMedia, others };
  const reports = plan.rtcp ? new RtcpReports({ ...beside, seed: plan.seed, cname: shortTermCname() }) : null;
  if (reports !== null) rtcp.listener = reports;
  const recovery = asking.ports.length === 0 ? null : new RecoveryAgent({ ...asking, others });
  const feedback =
    reporting === null
      ? null
      : feedbackReceiver(reporting, { ...beside, plan, inject, cname: shortTermCname(), deliver });
  const agents = [agent, reports, recovery, feedback].filter((one) => one !== null);
  const built = { measurement, media, rtcp, outputs, capture, offload, agent, reports, recovery, feedback, agents };
  return { ...built, memberships, joinedMonoNs };
}

function measurementOf(io: Io, plan: ReceivePlan, startMonoNs: Nanos): Measurement {
  return new Measurement({
    epoch: splitNs(io.clock.epoch.realtimeNs),
    pathOf: (path) => io.path(path),
    maxStreams: plan.maxStreams,
    detail: plan.detail,
    drain: plan.drain,
    messageTimeZone: plan.messageTimeZone,
    expectedStreams: manyChannelsOf(plan),
    reorderWindowNs: plan.reorderWindowNs,
    reorderWindowPackets: plan.reorderWindowPackets,
    omitNs: plan.omitNs,
    startMonoNs,
    firstBoundaryMonoNs: nextUtcMultiple(io.clock, plan.intervalNs),
    intervalNs: plan.intervalNs,
    silenceNs: SILENCE_NS,
    batchCapacity: RECEIVE_CAPACITY,
    clockOffsetNs: 0,
  });
}

/** When the run ends whatever comes, CLOCK_MONOTONIC since the epoch, ns; Infinity: not known yet, or never. */
function endOf(io: Io, plan: ReceivePlan, joinedMonoNs: Nanos): Nanos {
  const byDuration = plan.durationNs === null || plan.waitNs !== null ? Infinity : joinedMonoNs + plan.durationNs;
  if (plan.endAtUnixNs === null) return byDuration;
  const untilNs = Number(plan.endAtUnixNs - io.clock.epoch.realtimeNs) - io.clock.realNs();
  return Math.min(byDuration, joinedMonoNs + untilNs);
}

function iperfAnswers(io: Io, measurement: Measurement, sources: readonly OpenSource[]): IperfAnswers {
  const own = sources.filter(({ address }) => address.scheme === 'iperf');
  return new IperfAnswers({ measurement, sources: own, pathOf: (path) => io.path(path) });
}

function addSocket(measurement: Measurement, io: Io, plan: ReceivePlan, open: OpenSource, inject: Inject | null): void {
  const { source, address, position } = open;
  const mark = plan.sentMarks[position]!;
  measurement.addSocket({
    index: source.index,
    // RTCP is told from RTP by its look. The literal is what compiled code knows, not a string from another thread.
    scheme:
      open.place.role === 'control' ? 'udp' : (SCHEMES.find((scheme) => scheme === address.scheme) ?? address.scheme),
    joinRealNs: source.joinRealNs + (inject === null ? 0 : inject.clockErrorNs(io.clock.monoNs())),
    hasDropCounter: io.capabilities.dropCounter,
    name: address.name,
    tosSent: mark.dscp === null ? null : mark.dscp << 2,
    ttlSent: mark.ttl,
    isCompanion: open.place.role !== 'media',
  });
}
