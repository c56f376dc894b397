import { describe, expect, it } from 'vitest';
import { nextUpdateMs } from '../../src/dashboard/updateTime.js';

/** When updates begin, the first at 0, of intervals that are told `firstMs` after that and then each `periodMs`. */
function updates(firstMs: number, periodMs: number, count: number): number[] {
  const began = [0];
  while (began.length < count) {
    const now = began.at(-1)!;
    // It has waited for the interval that is about to come.
    const toldMs = firstMs + Math.floor((now + 300 - firstMs) / periodMs) * periodMs;
    // A timer fires a little late.
    began.push(nextUpdateMs(now, 1000, toldMs < firstMs ? -Infinity : toldMs) + 1);
  }
  return began;
}

describe('the next update', () => {
  it('is one period later while no interval was told', () => {
    expect(nextUpdateMs(5000, 1000, -Infinity)).toBe(6000);
  });

  it.each([0, 60, 250, 500, 501, 900, 999])(
    'comes to begin just before an interval, %d ms after the first one',
    (firstMs) => {
      const began = updates(firstMs, 1000, 40);
      for (let i = 1; i < began.length; i++) {
        expect(began[i]! - began[i - 1]!).toBeGreaterThanOrEqual(900);
        expect(began[i]! - began[i - 1]!).toBeLessThanOrEqual(1101);
      }
      for (const ms of began.slice(10)) {
        const beforeMs = 1000 - ((ms - firstMs + 100_000) % 1000);
        expect(beforeMs).toBeGreaterThan(40);
        expect(beforeMs).toBeLessThan(60);
      }
    },
  );

  it.each([500, 700, 5000])('goes on about once in its period where intervals come each %d ms', (periodMs) => {
    const began = updates(123, periodMs, 101);
    expect(began[100]! / 100).toBeGreaterThan(900);
    expect(began[100]! / 100).toBeLessThan(1101);
  });
});
