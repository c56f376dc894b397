import { expect, test } from 'vitest';
import * as exact from '../../src/core/exactDraws.js';
import { Random } from '../../src/core/random.js';

const out = new Float64Array(1);

function expMinus(x: number): number {
  out[0] = x;
  exact.expMinus(out);
  return out[0];
}

function drawExponential(random: Random): number {
  exact.drawExponential(random, out);
  return out[0]!;
}

test('e^-x is what the engine says, but for what the last place of x makes of it', () => {
  let worst = 0;
  for (let x = 0; x < 700; x += 0.0173) worst = Math.max(worst, Math.abs(expMinus(x) / Math.exp(-x) - 1) / (1 + x));
  expect(worst).toBeLessThan(1e-15);
  expect(expMinus(730)).toBeCloseTo(Math.exp(-730), 320);
  expect([expMinus(0), expMinus(746), expMinus(1e300), expMinus(Infinity)]).toEqual([1, 0, 0, 0]);
});

test('numbers are exponentially distributed', () => {
  const random = new Random(7);
  const draws = Array.from({ length: 200_000 }, () => drawExponential(random)).toSorted((a, b) => a - b);
  // The largest distance to the distribution (Kolmogorov-Smirnov), of which 1.95 / sqrt(n) is exceeded once in 1000.
  const distance = Math.max(
    ...draws.map((x, i) => Math.abs(1 - Math.exp(-x) - (i + 0.5) / draws.length)).slice(0, 1e5),
  );
  expect(distance).toBeLessThan(1.95 / Math.sqrt(draws.length));
  expect(draws[0]).toBeGreaterThan(0);
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  expect(Math.abs(mean - 1)).toBeLessThan(0.01);
});

function fixed(value: number): Random {
  return { int32: () => value } as unknown as Random;
}

test('uniform numbers are neither 0 nor 1', () => {
  expect(exact.uniform32(fixed(-2_147_483_648))).toBe(0.5 / 2 ** 32);
  expect(exact.uniform32(fixed(2_147_483_647))).toBe(1 - 0.5 / 2 ** 32);
});
