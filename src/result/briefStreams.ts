/**
 * Streams beyond the detail limit, as columns: what they have in common is said once. Of ten thousand numbered sources a
 * document is a fifth as long as with an object for each, and takes as much less to move and to write.
 */
import { METRIC_IDS } from '../metrics/catalog.js';
import { type BriefColumn, columnFrom } from './briefColumn.js';
import { Figure } from './figures.js';
import type { FigureRows, FigureTable } from './figureTable.js';
import type { Stream } from './modelStream.js';
import { type AlikeStreams, type BriefStream, LEFT_OUT, type StreamDigest } from './streamDigest.js';

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

/** Fields that have a column. */
type BriefField = keyof BriefStream;

/** Streams that were told at once: what all of them have, and what is each one's own, if anything. */
interface Lot {
  /** Which of all that were told is its first. */
  readonly first: number;
  readonly brief: BriefStream;
  readonly own: Readonly<Partial<Record<BriefField, (place: number) => unknown>>>;
}

const NOTHING: Lot['own'] = {};

/** Columns of streams that come one after another. */
export class BriefRows {
  readonly #table: FigureTable;
  readonly #lots: Lot[] = [];
  /** By stream, in the order in which they were told: its lot, and its row of the table. */
  readonly #lotOf: number[] = [];
  readonly #rowOf: number[] = [];

  /** `table`: their figures. */
  constructor(table: FigureTable) {
    this.#table = table;
  }

  /** `row`: of the table. */
  add({ brief }: StreamDigest, row: number): void {
    this.#add(brief, NOTHING, [row]);
  }

  /** `rows`: of the table, one for each. */
  addAlike({ brief, own }: AlikeStreams, rows: readonly number[]): void {
    this.#add(brief, own, rows);
  }

  #add(brief: BriefStream, own: Lot['own'], rows: readonly number[]): void {
    const lot = this.#lots.push({ first: this.#rowOf.length, brief, own }) - 1;
    for (let i = 0; i < rows.length; i++) this.#lotOf.push(lot);
    this.#rowOf.push(...rows);
  }

  /** `order`: of those that were told. `null`: there are none. */
  finish(order: readonly number[]): BriefStreams | null {
    const rows = this.#table.together(order.map((told) => this.#rowOf[told]!));
    const [first] = this.#lots;
    if (first === undefined) return null;
    const columns: Record<string, BriefColumn> = {};
    // Column by column: each is a loop over values of a kind.
    for (const key of Object.keys(first.brief)) {
      if (key !== 'metrics' && !(key in LEFT_OUT)) columns[key] = this.#field(key as BriefField, order);
    }
    for (const id of METRIC_IDS) {
      columns[METRICS + id] = id === 'dscp_received' ? this.#dscp(rows) : this.#figure(Figure[id], rows);
    }
    return { count: order.length, columns };
  }

  #field(key: BriefField, order: readonly number[]): BriefColumn {
    const lots = this.#lots;
    const common = columnOf(lots.map(({ brief }) => brief[key]));
    if ('all' in common && lots.every(({ own }) => own[key] === undefined)) return common;
    const valueOf = (told: number): unknown => {
      const { own, brief, first } = lots[this.#lotOf[told]!]!;
      const each = own[key];
      return each === undefined ? brief[key] : each(told - first);
    };
    const first = valueOf(order[0]!);
    if (order.every((told) => isAlike(valueOf(told), first))) return { all: first };
    return columnFrom(() => order.map(valueOf));
  }

  #dscp({ leads, repeats }: FigureRows): BriefColumn {
    const column = columnOf(leads.map((lead) => this.#table.dscp(lead)));
    if ('all' in column) return column;
    return { each: column.each.flatMap((dscp, i) => Array.from({ length: repeats[i]! }, () => dscp)) };
  }

  #figure(figure: number, rows: FigureRows): BriefColumn {
    const table = this.#table;
    if (!table.isSame(figure, rows)) return columnFrom(() => table.column(figure, rows));
    const all = table.value(rows.rows[0]!, figure);
    return { all: Number.isNaN(all) ? null : all };
  }
}

function columnOf(each: unknown[]): BriefColumn {
  const [first] = each;
  return each.every((value) => isAlike(value, first)) ? { all: first } : { each };
}

/** Whether both are the same in JSON. */
function isAlike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  let keys = 0;
  // Lists of keys of ten thousand small objects would be as much memory as all else.
  for (const key in a) {
    if (!(key in b) || !isAlike(a[key as keyof typeof a], b[key as keyof typeof b])) return false;
    keys++;
  }
  for (const _ in b) keys--;
  return keys === 0;
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
  const { streams, streams_brief: brief, streams_total: total } = result;
  const beside = streams.filter(({ role }) => isBeside(role)).length;
  const roles = brief?.columns['role'];
  if (brief === null || roles === undefined) return total - beside;
  if ('each' in roles) return total - beside - roles.each.filter(isBeside).length;
  return total - beside - (isBeside(roles.all) ? brief.count : 0);
}

function isBeside(role: unknown): boolean {
  return role !== 'media';
}

/** Whether these fields of every stream are as `test` wants them, which is given one object again and again. */
export function everyStreamIs<Key extends BriefField>(
  { streams, streams_brief: brief }: OrderedStreams,
  keys: readonly Key[],
  test: (fields: Readonly<Pick<Stream, Key>>) => boolean,
): boolean {
  if (!streams.every((stream) => test(stream))) return false;
  if (brief === null) return true;
  const row: Record<string, unknown> = {};
  const varying: { readonly key: string; readonly each: readonly unknown[] }[] = [];
  for (const key of keys) {
    const column = brief.columns[key];
    if (column === undefined) continue;
    if ('each' in column) varying.push({ key, each: column.each });
    else row[key] = column.all;
  }
  // What all of them have is looked at once.
  const rows = varying.length === 0 ? Math.min(1, brief.count) : brief.count;
  for (let i = 0; i < rows; i++) {
    for (const { key, each } of varying) row[key] = each[i];
    if (!test(row as unknown as Pick<Stream, Key>)) return false;
  }
  return true;
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
