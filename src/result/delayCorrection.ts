import type { ClockOffsetReport, DelayCorrection, Stream } from './model.js';

/**
 * The stream with its one-way delay by one clock, where its sender's clock was compared with this host's: the offset is
 * taken off, and what the clocks moved against each other during the run is part of the uncertainty. On one host both
 * ends have one clock, unless the comparison contradicts that.
 */
export function withDelayCorrection(stream: Stream, offsets: readonly ClockOffsetReport[]): Stream {
  const delay = stream.histograms?.one_way_delay_ns ?? null;
  const offset = offsets.find(
    ({ sender, run }) => sender === stream.source && (stream.sender_run === null || stream.sender_run === run),
  );
  if (delay === null || offset === undefined || delay.count === 0) return stream;
  const { min, p50, p99, max } = delay;
  if (min === null || p50 === null || p99 === null || max === null) return stream;
  const isOneClock = stream.local && stream.delay_uncertainty_ns !== null && isWithin(offset);
  const offsetNs = isOneClock ? 0 : offset.offset_ns;
  const correction: DelayCorrection = {
    basis: isOneClock ? 'same_host' : 'exchange',
    offset_ns: offsetNs,
    uncertainty_ns: isOneClock ? stream.delay_uncertainty_ns! : offset.uncertainty_ns,
    min_ns: min - offsetNs,
    p50_ns: p50 - offsetNs,
    p99_ns: p99 - offsetNs,
    max_ns: max - offsetNs,
  };
  return { ...stream, delay_correction: correction };
}

function isWithin({ offset_ns, uncertainty_ns }: ClockOffsetReport): boolean {
  return Math.abs(offset_ns) <= uncertainty_ns;
}
