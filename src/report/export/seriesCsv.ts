/** The intervals of a run as CSV (RFC 4180): a row for each stream and interval, under one heading. */
import { printable } from '../../core/printable.js';
import { TRANSPORT_INDICATORS } from '../../metrics/transportIndicators.js';
import type { IntervalRow, SenderIntervalRow, TransportIntervalRow } from '../../result/interval.js';
import type { IntervalOthers } from '../../result/intervalOthers.js';
import { INTERVAL_UNITS, SENDER_INTERVAL_UNITS } from './intervalFigures.js';

type End = 'recv' | 'send';
type Cells = Readonly<Record<string, string | number | null | undefined>>;

const IDENTITY = ['time', 'end', 'start_ns', 'end_ns', 'stream', 'name', 'group', 'port', 'flow'] as const;
const RECEIVED = Object.keys(INTERVAL_UNITS);
const SENT = Object.keys(SENDER_INTERVAL_UNITS).filter((key) => !(key in INTERVAL_UNITS));
/** The worst of the seconds that ended in the interval: where this is a second, the second. */
const MDI = ['delay_factor_ns', 'media_loss_rate'] as const;
const INDICATORS = TRANSPORT_INDICATORS.map(({ id }) => id);

/** Names and units are those of the rows of `--json`. */
const COLUMNS: readonly string[] = [...IDENTITY, ...RECEIVED, ...SENT, ...MDI, ...INDICATORS, 'streams'];

export function seriesHeading(): string {
  return COLUMNS.join(',');
}

export interface SeriesInterval {
  /** End of the interval, RFC 3339. */
  readonly time: string;
  readonly startNs: number;
  readonly endNs: number;
  readonly rows: readonly IntervalRow[];
  /** Streams without a row; `null`: none. */
  readonly others: IntervalOthers | null;
  readonly senderRows: readonly SenderIntervalRow[];
  readonly transportRows: readonly TransportIntervalRow[];
}

/** The rows of one interval, a line each, and one for the streams that have none: without a stream, with their number. */
export function* seriesRows(interval: SeriesInterval, end: End): Generator<string> {
  const { time, startNs, endNs, rows, others, senderRows, transportRows } = interval;
  const transport = new Map(transportRows.map((row) => [row.stream, row]));
  const where = { time, end, start_ns: startNs, end_ns: endNs };
  for (const row of rows) yield line({ ...where, ...row, ...transportCells(transport.get(row.stream)) });
  if (others !== null) yield line({ ...where, ...others });
  for (const row of senderRows) yield line({ ...where, ...row });
}

function transportCells(row: TransportIntervalRow | undefined): Cells {
  if (row === undefined) return {};
  const cells: Record<string, number | null> = Object.fromEntries(INDICATORS.map((id) => [id, 0]));
  for (const key of MDI) {
    const known = row.mdi.map((second) => second[key]).filter((value) => value !== null);
    cells[key] = known.length === 0 ? null : Math.max(...known);
  }
  return { ...cells, ...row.tr101290 };
}

function line(cells: Cells): string {
  return COLUMNS.map((column) => cell(cells[column])).join(',');
}

/** What is not measured is empty. A text that a spreadsheet would take for a formula has an apostrophe before it. */
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = printable(value).replace(/^[=+\-@]/u, `'$&`);
  return /[",]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
