import { describe, expect, it } from 'vitest';
import type { HistogramSummary } from '../../src/result/model.js';
import { summarise } from '../../src/result/histogramSummary.js';
import { styleOf } from '../../src/report/style.js';
import { timeLines } from '../../src/report/textTimes.js';
import { recorded } from './resultFixture.js';

const PLAIN = styleOf(false);

function summary(ns: number, count = 3): HistogramSummary {
  return { ...summarise(recorded(ns)), min: ns, p50: ns, p90: ns, p99: ns, p999: ns, p9999: ns, max: ns, count };
}

describe('times of histograms', () => {
  it('have all percentiles of the document, and how many they are of, in 80 columns', () => {
    const rows = [
      ['delay', { ...summary(1.23e6), max: 999e6, count: 1_234_567 }],
      ['interarrival', { ...summary(412e3), p9999: 10.2e9, count: 9999 }],
      ['PAT', null],
    ] as const;
    expect(timeLines(rows, PLAIN)).toEqual([
      '                    min     p50     p90     p99   p99.9  p99.99     max  count',
      '  delay          1.23ms  1.23ms  1.23ms  1.23ms  1.23ms  1.23ms   999ms  1.23M',
      '  interarrival    412us   412us   412us   412us   412us   10.2s   412us   9999',
      '  PAT           -',
    ]);
  });

  it('of which the smaller half is negative, as IPDV is, still have one line', () => {
    const ipdv = { ...summary(40.3e3), min: -33.3e3, p50: -1020 };
    expect(timeLines([['IPDV', ipdv]], PLAIN)).toEqual([
      '                     min      p50     p90     p99   p99.9  p99.99     max  count',
      '  IPDV           -33.3us  -1.02us  40.3us  40.3us  40.3us  40.3us  40.3us      3',
    ]);
  });

  it('stand two blanks apart whatever they are, and go on below where the line is full', () => {
    for (const ns of [1e6, -50e6, 119.4e9, 59 * 60e9 + 59e9, 5 * 3600e9, 12 * 86_400e9, -40 * 86_400e9]) {
      const block = timeLines([['delay varies', summary(ns, 1e9)]], PLAIN);
      const heads = block.filter((_, i) => i % 2 === 0).flatMap((head) => head.trim().split(/ {2,}/u));
      expect(heads).toEqual(['min', 'p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max', 'count']);
      const cells = block.filter((_, i) => i % 2 === 1).flatMap((row) => row.slice(14).trim().split(/ {2,}/u));
      expect(cells).toHaveLength(8);
      expect(new Set(cells.slice(0, 7)).size).toBe(1);
      for (const text of block) expect(text.length).toBeLessThanOrEqual(80);
    }
  });
});
