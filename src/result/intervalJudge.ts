import type { IntervalRow, SenderIntervalRow, TransportIntervalRow } from './interval.js';
import { INTERVAL_FIGURES, type IntervalFigure } from './intervalFigures.js';
import { isIn } from './streamJudge.js';
import { boundEntries } from './limitEntries.js';
import type { EachLimit } from './eachLimits.js';
import type { LimitPlace } from './limits.js';
import type { LimitResult } from './model.js';

/** An interval that is shorter than this share of its length began or ended with the run. */
const WHOLE_SHARE = 0.9;

/** An interval with what a figure was in it; times from `run.start`. */
export interface JudgedInterval {
  readonly start_ns: number;
  readonly end_ns: number;
  readonly value: number;
}

/** A stream that exceeded a limit for the first time. */
export interface FirstExceeded {
  readonly limit: EachLimit;
  readonly stream: string;
  readonly interval: JudgedInterval;
}

/** What was found in a number of intervals. */
class Findings {
  intervals = 0;
  exceeded = 0;
  first: JudgedInterval | null = null;
  /** The nearest to the limit, or the farthest beyond it. */
  worst: JudgedInterval | null = null;

  /** `times` intervals of the same value, the first of which is `interval`. */
  add(limit: EachLimit, interval: JudgedInterval, times = 1): void {
    this.intervals += times;
    if (margin(limit, interval.value) < 0) {
      this.exceeded += times;
      this.first ??= interval;
    }
    if (this.worst === null || margin(limit, interval.value) < margin(limit, this.worst.value)) this.worst = interval;
  }

  /** What was found later. */
  append(limit: EachLimit, later: Findings): void {
    this.intervals += later.intervals;
    this.exceeded += later.exceeded;
    this.first ??= later.first;
    const { worst } = later;
    if (worst !== null && (this.worst === null || margin(limit, worst.value) < margin(limit, this.worst.value)))
      this.worst = worst;
  }
}

/** One limit at one stream. */
interface Watched {
  readonly settled: Findings;
  /** From the latest interval in which something came: its last one, perhaps, and no measure then. */
  tail: Findings;
  hasBegun: boolean;
  endNs: number;
  isTold: boolean;
}

function margin({ operator, value }: EachLimit, figure: number): number {
  return operator === '<=' ? value - figure : figure - value;
}

/**
 * Judges limits on every interval while the run goes on, in memory that does not grow with it.
 *
 * What came in a part of an interval is no measure of a rate, a share or a minimum: for these an interval counts when it
 * is whole, and the stream had begun before it and goes on behind it. Of a stream that falls silent all the silence counts,
 * up to the end of the run, unless its sender said that it was over, or silence is what ends the run.
 */
export class IntervalJudge {
  readonly #limits: readonly { readonly limit: EachLimit; readonly figure: IntervalFigure }[];
  readonly #intervalNs: number;
  readonly #onFirst: (found: FirstExceeded) => void;
  /** By limit, by id of the stream. */
  readonly #watched: readonly Map<string, Watched>[];
  readonly #places = new Map<string, LimitPlace>();

  /** `onFirst`: told once of each limit and stream. */
  constructor(limits: readonly EachLimit[], intervalNs: number, onFirst: (found: FirstExceeded) => void = () => {}) {
    this.#limits = limits.map((limit) => ({ limit, figure: INTERVAL_FIGURES.get(limit.figure)! }));
    this.#intervalNs = intervalNs;
    this.#onFirst = onFirst;
    this.#watched = limits.map(() => new Map());
  }

  /** Whether there is anything to judge: else nobody needs to make rows for it. */
  get watches(): boolean {
    return this.#limits.length > 0;
  }

