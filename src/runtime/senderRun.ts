import { randomBytes } from 'node:crypto';
import { whole } from '../core/steps.js';
import { formatRealtime, type Nanos } from '../core/time.js';
import { SocketCounter, type DatagramSink, type Io } from '../io/datagram.js';
import { Histogram } from '../metrics/histogram.js';
import type { Receiver, RunResult } from '../result/model.js';
import { ClockWatch } from './clockWatch.js';
import { Command, type RunControl } from './control.js';
import { EventLog } from './eventLog.js';
import { EvidenceWatch, type RefusedSends } from './evidence.js';
import { refuseForeignSender } from './foreignSender.js';
import { fragmentWarnings } from './fragmentWarnings.js';
import { Housekeeping } from './housekeeping.js';
import { refuseUnsent } from './inputReport.js';
import { interfaceFacts } from './interfaceFacts.js';
import { awaitReceivers } from './awaitReceivers.js';
import { feedbackSection, openFeedbackSender, type OpenFeedbackSender } from './feedbackSetup.js';
import { intervalJudge } from './limitEvents.js';
import { freshLoopHealth, runLoop } from './loop.js';
import type { Judge, WorkerMessage } from './messages.js';
import type { SendPlan, SendStream } from '../profile/plan.js';
import { dealtTo } from '../profile/threadPlan.js';
import { placedLines } from './placedLines.js';
import { placedLine } from './placedLine.js';
import { ownStreams, placeStreams } from './placedStream.js';
import { openRecoveryServers, recoveryLines, retransmissionAgents, type RecoveryServer } from './recoveryServers.js';
import { reportedReceivers } from './receiverReports.js';
import { rehearse } from './rehearsal.js';
import { refuseScattered } from './replaySetup.js';
import { ResultSoFar } from './resultSoFar.js';
import { shortTermCname } from './rtcpIdentity.js';
import type { SharedInput } from './sharedInput.js';
import { beginTogether, OtherParts, SenderParts, type SenderPart, type SharedStart } from './senderParts.js';
import { SenderSession } from './senderSession.js';
import { SenderTeller } from './senderTeller.js';
import { senderResult, type SenderStreamState } from './senderResult.js';
import { SenderCounter } from './senderStats.js';
import type { FeedbackTotals } from './feedbackSender.js';
import { buildLane, openSinks, type SharedLegs, type OpenSink, totalPacketsPerSecond } from './senderSetup.js';
import { prepareThread } from './thread.js';
import { warmUpSentFeeds } from './warmSequencedFeeds.js';
import { warmUpSentMedia } from './warmSentMedia.js';
import { warmUpFast } from './warmSender.js';
import { TransmitStamps } from './transmitStamps.js';
import { nextUtcMultiple } from './utcTime.js';

/** From the first instruction to the first datagram: what building the lanes may take. */
const LEAD_NS = 10e6;
/** And for each transport stream, which is read ahead. */
const MEDIA_LEAD_NS = 1e6;
const SECOND_NS = 1e9;
/** How often a thread tells the others what it has sent. */
const TELL_NS = 100e6;
/** Above this rate even the first milliseconds want compiled code. */
const FAST_PACKETS_PER_SECOND = 5_000;
/** Datagrams of one sendmmsg that share a reading of the clock, and what each of them takes: the spread of carried times. */
const STAMP_SPREAD_NS = 8 * 3e3;

/**
 * Carries out a send plan on this thread: opens, sends to the end or until stopped, and gives the result. `part`: of what
 * several threads send together, this one's; `null`: it sends all.
 */
