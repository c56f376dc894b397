import { randomBytes } from 'node:crypto';
import { Measurement } from '../analysis/measurement.js';
import { whole } from '../core/steps.js';
import { formatRealtime, splitNs, type Nanos } from '../core/time.js';
import { CaptureWriter } from '../io/captureWriter.js';
import type { Io } from '../io/datagram.js';
import { readHostEvidence } from '../io/hostEvidence.js';
import type { RunResult } from '../result/model.js';
import { MEDIA_HOLD_NS, SILENCE_NS } from './assumptions.js';
import { ClockWatch } from './clockWatch.js';
import { Command, type RunControl } from './control.js';
import { DemandWatch } from './demandWatch.js';
import { EventLog } from './eventLog.js';
import { EvidenceWatch } from './evidence.js';
import { clockOffsets, answerTo } from './feedbackAnswer.js';
import { feedbackReceiver, openFeedbackReceiver, type OpenFeedbackReceiver } from './feedbackSetup.js';
import { openForwards, type ForwardOutput } from './forwardOutput.js';
import { Housekeeping } from './housekeeping.js';
import { Inject } from './inject.js';
import { namesOf } from './interfaceNames.js';
import { IperfAnswers } from './iperfAnswers.js';
import { freshLoopHealth, runLoop } from './loop.js';
import { MeasurementTeller } from './measurementTeller.js';
import { MessageOutput } from './messageOutput.js';
import type { WorkerMessage, WorkerTask } from './messages.js';
import type { ReceivePlan } from '../profile/plan.js';
import { MediaReceiver } from './mediaReceiver.js';
import { ReceiverAgent, RECEIVE_CAPACITY } from './receiverAgent.js';
import { provenanceOf } from './receiverProvenance.js';
import {
  mediaFacts,
  membershipsOf,
  receiverResult,
  type ReceiverMoment,
  type ReceiverParts,
} from './receiverResult.js';
import { ResultSoFar } from './resultSoFar.js';
import { shortTermCname } from './rtcpIdentity.js';
import { RtcpReceiver } from './rtcpReceiver.js';
import { RtcpReports } from './rtcpReports.js';
import { ReceiverOutputs } from './receiverOutputs.js';
import { OffloadSwitch } from './offloadSwitch.js';
import { joinedLine, openSources, type OpenSource } from './receiverSetup.js';
import { RecoveryAgent } from './recoveryAgent.js';
import { askingLines, openRecoveryClients, type RecoveryClients } from './recoveryClients.js';
import { rehearse } from './rehearsal.js';
import { reasonsForSilence } from './silenceWatch.js';
import { placedLines } from './placedLines.js';
import { prepareThread } from './thread.js';
import { nextUtcMultiple } from './utcTime.js';
import { warmUpReceivedFeeds } from './warmSequencedFeeds.js';
import { warmUpReceivedMedia } from './warmReceivedMedia.js';

const SECOND_NS = 1e9;
/** At the end of a run that heard nothing for so long, the likeliest reasons are looked for in any case. */
const SHORT_SILENCE_NS = 0.2e9;
/** Intervals, events and offload are looked after this often. */
const TEND_NS = 50e6;
const FEED_SCHEMES = ['mold', 'mdp', 'xdp'] as const;
const SCHEMES = ['probe', 'iperf', 'udp', 'rtp', ...FEED_SCHEMES] as const;
/** So many channels that begin at once leave no time to compile. */
const MANY_CHANNELS = 8;

