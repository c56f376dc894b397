import { aggregateStreams } from './aggregate.js';
import { everyStream, everyStreamIs } from './briefStreams.js';
import { orderStreams } from './streamOrder.js';
import type { RunResult, Stream } from './model.js';
import { resultJson } from './resultText.js';

/** Streams in detail, and octets of JSON, of a result that goes to its sender; what is cut is detail, never a counter. */
const DETAIL = 64;
const MOST_CHARACTERS = 1 << 20;
/** A stream has more than these, its counters alone. */
const LEAST_STREAM_CHARACTERS = 1024;

/**
 * A receiver's result as far as it is about one run of one sender. `run`: eight hexadecimal digits. Of what
 * names no run, streams that were over by `sinceNs`, counted from the start of `result`, are of another one.
 */
export function resultFor(result: RunResult, address: string, run: string, sinceNs: number): RunResult {
  const isOfRun = ({ source, sender_run, end_ns }: Pick<Stream, 'source' | 'sender_run' | 'end_ns'>): boolean => {
    if (source !== address) return false;
    return sender_run === null ? end_ns === null || end_ns >= sinceNs : sender_run === run;
  };
  const rest = { limits: [], receivers: [] };
  if (everyStreamIs(result, ['source', 'sender_run', 'end_ns'], isOfRun)) return { ...result, ...rest };
  const streams = everyStream(result).filter(isOfRun);
  return {
    ...result,
    ...orderStreams(streams, result.streams.length),
    streams_total: streams.length,
    aggregate: aggregateStreams(streams, null),
    ...rest,
  };
}

/** As JSON of bounded length: series go first, then buckets, loss maps and what is known of contents. */
export function boundedJson(result: RunResult): string {
  // Of very many streams there is no need to try.
  const mayFit = result.streams_total * LEAST_STREAM_CHARACTERS <= MOST_CHARACTERS;
  const text = mayFit ? resultJson(result) : null;
  if (text !== null && text.length <= MOST_CHARACTERS) return text;
  const cut = result.streams_brief === null ? { ...result, ...orderStreams(result.streams, DETAIL) } : result;
  const withoutSeries = { ...cut, streams: cut.streams.map(withoutSeriesOf) };
  const shorter = mayFit ? resultJson(withoutSeries) : null;
  if (shorter !== null && shorter.length <= MOST_CHARACTERS) return shorter;
  const counters = { ...withoutSeries, streams: withoutSeries.streams.map(countersOf), events: [] };
  return resultJson(counters);
}

function withoutSeriesOf(stream: Stream): Stream {
  return { ...stream, series: null };
}

function countersOf(stream: Stream): Stream {
  const { loss_map, loss_map_truncated } = stream;
  return {
    ...stream,
    histograms: null,
    bursts: null,
    transport: null,
    loss_map: loss_map === null ? null : [],
    loss_map_truncated: loss_map_truncated || (loss_map !== null && loss_map.length > 0),
  };
}
