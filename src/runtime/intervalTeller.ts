import type { ClosedInterval } from '../analysis/intervals.js';
import type { IntervalStreams } from '../analysis/intervalStreams.js';
import type { Measurement } from '../analysis/measurement.js';
import { unitOf } from '../analysis/streamSnapshot.js';
import { StreamFormat } from '../analysis/streamTable.js';
import type { Clock } from '../core/time.js';
import { StreamCounter } from '../metrics/counters.js';
import { Series } from '../metrics/series.js';
import type { IntervalSnapshot } from '../metrics/snapshot.js';
import {
  buildIntervalRow,
  type IntervalRow,
  type IntervalStream,
  type IntervalUnit,
  type TransportIntervalRow,
} from '../result/interval.js';
import { IntervalChoice } from '../result/intervalChoice.js';
import type { IntervalJudge } from '../result/intervalJudge.js';
import { IntervalSums, type IntervalOthers } from '../result/intervalOthers.js';
import type { Measurement as Provenance } from '../result/measurement.js';
import type { ContentTeller } from './contentTeller.js';
import type { RunMessage } from './messages.js';
import type { NamedStream } from './receiverEvents.js';
import { intervalTime } from './utcTime.js';

/** Rows that are looked at, and that are built, before a turn may end: together they take some 20 us. */
const ROWS_AT_ONCE = 256;
const BUILT_AT_ONCE = 8;

/** Sees each interval of each stream in detail, with a row or without: what it is for, delays, others do not have. */
export interface IntervalListener {
  /** Whether it looks at them now: an object each is made for it. */
  readonly wantsIntervals: boolean;
  onInterval(interval: IntervalSnapshot): void;
}

export interface IntervalTellerOptions {
  readonly measurement: Measurement;
  readonly provenance: Provenance;
  readonly clock: Clock;
  readonly intervalNs: number;
  /** Streams, in order of first arrival, that have a series; and most rows of an interval. */
  readonly detail: number;
  readonly post: (message: RunMessage) => void;
  readonly identityOf: (stream: number) => NamedStream;
  readonly content: ContentTeller;
  /** Sees the rows of all streams. */
  readonly judge: IntervalJudge;
  readonly listener?: IntervalListener;
}

/** Tells closed intervals: a row per stream, and of more streams than are in detail the others together. Keeps the streams' series. */
export class IntervalTeller {
  /** Of streams in detail, by index. */
  readonly series = new Map<number, Series>();
  readonly #options: IntervalTellerOptions;
  /** By format. */
  readonly #units: IntervalUnit[] = [];
  /** By stream; of those that had a row. */
  readonly #named: IntervalStream[] = [];

  constructor(options: IntervalTellerOptions) {
    this.#options = options;
  }

  /** Yields where a turn may end. */
  *tell(interval: ClosedInterval): Generator<void, void> {
    const { provenance, clock, intervalNs, content, judge, post } = this.#options;
    const { startMonoNs, endMonoNs } = interval;
    const sums = this.#sumsOf(interval.rows);
    const chosen = yield* this.#choose(interval, sums);
    const others = this.#others(sums, interval, chosen);
    const rows = yield* this.#build(interval, chosen);
    const transportRows: TransportIntervalRow[] = [];
    for (const row of content.closeInterval(endMonoNs)) {
      transportRows.push(row);
      yield;
    }
    const startNs = Math.round(startMonoNs - provenance.startMonoNs);
    const endNs = Math.round(endMonoNs - provenance.startMonoNs);
    if (!interval.omitted && judge.watches) {
      const all = others === null ? rows : yield* this.#build(interval, this.#told(interval.rows));
      judge.observe(all, transportRows, [], startNs, endNs);
    }
    post({
      type: 'interval',
      time: intervalTime(clock, endMonoNs, intervalNs),
      startNs,
      endNs,
      rows,
      others,
      senderRows: [],
      receivers: [],
      transportRows,
    });
    interval.giveBack();
  }

  /** Of all rows. */
  #sumsOf({ totals }: IntervalStreams): IntervalSums {
    const sums = new IntervalSums();
    for (const [format, total] of totals.entries()) {
      if (total !== undefined) sums.add(total.counters, 0, total.pending, this.#unitOf(format), total.streams);
    }
    return sums;
  }

