/** How long changes of the channel took. */
import { formatCount, formatDuration } from '../../core/format.js';
import type { Zap, ZapChannel } from '../../result/model.js';
import { histograms } from './histograms.js';
import { orNone, placeName } from './cell.js';
import { facts, counted, fault } from './facts.js';
import { table, type Column } from './table.js';
import { markup, NOTHING, type Markup } from './markup.js';

const STEPS = [
  ['first_packet_ns', 'packet', 'c-rate'],
  ['first_pat_ns', 'PAT', 'c-delay'],
  ['first_pmt_ns', 'PMT', 'c-jitter'],
  ['first_random_access_ns', 'picture', 'c-mdi'],
] as const;

export function zap(of: Zap): Markup {
  return markup`${facts([
    counted('changes', of.attempts),
    fault('nothing came', of.failures),
    fault('no picture', of.incomplete),
    counted('cycles', of.cycles),
    { name: 'order', value: of.shuffled ? 'random' : 'in turn' },
    { name: 'watched at most', value: formatDuration(of.dwell_ns) },
  ])}${histograms(
    STEPS.flatMap(([id, label, colour]) => {
      const summary = of[id];
      return summary === null ? [] : [{ name: `first ${label}`, definition: null, summary, colour }];
    }),
    'All channels, from the join',
  )}${channels(of)}
    <p class="note">Picture: a random access point, where a decoder can begin.</p>`;
}

function channels({ channels: list }: Zap): Markup {
  if (list.length < 2) return NOTHING;
  return table<ZapChannel>(
    list,
    [
      { head: 'channel', cell: ({ name, group, port }) => placeName(name, group, port), text: 'short' },
      { head: 'endpoint', cell: ({ endpoint }) => endpoint, text: 'long' },
      { head: 'changes', cell: ({ attempts }) => formatCount(attempts) },
      { head: 'nothing came', cell: ({ failures }) => formatCount(failures), order: ({ failures }) => failures },
      { head: 'no picture', cell: ({ incomplete }) => formatCount(incomplete), order: ({ incomplete }) => incomplete },
      ...STEPS.flatMap(([id, label]): Column<ZapChannel>[] =>
        list.every((channel) => channel[id] === null)
          ? []
          : (['p50', 'max'] as const).map((figure) => ({
              head: `${label} ${figure}`,
              cell: (channel) => orNone(formatDuration(channel[id]?.[figure] ?? null)),
              order: (channel) => channel[id]?.[figure] ?? null,
            })),
      ),
    ],
    { caption: 'Each channel, from the join', tone: ({ failures }) => (failures > 0 ? 'bad' : null) },
  );
}
