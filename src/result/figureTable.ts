import { FIGURE_IDS } from './figures.js';
import type { CountedAlike } from './streamDigest.js';
import { IS_OF_TIMES } from './streamFigures.js';

const FIRST_ROWS = 64;
const FIGURES = FIGURE_IDS.length;

/** How a figure of several streams is made of theirs. */
export type FigureRule = 'sum' | 'min' | 'max';

/**
 * Rows that are looked at together. Those next to each other of which the same was counted are looked at once, but for what
 * is of their times: their first one is in `leads`, and how many they are at the same place of `repeats`.
 */
export interface FigureRows {
  readonly rows: readonly number[];
  readonly leads: readonly number[];
  readonly repeats: readonly number[];
}

/** Figures of many streams, a row each: to look at one figure of ten thousand is one loop, and makes no objects. */
export class FigureTable {
  #rows = 0;
  #values = new Float64Array(FIRST_ROWS * FIGURES);
  /** By row: the first one that has all of its figures, but those of its times. */
  readonly #leadOf: number[] = [];

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
    this.#leadOf.push(this.#rows);
    return this.#rows++;
  }

  /** Rows of another such table. Returns the first one. */
  addRows(values: Float64Array, runs: readonly CountedAlike[]): number {
    const start = this.#rows;
    const from = start * FIGURES;
    const before = this.#values;
    if (from + values.length > before.length) {
      this.#values = new Float64Array(2 ** Math.ceil(Math.log2((from + values.length) / FIGURES)) * FIGURES);
      this.#values.set(before);
    }
    this.#values.set(values, from);
    this.#rows += values.length / FIGURES;
    for (const { first, count } of runs) for (let i = 0; i < count; i++) this.#leadOf.push(start + first);
    return start;
  }

  /** NaN: not measured. */
  value(row: number, figure: number): number {
    return this.#values[row * FIGURES + figure]!;
  }

  /** Takes `rows` together, in their order. */
  together(rows: readonly number[]): FigureRows {
    const leads: number[] = [];
    const repeats: number[] = [];
    let last = -1;
    for (let i = 0; i < rows.length; i++) {
      const lead = this.#leadOf[rows[i]!]!;
      if (lead === last) {
        repeats[repeats.length - 1]!++;
        continue;
      }
      leads.push((last = lead));
      repeats.push(1);
    }
    return { rows, leads, repeats };
  }

  /** Whether all of them are the same in `figure`. */
  isSame(figure: number, of: FigureRows): boolean {
    const values = this.#values;
    const rows = IS_OF_TIMES[figure] ? of.rows : of.leads;
    const first = values[rows[0]! * FIGURES + figure]!;
    for (let i = 1; i < rows.length; i++) {
      const value = values[rows[i]! * FIGURES + figure]!;
      if (value !== first && (value === value || first === first)) return false;
    }
    return true;
  }

  /** Of each of them; `null`: not measured. */
  column(figure: number, { rows }: FigureRows): (number | null)[] {
    const values = this.#values;
    return rows.map((row) => {
      const value = values[row * FIGURES + figure]!;
      return value === value ? value : null;
    });
  }

  /** All of them as one; NaN: not measured in any of them. `missing`: in how many it was not. */
  merged(figure: number, rule: FigureRule, of: FigureRows): { readonly value: number; readonly missing: number } {
    const values = this.#values;
    const rows = IS_OF_TIMES[figure] ? of.rows : of.leads;
    const repeats = IS_OF_TIMES[figure] ? null : of.repeats;
    let merged = NaN;
    let missing = 0;
    for (let i = 0; i < rows.length; i++) {
      const value = values[rows[i]! * FIGURES + figure]!;
      const times = repeats === null ? 1 : repeats[i]!;
      if (value !== value) missing += times;
      else if (rule === 'sum') merged = merged === merged ? merged + value * times : value * times;
      else if (merged !== merged || (rule === 'min' ? value < merged : value > merged)) merged = value;
    }
    return { value: merged, missing };
  }
}
