/** Summary tables in Markdown (GitHub's tables), for comments of a merge request and pages of a wiki. */
import { DASH, formatCount, formatDuration, formatHostPort, formatRate, formatRatio } from '../core/format.js';
import { mediaTotal } from '../result/briefStreams.js';
import type { Comparison } from '../result/comparison.js';
import type { LimitResult, Receiver, RunResult, SenderStream, Stream, ZapChannel } from '../result/model.js';
import { outcomeOf } from '../result/outcome.js';
import { changeOf } from './change.js';
import { comparedGroups } from './comparedGroups.js';
import { formatLimitFigure, formatNamed } from './figure.js';
import { plainDocument } from './plainDocument.js';
import { commandTitle } from './title.js';

/** Rows of each table: what a comment can hold. */
const ROWS = 20;

export function renderMarkdown(results: readonly RunResult[], comparison: Comparison | null = null): string {
  const parts =
    comparison === null
      ? results.flatMap((result) => runParts(plainDocument(result)))
      : comparisonParts(plainDocument(comparison));
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const OUTCOMES = {
  ok: 'Within its limits',
  limit_exceeded: 'Limits exceeded',
  output_failed: 'An output failed',
  invalid: 'Invalid',
  cut_short: 'Cut short',
} as const;

function runParts(result: RunResult): string[] {
  const { run, host, health, limits, streams, sender, arbitration, zap, receivers } = result;
  const outcome = limits.length === 0 && outcomeOf(result) === 'ok' ? 'Measured' : OUTCOMES[outcomeOf(result)];
  const media = streams.filter(({ role }) => role === 'media');
  const reasons = health.reasons.map(({ severity, text }) => `- ${severity}: ${code(text)}`).join('\n');
  return [
    `### ${outcome}: ${code([commandTitle(result), ...run.endpoints.slice(0, 3)].join(' '))}`,
    `Measurement **${health.verdict}**, ${formatDuration(run.duration_ns)} from ${run.start.slice(0, 19)}Z on ${code(host.name)}.`,
    reasons,
    limitTable(limits),
    table('Streams', media, STREAM_COLUMNS, mediaTotal(result)),
    arbitration === null
      ? ''
      : table('Two legs', arbitration.legs, [
          ['leg', ({ leg }) => code(leg)],
          ['received', (leg) => formatCount(leg.packets_received)],
          ['lost', (leg) => formatCount(leg.packets_lost)],
          ['loss ratio', (leg) => formatRatio(leg.loss_ratio)],
          ['share first', (leg) => formatRatio(leg.first_arrival_share)],
        ]),
    arbitration === null
      ? ''
      : `Lost on both legs: ${formatCount(arbitration.both_lost)}; after repair: ${formatCount(arbitration.remaining_lost)}.`,
    zap === null ? '' : table('Channel changes', zap.channels, ZAP_COLUMNS),
    receivers.length === 0 ? '' : table('Receivers', receivers, RECEIVER_COLUMNS),
    sender === null ? '' : table('Sent', sender.streams, SENT_COLUMNS, sender.streams_total),
  ];
}

type Column<Row> = readonly [head: string, cell: (row: Row) => string];

/** Columns of text, beside the first one; figures stand to the right. */
const TEXT: ReadonlySet<string> = new Set(['format', 'limit', 'at', 'why', 'measurement', 'figure']);

const STREAM_COLUMNS: readonly Column<Stream>[] = [
  [
    'stream',
    ({ name, group, port, leg }) => code(`${name ?? formatHostPort(group, port)}${leg === null ? '' : ` leg ${leg}`}`),
  ],
  ['format', ({ format }) => code(format)],
  ['received', ({ metrics }) => formatCount(metrics.packets_received)],
  ['lost', ({ metrics }) => formatCount(metrics.messages_lost ?? metrics.packets_lost)],
  ['loss ratio', ({ metrics }) => formatRatio(metrics.loss_ratio)],
  [
    'after repair',
    ({ after }) => (after === null ? '' : formatCount(after.metrics.messages_lost ?? after.metrics.packets_lost)),
  ],
  ['rate', ({ metrics }) => formatRate(metrics.rate_bit_per_second)],
  ['delay p50', ({ histograms }) => formatDuration(histograms?.one_way_delay_ns?.p50 ?? null)],
  ['delay p99', ({ histograms }) => formatDuration(histograms?.one_way_delay_ns?.p99 ?? null)],
  ['jitter', ({ metrics }) => formatDuration(metrics.jitter_ns)],
];

const SENT_COLUMNS: readonly Column<SenderStream>[] = [
  ['stream', ({ name, group, port }) => code(name ?? formatHostPort(group, port))],
  ['scheduled', ({ scheduled }) => formatCount(scheduled)],
  ['sent', ({ sent }) => formatCount(sent)],
  ['not sent', ({ not_sent }) => formatCount(not_sent)],
  ['rate', ({ rate_bit_per_second: rate }) => formatRate(rate)],
  ['departure error p50', ({ departure_error_ns: error }) => formatDuration(error?.p50 ?? null)],
  ['p99', ({ departure_error_ns: error }) => formatDuration(error?.p99 ?? null)],
];

const ZAP_COLUMNS: readonly Column<ZapChannel>[] = [
  ['channel', ({ name, group, port }) => code(name ?? formatHostPort(group, port))],
  ['changes', ({ attempts }) => formatCount(attempts)],
  ['nothing came', ({ failures }) => formatCount(failures)],
  ['packet p50', ({ first_packet_ns: step }) => formatDuration(step?.p50 ?? null)],
  ['packet max', ({ first_packet_ns: step }) => formatDuration(step?.max ?? null)],
  ['picture p50', ({ first_random_access_ns: step }) => formatDuration(step?.p50 ?? null)],
  ['picture max', ({ first_random_access_ns: step }) => formatDuration(step?.max ?? null)],
];

const RECEIVER_COLUMNS: readonly Column<Receiver>[] = [
  ['receiver', ({ name }) => code(name)],
  ['measurement', ({ result }) => result?.health.verdict ?? 'sent no result'],
  ['received', ({ result }) => formatCount(result?.aggregate?.metrics.packets_received ?? null)],
  ['lost', ({ result }) => formatCount(result?.aggregate?.metrics.packets_lost ?? null)],
  ['loss ratio', ({ result }) => formatRatio(result?.aggregate?.metrics.loss_ratio ?? null)],
  ['delay p99', ({ result }) => formatDuration(result?.aggregate?.histograms.one_way_delay_ns?.p99 ?? null)],
];

const LIMIT_COLUMNS: readonly Column<LimitResult>[] = [
  ['verdict', ({ ok }) => (ok ? 'kept' : '**exceeded**')],
  ['limit', ({ expression }) => code(expression)],
  ['at', ({ stream }) => (stream === null ? 'the run' : code(stream))],
  ['value', (limit) => (limit.value === null ? DASH : formatLimitFigure(limit, limit.value))],
  ['margin', (limit) => (limit.margin === null ? DASH : formatLimitFigure(limit, limit.margin))],
  ['why', ({ reason }) => (reason === null ? '' : code(reason))],
];

/** Those that are exceeded first. */
function limitTable(limits: readonly LimitResult[]): string {
  return table('Limits', [...limits.filter(({ ok }) => !ok), ...limits.filter(({ ok }) => ok)], LIMIT_COLUMNS);
}

function comparisonParts({ runs, differences, figures, limits }: Comparison): string[] {
  const failed = limits.filter(({ ok }) => !ok);
  const outcome =
    limits.length === 0
      ? `${runs.length} runs side by side`
      : failed.length === 0
        ? 'No figure became worse than the limit'
        : `${failed.length} of ${limits.length} figures became worse than the limit`;
  return [
    `### ${outcome}`,
    runs
      .map(
        ({ source, host, start, duration_ns, verdict }) =>
          `- ${code(source)}: ${formatDuration(duration_ns)} from ${start.slice(0, 19)}Z on ${code(host)}, ${verdict}`,
      )
      .join('\n'),
    differences.map((text) => `- ${code(text)}`).join('\n'),
    table('Worse', failed, LIMIT_COLUMNS),
    table(
      'Figures',
      comparedGroups(figures, ROWS).groups.flatMap((group) => group.figures),
      [
        ['of', ({ stream }) => (stream === null ? 'the run' : code(stream))],
        ['figure', ({ name }) => code(name)],
        ...runs.flatMap(({ source }, i): Column<(typeof figures)[number]>[] => [
          [code(source), ({ name, values }) => formatNamed(name, values[i] ?? null)],
          ...(i === 0 ? [] : [['change', (figure: (typeof figures)[number]) => changeOf(figure, i).text] as const]),
        ]),
      ],
      figures.length,
      Infinity,
    ),
  ];
}

function table<Row>(
  title: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  total: number = rows.length,
  most: number = ROWS,
): string {
  if (rows.length === 0) return '';
  const shown = rows.slice(0, most);
  return [
    `**${title}**`,
    '',
    tableRow(columns.map(([head]) => head)),
    tableRow(columns.map(([head], i) => (i === 0 || TEXT.has(head) ? '---' : '---:'))),
    ...shown.map((row) => tableRow(columns.map(([, cell]) => cell(row)))),
    ...(total > shown.length ? ['', `And ${formatCount(total - shown.length)} more.`] : []),
  ].join('\n');
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Text of others as code: nothing in it is a link, a name that is called, markup, or the end of a cell. */
function code(text: string): string {
  const inside = text.replaceAll('`', "'").replaceAll('|', '\u00A6').trim();
  return inside === '' ? '' : `\`${inside}\``;
}
