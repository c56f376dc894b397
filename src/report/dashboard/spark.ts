/** The course of a rate in the height of a line: a drawing beside figures, for eyes alone. */
import type { StreamSeries } from '../../result/model.js';
import { drawnSeries } from '../html/drawnSeries.js';
import { markup, trusted, type Markup, type Part } from '../html/markup.js';
import { barPath, linePath, viewBox } from '../html/paths.js';

/** Points: fewer than its pixels. */
const SPARKS = 60;
const LOSSES = ['loss_network', 'loss_socket_buffer', 'loss_application'] as const;
type Values = readonly (number | null)[];

/** The rate as a line, losses as bars below it. */
export function spark(whole: StreamSeries | null): Part {
  if (whole === null) return '';
  const series = drawnSeries(whole, SPARKS);
  const rate = series.metrics.rate_bit_per_second;
  if (rate === null) return '';
  const lost = Array.from({ length: series.points }, (_, i) =>
    LOSSES.some((id) => (series.metrics[id]?.sum[i] ?? 0) > 0) ? 0.15 : 0,
  );
  return drawing(rate.mean, lost);
}

/** A line alone: of the last points. */
export function sparkLine(values: Values): Markup {
  return drawing(values.slice(-SPARKS), []);
}

function drawing(values: Values, lost: readonly number[]): Markup {
  const most = values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  const line = linePath(values, (value) => (most === 0 ? 0 : 0.2 + (0.8 * value) / most));
  return markup`<svg class="spark" width="96" height="18" viewBox="${viewBox(values.length)}" preserveAspectRatio="none" aria-hidden="true">
    <path class="bar c-network" d="${trusted(barPath(lost))}" />
    <path class="line c-rate" d="${trusted(line)}" />
  </svg>`;
}
