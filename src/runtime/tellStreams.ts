import type { Measurement } from '../analysis/measurement.js';
import { digestAlike } from '../result/digestAlike.js';
import type { Measurement as Provenance } from '../result/measurement.js';
import type { StreamDigest } from '../result/streamDigest.js';
import type { ReceivedStreams } from './receivedStreams.js';

/** Streams that are looked through for such as are alike, without a pause. */
const WINDOW = 1024;
/** Fewer are told one by one. */
const FEWEST_ALIKE = 8;

/** Tells all streams of a measurement. Yields between them: they are of slightly different moments, each as a whole of one. */
export function* tellStreams(
  measurement: Measurement,
  provenance: Provenance,
  streams: ReceivedStreams,
  digest: (stream: number) => StreamDigest,
): Generator<void> {
  for (let from = 0; from < measurement.streamCount; from += WINDOW) {
    const to = Math.min(from + WINDOW, measurement.streamCount);
    for (let stream = from; stream < to; stream++) {
      if (mayBePlain(measurement, stream)) continue;
      streams.add(stream, digest(stream));
      yield;
    }
    for (const stream of tellAlike(measurement, provenance, streams, from, to)) {
      streams.add(stream, digest(stream));
      yield;
    }
    yield;
  }
}

function mayBePlain(measurement: Measurement, stream: number): boolean {
  return measurement.plain.mayHave(stream) && !measurement.isCompanion(stream);
}

/** Tells those that are alike as of now; of those that may be, the others are returned. */
function tellAlike(
  measurement: Measurement,
  provenance: Provenance,
  streams: ReceivedStreams,
  from: number,
  to: number,
): number[] {
  const { plain } = measurement;
  const others: number[] = [];
  const groups: number[][] = [];
  let last: number[] = [];
  for (let stream = from; stream < to; stream++) {
    if (!mayBePlain(measurement, stream)) continue;
    if (!plain.has(stream)) {
      others.push(stream);
      continue;
    }
    // As a rule it is like the one before.
    if (last.length === 0 || !plain.areAlike(last[0]!, stream)) {
      last = groups.find(([first]) => plain.areAlike(first!, stream)) ?? [];
      if (last.length === 0) groups.push(last);
    }
    last.push(stream);
  }
  for (const alike of groups) {
    if (alike.length < FEWEST_ALIKE || !streams.tally.takesAlike(alike[0]!)) {
      others.push(...alike);
      continue;
    }
    const snapshot = measurement.snapshot(alike[0]!);
    streams.addAlike(digestAlike(alike, (i) => plain.rewrite(snapshot, alike[i]!), snapshot, provenance));
  }
  return others;
}
