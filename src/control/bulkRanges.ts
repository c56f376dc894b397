/**
 * What is missing in bulk, as the history of a late joiner is: more than one request asks for. Servers keep the newest
 * messages, so where nothing comes of the beginning, what they still have begins further on. That place is found by
 * halving what is in doubt: what lies above a part that nothing came of, and below one that something came of.
 */
import type { MissingRanges } from './missingRanges.js';

/** Nothing came of the part at place `i` in time: what adjoins above it is in doubt. */
export function doubtAbove(ranges: MissingRanges, i: number): void {
  if (!isChained(ranges, i)) return;
  const above = ranges.slotAt(i + 1);
  if (ranges.tries[above] === 0) ranges.isDoubtful[above] = 1;
}

/** Something came of the range at place `i`: what is above is there as well. */
export function trustFrom(ranges: MissingRanges, i: number): void {
  for (let k = i; k < ranges.length; k++) ranges.isDoubtful[ranges.slotAt(k)] = 0;
}

/**
 * Whether the range at place `i`, which is in doubt or was asked for in vain, has to wait for what adjoins above it: when
 * that is not there, this is not either.
 */
export function hangsOnAbove(ranges: MissingRanges, i: number): boolean {
  const slot = ranges.slotAt(i);
  const isDoubtful = isInDoubt(ranges, slot);
  if (!isDoubtful && ranges.tries[slot] === 0) return false;
  for (let k = i; isChained(ranges, k); k++) {
    const above = ranges.slotAt(k + 1);
    if (ranges.tries[above]! > ranges.waits[above]!) return true;
    if (isDoubtful && ranges.waits[above] === 1) return true;
  }
  return false;
}

/** Whether a range may not be there, and nobody was asked for it yet. */
export function isInDoubt(ranges: MissingRanges, slot: number): boolean {
  return ranges.isDoubtful[slot] === 1 && ranges.tries[slot] === 0;
}

/** Where to begin to ask for the range at place `i`: halfway where it is in doubt and long. */
export function askFrom(ranges: MissingRanges, i: number, requestMessages: number): number {
  const slot = ranges.slotAt(i);
  const from = ranges.from[slot]!;
  const numbers = ranges.to[slot]! - from;
  return ranges.isDoubtful[slot] === 1 && numbers > requestMessages ? from + Math.floor(numbers / 2) : from;
}

/** Place of the lowest range that goes with the one at place `i`, of which nothing came after all tries. */
export function lowestInVain(ranges: MissingRanges, i: number): number {
  let low = i;
  while (low > 0 && isChained(ranges, low - 1)) {
    const below = ranges.slotAt(low - 1);
    if (ranges.waits[below] === 1 || (ranges.tries[below] === 0 && ranges.isDoubtful[below] === 0)) break;
    low--;
  }
  return low;
}

/** Whether the range at place `i`, or one on which it hangs, was asked for in vain twice. */
export function isInVain(ranges: MissingRanges, i: number): boolean {
  for (let k = i; k < ranges.length; k++) {
    const slot = ranges.slotAt(k);
    if (ranges.tries[slot]! - ranges.waits[slot]! >= 2) return true;
    if (!isChained(ranges, k)) return false;
  }
  return false;
}

/** Whether the ranges at places `i` and `i + 1` adjoin, and are parts of what is missing in bulk. */
function isChained(ranges: MissingRanges, i: number): boolean {
  if (i + 1 >= ranges.length) return false;
  const slot = ranges.slotAt(i);
  const above = ranges.slotAt(i + 1);
  return ranges.isBulk[slot] === 1 && ranges.isBulk[above] === 1 && ranges.to[slot] === ranges.from[above];
}
