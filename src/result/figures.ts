import { METRIC_IDS, type MetricId } from '../metrics/catalog.js';
import type { StreamMetrics } from './modelStream.js';
import { noMetrics } from './noMetrics.js';

/** Metrics that are one number each. */
export type FigureId = Exclude<MetricId, 'dscp_received'>;

/** By their columns. */
export const FIGURE_IDS: readonly FigureId[] = METRIC_IDS.filter((id) => id !== 'dscp_received');

/** Their columns. */
export const Figure = Object.fromEntries(FIGURE_IDS.map((id, column) => [id, column])) as Readonly<
  Record<FigureId, number>
>;

/** The metrics of a stream as numbers: of ten thousand streams few ever need an object of them. */
export interface Figures {
  /** By {@link Figure}; NaN: not measured. */
  readonly values: readonly number[];
  readonly dscp: StreamMetrics['dscp_received'];
}

const NONE: readonly number[] = FIGURE_IDS.map(() => NaN);

/** Values of which none was measured yet. */
export function noFigures(): number[] {
  return NONE.slice();
}

export function figuresOf(metrics: StreamMetrics): Figures {
  return { values: FIGURE_IDS.map((id) => metrics[id] ?? NaN), dscp: metrics.dscp_received };
}

/** As the document has them. */
export function metricsOf({ values, dscp }: Figures): StreamMetrics {
  const metrics = noMetrics();
  // By index: an iterator makes two objects for each figure.
  for (let column = 0; column < values.length; column++) {
    const value = values[column]!;
    if (!Number.isNaN(value)) metrics[FIGURE_IDS[column]!] = value;
  }
  metrics.dscp_received = dscp;
  return metrics;
}

/** What is not measured adds nothing to a sum. */
export function orNothing(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
