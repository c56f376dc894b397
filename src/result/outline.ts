/**
 * A result for a glance: all its counts and percentiles, without what is long in it, but for the streams that are looked
 * at. Of a hundred streams it is a fifth of the whole, and does not grow with the run. Not for files and not for readers
 * of the document: what is left out looks as if it were empty.
 */
import type { HistogramSummary, RunResult, SenderStream, Stream, StreamHistograms } from './model.js';

/** Keys of streams fit in shared memory: ids that have the same one are both shown in full, which harms nobody (FNV-1a). */
export function streamKey(id: string): number {
  let key = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) key = Math.imul(key ^ id.charCodeAt(i), 0x01000193);
  return key | 0;
}

export interface Glance {
  /** {@link streamKey} of those that are shown in full. */
  readonly inFull: ReadonlySet<number>;
}

/** One stream of it. A stream alone is looked at. */
export function outlineStream(stream: Stream, { inFull }: Glance, total: number): Stream {
  if (total === 1 || inFull.has(streamKey(stream.id))) return stream;
  const { histograms, after, loss_map: map } = stream;
  return {
    ...stream,
    histograms: histograms === null ? null : withoutBuckets(histograms),
    after: after === null ? null : { ...after, histograms: null },
    series: null,
    loss_map: map === null ? null : [],
    bursts: null,
    transport: null,
  };
}

/** All of it but its streams. */
export function outlineResult(result: RunResult, { inFull }: Glance): RunResult {
  const { aggregate, sender } = result;
  return {
    ...result,
    streams: [],
    aggregate: aggregate === null ? null : { ...aggregate, histograms: withoutBuckets(aggregate.histograms) },
    sender:
      sender === null ? null : { ...sender, streams: sender.streams.map((stream) => outlineSent(stream, inFull)) },
  };
}

function outlineSent(stream: SenderStream, inFull: ReadonlySet<number>): SenderStream {
  if (inFull.has(streamKey(stream.id))) return stream;
  const error = stream.departure_error_ns;
  return { ...stream, departure_error_ns: error === null ? null : bare(error) };
}

function withoutBuckets(of: StreamHistograms): StreamHistograms {
  const all = Object.entries(of).map(([id, summary]) => [id, summary === null ? null : bare(summary)]);
  return Object.fromEntries(all) as StreamHistograms;
}

function bare(summary: HistogramSummary): HistogramSummary {
  return { ...summary, buckets: [] };
}
