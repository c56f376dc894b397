/** The course of a stream over time: rate, loss by cause, delay, jitter and delay factor, as its series holds them. */
import { formatCount, formatDuration, formatRate, unixMsOf } from '../../core/format.js';
import type { SeriesMetricId } from '../../metrics/catalog.js';
import type { Run, Stream, StreamSeries } from '../../result/model.js';
import { chart } from './chart.js';
import { drawnSeries } from './drawnSeries.js';
import { lostOf } from './lost.js';
import { markup, NOTHING, type Markup } from './markup.js';
import { bandPath, barPath, linePath } from './paths.js';
import { countScale, scaleFor, straightScale, timeTicks, type Format, type Tick } from './scale.js';

type Values = readonly (number | null)[];

/** What all charts of a stream share. */
interface Frame {
  readonly stream: Stream;
  /** As the document has it. */
  readonly whole: StreamSeries;
  /** As it is drawn. */
  readonly series: StreamSeries;
  readonly ticks: readonly Tick[];
  readonly table: string | null;
}

/**
 * `whole`: the course of the stream, or a part of it. `table`: id of the table of the same points; `null`: it is too long for the page, and at most `most` points are drawn.
 */
export function seriesCharts(
  stream: Stream,
  whole: StreamSeries,
  run: Run,
  table: string | null,
  most: number,
): Markup {
  const series = drawnSeries(whole, most);
  const { start_ns: from, step_ns: step, points } = series;
  if (points === 0) return NOTHING;
  const ticks = timeTicks(from, from + points * step, unixMsOf(run.start));
  const frame: Frame = { stream, whole, series, ticks, table };
  const drawn = [rateChart(frame), lossChart(frame), delayChart(frame), ...meanCharts(frame)];
  return markup`<div class="charts">${drawn}</div>`;
}

/** What can be known of a metric without seeing it. */
function inWords({ whole }: Frame, id: SeriesMetricId, format: Format): string {
  const column = whole.metrics[id];
  const known = `${formatCount(whole.points)} points of ${formatDuration(whole.step_ns)}`;
  if (column === null) return known;
  const [min, max] =
    'sum' in column ? [lowest(column.sum), highest(column.sum)] : [lowest(column.min), highest(column.max)];
  return min === null || max === null ? known : `${known}, lowest ${format(min)}, highest ${format(max)}`;
}

function base({ series, ticks, table }: Frame) {
  return { columns: series.points, ticks, ...(table === null ? {} : { table }) };
}

function rateChart(frame: Frame): Markup {
  const rate = frame.series.metrics.rate_bit_per_second;
  if (rate === null) return NOTHING;
  const scale = straightScale(0, highest(rate.max) ?? 0, formatRate);
  return chart({
    ...base(frame),
    title: 'Rate',
    note: 'UDP payload',
    summary: inWords(frame, 'rate_bit_per_second', formatRate),
    keys: [],
    layers: [
      { path: bandPath(rate.min, rate.max, scale.at), look: 'band c-rate' },
      { path: linePath(rate.mean, scale.at), look: 'line c-rate' },
    ],
    levels: scale.ticks,
  });
}

const CAUSES = [
  ['loss_network', 'network', 'bar c-network'],
  ['loss_socket_buffer', 'socket buffer', 'bar c-socket'],
  ['loss_application', 'application', 'bar c-application'],
] as const;

