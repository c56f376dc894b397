import type { Clock, Nanos } from '../core/time.js';
import type { SenderIntervalRow } from '../result/interval.js';
import type { IntervalJudge } from '../result/intervalJudge.js';
import type { Receiver } from '../result/model.js';
import type { RunMessage } from './messages.js';
import { SenderIntervals } from './senderIntervals.js';
import type { SenderStreamState } from './senderResult.js';
import { workOn } from './turns.js';
import { intervalTime } from './utcTime.js';

export interface SenderTellerOptions {
  readonly streams: readonly SenderStreamState[];
  readonly clock: Clock;
  /** `run.start`, CLOCK_MONOTONIC since the epoch. */
  readonly startMonoNs: Nanos;
  readonly intervalNs: Nanos;
  /** What was refused is known. */
  readonly seesRefusals: boolean;
  /** What receivers have reported so far. */
  readonly receivers: (nowMonoNs: Nanos) => Receiver[];
  readonly post: (message: RunMessage) => void;
  readonly judge: IntervalJudge;
}

/** Tells a sender's intervals while datagrams leave. */
export class SenderTeller {
  readonly #options: SenderTellerOptions;
  readonly #intervals: SenderIntervals;
  /** What is being told, and the boundary that it was due at. */
  #telling: Generator<void, void> | null = null;
  #boundaryNs: Nanos = NaN;

  constructor(options: SenderTellerOptions) {
    this.#options = options;
    this.#intervals = new SenderIntervals(options.streams, options.startMonoNs);
  }

  /**
   * The interval that was due to end at `boundaryNs` ends now, or goes on being told where it has ended already: as far as
   * one turn may go. Returns whether there is more to tell.
   */
  tellSome(nowNs: Nanos, boundaryNs: Nanos): boolean {
    if (boundaryNs !== this.#boundaryNs) {
      this.#tellRest();
      this.#begin(nowNs, boundaryNs, false);
    }
    if (this.#telling !== null && workOn(this.#telling, this.#options.clock)) return true;
    this.#telling = null;
    return false;
  }

  /** The last interval ends now. */
  finish(nowNs: Nanos): void {
    this.#tellRest();
    this.#begin(nowNs, nowNs, true);
    this.#tellRest();
  }

  #begin(nowNs: Nanos, boundaryNs: Nanos, isLast: boolean): void {
    this.#boundaryNs = boundaryNs;
    this.#intervals.close(nowNs);
    this.#telling = this.#tell(boundaryNs, isLast);
  }

  #tellRest(): void {
    while (this.#telling !== null && this.#telling.next().done !== true);
    this.#telling = null;
  }

  /** Yields where a turn may end. */
  *#tell(boundaryNs: Nanos, isLast: boolean): Generator<void, void> {
    const { clock, startMonoNs, intervalNs, seesRefusals, receivers, post, judge } = this.#options;
    const senderRows: SenderIntervalRow[] = [];
    for (const row of this.#intervals.rows(seesRefusals)) {
      if (row !== null) senderRows.push(row);
      yield;
    }
    // Behind the last datagram only end markers left.
    if (isLast && senderRows.every((row) => row.scheduled === 0 && row.sent === 0)) return;
    const time = intervalTime(clock, boundaryNs, intervalNs);
    const span = this.#intervals.span(startMonoNs);
    judge.observe([], [], senderRows, span.startNs, span.endNs);
    post({
      type: 'interval',
      time,
      ...span,
      rows: [],
      others: null,
      senderRows,
      receivers: receivers(clock.monoNs()),
      transportRows: [],
    });
  }
}
