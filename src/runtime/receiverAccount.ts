import { formatRealtime, type Nanos } from '../core/time.js';
import type { Io } from '../io/datagram.js';
import { readHostEvidence } from '../io/hostEvidence.js';
import type { RunResult } from '../result/model.js';
import { ClockWatch } from './clockWatch.js';
import { DemandWatch } from './demandWatch.js';
import type { RunFacts } from './document.js';
import { EventLog } from './eventLog.js';
import type { EvidenceWatch } from './evidence.js';
import { clockOffsets } from './feedbackAnswer.js';
import { namesOf } from './interfaceNames.js';
import { freshLoopHealth } from './loop.js';
import { MeasurementTeller } from './measurementTeller.js';
import type { WorkerMessage, WorkerTask } from './messages.js';
import { placedLines } from './placedLines.js';
import type { BuiltReceiver } from './receiverBuild.js';
import { provenanceOf } from './receiverProvenance.js';
import { mediaFacts, receiverResult, type ReceiverMoment, type ReceiverParts } from './receiverResult.js';
import { joinedLine } from './receiverSetup.js';
import type { ReceiverSockets } from './receiverSockets.js';
import { askingLines } from './recoveryClients.js';
import { OutputWatch } from './outputWatch.js';
import { reasonsForSilence } from './silenceWatch.js';

const SECOND_NS = 1e9;

export interface ReceiverAccountOptions {
  readonly io: Io;
  readonly task: Extract<WorkerTask, { kind: 'receive' }>;
  readonly sockets: ReceiverSockets;
  readonly receiver: BuiltReceiver;
  /** Eight hexadecimal digits. */
  readonly runId: string;
  readonly began: Pick<RunFacts, 'startMonoNs' | 'startRealNs'>;
  readonly evidence: EvidenceWatch;
  readonly post: (message: WorkerMessage) => void;
}

/** What a receiver says: that it has begun, events, intervals, and its results. */
export class ReceiverAccount {
  readonly teller: MeasurementTeller;
  readonly health = freshLoopHealth();
  readonly #options: ReceiverAccountOptions;
  readonly #log: EventLog;
  readonly #demand: DemandWatch;
  readonly #outputs: OutputWatch;
  readonly #watch: ClockWatch;
  readonly #parts: ReceiverParts;
  readonly #notes: readonly string[];
  /** What opening the sockets itself sent over loopback is not to be taken for the stream. */
  readonly #sinceJoin = readHostEvidence();
  #isSilenceTold = false;

  constructor(options: ReceiverAccountOptions) {
    const { io, task, sockets, receiver, began, evidence, post } = options;
    const { plan, judge, summaries } = task;
    const { sources } = sockets;
    const { measurement, media, rtcp, outputs, feedback, memberships } = receiver;
    const { clock } = io;
    const log = new EventLog(clock, began.startMonoNs, (event) => post({ type: 'event', event }));
    const provenance = provenanceOf(io, plan, sources, began.startMonoNs, namesOf(sources));
    this.#options = options;
    this.#log = log;
    this.#demand = new DemandWatch(sources, measurement, log);
    this.#outputs = new OutputWatch(outputs, log);
    this.#watch = new ClockWatch(clock.epoch);
    this.#notes = [...new Set(sources.flatMap(({ source }) => source.notes))];
    this.teller = new MeasurementTeller({
      measurement,
      provenance,
      clock,
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
    this.#parts = {
      measurement,
      sources,
      memberships,
      provenance,
      series: this.teller.series,
      each: this.teller.judge,
      health: this.health,
      watch: this.#watch,
      log,
      media,
      rtcp,
      outputs,
      offsets: () => (feedback === null ? [] : clockOffsets(feedback.peers, clock.epoch)),
      evidence: () => evidence.inSteps(sources.map(({ via }) => via)),
      began,
    };
  }

  /** All is joined, and it begins. */
  tellReady(): void {
    const { io, task, sockets, receiver, runId, began, post } = this.#options;
    const { sources, asking } = sockets;
    const joined = placedLines(
      sources.filter(({ place }) => place.role === 'media'),
      (open) => joinedLine(open, task.plan.unicast),
    );
    post({
      type: 'ready',
      info: {
        runId,
        time: formatRealtime(io.clock.epoch, began.startRealNs),
        io: io.name,
        lines: [...joined, ...askingLines(asking)],
        interfaces: [...new Set(sources.map(({ via }) => via.name))],
        warnings: [],
        loopback: sources.every(({ via }) => via.loopback),
        sdp: null,
      },
    });
    this.#log.add('joined', receiver.joinedMonoNs, null, joined.join('; '), { sockets: sources.length });
  }

  /** Once: joined, and nothing has come since. */
  tellSilence(nowNs: Nanos): void {
    const { task, sockets, receiver } = this.#options;
    if (this.#isSilenceTold || receiver.agent.datagrams > 0) return;
    this.#isSilenceTold = true;
    const reasons = reasonsForSilence(sockets.sources, task.plan.unicast, this.#sinceJoin);
    const seconds = ((nowNs - receiver.joinedMonoNs) / SECOND_NS).toFixed(1);
    const text = `joined, nothing arrived for ${seconds} s: ${reasons.join('; ')}`;
    const detail = Object.fromEntries(reasons.map((reason, i) => [`reason_${i + 1}`, reason]));
    this.#log.add('silence', nowNs, null, text, detail);
  }

  /** Looks after what changes seldom: what comes in place of what was asked for, outputs that drop, and steps of the clock. */
  look(nowNs: Nanos): void {
    this.#demand.look(nowNs);
    this.#outputs.look(nowNs);
    const step = this.#watch.sample();
    if (step === null) return;
    this.#log.add('clock_step', nowNs, null, `realtime stepped by ${step.byNs / 1e6} ms`, { by_ns: step.byNs });
  }

  /** The result of now, in steps. `complete`: the run has come to the end that it was to have. */
  result(complete: boolean): Generator<void, RunResult> {
    const { io, task } = this.#options;
    return receiverResult(io, task.plan, task.judge, this.#parts, () => this.#moment(complete));
  }

  #moment(complete: boolean): ReceiverMoment {
    const { io, task, receiver, runId, began } = this.#options;
    const { capture, reports, recovery } = receiver;
    return {
      captureDropped: capture?.dropped ?? 0,
      facts: {
        runId,
        role: 'receiver',
        endpoints: [...new Set(task.plan.streams.map(({ endpoint }) => endpoint))],
        ...began,
        endMonoNs: io.clock.monoNs(),
        endRealNs: io.clock.realNs(),
        complete,
        notes: [...this.#notes, ...this.#demand.notes, ...(reports?.notes ?? []), ...(recovery?.notes ?? [])],
      },
    };
  }
}
