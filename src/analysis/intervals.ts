import type { Nanos } from '../core/time.js';
import { StreamCounter } from '../metrics/counters.js';
import type { IntervalSnapshot } from '../metrics/snapshot.js';
import { IntervalStreams } from './intervalStreams.js';

/** One span of receive stamps, `[startMonoNs, endMonoNs)`, when every socket has been read past its end. */
export interface ClosedInterval {
  readonly startMonoNs: Nanos;
  readonly endMonoNs: Nanos;
  /** It ended within the warm-up: its figures are in no total. */
  readonly omitted: boolean;
  /** Streams heard of so far, less those that are over or dormant and had nothing to report. */
  readonly rows: IntervalStreams;
  /** The same as objects. */
  readonly streams: readonly IntervalSnapshot[];
  /** Nobody looks at it any more: its rows are those of a later one. */
  giveBack(): void;
}

/** Rows for the next interval: of ten thousand streams they take 2 MB. */
interface Spare {
  rows: IntervalStreams | null;
}

class OpenInterval implements ClosedInterval {
  readonly startMonoNs: Nanos;
  endMonoNs: Nanos;
  omitted = false;
  readonly rows: IntervalStreams;
  readonly #spare: Spare;

  /** `rows`: so many are likely. */
  constructor(startMonoNs: Nanos, endMonoNs: Nanos, rows: number, spare: Spare) {
    this.rows = spare.rows ?? new IntervalStreams(rows);
    spare.rows = null;
    this.#spare = spare;
    this.startMonoNs = startMonoNs;
    this.endMonoNs = endMonoNs;
  }

  giveBack(): void {
    this.rows.clear();
    this.#spare.rows = this.rows;
  }

  get streams(): IntervalSnapshot[] {
    const { rows, startMonoNs, endMonoNs } = this;
    return Array.from({ length: rows.count }, (_, row) => rows.snapshot(row, startMonoNs, endMonoNs));
  }
}

/**
 * Interval boundaries, `first + k x length`, and how far each socket has come: a socket's streams are
 * closed when that socket is read past the boundary, the interval when all sockets are. What a stream
 * did in an interval is the difference of its cumulative counters, so intervals add up to the totals.
 */
export class Intervals {
  readonly #firstMonoNs: Nanos;
  readonly #lengthNs: Nanos;
  #startMonoNs: Nanos;
  /** By socket: ordinal of the interval that it is in. */
  readonly #position: number[] = [];
  /** Ordinal of `#open[0]`. */
  #closed = 0;
  readonly #open: OpenInterval[] = [];
  #done: ClosedInterval[] = [];
  /** Streams in the interval that closed last. */
  #usualRows = 0;
  readonly #spare: Spare = { rows: null };
  /** Counters of each stream when its last interval closed, as {@link IntervalStreams.add} keeps them. Replaced when it grows. */
  base = new Float64Array(16 * StreamCounter.Count);

  /** `firstMonoNs` and `lengthNs` may be Infinity: then the whole run is one interval. */
  constructor(startMonoNs: Nanos, firstMonoNs: Nanos, lengthNs: Nanos) {
    this.#startMonoNs = startMonoNs;
    this.#firstMonoNs = firstMonoNs;
    this.#lengthNs = lengthNs;
  }

  addSocket(socket: number): void {
    this.#position[socket] = this.#closed;
  }

  ensure(streams: number): void {
    const wanted = streams * StreamCounter.Count;
    if (wanted <= this.base.length) return;
    const grown = new Float64Array(Math.max(wanted, 2 * this.base.length));
    grown.set(this.base);
    this.base = grown;
  }

  /** The next boundary that `socket` will pass, ns. */
  edgeNs(socket: number): Nanos {
    return this.#boundary(this.#position[socket]!);
  }

  #boundary(position: number): Nanos {
    // An infinite length times 0 would be no number.
    return position === 0 ? this.#firstMonoNs : this.#firstMonoNs + position * this.#lengthNs;
  }

  #current(socket: number, endMonoNs: Nanos): OpenInterval {
    const position = this.#position[socket]!;
    for (let k = this.#closed + this.#open.length; k <= position; k++) {
      const startMonoNs = k === 0 ? this.#startMonoNs : this.#boundary(k - 1);
      this.#open.push(new OpenInterval(startMonoNs, endMonoNs, this.#usualRows, this.#spare));
    }
    const interval = this.#open[position - this.#closed]!;
    interval.endMonoNs = endMonoNs;
    return interval;
  }

  /** Rows of the interval that `socket` is about to leave at `endMonoNs`: its boundary, or the end of the run. */
  rowsOf(socket: number, endMonoNs: Nanos): IntervalStreams {
    return this.#current(socket, endMonoNs).rows;
  }

  /** The counters of `stream` began anew (end of the warm-up), and with them what it did in this interval. */
  restart(stream: number): void {
    this.base.fill(0, stream * StreamCounter.Count, (stream + 1) * StreamCounter.Count);
  }

  /** `socket` leaves its interval at `endMonoNs`. */
  leave(socket: number, endMonoNs: Nanos, omitted: boolean): void {
    const interval = this.#current(socket, endMonoNs);
    if (omitted) interval.omitted = true;
    this.#position[socket]!++;
    let least = Infinity;
    for (const position of this.#position) if (position !== undefined && position < least) least = position;
    while (this.#closed < least && this.#open.length > 0) {
      const closed = this.#open.shift()!;
      this.#usualRows = closed.rows.count;
      this.#done.push(closed);
      this.#closed++;
    }
  }

  /** Takes out what has closed since, oldest first. */
  take(): ClosedInterval[] {
    const done = this.#done;
    if (done.length > 0) this.#done = [];
    return done;
  }
}