export async function runSender(
  io: Io,
  plan: SendPlan,
  inputs: readonly (SharedInput | null)[],
  judge: Judge,
  control: RunControl,
  post: (message: WorkerMessage) => void,
  part: SenderPart | null = null,
): Promise<RunResult> {
  prepareThread({ cpu: plan.cpus[part?.index ?? 0] ?? null, realtime: plan.realtime });
  const all = await placeStreams(plan, inputs);
  // What is of the whole run is the first thread's.
  const isFirst = part === null || part.index === 0;
  const parts = part === null ? null : new SenderParts(part.memory, part.index, part.of);
  if (isFirst && !plan.force && !plan.unicast) await refuseForeignSender(io, all);
  refuseScattered(all);
  const placed = part === null ? all : ownStreams(all, dealtTo(part.index, part.of, plan.streams));
  const sinks = await openSinks(io, plan, placed);
  const announcedBy: DatagramSink[] = [];
  let asking: OpenFeedbackSender | null = null;
  let servers: readonly RecoveryServer[] = [];
  const trouble = new Set<string>();
  try {
    servers = await openRecoveryServers(io, plan, (error) => {
      trouble.add(`messages are not kept any more: ${error instanceof Error ? error.message : String(error)}`);
    });
    const isFast = totalPacketsPerSecond(plan.streams) > FAST_PACKETS_PER_SECOND;
    if (isFast && plan.streams.some(({ media }) => media !== null)) warmUpSentMedia();
    if (isFast) {
      warmUpFast();
      const feed = plan.streams.find((stream) => stream.feed !== null)?.feed ?? null;
      if (feed !== null) warmUpSentFeeds(feed);
      if (io.capabilities.offload) {
        const superPackets = sinks.some(({ segments }) => segments > 1);
        await rehearse('send', superPackets);
      }
    }
    const runId = part?.runId ?? randomBytes(4).readUInt32BE();
    const name = runId.toString(16).padStart(8, '0');
    const cname = part?.cname ?? shortTermCname();
    asking = isFirst ? await openFeedbackSender(io, plan, all, runId, cname) : null;
    if (asking !== null) post({ type: 'collect', address: asking.address, port: asking.port, run: name });
    // Flows of one stream differ in nothing but their port.
    const told = all.filter(({ share }) => share.index === 0);
    const isAwaited = asking !== null && plan.feedback!.receivers > 0;
    const tellReady = (warnings: readonly string[], realNs: Nanos, sdp: string | null): void => {
      const lines = [...placedLines(told, placedLine), ...recoveryLines(servers, plan)];
      post({
        type: 'ready',
        info: {
          runId: name,
          time: formatRealtime(io.clock.epoch, realNs),
          io: io.name,
          lines: asking === null ? lines : [...lines, asking.line],
          interfaces: [...new Set(all.map(({ via }) => via.name))],
          warnings,
          loopback: all.every(({ via }) => via.loopback),
          sdp,
        },
      });
    };
    const warnings = fragmentWarnings(plan, told);
    if (isAwaited || parts !== null) tellReady(warnings, io.clock.realNs(), null);
    if (isAwaited) {
      await awaitReceivers(io, plan.feedback!, asking!.agent, control);
      post({ type: 'said', text: `receivers that are there: ${asking!.agent.table.present(io.clock.monoNs())}` });
    }
    const evidence = new EvidenceWatch();
    const begin = (): SharedStart => {
      const realNs = io.clock.realNs();
      const monoNs = io.clock.monoNs();
      const leadNs =
        LEAD_NS * (part?.of ?? 1) + MEDIA_LEAD_NS * plan.streams.filter(({ media }) => media !== null).length;
      const first = monoNs + Math.max(leadNs, untilNs(plan.startAtUnixNs, io, realNs));
      return { startRealNs: realNs, startMonoNs: monoNs, firstNs: first };
    };
    const { startRealNs, startMonoNs, firstNs } =
      parts === null ? begin() : await beginTogether(io, parts, isFirst, control, begin);
    const bounded = boundedByEnd(plan, io, startRealNs, firstNs - startMonoNs);
    const legs: SharedLegs = {
      media: new Map(),
      feeds: new Map(),
      remembered: new Map(servers.map((server) => [server.position, server])),
    };
    const built = sinks.map((open) => {
      const isAlone = hasMoreThanControl(open) && sinks.filter(hasMoreThanControl).length === 1;
      return buildLane(io, bounded, open, runId, firstNs, legs, cname, isAlone);
    });
    const lanes = built.map(({ lane }) => lane);
    const streams = built.flatMap((one) => one.streams);
    refuseUnsent(streams);
    const session = new SenderSession(plan, placed, streams, cname, io.clock.epoch.realtimeNs + BigInt(startRealNs));
    const announcing = plan.announce ? await session.announce(io, plan, firstNs) : null;
    const announcers = announcing === null ? [] : [announcing];
    announcedBy.push(...(announcing?.sinks ?? []));
    announcing?.follow(lanes);
    const answering = retransmissionAgents(servers, plan, lanes);
    const others = isFirst && parts !== null ? [new OtherParts(parts)] : [];
    asking?.agent.follow([...lanes, ...others], () => totalsOf(streams, parts));
    const feedback = asking === null ? [] : [asking.agent];
    const receivers = (nowNs: Nanos): Receiver[] =>
      asking === null ? [] : reportedReceivers(asking.agent.table, nowNs);
    const notes = [...new Set([...warnings, ...sinks.flatMap(({ sink }) => sink.notes)])];
    const watch = new ClockWatch(io.clock.epoch);
    const log = new EventLog(io.clock, startMonoNs, (event) => post({ type: 'event', event }));
    const transmitStamps = sinks.map(({ sink }) => new TransmitStamps(sink));
    const transmitDelay = plan.transmitTimestamps ? new Histogram() : null;
    const health = freshLoopHealth();
    let stopped = false;
    const each = intervalJudge(judge.eachLimits, plan.intervalNs, log, startMonoNs);
    const teller = new SenderTeller({
      streams,
      clock: io.clock,
      startMonoNs,
      intervalNs: plan.intervalNs,
      seesRefusals: io.capabilities.refusedSends,
      receivers,
      post,
      judge: each,
    });
    const collect = (): void => {
      if (transmitDelay !== null) for (const stamps of transmitStamps) stamps.take(transmitDelay);
    };
    const result = (complete: boolean): Generator<void, RunResult> => {
      collect();
      return senderResult(io, plan, judge, {
        senderRun: name,
        streams,
        sinks: sinks.map(({ sink, placed: own }) => ({ sink, interfaceName: own[0]!.via.name })),
        quantumNs: Math.max(...built.map(({ quantumNs }) => quantumNs)),
        transmitDelay,
        answering,
        feedback: asking === null ? null : feedbackSection(asking, plan.feedback!.controlPort),
        receivers: receivers(io.clock.monoNs()),
        each,
        sendTimeBoundNs: io.capabilities.departureStamp ? STAMP_SPREAD_NS : null,
        health,
        watch,
        log,
        interfaces: interfaceFacts(all.map(({ via }) => via)),
        evidence: () =>
          evidence.inSteps(
            all.map(({ via }) => via),
            // Of the whole run the first thread can tell.
            isFirst ? () => refusedBy(sinks, parts) : null,
          ),
        facts: {
          runId: name,
          role: 'sender',
          endpoints: [...new Set(plan.streams.map(({ address }) => address.endpoint))],
          startMonoNs,
          endMonoNs: io.clock.monoNs(),
          startRealNs,
          endRealNs: io.clock.realNs(),
          complete,
          notes: [...notes, ...trouble],
        },
      });
    };
    const endsByItself =
      plan.durationNs !== null ||
      plan.count !== null ||
      plan.endAtUnixNs !== null ||
      plan.streams.every((stream, position) => endsWithInput(stream) && !isLive(inputs[position]));
    const working = [...lanes, ...announcers, ...answering, ...feedback, ...others];
    const tellParts = (): void => parts?.tell(totalsOf(streams), refusedBy(sinks));
    const soFar = new ResultSoFar(io.clock, () => result(!endsByItself), post, working);
    const housekeeping = new Housekeeping(
      [
        {
          firstMonoNs: startMonoNs + SECOND_NS,
          periodNs: SECOND_NS,
          run: (nowNs) => {
            collect();
            const step = watch.sample();
            // Of one clock one thread tells.
            if (step !== null && isFirst)
              log.add('clock_step', nowNs, null, `realtime stepped by ${step.byNs / 1e6} ms`, { by_ns: step.byNs });
          },
        },
        {
          firstMonoNs: nextUtcMultiple(io.clock, plan.intervalNs),
          periodNs: plan.intervalNs,
          // Nothing to tell before the first datagram is due.
          run: (nowNs, dueNs) => nowNs > firstNs && teller.tellSome(nowNs, dueNs),
        },
        ...(parts === null ? [] : [{ firstMonoNs: startMonoNs, periodNs: TELL_NS, run: tellParts }]),
      ],
      working,
    );
    const sdp = parts === null ? session.description() : null;
    if (!isAwaited && parts === null) tellReady(warnings, startRealNs, sdp);
    else if (sdp !== null) post({ type: 'described', sdp });
    await runLoop(
      io,
      [...working, housekeeping, soFar],
      {
        poll: (nowNs) => {
          const commands = control.take();
          if (commands === 0) return;
          if ((commands & Command.Snapshot) !== 0) soFar.ask();
          if ((commands & Command.Outline) !== 0) soFar.askOutline({ inFull: control.inFull() });
          if ((commands & Command.Stop) === 0 || stopped) return;
          stopped = true;
          for (const lane of lanes) lane.stop(nowNs);
          announcing?.stop(nowNs);
        },
      },
      health,
    );
    tellParts();
    const endedNs = io.clock.monoNs();
    if (endedNs > firstNs) teller.finish(endedNs);
    watch.sample();
    return whole(result(!stopped || !endsByItself));
  } finally {
    for (const sink of [...sinks.map((open) => open.sink), ...announcedBy]) sink.close();
    for (const server of servers) server.close();
    asking?.close();
    parts?.end();
  }
}