/** Carries out a receive plan on this thread: joins, measures until its end or until stopped, and gives the result. */
export async function runReceiver(
  io: Io,
  task: Extract<WorkerTask, { kind: 'receive' }>,
  control: RunControl,
  post: (message: WorkerMessage) => void,
): Promise<RunResult> {
  const { plan, judge, capture: captureQueue, outputs: outputQueues, summaries } = task;
  prepareThread(plan);
  if (io.capabilities.offload) await rehearse('receive', plan.offload !== 'off');
  const channels = plan.places.filter(({ role, leg }) => role === 'media' && leg === 0).length;
  if (channels >= MANY_CHANNELS && plan.streams.some(({ scheme }) => scheme !== 'probe')) warmUpReceivedMedia();
  const feed = FEED_SCHEMES.find((scheme) => plan.streams.some((stream) => stream.scheme === scheme));
  if (feed !== undefined) warmUpReceivedFeeds(feed);
  await untilStart(io, plan, control);
  const evidence = new EvidenceWatch();
  const runId = randomBytes(4).readUInt32BE().toString(16).padStart(8, '0');
  const startRealNs = io.clock.realNs();
  const startMonoNs = io.clock.monoNs();
  const sources = await openSources(io, plan);
  let forwards: readonly ForwardOutput[] = [];
  let asking: RecoveryClients = { ports: [], feeds: [] };
  let asked: OpenFeedbackReceiver | null = null;
  try {
    asking = await openRecoveryClients(io, plan);
    asked = await openFeedbackReceiver(io, plan, sources);
    const capture =
      captureQueue === null
        ? null
        : new CaptureWriter(
            captureQueue,
            io.clock.epoch,
            (index) => io.path(index),
            (index) => interfaceName(index) ?? String(index),
          );
    const interfaceName = namesOf(sources);
    const inject = plan.inject === null ? null : new Inject(plan.inject, () => io.clock.monoNs());
    const firstBoundaryMonoNs = nextUtcMultiple(io.clock, plan.intervalNs);
    const measurement = new Measurement({
      epoch: splitNs(io.clock.epoch.realtimeNs),
      pathOf: (path) => io.path(path),
      maxStreams: plan.maxStreams,
      detail: plan.detail,
      drain: plan.drain,
      messageTimeZone: plan.messageTimeZone,
      expectedStreams: channels >= MANY_CHANNELS ? channels : 0,
      reorderWindowNs: plan.reorderWindowNs,
      reorderWindowPackets: plan.reorderWindowPackets,
      omitNs: plan.omitNs,
      startMonoNs,
      firstBoundaryMonoNs,
      intervalNs: plan.intervalNs,
      silenceNs: SILENCE_NS,
      batchCapacity: RECEIVE_CAPACITY,
      clockOffsetNs: 0,
    });
    for (const open of sources) addSocket(measurement, io, plan, open, inject);
    const memberships = membershipsOf(
      io,
      sources.filter(({ place }) => place.role === 'media'),
    );
    const joinedMonoNs = io.clock.monoNs();
    // What opening the sockets itself sent over loopback is not to be taken for the stream.
    const sinceJoin = readHostEvidence();
    const offload =
      plan.offload === 'off' || !io.capabilities.offload ? null : new OffloadSwitch(plan.offload, sources, measurement);
    forwards = await openForwards(io, plan);
    const messages = outputQueues.filter((queue) => queue.takesMessages).map((queue) => new MessageOutput(queue));
    const outputs = new ReceiverOutputs(outputQueues, [...forwards, ...messages]);
    const bySocket: OpenSource[] = [];
    for (const open of sources) bySocket[open.source.index] = open;
    const rtcp = new RtcpReceiver(measurement, io.clock.epoch.realtimeNs, () => media);
    const media: MediaReceiver = new MediaReceiver({
      measurement,
      placeOf: (stream) => bySocket[measurement.table.socket(stream)]!.place,
      holdNs: Math.min(plan.reorderWindowNs, MEDIA_HOLD_NS),
      mergeWindowNs: plan.mergeWindowNs,
      endpoints: channels,
      silenceEnds: plan.once || plan.untilIdleNs !== null,
      outputsOf: (position) => outputs.of(position),
      previewOf: (position) => outputs.previewOf(position),
      recoveryOf: (position, session, origin) => recovery?.channel(position, session, origin) ?? null,
      control: rtcp,
    });
    if (channels >= MANY_CHANNELS) media.reserve(channels);
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
    const reports = plan.rtcp ? reportsOf(io, plan, measurement, media, rtcp, agent) : null;
    const recovery = asking.ports.length === 0 ? null : new RecoveryAgent({ ...asking, others: [agent] });
    const feedback =
      asked === null
        ? null
        : feedbackReceiver(asked, {
            io,
            plan,
            measurement,
            isMedia: (stream) => media.placeOf(stream)?.role === 'media',
            rtcp,
            inject,
            cname: shortTermCname(),
            deliver: (peer) => post(answerTo(peer, whole(result(false)), sources, startMonoNs)),
            others: [agent],
          });
    const agents = [agent, reports, recovery, feedback].filter((one) => one !== null);
    const watch = new ClockWatch(io.clock.epoch);
    const log = new EventLog(io.clock, startMonoNs, (event) => post({ type: 'event', event }));
    const demand = new DemandWatch(sources, measurement, log);
    const health = freshLoopHealth();
    const provenance = provenanceOf(io, plan, sources, startMonoNs, interfaceName);
    const notes = [...new Set(sources.flatMap(({ source }) => source.notes))];
    const began = { startMonoNs, startRealNs };
    const teller = new MeasurementTeller({
      measurement,
      provenance,
      clock: io.clock,
      log,
      intervalNs: plan.intervalNs,
      detail: plan.detail,
      summaries,
      post,
      media,
      eachLimits: judge.eachLimits,
      contentOf: (stream) => mediaFacts({ media, rtcp, sources, began }, stream),
      ...(feedback === null ? {} : { listener: feedback }),
    });
    const endsByItself =
      plan.durationNs !== null ||
      plan.count !== null ||
      plan.once ||
      plan.untilIdleNs !== null ||
      plan.endAtUnixNs !== null;
    let stopped = false;
    let silenceTold = false;
    /** Once: joined, and nothing has come since. */
    const tellSilence = (nowNs: number): void => {
      if (silenceTold || agent.datagrams > 0) return;
      silenceTold = true;
      const reasons = reasonsForSilence(sources, plan.unicast, sinceJoin);
      const seconds = ((nowNs - joinedMonoNs) / SECOND_NS).toFixed(1);
      const text = `joined, nothing arrived for ${seconds} s: ${reasons.join('; ')}`;
      const detail = Object.fromEntries(reasons.map((reason, i) => [`reason_${i + 1}`, reason]));
      log.add('silence', nowNs, null, text, detail);
    };

    const parts: ReceiverParts = {
      measurement,
      sources,
      memberships,
      provenance,
      series: teller.series,
      each: teller.judge,
      health,
      watch,
      log,
      media,
      rtcp,
      outputs,
      offsets: () => (feedback === null ? [] : clockOffsets(feedback.peers, io.clock.epoch)),
      evidence: () => evidence.inSteps(sources.map(({ via }) => via)),
      began,
    };
    const now = (complete: boolean): ReceiverMoment => ({
      captureDropped: capture?.dropped ?? 0,
      facts: {
        runId,
        role: 'receiver',
        endpoints: [...new Set(plan.streams.map(({ endpoint }) => endpoint))],
        ...began,
        endMonoNs: io.clock.monoNs(),
        endRealNs: io.clock.realNs(),
        complete,
        notes: [...notes, ...demand.notes, ...(reports?.notes ?? []), ...(recovery?.notes ?? [])],
      },
    });
    const result = (complete: boolean) => receiverResult(io, plan, judge, parts, () => now(complete));
    const soFar = new ResultSoFar(io.clock, () => result(!endsByItself), post, agents);
    const housekeeping = new Housekeeping(
      [
        {
          firstMonoNs: joinedMonoNs + TEND_NS,
          periodNs: TEND_NS,
          run: (nowNs) => {
            offload?.tend(nowNs);
            return teller.tellSome();
          },
        },
        {
          firstMonoNs: startMonoNs + SECOND_NS,
          periodNs: SECOND_NS,
          run: (nowNs) => {
            demand.look(nowNs);
            const step = watch.sample();
            if (step === null) return;
            log.add('clock_step', nowNs, null, `realtime stepped by ${step.byNs / 1e6} ms`, { by_ns: step.byNs });
          },
        },
        {
          firstMonoNs: joinedMonoNs + SILENCE_NS,
          periodNs: Infinity,
          run: tellSilence,
        },
      ],
      agents,
    );
    const joinedText = placedLines(
      sources.filter(({ place }) => place.role === 'media'),
      (open) => joinedLine(open, plan.unicast),
    );
    post({
      type: 'ready',
      info: {
        runId,
        time: formatRealtime(io.clock.epoch, startRealNs),
        io: io.name,
        lines: [...joinedText, ...askingLines(asking)],
        interfaces: [...new Set(sources.map(({ via }) => via.name))],
        warnings: [],
        loopback: sources.every(({ via }) => via.loopback),
        sdp: null,
      },
    });
    log.add('joined', joinedMonoNs, null, joinedText.join('; '), { sockets: sources.length });
    await runLoop(
      io,
      [...agents, housekeeping, soFar],
      {
        poll: (nowNs) => {
          const commands = control.take();
          if (commands === 0) return;
          if ((commands & Command.Snapshot) !== 0) soFar.ask();
          if ((commands & Command.Outline) !== 0) soFar.askOutline({ inFull: control.inFull() });
          if ((commands & Command.EndWhenSilent) !== 0) agent.endWhenSilent(nowNs, SILENCE_NS);
          if ((commands & Command.Stop) === 0 || stopped) return;
          stopped = true;
          agent.stop(nowNs);
        },
      },
      health,
    );
    for (const { source } of sources) {
      const drops = source.readDrops();
      if (drops !== null) measurement.onSocketDrops(source.index, drops);
    }
    measurement.finish(agent.stopMonoNs);
    media.finish(agent.stopMonoNs);
    outputs.close();
    teller.finish();
    // A run that is shorter than the patience before that is not to leave its user without a reason.
    if (agent.stopMonoNs - joinedMonoNs >= SHORT_SILENCE_NS) tellSilence(agent.stopMonoNs);
    demand.look(agent.stopMonoNs);
    watch.sample();
    capture?.close();
    const last = whole(result(!stopped || !endsByItself));
    for (const peer of feedback?.leave(agent.stopMonoNs) ?? []) post(answerTo(peer, null, sources, startMonoNs));
    return last;
  } finally {
    for (const { source } of sources) source.close();
    for (const forward of forwards) forward.close();
    for (const port of asking.ports) port.close();
    asked?.close();
  }
}

