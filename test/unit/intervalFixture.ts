/** Intervals as runs tell them, in which all was well but for what is said otherwise. */
import { buildIntervalRow, type IntervalRow, type SenderIntervalRow } from '../../src/result/interval.js';
import { IntervalSums, type IntervalOthers } from '../../src/result/intervalOthers.js';
import { interval } from './resultFixture.js';

export const SECOND_NS = 1e9;

export function intervalRow(stream: string, change: Partial<IntervalRow> = {}): IntervalRow {
  return {
    stream,
    name: null,
    group: '239.1.1.1',
    port: 5001,
    flow: null,
    packets_received: 100,
    packets_expected: 100,
    packets_lost: 0,
    packets_duplicated: 0,
    packets_reordered: 0,
    packets_late: 0,
    packets_pending: 0,
    never_sent: 0,
    loss_network: 0,
    loss_socket_buffer: 0,
    loss_application: 0,
    loss_ratio: 0,
    octets_received: 131_600,
    rate_bit_per_second: 1_052_800,
    jitter_ns: 1234,
    one_way_delay_min_ns: 10_000,
    one_way_delay_p50_ns: 20_000,
    one_way_delay_p99_ns: 30_000,
    one_way_delay_max_ns: 40_000,
    ...change,
  };
}

export function senderRow(stream: string, change: Partial<SenderIntervalRow> = {}): SenderIntervalRow {
  return {
    stream,
    name: null,
    group: '239.1.1.1',
    port: 5001,
    scheduled: 100,
    sent: 100,
    not_sent: 0,
    octets_sent: 131_600,
    rate_bit_per_second: 1_052_800,
    departure_error_p50_ns: 100,
    departure_error_p99_ns: 200,
    departure_error_max_ns: 300,
    ...change,
  };
}

const UNIT = { unit: 'packet', tellsNeverSent: false, countsDrops: true } as const;

/** Of an interval in which one of a hundred was lost, as a run builds it. */
export function builtRow(name: string | null): IntervalRow {
  return buildIntervalRow(interval(1), {
    id: '239.1.1.1:5001/10.0.0.1:40000/eth0/0/1f2e3d4c',
    name,
    group: '239.1.1.1',
    port: 5001,
    flow: '0',
    ...UNIT,
  });
}

/** So many such streams without a row, each with two datagrams that are not decided yet. */
export function builtOthers(streams: number): IntervalOthers {
  const sums = new IntervalSums();
  for (let i = 0; i < streams; i++) sums.add(interval(1).counters, 0, 2, UNIT);
  return sums.build(SECOND_NS)!;
}
