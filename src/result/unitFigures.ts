import { Figure } from './figures.js';

/** Columns of what a stream counts, by the unit that it counts in. */
export const UNIT_FIGURES = { packets: columnsIn('packets'), messages: columnsIn('messages') };

function columnsIn(unit: 'packets' | 'messages') {
  return {
    expected: Figure[`${unit}_expected`],
    received: Figure[`${unit}_received`],
    lost: Figure[`${unit}_lost`],
    duplicated: Figure[`${unit}_duplicated`],
    reordered: Figure[`${unit}_reordered`],
  };
}
