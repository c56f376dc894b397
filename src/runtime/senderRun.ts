import { randomBytes } from 'node:crypto';
import { whole } from '../core/steps.js';
import { formatRealtime, realToMonoNs, type Nanos } from '../core/time.js';
import type { Io } from '../io/datagram.js';
import type { SendPlan, SendStream } from '../profile/plan.js';
import { dealtTo } from '../profile/threadPlan.js';
import type { RunResult } from '../result/model.js';
import type { Agent } from './agent.js';
import { awaitReceivers } from './awaitReceivers.js';
import { Command, type RunControl } from './control.js';
import { EvidenceWatch } from './evidence.js';
import { openFeedbackSender } from './feedbackSetup.js';
import { refuseForeignSender } from './foreignSender.js';
import { fragmentWarnings } from './fragmentWarnings.js';
import { Housekeeping } from './housekeeping.js';
import { refuseUnsent } from './inputReport.js';
import { runLoop } from './loop.js';
import type { WorkerMessage, WorkerTask } from './messages.js';
import { placedLine } from './placedLine.js';
import { placedLines } from './placedLines.js';
import { ownStreams, placeStreams, type PlacedStream } from './placedStream.js';
import { recoveryLines, retransmissionAgents } from './recoveryServers.js';
import { rehearse } from './rehearsal.js';
import { refuseScattered } from './replaySetup.js';
import { ResultSoFar } from './resultSoFar.js';
import { shortTermCname } from './rtcpIdentity.js';
import { SenderAccount } from './senderAccount.js';
import { beginTogether, OtherParts, SenderParts, type SharedStart } from './senderParts.js';
import { SenderSession } from './senderSession.js';
import { buildLane, totalPacketsPerSecond, type BuiltLane, type OpenSink, type SharedLegs } from './senderSetup.js';
import { SenderSockets } from './senderSockets.js';
import type { SharedInput } from './sharedInput.js';
import { prepareThread } from './thread.js';
import { nextUtcMultiple } from './utcTime.js';
import { warmUpFast } from './warmSender.js';
import { warmUpSentMedia } from './warmSentMedia.js';
import { warmUpSentFeeds } from './warmSequencedFeeds.js';

type SendTask = Extract<WorkerTask, { kind: 'send' }>;

/** From the first instruction to the first datagram: what building the lanes may take. */
const LEAD_NS = 10e6;
/** And for each transport stream, which is read ahead. */
const MEDIA_LEAD_NS = 1e6;
const SECOND_NS = 1e9;
/** How often a thread tells the others what it has sent. */
const TELL_NS = 100e6;
/** Above this rate even the first milliseconds want compiled code. */
const FAST_PACKETS_PER_SECOND = 5_000;

