import { Aggregating } from './aggregate.js';
import { StreamsJudging } from './judgeStreams.js';
import type { Limit } from './limits.js';
import type { Stream } from './model.js';
import { StreamHealth } from './streamHealth.js';
import { DEFAULT_DETAIL, StreamOrder } from './streamOrder.js';

/**
 * All streams of a run, told one after another, and what the document is made from: their sums, their health, what came of
 * the limits, and as many of them whole as it has in detail. All is known of each of them when it is told, before any detail
 * is left out; ten thousand at once would be 30 MB.
 */
export class StreamTally {
  readonly limits: readonly Limit[];
  readonly aggregate = new Aggregating();
  readonly health = new StreamHealth();
  readonly judging: StreamsJudging;
  readonly order: StreamOrder;

  /** `detail`: most streams in detail. */
  constructor(limits: readonly Limit[] = [], detail: number = DEFAULT_DETAIL) {
    this.limits = limits;
    this.judging = new StreamsJudging(limits);
    this.order = new StreamOrder(detail);
  }

  add(stream: Stream): void {
    this.aggregate.add(stream);
    this.health.add(stream);
    this.judging.add(stream);
    this.order.add(stream);
  }
}
