/** In which order the lines of the live view stand. */
import type { LiveLine } from './liveTable.js';

export const ORDERS = ['loss', 'rate', 'delay', 'name'] as const;
export type Order = (typeof ORDERS)[number];

/** Figures by which lines of one kind are ordered; what was not measured is last. */
export interface Keys<Row> {
  delayOf(figures: Row): number | null | undefined;
  rateOf(figures: Row): number | null | undefined;
}

/** Greatest first, names in their own order; what is over stands behind what goes on. Equal ones by name. */
export function ordered<Row>(lines: Iterable<LiveLine<Row>>, order: Order, keys: Keys<Row>): LiveLine<Row>[] {
  const keyed = [...lines].map((line) => ({ line, key: keyOf(line, order, keys) }));
  keyed.sort(
    (a, b) =>
      Number(a.line.ended) - Number(b.line.ended) ||
      b.key - a.key ||
      naturalOrder(a.line.label, b.line.label) ||
      naturalOrder(a.line.id, b.line.id),
  );
  return keyed.map(({ line }) => line);
}

function keyOf<Row>({ figures, counts }: LiveLine<Row>, order: Order, keys: Keys<Row>): number {
  if (order === 'name') return 0;
  if (order === 'loss') return counts.lost ?? counts.notSent ?? 0;
  if (figures === null) return -Number.MAX_VALUE;
  return (order === 'rate' ? keys.rateOf(figures) : keys.delayOf(figures)) ?? -Number.MAX_VALUE;
}

/** Numbers in names count as numbers: `Channel 9` before `Channel 10`, addresses by their octets. The same in every locale. */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x === y) continue;
    const difference = Number(x) - Number(y);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

function partsOf(text: string): string[] {
  return text.split(/(\d+)/u);
}
