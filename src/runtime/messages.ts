import type { ErrorCode } from '../core/errors.js';
import type { Nanos } from '../core/time.js';
import type { BenchRow } from '../result/buildBench.js';
import type { ZapRow } from '../result/buildZap.js';
import type { IntervalRow, SenderIntervalRow, TransportIntervalRow } from '../result/interval.js';
import type { EachLimit } from '../result/eachLimits.js';
import type { IntervalOthers } from '../result/intervalOthers.js';
import type { Limit } from '../result/limits.js';
import type { EventRecord, Receiver, RunResult, Stream, TransportPid, TransportService } from '../result/model.js';
import type { PackedResult } from '../result/resultText.js';
import type { ReceivePlan, SendPlan } from '../profile/plan.js';
import type { BenchPlan } from '../profile/benchPlan.js';
import type { CapacityPlan } from '../profile/capacityPlan.js';
import type { ZapPlan } from '../profile/zapPlan.js';
import type { OutputQueue } from './receiverOutputs.js';
import type { SenderPart } from './senderParts.js';
import type { SharedInput } from './sharedInput.js';

/** By what a result is judged. */
export interface Judge {
  readonly limits: readonly Limit[];
  /** On every interval. */
  readonly eachLimits: readonly EachLimit[];
  /** A receiver that received nothing is as it should be. */
  readonly allowSilence: boolean;
}

/** What a worker is started with. */
export type WorkerTask =
  | {
      readonly kind: 'receive';
      readonly plan: ReceivePlan;
      readonly judge: Judge;
      readonly control: Int32Array<SharedArrayBuffer>;
      /** Where captured datagrams go; the main thread writes them to the file. */
      readonly capture: SharedArrayBuffer | null;
      /** Where media go; the main thread hands them on. */
      readonly outputs: readonly OutputQueue[];
      /** Whether what ended is to be told of at once, by `stream_end`. */
      readonly summaries: boolean;
    }
  | {
      readonly kind: 'send';
      readonly plan: SendPlan;
      /** By stream of the plan; `null`: it makes what it sends. */
      readonly inputs: readonly (SharedInput | null)[];
      /** Of what several threads send together; `null`: it sends all. */
      readonly part: SenderPart | null;
      readonly judge: Judge;
      readonly control: Int32Array<SharedArrayBuffer>;
    }
  | {
      readonly kind: 'capacity';
      readonly plan: CapacityPlan;
      readonly judge: Judge;
      readonly control: Int32Array<SharedArrayBuffer>;
    }
  | {
      readonly kind: 'bench';
      readonly plan: BenchPlan;
      readonly judge: Judge;
      readonly control: Int32Array<SharedArrayBuffer>;
    }
  | {
      readonly kind: 'zap';
      readonly plan: ZapPlan;
      readonly judge: Judge;
      readonly control: Int32Array<SharedArrayBuffer>;
    };

/** What a worker is for: it loads the code for that alone. */
export type WorkerKind = WorkerTask['kind'];

/** What is known once the sockets are open. */
export interface ReadyInfo {
  readonly runId: string;
  /** RFC 3339. */
  readonly time: string;
  readonly io: string;
  readonly lines: readonly string[];
  /** What is likely not meant, a line each. */
  readonly warnings: readonly string[];
  readonly interfaces: readonly string[];
  /** Everything runs over the loopback interface. */
  readonly loopback: boolean;
  /** SDP of a sender's transport streams; `null`: there are none. */
  readonly sdp: string | null;
}

/** The run of a sender that asked for a result, and who answers; both as eight hexadecimal digits. */
export interface AnswerTo {
  /** Of the sender. */
  readonly source: string;
  /** The same with the zone of a link-local one. */
  readonly address: string;
  readonly port: number;
  readonly run: string;
  readonly receiver: string;
  /** What names no run and was over by then, from the start of the receiver's, is not of it. */
  readonly sinceNs: Nanos;
}

/** What a worker posts; plain data, at intervals and rarer. */
export type RunMessage =
  | { readonly type: 'wakeable'; readonly wakeHandle: number }
  | { readonly type: 'ready'; readonly info: ReadyInfo }
  | {
      readonly type: 'interval';
      /** End of the interval, RFC 3339. */
      readonly time: string;
      readonly startNs: number;
      readonly endNs: number;
      /** Of more streams than are in detail those with most losses, with other faults, and with most datagrams. */
      readonly rows: readonly IntervalRow[];
      /** `null`: all have rows. */
      readonly others: IntervalOthers | null;
      readonly senderRows: readonly SenderIntervalRow[];
      /** What receivers have reported to this sender. */
      readonly receivers: readonly Receiver[];
      readonly transportRows: readonly TransportIntervalRow[];
    }
  | { readonly type: 'event'; readonly event: EventRecord }
  /** A line for people. */
  | { readonly type: 'said'; readonly text: string }
  /** SDP of a sender whose streams are known only now, because it has waited for receivers. */
  | { readonly type: 'described'; readonly sdp: string }
  /** Results of receivers may come to this sender. `run`: eight hexadecimal digits. */
  | { readonly type: 'collect'; readonly address: string; readonly port: number; readonly run: string }
  /** A receiver's result, as far as it is about the run of the sender that it goes to; `null`: the last one, which follows. */
  | { readonly type: 'answer'; readonly to: AnswerTo; readonly result: RunResult | null }
  /** The services of a transport stream are known, or others than before. `stream`: its id; `time`: RFC 3339. */
  | {
      readonly type: 'tables';
      readonly time: string;
      readonly stream: string;
      readonly services: readonly TransportService[];
      readonly pids: readonly TransportPid[];
    }
  /** `time`: when the channel was joined, RFC 3339. */
  | { readonly type: 'zap'; readonly time: string; readonly row: ZapRow }
  /** `time`: when the group was joined, RFC 3339. */
  | { readonly type: 'bench'; readonly time: string; readonly row: BenchRow }
  /** A stream is over; its figures may still change by what is under way. */
  | { readonly type: 'stream_end'; readonly stream: Stream }
  | { readonly type: 'partial'; readonly result: RunResult }
  /** The result so far in outline (`result/outline.ts`). */
  | { readonly type: 'outline'; readonly result: RunResult }
  | { readonly type: 'result'; readonly result: RunResult }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint: string };

/** The same as it comes from a worker: a result packed, and the streams of a `partial` or `outline` before it, as JSON. */
export type WorkerMessage =
  | RunMessage
  | { readonly type: 'packed'; readonly result: PackedResult }
  | { readonly type: 'stream'; readonly json: string };
