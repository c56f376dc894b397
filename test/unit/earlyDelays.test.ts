/** Delays that fall at the beginning, as of every sender that begins late: percentiles as sorting all of them gives. */
import { describe, expect, it } from 'vitest';
import { EarlyDelays } from '../../src/analysis/earlyDelays.js';
import { Histogram } from '../../src/metrics/histogram.js';

const MS = 1e6;

function filled(delays: readonly number[]): EarlyDelays {
  const early = new EarlyDelays();
  for (const delay of delays) early.add(delay);
  return early;
}

describe('EarlyDelays', () => {
  const falling = Array.from({ length: 1000 }, (_, i) => Math.round(20 * MS - (15 * MS * i) / 999));

  it('gives what sorting gives, for each interval by itself', () => {
    const early = filled(falling);
    expect(early.closeInterval()).toEqual({
      minNs: falling[999],
      p50Ns: falling[500],
      p99Ns: falling[10],
      maxNs: falling[0],
    });
    expect(early.closeInterval().maxNs).toBeNaN();
    early.add(7);
    expect(early.closeInterval()).toEqual({ minNs: 7, p50Ns: 7, p99Ns: 7, maxNs: 7 });
  });

  it('records all relative to the least, those of the present interval apart', () => {
    const early = filled(falling);
    early.closeInterval();
    early.add(MS);
    const [earlier, present] = [new Histogram(), new Histogram()];
    early.recordTo(early.leastNs, earlier, present);
    expect([early.leastNs, earlier.count, present.count, present.min]).toEqual([MS, 1000, 1, 0]);
    expect([earlier.min, earlier.max]).toEqual([4 * MS, 19 * MS]);
    expect(Math.abs(earlier.percentile(0.99)! + MS - falling[10]!)).toBeLessThan(0.008 * falling[10]!);
  });

  it.each([
    ['falling ones', falling],
    ['one', [7]],
    ['such as are no integers, or beyond what a histogram tells apart', [-(2 ** 60), -0.4, 0.6, 5 * MS, 2 ** 60]],
    ['none', []],
  ])('gives the histograms of %s as if each had been recorded', (_, delays) => {
    const [delay, pdv] = [new Histogram(), new Histogram()];
    for (const one of delays) {
      delay.record(one);
      pdv.record(one - Math.min(...delays));
    }
    const given = filled(delays).histograms();
    for (const [i, one] of [delay, pdv].entries()) {
      const { count, sum, min, max, clamped } = given[i]!;
      expect({ count, sum, min, max, clamped, buckets: given[i]!.buckets() }).toEqual({
        count: one.count,
        sum: one.sum,
        min: one.min,
        max: one.max,
        clamped: one.clamped,
        buckets: one.buckets(),
      });
    }
  });

  it('is over when it has 4096', () => {
    const early = filled(Array.from({ length: 4095 }, (_, i) => i));
    expect(early.add(1)).toBe(true);
    expect(early.count).toBe(4096);
  });
});
