/** The points of a series in figures: what the drawings are made of, for a reader without eyes for them, or with a pointer. */
import { DASH, formatCount, formatDuration, formatRate } from '../../core/format.js';
import { SERIES_METRIC_IDS, SERIES_METRICS, type SeriesMetricId } from '../../metrics/catalog.js';
import type { StreamSeries } from '../../result/model.js';
import { markup, trusted, type Markup } from './markup.js';

const HEADS: Readonly<Record<SeriesMetricId, string>> = {
  rate_bit_per_second: 'rate',
  loss_network: 'lost in the network',
  loss_socket_buffer: 'at the socket buffer',
  loss_application: 'in the application',
  one_way_delay_p50_ns: 'delay p50',
  one_way_delay_p99_ns: 'delay p99',
  jitter_ns: 'jitter',
  mdi_df_ns: 'delay factor',
};

/** A row each point: the mean over it, of losses the sum. */
export function seriesTable(series: StreamSeries, id: string): Markup {
  const columns = SERIES_METRIC_IDS.flatMap((metric) => {
    const column = series.metrics[metric];
    if (column === null) return [];
    return [{ metric, values: 'sum' in column ? column.sum : column.mean }];
  });
  let rows = '';
  for (let i = 0; i < series.points; i++) {
    rows += `<tr><th scope="row">${formatDuration(series.start_ns + i * series.step_ns)}</th>`;
    for (const { metric, values } of columns) rows += `<td>${textOf(metric, values[i] ?? null)}</td>`;
    rows += '</tr>\n';
  }
  return markup`<details class="points">
    <summary>Points of the drawings, in figures</summary>
    <div class="scroll">
      <table id="${id}">
        <thead>
          <tr>
            <th scope="col">from</th>
            ${columns.map(({ metric }) => markup`<th scope="col">${HEADS[metric]}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${trusted(rows)}
        </tbody>
      </table>
    </div>
  </details>`;
}

/** Holds no text of others. */
function textOf(metric: SeriesMetricId, value: number | null): string {
  if (value === null) return DASH;
  if (SERIES_METRICS[metric] === 'sum') return formatCount(value);
  return metric === 'rate_bit_per_second' ? formatRate(value) : formatDuration(value);
}
