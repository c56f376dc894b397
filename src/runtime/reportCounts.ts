import { StreamCounter, type StreamCounters } from '../metrics/counters.js';
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

/** Fills in what a report has of counters: the sums over `streams`. */
export function addUp(figures: Float64Array, streams: readonly number[], { values }: StreamCounters): void {
  const sums = new Float64Array(StreamCounter.Count);
  // All columns of a stream while they are at hand: one field after another takes five times as long for ten thousand.
  for (let i = 0; i < streams.length; i++) {
    const at = streams[i]! * StreamCounter.Count;
    for (let column = 0; column < StreamCounter.Count; column++) sums[column]! += values[at + column]!;
  }
  for (const [field, column] of COUNTED) figures[field] = sums[column]!;
}
