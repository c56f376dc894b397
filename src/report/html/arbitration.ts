/** Two legs of the same streams: what each was worth, and what remained. */
import { DASH, formatCount, formatRatio } from '../../core/format.js';
import type { Arbitration, ArbitrationStream } from '../../result/model.js';
import { histograms } from './histograms.js';
import { orNone, badCount } from './cell.js';
import { facts, counted, fault } from './facts.js';
import { table, type Column } from './table.js';
import { markup, NOTHING, type Markup } from './markup.js';

type Leg = Arbitration['legs'][number];

export function arbitration(of: Arbitration): Markup {
  const unit = of.unit === null ? 'numbers' : `${of.unit}s`;
  return markup`${table(of.legs, legColumns(unit), { caption: `Two legs, in ${unit}` })}${facts([
    counted(`${unit} expected`, of.packets_expected),
    counted('not decided yet', of.packets_pending),
    counted('lost on both legs', of.both_lost),
    fault('lost after repair', of.remaining_lost),
    counted('skews in no figure', of.skews_dropped),
  ])}${of.skew_ns !== null && of.skew_ns.count > 0 && skew(of.skew_ns)}${pairs(of)}`;
}

function skew(summary: NonNullable<Arbitration['skew_ns']>): Markup {
  return markup`${histograms([{ name: 'skew', definition: null, summary, colour: 'c-delay' }])}
    <p class="note">Skew: arrival on leg b minus arrival on leg a, of what both brought.</p>`;
}

function legColumns(unit: string): Column<Leg>[] {
  return [
    { head: 'leg', cell: ({ leg }) => leg },
    { head: `${unit} received`, cell: (leg) => formatCount(leg.packets_received) },
    { head: 'lost', cell: (leg) => badCount(leg.packets_lost) },
    { head: 'loss ratio', cell: (leg) => orNone(formatRatio(leg.loss_ratio)) },
    { head: 'further copies', cell: (leg) => orNone(formatCount(leg.packets_duplicated)) },
    { head: 'late', cell: (leg) => orNone(formatCount(leg.packets_late)) },
    { head: 'first', cell: (leg) => formatCount(leg.first_arrivals) },
    { head: 'share first', cell: (leg) => orNone(formatRatio(leg.first_arrival_share)) },
  ];
}

/** Each pair, where there are several. */
function pairs({ streams, streams_total: total }: Arbitration): Markup {
  if (streams.length < 2) return NOTHING;
  const names = [...new Set(streams.flatMap(({ legs }) => legs.map(({ leg }) => leg)))];
  const part = total !== null && total > streams.length ? `, the ${streams.length} worst of ${formatCount(total)}` : '';
  return table<ArbitrationStream>(
    streams,
    [
      { head: 'pair', cell: pairName, text: 'long' },
      { head: 'expected', cell: (pair) => orNone(formatCount(pair.packets_expected)) },
      ...names.flatMap((name): Column<ArbitrationStream>[] => [
        {
          head: `received on ${name}`,
          cell: (pair) => orNone(formatCount(legOf(pair, name)?.packets_received ?? null)),
        },
        {
          head: `lost on ${name}`,
          cell: (pair) => orNone(formatCount(legOf(pair, name)?.packets_lost ?? null)),
          order: (pair) => legOf(pair, name)?.packets_lost ?? null,
        },
        { head: `${name} first`, cell: (pair) => orNone(formatRatio(legOf(pair, name)?.first_arrival_share ?? null)) },
      ]),
      { head: 'both lost', cell: (pair) => formatCount(pair.both_lost), order: (pair) => pair.both_lost },
      { head: 'after repair', cell: (pair) => formatCount(pair.remaining_lost), order: (pair) => pair.remaining_lost },
    ],
    { caption: `Pairs of legs${part}`, tone: (pair) => (pair.remaining_lost > 0 ? 'bad' : null) },
  );
}

function legOf({ legs }: ArbitrationStream, name: string): ArbitrationStream['legs'][number] | undefined {
  return legs.find(({ leg }) => leg === name);
}

function pairName({ name, legs }: ArbitrationStream): string {
  return name ?? legs.find(({ stream }) => stream !== null)?.stream ?? DASH;
}
