import { SERIES_METRIC_IDS } from '../../metrics/catalog.js';
import type { StreamSeries } from '../../result/model.js';

type Values = readonly (number | null)[];

/**
 * A series with at most so many points, for drawings alone: neighbours become one as they do in the document when it is full
 * (sums add, extremes are kept). No figure is taken from it.
 */
export function drawnSeries(series: StreamSeries, most: number): StreamSeries {
  const together = Math.ceil(series.points / most);
  if (together <= 1) return series;
  const metrics: Record<string, unknown> = {};
  for (const id of SERIES_METRIC_IDS) {
    const column = series.metrics[id];
    metrics[id] =
      column === null
        ? null
        : {
            ...('sum' in column
              ? { sum: merged(column.sum, together, total) }
              : { mean: merged(column.mean, together, mean) }),
            min: merged(column.min, together, least),
            max: merged(column.max, together, largest),
          };
  }
  return {
    start_ns: series.start_ns,
    step_ns: series.step_ns * together,
    points: Math.ceil(series.points / together),
    metrics: metrics as StreamSeries['metrics'],
  };
}

/** `null` where all of them are. */
function merged(values: Values, together: number, of: (known: readonly number[]) => number): (number | null)[] {
  const made: (number | null)[] = [];
  for (let i = 0; i < values.length; i += together) {
    const known = values.slice(i, i + together).filter((value) => value !== null);
    made.push(known.length === 0 ? null : of(known));
  }
  return made;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function mean(values: readonly number[]): number {
  return total(values) / values.length;
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}

function largest(values: readonly number[]): number {
  return Math.max(...values);
}
