import * as fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../src/metrics/histogram.js';
import { HISTOGRAM_INDEX_MAX, HISTOGRAM_INDEX_MIN, HISTOGRAM_MAX } from '../../src/metrics/histogramBuckets.js';

/** Spread over all magnitudes, as delays are: uniform integers would nearly all be huge. */
const magnitude = fc
  .tuple(fc.integer({ min: 0, max: 43 }), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }))
  .map(([octave, fraction]) => Math.floor(2 ** octave * (1 + fraction)) - 1);
const signed = fc.tuple(magnitude, fc.boolean()).map(([value, negative]) => (negative ? 0 - value : value));
const values = fc.array(signed, { minLength: 1, maxLength: 400 });
const fraction = fc.constantFrom(0, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1);

function histogramOf(recorded: readonly number[]): Histogram {
  const made = new Histogram();
  for (const value of recorded) made.record(value);
  return made;
}

function figures(of: Histogram): unknown {
  return [of.count, of.clamped, of.min, of.max, of.buckets(), [0.1, 0.5, 0.99].map((p) => of.percentile(p))];
}

/** The exact sum, and no more from it than float64 rounds at each addition: nothing below 2^53. */
function expectSum(of: Histogram, recorded: readonly number[]): void {
  let sum = 0n;
  let magnitudes = 0;
  for (const value of recorded) {
    if (Number.isNaN(value)) continue;
    const within = Math.max(-HISTOGRAM_MAX, Math.min(HISTOGRAM_MAX, value));
    sum += BigInt(within);
    magnitudes += Math.abs(within);
  }
  const rounded = magnitudes < 2 ** 53 ? 0 : recorded.length * magnitudes * 2 ** -53;
  const apart = BigInt(of.sum) - sum;
  expect(apart < 0n ? -apart : apart).toBeLessThanOrEqual(BigInt(Math.ceil(rounded)));
}

/** Sorted list, smallest element that at least `p` of all do not exceed. */
function exactQuantile(recorded: readonly number[], p: number): number {
  const sorted = recorded.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(p * sorted.length - 1e-6)) - 1]!;
}

