/** How much came how close together. */
import { formatCount, formatDuration, formatOctets, formatRate } from '../../core/format.js';
import type { Bursts, Stream } from '../../result/model.js';
import { histograms } from './histograms.js';
import { orNone } from './cell.js';
import { facts } from './facts.js';
import { table } from './table.js';
import { markup, NOTHING, type Markup } from './markup.js';

const STAMPS = {
  own: 'each arrival has its own stamp',
  shared: 'some arrivals have the stamp of their super-packet',
  read: 'some stamps are times of reading',
} as const;

export function bursts({ bursts: of, not_measured: reasons }: Stream): Markup {
  if (of === null) return NOTHING;
  const doubt = reasons['bursts'];
  return markup`<h4>Micro-bursts</h4>
    ${doubt !== undefined && markup`<p class="note warn">${doubt}</p>`}
    <div class="beside">${windows(of)}${largest(of)}</div>
    ${queue(of)}
    <p class="note">
      ${STAMPS[of.stamps]}${
        of.clamped_datagrams > 0 && `; ${formatCount(of.clamped_datagrams)} stamped earlier than one before them`
      }
    </p>`;
}

function windows(of: Bursts): Markup {
  const isExact = of.windows.every(({ excess_ns }) => excess_ns === 0);
  return table(
    of.windows,
    [
      { head: 'window', cell: ({ window_ns }) => formatDuration(window_ns) },
      { head: 'peak rate', cell: (one) => atMost(one.excess_ns) + formatRate(one.peak_bit_per_second) },
      { head: 'octets', cell: (one) => atMost(one.excess_ns) + formatCount(one.peak_octets) },
      { head: 'datagrams', cell: (one) => atMost(one.excess_ns) + formatCount(one.peak_datagrams) },
      { head: 'at', cell: ({ at_ns }) => orNone(formatDuration(at_ns)) },
      ...(isExact
        ? []
        : [
            {
              head: 'window longer by at most',
              cell: (one: Bursts['windows'][number]) => formatDuration(one.excess_ns),
            },
          ]),
    ],
    { caption: 'Most within a sliding window, UDP payload' },
  );
}

/** A peak that is not exact is an upper bound. */
function atMost(excessNs: number): string {
  return excessNs > 0 ? '< ' : '';
}

function largest({ largest: list }: Bursts): Markup {
  if (list.length === 0) return NOTHING;
  return table(
    list,
    [
      { head: 'from', cell: ({ start_ns }) => formatDuration(start_ns) },
      { head: 'lasts', cell: ({ duration_ns }) => formatDuration(duration_ns) },
      { head: 'octets', cell: ({ octets }) => formatCount(octets) },
      { head: 'datagrams', cell: ({ datagrams }) => formatCount(datagrams) },
    ],
    { caption: 'Largest bursts within 1 ms' },
  );
}

function queue({ queue: of }: Bursts): Markup {
  if (of === null) return NOTHING;
  const layer = of.drain_layer === 'payload' ? 'UDP payload' : of.drain_layer;
  return markup`${facts([
    { name: 'queue before a link of', value: `${formatRate(of.drain_bit_per_second)} (${layer})` },
    { name: 'most octets', value: `${formatCount(of.max_octets)} (${formatOctets(of.max_octets)})` },
    { name: 'which leave in', value: formatDuration(of.max_ns) },
    { name: 'at', value: orNone(formatDuration(of.at_ns)) },
  ])}${histograms([{ name: 'delay in that queue', definition: null, summary: of.delay_ns, colour: 'c-mdi' }])}`;
}
