/**
 * What an interval brought, in columns within a terminal's width. One stream has a line that begins with the time;
 * several have the time on a line of its own, and below it a line each that begins with its name.
 */
import { DASH, formatDuration, formatHostPort, formatShortCount, formatTimeOfDay, UTC } from '../core/format.js';
import { printable } from '../core/printable.js';
import type { IntervalRow, SenderIntervalRow } from '../result/interval.js';
import type { IntervalOthers } from '../result/intervalOthers.js';
import type { Receiver } from '../result/model.js';
import { inColumns } from './displayWidth.js';
import { styleOf, type TextOptions } from './style.js';
import { counted } from './textLines.js';

export interface IntervalOptions extends TextOptions {
  /** There are several streams: lines say which one. */
  readonly several?: boolean;
  /** What earlier lines called their streams. */
  readonly labels?: StreamLabels;
  /** Streams that have no row, together; `null`: there are none. */
  readonly others?: IntervalOthers | null;
  /** Columns that something else takes before each line. */
  readonly indent?: number;
}

/** Columns of the time that begins a line. */
export const TIME_COLUMNS = 14;
/** Of a stream's name: with all other columns 80. */
const LABEL_COLUMNS = 22;
/** Of streams in an interval. */
const MOST = 20;

type Cell = readonly [text: string, width: number];

/** Above the lines of {@link intervalLines}. */
export function intervalHeader(options: IntervalOptions = {}): string {
  const names: Cell[] = [
    ['bit/s', 6],
    ['received', 8],
    ['lost', 5],
    ['dup', 5],
    ['reord', 5],
    ['delay50', 7],
    ['delay99', 7],
    ['jitter', 7],
  ];
  return header(names, options);
}

/** `time`: end of the interval, RFC 3339. */
export function intervalLines(rows: readonly IntervalRow[], time: string, options: IntervalOptions = {}): string[] {
  const style = styleOf(options.color ?? false);
  return lines(rows, time, options, (row) => {
    const lost = formatShortCount(row.packets_lost).padStart(5);
    return [
      [formatShortRate(row.rate_bit_per_second), 6],
      [formatShortCount(row.packets_received), 8],
      [(row.packets_lost ?? 0) > 0 ? style.bad(lost) : lost, 5],
      [formatShortCount(row.packets_duplicated), 5],
      [formatShortCount(row.packets_reordered), 5],
      [formatDuration(row.one_way_delay_p50_ns, ''), 7],
      [formatDuration(row.one_way_delay_p99_ns, ''), 7],
      [formatDuration(row.jitter_ns, ''), 7],
    ];
  });
}

/** Above the lines of {@link senderIntervalLines}. */
export function senderIntervalHeader(options: IntervalOptions = {}): string {
  const names: Cell[] = [
    ['bit/s', 6],
    ['sent', 8],
    ['not sent', 8],
    ['late50', 7],
    ['late99', 7],
    ['latest', 7],
  ];
  return header(names, options);
}

/** As {@link intervalLines}, of a sender: the departure error is how late datagrams left against their schedule. */
export function senderIntervalLines(
  rows: readonly SenderIntervalRow[],
  time: string,
  options: IntervalOptions = {},
): string[] {
  const style = styleOf(options.color ?? false);
  return lines(rows, time, options, (row) => {
    const notSent = formatShortCount(row.not_sent).padStart(8);
    return [
      [formatShortRate(row.rate_bit_per_second), 6],
      [formatShortCount(row.sent), 8],
      [(row.not_sent ?? 0) > 0 ? style.bad(notSent) : notSent, 8],
      [formatDuration(row.departure_error_p50_ns, ''), 7],
      [formatDuration(row.departure_error_p99_ns, ''), 7],
      [formatDuration(row.departure_error_max_ns, ''), 7],
    ];
  });
}

/** What receivers have reported to a sender so far: a line for each of the worst. */
export function receiverReportLines(receivers: readonly Receiver[], options: TextOptions = {}): string[] {
  const style = styleOf(options.color ?? false);
  const most = options.most ?? MOST;
  const worst = receivers.toSorted((a, b) => (b.report?.lost ?? 0) - (a.report?.lost ?? 0));
  const told = worst.slice(0, most).map(({ name, address, report }) => {
    const label = inColumns(printable(`  ${name} ${address}`), LABEL_COLUMNS + 8);
    if (report === null) return label;
    const lost = `lost ${formatShortCount(report.lost)}`.padEnd(10);
    const delay = `delay99 ${formatDuration(report.one_way_delay_p99_ns, '')}`.padEnd(15);
    const state = report.state === 'silent' ? style.bad(' silent') : report.state === 'done' ? style.dim(' done') : '';
    const received = `got ${formatShortCount(report.received)}`.padEnd(10);
    return `${label} ${received} ${(report.lost ?? 0) > 0 ? style.bad(lost) : lost} ${delay}${state}`;
  });
  if (receivers.length > most) told.push(style.dim(`  and ${counted(receivers.length - most, 'more receiver')}`));
  return told;
}

