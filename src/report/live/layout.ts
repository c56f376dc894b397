/** Which columns of the live view fit a width, and lines in them. */
import { inColumns } from '../displayWidth.js';
import type { Style } from '../style.js';
import { RANK_OF_COURSE, RANK_OF_HISTORY, type Column, type Subject } from './columns.js';
import { REMEMBERED, type History } from './history.js';
import type { Counts } from './liveTable.js';
import { historyGlyphs, sparkline } from './pictures.js';

/** Of a name, of a rate's course, of what happened. */
const NAME = { least: 10, most: 32 } as const;
const COURSE = { least: 8, most: 16 } as const;
const HISTORY = { least: 8, most: REMEMBERED } as const;
/** Glyphs of a history that is long enough for the course to grow too. */
const LONG_HISTORY = 24;

export interface LineStyle {
  readonly style: Style;
  /** No characters beyond ASCII. */
  readonly ascii: boolean;
}

/** One table's columns in one width, lowest ranks first until the next does not fit; names and pictures get the rest. */
export class Layout<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #nameColumns: number;
  #course = 0;
  #history = 0;

  /** `longest`: columns of the longest name; `counts`: of all lines together; `hasCourse`: there are rates. */
  constructor(columns: readonly Column<Row>[], width: number, longest: number, counts: Counts, hasCourse: boolean) {
    const useful = columns.filter(({ needs }) => needs === null || counts[needs] !== undefined);
    const chosen = new Set<Column<Row>>();
    const ranks = new Set([RANK_OF_HISTORY, RANK_OF_COURSE, ...useful.map(({ rank }) => rank)]);
    let rest = Math.max(0, width - NAME.least);
    for (const rank of [...ranks].toSorted((a, b) => a - b)) {
      const ofRank = useful.filter((column) => column.rank === rank);
      const course = hasCourse && rank === RANK_OF_COURSE ? COURSE.least : 0;
      const history = rank === RANK_OF_HISTORY ? HISTORY.least : 0;
      const widths = [...ofRank.map((column) => column.width), course, history].filter((columns) => columns > 0);
      const wanted = widths.reduce((sum, columns) => sum + columns + 1, 0);
      if (wanted > rest) break;
      rest -= wanted;
      for (const column of ofRank) chosen.add(column);
      this.#course += course;
      this.#history += history;
    }
    this.#columns = useful.filter((column) => chosen.has(column));
    const least = Math.min(width, NAME.least);
    const more = this.#history === 0 ? rest : Math.min(rest, Math.min(NAME.most, longest) - least);
    this.#nameColumns = least + Math.max(0, more);
    rest -= this.#nameColumns - least;
    if (this.#course > 0) {
      const growth = Math.min(COURSE.most - COURSE.least, Math.max(0, this.#history + rest - LONG_HISTORY));
      this.#course += growth;
      rest -= growth;
    }
    if (this.#history > 0) this.#history = Math.min(HISTORY.most, this.#history + rest);
  }

  head(name: string, { style }: LineStyle): string {
    const cells = this.#columns.map(({ head, width }) => head.padStart(width));
    if (this.#course > 0) cells.push('rate'.padEnd(this.#course));
    if (this.#history > 0) cells.push('history');
    return style.dim([inColumns(name, this.#nameColumns), ...cells].join(' '));
  }

  /** `last`: number of the last interval. */
  line(name: string, subject: Subject<Row>, history: History, last: number, { style, ascii }: LineStyle): string {
    const cells = this.#columns.map((column) => {
      const text = column.text(subject).padStart(column.width);
      return column.isBad(subject.counts) ? style.bad(text) : text;
    });
    if (this.#course > 0) cells.push(sparkline(history.rates(last, this.#course), this.#course, ascii));
    if (this.#history > 0) cells.push(historyGlyphs(history.outcomes(last, this.#history), this.#history, style));
    return [inColumns(name, this.#nameColumns), ...cells].join(' ').trimEnd();
  }
}
