/** Of so many values in order, from 1, the smallest that at least `fraction` of all do not exceed. */
export function percentileRank(fraction: number, count: number): number {
  // Guards against 0.99 * 100 = 99.00000000000001 asking for one more.
  return Math.min(count, Math.max(1, Math.ceil(fraction * count - 1e-9 * count)));
}
