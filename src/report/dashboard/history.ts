/** What intervals told, kept for who looks at the run later: bounded in streams and in points. */
import type { IntervalRow, SenderIntervalRow, TransportIntervalRow } from '../../result/interval.js';
import type { IntervalOthers } from '../../result/intervalOthers.js';
import type { StreamSeries } from '../../result/model.js';
import { printable } from '../../core/printable.js';
import { IntervalRing } from './intervalRing.js';

/** Points of a stream: with the usual interval of a second the last five minutes. */
export const HISTORY_POINTS = 300;
/** Streams whose course is kept: 7 MB of figures. */
const MOST_STREAMS = 384;

/** The figures of a receiver's interval that are kept, by the names that the document has for their series. */
const RECEIVED = [
  'rate_bit_per_second',
  'loss_network',
  'loss_socket_buffer',
  'loss_application',
  'one_way_delay_p50_ns',
  'one_way_delay_p99_ns',
  'jitter_ns',
] as const;
const RATE = RECEIVED.indexOf('rate_bit_per_second');
const MDI = RECEIVED.length;
/** By any cause, known or not. */
const LOSS = MDI + 1;
const SENT = ['rate_bit_per_second', 'not_sent', 'departure_error_p50_ns', 'departure_error_p99_ns'] as const;
const OTHERS = ['rate_bit_per_second', 'loss_ratio'] as const;
const [RATE_OF_OTHERS, LOSS_OF_OTHERS] = [0, 1];
export type SentFigure = (typeof SENT)[number];

interface Kept<Row> {
  /** The last one told, as it came. */
  row: Row;
  readonly ring: IntervalRing;
}

export interface ToldInterval {
  readonly startNs: number;
  readonly endNs: number;
  readonly rows: readonly IntervalRow[];
  /** The streams without a row, together; `null`: there are none. */
  readonly others: IntervalOthers | null;
  readonly senderRows: readonly SenderIntervalRow[];
  readonly transportRows: readonly TransportIntervalRow[];
}

export class History {
  readonly #received = new Map<string, Kept<IntervalRow>>();
  #others: Kept<IntervalOthers> | null = null;
  /** Of all intervals of receivers, and the longest of them. */
  #startNs = NaN;
  #endNs = NaN;
  #stepNs = 0;
  readonly #sent = new Map<string, Kept<SenderIntervalRow>>();
  /** End of the last interval of any end, from the run's start; 0: none was told. */
  toldNs = 0;

