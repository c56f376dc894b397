import { FIGURE_IDS } from './figures.js';

const FIRST_ROWS = 64;
const FIGURES = FIGURE_IDS.length;

/** How a figure of several streams is made of theirs. */
export type FigureRule = 'sum' | 'min' | 'max';

/** Figures of many streams, a row each: to look at one figure of ten thousand is one loop, and makes no objects. */
export class FigureTable {
  #rows = 0;
  #values = new Float64Array(FIRST_ROWS * FIGURES);

  /** `values`: by `Figure`; NaN: not measured. Returns the row. */
  add(values: readonly number[]): number {
    const at = this.#rows * FIGURES;
    if (at === this.#values.length) {
      const before = this.#values;
      this.#values = new Float64Array(2 * before.length);
      this.#values.set(before);
    }
    // TypedArray.prototype.set takes three times as long with an array that is none itself.
    for (let figure = 0; figure < FIGURES; figure++) this.#values[at + figure] = values[figure]!;
    return this.#rows++;
  }

  /** Rows of another such table. Returns the first one. */
  addRows(values: Float64Array): number {
    const first = this.#rows;
    const from = first * FIGURES;
    const before = this.#values;
    if (from + values.length > before.length) {
      this.#values = new Float64Array(2 ** Math.ceil(Math.log2((from + values.length) / FIGURES)) * FIGURES);
      this.#values.set(before);
    }
    this.#values.set(values, from);
    this.#rows += values.length / FIGURES;
    return first;
  }

  /** NaN: not measured. */
  value(row: number, figure: number): number {
    return this.#values[row * FIGURES + figure]!;
  }

  /** Whether all of `rows` are the same in `figure`. */
  isSame(figure: number, rows: readonly number[]): boolean {
    const values = this.#values;
    const first = values[rows[0]! * FIGURES + figure]!;
    for (let i = 1; i < rows.length; i++) {
      const value = values[rows[i]! * FIGURES + figure]!;
      if (value !== first && (value === value || first === first)) return false;
    }
    return true;
  }

  /** Of `rows`; `null`: not measured. */
  column(figure: number, rows: readonly number[]): (number | null)[] {
    const values = this.#values;
    return rows.map((row) => {
      const value = values[row * FIGURES + figure]!;
      return value === value ? value : null;
    });
  }

  /** `rows` as one; NaN: not measured in any of them. `missing`: in how many it was not. */
  merged(
    figure: number,
    rule: FigureRule,
    rows: readonly number[],
  ): { readonly value: number; readonly missing: number } {
    const values = this.#values;
    let merged = NaN;
    let missing = 0;
    for (let i = 0; i < rows.length; i++) {
      const value = values[rows[i]! * FIGURES + figure]!;
      if (value !== value) missing++;
      else if (merged !== merged) merged = value;
      else if (rule === 'sum') merged += value;
      else if (rule === 'min' ? value < merged : value > merged) merged = value;
    }
    return { value: merged, missing };
  }
}
