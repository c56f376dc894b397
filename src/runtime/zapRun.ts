import { randomBytes } from 'node:crypto';
import { ZapAttempt } from '../analysis/zapAttempt.js';
import { ReceiveBatch } from '../core/batch.js';
import { formatHostPort } from '../core/format.js';
import { Random } from '../core/random.js';
import { formatRealtime, realToMonoNs, type Nanos } from '../core/time.js';
import { formatDurationNs } from '../core/units.js';
import type { Io } from '../io/datagram.js';
import type { NetworkInterface } from '../io/interfaces.js';
import { ZapCounts } from '../metrics/zapCounts.js';
import type { ZapPlan } from '../profile/zapPlan.js';
import { buildZap, zapRow } from '../result/buildZap.js';
import type { Membership, RunResult } from '../result/model.js';
import { ClockWatch } from './clockWatch.js';
import { Command, type RunControl } from './control.js';
import { EventLog } from './eventLog.js';
import { EvidenceWatch } from './evidence.js';
import { freshLoopHealth, runLoop } from './loop.js';
import type { Judge, RunMessage } from './messages.js';
import { membershipsOf } from './receiverResult.js';
import { openSources, type OpenSource, type SourcesPlan } from './receiverSetup.js';
import { SocketTally } from './socketTally.js';
import { streamlessResult, type StreamlessRun } from './streamlessResult.js';
import { prepareThread } from './thread.js';
import { ZapAgent } from './zapAgent.js';
import { zapOrder } from './zapOrder.js';

const MESSAGES = 64;

/** Changes from channel to channel on this thread, to its end or until stopped, and gives the result. */
export async function runZap(
  io: Io,
  plan: ZapPlan,
  judge: Judge,
  control: RunControl,
  post: (message: RunMessage) => void,
): Promise<RunResult> {
  prepareThread(plan);
  const run = new ZapRun(io, plan, judge, control, post);
  const random = plan.seed === null ? null : new Random(plan.seed);
  let present = -1;
  for (let cycle = 1; cycle <= plan.cycles && !run.isStopped; cycle++) {
    for (const channel of zapOrder(plan.streams.length, random, present)) {
      // In step with the streams, all changes would find their pictures at the same distance.
      await run.change(cycle, channel, random?.unit() ?? 0);
      if (run.isStopped) break;
      present = channel;
    }
  }
  return run.result(!run.isStopped);
}

class ZapRun {
  isStopped = false;
  readonly #io: Io;
  readonly #plan: ZapPlan;
  readonly #judge: Judge;
  readonly #control: RunControl;
  readonly #post: (message: RunMessage) => void;
  readonly #batch = new ReceiveBatch(MESSAGES);
  readonly #runId = randomBytes(4).readUInt32BE().toString(16).padStart(8, '0');
  readonly #startRealNs: Nanos;
  readonly #startMonoNs: Nanos;
  readonly #counts: readonly ZapCounts[];
  /** By channel; `null`: not joined yet. */
  readonly #memberships: (readonly Membership[] | null)[];
  readonly #via = new Map<number, NetworkInterface>();
  readonly #tally = new SocketTally();
  readonly #watch: ClockWatch;
  readonly #log: EventLog;
  readonly #evidence = new EvidenceWatch();
  readonly #health = freshLoopHealth();
  #unstamped = 0;
  #isReady = false;

  constructor(io: Io, plan: ZapPlan, judge: Judge, control: RunControl, post: (message: RunMessage) => void) {
    this.#io = io;
    this.#plan = plan;
    this.#judge = judge;
    this.#control = control;
    this.#post = post;
    this.#startMonoNs = io.clock.monoNs();
    this.#startRealNs = this.#startMonoNs - realToMonoNs(io.clock);
    this.#counts = plan.streams.map(() => new ZapCounts());
    this.#memberships = plan.streams.map(() => null);
    this.#watch = new ClockWatch(io.clock.epoch);
    this.#log = new EventLog(io.clock, this.#startMonoNs, (event) => post({ type: 'event', event }));
  }

