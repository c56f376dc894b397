import type { ClockOffsetReport, DelayCorrection, HistogramSummary, Stream } from './model.js';

/**
 * A stream's one-way delay by one clock, where its sender's clock was compared with this host's: the offset is taken off,
 * and what the clocks moved against each other during the run is part of the uncertainty. On one host both ends have one
 * clock, unless the comparison contradicts that. `null`: they were not compared, or there is no delay.
 */
export function delayCorrection(
  stream: Pick<Stream, 'source' | 'sender_run' | 'local' | 'delay_uncertainty_ns'>,
  delay: HistogramSummary | null,
  offsets: readonly ClockOffsetReport[],
): DelayCorrection | null {
  if (delay === null || delay.count === 0) return null;
  const offset = offsets.find(
    ({ sender, run }) => sender === stream.source && (stream.sender_run === null || stream.sender_run === run),
  );
  const { min, p50, p99, max } = delay;
  if (offset === undefined || min === null || p50 === null || p99 === null || max === null) return null;
  const isOneClock = stream.local && stream.delay_uncertainty_ns !== null && isWithin(offset);
  const offsetNs = isOneClock ? 0 : offset.offset_ns;
  return {
    basis: isOneClock ? 'same_host' : 'exchange',
    offset_ns: offsetNs,
    uncertainty_ns: isOneClock ? stream.delay_uncertainty_ns! : offset.uncertainty_ns,
    min_ns: min - offsetNs,
    p50_ns: p50 - offsetNs,
    p99_ns: p99 - offsetNs,
    max_ns: max - offsetNs,
  };
}

function isWithin({ offset_ns, uncertainty_ns }: ClockOffsetReport): boolean {
  return Math.abs(offset_ns) <= uncertainty_ns;
}
