import type { Nanos } from '../core/time.js';
import { BURST_WINDOWS, LARGEST_BURSTS } from '../metrics/burstFigures.js';
import { StreamCounter } from '../metrics/counters.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';
import { mergeSummaries, summarise } from './histogramSummary.js';
import type { Bursts } from './modelBursts.js';

const DOUBTS: Readonly<Record<Bursts['stamps'], string | null>> = {
  own: null,
  shared:
    'datagrams of a super-packet share a stamp: windows shorter than the time between two reads cannot be trusted',
  read: 'stamps are times of reading: windows shorter than the time between two reads cannot be trusted',
};
const NO_BURSTS = 'nothing arrived, or a stream beyond those in detail: raise --detail';

/** `bursts` of a stream, and why it is missing or not to be trusted in part. Times count from `startMonoNs`. */
export function buildBursts(
  stream: StreamSnapshot,
  startMonoNs: Nanos,
): { readonly bursts: Bursts | null; readonly not_measured: Record<string, string> } {
  const made = stream.bursts;
  if (made === null) return { bursts: null, not_measured: { bursts: NO_BURSTS } };
  const stamps = stampsOf(stream);
  const doubt = DOUBTS[stamps];
  const { queue } = made;
  const bursts: Bursts = {
    windows: made.windows.map((one) => ({
      window_ns: one.windowNs,
      peak_octets: one.peakOctets,
      peak_datagrams: one.peakDatagrams,
      peak_bit_per_second: (one.peakOctets * 8e9) / one.windowNs,
      at_ns: one.atMonoNs - startMonoNs,
      excess_ns: one.excessNs,
    })),
    largest: made.largest.map((one) => ({
      start_ns: one.startMonoNs - startMonoNs,
      duration_ns: one.durationNs,
      octets: one.octets,
      datagrams: one.datagrams,
    })),
    queue:
      queue === null
        ? null
        : {
            drain_bit_per_second: queue.drain.bitPerSecond,
            drain_layer: queue.drain.layer,
            max_octets: queue.maxOctets,
            max_ns: queue.maxNs,
            at_ns: queue.atMonoNs - startMonoNs,
            delay_ns: summarise(queue.delay),
          },
    stamps,
    clamped_datagrams: made.clampedDatagrams,
  };
  return { bursts, not_measured: doubt === null ? {} : { bursts: doubt } };
}

function stampsOf({ counters }: StreamSnapshot): Bursts['stamps'] {
  if (counters[StreamCounter.UserTime]! > 0) return 'read';
  return counters[StreamCounter.SharedTime]! > 0 ? 'shared' : 'own';
}

/** Worst first. */
const STAMPS = ['read', 'shared', 'own'] as const;

/**
 * Those of several streams, parts or receivers: the largest of each figure, not of their sum, which none of them saw.
 * Queues of different rates or layers are not comparable: `null`.
 */
export function mergeBursts(all: readonly (Bursts | null)[]): Bursts | null {
  const known = all.filter((one) => one !== null);
  const [first] = known;
  if (first === undefined) return null;
  return {
    windows: first.windows.map((window, i) => {
      const same = known.map(({ windows }) => windows[i]).filter((one) => one?.window_ns === window.window_ns);
      const largest = same.reduce((a, b) => (b!.peak_octets > a!.peak_octets ? b : a))!;
      return {
        ...largest,
        peak_datagrams: Math.max(...same.map((one) => one!.peak_datagrams)),
        excess_ns: Math.max(...same.map((one) => one!.excess_ns)),
      };
    }),
    largest: known
      .flatMap(({ largest }) => largest)
      .toSorted((a, b) => b.octets - a.octets || a.start_ns - b.start_ns)
      .slice(0, LARGEST_BURSTS),
    queue: mergeQueues(known.map(({ queue }) => queue)),
    stamps: STAMPS.find((one) => known.some(({ stamps }) => stamps === one))!,
    clamped_datagrams: known.reduce((sum, one) => sum + one.clamped_datagrams, 0),
  };
}

function mergeQueues(all: readonly Bursts['queue'][]): Bursts['queue'] {
  const [first] = all;
  if (first === undefined || first === null) return null;
  const known = all.filter((one) => one !== null);
  const isAlike = ({ drain_bit_per_second, drain_layer }: typeof first): boolean =>
    drain_bit_per_second === first.drain_bit_per_second && drain_layer === first.drain_layer;
  if (known.length < all.length || !known.every(isAlike)) return null;
  const largest = known.reduce((a, b) => (b.max_octets > a.max_octets ? b : a));
  return { ...largest, delay_ns: mergeSummaries(known.map(({ delay_ns }) => delay_ns))! };
}

/** The figure that a limit names behind `burst.`; `null`: not measured. */
export function burstFigure(bursts: Bursts | null, key: string): number | null {
  if (bursts === null) return null;
  if (key === 'queue_octets') return bursts.queue?.max_octets ?? null;
  if (key === 'queue_ns') return bursts.queue?.max_ns ?? null;
  const [id, figure] = key.split('.');
  const window = BURST_WINDOWS.find((one) => one.id === id);
  const peak = bursts.windows.find(({ window_ns }) => window_ns === window?.ns);
  if (peak === undefined) return null;
  return peak[`peak_${figure as 'octets' | 'datagrams' | 'bit_per_second'}`];
}
