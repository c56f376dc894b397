import type { Nanos } from '../core/time.js';
import type { Judgement } from './rateJudgement.js';

/**
 * Intervals in a row with congestion, and what got through meanwhile: counted from the end of the first one on, while which
 * a queue may have filled.
 */
export class Congestion {
  intervals = 0;
  /** Of the intervals the judgement that says most plainly why. */
  blamed: Judgement | null = null;
  /** Of the intervals behind the first: what was sent and will arrive, and how long that takes. */
  #carriedBit = 0;
  #spanNs: Nanos = 0;
  /** How late the last datagrams were, on their way and in the receiver. */
  #lateNs: Nanos = 0;

  add(rateBitPerSecond: number, durationNs: Nanos, judgement: Judgement): void {
    const { notSentShare, decisive, obstacle } = judgement;
    if (this.blamed === null || obstacle !== 'queue') this.blamed = judgement;
    const beforeNs = this.#lateNs;
    this.#lateNs = decisive.delayRiseNs === null ? beforeNs : decisive.delayRiseNs + decisive.readDelayNs;
    if (this.intervals++ === 0) return;
    const carriedShare = (1 - notSentShare) * (1 - decisive.lossShare);
    this.#carriedBit += rateBitPerSecond * (durationNs / 1e9) * carriedShare;
    // Either a queue grew or it was full: then it lost more than it can have grown by.
    const grownNs = this.#lateNs - beforeNs;
    this.#spanNs += durationNs * (1 - carriedShare) < grownNs ? durationNs + grownNs : durationNs;
  }

  clear(): void {
    this.intervals = 0;
    this.blamed = null;
    this.#carriedBit = 0;
    this.#spanNs = 0;
  }

  /** NaN before the second interval. */
  get deliveredBitPerSecond(): number {
    return (this.#carriedBit / this.#spanNs) * 1e9;
  }
}
