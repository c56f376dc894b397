/** How often which value was: the buckets of a histogram, and its percentiles above them. */
import { formatCount, formatDuration } from '../../core/format.js';
import { Histogram } from '../../metrics/histogram.js';
import type { HistogramSummary } from '../../result/model.js';
import { chart, markSpan, type Mark } from './chart.js';
import { NOTHING, type Markup } from './markup.js';
import { barPath } from './paths.js';
import { spanScale, type Scale, type Tick } from './scale.js';

const COLUMNS = 96;
/** Beyond this ratio of the largest to the smallest value the axis is logarithmic. */
const STRAIGHT_RATIO = 5;
/** Around 0, values up to this part of the largest magnitude lie on a nearly straight axis. */
const NEAR_ZERO = 1e-3;

const MARKED = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['p999', 'p99.9'],
  ['max', 'max'],
] as const;

/** `colour`: class of the bars. Nothing where nothing was recorded. */
export function histogramChart(title: string, summary: HistogramSummary, colour: string): Markup {
  const { min, max, count } = summary;
  // A receiver's result may come without its buckets.
  if (min === null || max === null || count === 0 || summary.buckets.length === 0) return NOTHING;
  const axis = valueAxis(min, max, summary);
  const heights = columnHeights(summary, axis);
  const most = Math.max(...heights);
  const path = barPath(heights.map((height) => height / most));
  const told = MARKED.map(([id, label]) => `${label} ${formatDuration(summary[id])}`).join(', ');
  return chart({
    title,
    note: `${formatCount(count)} values${axis.isLogarithmic ? ', logarithmic' : ''}`,
    summary: `${formatCount(count)} values, least ${formatDuration(min)}; ${told}`,
    keys: [],
    columns: COLUMNS,
    layers: [{ path, look: `bar ${colour}` }],
    levels: [],
    ticks: axis.ticks,
    marks: marksOf(summary, axis),
  });
}

/** Counts per column; a bucket that is wider than a column is spread evenly. */
function columnHeights({ buckets }: HistogramSummary, axis: Scale): number[] {
  const heights = Array.from({ length: COLUMNS }, () => 0);
  for (const [index, count] of buckets) {
    const { from, to } = Histogram.bounds(index);
    const first = Math.min(COLUMNS - 1, Math.floor(axis.at(from) * COLUMNS));
    const last = Math.min(COLUMNS - 1, Math.max(first, Math.ceil(axis.at(to) * COLUMNS) - 1));
    for (let column = first; column <= last; column++) heights[column]! += count / (last - first + 1);
  }
  return heights;
}

/** Equal ones share a mark. */
function marksOf(summary: HistogramSummary, axis: Scale): Mark[] {
  const marks: { at: number; label: string; row: number }[] = [];
  for (const [id, label] of MARKED) {
    const value = summary[id];
    if (value === null) continue;
    const at = axis.at(value);
    const before = marks.at(-1);
    if (before !== undefined && Math.abs(before.at - at) < 0.004) before.label += `, ${label}`;
    else marks.push({ at, label, row: 0 });
  }
  // The lowest row in which it touches none of those before it.
  for (const [i, mark] of marks.entries()) {
    const taken = new Set(marks.slice(0, i).flatMap((other) => (isTouching(other, mark) ? [other.row] : [])));
    while (taken.has(mark.row)) mark.row++;
  }
  return marks;
}

function isTouching(a: Mark, b: Mark): boolean {
  const [aFrom, aTo] = markSpan(a);
  const [bFrom, bTo] = markSpan(b);
  return aFrom < bTo && bFrom < aTo;
}

function valueAxis(min: number, max: number, summary: HistogramSummary): Scale {
  if (min < 0 && max > 0) return aroundZero(min, max);
  if (min >= 0 && max > STRAIGHT_RATIO * min && max > STRAIGHT_RATIO) return logarithmic(min, max, summary);
  return min === max ? spanScale(min - 1, max + 1, formatDuration) : spanScale(min, max, formatDuration);
}

/** From the least value above 0. */
function logarithmic(min: number, max: number, { buckets }: HistogramSummary): Scale {
  const least = buckets.find(([index]) => index > 0)?.[0] ?? 1;
  const low = Math.log10(Math.max(1, min, min > 0 ? 0 : Histogram.bounds(least).from));
  const high = Math.log10(max);
  const length = Math.max(high - low, 1e-9);
  const at = (value: number): number => Math.min(1, Math.max(0, (Math.log10(Math.max(value, 1)) - low) / length));
  const ticks: Tick[] = [];
  const factors = length < 1.2 ? [1, 2, 5] : [1];
  const every = Math.ceil(length / 7);
  for (let power = Math.floor(low); power <= high; power += every) {
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (Math.log10(value) >= low - 1e-9 && value <= max) ticks.push({ at: at(value), label: formatDuration(value) });
    }
  }
  return { at, ticks, isLogarithmic: true };
}

/** Logarithmic to both sides, nearly straight about 0. */
function aroundZero(min: number, max: number): Scale {
  const unit = Math.max(1, Math.max(-min, max) * NEAR_ZERO);
  const place = (value: number): number => Math.sign(value) * Math.log10(1 + Math.abs(value) / unit);
  const low = place(min);
  const length = place(max) - low;
  const at = (value: number): number => Math.min(1, Math.max(0, (place(value) - low) / length));
  const ticks: Tick[] = [{ at: at(0), label: '0' }];
  for (let value = 10 ** Math.ceil(Math.log10(unit * 5)); value <= Math.max(-min, max); value *= 10) {
    if (value <= max) ticks.push({ at: at(value), label: formatDuration(value) });
    if (-value >= min) ticks.unshift({ at: at(-value), label: formatDuration(-value) });
  }
  return { at, ticks, isLogarithmic: true };
}
