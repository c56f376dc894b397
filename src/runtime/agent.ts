import type { Nanos } from '../core/time.js';

/** One unit of duty-cycle work. Never blocks, never awaits, owns no timer. */
export interface Agent {
  /** Does what is due at `nowMonoNs` and returns how much it did. */
  doWork(nowMonoNs: Nanos): number;
  /** When it next has something to do although nothing arrived, CLOCK_MONOTONIC since the epoch, ns. */
  nextDueNs(): Nanos;
  /** Asks it to end; it goes on being called until {@link finished}. */
  stop(nowMonoNs: Nanos): void;
  readonly finished: boolean;
  close(): void;
}
