/** Options and endpoints to a complete plan: endpoint parameter, then flag, then default; every rule checked. */
import { McastError } from '../core/errors.js';
import { formatDurationNs } from '../core/units.js';
import type { CommonPlan, FlowReplay, ReceivePlan, SendPlan, SendStream } from './plan.js';
import type { EachLimit } from '../result/eachLimits.js';
import type { Limit } from '../result/limits.js';
import { REORDER_WINDOW_NS, REORDER_WINDOW_PACKETS } from '../impair/spec.js';
import type { Instant, ReorderWindow } from './optionValues.js';
import { limitPlan } from './limitPlan.js';
import { exportPlan, type ExportPlan } from './exportPlan.js';
import { OPTIONS, type CommandName, type OptionValues } from './options.js';
import { receiveFeedback, sendFeedback, SILENT } from './feedbackPlan.js';
import { throwProblems, type GivenOptions } from './readOptions.js';
import { refuseSharedPorts } from './recoveryPlan.js';
import { receiveStreams } from './receiveStreams.js';
import { reportPlan } from './reportPlan.js';
import type { ReportTarget } from './reportValues.js';
import { capturePath, flowReplay, noCapture, REPLAY_ONLY, unreadableInput } from './replayPlan.js';
import { rateProblem, sendStreams, totalBitPerSecond } from './sendStreams.js';
import { refuseUnusedByReceiver, refuseUnusedBySender } from './schemeOptions.js';
import { sessionPlan } from './sessionPlan.js';
import { isUnicast, readTargets, type PlanContext, type Target, type Targets } from './targets.js';
import { messageTimeZone } from './streamValues.js';
import { onlyCpu, threadPlan } from './threadPlan.js';
import { refuseTwins } from './twins.js';

export type { PlanContext } from './targets.js';

/** Of a sender that was not told when to end. */
const DURATION_NS: Readonly<Partial<Record<CommandName, number>>> = {
  send: 10e9,
  check: 1e9,
  demo: 8e9,
  // Of its longest search; what is sent is bounded by that.
  capacity: 60e9,
};
/** How long the receiver of `check` and `demo` waits for its own sender. */
const PAIR_WAIT_NS = 2e9;
/**
 * A picture would rather have its packets late than not at all: decoders hold about a second (ISO/IEC 13818-1 section
 * 2.4.2.6). So would who reads a capture or follows a feed: what is left out is a loss that nobody asked for.
 */
const INPUT_MAX_LATE_NS = 1e9;
const SAFE_DURATION_NS = 3600e9;
/** Both ends are in one process. */
const NO_FEEDBACK = { feedback: null, feedbackKey: null } as const;
const SHORTEST_INTERVAL_NS = 10e6;

/** What is done with the result; everything else is in the plan. */
export interface OutputPlan {
  /** File of `--json`, `-` for stdout; `null`: text for people. */
  readonly json: string | null;
  /** Files of `--report`. */
  readonly reports: readonly ReportTarget[];
  readonly quiet: boolean;
  /** Lines, not the live view. */
  readonly plain: boolean;
  readonly utc: boolean;
  readonly readyFile: string | null;
  readonly limits: readonly Limit[];
  /** On every interval. */
  readonly eachLimits: readonly EachLimit[];
  readonly allowSilence: boolean;
  readonly exports: ExportPlan;
}

/** Throws McastError, all problems at once. */
export function planSend(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
): { plan: SendPlan; output: OutputPlan } {
  const problems: McastError[] = [];
  if (given.values.both !== undefined) problems.push(usage('both: open a receiver beside the sender'));
  const targets = readTargets(operands, given, context, problems);
  const plan = sendPlan(targets, given.command, context, problems);
  const output = outputPlan(targets.run, problems, targets.list);
  throwProblems(distinct(problems));
  return { plan, output };
}

/** Throws McastError, all problems at once. */
export function planReceive(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
): { plan: ReceivePlan; output: OutputPlan } {
  const problems: McastError[] = [];
  const targets = readTargets(operands, given, context, problems);
  const plan = receivePlan(targets, given.command, context, problems);
  refuseUnusedByReceiver(targets, problems);
  const output = outputPlan(targets.run, problems, targets.list);
  throwProblems(distinct(problems));
  return { plan, output };
}

