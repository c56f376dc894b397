/** Histograms of times in a text report: a row each, in columns that have two blanks between them whatever the times are. */
import { DASH, formatDuration, formatShortCount } from '../core/format.js';
import type { HistogramSummary } from '../result/model.js';
import { WIDTH } from './fold.js';
import type { Style } from './style.js';
import { LABEL, line } from './textLines.js';

type Row = readonly [label: string, summary: HistogramSummary | null];

interface Column {
  readonly head: string;
  readonly cell: (summary: HistogramSummary) => string;
  /** Blanks included. */
  readonly least: number;
}

const BLANKS = 2;
/** As times of one line are as a rule; all columns then fit beside the label. */
const TIME = 8;

function time(head: string, value: (summary: HistogramSummary) => number | null): Column {
  return { head, cell: (summary) => formatDuration(value(summary), ''), least: TIME };
}

const COLUMNS: readonly Column[] = [
  time('min', ({ min }) => min),
  time('p50', ({ p50 }) => p50),
  time('p90', ({ p90 }) => p90),
  time('p99', ({ p99 }) => p99),
  time('p99.9', ({ p999 }) => p999),
  time('p99.99', ({ p9999 }) => p9999),
  time('max', ({ max }) => max),
  { head: 'count', cell: ({ count }) => formatShortCount(count), least: 7 },
];

/** A heading and a line each; `null` is a dash. Columns that are too wide for one line go on below, with a heading of their own. */
export function timeLines(rows: readonly Row[], style: Style): string[] {
  const block: string[] = [];
  let from = 0;
  while (from < COLUMNS.length) {
    const widths: number[] = [];
    let room = WIDTH - BLANKS - LABEL;
    for (const column of COLUMNS.slice(from)) {
      // Behind the label there are blanks already.
      const width = widthOf(column, rows) - (widths.length === 0 ? 1 : 0);
      if (widths.length > 0 && width > room) break;
      widths.push(width);
      room -= width;
    }
    const shown = COLUMNS.slice(from, from + widths.length);
    const put = (cells: readonly string[]): string => cells.map((cell, i) => cell.padStart(widths[i]!)).join('');
    block.push(line('', style.dim(put(shown.map(({ head }) => head)))));
    for (const [label, summary] of rows) {
      block.push(line(label, summary === null ? DASH : put(shown.map(({ cell }) => cell(summary)))));
    }
    from += widths.length;
  }
  return block;
}

function widthOf({ head, cell, least }: Column, rows: readonly Row[]): number {
  const texts = [head, ...rows.flatMap(([, summary]) => (summary === null ? [] : [cell(summary)]))];
  return Math.max(least, ...texts.map((text) => text.length + BLANKS));
}
