import type { Nanos } from '../core/time.js';
import { StreamCounter, type StreamCounters } from '../metrics/counters.js';
import type { IntervalSnapshot } from '../metrics/snapshot.js';
import { ReportField } from '../wire/feedback.js';

const COUNTED = [
  [ReportField.Received, StreamCounter.Received],
  [ReportField.Expected, StreamCounter.Expected],
  [ReportField.Lost, StreamCounter.Lost],
  [ReportField.LossNetwork, StreamCounter.LossNetwork],
  [ReportField.LossSocketBuffer, StreamCounter.LossSocketBuffer],
  [ReportField.LossApplication, StreamCounter.LossApplication],
  [ReportField.Duplicated, StreamCounter.Duplicated],
  [ReportField.Reordered, StreamCounter.Reordered],
  [ReportField.Late, StreamCounter.Late],
  [ReportField.Octets, StreamCounter.OctetsReceived],
] as const;
const COUNTERS: readonly number[] = COUNTED.map(([, counter]) => counter);

/** Fills in what a report has of counters: the sums over `streams`. */
export function addUp(figures: Float64Array, streams: readonly number[], { values }: StreamCounters): void {
  const sums = new Float64Array(COUNTED.length);
  // All columns of a stream while they are at hand: one field after another takes five times as long for ten thousand.
  for (let i = 0; i < streams.length; i++) addRow(sums, values, streams[i]! * StreamCounter.Count);
  for (const [j, [field]] of COUNTED.entries()) figures[field] = sums[j]!;
}

/** By itself: it is compiled once, a loop with what follows it again for each time that it is left. */
function addRow(sums: Float64Array, values: Float64Array, at: number): void {
  for (let j = 0; j < COUNTERS.length; j++) sums[j]! += values[at + COUNTERS[j]!]!;
}

/** The highest jitter of several streams; NaN: none has one. */
export function worstJitterNs(streams: readonly number[], timing: { jitterNs(stream: number): Nanos }): Nanos {
  let worstNs = NaN;
  for (let i = 0; i < streams.length; i++) {
    const jitterNs = timing.jitterNs(streams[i]!);
    if (jitterNs > worstNs || worstNs !== worstNs) worstNs = jitterNs;
  }
  return worstNs;
}

/**
 * Of several streams, in ascending order, the interval with the longest delay; `null`: none of them has one. `last`: the
 * highest stream that has an interval at all, since only the first ones of all are in detail.
 */
export function worstInterval(
  streams: readonly number[],
  intervals: ReadonlyMap<number, IntervalSnapshot>,
  last: number,
): IntervalSnapshot | null {
  let worst: IntervalSnapshot | null = null;
  for (const stream of streams) {
    if (stream > last) break;
    const interval = intervals.get(stream);
    if (interval !== undefined && interval.delayP99Ns > (worst?.delayP99Ns ?? -Infinity)) worst = interval;
  }
  return worst;
}