/** Bars on top of each other, one colour a cause: each is drawn over the sum of it and those below it. */
function lossChart(frame: Frame): Markup {
  const { metrics, points, step_ns: step } = frame.series;
  const lost = lostOf(frame.stream.metrics);
  if (lost === null) return NOTHING;
  const causes = CAUSES.flatMap(([id, label, look]) => {
    const column = metrics[id];
    return column === null ? [] : [{ id, label, look, values: column.sum }];
  });
  if (causes.length === 0) return NOTHING;
  const told = causes.filter(({ values }) => values.some((value) => (value ?? 0) > 0));
  // Without a drop counter nearly all that is lost is of no cause, and no course of it is kept.
  const isSplit = causes.length === CAUSES.length;
  if (told.length === 0) {
    const nothing = markup`Nothing was lost in any of the ${formatCount(frame.whole.points)} points.`;
    const something = markup`<span class="bad">${formatCount(lost)} lost</span> in all, by a cause that is not known, which is why there is no course of it.`;
    return markup`<figure class="chart quiet">
      <figcaption><b>Lost</b></figcaption>
      <p>${isSplit || lost === 0 ? nothing : something}</p>
    </figure>`;
  }
  const sums = Array.from({ length: points }, () => 0);
  const stacked = told.map(({ values, look }) => {
    for (let i = 0; i < points; i++) sums[i]! += values[i] ?? 0;
    return { look, sums: [...sums] };
  });
  const scale = countScale(highest(sums) ?? 0);
  return chart({
    ...base(frame),
    title: 'Lost',
    note: `in each ${formatDuration(step)}${isSplit ? '' : '; further causes are not known'}`,
    summary: told.map(({ id, label }) => `${label}: ${inWords(frame, id, formatCount)}`).join('; '),
    keys: told,
    layers: stacked.toReversed().map((one) => ({ path: barPath(one.sums.map(scale.at)), look: one.look })),
    levels: scale.ticks,
  });
}

function delayChart(frame: Frame): Markup {
  const { one_way_delay_p50_ns: p50, one_way_delay_p99_ns: p99 } = frame.series.metrics;
  if (p50 === null || p99 === null) return NOTHING;
  const scale = scaleFor(lowest(p50.min) ?? 0, highest(p99.max) ?? 0, formatDuration);
  const hasPeaks = p99.max.some((value, i) => value !== p99.mean[i]);
  return chart({
    ...base(frame),
    title: 'One-way delay',
    ...(scale.isLogarithmic ? { note: 'logarithmic' } : {}),
    summary: `p50: ${inWords(frame, 'one_way_delay_p50_ns', formatDuration)}; p99: ${inWords(frame, 'one_way_delay_p99_ns', formatDuration)}`,
    keys: [
      { look: 'line c-delay', label: 'p50' },
      { look: 'band c-delay', label: 'to p99' },
      ...(hasPeaks ? [{ look: 'line thin c-delay', label: 'highest p99' }] : []),
    ],
    layers: [
      { path: bandPath(p50.mean, p99.mean, scale.at), look: 'band c-delay' },
      ...(hasPeaks ? [{ path: linePath(p99.max, scale.at), look: 'line thin c-delay' }] : []),
      { path: linePath(p50.mean, scale.at), look: 'line c-delay' },
    ],
    levels: scale.ticks,
  });
}

const MEANS = [
  ['jitter_ns', 'Interarrival jitter', 'c-jitter'],
  ['mdi_df_ns', 'Delay factor (MDI)', 'c-mdi'],
] as const;

function meanCharts(frame: Frame): Markup[] {
  return MEANS.map(([id, title, colour]) => {
    const column = frame.series.metrics[id];
    if (column === null) return NOTHING;
    const scale = scaleFor(lowest(column.min) ?? 0, highest(column.max) ?? 0, formatDuration);
    return chart({
      ...base(frame),
      title,
      ...(scale.isLogarithmic ? { note: 'logarithmic' } : {}),
      summary: inWords(frame, id, formatDuration),
      keys: [],
      layers: [
        { path: bandPath(column.min, column.max, scale.at), look: `band ${colour}` },
        { path: linePath(column.mean, scale.at), look: `line ${colour}` },
      ],
      levels: scale.ticks,
    });
  });
}

function highest(values: Values): number | null {
  return values.reduce<number | null>(
    (max, value) => (value === null || (max !== null && max >= value) ? max : value),
    null,
  );
}

function lowest(values: Values): number | null {
  return values.reduce<number | null>(
    (min, value) => (value === null || (min !== null && min <= value) ? min : value),
    null,
  );
}
