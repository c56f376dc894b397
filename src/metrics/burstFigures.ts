/** Micro-bursts: the windows in which peaks are sought, and what the figures mean that limits name. */
import type { MetricUnit } from './metricDescriptor.js';

/** Lengths of the sliding windows, in rising order. `id` stands for one in the names of limits. */
export const BURST_WINDOWS = [
  { id: '10us', ns: 10e3 },
  { id: '100us', ns: 100e3 },
  { id: '1ms', ns: 1e6 },
  { id: '10ms', ns: 10e6 },
  { id: '100ms', ns: 100e6 },
  { id: '1s', ns: 1e9 },
] as const;

/** Position in {@link BURST_WINDOWS} of the window by which the largest bursts are told. */
export const LARGEST_WINDOW = 2;
/** Most bursts that are listed. */
export const LARGEST_BURSTS = 8;

export interface BurstFigure {
  /** `<window>`: the id of one of {@link BURST_WINDOWS}. */
  readonly id: string;
  readonly unit: MetricUnit;
  readonly definition: string;
  readonly reference: string;
}

/** What a limit may name behind `burst.`. */
export const BURST_FIGURES = [
  {
    id: '<window>.octets',
    unit: 'octets',
    definition:
      'Most UDP payload that came within any position of a window (t - w, t], t being any arrival; all arrivals with data count, further copies too.',
    reference: 'mcastkit',
  },
  {
    id: '<window>.datagrams',
    unit: 'packets',
    definition: 'Most datagrams with data in any position of the window; not by need the position with most octets.',
    reference: 'mcastkit',
  },
  {
    id: '<window>.bit_per_second',
    unit: 'bit/s',
    definition: 'Peak octets x 8 over the length of the window: rate of UDP payload.',
    reference: 'mcastkit',
  },
  {
    id: 'queue_octets',
    unit: 'octets',
    definition:
      'Largest backlog of a queue that every arrival enters whole and that --drain empties, in octets of the layer of --drain. null without --drain.',
    reference: 'ITU-T I.371 annex A (continuous-state leaky bucket)',
  },
  {
    id: 'queue_ns',
    unit: 'ns',
    definition:
      'The time in which --drain empties that backlog: the longest that a datagram would have waited and left.',
    reference: 'ITU-T I.371 annex A (continuous-state leaky bucket)',
  },
] as const satisfies readonly BurstFigure[];

/** All names that a limit may have behind `burst.`. */
export const BURST_LIMIT_NAMES: readonly string[] = BURST_FIGURES.flatMap(({ id }) =>
  id.startsWith('<window>') ? BURST_WINDOWS.map((window) => id.replace('<window>', window.id)) : [id],
);