  add({ startNs, endNs, rows, others, senderRows, transportRows }: ToldInterval): void {
    this.toldNs = Math.max(this.toldNs, endNs);
    const transports = new Map(transportRows.map((row) => [row.stream, row]));
    for (const row of rows) {
      const kept = keptOf(this.#received, row, LOSS + 1);
      const figures = RECEIVED.map((id) => row[id]);
      kept?.ring.push(startNs, endNs, [...figures, delayFactor(transports.get(row.stream)), row.loss_ratio]);
    }
    if (rows.length > 0 || others !== null) this.#passed(startNs, endNs);
    if (others !== null) {
      this.#others ??= { row: others, ring: new IntervalRing(OTHERS.length, HISTORY_POINTS) };
      this.#others.row = others;
      this.#others.ring.push(
        startNs,
        endNs,
        OTHERS.map((id) => others[id]),
      );
    }
    for (const row of senderRows) {
      const kept = keptOf(this.#sent, row, SENT.length);
      kept?.ring.push(
        startNs,
        endNs,
        SENT.map((id) => row[id]),
      );
    }
  }

  /** The last interval of a stream; `null`: it was not told in that one, as of too many streams. */
  lastReceived(stream: string): IntervalRow | null {
    return this.#inLast(this.#received.get(stream));
  }

  /** The last interval of the streams that had no row in it, together; `null`: all had one. */
  lastOthers(): IntervalOthers | null {
    return this.#inLast(this.#others);
  }

  /** Of such streams together, whichever they were: their rate, and in which intervals something was lost. */
  othersCourse(most: number): Course | null {
    if (this.#others === null) return null;
    const { ring } = this.#others;
    return this.#aligned(ring, courseOf(ring, RATE_OF_OTHERS, LOSS_OF_OTHERS, most), most);
  }

  #passed(startNs: number, endNs: number): void {
    if (Number.isNaN(this.#startNs)) this.#startNs = startNs;
    this.#endNs = endNs;
    this.#stepNs = Math.max(this.#stepNs, endNs - startNs);
  }

  /** All courses are of the same time: a stream that was not told at its beginning or end has no figures there. */
  #aligned(ring: IntervalRing, { rates, isLossy }: Course, most: number): Course {
    const points = (ns: number): number => Math.min(most, Math.round(ns / this.#stepNs));
    const before = points(ring.startNs - this.#startNs);
    const after = points(this.#endNs - ring.endNs);
    const around = <Value>(values: readonly Value[], none: Value): Value[] =>
      [...Array<Value>(before).fill(none), ...values, ...Array<Value>(after).fill(none)].slice(-most);
    return { rates: around(rates, null), isLossy: around(isLossy, false) };
  }

  #inLast<Row>(kept: Kept<Row> | null | undefined): Row | null {
    return kept?.ring.endNs === this.#endNs ? kept.row : null;
  }

  lastSent(stream: string): SenderIntervalRow | null {
    return this.#sent.get(stream)?.row ?? null;
  }

  /** The course of a stream over the last intervals, in the form of the document's; `null`: there is none. */
  series(stream: string): StreamSeries | null {
    const ring = this.#received.get(stream)?.ring;
    if (ring === undefined) return null;
    const columns = [...RECEIVED, 'mdi_df_ns'].map((id, i) => [id, asColumn(id, ring.column(i))]);
    return {
      start_ns: ring.startNs,
      step_ns: ring.stepNs,
      points: ring.length,
      metrics: Object.fromEntries(columns) as StreamSeries['metrics'],
    };
  }

  /** Its rate in the last `most` intervals of the run, and in which of them something was lost; `null`: there is none. */
  course(stream: string, most: number): Course | null {
    const ring = this.#received.get(stream)?.ring;
    return ring === undefined ? null : this.#aligned(ring, courseOf(ring, RATE, LOSS, most), most);
  }

  /** The same of a stream that is sent: what was not sent is lost. */
  sentCourse(stream: string, most: number): Course | null {
    const ring = this.#sent.get(stream)?.ring;
    return ring === undefined
      ? null
      : courseOf(ring, SENT.indexOf('rate_bit_per_second'), SENT.indexOf('not_sent'), most);
  }

  /** All that is kept of a stream that is sent. */
  sentSeries(stream: string): SentSeries | null {
    const ring = this.#sent.get(stream)?.ring;
    if (ring === undefined) return null;
    const columns = SENT.map((id, i) => [id, ring.column(i)]);
    const figures = Object.fromEntries(columns) as SentSeries['figures'];
    return { startNs: ring.startNs, stepNs: ring.stepNs, points: ring.length, figures };
  }
}

export interface Course {
  readonly rates: readonly (number | null)[];
  readonly isLossy: readonly boolean[];
}

export interface SentSeries {
  readonly startNs: number;
  readonly stepNs: number;
  readonly points: number;
  readonly figures: Readonly<Record<SentFigure, readonly (number | null)[]>>;
}

/** `rate`, `lost`: columns. */
function courseOf(ring: IntervalRing, rate: number, lost: number, most: number): Course {
  return { rates: ring.column(rate, most), isLossy: ring.column(lost, most).map((value) => (value ?? 0) > 0) };
}

function keptOf<Row extends { readonly stream: string }>(
  of: Map<string, Kept<Row>>,
  row: Row,
  columns: number,
): Kept<Row> | null {
  // As documents that are shown call it.
  const id = printable(row.stream);
  const known = of.get(id);
  if (known !== undefined) {
    known.row = row;
    return known;
  }
  if (of.size >= MOST_STREAMS) return null;
  const kept = { row, ring: new IntervalRing(columns, HISTORY_POINTS) };
  of.set(id, kept);
  return kept;
}

/** The worst of the seconds that ended in the interval. */
function delayFactor(row: TransportIntervalRow | undefined): number | null {
  const known = (row?.mdi ?? []).flatMap(({ delay_factor_ns: ns }) => (ns === null ? [] : [ns]));
  return known.length === 0 ? null : Math.max(...known);
}

/** A point is one interval: there is nothing around its value. `null`: the figure was never measured. */
function asColumn(id: string, values: (number | null)[]): object | null {
  if (values.every((value) => value === null)) return null;
  return id.startsWith('loss_')
    ? { sum: values, min: values, max: values }
    : { mean: values, min: values, max: values };
}