/** Carries out a send plan, or this thread's part of it: opens, sends to the end or until stopped, and gives the result. */
export async function runSender(
  io: Io,
  task: SendTask,
  control: RunControl,
  post: (message: WorkerMessage) => void,
): Promise<RunResult> {
  const { plan, inputs, part } = task;
  prepareThread({ cpu: plan.cpus[part?.index ?? 0] ?? null, realtime: plan.realtime });
  const all = await placeStreams(plan, inputs);
  // What is of the whole run is the first thread's.
  const isFirst = part === null || part.index === 0;
  const parts = part === null ? null : new SenderParts(part.memory, part.index, part.of);
  if (isFirst && !plan.force && !plan.unicast) await refuseForeignSender(io, all);
  refuseScattered(all);
  const placed = part === null ? all : ownStreams(all, dealtTo(part.index, part.of, plan.streams));
  const sockets = await SenderSockets.open(io, plan, placed);
  try {
    await warmUp(io, plan, sockets.sinks);
    const run = part?.runId ?? randomBytes(4).readUInt32BE();
    const runId = run.toString(16).padStart(8, '0');
    const cname = part?.cname ?? shortTermCname();
    if (isFirst) sockets.asking = await openFeedbackSender(io, plan, all, run, cname);
    const { asking } = sockets;
    if (asking !== null) post({ type: 'collect', address: asking.address, port: asking.port, run: runId });
    const warnings = fragmentWarnings(plan, ofOneFlow(all));
    const isAwaited = asking !== null && plan.feedback!.receivers > 0;
    const isEarly = isAwaited || parts !== null;
    const ready = { type: 'ready', info: readyInfo(io, plan, all, sockets, runId, warnings) } as const;
    if (isEarly) post(ready);
    if (isAwaited) {
      await awaitReceivers(io, plan.feedback!, asking.agent, control);
      post({ type: 'said', text: `receivers that are there: ${asking.agent.table.present(io.clock.monoNs())}` });
    }
    const evidence = new EvidenceWatch();
    const begin = (): SharedStart => startOf(io, plan, part?.of ?? 1);
    const start = parts === null ? begin() : await beginTogether(io, parts, isFirst, control, begin);
    const { startRealNs, startMonoNs, firstNs } = start;
    const built = buildLanes(
      io,
      boundedByEnd(plan, io, startRealNs, firstNs - startMonoNs),
      sockets,
      run,
      firstNs,
      cname,
    );
    const lanes = built.map(({ lane }) => lane);
    const streams = built.flatMap((one) => one.streams);
    refuseUnsent(streams);
    const session = new SenderSession(plan, placed, streams, cname, io.clock.epoch.realtimeNs + BigInt(startRealNs));
    if (plan.announce) sockets.announcing = await session.announce(io, plan, firstNs);
    const { announcing } = sockets;
    announcing?.follow(lanes);
    const answering = retransmissionAgents(sockets.servers, plan, lanes);
    const others = isFirst && parts !== null ? [new OtherParts(parts)] : [];
    const given = { io, task, sockets, built, answering, all, parts, isFirst, runId, start, warnings, evidence, post };
    const account = new SenderAccount(given);
    asking?.agent.follow([...lanes, ...others], () => account.totals());
    const agents = [...lanes, announcing, ...answering, asking?.agent ?? null, ...others];
    const working = agents.filter((one) => one !== null);
    const sdp = parts === null ? session.description() : null;
    if (!isEarly)
      post({ type: 'ready', info: { ...ready.info, time: formatRealtime(io.clock.epoch, startRealNs), sdp } });
    else if (sdp !== null) post({ type: 'described', sdp });
    const stop = (nowNs: Nanos): void => {
      for (const lane of lanes) lane.stop(nowNs);
      announcing?.stop(nowNs);
    };
    const isStopped = await work(io, task, control, start, working, account, stop, post);
    account.tellParts();
    const endedNs = io.clock.monoNs();
    if (endedNs > firstNs) account.teller.finish(endedNs);
    account.look(endedNs);
    return whole(account.result(!isStopped || !endsByItself(plan, inputs)));
  } finally {
    sockets.close();
    parts?.end();
  }
}

/** Compiles what will be in a hurry. */
async function warmUp(io: Io, plan: SendPlan, sinks: readonly OpenSink[]): Promise<void> {
  if (totalPacketsPerSecond(plan.streams) <= FAST_PACKETS_PER_SECOND) return;
  if (plan.streams.some(({ media }) => media !== null)) warmUpSentMedia();
  warmUpFast();
  const feed = plan.streams.find((stream) => stream.feed !== null)?.feed ?? null;
  if (feed !== null) warmUpSentFeeds(feed);
  if (!io.capabilities.offload) return;
  const superPackets = sinks.some(({ segments }) => segments > 1);
  await rehearse('send', superPackets);
}

/** Flows of one stream differ in nothing but their port: one of them stands for all. */
function ofOneFlow(all: readonly PlacedStream[]): PlacedStream[] {
  return all.filter(({ share }) => share.index === 0);
}

