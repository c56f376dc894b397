import { displayWidth } from '../displayWidth.js';
import type { Column } from './columns.js';
import { Layout, type LineStyle } from './layout.js';
import type { LiveLine, LiveTable, Together } from './liveTable.js';
import { ordered, type Keys, type Order } from './order.js';

/** One table of the live view in one width; a line is made when it is asked for. */
export interface Section {
  /** With that of streams that have none of their own. */
  readonly size: number;
  /** There is more than one stream. */
  readonly hasSum: boolean;
  head(): string;
  /** All lines together. */
  sum(): string;
  /** `index`: below {@link size}. */
  line(index: number): string;
}

/** How the rows of a table are shown. */
export interface SectionKind<Row> extends Keys<Row> {
  readonly name: string;
  readonly columns: readonly Column<Row>[];
  /** Rates are known, and their course is shown. */
  readonly hasRates: boolean;
}

export function sectionOf<Row>(
  table: LiveTable<Row>,
  kind: SectionKind<Row>,
  { width, order, look }: { readonly width: number; readonly order: Order; readonly look: LineStyle },
): Section {
  const lines = ordered(table.lines, order, kind);
  const names = lines.map(namesOf(lines));
  const { all, others, unlisted, streams, last } = table;
  const longest = Math.max(...names.map(displayWidth));
  const layout = new Layout(kind.columns, width, longest, all.counts, kind.hasRates);
  const together = (name: string, { counts, rate, history }: Together<Row>): string =>
    layout.line(name, { figures: null, counts, rate, isSum: true }, history, last, look);
  return {
    size: lines.length + (others.isEmpty ? 0 : 1),
    hasSum: streams > 1 || lines.length > 1,
    head: () => layout.head(kind.name, look),
    sum: () => together(`all ${streams}`, all),
    line(index) {
      if (index === lines.length) return together(`others ${unlisted}`, others);
      const { figures, counts, history, ended } = lines[index]!;
      const rate = figures === null ? null : (kind.rateOf(figures) ?? null);
      const text = layout.line(names[index]!, { figures, counts, rate, isSum: false }, history, last, look);
      return ended ? look.style.dim(text) : text;
    },
  };
}

/** The port is left out where all have the same. */
function namesOf<Row>(lines: readonly LiveLine<Row>[]): (line: LiveLine<Row>) => string {
  const port = lines[0]?.port ?? null;
  const isCommon = port !== null && lines.every((line) => line.port === port);
  const suffix = `:${port}`;
  return ({ label }) => (isCommon && label.endsWith(suffix) ? label.slice(0, -suffix.length) : label);
}
