/** Readers of values of media options. All throw McastError ERR_USAGE. */
import { parseCount } from '../core/units.js';
import { usage } from './optionValues.js';
import type { FecShape, InputSource } from './plan.js';

/** What `--input` names: something that is sent, or messages that are made up, of market-data feeds alone. */
export type InputChoice = InputSource | { readonly kind: 'synthetic' };

/** The input by name. Whether a file is a transport stream is looked at when it is opened. */
export function parseInput(text: string): InputChoice {
  if (text === '') throw usage('an input is missing (an unset shell variable?)');
  if (text === 'testcard') return { kind: 'testcard' };
  if (text === '-') return { kind: 'stdin' };
  if (text === 'synthetic') return { kind: 'synthetic' };
  return { kind: 'named', name: text };
}

export function parseResolution(text: string): string {
  if (!/^[1-9]\d{1,4}x[1-9]\d{1,4}$/.test(text))
    throw usage(`"${text}" is no size of pictures: <width>x<height> as 1280x720`);
  return text;
}

export function parseFramesPerSecond(text: string): number {
  const ratio = /^(\d+)\/(\d+)$/.exec(text);
  const value = ratio === null ? Number(text) : Number(ratio[1]) / Number(ratio[2]);
  if (!(value >= 1 && value <= 300))
    throw usage(`"${text}" is out of range: 1..300 pictures a second, as 25 or 30000/1001`);
  return value;
}

/** Limits of SMPTE ST 2022-1 section 5: columns, rows, and packets of a matrix. */
const COLUMNS = [1, 20] as const;
const ROWS = [4, 20] as const;
const PACKETS = 100;
/** Rows are protected only from so many columns on. */
const COLUMNS_WITH_ROWS = 4;

/** `10x5`: columns and rows; `10x5c`: columns only. */
export function parseFecShape(text: string): FecShape {
  const match = /^(\d+)[xX](\d+)(c?)$/.exec(text);
  if (match === null)
    throw usage(`"${text}" is no FEC matrix: <columns>x<rows> as 10x5, or 10x5c without row protection`);
  const columns = parseCount(match[1]!);
  const rows = parseCount(match[2]!);
  const hasRows = match[3] === '';
  if (columns < COLUMNS[0] || columns > COLUMNS[1] || rows < ROWS[0] || rows > ROWS[1] || columns * rows > PACKETS) {
    throw usage(`${text}: SMPTE 2022-1 allows 1..20 columns, 4..20 rows, and at most 100 packets in a matrix`);
  }
  if (hasRows && columns < COLUMNS_WITH_ROWS) {
    throw usage(`${text}: SMPTE 2022-1 protects rows from 4 columns on; ${columns}x${rows}c leaves them out`);
  }
  return { columns, rows, hasRows };
}
