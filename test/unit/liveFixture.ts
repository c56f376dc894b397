import type { ReceivedFigures } from '../../src/report/live/history.js';
import type { LiveInterval } from '../../src/report/live/liveState.js';
import type { IntervalRow, SenderIntervalRow } from '../../src/result/interval.js';
import type { Receiver, ReceiverReport } from '../../src/result/model.js';
import { intervalRow, senderRow as ofSender } from './intervalFixture.js';

/** Stream `n`: its group ends so. */
export function row(n: number, change: Partial<IntervalRow> = {}): IntervalRow {
  return intervalRow(`239.1.1.${n}:5001/10.0.0.1:4000/eth0`, {
    group: `239.1.1.${n}`,
    flow: '0',
    packets_received: 190,
    packets_expected: 190,
    octets_received: 250_000,
    rate_bit_per_second: 2e6,
    jitter_ns: 12_345,
    one_way_delay_min_ns: 150_000,
    one_way_delay_p50_ns: 170_000,
    one_way_delay_p99_ns: 1_210_000,
    one_way_delay_max_ns: 5e6,
    ...change,
  });
}

/** So many lost, by the network and the socket buffer. */
export function lost(network: number, socketBuffer = 0): Partial<IntervalRow> {
  const count = network + socketBuffer;
  return {
    packets_lost: count,
    loss_network: network,
    loss_socket_buffer: socketBuffer,
    loss_ratio: count / (190 + count),
  };
}

export function senderRow(n: number, change: Partial<SenderIntervalRow> = {}): SenderIntervalRow {
  return ofSender(`239.1.1.${n}:5001/eth0`, {
    group: `239.1.1.${n}`,
    scheduled: 190,
    sent: 190,
    octets_sent: 250_000,
    rate_bit_per_second: 2e6,
    departure_error_p50_ns: 512,
    departure_error_p99_ns: 20_300,
    departure_error_max_ns: 3_210_000,
    ...change,
  });
}

/** A receiver of which so many reports have come, of 190 datagrams each, but for what is said otherwise. */
export function receiver(name: string, reports: number, change: Partial<ReceiverReport> = {}): Receiver {
  const report: ReceiverReport = {
    ssrc: Buffer.from(name.padEnd(4)).toString('hex').slice(0, 8),
    state: 'reporting',
    reports,
    streams: 1,
    received: reports * 190,
    expected: reports * 190,
    lost: 0,
    loss_network: 0,
    loss_socket_buffer: 0,
    loss_application: 0,
    duplicated: 0,
    reordered: 0,
    late: 0,
    octets: reports * 250_000,
    loss_ratio: 0,
    one_way_delay_p50_ns: 171_000,
    one_way_delay_p99_ns: 1_230_000,
    jitter_ns: 15_600,
    clock_offset_ns: 1200,
    clock_uncertainty_ns: 900,
    clock_drift_ppm: 0.1,
    round_trip_min_ns: 1800,
    exchanges: 12,
    ...change,
  };
  return { name, address: '10.0.0.7', report, result: null };
}

/** The interval that ends so many seconds after the start. */
export function second(
  k: number,
  rows: readonly IntervalRow[],
  more: Partial<Omit<LiveInterval, 'others'>> & {
    readonly others?: (Partial<ReceivedFigures> & { readonly streams: number }) | null;
  } = {},
): LiveInterval {
  const time = `2026-03-01T12:00:${String(k).padStart(2, '0')}.000000000Z`;
  return { time, endNs: k * 1e9, rows, senderRows: [], ...more };
}
