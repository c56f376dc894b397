import type { SplitTime } from '../core/time.js';
import type { Deal } from './dealtFlows.js';
import type { FlowRates } from './flowRates.js';
import type { PacedOptions } from './limits.js';
import type { PayloadSlots } from './payloadSlots.js';

export interface ProbeFeedOptions extends PacedOptions {
  /** At least 1. */
  readonly flows: number;
  /** Default `turns`: datagram k of the feed belongs to flow k mod `flows`. Of any other the rate is finite. */
  readonly flowRates?: FlowRates;
  /** Which of them are made here; rate and count are of all. Default: all. */
  readonly deal?: Deal;
  /** Number of the first flow in the header; default 0. */
  readonly firstFlow?: number;
  /** Random 32 bits of the sender process. */
  readonly runId: number;
  readonly tos: number;
  readonly ttl: number;
  /** `departure`: the sink writes it (`SendBatch.stampAt`); `due`: written here, and flagged. */
  readonly sendTime: 'departure' | 'due';
  /** Unix time, ns, at which CLOCK_MONOTONIC since the epoch is 0. For `due`. */
  readonly unixAtMonoZero: SplitTime;
  /** The sink may send super-packets: announced in every datagram. */
  readonly superPackets: boolean;
  /** Shared by all feeds that fill the same batches; left out when this is the only one. */
  readonly payloadSlots?: PayloadSlots;
}
