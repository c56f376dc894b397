import type { Nanos } from '../core/time.js';
import { StreamCounter } from '../metrics/counters.js';
import type { IntervalSnapshot } from '../metrics/snapshot.js';
import type { MdiInterval } from '../metrics/transportSnapshot.js';
import type { Stream } from './model.js';

/** Figures of a closed interval that add up over streams. */
export interface IntervalFigures {
  readonly packets_received: number;
  readonly packets_expected: number | null;
  readonly packets_lost: number | null;
  readonly packets_duplicated: number | null;
  readonly packets_reordered: number | null;
  readonly packets_late: number | null;
  readonly packets_pending: number | null;
  readonly never_sent: number | null;
  readonly loss_network: number | null;
  readonly loss_socket_buffer: number | null;
  readonly loss_application: number | null;
  readonly loss_ratio: number | null;
  readonly octets_received: number;
  readonly rate_bit_per_second: number;
}

/** One stream's figures of one closed interval, as `--json` prints them. */
export interface IntervalRow extends IntervalFigures {
  readonly stream: string;
  readonly name: string | null;
  readonly group: string;
  readonly port: number;
  readonly flow: string | null;
  readonly jitter_ns: number | null;
  readonly one_way_delay_min_ns: number | null;
  readonly one_way_delay_p50_ns: number | null;
  readonly one_way_delay_p99_ns: number | null;
  readonly one_way_delay_max_ns: number | null;
}

/** The sender's figures of one interval. */
export interface SenderIntervalRow {
  readonly stream: string;
  readonly name: string | null;
  readonly group: string;
  readonly port: number;
  readonly scheduled: number;
  readonly sent: number;
  readonly not_sent: number | null;
  readonly octets_sent: number;
  readonly rate_bit_per_second: number;
  readonly departure_error_p50_ns: number | null;
  readonly departure_error_p99_ns: number | null;
  readonly departure_error_max_ns: number | null;
}

/** What a transport stream showed in one interval. */
export interface TransportIntervalRow {
  readonly stream: string;
  /** Seconds of the media delivery index (RFC 4445) that ended in it. */
  readonly mdi: readonly {
    readonly start_ns: number;
    readonly end_ns: number;
    readonly delay_factor_ns: number | null;
    readonly media_loss_rate: number;
  }[];
  /** Indicators of TR 101 290 that were raised, by id. */
  readonly tr101290: Readonly<Record<string, number>>;
}

/** `startMonoNs`: begin of the run. */
export function buildTransportRow(
  stream: string,
  mdi: readonly MdiInterval[],
  tr101290: Readonly<Record<string, number>>,
  startMonoNs: Nanos,
): TransportIntervalRow {
  return {
    stream,
    mdi: mdi.map((second) => ({
      start_ns: Math.round(second.startMonoNs - startMonoNs),
      end_ns: Math.round(second.endMonoNs - startMonoNs),
      delay_factor_ns: finite(second.delayFactorNs),
      media_loss_rate: second.mediaLossRate,
    })),
    tr101290,
  };
}

/** By what the figures of a stream go. */
export interface IntervalUnit {
  readonly unit: Stream['unit'];
  readonly tellsNeverSent: boolean;
  readonly countsDrops: boolean;
}

/** What an interval row needs to know of its stream. */
export interface IntervalStream extends IntervalUnit {
  readonly id: string;
  readonly name: string | null;
  readonly group: string;
  readonly port: number;
  readonly flow: string | null;
}

/** A row of the document's rules: what cannot be measured is `null`. An empty interval has rates of 0 and no ratio. */
export function buildIntervalRow(interval: IntervalSnapshot, stream: IntervalStream): IntervalRow {
  const { counters, pending, startMonoNs, endMonoNs } = interval;
  return {
    stream: stream.id,
    name: stream.name,
    group: stream.group,
    port: stream.port,
    flow: stream.flow,
    ...buildIntervalFigures(counters, pending, endMonoNs - startMonoNs, stream),
    jitter_ns: finite(interval.jitterNs),
    one_way_delay_min_ns: finite(interval.delayMinNs),
    one_way_delay_p50_ns: finite(interval.delayP50Ns),
    one_way_delay_p99_ns: finite(interval.delayP99Ns),
    one_way_delay_max_ns: finite(interval.delayMaxNs),
  };
}

/** `counters`: `StreamCounter` columns of an interval of `lengthNs`. */
export function buildIntervalFigures(
  counters: Float64Array,
  pending: number,
  lengthNs: Nanos,
  { unit, tellsNeverSent, countsDrops }: IntervalUnit,
): IntervalFigures {
  const c = counters;
  const numbered = unit !== 'none';
  const packets = unit === 'packet';
  return {
    packets_received: c[StreamCounter.PacketsReceived]!,
    packets_expected: when(packets, c[StreamCounter.Expected]!),
    packets_lost: when(packets, c[StreamCounter.Lost]!),
    packets_duplicated: when(numbered, c[StreamCounter.PacketsDuplicated]!),
    packets_reordered: when(numbered, c[StreamCounter.PacketsReordered]!),
    packets_late: when(numbered, c[StreamCounter.PacketsLate]!),
    packets_pending: when(numbered, pending),
    never_sent: when(tellsNeverSent, c[StreamCounter.NeverSent]!),
    loss_network: when(numbered && countsDrops, c[StreamCounter.LossNetwork]!),
    loss_socket_buffer: when(numbered && countsDrops, c[StreamCounter.LossSocketBuffer]!),
    loss_application: when(numbered, c[StreamCounter.LossApplication]!),
    loss_ratio: intervalLossRatio(c, numbered),
    octets_received: c[StreamCounter.OctetsReceived]!,
    rate_bit_per_second: (c[StreamCounter.OctetsReceived]! * 8e9) / lengthNs,
  };
}

/**
 * Lost over settled (received or declared lost) numbers: what was declared lost in this interval may
 * have been expected in an earlier one, so that lost over expected could exceed 1.
 */
function intervalLossRatio(counters: Float64Array, numbered: boolean): number | null {
  const settled = counters[StreamCounter.Received]! + counters[StreamCounter.Lost]!;
  return numbered && settled > 0 ? counters[StreamCounter.Lost]! / settled : null;
}

function when(known: boolean, value: number): number | null {
  return known ? value : null;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
