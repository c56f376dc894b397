import { describe, expect, it } from 'vitest';
import { formatCount, formatDuration } from '../../src/core/format.js';
import { markSpan } from '../../src/report/html/chart.js';
import { drawnSeries } from '../../src/report/html/drawnSeries.js';
import { histogramChart } from '../../src/report/html/histogramChart.js';
import { lossRanges } from '../../src/report/html/lossMap.js';
import { bandPath, barPath, HEIGHT, linePath } from '../../src/report/html/paths.js';
import {
  countScale,
  logarithmicScale,
  scaleFor,
  spanScale,
  straightScale,
  timeTicks,
} from '../../src/report/html/scale.js';
import { SERIES_METRIC_IDS } from '../../src/metrics/catalog.js';
import { summarise } from '../../src/result/histogramSummary.js';
import type { StreamSeries } from '../../src/result/model.js';
import { readHtml, all, textOf, type HtmlElement } from './htmlReader.js';
import { mediaStream } from './reportFixture.js';
import { recorded } from './resultFixture.js';

/** The points of a path: what a browser makes of the letters (SVG 2 section 9.3). */
function pointsOf(path: string): (readonly [x: number, y: number])[] {
  const points: [number, number][] = [];
  let [x, y] = [0, 0];
  for (const [, letter, text] of path.matchAll(/([MlhvzM])([^MlhvzM]*)/g)) {
    const numbers = (text!.match(/-?\d*\.?\d+/g) ?? []).map(Number);
    if (letter === 'z') continue;
    if (letter === 'h' || letter === 'v') {
      if (letter === 'h') x += numbers[0]!;
      else y += numbers[0]!;
      points.push([x, y]);
      continue;
    }
    for (let i = 0; i < numbers.length; i += 2) {
      if (letter === 'M') [x, y] = [numbers[i]!, numbers[i + 1]!];
      else [x, y] = [x + numbers[i]!, y + numbers[i + 1]!];
      points.push([x, y]);
    }
  }
  return points;
}

const at = (value: number): number => value / 100;

describe('paths', () => {
  it('go through each value, at its own place', () => {
    const values = [0, 50, 50, 50, 100, 20, 20];
    const seen = new Map(pointsOf(linePath(values, at)).map(([x, y]) => [x, y]));
    // Level parts are one step: they have their ends alone.
    for (const [i, value] of values.entries()) if (seen.has(i)) expect(seen.get(i)).toBe(HEIGHT - value);
    expect([...seen.keys()]).toEqual([0, 1, 3, 4, 5, 6]);
    expect(linePath([0, 50, 60, 40], at)).toBe('M0 100l1-50 1-10 1 20');
  });

  it('break where nothing was measured, and a point alone is a dot', () => {
    expect(linePath([null, 10, null, 20, 30, null], at)).toBe('M1 90h0M3 80l1-10');
    expect(linePath([null, null], at)).toBe('');
    expect(bandPath([null, 10, 20], [50, null, 40], at)).toBe('M2 60h0v20z');
  });

  it('enclose what lies between two rows', () => {
    const [low, high] = [
      [10, 20, 20, 5],
      [30, 30, 60, 70],
    ];
    const points = pointsOf(bandPath(low, high, at));
    for (let i = 0; i < 4; i++) {
      const ys = points.filter(([x]) => x === i).map(([, y]) => y);
      expect([Math.min(...ys), Math.max(...ys)]).toEqual([HEIGHT - high[i]!, HEIGHT - low[i]!]);
    }
  });

  it('of bars are one outline, and what is more than nothing can be seen', () => {
    expect(barPath([0, 0.5, 0.5, 0, 1e-9, 1])).toBe('M-.5 100h1v-50h2v50h1v-1h1v-99h1v100z');
    expect(barPath([0, 0])).toBe('');
  });
});

