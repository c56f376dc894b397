import type { Nanos } from '../core/time.js';
import { SERIES_METRIC_IDS, SERIES_METRICS, type SeriesMetricId } from './catalog.js';
import { StreamCounter } from './counters.js';
import type { IntervalSnapshot } from './snapshot.js';

/** Most points that a series holds. */
export const SERIES_POINTS = 512;

const METRIC_COUNT = SERIES_METRIC_IDS.length;
/** Per point and metric: sum, how many intervals it is of, smallest, largest. */
const SUM = 0;
const INTERVALS = 1;
const MIN = 2;
const MAX = 3;
const CELL = 4;
const POINT = METRIC_COUNT * CELL;

/** One metric of a series: `value[i]` of point `i`; `null` where nothing was measured. */
export interface SeriesColumn {
  /** Sum or mean over the intervals of the point, as {@link SERIES_METRICS} says. */
  readonly value: readonly (number | null)[];
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

/**
 * The course of a stream over time in bounded memory: at most {@link SERIES_POINTS} points. When a
 * point beyond them is needed, neighbours merge (sums add, extremes are kept) and the step doubles.
 */
export class Series {
  /** Length of a point, ns. */
  stepNs: number;
  /** Begin of point 0, CLOCK_MONOTONIC since the epoch, ns; NaN while empty. */
  startMonoNs = NaN;
  points = 0;
  readonly #intervalNs: number;
  /** Interval steps per point: a power of two. */
  #merged = 1;
  #cells = new Float64Array(16 * POINT);

  /** `intervalNs`: nominal length of the intervals that will be added. */
  constructor(intervalNs: number) {
    this.#intervalNs = intervalNs;
    this.stepNs = intervalNs;
  }

  /** Adds a closed interval. Intervals come in order; the first may be shorter than the rest, and gaps are allowed. */
  add(interval: IntervalSnapshot): void {
    // The first interval is cut short by the beginning of the run: its end is what is aligned.
    if (this.points === 0) this.startMonoNs = interval.endMonoNs - this.#intervalNs;
    const ordinal = Math.max(0, Math.round((interval.endMonoNs - this.startMonoNs) / this.#intervalNs) - 1);
    const at = this.#cellsOf(ordinal);

    const counters = interval.counters;
    const lengthNs = interval.endMonoNs - interval.startMonoNs;
    this.#put(at, 'rate_bit_per_second', (counters[StreamCounter.OctetsReceived]! * 8e9) / lengthNs);
    this.#put(at, 'loss_network', counters[StreamCounter.LossNetwork]!);
    this.#put(at, 'loss_socket_buffer', counters[StreamCounter.LossSocketBuffer]!);
    this.#put(at, 'loss_application', counters[StreamCounter.LossApplication]!);
    this.#put(at, 'one_way_delay_p50_ns', interval.delayP50Ns);
    this.#put(at, 'one_way_delay_p99_ns', interval.delayP99Ns);
    this.#put(at, 'jitter_ns', interval.jitterNs);
  }

  /** Adds a second of the media delivery index, to the point in which it ended. Before the first interval it has none. */
  addDelayFactor(endMonoNs: Nanos, delayFactorNs: Nanos): void {
    if (this.points === 0) return;
    const ordinal = Math.max(0, Math.ceil((endMonoNs - this.startMonoNs) / this.#intervalNs) - 1);
    this.#put(this.#cellsOf(ordinal), 'mdi_df_ns', delayFactorNs);
  }

  /** Where the point of the interval with this number begins. */
  #cellsOf(ordinal: number): number {
    while (Math.floor(ordinal / this.#merged) >= SERIES_POINTS) this.#halve();
    const point = Math.floor(ordinal / this.#merged);
    this.#reach(point + 1);
    return point * POINT;
  }

  #put(at: number, metric: SeriesMetricId, value: number): void {
    if (!Number.isFinite(value)) return;
    const cell = at + SERIES_METRIC_IDS.indexOf(metric) * CELL;
    const cells = this.#cells;
    const first = cells[cell + INTERVALS] === 0;
    cells[cell + SUM]! += value;
    cells[cell + INTERVALS]!++;
    cells[cell + MIN] = first ? value : Math.min(cells[cell + MIN]!, value);
    cells[cell + MAX] = first ? value : Math.max(cells[cell + MAX]!, value);
  }

  #reach(points: number): void {
    if (points > this.points) this.points = points;
    if (points * POINT <= this.#cells.length) return;
    const grown = new Float64Array(Math.min(SERIES_POINTS, Math.max(points, (this.#cells.length / POINT) * 2)) * POINT);
    grown.set(this.#cells);
    this.#cells = grown;
  }

  #halve(): void {
    const cells = this.#cells;
    const points = Math.ceil(this.points / 2);
    for (let point = 0; point < points; point++) {
      for (let metric = 0; metric < METRIC_COUNT; metric++) {
        const to = point * POINT + metric * CELL;
        const a = 2 * point * POINT + metric * CELL;
        const b = 2 * point + 1 < this.points ? a + POINT : -1;
        this.#merge(to, a, b);
      }
    }
    cells.fill(0, points * POINT);
    this.points = points;
    this.#merged *= 2;
    this.stepNs *= 2;
  }

  #merge(to: number, a: number, b: number): void {
    const cells = this.#cells;
    const hasA = cells[a + INTERVALS]! > 0;
    const hasB = b >= 0 && cells[b + INTERVALS]! > 0;
    const min = hasA && hasB ? Math.min(cells[a + MIN]!, cells[b + MIN]!) : cells[(hasB ? b : a) + MIN]!;
    const max = hasA && hasB ? Math.max(cells[a + MAX]!, cells[b + MAX]!) : cells[(hasB ? b : a) + MAX]!;
    const sum = cells[a + SUM]! + (hasB ? cells[b + SUM]! : 0);
    const intervals = cells[a + INTERVALS]! + (hasB ? cells[b + INTERVALS]! : 0);
    cells[to + SUM] = sum;
    cells[to + INTERVALS] = intervals;
    cells[to + MIN] = min;
    cells[to + MAX] = max;
  }

  /** One column, copied; `null` when no interval had a value for it. */
  column(metric: SeriesMetricId): SeriesColumn | null {
    const mean = SERIES_METRICS[metric] === 'mean';
    const value: (number | null)[] = [];
    const min: (number | null)[] = [];
    const max: (number | null)[] = [];
    let any = false;
    for (let point = 0; point < this.points; point++) {
      const cell = point * POINT + SERIES_METRIC_IDS.indexOf(metric) * CELL;
      const intervals = this.#cells[cell + INTERVALS]!;
      const has = intervals > 0;
      any ||= has;
      value.push(has ? this.#cells[cell + SUM]! / (mean ? intervals : 1) : null);
      min.push(has ? this.#cells[cell + MIN]! : null);
      max.push(has ? this.#cells[cell + MAX]! : null);
    }
    return any ? { value, min, max } : null;
  }
}
