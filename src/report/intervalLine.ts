/** One line per interval and stream, in columns of at most 80 characters; the stream's name stands behind them. */
import { DASH, formatDuration, formatHostPort, formatShortCount, formatTimeOfDay, UTC } from '../core/format.js';
import type { IntervalRow, SenderIntervalRow } from '../result/interval.js';
import { styleOf, type Style, type TextOptions } from './style.js';

export interface IntervalOptions extends TextOptions {
  /** Whether the line says which stream it is: there are several. */
  readonly several?: boolean;
}

/** Columns of the time that begins every line. */
export const TIME_COLUMNS = 14;

function columns(cells: readonly (readonly [text: string, width: number])[], label: string | null): string {
  const line = cells.map(([text, width]) => text.padStart(width)).join(' ');
  return label === null ? line : `${line}  ${label}`;
}

/** Above the lines of {@link intervalLine}. */
export function intervalHeader(options: IntervalOptions = {}): string {
  const names: [string, number][] = [
    ['time'.padEnd(TIME_COLUMNS), TIME_COLUMNS],
    ['bit/s', 6],
    ['received', 8],
    ['lost', 5],
    ['dup', 5],
    ['reord', 5],
    ['delay50', 7],
    ['delay99', 7],
    ['jitter', 7],
  ];
  return styleOf(options.color ?? false).dim(columns(names, options.several === true ? 'stream' : null));
}

/** `time`: end of the interval, RFC 3339. */
export function intervalLine(row: IntervalRow, time: string, options: IntervalOptions = {}): string {
  const style = styleOf(options.color ?? false);
  const lost = formatShortCount(row.packets_lost).padStart(5);
  const cells: [string, number][] = [
    [formatTimeOfDay(time, options.offsetAt ?? UTC).padEnd(TIME_COLUMNS), TIME_COLUMNS],
    [formatShortRate(row.rate_bit_per_second), 6],
    [formatShortCount(row.packets_received), 8],
    [(row.packets_lost ?? 0) > 0 ? style.bad(lost) : lost, 5],
    [formatShortCount(row.packets_duplicated), 5],
    [formatShortCount(row.packets_reordered), 5],
    [formatDuration(row.one_way_delay_p50_ns, ''), 7],
    [formatDuration(row.one_way_delay_p99_ns, ''), 7],
    [formatDuration(row.jitter_ns, ''), 7],
  ];
  return columns(cells, options.several === true ? label(row, row.flow) : null);
}

/** Above the lines of {@link senderIntervalLine}. */
export function senderIntervalHeader(options: IntervalOptions = {}): string {
  const names: [string, number][] = [
    ['time'.padEnd(TIME_COLUMNS), TIME_COLUMNS],
    ['bit/s', 6],
    ['sent', 8],
    ['not sent', 8],
    ['late50', 7],
    ['late99', 7],
    ['latest', 7],
  ];
  return styleOf(options.color ?? false).dim(columns(names, options.several === true ? 'stream' : null));
}

/** As {@link intervalLine}, of a sender: the departure error is how late datagrams left against their schedule. */
export function senderIntervalLine(row: SenderIntervalRow, time: string, options: IntervalOptions = {}): string {
  const style: Style = styleOf(options.color ?? false);
  const notSent = formatShortCount(row.not_sent).padStart(8);
  const cells: [string, number][] = [
    [formatTimeOfDay(time, options.offsetAt ?? UTC).padEnd(TIME_COLUMNS), TIME_COLUMNS],
    [formatShortRate(row.rate_bit_per_second), 6],
    [formatShortCount(row.sent), 8],
    [(row.not_sent ?? 0) > 0 ? style.bad(notSent) : notSent, 8],
    [formatDuration(row.departure_error_p50_ns, ''), 7],
    [formatDuration(row.departure_error_p99_ns, ''), 7],
    [formatDuration(row.departure_error_max_ns, ''), 7],
  ];
  return columns(cells, options.several === true ? label(row, null) : null);
}

function formatShortRate(bitPerSecond: number | null): string {
  return bitPerSecond === null ? DASH : formatShortCount(Math.round(bitPerSecond));
}

function label(
  row: { readonly name: string | null; readonly group: string; readonly port: number },
  flow: string | null,
): string {
  const where = row.name ?? formatHostPort(row.group, row.port);
  return flow === null ? where : `${where} flow ${flow}`;
}
