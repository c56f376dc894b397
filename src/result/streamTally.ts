import { Aggregator } from './aggregate.js';
import { FigureTable } from './figureTable.js';
import { StreamJudge } from './streamJudge.js';
import type { Limit } from './limits.js';
import type { AlikeStreams, StreamDigest } from './streamDigest.js';
import { StreamHealth } from './streamHealth.js';
import { DEFAULT_DETAIL, StreamOrder } from './streamOrder.js';

/**
 * All streams of a run, told one after another, and what the document is made from: their sums, their health, what came of
 * the limits, and as many of them whole as it has in detail. All is known of each of them when it is told, before any detail
 * is left out; ten thousand at once would be 30 MB.
 */
export class StreamTally {
  readonly limits: readonly Limit[];
  readonly #figures = new FigureTable();
  readonly aggregate = new Aggregator(this.#figures);
  readonly health = new StreamHealth();
  readonly judge: StreamJudge;
  readonly order: StreamOrder;

  /** `detail`: most streams in detail. */
  constructor(limits: readonly Limit[] = [], detail: number = DEFAULT_DETAIL) {
    this.limits = limits;
    this.judge = new StreamJudge(limits);
    this.order = new StreamOrder(detail, this.#figures);
  }

  /** `position`: where it comes among all streams. */
  add(stream: StreamDigest, position: number): void {
    const row = this.#figures.add(stream.figures);
    this.aggregate.add(stream, row);
    this.health.add(stream);
    this.judge.add(stream);
    this.order.add(stream, row, position);
  }

  /** Whether {@link addAlike} may be told of streams from `position` on: nobody wants to see one of them whole. */
  takesAlike(position: number): boolean {
    return this.judge.takesAlike && this.order.takesAlike(position);
  }

  addAlike(streams: AlikeStreams): void {
    const row = this.#figures.addAlike(streams);
    const rows = streams.positions.map((_, i) => row + i);
    this.aggregate.addAlike(streams, rows);
    this.health.addAlike(streams);
    this.judge.addAlike(streams);
    this.order.addAlike(streams, rows);
  }
}
