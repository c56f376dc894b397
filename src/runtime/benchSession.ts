import { randomBytes } from 'node:crypto';
import { formatRealtime, realToMonoNs, type Nanos } from '../core/time.js';
import type { Io } from '../io/datagram.js';
import type { NetworkInterface } from '../io/interfaces.js';
import type { BenchPlan } from '../profile/benchPlan.js';
import type { StreamAddress } from '../profile/plan.js';
import type { Bench, Membership, RunResult } from '../result/model.js';
import type { Agent } from './agent.js';
import { ClockWatch } from './clockWatch.js';
import { Command, type RunControl } from './control.js';
import { EventLog } from './eventLog.js';
import { EvidenceWatch } from './evidence.js';
import { freshLoopHealth, runLoop } from './loop.js';
import type { Judge, RunMessage } from './messages.js';
import { openSources, type OpenSource } from './receiverSetup.js';
import { SocketTally } from './socketTally.js';
import { streamlessResult, type StreamlessRun } from './streamlessResult.js';

/** What the benchmarks that join and leave by themselves have in common: their sockets, their loop, their document. */
export class BenchSession {
  isStopped = false;
  readonly io: Io;
  readonly plan: BenchPlan;
  readonly post: (message: RunMessage) => void;
  readonly tally = new SocketTally();
  /** Of the groups that were joined, as the kernel told it. */
  memberships: readonly Membership[] = [];
  /** Datagrams without a stamp of their own. */
  unstamped = 0;
  readonly #judge: Judge;
  readonly #control: RunControl;
  readonly #runId = randomBytes(4).readUInt32BE().toString(16).padStart(8, '0');
  readonly #startRealNs: Nanos;
  readonly #startMonoNs: Nanos;
  readonly #via = new Map<number, NetworkInterface>();
  readonly #watch: ClockWatch;
  readonly #log: EventLog;
  readonly #evidence = new EvidenceWatch();
  readonly #health = freshLoopHealth();
  /** The section of the document, as far as the run has come. */
  readonly #bench: () => Bench;
  #isReady = false;

  constructor(
    io: Io,
    plan: BenchPlan,
    judge: Judge,
    control: RunControl,
    post: (message: RunMessage) => void,
    bench: () => Bench,
  ) {
    this.io = io;
    this.plan = plan;
    this.post = post;
    this.#judge = judge;
    this.#control = control;
    this.#bench = bench;
    this.#startMonoNs = io.clock.monoNs();
    this.#startRealNs = this.#startMonoNs - realToMonoNs(io.clock);
    this.#watch = new ClockWatch(io.clock.epoch);
    this.#log = new EventLog(io.clock, this.#startMonoNs, (event) => post({ type: 'event', event }));
  }

  /** Opens and joins; its caller closes them by the tally. */
  async open(streams: readonly StreamAddress[]): Promise<OpenSource[]> {
    const { receiveBufferOctets, timestamps } = this.plan;
    const open = await openSources(this.io, {
      streams,
      places: streams.map((_, position) => ({ role: 'media', leg: 0, position, hasLegs: false })),
      expectedRates: streams.map(() => null),
      unicast: false,
      receiveBufferOctets,
      timestamps,
      busyPollUs: 0,
      force: false,
    });
    for (const { via } of open) this.#via.set(via.index, via);
    return open;
  }

  /** Runs the agent until it has finished, or the run is to stop. */
  async run(agent: Agent): Promise<void> {
    await runLoop(this.io, [agent], { poll: (nowNs) => this.#obey(agent, nowNs) }, this.#health);
    const step = this.#watch.sample();
    if (step === null) return;
    const text = `realtime stepped by ${step.byNs / 1e6} ms`;
    this.#log.add('clock_step', this.io.clock.monoNs(), null, text, { by_ns: step.byNs });
  }

  /** Once: it has begun. */
  tellReady(lines: readonly string[], vias: readonly NetworkInterface[]): void {
    if (this.#isReady) return;
    this.#isReady = true;
    for (const via of vias) this.#via.set(via.index, via);
    this.post({
      type: 'ready',
      info: {
        runId: this.#runId,
        time: formatRealtime(this.io.clock.epoch, this.#startRealNs),
        io: this.io.name,
        lines,
        interfaces: [...new Set(vias.map(({ name }) => name))],
        warnings: [],
        loopback: vias.every(({ loopback }) => loopback),
        sdp: null,
      },
    });
  }

  result(complete: boolean): RunResult {
    const { io, plan, tally, unstamped, memberships } = this;
    const run: StreamlessRun = {
      io,
      plan,
      runId: this.#runId,
      streams: [...plan.streams, ...plan.background],
      startMonoNs: this.#startMonoNs,
      startRealNs: this.#startRealNs,
      complete,
      via: [...this.#via.values()],
      watch: this.#watch,
      tally,
      unstamped,
      memberships,
      log: this.#log,
      evidence: this.#evidence,
      loop: this.#health,
      judge: this.#judge,
    };
    return streamlessResult(run, { bench: this.#bench() });
  }

  #obey(agent: Agent, nowNs: Nanos): void {
    const commands = this.#control.take();
    if ((commands & Command.Snapshot) !== 0) this.post({ type: 'partial', result: this.result(false) });
    if ((commands & Command.Stop) === 0) return;
    this.isStopped = true;
    agent.stop(nowNs);
  }
}
