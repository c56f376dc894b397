/** What is inside a transport stream: indicators, services, PIDs, clocks. */
import { DASH, formatCount, formatDuration, formatRate } from '../../core/format.js';
import type { IndicatorReport, Stream, Transport, TransportPcr, TransportService } from '../../result/model.js';
import { MDI_FIGURES } from '../../result/transportFigures.js';
import { formatNamed } from '../figure.js';
import { driftText } from '../textTransport.js';
import { percentileTable, type NamedHistogram } from './histograms.js';
import { orNone, foreign } from './cell.js';
import { facts, counted, fault, type Fact } from './facts.js';
import { table } from './table.js';
import { markup, NOTHING, type Markup, type Part } from './markup.js';

/** PIDs with errors, then those that carry most, and services; the rest is in the document. */
const ROWS = 64;
const FEWER_ROWS = 8;

/** `brief`: of one of many streams. */
export function transport(stream: Stream, brief: boolean): Markup {
  const { transport: of } = stream;
  if (of === null) return NOTHING;
  const rows = brief ? FEWER_ROWS : ROWS;
  return markup`<h4>Transport stream</h4>
    ${summary(of)}${mdi(stream)}${indicators(stream, of)}${services(of, rows)}${pids(of, rows)}${clocks(of)}`;
}

function summary(of: Transport): Markup {
  const by = of.random_access_by === null ? '' : ` (${of.random_access_by})`;
  return facts([
    { name: 'rate', value: orNone(formatRate(of.rate_bit_per_second)) },
    { name: 'in synchronisation at the end', value: of.in_sync ? 'yes' : markup`<span class="bad">no</span>` },
    counted('transport_stream_id', of.transport_stream_id),
    counted('packets', of.packets),
    counted('null packets', of.null_packets),
    fault('continuity errors', of.continuity_errors),
    fault('packets missing at least', of.missing_packets),
    counted('errors behind lost datagrams', of.continuity_errors_explained),
    fault('lost datagrams', of.lost_datagrams),
    fault('stray octets', of.stray_octets),
    fault('datagrams of no whole packets', of.odd_datagrams),
    fault('malformed packets', of.malformed_packets),
    fault('malformed sections', of.malformed_sections),
    fault('PIDs beyond the table', of.pids_overflowed),
    after('first packet, from the start', of.first_packet_ns),
    after('first PAT', of.first_pat_ns),
    after('first PMT', of.first_pmt_ns),
    after(`first random access${by}`, of.first_random_access_ns),
    after('PAT after the join', of.first_pat_after_join_ns),
    after('PMT after the join', of.first_pmt_after_join_ns),
    after('random access after the join', of.first_random_access_after_join_ns),
  ]);
}

function after(name: string, ns: number | null): Fact {
  return { name, value: orNone(formatDuration(ns)) };
}

const MDI_LABELS: Readonly<Record<(typeof MDI_FIGURES)[number]['id'], string>> = {
  delay_factor_ns: 'DF, last interval',
  delay_factor_max_ns: 'largest DF',
  delay_factor_mean_ns: 'mean DF',
  media_loss_rate: 'MLR, last interval',
  media_loss_rate_max: 'largest MLR',
  media_loss_rate_mean: 'mean MLR',
  media_rate_bit_per_second: 'media rate',
  intervals: 'intervals of 1 s',
  errored_seconds: 'errored seconds',
};

function mdi({ mdi: of, not_measured: reasons, transport: ts }: Stream): Markup {
  if (of === null) return NOTHING;
  const list = MDI_FIGURES.map(({ id, unit }): Fact => {
    const text = formatNamed(id, of[id] ?? null);
    const value = orNone(text === DASH || unit !== 'packets/s' ? text : `${text}/s`, reasons[`mdi.${id}`]);
    const isBad = id === 'errored_seconds' && (of[id] ?? 0) > 0;
    return {
      name: markup`<a href="#d-mdi-${id}">${MDI_LABELS[id]}</a>`,
      value: isBad ? markup`<span class="bad">${value}</span>` : value,
    };
  });
  const bound =
    ts?.media_loss_from === 'continuity' &&
    markup`<p class="note">The media loss rate is known from continuity counters: a lower bound.</p>`;
  return markup`<h5>Media delivery index (RFC 4445)</h5>
    ${facts(list)}${bound}`;
}

function indicators({ not_measured: reasons, tr101290: sums }: Stream, of: Transport): Markup {
  const perPriority = ([1, 2, 3] as const).map((priority) => {
    const sum = sums?.[`p${priority}`] ?? null;
    return markup`priority ${priority}: ${orNone(formatCount(sum), reasons[`tr101290.p${priority}`])}${priority < 3 && ', '}`;
  });
  return table<IndicatorReport>(
    of.indicators,
    [
      { head: 'indicator', cell: ({ id, name }) => markup`<a href="#d-${id}">${name}</a>`, text: 'short' },
      { head: 'priority', cell: ({ priority }) => priority },
      { head: 'clause', cell: ({ clause }) => clause, text: 'short' },
      { head: 'count', cell: ({ id, count }) => orNone(formatCount(count), reasons[`tr101290.${id}`]) },
      { head: 'first', cell: ({ first_ns }) => when(first_ns) },
      { head: 'last', cell: ({ last_ns }) => when(last_ns) },
      { head: 'PID', cell: ({ pid }) => pid ?? '' },
    ],
    {
      caption: markup`TR 101 290: ${perPriority}`,
      tone: ({ count, priority }) =>
        (count ?? 0) === 0 ? (count === null ? 'dim' : null) : priority === 1 ? 'bad' : 'warn',
    },
  );
}

