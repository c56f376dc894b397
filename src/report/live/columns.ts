/** Columns of the live view: what stands in them. Counts are since the beginning, all else is of the last interval. */
import { DASH, formatDuration, formatShortCount } from '../../core/format.js';
import type { SenderIntervalRow } from '../../result/interval.js';
import { formatShortRate } from '../intervalLine.js';
import type { ReceivedFigures } from './history.js';
import type { CountName, Counts } from './liveTable.js';
import type { ReportedFigures } from './receiverReports.js';

/** Of one stream or receiver, or of all together. */
export interface Subject<Row> {
  /** `null`: there are none, as of all together. */
  readonly figures: Row | null;
  readonly counts: Counts;
  /** Bit/s; `null`: it was not there. */
  readonly rate: number | null;
  /** All together: what cannot be added up is left blank. */
  readonly isSum: boolean;
}

export interface Column<Row> {
  readonly head: string;
  readonly width: number;
  /** Columns with one rank come together or not at all; where not all fit those with the lowest do. */
  readonly rank: number;
  text(subject: Subject<Row>): string;
  isBad(counts: Counts): boolean;
  /** Left out as long as this was not measured; `null`: never. */
  readonly needs: CountName | null;
}

/** Ranks of the two columns that are pictures. */
export const RANK_OF_HISTORY = 2;
export const RANK_OF_COURSE = 6;

export const RECEIVED_COLUMNS: readonly Column<Partial<ReceivedFigures>>[] = [
  rate(0),
  count('recv', 'received', 8),
  ...losses<Partial<ReceivedFigures>>(),
  loss('unsent', 'neverSent', 10, 6),
  ...disorders<Partial<ReceivedFigures>>(),
  ...delays<Partial<ReceivedFigures>>(),
];

/** Of receivers, as they told the sender. */
export const REPORTED_COLUMNS: readonly Column<ReportedFigures>[] = [
  count('recv', 'received', 0),
  ...losses<ReportedFigures>(),
  ...disorders<ReportedFigures>(),
  ...delays<ReportedFigures>(),
];

export const SENT_COLUMNS: readonly Column<SenderIntervalRow>[] = [
  rate(0),
  count('sent', 'sent', 4),
  loss('not sent', 'notSent', 1, 8),
  time('late50', 5, (row) => row.departure_error_p50_ns),
  time('late99', 3, (row) => row.departure_error_p99_ns),
  time('latest', 7, (row) => row.departure_error_max_ns),
];

function losses<Row>(): Column<Row>[] {
  return [
    loss('lost', 'lost', 1),
    loss('net', 'network', 5),
    loss('buf', 'socketBuffer', 5),
    loss('app', 'application', 5),
  ];
}

function disorders<Row>(): Column<Row>[] {
  return [count('dup', 'duplicated', 9), count('reord', 'reordered', 9), count('late', 'late', 9)];
}

function delays<Row extends Partial<ReceivedFigures>>(): Column<Row>[] {
  return [
    time('delay50', 3, (row) => row.one_way_delay_p50_ns),
    time('delay99', 7, (row) => row.one_way_delay_p99_ns),
    time('jitter', 4, (row) => row.jitter_ns),
  ];
}

function rate<Row>(rank: number): Column<Row> {
  return { head: 'bit/s', width: 5, rank, text: (subject) => formatShortRate(subject.rate), isBad: never, needs: null };
}

function count<Row>(head: string, name: CountName, rank: number): Column<Row> {
  return {
    head,
    width: 5,
    rank,
    text: ({ counts }) => formatShortCount(counts[name] ?? null),
    isBad: never,
    needs: name,
  };
}

function loss<Row>(head: string, name: CountName, rank: number, width = 5): Column<Row> {
  return { ...count<Row>(head, name, rank), width, isBad: (counts) => (counts[name] ?? 0) > 0 };
}

function time<Row>(head: string, rank: number, of: (figures: Row) => number | null | undefined): Column<Row> {
  const text = ({ figures, isSum }: Subject<Row>): string =>
    figures === null ? (isSum ? '' : DASH) : shortDuration(of(figures) ?? null);
  return { head, width: 7, rank, text, isBad: never, needs: null };
}

function never(): boolean {
  return false;
}

/** At most seven characters. */
function shortDuration(ns: number | null): string {
  const text = formatDuration(ns, '');
  return text.length <= 7 ? text : `${formatShortCount(Math.round(ns! / 1e9))}s`;
}
