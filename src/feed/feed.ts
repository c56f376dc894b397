import type { SendBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';

/** Makes datagrams and says when each is due. Pure: driven by the time it is given. One feed may hold many flows. */
export interface Feed {
  /** Due time of the next datagram, CLOCK_MONOTONIC since the epoch, ns; Infinity when the feed has ended. */
  nextDueNs(): Nanos;
  /**
   * Appends datagrams due at or before `untilNs` behind `batch.count`, in order of due time, until the
   * batch is full; returns how many. Writes every SendBatch column but `departureMonoNs`.
   */
  fill(batch: SendBatch, untilNs: Nanos): number;
  /** Slot `slot` was refused for good: counts it as not sent. What follows it is then to be updated. */
  refuse(batch: SendBatch, slot: number): void;
  /** Slot `slot`, not sent yet, says what is known by now of earlier datagrams that never left. */
  update(batch: SendBatch, slot: number): void;
  /**
   * The schedule has fallen behind: gives up what is due before `untilNs`, as not sent; returns how many. Where giving up
   * costs time, not all of it at once: what is still due then is before `untilNs`, and it is to be called again.
   */
  skip(untilNs: Nanos): number;
  /** Ends the feed early: from now on it offers only its end markers, paced from `nowNs`. */
  finish(nowNs: Nanos): void;
}