  /** Rows that are told, in ascending order; of what goes with media none, it is in the result, and taken out of `sums`. */
  *#choose(interval: ClosedInterval, sums: IntervalSums): Generator<void, Uint32Array> {
    const { count } = interval.rows;
    const choice = new IntervalChoice(this.#options.detail, count);
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      this.#offer(choice, sums, interval, from, Math.min(from + ROWS_AT_ONCE, count));
      yield;
    }
    return choice.rows();
  }

  /**
   * Those in detail are told to whoever sees each interval of them. A plain function: a generator with a loop over ten
   * thousand rows in it takes twice as long to compile.
   */
  #offer(choice: IntervalChoice, sums: IntervalSums, interval: ClosedInterval, from: number, to: number): void {
    const { measurement, detail } = this.#options;
    const { rows } = interval;
    for (let row = from; row < to; row++) {
      const stream = rows.stream[row]!;
      if (stream < detail) this.#observe(interval, row, stream);
      if (measurement.isCompanion(stream)) this.#remove(sums, rows, row);
      else choice.offer(rows.counters, row);
    }
  }

  #remove(sums: IntervalSums, rows: IntervalStreams, row: number): void {
    const unit = this.#unitOf(this.#options.measurement.table.format(rows.stream[row]!));
    sums.remove(rows.counters, row * StreamCounter.Count, rows.pending(row), unit);
  }

  #observe({ omitted, rows, startMonoNs, endMonoNs }: ClosedInterval, row: number, stream: number): void {
    const { listener } = this.#options;
    const isHeard = listener?.wantsIntervals === true;
    if (omitted && !isHeard) return;
    const snapshot = rows.snapshot(row, startMonoNs, endMonoNs);
    if (!omitted) this.#seriesOf(stream).add(snapshot);
    if (isHeard) listener.onInterval(snapshot);
  }

  /** What is not among the chosen rows; `null`: nothing. */
  #others(
    sums: IntervalSums,
    { rows, startMonoNs, endMonoNs }: ClosedInterval,
    chosen: Uint32Array,
  ): IntervalOthers | null {
    if (chosen.length === rows.count) return null;
    for (const row of chosen) this.#remove(sums, rows, row);
    return sums.build(endMonoNs - startMonoNs);
  }

  /** All that might have a row. */
  #told({ count, stream }: IntervalStreams): Uint32Array {
    const { measurement } = this.#options;
    return Uint32Array.from({ length: count }, (_, row) => row).filter((row) => !measurement.isCompanion(stream[row]!));
  }

  /** In order of their streams. */
  *#build(interval: ClosedInterval, which: Uint32Array): Generator<void, IntervalRow[]> {
    const { stream } = interval.rows;
    const order = which.toSorted((a, b) => stream[a]! - stream[b]!);
    const built: IntervalRow[] = [];
    while (built.length < order.length) {
      this.#buildSome(built, interval, order);
      yield;
    }
    return built;
  }

  /** The next ones of them. */
  #buildSome(built: IntervalRow[], { rows, startMonoNs, endMonoNs }: ClosedInterval, order: Uint32Array): void {
    const to = Math.min(built.length + BUILT_AT_ONCE, order.length);
    while (built.length < to) {
      const row = order[built.length]!;
      const stream = this.#namedOf(rows.stream[row]!);
      built.push(buildIntervalRow(rows.snapshot(row, startMonoNs, endMonoNs), stream));
    }
  }

  #seriesOf(stream: number): Series {
    let series = this.series.get(stream);
    if (series === undefined) this.series.set(stream, (series = new Series(this.#options.intervalNs)));
    return series;
  }

  #namedOf(stream: number): IntervalStream {
    return (this.#named[stream] ??= {
      ...this.#options.identityOf(stream),
      ...this.#unitOf(this.#options.measurement.table.format(stream)),
    });
  }

  #unitOf(format: number): IntervalUnit {
    const { provenance } = this.#options;
    return (this.#units[format] ??= {
      unit: unitOf(format),
      tellsNeverSent: format === StreamFormat.Probe,
      countsDrops: provenance.capabilities.dropCounter,
    });
  }
}
