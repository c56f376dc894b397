/** Tables: a heading for every column and every row, figures to the right. */
import { markup, type Markup, type Part } from './markup.js';

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Part;
  /** Figures stand to the right, text to the left; `long` text is broken where it must be. */
  readonly text?: 'short' | 'long';
  /** What rows are sorted by where a reader wants it; without it not by this column. */
  readonly order?: (row: Row) => number | string | null;
}

export interface TableOptions<Row> {
  /** Shown above it. */
  readonly caption?: Part;
  /** Of a row, as `bad`. */
  readonly tone?: (row: Row) => string | null;
  readonly id?: string;
}

/** The first column names its row. Scrolls by itself where the page is too narrow for it. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { caption, tone, id }: TableOptions<Row> = {},
): Markup {
  const isSorted = columns.some(({ order }) => order !== undefined) && rows.length > 1;
  return markup`<div class="scroll">
    <table${id !== undefined && markup` id="${id}"`}${isSorted && markup` class="sort"`}>
      ${caption !== undefined && markup`<caption>${caption}</caption>`}
      <thead><tr>${columns.map(({ head, text }) => markup`<th scope="col"${textClass(text)}>${head}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => rowOf(row, columns, tone?.(row) ?? null, isSorted))}</tbody>
    </table>
  </div>`;
}

function rowOf<Row>(row: Row, columns: readonly Column<Row>[], tone: string | null, isSorted: boolean): Markup {
  return markup`<tr${tone !== null && markup` class="${tone}"`}>${columns.map(({ cell, text, order }, i) => {
    const by = isSorted && order !== undefined && markup` data-by="${order(row) ?? ''}"`;
    return i === 0
      ? markup`<th scope="row"${textClass(text)}${by}>${cell(row)}</th>`
      : markup`<td${textClass(text)}${by}>${cell(row)}</td>`;
  })}</tr>`;
}

function textClass(text: Column<unknown>['text']): Part {
  return text !== undefined && markup` class="${text === 'long' ? 't long' : 't'}"`;
}
