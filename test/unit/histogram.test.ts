import { describe, expect, it } from 'vitest';
import { Histogram } from '../../src/metrics/histogram.js';
import { HISTOGRAM_INDEX_MAX, HISTOGRAM_INDEX_MIN, HISTOGRAM_MAX } from '../../src/metrics/histogramBuckets.js';

function histogramOf(...values: number[]): Histogram {
  const made = new Histogram();
  for (const value of values) made.record(value);
  return made;
}

const many = (values: readonly number[]): Histogram => {
  const made = new Histogram();
  const column = Float64Array.from(values);
  made.recordMany(column, new Int32Array(column.buffer), values.length);
  return made;
};
const oneByOne = (values: readonly number[]): Histogram => {
  const made = new Histogram();
  for (const value of values) made.record(value);
  return made;
};
const figures = (made: Histogram): unknown => [made.count, made.clamped, made.sum, made.min, made.max, made.buckets()];

describe('many at once', () => {
  it.each([
    ['all of them large', [128, 129, 255, 256, 1000, 5e9, HISTOGRAM_MAX]],
    ['one too small for that', [127, 128, 5000]],
    ['one too large', [128, HISTOGRAM_MAX + 1]],
    ['one negative', [5000, -5000]],
    ['one that is no number', [5000, NaN, 700]],
    ['none', []],
  ])('are what they would be one by one: %s', (_what, values) => {
    expect(figures(many(values))).toEqual(figures(oneByOne(values)));
  });
});

describe('Histogram', () => {
  it('has null for every figure while it is empty', () => {
    const empty = new Histogram();
    expect([empty.count, empty.min, empty.max, empty.mean, empty.percentile(0.5)]).toEqual([0, null, null, null, null]);
    expect(empty.buckets()).toEqual([]);
  });

  it('keeps exact minimum, maximum and mean', () => {
    const made = histogramOf(1_000_003, -7, 999_999_999);
    expect([made.min, made.max, made.sum]).toEqual([-7, 999_999_999, 1_000_999_995 + 0]);
    expect(made.mean).toBe(made.sum / 3);
  });

  it.each([
    ['below the first octave', 127, 127],
    ['at the first octave', 128, 128],
    ['last value with a bucket of its own', 255, 255],
    ['first shared bucket', 256, 256],
    ['its second value', 257, 256],
    ['next bucket', 258, 257],
    ['2^32 - 1', 2 ** 32 - 1, 25 * 128 - 1 + 128],
    ['2^32', 2 ** 32, 25 * 128 + 128],
    ['largest', HISTOGRAM_MAX, HISTOGRAM_INDEX_MAX],
  ])('%s: %d falls into bucket %d', (_name, value, index) => {
    expect(histogramOf(value).buckets()).toEqual([[index, 1]]);
    expect(histogramOf(-value).buckets()).toEqual([[-1 - index, 1]]);
  });

  it('tells zero from negative values, and never gives -0', () => {
    const made = histogramOf(0, -0, -0.3, 0.4);
    expect(made.buckets()).toEqual([[0, 4]]);
    for (const figure of [made.min, made.max, made.mean, made.percentile(0.1), made.percentile(0.5)]) {
      expect(Object.is(figure, 0)).toBe(true);
    }
  });

  it('clamps what is beyond its range, and counts that', () => {
    const made = histogramOf(HISTOGRAM_MAX + 1, Infinity, -Infinity, HISTOGRAM_MAX);
    expect([made.count, made.clamped]).toEqual([4, 3]);
    expect([made.min, made.max]).toEqual([-HISTOGRAM_MAX, HISTOGRAM_MAX]);
    expect(made.buckets()).toEqual([
      [HISTOGRAM_INDEX_MIN, 1],
      [HISTOGRAM_INDEX_MAX, 3],
    ]);
  });

  it('counts NaN as clamped and lets it touch nothing else', () => {
    const made = histogramOf(5, NaN, 7);
    expect([made.count, made.clamped, made.min, made.max, made.mean]).toEqual([2, 1, 5, 7, 6]);
  });

  it('does not lose counts beyond 16 and 32 bits', () => {
    const made = Histogram.from([[100, 2 ** 33]], { min: 100, max: 100, mean: 100, clamped: 0 });
    for (let i = 0; i < 70_000; i++) made.record(100);
    expect(made.count).toBe(2 ** 33 + 70_000);
    expect(made.percentile(0.5)).toBe(100);
  });

  it('takes the smallest rank that covers the fraction', () => {
    const hundred = histogramOf(...Array.from({ length: 100 }, (_, i) => i + 1));
    expect(hundred.percentile(0.99)).toBe(99);
    expect(hundred.percentile(0.999)).toBe(100);
    expect(hundred.percentile(0.5)).toBe(50);
    expect(hundred.percentile(0)).toBe(1);
    expect(hundred.percentile(1)).toBe(100);
  });

  it('walks from the most negative value upwards', () => {
    const made = histogramOf(-100, -50, -1, 0, 1, 50, 100);
    expect([0.1, 0.28, 0.42, 0.57, 0.7, 0.85, 1].map((p) => made.percentile(p))).toEqual([
      -100, -50, -1, 0, 1, 50, 100,
    ]);
    expect(made.buckets().map(([index]) => index)).toEqual([-101, -51, -2, 0, 1, 50, 100]);
  });

  it('is as new after clear', () => {
    const made = histogramOf(-5, 5, NaN, Infinity);
    made.clear();
    expect([made.count, made.clamped, made.min, made.max]).toEqual([0, 0, null, null]);
    expect(made.buckets()).toEqual([]);
    made.record(3);
    expect([made.min, made.max, made.percentile(0.5)]).toEqual([3, 3, 3]);
  });

  it('are the same in one pass as one by one, several in one bucket and beyond the last one included', () => {
    const made = new Histogram();
    for (let i = 0; i < 3000; i++) made.record(((i * 7919) % 2003) ** 2 - 400_000);
    const fractions = [0, 0.0001, 0.25, 0.5, 0.5, 0.5001, 0.9, 0.99, 0.999, 0.9999, 1];
    expect(made.percentiles(fractions, made.buckets())).toEqual(fractions.map((fraction) => made.percentile(fraction)));
    expect(new Histogram().percentiles([0.5, 0.9], [])).toEqual([null, null]);
  });

  it('copies without a tie to the original', () => {
    const original = histogramOf(-5, 5);
    const copy = original.copy();
    original.record(1000);
    expect([copy.count, copy.max, copy.buckets()]).toEqual([2, 5, histogramOf(-5, 5).buckets()]);
  });
});