describe('scales', () => {
  it('end at round values and hold everything', () => {
    for (const max of [1, 1.5, 3, 7, 99, 100, 101, 12_345]) {
      const scale = straightScale(0, max, String);
      expect(scale.at(max)).toBeLessThanOrEqual(1);
      expect(scale.at(max)).toBeGreaterThanOrEqual(0.4);
      expect([scale.at(0), scale.ticks[0]!.label, scale.ticks.at(-1)!.at]).toEqual([0, '0', 1]);
    }
    expect(straightScale(-30, 60, String).ticks.map(({ label }) => label)).toEqual(['-50', '0', '100']);
    expect(straightScale(0, 0, String).ticks.map(({ at: place }) => place)).toEqual([0, 0.5, 1]);
  });

  it('have no halves of what is counted', () => {
    expect(countScale(3).ticks.map(({ label }) => label)).toEqual(['0', '5']);
    expect(countScale(15).ticks.map(({ label }) => label)).toEqual(['0', '10', '20']);
    expect(countScale(0).ticks.map(({ label }) => label)).toEqual(['0', '1']);
  });

  it('are logarithmic where small values could not be seen', () => {
    expect(scaleFor(1000, 30_000, formatDuration).isLogarithmic).toBe(false);
    const scale = scaleFor(1000, 5e6, formatDuration);
    expect(scale.isLogarithmic).toBe(true);
    expect(scale.ticks.map(({ label }) => label)).toEqual(['1.00 us', '10.0 us', '100 us', '1.00 ms', '10.0 ms']);
    expect([scale.at(1000), scale.at(1e7), scale.at(1)]).toEqual([0, 1, 0]);
    expect(scaleFor(0, 5e6, formatDuration).isLogarithmic).toBe(false);
    expect(logarithmicScale(1, 1e12, formatCount).ticks.length).toBeLessThanOrEqual(5);
  });

  it('of a span have ticks within it', () => {
    for (const [from, to] of [
      [5.0003e9, 5.0008e9],
      [-9, -2],
      [0.1, 0.2],
    ] as const) {
      const { ticks } = spanScale(from, to, String);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      for (const { label } of ticks) expect(Number(label) >= from && Number(label) <= to).toBe(true);
    }
  });

  it('of time count from the start of a short run, and are times of day in a long one', () => {
    const noon = Date.UTC(2026, 8, 21, 11, 59, 30);
    expect(timeTicks(-0.5e9, 9.5e9, noon).map(({ label }) => label)).toEqual(['0', '2 s', '4 s', '6 s', '8 s']);
    const day = timeTicks(0, 24 * 3600e9, noon);
    expect(day.map(({ label }) => label)).toEqual(['12:00', '18:00', '00:00', '06:00']);
    expect(day[0]!.at).toBeCloseTo(30 / 86_400, 9);
    expect(timeTicks(0, 300e9, noon).map(({ label }) => label)).toEqual([
      '0',
      '60 s',
      '2 min',
      '3 min',
      '4 min',
      '5 min',
    ]);
    for (const length of [1e6, 1e9, 7e9, 59e9, 601e9, 7200e9, 86_400e9, 40 * 86_400e9]) {
      expect(timeTicks(0, length, noon).length).toBeLessThanOrEqual(8);
    }
  });
});

function drawn(markup: { readonly text: string }): HtmlElement {
  return readHtml(`<!doctype html><html>${markup.text}</html>`);
}

/** Of each column of the drawing. */
function heights(values: readonly number[]): number[] {
  const root = drawn(histogramChart('delay', summarise(recorded(...values)), 'c-delay'));
  const points = pointsOf(all(root, 'path')[0]!.attributes.get('d')!);
  const columns = Array.from({ length: 96 }, () => 0);
  for (const [i, [x, y]] of points.entries()) {
    const next = points[i + 1];
    if (next === undefined || next[1] !== y) continue;
    for (let column = Math.ceil(x); column < next[0]; column++) columns[column] = HEIGHT - y;
  }
  return columns;
}