function when(ns: number | null): string {
  return ns === null ? '' : formatDuration(ns);
}

function services({ services: list }: Transport, rows: number): Markup {
  if (list.length === 0) return NOTHING;
  const more = list.length > rows ? `, the first ${rows} of ${formatCount(list.length)}` : '';
  return table<TransportService>(
    list.slice(0, rows),
    [
      { head: 'program', cell: ({ program_number: number }) => number },
      { head: 'service', cell: ({ name }) => foreign(name), text: 'long' },
      { head: 'provider', cell: ({ provider }) => foreign(provider), text: 'long' },
      { head: 'streams', cell: ({ streams }) => streams.map(streamText).join(', '), text: 'long' },
      {
        head: 'PMT',
        cell: ({ pmt_pid: pid, has_pmt: came }) => (came ? pid : markup`${pid} <span class="bad">did not come</span>`),
      },
      { head: 'PCR', cell: ({ pcr_pid: pid }) => pid ?? orNone(DASH) },
      { head: 'rate', cell: ({ rate_bit_per_second: rate }) => orNone(formatRate(rate)) },
    ],
    { caption: `Services${more}` },
  );
}

function streamText({ pid, name, language }: TransportService['streams'][number]): string {
  return `${pid} ${name}${language === null ? '' : ` (${language})`}`;
}

function pids({ pids: list }: Transport, rows: number): Markup {
  if (list.length === 0) return NOTHING;
  const isLong = list.length > rows;
  const shown = isLong
    ? list.toSorted((a, b) => b.continuity_errors - a.continuity_errors || b.packets - a.packets).slice(0, rows)
    : list;
  return table(
    shown,
    [
      { head: 'PID', cell: ({ pid }) => pid, order: ({ pid }) => pid },
      { head: 'type', cell: ({ kind }) => kind ?? DASH, text: 'short' },
      {
        head: 'content',
        cell: ({ name, scrambled }) => markup`${name ?? DASH}${scrambled > 0 && ' (scrambled)'}`,
        text: 'long',
      },
      { head: 'language', cell: ({ language }) => language ?? '', text: 'short' },
      { head: 'program', cell: ({ program_number: number }) => number ?? '' },
      {
        head: 'rate',
        cell: ({ rate_bit_per_second: rate }) => orNone(formatRate(rate)),
        order: ({ rate_bit_per_second: rate }) => rate,
      },
      { head: 'packets', cell: ({ packets }) => formatCount(packets), order: ({ packets }) => packets },
      {
        head: 'CC errors',
        cell: ({ continuity_errors: errors }) => formatCount(errors),
        order: ({ continuity_errors: errors }) => errors,
      },
      { head: 'missing', cell: ({ missing_packets: missing }) => formatCount(missing) },
      { head: 'explained', cell: ({ continuity_errors_explained: errors }) => formatCount(errors) },
      { head: 'duplicates', cell: ({ duplicates }) => formatCount(duplicates) },
      { head: 'errors set', cell: ({ transport_errors: errors }) => formatCount(errors) },
      { head: 'PCR', cell: ({ pcrs }) => formatCount(pcrs) },
      { head: 'PTS', cell: ({ pts_count: count }) => formatCount(count) },
    ],
    {
      caption: isLong
        ? `PIDs, the ${rows} with most errors, then most packets, of ${formatCount(list.length)}`
        : 'PIDs',
      tone: ({ continuity_errors: errors }) => (errors > 0 ? 'bad' : null),
    },
  );
}

function clocks({ pcr: list }: Transport): Markup {
  if (list.length === 0) return NOTHING;
  const found = list.flatMap((pcr): NamedHistogram[] =>
    (
      [
        ['interval', pcr.interval_ns],
        ['accuracy', pcr.accuracy_ns],
        ['arrival jitter', pcr.jitter_ns],
      ] as const
    ).flatMap(([what, summary]) =>
      summary === null || summary.count === 0 ? [] : [{ name: `PID ${pcr.pid} ${what}`, definition: null, summary }],
    ),
  );
  return markup`${table<TransportPcr>(
    list,
    [
      { head: 'PID', cell: ({ pid }) => pid },
      { head: 'PCRs', cell: ({ pcrs }) => formatCount(pcrs) },
      { head: 'discontinuities', cell: ({ discontinuities }) => formatCount(discontinuities) },
      { head: 'accuracy', cell: accuracy },
      { head: 'rate', cell: ({ rate_bit_per_second: rate }) => orNone(formatRate(rate)) },
      { head: 'drift', cell: drift },
      { head: 'over', cell: ({ drift_over_ns: ns }) => orNone(formatDuration(ns)) },
    ],
    { caption: 'Program clocks (PCR)' },
  )}${found.length > 0 && percentileTable(found)}`;
}

function accuracy(pcr: TransportPcr): Part {
  if (pcr.accuracy_ns !== null)
    return `${formatDuration(pcr.accuracy_min_ns)} .. ${formatDuration(pcr.accuracy_max_ns)}`;
  const why = { too_few: 'too few of them', variable_rate: 'the rate is not constant' };
  return orNone(DASH, pcr.accuracy_why_not === null ? null : why[pcr.accuracy_why_not]);
}

function drift({ drift_ppm: ppm, drift_error_ppm: error }: TransportPcr): Part {
  if (ppm === null) return orNone(DASH);
  return `${driftText(ppm, error)} ppm`;
}