  /** The rows of a closed interval, of all streams; times from `run.start`. */
  observe(
    rows: readonly IntervalRow[],
    transportRows: readonly TransportIntervalRow[],
    senderRows: readonly SenderIntervalRow[],
    startNs: number,
    endNs: number,
  ): void {
    if (this.#limits.length === 0) return;
    for (const row of [...rows, ...senderRows]) this.#places.set(row.stream, row);
    for (const [index, { figure }] of this.#limits.entries()) {
      switch (figure.of) {
        case 'stream':
          for (const row of rows) {
            const isActive = row.packets_received > 0 || (row.packets_duplicated ?? 0) > 0;
            this.#judge(index, row.stream, figure.value(row), startNs, endNs, isActive);
          }
          break;
        case 'sender':
          for (const row of senderRows) {
            this.#judge(index, row.stream, figure.value(row), startNs, endNs, row.scheduled > 0 || row.sent > 0);
          }
          break;
        case 'transport':
          for (const row of transportRows) this.#judge(index, row.stream, figure.value(row), startNs, endNs, true);
          break;
        case 'second':
          for (const { stream, mdi } of transportRows) {
            for (const second of mdi) {
              this.#judge(index, stream, figure.value(second), second.start_ns, second.end_ns, true);
            }
          }
          break;
      }
    }
  }

  /** Entries of `limits[]`, one for each limit and stream. `hasEnded`: whether the silence of a stream is its end. */
  results(hasEnded: (stream: string) => boolean, runEndNs: number): LimitResult[] {
    return this.#limits.flatMap(({ limit, figure }, index) => {
      const entries = [...this.#watched[index]!].map(([stream, watched]) => {
        const found = new Findings();
        found.append(limit, watched.settled);
        if (!hasEnded(stream) && figure.of !== 'sender') {
          found.append(limit, watched.tail);
          this.#addSilence(found, index, watched, runEndNs);
        }
        return entryOf(limit, stream, found);
      });
      return boundEntries(entries.length > 0 ? entries : [entryOf(limit, null, new Findings())]);
    });
  }

  #judge(index: number, stream: string, value: number | null, startNs: number, endNs: number, isActive: boolean): void {
    const { limit, figure } = this.#limits[index]!;
    if (limit.places !== undefined && !isIn(limit.places, this.#places.get(stream) ?? NOWHERE)) return;
    const watched = this.#watchedOf(index, stream, startNs);
    const wantsWhole = figure.wantsWhole || limit.operator === '>=';
    if (!wantsWhole) {
      if (value !== null) watched.settled.add(limit, { start_ns: startNs, end_ns: endNs, value });
    } else if (!watched.hasBegun) watched.hasBegun = isActive;
    else {
      this.#addSilence(watched.tail, index, watched, startNs);
      if (isActive) {
        watched.settled.append(limit, watched.tail);
        watched.tail = new Findings();
      }
      const isWhole = endNs - startNs >= WHOLE_SHARE * this.#intervalNs || figure.of === 'second';
      if (isWhole && value !== null) watched.tail.add(limit, { start_ns: startNs, end_ns: endNs, value });
    }
    watched.endNs = endNs;
    const { first } = watched.settled;
    if (first === null || watched.isTold) return;
    watched.isTold = true;
    this.#onFirst({ limit, stream, interval: first });
  }

  #watchedOf(index: number, stream: string, startNs: number): Watched {
    const known = this.#watched[index]!.get(stream);
    if (known !== undefined) return known;
    const watched: Watched = {
      settled: new Findings(),
      tail: new Findings(),
      hasBegun: false,
      endNs: startNs,
      isTold: false,
    };
    this.#watched[index]!.set(stream, watched);
    return watched;
  }

  /** Whole intervals up to `untilNs` that had no row any more: a stream that has been silent for long has none. */
  #addSilence(findings: Findings, index: number, { endNs, hasBegun }: Watched, untilNs: number): void {
    const { limit, figure } = this.#limits[index]!;
    const intervals = Math.floor((untilNs - endNs) / this.#intervalNs + 1 - WHOLE_SHARE);
    if (intervals < 1 || !hasBegun || figure.idle === null) return;
    findings.add(limit, { start_ns: endNs, end_ns: endNs + this.#intervalNs, value: figure.idle }, intervals);
  }
}

const NOWHERE: LimitPlace = { group: '', port: 0 };

function entryOf(limit: EachLimit, stream: string | null, found: Findings): LimitResult {
  const { intervals, exceeded, first, worst } = found;
  const base = { expression: limit.expression, stream, limit: limit.value };
  const ofIntervals = { judged: intervals, exceeded, first, worst };
  if (worst === null) {
    const reason = stream === null ? 'no interval was told of it' : 'no whole interval had a value of it';
    return { ...base, value: null, margin: null, ok: false, reason, intervals: ofIntervals };
  }
  return {
    ...base,
    value: worst.value,
    margin: margin(limit, worst.value),
    ok: exceeded === 0,
    reason: first === null ? null : `in ${exceeded} of ${intervals} intervals, first ${at(first)}, worst ${at(worst)}`,
    intervals: ofIntervals,
  };
}

/** `12.0 s into the run`. */
function at({ start_ns: startNs }: JudgedInterval): string {
  return `at ${(startNs / 1e9).toFixed(1)} s`;
}