describe('drawings of histograms', () => {
  it.each<[string, readonly number[]]>([
    ['far apart', [1000, 2000, 2000, 5e6]],
    ['near each other', [5.0003e9, 5.0005e9, 5.0008e9]],
    ['around zero', [-2e6, -500, 0, 700, 2e6]],
    ['below zero', [-3e6, -2e6]],
    ['of one value', [42, 42]],
    ['with zeros', [0, 0, 900_000]],
    ['zero alone', [0]],
  ])('have a bar for every value: %s', (_name, values) => {
    const columns = heights(values);
    const shown = columns.filter((height) => height > 0).length;
    expect(shown).toBeGreaterThan(0);
    expect(Math.max(...columns)).toBeGreaterThanOrEqual(90);
    expect(columns.every((height) => height >= 0 && height <= HEIGHT)).toBe(true);
    const root = drawn(histogramChart('delay', summarise(recorded(...values)), 'c-delay'));
    expect(textOf(all(root, 'desc')[0]!)).toContain(`max ${formatDuration(Math.max(...values))}`);
    for (const text of all(root, 'text')) expect(text.attributes.get('x')).toMatch(/^(?:100|\d\d?(?:\.\d+)?)%$/);
  });

  it('draw nothing of nothing', () => {
    expect(histogramChart('delay', summarise(recorded()), 'c-delay').text).toBe('');
  });

  it('have percentiles whose labels do not touch', () => {
    const values = Array.from({ length: 2000 }, (_, i) => 1000 + i * 3);
    const root = drawn(histogramChart('delay', summarise(recorded(...values, 40_000)), 'c-delay'));
    const marks = all(root, 'text', 'mark').map((text) => ({
      at: Number.parseFloat(text.attributes.get('x')!) / 100,
      label: textOf(text),
      row: Number(text.attributes.get('y')),
    }));
    expect(marks.map(({ label }) => label).join(', ')).toBe('p50, p90, p99, p99.9, max');
    for (const [i, a] of marks.entries()) {
      for (const b of marks.slice(i + 1)) {
        const [from, to] = markSpan(a);
        const [other, end] = markSpan(b);
        expect(a.row !== b.row || to <= other || end <= from).toBe(true);
      }
    }
  });
});

describe('the strip of lost numbers', () => {
  const ranges = [
    { first: '18446744073709551000', count: 100, cause: 'network' },
    { first: '18446744073709552000', count: 1, cause: 'socket_buffer' },
  ] as const;

  it('has each cause in its place, however large numbers are', () => {
    const root = drawn(lossRanges(ranges, false, null));
    const [ground, network, socket] = all(root, 'path').map((path) => path.attributes.get('d'));
    expect([ground, network, socket]).toEqual(['M0 0h1000v10h-1000z', 'M0 5h99', 'M999 5h1']);
    expect(all(root, 'text').map(textOf)).toEqual(['18446744073709551000', '18446744073709552000']);
  });

  it('reaches over all numbers where they are told', () => {
    const numbers = { from: '18446744073709550000', to: '18446744073709560000' };
    const root = drawn(lossRanges(ranges, false, numbers));
    const paths = all(root, 'path').map((path) => path.attributes.get('d'));
    expect(paths.slice(1)).toEqual(['M100 5h10', 'M200 5h1']);
    expect(all(root, 'text').map(textOf)).toEqual([numbers.from, numbers.to]);
    // Ranges that lie elsewhere, as after a change of the numbers, stay at the ends.
    const outside = drawn(lossRanges(ranges, false, { from: '5', to: '7' }));
    expect(
      all(outside, 'path')
        .map((path) => path.attributes.get('d'))
        .slice(1),
    ).toEqual(['M999 5h1', 'M999 5h1']);
  });

  it('does not depend on the order of the ranges, and one lost number among millions is seen', () => {
    const wide = [
      { first: '5000000', count: 1, cause: null },
      { first: '7', count: 1, cause: null },
    ] as const;
    const paths = all(drawn(lossRanges(wide, true, null)), 'path').map((path) => path.attributes.get('d'));
    expect(paths[1]).toBe('M0 5h1M999 5h1');
    expect(lossRanges([], false, null).text).toBe('');
  });
});

describe('series with more points than are drawn', () => {
  const series = mediaStream().series!;

  it('stay as they are where they have no more', () => {
    expect(drawnSeries(series, series.points)).toBe(series);
  });

  it('lose no sum and no extreme', () => {
    const few = drawnSeries(series, 3);
    expect([few.points, few.step_ns]).toEqual([3, series.step_ns * 4]);
    for (const id of SERIES_METRIC_IDS) {
      const [before, after] = [series.metrics[id], few.metrics[id]];
      if (before === null) {
        expect(after).toBeNull();
        continue;
      }
      expect(extremes(after!)).toEqual(extremes(before));
      if ('sum' in before) expect(sumOf(few, id as 'loss_network')).toBe(sumOf(series, id as 'loss_network'));
    }
  });
});

function extremes({
  min,
  max,
}: {
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}) {
  return [Math.min(...known(min)), Math.max(...known(max))];
}

function sumOf(series: StreamSeries, id: 'loss_network'): number {
  return series.metrics[id]!.sum.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}
