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

/** Columns of streams that come one after another, of which none is kept. Histograms, series, maps and reasons are left out. */
export class BriefRows {
  #fields: Columns | null = null;
  #metrics: Columns | null = null;
  #count = 0;

  add(stream: Stream): void {
    this.#fields ??= new Columns(stream, (key) => key in LEFT_OUT || key === 'metrics');
    this.#metrics ??= new Columns(stream.metrics, () => false);
    this.#fields.add(stream, this.#count);
    this.#metrics.add(stream.metrics, this.#count);
    this.#count++;
  }

  /** `order`: of the rows. `null`: there are none. */
  finish(order: readonly number[]): BriefStreams | null {
    if (this.#fields === null || this.#metrics === null) return null;
    const columns = { ...this.#fields.finish('', order), ...this.#metrics.finish(METRICS, order) };
    return { count: this.#count, columns };
  }
}

/** Of objects with the same keys. */
class Columns {
  readonly #keys: readonly string[];
  readonly #columns: readonly Column[];

  constructor(first: object, isLeftOut: (key: string) => boolean) {
    this.#keys = Object.keys(first).filter((key) => !isLeftOut(key));
    this.#columns = this.#keys.map((key) => new Column((first as Record<string, unknown>)[key]));
  }

  add(one: object, row: number): void {
    // By their positions: an iterator makes more garbage than there are values.
    for (let i = 0; i < this.#keys.length; i++) {
      this.#columns[i]!.add((one as Record<string, unknown>)[this.#keys[i]!], row);
    }
  }

  finish(prefix: string, order: readonly number[]): Record<string, BriefColumn> {
    return Object.fromEntries(this.#keys.map((key, i) => [prefix + key, this.#columns[i]!.finish(order)]));
  }
}

/** Values of one field. */
class Column {
  readonly #first: unknown;
  /** `null`: so far all are the first one. */
  #each: unknown[] | null = null;

  constructor(first: unknown) {
    this.#first = first;
  }

  /** `row`: how many there are before it; of the first nothing more is to be known. */
  add(value: unknown, row: number): void {
    if (this.#each !== null) this.#each.push(value);
    else if (!isAlike(value, this.#first)) this.#each = [...new Array<unknown>(row).fill(this.#first), value];
  }

  finish(order: readonly number[]): BriefColumn {
    const each = this.#each;
    return each === null ? { all: this.#first } : { each: order.map((row) => each[row]) };
  }
}

/** Whether both are the same in JSON. */
function isAlike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => key in b && isAlike(a[key as keyof typeof a], b[key as keyof typeof b]));
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