  /** Joins a channel, watches it and leaves it: when all is found in it, or after `linger` of the time that is left, 0..1. */
  async change(cycle: number, channel: number, linger: number): Promise<void> {
    const { clock } = this.#io;
    const { dwellNs, streams } = this.#plan;
    const address = streams[channel]!;
    const open = await openSources(this.#io, this.#channelPlan(channel));
    const sources = open.map(({ source }) => source);
    try {
      this.#tellReady(open);
      // The first join counts, where a channel takes several sockets.
      const joinRealNs = Math.min(...sources.map((source) => source.joinRealNs));
      const joinMonoNs = joinRealNs + realToMonoNs(clock);
      const attempt = new ZapAttempt(joinMonoNs, dwellNs);
      const agent = new ZapAgent(sources, this.#batch, attempt, joinMonoNs + dwellNs, linger);
      await runLoop(this.#io, [agent], { poll: () => this.#obey(agent) }, this.#health);
      // Asked while it is joined, but only when nothing waits to be read.
      this.#memberships[channel] ??= membershipsOf(this.#io, open);
      this.#unstamped += agent.unstamped;
      if (agent.wasStopped && !attempt.isComplete) return;
      const times = attempt.times();
      this.#counts[channel]!.record(times);
      const time = formatRealtime(clock.epoch, joinRealNs);
      this.#post({ type: 'zap', time, row: zapRow(cycle, address, times) });
    } finally {
      for (const { source } of open) this.#tally.close(source);
    }
    const step = this.#watch.sample();
    if (step === null) return;
    const text = `realtime stepped by ${step.byNs / 1e6} ms`;
    this.#log.add('clock_step', clock.monoNs(), null, text, { by_ns: step.byNs });
  }

  result(complete: boolean): RunResult {
    const plan = this.#plan;
    const channels = plan.streams.map((address, channel) => ({ address, counts: this.#counts[channel]! }));
    const run: StreamlessRun = {
      io: this.#io,
      plan,
      runId: this.#runId,
      streams: plan.streams,
      startMonoNs: this.#startMonoNs,
      startRealNs: this.#startRealNs,
      complete,
      via: [...this.#via.values()],
      watch: this.#watch,
      tally: this.#tally,
      unstamped: this.#unstamped,
      memberships: this.#memberships.flatMap((memberships) => memberships ?? []),
      log: this.#log,
      evidence: this.#evidence,
      loop: this.#health,
      judge: this.#judge,
    };
    return streamlessResult(run, { zap: buildZap(plan, channels) });
  }

  #channelPlan(channel: number): SourcesPlan {
    const { receiveBufferOctets, timestamps, streams } = this.#plan;
    return {
      streams: [streams[channel]!],
      places: [{ role: 'media', leg: 0, position: 0, hasLegs: false }],
      expectedRates: [null],
      unicast: false,
      receiveBufferOctets,
      timestamps,
      busyPollUs: 0,
      force: false,
    };
  }

  /** Once, with the first channel joined. */
  #tellReady(open: readonly OpenSource[]): void {
    for (const { via } of open) this.#via.set(via.index, via);
    if (this.#isReady) return;
    this.#isReady = true;
    const { streams, cycles, dwellNs } = this.#plan;
    const [first] = open;
    const { group, port } = first!.planned;
    const changes = `${streams.length} ${streams.length === 1 ? 'channel' : 'channels'}, ${cycles} times each`;
    const where = `${formatHostPort(group, port)} on ${first!.via.name} (${first!.reason})`;
    this.#post({
      type: 'ready',
      info: {
        runId: this.#runId,
        time: formatRealtime(this.#io.clock.epoch, this.#startRealNs),
        io: this.#io.name,
        lines: [`${changes}, for at most ${formatDurationNs(dwellNs)}; first ${where}`],
        interfaces: [...new Set(open.map(({ via }) => via.name))],
        warnings: [],
        loopback: open.every(({ via }) => via.loopback),
        sdp: null,
      },
    });
  }

  #obey(agent: ZapAgent): void {
    const commands = this.#control.take();
    if ((commands & (Command.Snapshot | Command.Outline)) !== 0)
      this.#post({ type: 'partial', result: this.result(false) });
    if ((commands & Command.Stop) === 0) return;
    this.isStopped = true;
    agent.stop();
  }
}
