/** All streams, a row each. */
import { formatCount, formatDuration, formatHostPort, formatRate, formatRatio } from '../../core/format.js';
import type { RunResult, Stream } from '../../result/model.js';
import { badCount, badIf, orNone } from './cell.js';
import { table, type Column } from './table.js';
import { drawnSeries } from './drawnSeries.js';
import { lostOf } from './lost.js';
import { markup, NOTHING, trusted, type Markup, type Part } from './markup.js';
import { barPath, linePath, viewBox } from './paths.js';
import { streamName } from './stream.js';

/** `idOf`: anchor of a stream's own section. */
export function overview({ streams, streams_total: total }: RunResult, idOf: (stream: Stream) => string): Markup {
  if (streams.length < 2) return NOTHING;
  const isRepaired = streams.some(({ after }) => after !== null);
  const columns: Column<Stream>[] = [
    { head: 'stream', cell: (stream) => markup`<a href="#${idOf(stream)}">${streamName(stream)}</a>`, text: 'short' },
    { head: 'format', cell: ({ format }) => format, text: 'short' },
    { head: 'from', cell: sourceOf, text: 'short' },
    { head: 'flow', cell: ({ flow }) => flow ?? '', text: 'short' },
    figure('received', 'packets_received', ({ metrics }) => metrics.packets_received, formatCount),
    figure('lost', 'packets_lost', ({ metrics }) => lostOf(metrics), formatCount, isLossy),
    figure('loss ratio', 'loss_ratio', ({ metrics }) => metrics.loss_ratio, formatRatio, isLossy),
    ...(isRepaired ? [afterRepair()] : []),
    figure('rate', 'rate_bit_per_second', ({ metrics }) => metrics.rate_bit_per_second, formatRate),
    figure('delay p50', 'one_way_delay_ns', ({ histograms }) => histograms?.one_way_delay_ns?.p50, formatDuration),
    figure('delay p99', 'one_way_delay_ns', ({ histograms }) => histograms?.one_way_delay_ns?.p99, formatDuration),
    figure('jitter', 'jitter_ns', ({ metrics }) => metrics.jitter_ns, formatDuration),
    { head: 'rate and loss', cell: sparkline, text: 'short' },
  ];
  const part = total > streams.length && { caption: `${formatCount(streams.length)} of ${formatCount(total)} streams` };
  return table(streams, columns, { ...part, tone: ({ role }) => (role === 'media' ? null : 'dim') });
}

/** `id`: what `not_measured` calls it. */
function figure(
  head: string,
  id: string,
  value: (stream: Stream) => number | null | undefined,
  format: (value: number | null) => string,
  isBad: (stream: Stream) => boolean = () => false,
): Column<Stream> {
  return {
    head,
    cell: (stream) => badIf(isBad(stream), orNone(format(value(stream) ?? null), stream.not_measured[id])),
    order: (stream) => value(stream) ?? null,
  };
}

function afterRepair(): Column<Stream> {
  return { head: 'after repair', cell: ({ after }) => after !== null && badCount(lostOf(after.metrics)) };
}

function sourceOf({ source, source_port: port }: Stream): string {
  return source === '' ? '' : formatHostPort(source, port);
}

/** Nothing repaired what media lost. */
function isLossy({ role, metrics, after }: Stream): boolean {
  return role === 'media' && after === null && (lostOf(metrics) ?? 0) > 0;
}

/** Points of a sparkline: fewer than its pixels. */
const SPARKS = 64;
const LOSSES = ['loss_network', 'loss_socket_buffer', 'loss_application'] as const;

/** The course of the rate as a line, losses as bars below it. */
function sparkline({ series: whole }: Stream): Part {
  if (whole === null) return '';
  const series = drawnSeries(whole, SPARKS);
  const rate = series.metrics.rate_bit_per_second;
  if (rate === null) return '';
  const most = rate.max.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  const lost = Array.from({ length: series.points }, (_, i) =>
    LOSSES.some((id) => (series.metrics[id]?.sum[i] ?? 0) > 0) ? 0.15 : 0,
  );
  const line = linePath(rate.mean, (value) => (most === 0 ? 0 : 0.2 + (0.8 * value) / most));
  const box = viewBox(series.points);
  return markup`<svg class="spark" width="96" height="18" viewBox="${box}" preserveAspectRatio="none" aria-hidden="true">
    <path class="bar c-network" d="${trusted(barPath(lost))}" />
    <path class="line c-rate" d="${trusted(line)}" />
  </svg>`;
}
