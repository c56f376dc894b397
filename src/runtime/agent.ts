import type { Nanos } from '../core/time.js';

/** One unit of duty-cycle work. Never blocks, never awaits, owns no timer. */
export interface Agent {
  /**
   * Does what is due at `nowMonoNs`, reading sockets `io.ready[0 .. ready)`, and returns how many
   * datagrams it handled.
   */
  doWork(nowMonoNs: Nanos, ready: number): number;
  /** When it next has something to do although nothing arrived, CLOCK_MONOTONIC since the epoch, ns. */
  nextDueNs(): Nanos;
  /** How long it lets arrivals gather before it is woken for them, ns; 0: woken at once. */
  gatherNs(): Nanos;
  /** Asks it to end; it goes on being called until {@link finished}. */
  stop(nowMonoNs: Nanos): void;
  readonly finished: boolean;
}
