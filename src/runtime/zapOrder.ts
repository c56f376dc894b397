import type { Random } from '../core/random.js';

/**
 * The channels of one cycle in the order in which they are joined: in turn, or shuffled (Fisher and Yates). The one that
 * is watched at present does not come first, because that would be no change.
 */
export function zapOrder(channels: number, random: Random | null, present: number): number[] {
  const order = Array.from({ length: channels }, (_, channel) => channel);
  if (random === null) return order;
  for (let i = channels - 1; i > 0; i--) swap(order, i, random.below(i + 1));
  if (channels > 1 && order[0] === present) swap(order, 0, 1 + random.below(channels - 1));
  return order;
}

function swap(order: number[], i: number, j: number): void {
  const kept = order[i]!;
  order[i] = order[j]!;
  order[j] = kept;
}