/** A sender and its own receiver, for `check` and `demo`: the receiver ends when the sender's streams have. */
export function planPair(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
): { send: SendPlan; receive: ReceivePlan; output: OutputPlan } {
  const problems: McastError[] = [];
  const targets = readTargets(operands, given, context, problems);
  const send = sendPlan(targets, given.command, context, problems);
  const received = receivePlan(targets, given.command, context, problems);
  const receive: ReceivePlan = {
    ...received,
    seed: send.seed,
    durationNs: null,
    count: null,
    once: true,
    expectedRates: received.places.map(({ role, position }) =>
      role === 'media' ? totalBitPerSecond([send.streams[position]!]) : null,
    ),
    sentMarks: received.places.map(({ position }) => {
      const { ttl, tos } = send.streams[position]!;
      return { ttl, dscp: tos >>> 2 };
    }),
    waitNs: targets.run.wait ?? PAIR_WAIT_NS,
  };
  const output = outputPlan(targets.run, problems, targets.list);
  throwProblems(distinct(problems));
  return { send, receive, output };
}

/** What `analyze`, `dump` and `report` do with their result. Throws McastError, all problems at once. */
export function planOutput(given: GivenOptions, judged: readonly Target[] = []): OutputPlan {
  const problems: McastError[] = [];
  const output = outputPlan(given.values, problems, judged);
  throwProblems(problems);
  return output;
}

function sendPlan(targets: Targets, command: CommandName, context: PlanContext, problems: McastError[]): SendPlan {
  const { run } = targets;
  const seed = run.seed ?? context.random() >>> 0;
  const flows = targets.list.length > 0 || problems.length > 0 ? null : flowsOf(run, seed, context, problems);
  const ofTarget = targets.list.map((target) => sendStreams(target, run, seed, context.files, problems));
  const streams = ofTarget.flat();
  const planned = flows === null ? streams : [flows.template];
  const replays = planned.filter(({ replay }) => replay !== null);
  const isOnPipe = planned.length === 0 && run.input?.kind === 'stdin';
  if (replays.length === 0 && !isOnPipe) refuseReplayOptions(targets, planned.some(readsMessages), context, problems);
  else if (command !== 'send' && !isOnPipe)
    problems.push(usage(`a capture is sent again by mcast send, not by mcast ${command}`));
  refuseUnusedBySender(targets, ofTarget, planned, problems);
  const legs = streams.flatMap(({ legB }) => (legB === null ? [] : [legB.address]));
  refuseTwins(
    [...streams.map((stream) => stream.address), ...legs],
    legs.length > 0 ? 'one is enough' : 'several flows into one group are --flows n',
    problems,
  );
  refuseSharedPorts(streams, problems);
  const common = commonPlan(targets, command, context, seed, problems);
  const bounded = common.count !== null || common.endAtUnixNs !== null;
  // A transport stream and a capture are sent to their end, or for ever.
  const endsWithInput = planned.every(hasInput) && command === 'send';
  const durationNs = common.durationNs ?? (bounded || endsWithInput ? null : (DURATION_NS[command] ?? null));
  const plan: SendPlan = {
    ...common,
    durationNs,
    streams,
    flowReplay: flows,
    ...threadPlan(run, streams, flows, problems),
    quantumNs: run.quantum ?? null,
    maxLateNs:
      run['max-late'] ??
      (planned.some((stream) => hasInput(stream) || stream.feed !== null) ? INPUT_MAX_LATE_NS : fallbackOf('max-late')),
    loopback: run['no-local'] !== true,
    sendBufferOctets: run.sndbuf ?? fallbackOf('sndbuf'),
    dontFragment: run.df === true,
    fragmentsExpected: run.fragment === true,
    transmitTimestamps: common.timestamps === 'kernel' || common.timestamps === 'hardware',
    ...sessionPlan(run, planned, problems),
    ...(command === 'send' || command === 'capacity'
      ? sendFeedback(run, streams, context.files, problems)
      : NO_FEEDBACK),
    force: run.force === true,
  };
  if (run.df === true && run.fragment === true) problems.push(usage('--df forbids fragments, --fragment expects them'));
  // Of what is wrong the rate says nothing.
  if (!plan.force && problems.length === 0) checkSafety(plan, context, problems);
  return plan;
}

