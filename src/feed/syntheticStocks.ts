/** The stocks of a synthetic feed: what they are called and cost. */
import type { Random } from '../core/random.js';

/** Prices stay between these by themselves: 1.00 and 2000.00, so that even the lowest order costs something. */
export const LEAST_TICKS = 100;
export const MOST_TICKS = 200_000;

const LETTERS = 26;
const NAMES = LETTERS ** 4;
/** Has no divisor in common with the number of names: neighbours look different, and none comes twice. */
const SCATTER = 131_071;

/** Four letters, the first half of its name, as a word. */
export function stockWord(symbol: number): number {
  let left = ((symbol + 1) * SCATTER) % NAMES;
  let word = 0;
  for (let i = 0; i < 4; i++) {
    word = (word << 8) | (0x41 + (left % LETTERS));
    left = Math.floor(left / LETTERS);
  }
  return word;
}

/** Price at which it opens, ticks: 5.00 to 323.52, cheap ones as often as dear ones in proportion. */
export function firstTicks(random: Random): number {
  const draw = random.int32();
  // 5.00 to 10.11, doubled up to five times.
  return (500 + ((draw >>> 8) & 511)) << ((draw >>> 4) % 6);
}
