import { SendFlag, SendOutcome, type SendBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { Histogram } from '../metrics/histogram.js';

/** Columns of a sending stream's counters. */
export const SenderCounter = {
  /** Datagrams with data that the kernel took, further copies included. */
  Sent: 0,
  NoBuffers: 1,
  TooLate: 2,
  Failed: 3,
  /** Start and end markers that the kernel took. */
  Markers: 4,
  /** UDP payload octets of what the kernel took, markers excluded. */
  Octets: 5,
  Count: 6,
} as const;

/** What became of one sending stream's datagrams. */
export class SenderStats {
  readonly counters = new Float64Array(SenderCounter.Count);
  readonly departureError = new Histogram();
  /** The same, since the last interval. */
  readonly intervalDepartureError = new Histogram();
  firstMonoNs: Nanos = NaN;
  lastMonoNs: Nanos = NaN;
}

/**
 * Counts slots `[from, to)` after the sink handled them. `streamOf[flow]` indexes `stats`. Returns
 * whether a slot was refused (always the last one: a sink stops behind it).
 */
export function countSent(
  batch: SendBatch,
  from: number,
  to: number,
  streamOf: Uint16Array,
  stats: readonly SenderStats[],
): boolean {
  const { flags, flow, outcome, dueMonoNs, departureMonoNs, length } = batch;
  let refused = false;
  for (let i = from; i < to; i++) {
    const of = stats[streamOf[flow[i]!]!]!;
    const counters = of.counters;
    if (outcome[i] === SendOutcome.Sent) {
      if ((flags[i]! & (SendFlag.Start | SendFlag.End)) !== 0) {
        counters[SenderCounter.Markers]!++;
        continue;
      }
      const departureNs = departureMonoNs[i]!;
      counters[SenderCounter.Sent]!++;
      counters[SenderCounter.Octets]! += length[i]!;
      if (counters[SenderCounter.Sent] === 1) of.firstMonoNs = departureNs;
      of.lastMonoNs = departureNs;
      of.intervalDepartureError.record(departureNs - dueMonoNs[i]!);
      continue;
    }
    refused = true;
    if ((flags[i]! & (SendFlag.Start | SendFlag.End)) !== 0) continue;
    if (outcome[i] === SendOutcome.NoBuffers) counters[SenderCounter.NoBuffers]!++;
    else if (outcome[i] === SendOutcome.TooLate) counters[SenderCounter.TooLate]!++;
    else counters[SenderCounter.Failed]!++;
  }
  return refused;
}