describe('Histogram', () => {
  it('gives percentiles within 0.8 % of the exact ones, and never outside what was recorded', () => {
    fc.assert(
      fc.property(values, fraction, (recorded, p) => {
        const exact = exactQuantile(recorded, p);
        const given = histogramOf(recorded).percentile(p)!;
        expect(Math.abs(given - exact)).toBeLessThanOrEqual(Math.abs(exact) / 128);
        expect(given).toBeGreaterThanOrEqual(Math.min(...recorded));
        expect(given).toBeLessThanOrEqual(Math.max(...recorded));
      }),
      { numRuns: 500 },
    );
  });

  it('agrees with HdrHistogram on values that that one takes', () => {
    const oracle = build({
      bitBucketSize: 64,
      lowestDiscernibleValue: 1,
      highestTrackableValue: 2 ** 45,
      numberOfSignificantValueDigits: 3,
    });
    fc.assert(
      fc.property(fc.array(magnitude, { minLength: 1, maxLength: 300 }), fraction, (recorded, p) => {
        oracle.reset();
        for (const value of recorded) oracle.recordValue(value);
        const made = histogramOf(recorded);
        const expected = oracle.getValueAtPercentile(p * 100);
        expect(Math.abs(made.percentile(p)! - expected)).toBeLessThanOrEqual(expected * (1 / 128 + 1 / 1000) + 1);
        expect(made.count).toBe(oracle.totalCount);
        expect(Math.abs(made.mean! - oracle.mean)).toBeLessThanOrEqual(oracle.mean / 1000 + 1);
      }),
    );
  });

  it('puts every value within the bounds of its bucket, which are at most 1/128 of it wide', () => {
    fc.assert(
      fc.property(signed, (value) => {
        const [[index] = [NaN]] = histogramOf([value]).buckets();
        const { from, to } = Histogram.bounds(index);
        expect(value).toBeGreaterThanOrEqual(from);
        expect(value).toBeLessThan(to);
        expect(to - from).toBeLessThanOrEqual(Math.max(1, Math.abs(value) / 128));
      }),
      { numRuns: 2000 },
    );
  });

  it('has bounds that neither overlap nor leave a gap', () => {
    // From the lowest index in use up to -2, then 0 and on: -1 would be "minus zero".
    let expected = 1 - 2 ** 52;
    for (let index = HISTOGRAM_INDEX_MIN; index <= HISTOGRAM_INDEX_MAX; index++) {
      if (index === -1) continue;
      const { from, to } = Histogram.bounds(index);
      expect(from).toBe(expected);
      expected = to;
    }
    expect(expected).toBe(2 ** 52);
  });

  it('keeps the exact extremes and the number of values', () => {
    fc.assert(
      fc.property(values, (recorded) => {
        const made = histogramOf(recorded);
        expect([made.count, made.min, made.max]).toEqual([
          recorded.length,
          Math.min(...recorded),
          Math.max(...recorded),
        ]);
        expect(made.buckets().reduce((sum, [, count]) => sum + count, 0)).toBe(recorded.length);
      }),
    );
  });

  it('merges into what recording all in one would have given, in any order', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const merged = histogramOf(a);
        merged.add(histogramOf(b));
        const other = histogramOf(b);
        other.add(histogramOf(a));
        expect(figures(merged)).toEqual(figures(histogramOf([...a, ...b])));
        expect(figures(other)).toEqual(figures(merged));
      }),
    );
  });

  it('comes back from its buckets', () => {
    fc.assert(
      fc.property(values, (recorded) => {
        const made = histogramOf([...recorded, NaN]);
        const back = Histogram.from(made.buckets(), made);
        expect(figures(back)).toEqual(figures(made));
        expect(back.mean!).toBeCloseTo(made.mean!, 0);
      }),
    );
  });

  it('records a batch as it records one by one, clamped values and first negative ones included', () => {
    const extreme = fc.constantFrom(
      HISTOGRAM_MAX + 1,
      -HISTOGRAM_MAX - 1,
      HISTOGRAM_MAX,
      -HISTOGRAM_MAX,
      Infinity,
      NaN,
    );
    const batch = fc.array(fc.oneof({ weight: 20, arbitrary: signed }, extreme), { maxLength: 64 });
    fc.assert(
      fc.property(batch, batch, (first, second) => {
        const made = new Histogram();
        for (const part of [first, second]) {
          // Longer than what counts: what stands behind it is of an earlier batch.
          const values = Float64Array.from([...part, 5, -5]);
          made.recordMany(values, new Int32Array(values.buffer), part.length);
        }
        const single = histogramOf([...first, ...second]);
        expect(figures(made)).toEqual(figures(single));
        expectSum(made, [...first, ...second]);
        expectSum(single, [...first, ...second]);
      }),
      {
        examples: [
          [
            [-(2 ** 52 - 1), -511, -(2 ** 52 - 1)],
            [255, 255],
          ],
        ],
      },
    );
  });

  it('tells the same whether it had cells from its beginning or kept its first values as they came', () => {
    const some = fc.array(fc.oneof({ weight: 30, arbitrary: signed }, fc.constantFrom(HISTOGRAM_MAX + 1, NaN)), {
      maxLength: 70,
    });
    const act = fc.record({
      what: fc.constantFrom('one by one', 'many', 'added', 'added with cells', 'buckets', 'copied', 'cleared'),
      values: some,
    });
    fc.assert(
      fc.property(fc.array(act, { minLength: 1, maxLength: 6 }), (acts) => {
        let kept = new Histogram();
        let dense = new Histogram();
        dense.reserve(-5, 5);
        for (const { what, values: given } of acts) {
          const other = what === 'added with cells' ? new Histogram() : histogramOf(given);
          if (what === 'added with cells') {
            other.reserve(0, 0);
            for (const value of given) other.record(value);
          }
          for (const one of [kept, dense]) {
            if (what === 'one by one') for (const value of given) one.record(value);
            if (what === 'many') {
              const column = Float64Array.from(given);
              one.recordMany(column, new Int32Array(column.buffer), given.length);
            }
            if (what.startsWith('added')) one.add(other);
            if (what === 'buckets') one.addBuckets(other.buckets(), other);
            if (what === 'cleared') one.clear();
          }
          if (what === 'copied') [kept, dense] = [kept.copy(), dense.copy()];
          expect(figures(kept)).toEqual(figures(dense));
          const fractions = [0, 0.001, 0.5, 0.9, 1];
          expect(kept.percentiles(fractions, kept.buckets())).toEqual(dense.percentiles(fractions, dense.buckets()));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('shifts to what recording shifted values would have given, as exactly as buckets can', () => {
    fc.assert(
      fc.property(values, signed, fraction, (recorded, by, p) => {
        const moved = recorded.map((value) => value + by);
        const made = histogramOf(recorded).shifted(by);
        const exact = exactQuantile(recorded, p);
        fc.pre(moved.every((value) => Math.abs(value) <= HISTOGRAM_MAX));
        expect([made.count, made.clamped, made.min, made.max]).toEqual([
          recorded.length,
          0,
          Math.min(...moved),
          Math.max(...moved),
        ]);
        expect(made.buckets().reduce((sum, [, count]) => sum + count, 0)).toBe(recorded.length);
        const precision = Math.abs(exact) / 128 + Math.abs(exact + by) / 128 + 1;
        expect(Math.abs(made.percentile(p)! - (exact + by))).toBeLessThanOrEqual(precision);
      }),
    );
  });

  it('counts every value that a shift moves out of range', () => {
    const made = histogramOf([10, 10, 10, -10]).shifted(HISTOGRAM_MAX);
    expect([made.count, made.clamped, made.max]).toEqual([4, 3, HISTOGRAM_MAX]);
    expect(new Histogram().shifted(5).min).toBeNull();
  });

  it('never throws, whatever the number', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), (recorded) => {
        const made = histogramOf(recorded);
        const numbers = recorded.filter((value) => !Number.isNaN(value));
        expect(made.count).toBe(numbers.length);
        expect(made.clamped).toBe(
          recorded.length - numbers.filter((value) => Math.abs(Math.round(value)) <= HISTOGRAM_MAX).length,
        );
      }),
    );
  });
});
