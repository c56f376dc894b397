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
  // Of ten thousand streams a loop over the fields of each would take milliseconds.
  for (const [field, column] of COUNTED) {
    let sum = 0;
    for (const stream of streams) sum += values[stream * StreamCounter.Count + column]!;
    figures[field] = sum;
  }
}
