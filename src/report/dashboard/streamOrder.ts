/** In which order streams stand: one that stays while figures change, unless the figures are what is asked for. */
import type { Stream } from '../../result/model.js';
import { lostOf } from '../html/lost.js';
import type { History } from './history.js';
import type { Sort } from './view.js';

/** Numbers in names by their value: 239.1.1.9 stands before 239.1.1.10. */
const NATURAL = new Intl.Collator('en', { numeric: true });

/** By name, or by where it goes; by a figure the largest first, what has none last. */
export function sortedStreams(streams: readonly Stream[], history: History, by: Sort): readonly Stream[] {
  const named = streams.toSorted((a, b) => NATURAL.compare(nameOf(a), nameOf(b)));
  if (by === 'name') return named;
  const figure = FIGURES[by];
  const value = (stream: Stream): number => figure(stream, history) ?? -Infinity;
  return named.toSorted((a, b) => value(b) - value(a) || 0);
}

function nameOf({ name, group, port, id }: Stream): string {
  return `${name ?? `${group}:${port}`} ${id}`;
}

const FIGURES: Readonly<Record<Exclude<Sort, 'name'>, (stream: Stream, history: History) => number | null>> = {
  rate: ({ id }, history) => history.lastReceived(id)?.rate_bit_per_second ?? null,
  received: ({ metrics }) => metrics.packets_received,
  lost: ({ metrics }) => lostOf(metrics),
  delay: ({ histograms }) => histograms?.one_way_delay_ns?.p99 ?? null,
  jitter: ({ metrics }) => metrics.jitter_ns,
};
