import type { ErrorCode } from '../core/errors.js';
import type { EventRecord, RunResult } from '../result/model.js';
import type { ReceivePlan, SendPlan } from './plan.js';

/** What a worker is started with. */
export type WorkerTask =
  | { readonly kind: 'receive'; readonly plan: ReceivePlan; readonly control: Int32Array }
  | { readonly kind: 'send'; readonly plan: SendPlan; readonly control: Int32Array };

/** One stream's figures of one closed interval. */
export interface IntervalRow {
  readonly stream: string;
  readonly name: string | null;
  readonly group: string;
  readonly port: number;
  readonly flow: string | null;
  readonly packets_received: number;
  readonly packets_expected: number | null;
  readonly packets_lost: number | null;
  readonly packets_duplicated: number | null;
  readonly packets_reordered: number | null;
  readonly packets_late: number | null;
  readonly packets_pending: number | null;
  readonly never_sent: number | null;
  readonly loss_network: number | null;
  readonly loss_socket_buffer: number | null;
  readonly loss_application: number | null;
  readonly loss_ratio: number | null;
  readonly octets_received: number;
  readonly rate_bit_per_second: number;
  readonly jitter_ns: number | null;
  readonly one_way_delay_min_ns: number | null;
  readonly one_way_delay_p50_ns: number | null;
  readonly one_way_delay_p99_ns: number | null;
  readonly one_way_delay_max_ns: number | null;
}

/** The sender's figures of one interval. */
export interface SenderIntervalRow {
  readonly stream: string;
  readonly name: string | null;
  readonly group: string;
  readonly port: number;
  readonly scheduled: number;
  readonly sent: number;
  readonly not_sent: number | null;
  readonly octets_sent: number;
  readonly rate_bit_per_second: number;
  readonly departure_error_p50_ns: number | null;
  readonly departure_error_p99_ns: number | null;
  readonly departure_error_max_ns: number | null;
}

/** What is known once the sockets are open. */
export interface ReadyInfo {
  readonly runId: string;
  /** RFC 3339. */
  readonly time: string;
  readonly io: string;
  readonly lines: readonly string[];
  readonly interfaces: readonly string[];
  /** Everything runs over the loopback interface. */
  readonly loopback: boolean;
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
      readonly rows: readonly IntervalRow[];
      readonly senderRows: readonly SenderIntervalRow[];
    }
  | { readonly type: 'event'; readonly event: EventRecord }
  | { readonly type: 'partial'; readonly result: RunResult }
  | { readonly type: 'result'; readonly result: RunResult }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint: string };
