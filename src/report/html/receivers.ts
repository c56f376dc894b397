/** Receivers that reported to this sender: each in a row, and what each lost of every stream. */
import { formatCount, formatDuration, formatHostPort, formatRate, formatRatio } from '../../core/format.js';
import type { Aggregate, Receiver, RunResult, Stream } from '../../result/model.js';
import { badIf, orNone } from './cell.js';
import { table, type Column } from './table.js';
import { markup, NOTHING, type Markup, type Part } from './markup.js';

/** Columns of the matrix; further streams are in the rows alone. */
const STREAMS = 24;

export function receivers(list: readonly Receiver[]): Markup {
  return markup`${table<Receiver>(list, SUMMARY, { tone: toneOf })}${reported(list)}${matrix(list)}`;
}

const NAME: Column<Receiver> = { head: 'receiver', cell: ({ name }) => markup`<bdi>${name}</bdi>`, text: 'long' };

const SUMMARY: readonly Column<Receiver>[] = [
  NAME,
  { head: 'address', cell: ({ address }) => address, text: 'short' },
  {
    head: 'measurement',
    cell: ({ result }) => (result === null ? 'sent no result' : result.health.verdict),
    text: 'short',
  },
  { head: 'streams', cell: ({ result }) => orNone(formatCount(result?.streams_total ?? null)) },
  { head: 'received', cell: (one) => orNone(formatCount(all(one)?.metrics.packets_received ?? null)) },
  { head: 'lost', cell: (one) => orNone(formatCount(all(one)?.metrics.packets_lost ?? null)) },
  {
    head: 'loss ratio',
    cell: (one) => orNone(formatRatio(all(one)?.metrics.loss_ratio ?? null)),
    order: (one) => all(one)?.metrics.loss_ratio ?? null,
  },
  { head: 'rate', cell: (one) => orNone(formatRate(all(one)?.metrics.rate_bit_per_second ?? null)) },
  ...(['p50', 'p99'] as const).map((id): Column<Receiver> => ({
    head: `delay ${id}`,
    cell: (one) => orNone(formatDuration(all(one)?.histograms.one_way_delay_ns?.[id] ?? null)),
    order: (one) => all(one)?.histograms.one_way_delay_ns?.[id] ?? null,
  })),
  { head: 'jitter', cell: (one) => orNone(formatDuration(all(one)?.metrics.jitter_ns ?? null)) },
  {
    head: 'first packet after join',
    cell: (one) => orNone(formatDuration(all(one)?.metrics.first_packet_after_join_ns ?? null)),
  },
  { head: 'limits', cell: ({ result }) => (result === null ? '' : limitsOf(result)), text: 'short' },
];

/** What they said while they ran. */
function reported(list: readonly Receiver[]): Markup {
  const reporting = list.filter(({ report }) => report !== null);
  if (reporting.length === 0) return NOTHING;
  return table<Receiver>(reporting, REPORTED, { caption: 'As they reported while they ran' });
}

const REPORTED: readonly Column<Receiver>[] = [
  NAME,
  { head: 'state', cell: ({ report }) => report?.state ?? '', text: 'short' },
  { head: 'reports', cell: ({ report }) => formatCount(report?.reports ?? null) },
  { head: 'received', cell: ({ report }) => orNone(formatCount(report?.received ?? null)) },
  { head: 'lost', cell: ({ report }) => orNone(formatCount(report?.lost ?? null)) },
  { head: 'least round trip', cell: ({ report }) => orNone(formatDuration(report?.round_trip_min_ns ?? null)) },
  { head: 'its clock ahead by', cell: ({ report }) => orNone(formatDuration(report?.clock_offset_ns ?? null)) },
  { head: 'within', cell: ({ report }) => orNone(formatDuration(report?.clock_uncertainty_ns ?? null)) },
];

/** All its streams together. */
function all({ result }: Receiver): Aggregate | null {
  return result?.aggregate ?? null;
}

function limitsOf({ limits }: RunResult): Part {
  if (limits.length === 0) return '';
  return limits.every(({ ok }) => ok) ? 'kept' : markup`<span class="bad">exceeded</span>`;
}

function toneOf({ result }: Receiver): string | null {
  if (result === null || result.streams.length === 0 || result.health.verdict === 'invalid') return 'bad';
  return null;
}

/** Receivers by streams, each with the loss ratio that remained. */
function matrix(list: readonly Receiver[]): Markup {
  const places = new Map<string, string>();
  for (const { result } of list) {
    for (const stream of mediaOf(result))
      if (!places.has(placeOf(stream))) places.set(placeOf(stream), stream.name ?? placeOf(stream));
  }
  if (places.size < 2) return NOTHING;
  const shown = [...places].slice(0, STREAMS);
  const part = places.size > shown.length ? `, the first ${shown.length} of ${formatCount(places.size)} streams` : '';
  return table<Receiver>(
    list,
    [
      NAME,
      ...shown.map(([place, head]): Column<Receiver> => ({
        head,
        cell: ({ result }) => result !== null && lossCell(result, place),
      })),
    ],
    { caption: `Loss ratio of each stream at each receiver${part}` },
  );
}

function mediaOf(result: RunResult | null): Stream[] {
  return (result?.streams ?? []).filter(({ role }) => role === 'media');
}

function placeOf({ group, port, leg }: Stream): string {
  return `${formatHostPort(group, port)}${leg === null ? '' : ` leg ${leg}`}`;
}

/** Several senders to one place stand below each other; where it was not listened to there is nothing. */
function lossCell(result: RunResult, place: string): Part {
  const streams = mediaOf(result).filter((stream) => placeOf(stream) === place);
  if (streams.length === 0) {
    const isJoined = result.memberships.some(({ group, port }) => place.startsWith(formatHostPort(group, port)));
    return isJoined && markup`<span class="bad">nothing came</span>`;
  }
  return streams.map((stream, i) => {
    const ratio = (stream.after ?? stream).metrics.loss_ratio;
    return markup`${i > 0 && markup`<br />`}${badIf((ratio ?? 0) > 0, orNone(formatRatio(ratio)))}`;
  });
}