/** `parts`: what the others sent is to be in it. */
function totalsOf(streams: readonly SenderStreamState[], parts: SenderParts | null = null): FeedbackTotals {
  const totals = { scheduled: 0, notSent: 0, octets: 0, ...parts?.othersTotals() };
  for (const { feed, stats, role } of streams) {
    if (role !== 'media') continue;
    totals.scheduled += feed.scheduled;
    totals.notSent += feed.notSent;
    totals.octets += stats.counters[SenderCounter.Octets]!;
  }
  return totals;
}

/** `parts`: what the others saw is to be in it. */
function refusedBy(sinks: readonly OpenSink[], parts: SenderParts | null = null): RefusedSends {
  const refused = { noBuffers: 0, wouldBlock: 0, ...parts?.othersRefused() };
  for (const { sink } of sinks) {
    refused.noBuffers += sink.counters[SocketCounter.NoBuffers]!;
    refused.wouldBlock += sink.counters[SocketCounter.WouldBlock]!;
  }
  return refused;
}

/** A transport stream or a capture that is sent once. */
function endsWithInput({ media, replay, feed }: SendStream): boolean {
  const input = media ?? replay ?? (feed?.input.kind === 'itch' ? feed : null);
  return input !== null && !input.loop;
}

/** It has no end that anybody knows of. */
function isLive(input: SharedInput | null | undefined): boolean {
  return input?.kind === 'ring' && input.live;
}

/** ns from now to an absolute time; 0 when there is none or it has passed. */
function untilNs(unixNs: bigint | null, io: Io, nowRealNs: Nanos): Nanos {
  return unixNs === null ? 0 : Math.max(0, Number(unixNs - io.clock.epoch.realtimeNs) - nowRealNs);
}

/** `--end-at` is a duration that is known only when it begins; a shorter one holds as it is. */
function boundedByEnd(plan: SendPlan, io: Io, nowRealNs: Nanos, leadNs: Nanos): SendPlan {
  if (plan.endAtUnixNs === null) return plan;
  const untilEndNs = Math.max(0, untilNs(plan.endAtUnixNs, io, nowRealNs) - leadNs);
  return { ...plan, durationNs: Math.min(plan.durationNs ?? Infinity, untilEndNs) };
}

/** Whether media, FEC or probes leave through it. */
function hasMoreThanControl({ placed }: OpenSink): boolean {
  return placed.some(({ role }) => role !== 'control');
}
