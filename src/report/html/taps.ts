/** What happened between two captures. */
import { formatCount, formatHostPort, formatRatio } from '../../core/format.js';
import type { Taps, TapStream } from '../../result/model.js';
import { instant } from './instant.js';
import { histograms } from './histograms.js';
import { lossRanges } from './lossMap.js';
import { orNone } from './cell.js';
import { facts, counted, fault } from './facts.js';
import { table } from './table.js';
import { markup, type Markup, type Part } from './markup.js';

export function taps(of: Taps): Markup {
  return markup`${captures(of)}${facts([
    counted('streams', of.streams_total),
    counted('compared', of.streams_compared),
    fault('in the first capture only', of.streams_only_first),
    fault('in the second capture only', of.streams_only_second),
    counted('datagrams in both', of.packets_matched),
    fault('lost between', of.packets_lost),
    { name: 'loss ratio', value: orNone(formatRatio(of.loss_ratio)) },
    counted('in the second only', of.packets_only_second),
    counted('reordered between', of.packets_reordered),
    { name: 'reordered ratio', value: orNone(formatRatio(of.reordered_ratio)) },
    fault('without room in memory', of.packets_uncounted),
  ])}${delays(of)}${of.streams.map((stream) => streamPart(stream, of.streams.length > 1))}`;
}

function captures({ first, second }: Taps): Markup {
  return table(
    [
      { which: 'first', tap: first },
      { which: 'second', tap: second },
    ],
    [
      { head: 'capture', cell: ({ which }) => which, text: 'short' },
      { head: 'file', cell: ({ tap }) => markup`<bdi>${tap.capture}</bdi> (${tap.format})`, text: 'long' },
      { head: 'begins', cell: ({ tap }) => instant(tap.start), text: 'short' },
      { head: 'ends', cell: ({ tap }) => instant(tap.end), text: 'short' },
      { head: 'datagrams', cell: ({ tap }) => formatCount(tap.datagrams) },
      { head: 'distinct', cell: ({ tap }) => formatCount(tap.packets_received) },
      { head: 'copies', cell: ({ tap }) => formatCount(tap.packets_duplicated) },
      { head: 'outside the other', cell: ({ tap }) => formatCount(tap.packets_outside) },
      { head: 'frames missed', cell: ({ tap }) => orNone(formatCount(tap.missed), 'the capture does not tell') },
      { head: 'fault', cell: ({ tap }) => tap.fault ?? '', text: 'long' },
    ],
  );
}

type Delays = Pick<TapStream, 'delay_ns' | 'delay_above_min_ns'>;

function delays({ delay_ns: delay, delay_above_min_ns: above }: Delays): Markup {
  return histograms([
    ...(delay === null ? [] : [{ name: 'delay between', definition: null, summary: delay, colour: 'c-delay' }]),
    ...(above === null ? [] : [{ name: 'above its least', definition: null, summary: above, colour: 'c-jitter' }]),
  ]);
}

function streamPart(stream: TapStream, isOne: boolean): Markup {
  const { not_compared: why, flow, sender_run: run } = stream;
  const names: Part[] = [
    flow === null ? '' : markup`, flow <bdi>${flow}</bdi>`,
    run === null ? '' : markup`, run ${run}`,
  ];
  return markup`<h3>${stream.format} ${formatHostPort(stream.group, stream.port)}<small>${names}</small></h3>
    ${why !== null && markup`<p class="note warn">not compared: ${why}</p>`}${facts([
      {
        name: 'received',
        value: `${formatCount(stream.first.packets_received)} and ${formatCount(stream.second.packets_received)}`,
      },
      {
        name: 'copies',
        value: `${formatCount(stream.first.packets_duplicated)} and ${formatCount(stream.second.packets_duplicated)}`,
      },
      {
        name: 'outside the other',
        value: `${formatCount(stream.first.packets_outside)} and ${formatCount(stream.second.packets_outside)}`,
      },
      counted('in both', stream.packets_matched),
      fault('lost between', stream.packets_lost),
      { name: 'loss ratio', value: orNone(formatRatio(stream.loss_ratio), why) },
      counted('in the second only', stream.packets_only_second),
      counted('reordered', stream.packets_reordered),
      { name: 'reordered ratio', value: orNone(formatRatio(stream.reordered_ratio), why) },
    ])}${isOne && delays(stream)}${
      stream.loss_map !== null &&
      lossRanges(
        stream.loss_map.map((range) => ({ ...range, cause: null })),
        stream.loss_map_truncated,
        null,
      )
    }`;
}