function receivePlan(
  targets: Targets,
  command: CommandName,
  context: PlanContext,
  problems: McastError[],
): ReceivePlan {
  const { run } = targets;
  const received = receiveStreams(targets, problems);
  const { streams } = received;
  const feedback =
    command === 'recv' ? receiveFeedback(targets, received, isUnicast(targets), context.files, problems) : SILENT;
  refuseTwins(streams, 'one is enough', problems);
  const busyPollNs = run['busy-poll'] ?? fallbackOf('busy-poll');
  const window = reorderWindow(run);
  onlyCpu(run, problems);
  const common = commonPlan(targets, command, context, run.seed ?? context.random() >>> 0, problems);
  return {
    ...common,
    ...received,
    mergeWindowNs: run['merge-window'] ?? fallbackOf('merge-window'),
    waitNs: run.wait ?? null,
    once: run.once === true,
    untilIdleNs: run['until-idle'] ?? null,
    receiveBufferOctets: run.rcvbuf ?? fallbackOf('rcvbuf'),
    gatherNs: run.gather ?? (busyPollNs > 0 ? 0 : fallbackOf('gather')),
    busyPollUs: Math.ceil(busyPollNs / 1000),
    reorderWindowNs: window.ns,
    reorderWindowPackets: window.packets,
    maxStreams: run['max-streams'] ?? fallbackOf('max-streams'),
    detail: run.detail ?? fallbackOf('detail'),
    drain: run.drain ?? null,
    messageTimeZone: messageTimeZone(run),
    capture: run.capture ?? null,
    passive: run.rtcp !== true && feedback.feedback === null && !feedback.answersIperf,
    rtcp: run.rtcp === true,
    ...feedback,
    force: run.force === true,
  };
}

function commonPlan(
  targets: Targets,
  command: CommandName,
  context: PlanContext,
  seed: number,
  problems: McastError[],
): CommonPlan {
  const { run } = targets;
  const startAtUnixNs = instantOf(run['start-at'], context.nowUnixNs);
  const endAtUnixNs = instantOf(run['end-at'], context.nowUnixNs);
  if (startAtUnixNs !== null && startAtUnixNs < context.nowUnixNs) {
    problems.push(usage('--start-at: that instant is over'));
  }
  if (endAtUnixNs !== null && endAtUnixNs <= (startAtUnixNs ?? context.nowUnixNs)) {
    problems.push(usage(`--end-at: that is not after ${startAtUnixNs === null ? 'now' : '--start-at'}`));
  }
  const intervalNs = checkInterval(run, problems);
  const durationNs = run.duration ?? null;
  const omitNs = run.omit ?? 0;
  if (durationNs !== null && omitNs >= durationNs) problems.push(usage('--omit leaves nothing of --duration'));
  return {
    command,
    argv: context.argv,
    io: run.io ?? 'auto',
    unicast: isUnicast(targets),
    durationNs,
    count: run.count ?? null,
    intervalNs,
    omitNs,
    startAtUnixNs,
    endAtUnixNs,
    seed,
    cpu: run.cpu?.[0] ?? null,
    realtime: run.realtime === true,
    name: run.name ?? null,
    labels: Object.fromEntries(run.label ?? []),
    inject: run.inject ?? null,
    timestamps: run.timestamps ?? 'auto',
    offload: run.offload ?? 'auto',
    spinNs: run.spin ?? null,
  };
}

/** What is done with the result; what is wrong is appended to `problems`. `list`: may have limits of their own. */
export function outputPlan(run: OptionValues, problems: McastError[], list: readonly Target[] = []): OutputPlan {
  if (run.json === '-' && run.capture === '-') {
    problems.push(usage('--json and --capture cannot both be stdout: give one of them a file'));
  }
  return {
    json: run.json ?? null,
    reports: reportPlan(run, problems),
    quiet: run.quiet === true,
    plain: run.plain === true,
    utc: run.utc === true,
    readyFile: run['ready-file'] ?? null,
    ...limitPlan(run, list, problems),
    allowSilence: run['allow-silence'] === true,
    exports: exportPlan(run, problems),
  };
}

/** Without an endpoint there must be a capture: what is sent of it, and where. */
function flowsOf(run: OptionValues, seed: number, context: PlanContext, problems: McastError[]): FlowReplay | null {
  const capture = capturePath(run.input, context.files);
  if (capture !== null) return flowReplay(capture, run, seed, (message) => problems.push(usage(message)));
  problems.push(unreadableInput(run.input, context.files) ?? noCapture(run.input));
  return null;
}

