import type { ZapAttempt } from '../analysis/zapAttempt.js';
import { SlotFlag, type ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import type { DatagramSource } from '../io/datagram.js';
import type { Agent } from './agent.js';
import { STAMP_TO_QUEUE_NS } from './receiverAgent.js';

/** Reads of one socket in one turn, so that a channel that fills it as fast as it is read still ends. */
const READS_PER_TURN = 64;

/** Reads the sockets of one channel until everything is found in it and the moment to leave has come, or its time is over. */
export class ZapAgent implements Agent {
  finished = false;
  /** It was stopped before that. */
  wasStopped = false;
  /** Datagrams without a stamp of their own: the time of reading stands in. */
  unstamped = 0;
  readonly #sources: readonly DatagramSource[];
  readonly #batch: ReceiveBatch;
  readonly #attempt: ZapAttempt;
  readonly #endNs: Nanos;
  readonly #linger: number;
  /** Moment to leave; NaN: something is still to be found. */
  #leaveNs: Nanos = NaN;

  /** `endMonoNs`: when the channel has been watched long enough. `linger`: share of the time until then, 0..1, that it is watched on when all is found. */
  constructor(
    sources: readonly DatagramSource[],
    batch: ReceiveBatch,
    attempt: ZapAttempt,
    endMonoNs: Nanos,
    linger: number,
  ) {
    this.#sources = sources;
    this.#batch = batch;
    this.#attempt = attempt;
    this.#linger = linger;
    // What is stamped before the end may be read a little behind it.
    this.#endNs = endMonoNs + STAMP_TO_QUEUE_NS;
  }

  doWork(nowMonoNs: Nanos, ready: number): number {
    const isOver = nowMonoNs >= this.#endNs;
    let handled = 0;
    if (ready > 0 || isOver) for (const source of this.#sources) handled += this.#read(source);
    if (Number.isNaN(this.#leaveNs) && this.#attempt.isComplete) {
      this.#leaveNs = nowMonoNs + this.#linger * Math.max(0, this.#endNs - nowMonoNs);
    }
    this.finished = this.wasStopped || isOver || nowMonoNs >= this.#leaveNs;
    return handled;
  }

  nextDueNs(): Nanos {
    return Number.isNaN(this.#leaveNs) ? this.#endNs : this.#leaveNs;
  }

  gatherNs(): Nanos {
    return 0;
  }

  stop(): void {
    this.wasStopped = true;
  }

  #read(source: DatagramSource): number {
    const batch = this.#batch;
    let handled = 0;
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const count = source.receive(batch);
      if (count === 0) break;
      const { bytes, offset, length, timeRealNs, flags, realToMonoNs } = batch;
      for (let i = 0; i < count; i++) {
        this.#attempt.onDatagram(bytes, offset[i]!, length[i]!, timeRealNs[i]! + realToMonoNs);
        if ((flags[i]! & SlotFlag.TimeUser) !== 0) this.unstamped++;
      }
      handled += count;
    }
    return handled;
  }
}