function header(names: readonly Cell[], options: IntervalOptions): string {
  const first = options.several === true ? 'stream'.padEnd(labelColumns(options)) : 'time'.padEnd(TIME_COLUMNS);
  return styleOf(options.color ?? false).dim(columns(first, names));
}

/** `first` may be `over` columns too long: the cell behind it gives way. */
function columns(first: string, cells: readonly Cell[], over = 0): string {
  return [first, ...cells.map(([text, width], i) => text.padStart(i === 0 ? width - over : width))].join(' ');
}

type Row = Pick<IntervalRow, 'stream' | 'name' | 'group' | 'port'> & {
  readonly flow?: string | null;
  readonly packets_lost?: number | null;
  readonly not_sent?: number | null;
  readonly rate_bit_per_second: number;
};

/** Lost at a receiver, not sent at a sender. */
function missing(row: Row): number {
  return row.packets_lost ?? row.not_sent ?? 0;
}

function isActive(row: Row): boolean {
  return row.rate_bit_per_second > 0;
}

function lines<T extends Row>(
  rows: readonly T[],
  time: string,
  options: IntervalOptions,
  cellsOf: (row: T) => readonly Cell[],
): string[] {
  if (rows.length === 0) return [];
  const timeOfDay = formatTimeOfDay(time, options.offsetAt ?? UTC);
  if (options.several !== true) {
    // A tenth of a second beside an offset.
    const over = Math.max(0, timeOfDay.length - TIME_COLUMNS);
    return rows.map((row) => columns(timeOfDay.padEnd(TIME_COLUMNS), cellsOf(row), over));
  }
  const width = labelColumns(options);
  const { dim } = styleOf(options.color ?? false);
  const most = options.most ?? MOST;
  // Where not all are shown, those with something wrong are, and rather those that sent something.
  const ranked =
    rows.length > most
      ? rows.toSorted((a, b) => missing(b) - missing(a) || Number(isActive(b)) - Number(isActive(a)))
      : rows;
  const shown = ranked.slice(0, most);
  const labels = (options.labels ?? new StreamLabels()).of(shown).map((label) => inColumns(printable(label), width));
  const told = shown.map((row, i) => columns(labels[i]!, cellsOf(row)));
  const more = rows.length - shown.length + (options.others?.streams ?? 0);
  if (more === 0) return [dim(timeOfDay), ...told];
  const rest = ranked.slice(most).reduce((sum, row) => sum + missing(row), options.others?.packets_lost ?? 0);
  const lost = rest === 0 ? '' : `, ${formatShortCount(rest)} missing`;
  return [dim(timeOfDay), ...told, dim(`and ${counted(more, 'more stream')}${lost}`)];
}

function labelColumns({ indent = 0 }: IntervalOptions): number {
  return LABEL_COLUMNS - indent;
}

/** Streams as interval lines call them: the same one always by the same name. */
export class StreamLabels {
  readonly #flows = new Map<string, Set<string>>();

  /** The line-up's name, or group and port; with the flow, or else whom it comes from, where that is not enough. */
  of(rows: readonly Row[]): string[] {
    // Further streams than are told apart have no address.
    const plain = rows.map((row) => row.name ?? (row.group === '' ? 'others' : formatHostPort(row.group, row.port)));
    for (const [i, { flow }] of rows.entries()) {
      if (flow === null || flow === undefined) continue;
      const flows = this.#flows.get(plain[i]!);
      if (flows === undefined) this.#flows.set(plain[i]!, new Set([flow]));
      else flows.add(flow);
    }
    const labels = rows.map(({ flow }, i) =>
      (this.#flows.get(plain[i]!)?.size ?? 0) > 1 ? `${plain[i]} #${flow}` : plain[i]!,
    );
    // Counted, because there may be thousands of rows: looking for each among all would take seconds.
    const timesUsed = new Map<string, number>();
    for (const label of labels) timesUsed.set(label, (timesUsed.get(label) ?? 0) + 1);
    return labels.map((label, i) => (timesUsed.get(label) === 1 ? label : `from ${rows[i]!.stream.split('/')[1]}`));
  }
}

export function formatShortRate(bitPerSecond: number | null): string {
  return bitPerSecond === null ? DASH : formatShortCount(Math.round(bitPerSecond));
}
