import { mergeImpairments, troubledFirst, worstFirst } from './buildSender.js';
import { mergeSummaries } from './histogramSummary.js';
import { mergeById } from './mergeById.js';
import type { Sender, SenderRecovery, SenderStream } from './model.js';

type SenderSums = Pick<Sender, 'scheduled' | 'sent' | 'not_sent' | 'octets_sent' | 'active_ns'> &
  Pick<
    Sender,
    'rate_bit_per_second' | 'rate_ip_bit_per_second' | 'rate_ethernet_bit_per_second' | 'rate_packets_per_second'
  >;

function add(x: number | null, y: number | null): number | null {
  return x === null ? y : y === null ? x : x + y;
}

/** Threads of one run send at the same time: their rates add, their active times overlap. */
function addSenderSums(a: SenderSums, b: SenderSums): SenderSums {
  return {
    scheduled: a.scheduled + b.scheduled,
    sent: a.sent + b.sent,
    not_sent: a.not_sent === null || b.not_sent === null ? null : a.not_sent + b.not_sent,
    octets_sent: a.octets_sent + b.octets_sent,
    active_ns:
      a.active_ns === null || b.active_ns === null ? (a.active_ns ?? b.active_ns) : Math.max(a.active_ns, b.active_ns),
    rate_bit_per_second: add(a.rate_bit_per_second, b.rate_bit_per_second),
    rate_ip_bit_per_second: add(a.rate_ip_bit_per_second, b.rate_ip_bit_per_second),
    rate_ethernet_bit_per_second: add(a.rate_ethernet_bit_per_second, b.rate_ethernet_bit_per_second),
    rate_packets_per_second: add(a.rate_packets_per_second, b.rate_packets_per_second),
  };
}

function mergeSenderStream(a: SenderStream, b: SenderStream): SenderStream {
  return {
    ...a,
    ...addSenderSums(a, b),
    flows: [...a.flows, ...b.flows].toSorted((x, y) => Number(x) - Number(y)).slice(0, 16),
    flow_count: a.flow_count + b.flow_count,
    departure_error_ns: mergeSummaries([a.departure_error_ns, b.departure_error_ns]),
    impairment: mergeImpairments([a.impairment, b.impairment]),
  };
}

/** What several threads of one run sent, as one; `null` when there is none. */
export function mergeSenders(senders: readonly Sender[], detail: number): Sender | null {
  const [first, ...rest] = senders;
  if (first === undefined) return null;
  let merged = first;
  for (const next of rest) merged = mergeTwo(merged, next, detail);
  return merged;
}

function mergeTwo(a: Sender, b: Sender, detail: number): Sender {
  const streams = mergeById([...a.streams, ...b.streams], mergeSenderStream);
  const x = a.not_sent_by_reason;
  const y = b.not_sent_by_reason;
  return {
    ...a,
    ...addSenderSums(a, b),
    not_sent_by_reason: {
      no_buffers: x.no_buffers === null || y.no_buffers === null ? null : x.no_buffers + y.no_buffers,
      too_late: x.too_late + y.too_late,
      failed: x.failed + y.failed,
      skipped: x.skipped + y.skipped,
    },
    markers_sent: a.markers_sent + b.markers_sent,
    departure_error_ns: mergeSummaries([a.departure_error_ns, b.departure_error_ns]),
    transmit_delay_ns: mergeSummaries([a.transmit_delay_ns, b.transmit_delay_ns]),
    quantum_ns: Math.max(a.quantum_ns, b.quantum_ns),
    spin_share: a.spin_share === null || b.spin_share === null ? null : Math.max(a.spin_share, b.spin_share),
    system_calls: a.system_calls + b.system_calls,
    super_packets: a.super_packets + b.super_packets,
    transmit_stamps_missing: a.transmit_stamps_missing + b.transmit_stamps_missing,
    icmp_errors: a.icmp_errors + b.icmp_errors,
    underruns: a.underruns + b.underruns,
    impairment: mergeImpairments([a.impairment, b.impairment]),
    recovery: mergeRecoveries([a.recovery, b.recovery]),
    feedback: a.feedback ?? b.feedback,
    loss_location: a.loss_location ?? b.loss_location,
    inputs: troubledFirst([...a.inputs, ...b.inputs], detail),
    streams: worstFirst(streams, detail),
    streams_total: a.streams_total + b.streams_total - (a.streams.length + b.streams.length - streams.length),
  };
}

/** Sums; `null` when nobody answered requests. */
function mergeRecoveries(recoveries: readonly (SenderRecovery | null)[]): SenderRecovery | null {
  const [first, ...rest] = recoveries.filter((one) => one !== null);
  if (first === undefined) return null;
  const sums = { ...first };
  for (const one of rest) for (const key of Object.keys(sums) as (keyof SenderRecovery)[]) sums[key] += one[key];
  return sums;
}