function refuseReplayOptions(
  { list, run }: Targets,
  hasMessages: boolean,
  { files }: PlanContext,
  problems: McastError[],
): void {
  // What is to tell the groups and is no capture has been named.
  if (list.length === 0 && run.input?.kind === 'named') return;
  const given = [run, ...list.map(({ own }) => own)];
  for (const name of REPLAY_ONLY) {
    // Messages of a file have times of their own, too.
    const isOfMessages = name === 'zone' ? messageTimeZone(run) !== null : name === 'speed' && hasMessages;
    if (isOfMessages || given.every((values) => values[name] === undefined)) continue;
    const unread = given.map(({ input }) => unreadableInput(input, files)).find((one) => one !== null);
    const none = hasMessages ? ', which are sent to udp://, or without an endpoint' : ': --input names none';
    const instead = name === 'zone' ? ' and for --message-time: give one of them' : none;
    problems.push(unread ?? usage(`--${name} is for captures (pcap, pcapng)${instead}`));
  }
}

/** It ends by itself, or is meant to go on. */
function hasInput(stream: SendStream): boolean {
  return stream.media !== null || stream.replay !== null || readsMessages(stream);
}

/** It is a feed whose messages come from a file. */
function readsMessages({ feed }: SendStream): boolean {
  return feed !== null && feed.input.kind === 'itch';
}

/** More than 1 Gbit/s, or more than an hour that nobody asked for by `--duration`. */
function checkSafety(plan: SendPlan, context: PlanContext, problems: McastError[]): void {
  const tooFast = rateProblem(plan.streams);
  if (tooFast !== null) problems.push(tooFast);
  if (plan.durationNs !== null || plan.streams.every(hasInput)) return;
  const lastNs = Math.min(countNs(plan), endNs(plan, context));
  if (lastNs > SAFE_DURATION_NS) {
    problems.push(
      new McastError('ERR_SAFETY', 'this would send for more than an hour: that wants --duration or --force'),
    );
  }
}

/** How long `--count` takes. */
function countNs(plan: SendPlan): number {
  if (plan.count === null) return Infinity;
  const slowest = Math.min(...plan.streams.map((stream: SendStream) => stream.packetsPerSecond), Infinity);
  return (plan.count / slowest) * 1e9;
}

function endNs(plan: SendPlan, context: PlanContext): number {
  if (plan.endAtUnixNs === null) return Infinity;
  return Number(plan.endAtUnixNs - (plan.startAtUnixNs ?? context.nowUnixNs));
}

/** Length of the intervals, ns. */
export function checkInterval(run: OptionValues, problems: McastError[]): number {
  const intervalNs = run.interval ?? fallbackOf('interval');
  if (intervalNs < SHORTEST_INTERVAL_NS) {
    problems.push(usage(`--interval: ${formatDurationNs(intervalNs)} is too short, at least 10ms`));
  }
  return intervalNs;
}

/** When a number is taken for lost. */
export function reorderWindow(run: OptionValues): ReorderWindow {
  return run['reorder-window'] ?? { ns: REORDER_WINDOW_NS, packets: REORDER_WINDOW_PACKETS };
}

function instantOf(instant: Instant | undefined, nowUnixNs: bigint): bigint | null {
  if (instant === undefined) return null;
  return 'unixNs' in instant ? instant.unixNs : nowUnixNs + BigInt(instant.afterNs);
}

type NumericOption =
  | 'max-late'
  | 'sndbuf'
  | 'busy-poll'
  | 'rcvbuf'
  | 'gather'
  | 'max-streams'
  | 'detail'
  | 'interval'
  | 'merge-window'
  | 'settle';

/** The default that the help states. */
export function fallbackOf(name: NumericOption): number {
  return OPTIONS[name].read(OPTIONS[name].fallback!);
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}

/** One flag that is wrong for a hundred endpoints is one problem. */
function distinct(problems: readonly McastError[]): McastError[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const what = problem.message.replace(/^(\S+:\d+: )?endpoint "[^"]*": /, '');
    if (seen.has(what)) return false;
    seen.add(what);
    return true;
  });
}