/** Waits for `--start-at`; a stop meanwhile ends the wait. */
async function untilStart(io: Io, plan: ReceivePlan, control: RunControl): Promise<void> {
  if (plan.startAtUnixNs === null) return;
  const untilNs = io.clock.monoNs() + Number(plan.startAtUnixNs - io.clock.epoch.realtimeNs) - io.clock.realNs();
  while (io.clock.monoNs() < untilNs && (control.peek() & Command.Stop) === 0) await io.wait(untilNs, 0);
}

/** When the run ends whatever comes, CLOCK_MONOTONIC since the epoch, ns; Infinity: not known yet, or never. */
function endOf(io: Io, plan: ReceivePlan, joinedMonoNs: Nanos): Nanos {
  const byDuration = plan.durationNs === null || plan.waitNs !== null ? Infinity : joinedMonoNs + plan.durationNs;
  if (plan.endAtUnixNs === null) return byDuration;
  const untilNs = Number(plan.endAtUnixNs - io.clock.epoch.realtimeNs) - io.clock.realNs();
  return Math.min(byDuration, joinedMonoNs + untilNs);
}

function reportsOf(
  io: Io,
  { seed }: ReceivePlan,
  measurement: Measurement,
  media: MediaReceiver,
  rtcp: RtcpReceiver,
  agent: ReceiverAgent,
): RtcpReports {
  const isMedia = (stream: number): boolean => media.placeOf(stream)?.role === 'media';
  const cname = shortTermCname();
  const reports = new RtcpReports({ io, measurement, rtcp, isMedia, seed, cname, others: [agent] });
  rtcp.listener = reports;
  return reports;
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
