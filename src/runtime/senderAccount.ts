import type { Nanos } from '../core/time.js';
import { SocketCounter, type Io } from '../io/datagram.js';
import { Histogram } from '../metrics/histogram.js';
import type { IntervalJudge } from '../result/intervalJudge.js';
import type { Receiver, RunResult } from '../result/model.js';
import { ClockWatch } from './clockWatch.js';
import { EventLog } from './eventLog.js';
import type { EvidenceWatch, RefusedSends } from './evidence.js';
import type { FeedbackTotals } from './feedbackSender.js';
import { feedbackSection } from './feedbackSetup.js';
import { interfaceFacts } from './interfaceFacts.js';
import { intervalJudge } from './limitEvents.js';
import { freshLoopHealth } from './loop.js';
import type { WorkerMessage, WorkerTask } from './messages.js';
import type { PlacedStream } from './placedStream.js';
import { reportedReceivers } from './receiverReports.js';
import type { RetransmissionAgent } from './retransmissionAgent.js';
import type { SenderParts, SharedStart } from './senderParts.js';
import { senderResult, type SenderStreamState } from './senderResult.js';
import type { BuiltLane, OpenSink } from './senderSetup.js';
import type { SenderSockets } from './senderSockets.js';
import { SenderCounter } from './senderStats.js';
import { SenderTeller } from './senderTeller.js';
import { TransmitStamps } from './transmitStamps.js';

/** Datagrams of one sendmmsg that share a reading of the clock, and what each of them takes: the spread of carried times. */
const STAMP_SPREAD_NS = 8 * 3e3;

export interface SenderAccountOptions {
  readonly io: Io;
  readonly task: Extract<WorkerTask, { kind: 'send' }>;
  readonly sockets: SenderSockets;
  readonly built: readonly BuiltLane[];
  readonly answering: readonly RetransmissionAgent[];
  /** Those of the other threads too. */
  readonly all: readonly PlacedStream[];
  /** What several threads send together; `null`: this one sends all. */
  readonly parts: SenderParts | null;
  /** What is of the whole run is the first thread's. */
  readonly isFirst: boolean;
  /** Eight hexadecimal digits. */
  readonly runId: string;
  readonly start: SharedStart;
  readonly warnings: readonly string[];
  readonly evidence: EvidenceWatch;
  readonly post: (message: WorkerMessage) => void;
}

/** What a sender says while it goes on and at its end: events, intervals, and its results. */
export class SenderAccount {
  readonly teller: SenderTeller;
  readonly streams: readonly SenderStreamState[];
  readonly health = freshLoopHealth();
  readonly #options: SenderAccountOptions;
  readonly #log: EventLog;
  readonly #watch: ClockWatch;
  readonly #each: IntervalJudge;
  readonly #transmitStamps: readonly TransmitStamps[];
  /** `null`: they were not asked for. */
  readonly #transmitDelay: Histogram | null;
  readonly #notes: readonly string[];

  constructor(options: SenderAccountOptions) {
    const { io, task, sockets, built, start, warnings, post } = options;
    const { plan, judge } = task;
    const { sinks } = sockets;
    this.#options = options;
    this.streams = built.flatMap(({ streams }) => streams);
    this.#notes = [...new Set([...warnings, ...sinks.flatMap(({ sink }) => sink.notes)])];
    this.#watch = new ClockWatch(io.clock.epoch);
    this.#log = new EventLog(io.clock, start.startMonoNs, (event) => post({ type: 'event', event }));
    this.#transmitStamps = sinks.map(({ sink }) => new TransmitStamps(sink));
    this.#transmitDelay = plan.transmitTimestamps ? new Histogram() : null;
    this.#each = intervalJudge(judge.eachLimits, plan.intervalNs, this.#log, start.startMonoNs);
    this.teller = new SenderTeller({
      streams: this.streams,
      clock: io.clock,
      startMonoNs: start.startMonoNs,
      intervalNs: plan.intervalNs,
      seesRefusals: io.capabilities.refusedSends,
      receivers: (nowNs) => this.#receivers(nowNs),
      post,
      judge: this.#each,
    });
  }

  /** Looks after what changes seldom: transmit stamps, which wait to be taken, and steps of the clock. */
  look(nowNs: Nanos): void {
    this.#takeTransmitStamps();
    const step = this.#watch.sample();
    // Of one clock one thread tells.
    if (step === null || !this.#options.isFirst) return;
    this.#log.add('clock_step', nowNs, null, `realtime stepped by ${step.byNs / 1e6} ms`, { by_ns: step.byNs });
  }

  /** What all threads have sent so far. */
  totals(): FeedbackTotals {
    return totalsOf(this.streams, this.#options.parts);
  }

  /** Tells the other threads what this one has sent. */
  tellParts(): void {
    const { parts, sockets } = this.#options;
    parts?.tell(totalsOf(this.streams), refusedBy(sockets.sinks));
  }

  /** The result of now, in steps. `complete`: the run has come to the end that it was to have. */
  result(complete: boolean): Generator<void, RunResult> {
    const { io, task, sockets, built, answering, all, parts, isFirst, runId, start, evidence } = this.#options;
    const { plan, judge } = task;
    const { sinks, asking, trouble } = sockets;
    const vias = all.map(({ via }) => via);
    this.#takeTransmitStamps();
    return senderResult(io, plan, judge, {
      senderRun: runId,
      streams: this.streams,
      sinks: sinks.map(({ sink, placed: own }) => ({ sink, interfaceName: own[0]!.via.name })),
      quantumNs: Math.max(...built.map(({ quantumNs }) => quantumNs)),
      transmitDelay: this.#transmitDelay,
      answering,
      feedback: asking === null ? null : feedbackSection(asking, plan.feedback!.controlPort),
      receivers: this.#receivers(io.clock.monoNs()),
      each: this.#each,
      sendTimeBoundNs: io.capabilities.departureStamp ? STAMP_SPREAD_NS : null,
      health: this.health,
      watch: this.#watch,
      log: this.#log,
      interfaces: interfaceFacts(vias),
      // Of the whole run the first thread can tell.
      evidence: () => evidence.inSteps(vias, isFirst ? () => refusedBy(sinks, parts) : null),
      facts: {
        runId,
        role: 'sender',
        endpoints: [...new Set(plan.streams.map(({ address }) => address.endpoint))],
        startMonoNs: start.startMonoNs,
        endMonoNs: io.clock.monoNs(),
        startRealNs: start.startRealNs,
        endRealNs: io.clock.realNs(),
        complete,
        notes: [...this.#notes, ...trouble],
      },
    });
  }

  #receivers(nowNs: Nanos): Receiver[] {
    const { asking } = this.#options.sockets;
    return asking === null ? [] : reportedReceivers(asking.agent.table, nowNs);
  }

  #takeTransmitStamps(): void {
    const delay = this.#transmitDelay;
    if (delay !== null) for (const stamps of this.#transmitStamps) stamps.take(delay);
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
