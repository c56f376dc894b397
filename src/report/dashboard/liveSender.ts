/** What is sent: a row each stream, and one of them with its course. */
import { formatCount, formatDuration, formatRate, unixMsOf } from '../../core/format.js';
import type { SenderIntervalRow } from '../../result/interval.js';
import type { RunResult, Sender, SenderStream } from '../../result/model.js';
import { badCount, orNone, placeName } from '../html/cell.js';
import { chart, type Layer } from '../html/chart.js';
import { facts } from '../html/facts.js';
import { histograms } from '../html/histograms.js';
import { markup, NOTHING, type Markup, type Part } from '../html/markup.js';
import { bandPath, barPath, linePath } from '../html/paths.js';
import { countScale, scaleFor, straightScale, timeTicks, type Scale } from '../html/scale.js';
import { sender } from '../html/sender.js';
import { table } from '../html/table.js';
import type { History, SentSeries } from './history.js';
import { spark, SPARKS } from './spark.js';
import { addressOf, OVERVIEW } from './view.js';

/** Rows: more are in the document. */
const MOST_STREAMS = 256;

export function liveSender(of: Sender, history: History): Markup {
  return markup`${sentStreams(of, history)}
    <details><summary>All that the sender says of itself</summary>${sender({ ...of, streams: [] })}</details>`;
}

export function sentName({ name, group, port, leg }: SenderStream): Part {
  return markup`${placeName(name, group, port)}${leg !== null && `, leg ${leg}`}`;
}

interface Row {
  readonly stream: SenderStream;
  readonly last: SenderIntervalRow | null;
}

function sentStreams({ streams, streams_total: total }: Sender, history: History): Markup {
  const shown = streams.slice(0, MOST_STREAMS);
  if (shown.length === 0) return NOTHING;
  const part = total > shown.length ? `${formatCount(shown.length)} of ${formatCount(total)}` : formatCount(total);
  return table<Row>(
    shown.map((stream) => ({ stream, last: history.lastSent(stream.id) })),
    [
      {
        head: 'stream',
        cell: ({ stream }) =>
          markup`<a href="${addressOf({ ...OVERVIEW, stream: stream.id })}">${sentName(stream)}</a>`,
        text: 'short',
      },
      { head: 'format', cell: ({ stream }) => stream.format, text: 'short' },
      { head: 'rate', cell: ({ last }) => last !== null && formatRate(last.rate_bit_per_second) },
      { head: 'course', cell: ({ stream }) => spark(history.sentCourse(stream.id, SPARKS)), text: 'short' },
      { head: 'not sent now', cell: ({ last }) => last !== null && badCount(last.not_sent) },
      { head: 'sent', cell: ({ stream }) => formatCount(stream.sent) },
      { head: 'scheduled', cell: ({ stream }) => formatCount(stream.scheduled) },
      { head: 'not sent', cell: ({ stream }) => badCount(stream.not_sent) },
      { head: 'error p50', cell: ({ stream }) => orNone(formatDuration(stream.departure_error_ns?.p50 ?? null)) },
      { head: 'error p99', cell: ({ stream }) => orNone(formatDuration(stream.departure_error_ns?.p99 ?? null)) },
      { head: 'error max', cell: ({ stream }) => orNone(formatDuration(stream.departure_error_ns?.max ?? null)) },
    ],
    { caption: markup`${part} sent streams <small>rate of the last interval, all else of the run so far</small>` },
  );
}

export function liveSent(result: RunResult, stream: SenderStream, history: History): Markup {
  const series = history.sentSeries(stream.id);
  const error = stream.departure_error_ns;
  return markup`<nav aria-label="Streams"><ul><li><a rel="up" href="${addressOf(OVERVIEW)}">All streams</a></li></ul></nav>
    ${series !== null && series.points > 0 && markup`<div class="charts">${sentCharts(series, unixMsOf(result.run.start))}</div>`}
    ${facts([
      { name: 'to', value: `${stream.group} port ${stream.port}` },
      { name: 'interface', value: stream.interface },
      { name: 'scheduled', value: formatCount(stream.scheduled) },
      { name: 'sent', value: formatCount(stream.sent) },
      { name: 'not sent', value: badCount(stream.not_sent) },
      { name: 'octets', value: formatCount(stream.octets_sent) },
      { name: 'rate, UDP payload', value: orNone(formatRate(stream.rate_bit_per_second)) },
      { name: 'rate, Ethernet', value: orNone(formatRate(stream.rate_ethernet_bit_per_second)) },
    ])}
    ${
      error !== null &&
      error.count > 0 &&
      histograms([{ name: 'departure error', definition: 'departure_error_ns', summary: error, colour: 'c-mdi' }])
    }`;
}

function sentCharts({ startNs, stepNs, points, figures }: SentSeries, startUnixMs: number): Markup[] {
  const ticks = timeTicks(startNs, startNs + points * stepNs, startUnixMs);
  const { rate_bit_per_second: rate, not_sent: missing } = figures;
  const { departure_error_p50_ns: p50, departure_error_p99_ns: p99 } = figures;
  const drawn = (title: string, scale: Scale, layers: readonly Layer[], note: string): Markup =>
    chart({
      title,
      note,
      summary: `${formatCount(points)} points of ${formatDuration(stepNs)}`,
      keys: [],
      columns: points,
      layers,
      levels: scale.ticks,
      ticks,
    });
  const rates = straightScale(0, largest(rate), formatRate);
  const errors = scaleFor(smallest(p50), largest(p99), formatDuration);
  const counts = countScale(largest(missing));
  return [
    drawn('Rate', rates, [{ path: linePath(rate, rates.at), look: 'line c-rate' }], 'UDP payload'),
    drawn(
      'Departure error',
      errors,
      [
        { path: bandPath(p50, p99, errors.at), look: 'band c-mdi' },
        { path: linePath(p50, errors.at), look: 'line c-mdi' },
      ],
      `p50 to p99${errors.isLogarithmic ? ', logarithmic' : ''}`,
    ),
    drawn(
      'Not sent',
      counts,
      [{ path: barPath(missing.map((count) => (count ?? 0) && counts.at(count ?? 0))), look: 'bar c-network' }],
      'in each interval',
    ),
  ];
}

function largest(values: readonly (number | null)[]): number {
  return values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
}

function smallest(values: readonly (number | null)[]): number {
  return values.reduce<number>((min, value) => Math.min(min, value ?? min), Infinity);
}
