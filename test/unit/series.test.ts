import { describe, expect, it } from 'vitest';
import { SERIES_METRIC_IDS } from '../../src/metrics/catalog.js';
import { Series, SERIES_POINTS } from '../../src/metrics/series.js';
import { counters, interval } from './resultFixture.js';

function lossOf(second: number, lost: number, delayP50Ns = 1000) {
  return interval(second, { counters: counters({ LossNetwork: lost, OctetsReceived: lost * 1000 }), delayP50Ns });
}

describe('Series', () => {
  it('has one point per interval while they fit', () => {
    const series = new Series(1e9);
    for (let second = 0; second < SERIES_POINTS; second++) series.add(lossOf(second, second));
    expect([series.points, series.stepNs, series.startMonoNs]).toEqual([SERIES_POINTS, 1e9, 0]);
    expect(series.column('loss_network')!.value).toEqual(Array.from({ length: SERIES_POINTS }, (_, i) => i));
  });

  it('merges neighbours and doubles the step when one more comes: sums add, extremes are kept', () => {
    const series = new Series(1e9);
    for (let second = 0; second <= SERIES_POINTS; second++) series.add(lossOf(second, second));
    expect([series.points, series.stepNs, series.startMonoNs]).toEqual([SERIES_POINTS / 2 + 1, 2e9, 0]);
    const loss = series.column('loss_network')!;
    expect(loss.value.slice(0, 3)).toEqual([1, 5, 9]);
    expect(loss.min.slice(0, 3)).toEqual([0, 2, 4]);
    expect(loss.max.slice(0, 3)).toEqual([1, 3, 5]);
    // The last one is alone in its point.
    expect([loss.value.at(-1), loss.min.at(-1), loss.max.at(-1)]).toEqual([512, 512, 512]);
  });

  it('gives the mean of merged gauges', () => {
    const series = new Series(1e9);
    for (let second = 0; second < SERIES_POINTS * 2; second++) series.add(lossOf(second, 0, second));
    expect(series.column('one_way_delay_p50_ns')!.value.slice(0, 2)).toEqual([0.5, 2.5]);
    expect(series.column('one_way_delay_p50_ns')!.min.slice(0, 2)).toEqual([0, 2]);
  });

  it('stays within its bound however long it goes on, and loses no sum', () => {
    const series = new Series(1e9);
    for (let second = 0; second < 100_000; second++) series.add(lossOf(second, 1));
    expect(series.points).toBeLessThanOrEqual(SERIES_POINTS);
    expect(series.points).toBeGreaterThan(SERIES_POINTS / 4);
    expect(series.column('loss_network')!.value.reduce<number>((sum, value) => sum + value!, 0)).toBe(100_000);
    expect(series.stepNs).toBe(256e9);
  });

  it('leaves gaps where no interval was, also across merging', () => {
    const series = new Series(1e9);
    series.add(lossOf(0, 1));
    series.add(lossOf(3, 2));
    expect(series.column('loss_network')!.value).toEqual([1, null, null, 2]);
    series.add(lossOf(2000, 5));
    expect(series.stepNs).toBe(4e9);
    expect(series.points).toBe(501);
    const merged = series.column('loss_network')!;
    expect([merged.value[0], merged.min[0], merged.max[0], merged.value[1], merged.value[500]]).toEqual([
      3,
      1,
      2,
      null,
      5,
    ]);
  });

  it('aligns to the end of a first interval that was cut short, and takes its true length for the rate', () => {
    const series = new Series(1e9);
    series.add({ ...lossOf(0, 1), startMonoNs: 0.75e9 });
    series.add(lossOf(1, 1));
    expect([series.startMonoNs, series.points]).toEqual([0, 2]);
    expect(series.column('rate_bit_per_second')!.value).toEqual([32_000, 8000]);
  });

  it('keeps apart what was not measured and what was zero', () => {
    const series = new Series(1e9);
    series.add(interval(0, { delayP50Ns: NaN, delayP99Ns: NaN, jitterNs: NaN, counters: counters({}) }));
    expect(series.column('one_way_delay_p50_ns')).toBeNull();
    expect(series.column('mdi_df_ns')).toBeNull();
    expect(series.column('loss_network')!.value).toEqual([0]);
    expect(SERIES_METRIC_IDS.every((id) => new Series(1e9).column(id) === null)).toBe(true);
  });

  it('takes seconds of the media delivery index at their end, after the interval that they ended in', () => {
    const series = new Series(1e9);
    series.addDelayFactor(1e9, 5e6);
    expect(series.points).toBe(0);
    for (let second = 0; second < 3; second++) {
      series.add(lossOf(second, 0));
      series.addDelayFactor((second + 0.7) * 1e9, (second + 1) * 1e6);
    }
    // Of the very end of an interval, and one that is not known.
    series.addDelayFactor(3e9, 9e6);
    series.addDelayFactor(2.5e9, NaN);
    expect(series.column('mdi_df_ns')).toEqual({ value: [1e6, 2e6, 6e6], min: [1e6, 2e6, 3e6], max: [1e6, 2e6, 9e6] });
    expect(series.points).toBe(3);
  });

  it('keeps negative delays', () => {
    const series = new Series(1e9);
    for (let second = 0; second < SERIES_POINTS + 2; second++) series.add(lossOf(second, 0, -1000 - second));
    expect([series.column('one_way_delay_p50_ns')!.min[0], series.column('one_way_delay_p50_ns')!.max[0]]).toEqual([
      -1001, -1000,
    ]);
  });
});
