/** Where datagrams were lost, seen from all receivers of a sender. */
import { formatCount } from '../../core/format.js';
import type { LossLocationReport } from '../../result/model.js';
import { markup, type Markup } from './markup.js';
import { table } from './table.js';

interface Place {
  readonly where: string;
  readonly by: string;
  readonly lost: number;
  readonly unsure: number;
  readonly ranges: readonly { readonly flow: string; readonly from: string; readonly to: string }[];
}

/** Ranges that are named of a place. */
const RANGES = 3;

export function lossLocation(of: LossLocationReport): Markup {
  const places: Place[] = [
    { where: 'at or near the sender', by: 'all receivers', ...of.common, ranges: of.common_ranges },
    ...of.branches.map((branch) => ({
      where: 'in a branch that they share',
      by: branch.receivers.join(', '),
      lost: branch.lost,
      unsure: branch.unsure,
      ranges: branch.ranges,
    })),
    { where: 'in other branches', by: 'some', ...of.other_branches, ranges: [] },
    ...of.single.map(({ receiver, lost, unsure }) => ({
      where: 'on its own link or host',
      by: receiver,
      lost,
      unsure,
      ranges: [],
    })),
    { where: 'nobody can say', by: 'the only one that was there', ...of.alone, ranges: [] },
  ].filter(({ lost, unsure }) => lost + unsure > 0);
  const nothing = places.length === 0 && of.hosts.length === 0;
  return markup`${nothing && markup`<p>Nothing was lost.</p>`}${places.length > 0 && placeTable(places)}${of.hosts.length > 0 && hostTable(of.hosts)}
    ${!of.complete && markup`<p class="note">Loss maps were cut, or causes are mixed: some of it is unsure.</p>`}`;
}

function placeTable(places: readonly Place[]): Markup {
  return table<Place>(places, [
    { head: 'lost', cell: ({ where }) => where, text: 'short' },
    { head: 'by', cell: ({ by }) => by, text: 'long' },
    { head: 'numbers', cell: ({ lost }) => formatCount(lost) },
    { head: 'more that look so', cell: ({ unsure }) => formatCount(unsure) },
    { head: 'first of them', cell: ({ ranges }) => ranges.slice(0, RANGES).map(rangeText).join(', '), text: 'long' },
  ]);
}

function rangeText({ flow, from, to }: Place['ranges'][number]): string {
  return BigInt(from) + 1n === BigInt(to) ? `${flow}: ${from}` : `${flow}: ${from} up to before ${to}`;
}

function hostTable(hosts: LossLocationReport['hosts']): Markup {
  return table(
    hosts,
    [
      { head: 'dropped by', cell: ({ receiver }) => receiver, text: 'long' },
      { head: 'at its socket buffer', cell: ({ socket_buffer: count }) => formatCount(count) },
      { head: 'in its program', cell: ({ application: count }) => formatCount(count) },
      { head: 'there or before', cell: ({ mixed: count }) => formatCount(count) },
    ],
    { caption: 'Dropped by the receivers themselves' },
  );
}