/** What is known before it begins. */
function readyInfo(
  io: Io,
  plan: SendPlan,
  all: readonly PlacedStream[],
  { servers, asking }: SenderSockets,
  runId: string,
  warnings: readonly string[],
): Extract<WorkerMessage, { type: 'ready' }>['info'] {
  const lines = [...placedLines(ofOneFlow(all), placedLine), ...recoveryLines(servers, plan)];
  return {
    runId,
    time: formatRealtime(io.clock.epoch, io.clock.realNs()),
    io: io.name,
    lines: asking === null ? lines : [...lines, asking.line],
    interfaces: [...new Set(all.map(({ via }) => via.name))],
    warnings,
    loopback: all.every(({ via }) => via.loopback),
    sdp: null,
  };
}

/** It begins when all of these `threads` have built their lanes, or when it was asked for. */
function startOf(io: Io, plan: SendPlan, threads: number): SharedStart {
  const startMonoNs = io.clock.monoNs();
  const startRealNs = startMonoNs - realToMonoNs(io.clock);
  const leadNs = LEAD_NS * threads + MEDIA_LEAD_NS * plan.streams.filter(({ media }) => media !== null).length;
  const firstNs = startMonoNs + Math.max(leadNs, untilNs(plan.startAtUnixNs, io, startRealNs));
  return { startRealNs, startMonoNs, firstNs };
}

function buildLanes(
  io: Io,
  plan: SendPlan,
  { sinks, servers }: SenderSockets,
  run: number,
  firstNs: Nanos,
  cname: string,
): BuiltLane[] {
  const legs: SharedLegs = {
    media: new Map(),
    feeds: new Map(),
    remembered: new Map(servers.map((server) => [server.position, server])),
  };
  return sinks.map((open) => {
    const isAlone = hasMoreThanControl(open) && sinks.filter(hasMoreThanControl).length === 1;
    return buildLane(io, plan, open, run, firstNs, legs, cname, isAlone);
  });
}

/** From its beginning until its end; whether it was stopped. */
async function work(
  io: Io,
  { plan, inputs, part }: SendTask,
  control: RunControl,
  { startMonoNs, firstNs }: SharedStart,
  working: readonly Agent[],
  account: SenderAccount,
  stop: (nowNs: Nanos) => void,
  post: (message: WorkerMessage) => void,
): Promise<boolean> {
  const soFar = new ResultSoFar(io.clock, () => account.result(!endsByItself(plan, inputs)), post, working);
  const housekeeping = new Housekeeping(
    [
      { firstMonoNs: startMonoNs + SECOND_NS, periodNs: SECOND_NS, run: (nowNs) => account.look(nowNs) },
      {
        firstMonoNs: nextUtcMultiple(io.clock, plan.intervalNs),
        periodNs: plan.intervalNs,
        // Nothing to tell before the first datagram is due.
        run: (nowNs, dueNs) => nowNs > firstNs && account.teller.tellSome(nowNs, dueNs),
      },
      ...(part === null ? [] : [{ firstMonoNs: startMonoNs, periodNs: TELL_NS, run: () => account.tellParts() }]),
    ],
    working,
  );
  let isStopped = false;
  const poll = (nowNs: Nanos): void => {
    const commands = control.take();
    if (commands === 0) return;
    if ((commands & Command.Snapshot) !== 0) soFar.ask();
    if ((commands & Command.Outline) !== 0) soFar.askOutline({ inFull: control.inFull() });
    if ((commands & Command.Stop) === 0 || isStopped) return;
    isStopped = true;
    stop(nowNs);
  };
  await runLoop(io, [...working, housekeeping, soFar], { poll }, account.health);
  return isStopped;
}

function endsByItself(plan: SendPlan, inputs: SendTask['inputs']): boolean {
  return (
    plan.durationNs !== null ||
    plan.count !== null ||
    plan.endAtUnixNs !== null ||
    plan.streams.every((stream, position) => endsWithInput(stream) && !isLive(inputs[position]))
  );
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
