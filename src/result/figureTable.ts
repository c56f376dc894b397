import { FIGURE_IDS, type Figures } from './figures.js';
import type { AlikeStreams } from './streamDigest.js';
import { TIME_FIGURES, TIME_PLACE } from './streamFigures.js';

const FIRST_ROWS = 64;
/** Rows of one figure that are merged in one go. */
const AT_ONCE = 128;
const FIGURES = FIGURE_IDS.length;
const TIMES = TIME_FIGURES.length;

/** How a figure of several streams is made of theirs. */
export type FigureRule = 'sum' | 'min' | 'max';

/**
 * Rows that are looked at together. What was counted of those next to each other is looked at once where it is the same:
 * `leads` are what they share, and `repeats`, at the same places, how many of them do.
 */
export interface FigureRows {
  readonly rows: readonly number[];
  readonly leads: readonly number[];
  readonly repeats: readonly number[];
}

/** A figure of several as one; `missing`: how many of them have none. */
interface Merged {
  readonly value: number;
  readonly missing: number;
}

/** Where a figure of such rows is: `values[of[i] * width + column]`, `repeats[i]` times. */
interface Column {
  readonly values: Float64Array;
  readonly width: number;
  readonly column: number;
  readonly of: readonly number[];
  /** `null`: once each. */
  readonly repeats: readonly number[] | null;
}

/**
 * Figures of many streams, a row each: to look at one figure of ten thousand is one loop, and makes no objects. What was
 * counted is kept once for all rows that share it, a lead; each row has its own times.
 */
export class FigureTable {
  /** By lead and `Figure`; those of times are not looked at. */
  #counted = new Float64Array(FIRST_ROWS * FIGURES);
  /** By lead. */
  readonly #dscp: Figures['dscp'][] = [];
  /** By row. */
  readonly #leadOf: number[] = [];
  #times = new Float64Array(FIRST_ROWS * TIMES);

  /** Returns the row. */
  add(figures: Figures): number {
    const row = this.#leadOf.push(this.#addLead(figures)) - 1;
    this.#times = withRoom(this.#times, (row + 1) * TIMES);
    for (let place = 0; place < TIMES; place++) {
      this.#times[row * TIMES + place] = figures.values[TIME_FIGURES[place]!]!;
    }
    return row;
  }

  /** A row for each of them. Returns the first one. */
  addAlike({ runs, times }: Pick<AlikeStreams, 'runs' | 'times'>): number {
    const first = this.#leadOf.length;
    for (const { count, figures } of runs) {
      const lead = this.#addLead(figures);
      for (let i = 0; i < count; i++) this.#leadOf.push(lead);
    }
    this.#times = withRoom(this.#times, first * TIMES + times.length);
    this.#times.set(times, first * TIMES);
    return first;
  }

  #addLead({ values, dscp }: Figures): number {
    const lead = this.#dscp.push(dscp) - 1;
    this.#counted = withRoom(this.#counted, (lead + 1) * FIGURES);
    // TypedArray.prototype.set takes three times as long with an array that is none itself.
    for (let figure = 0; figure < FIGURES; figure++) this.#counted[lead * FIGURES + figure] = values[figure]!;
    return lead;
  }

  /** NaN: not measured. */
  value(row: number, figure: number): number {
    const place = TIME_PLACE[figure]!;
    return place < 0 ? this.counted(this.#leadOf[row]!, figure) : this.#times[row * TIMES + place]!;
  }

  /** The same of a lead, of what was counted. */
  counted(lead: number, figure: number): number {
    return this.#counted[lead * FIGURES + figure]!;
  }

  dscp(lead: number): Figures['dscp'] {
    return this.#dscp[lead]!;
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
  isSame(figure: number, rows: FigureRows): boolean {
    const { values, width, column, of } = this.#column(figure, rows);
    const first = values[of[0]! * width + column]!;
    for (let i = 1; i < of.length; i++) {
      const value = values[of[i]! * width + column]!;
      if (value !== first && (value === value || first === first)) return false;
    }
    return true;
  }

  /** Of each of them; `null`: not measured. */
  column(figure: number, { rows }: FigureRows): (number | null)[] {
    return rows.map((row) => {
      const value = this.value(row, figure);
      return value === value ? value : null;
    });
  }

  /** All of them as one; NaN: not measured in any of them. `missing`: in how many it was not. */
  merged(figure: number, rule: FigureRule, rows: FigureRows): Merged {
    const column = this.#column(figure, rows);
    const { length } = column.of;
    const merged = { value: NaN, missing: 0 };
    // Of a loop over ten thousand the compiler would make code for each figure anew, for entering and for leaving it.
    for (let from = 0; from < length; from += AT_ONCE) {
      mergeSome(merged, rule, column, from, Math.min(from + AT_ONCE, length));
    }
    return merged;
  }

  #column(figure: number, { rows, leads, repeats }: FigureRows): Column {
    const place = TIME_PLACE[figure]!;
    return place < 0
      ? { values: this.#counted, width: FIGURES, column: figure, of: leads, repeats }
      : { values: this.#times, width: TIMES, column: place, of: rows, repeats: null };
  }
}

/** Those from `from` to `to`. */
function mergeSome(
  merged: { value: number; missing: number },
  rule: FigureRule,
  { values, width, column, of, repeats }: Column,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const value = values[of[i]! * width + column]!;
    const times = repeats === null ? 1 : repeats[i]!;
    const before = merged.value;
    if (value !== value) merged.missing += times;
    else if (rule === 'sum') merged.value = before === before ? before + value * times : value * times;
    else if (before !== before || (rule === 'min' ? value < before : value > before)) merged.value = value;
  }
}

/** The same values, with room for so many. */
function withRoom(values: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (length <= values.length) return values;
  const larger = new Float64Array(2 ** Math.ceil(Math.log2(length / values.length)) * values.length);
  larger.set(values);
  return larger;
}
