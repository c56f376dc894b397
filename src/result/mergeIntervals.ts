import { unixNsOf } from '../core/time.js';
import { mergeById } from './mergeById.js';
import type { SenderIntervalRow } from './interval.js';
import type { Receiver } from './model.js';

/** An interval of a sender, or of a part of one; times from `run.start`, which all parts share. */
export interface SenderInterval {
  /** Its end, RFC 3339 with nine decimals. */
  readonly time: string;
  readonly startNs: number;
  readonly endNs: number;
  readonly senderRows: readonly SenderIntervalRow[];
  readonly receivers: readonly Receiver[];
}

/**
 * The intervals of one sender from those of its threads: what falls between the same two whole multiples of the interval's
 * length is one. It is told when every thread that goes on has told of it, so that none is told twice.
 */
export class MergedIntervals {
  readonly #intervalNs: bigint;
  readonly #orderOf: (row: SenderIntervalRow) => number;
  /** By number of the interval, ascending. */
  readonly #open = new Map<bigint, SenderInterval[]>();
  /** By part: number of its latest interval; `null`: it has ended. */
  readonly #latest: (bigint | null)[];

  /** `orderOf`: where the row of a stream stands. */
  constructor(parts: number, intervalNs: number, orderOf: (row: SenderIntervalRow) => number) {
    this.#intervalNs = BigInt(Math.round(intervalNs));
    this.#orderOf = orderOf;
    this.#latest = Array.from({ length: parts }, () => -1n);
  }

  /** A part has told one. Returns those that are whole now, in order. */
  add(part: number, told: SenderInterval): SenderInterval[] {
    const number = this.#numberOf(told.time);
    this.#latest[part] = number;
    this.#open.set(number, [...(this.#open.get(number) ?? []), told]);
    return this.#take();
  }

  /** A part has told its last. Returns those that are whole now, in order. */
  end(part: number): SenderInterval[] {
    this.#latest[part] = null;
    return this.#take();
  }

  /** Of the multiple that it ends at or before. */
  #numberOf(time: string): bigint {
    return (unixNsOf(time) + this.#intervalNs - 1n) / this.#intervalNs;
  }

  #take(): SenderInterval[] {
    const going = this.#latest.filter((number) => number !== null);
    const whole = [...this.#open.keys()]
      .filter((number) => going.every((latest) => latest >= number))
      .toSorted((a, b) => (a < b ? -1 : 1));
    return whole.map((number) => {
      const parts = this.#open.get(number)!;
      this.#open.delete(number);
      return this.#merge(parts);
    });
  }

  #merge(parts: readonly SenderInterval[]): SenderInterval {
    const startNs = Math.min(...parts.map((part) => part.startNs));
    const endNs = Math.max(...parts.map((part) => part.endNs));
    const rows = parts.flatMap((part) => part.senderRows.map((row) => ({ id: row.stream, row })));
    const merged = mergeById(rows, (a, b) => ({ id: a.id, row: mergeRows(a.row, b.row) }));
    return {
      time: parts.reduce((last, { time }) => (time > last ? time : last), ''),
      startNs,
      endNs,
      senderRows: merged.map(({ row }) => row).toSorted((a, b) => this.#orderOf(a) - this.#orderOf(b)),
      receivers: parts.flatMap((part) => part.receivers),
    };
  }
}

/** One stream's. What half and 99 % of the datagrams were late at most is that of the thread where it is more. */
function mergeRows(a: SenderIntervalRow, b: SenderIntervalRow): SenderIntervalRow {
  return {
    ...a,
    scheduled: a.scheduled + b.scheduled,
    sent: a.sent + b.sent,
    not_sent: a.not_sent === null || b.not_sent === null ? null : a.not_sent + b.not_sent,
    octets_sent: a.octets_sent + b.octets_sent,
    rate_bit_per_second: a.rate_bit_per_second + b.rate_bit_per_second,
    departure_error_p50_ns: most(a.departure_error_p50_ns, b.departure_error_p50_ns),
    departure_error_p99_ns: most(a.departure_error_p99_ns, b.departure_error_p99_ns),
    departure_error_max_ns: most(a.departure_error_max_ns, b.departure_error_max_ns),
  };
}

function most(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
