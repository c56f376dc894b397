/** Percentiles of several histograms in one table, and a drawing of each. */
import { DASH, formatCount, formatDuration } from '../../core/format.js';
import { PERCENTILE_IDS, type PercentileId } from '../../metrics/catalog.js';
import type { HistogramSummary } from '../../result/model.js';
import { histogramChart } from './histogramChart.js';
import { table, type Column } from './table.js';
import { markup, NOTHING, type Markup, type Part } from './markup.js';

export interface NamedHistogram {
  readonly name: string;
  /** Anchor of its definition; `null`: it has none of its own. */
  readonly definition: string | null;
  readonly summary: HistogramSummary;
  /** Class of the bars. */
  readonly colour?: string;
}

/** Heads of percentiles. */
const HEADS: Readonly<Record<PercentileId, string>> = {
  p50: 'p50',
  p90: 'p90',
  p99: 'p99',
  p999: 'p99.9',
  p9999: 'p99.99',
};

export function histograms(list: readonly NamedHistogram[], caption?: Part): Markup {
  if (list.length === 0) return NOTHING;
  return markup`${percentileTable(list, caption)}
    <div class="charts small">
      ${list.map(({ name, summary, colour }) => histogramChart(name, summary, colour ?? 'c-rate'))}
    </div>`;
}

/** Count, extremes, mean and percentiles, a row each. */
export function percentileTable(list: readonly NamedHistogram[], caption?: Part): Markup {
  const columns: Column<NamedHistogram>[] = [
    {
      head: '',
      cell: ({ name, definition }) => (definition === null ? name : markup`<a href="#d-${definition}">${name}</a>`),
    },
    { head: 'values', cell: ({ summary }) => formatCount(summary.count) },
    { head: 'min', cell: ({ summary }) => formatDuration(summary.min) },
    { head: 'mean', cell: ({ summary }) => formatDuration(summary.mean) },
    ...PERCENTILE_IDS.map((id): Column<NamedHistogram> => ({
      head: HEADS[id],
      cell: ({ summary }) => percentile(summary, id),
    })),
    { head: 'max', cell: ({ summary }) => formatDuration(summary.max) },
  ];
  if (list.some(({ summary }) => summary.clamped > 0)) {
    columns.push({ head: 'out of range', cell: ({ summary }) => formatCount(summary.clamped) });
  }
  const isConditional = list.some(({ summary }) => summary.conditional.length > 0);
  return markup`${table(list, columns, caption === undefined ? {} : { caption })}${
    isConditional &&
    markup`<p class="note">* holds for what was delivered: a larger share than 1 - p was lost (RFC 7679 section 5.1).</p>`
  }`;
}

function percentile(summary: HistogramSummary, id: PercentileId): Part {
  const text = formatDuration(summary[id]);
  return summary.conditional.includes(id) && text !== DASH ? markup`${text}*` : text;
}
