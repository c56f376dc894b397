/**
 * Streams beyond the detail limit, as columns: what they have in common is said once. Of ten thousand numbered sources a
 * document is a fifth as long as with an object for each, and takes as much less to move and to write.
 */
import type { Stream } from './modelStream.js';

/** A field of several streams: what all of them have, or one value per stream, in their order. */
export type BriefColumn = { all: unknown } | { each: unknown[] };

/** Streams, worst first, by field; metrics as `metrics.packets_lost` and so on. */
export interface BriefStreams {
  count: number;
  columns: Record<string, BriefColumn>;
}

/** The streams of a result. */
export interface OrderedStreams {
  streams: Stream[];
  /** Those beyond the detail limit; `null`: there are none. */
  streams_brief: BriefStreams | null;
}

const METRICS = 'metrics.';

/** What such a stream does not have: everything but its counters and what names it. */
const LEFT_OUT = {
  histograms: null,
  series: null,
  loss_map: null,
  bursts: null,
  transport: null,
  not_measured: {},
} as const satisfies Partial<Stream>;

/** Fields that have a column. */
type BriefField = Exclude<keyof Stream, keyof typeof LEFT_OUT | 'metrics'>;

/** Columns of the streams, in their order; `null`: there are none. Histograms, series, maps and reasons are left out. */
export function briefStreams(streams: readonly Stream[]): BriefStreams | null {
  const [first] = streams;
  if (first === undefined) return null;
  const columns: Record<string, BriefColumn> = {};
  for (const key of keysOf(first)) {
    if (key in LEFT_OUT || key === 'metrics') continue;
    columns[key] = columnOf(streams, (stream) => stream[key]);
  }
  for (const id of keysOf(first.metrics)) {
    columns[METRICS + id] = columnOf(streams, ({ metrics }) => metrics[id]);
  }
  return { count: streams.length, columns };
}

/** All streams of a result, those in columns as objects again, made anew by each call. */
export function everyStream({ streams, streams_brief: brief }: OrderedStreams): Stream[] {
  return brief === null ? [...streams] : [...streams, ...streamsIn(brief)];
}

/** These fields of all streams of a result: where they will do, in a tenth of the time. */
export function fieldsOfEvery<Key extends BriefField>(
  { streams, streams_brief: brief }: OrderedStreams,
  keys: readonly Key[],
): Pick<Stream, Key>[] {
  if (brief === null) return [...streams];
  const columns = keys.flatMap((key) => (key in brief.columns ? [[key, brief.columns[key]!] as const] : []));
  const rows = Array.from({ length: brief.count }, (_, row) => rowOf(columns, row) as Pick<Stream, Key>);
  return [...streams, ...rows];
}

/** How many of all streams are media, and not what goes with them. */
export function mediaTotal(result: OrderedStreams & { readonly streams_total: number }): number {
  const beside = fieldsOfEvery(result, ['role']).filter(({ role }) => role !== 'media').length;
  return result.streams_total - beside;
}

/** Those in columns, as objects again. */
export function streamsIn({ count, columns }: BriefStreams): Stream[] {
  const own: [key: string, column: BriefColumn][] = [];
  const metrics: [id: string, column: BriefColumn][] = [];
  for (const [key, column] of Object.entries(columns)) {
    if (key.startsWith(METRICS)) metrics.push([key.slice(METRICS.length), column]);
    else own.push([key, column]);
  }
  return Array.from({ length: count }, (_, row) => {
    const stream = { ...rowOf(own, row), metrics: rowOf(metrics, row), ...LEFT_OUT };
    return stream as unknown as Stream;
  });
}

function rowOf(
  columns: readonly (readonly [key: string, column: BriefColumn])[],
  row: number,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, column] of columns) values[key] = 'all' in column ? column.all : column.each[row];
  return values;
}

function columnOf(streams: readonly Stream[], valueOf: (stream: Stream) => unknown): BriefColumn {
  const first = valueOf(streams[0]!);
  // Parts of a document are alike when their text is.
  const text = isPart(first) ? JSON.stringify(first) : null;
  const isShared = (stream: Stream): boolean => {
    const value = valueOf(stream);
    return text === null ? value === first : isPart(value) && JSON.stringify(value) === text;
  };
  return streams.every(isShared) ? { all: first } : { each: streams.map(valueOf) };
}

function isPart(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function keysOf<T extends object>(value: T): (keyof T & string)[] {
  return Object.keys(value) as (keyof T & string)[];
}
