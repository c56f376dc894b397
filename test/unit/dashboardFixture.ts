/** What a run tells the dashboard. */
import { History } from '../../src/report/dashboard/history.js';
import type { LiveState } from '../../src/report/dashboard/liveState.js';
import { OVERVIEW, type View } from '../../src/report/dashboard/view.js';
import { liveParts, type PartId } from '../../src/report/dashboard/liveParts.js';
import { plainDocument } from '../../src/report/plainDocument.js';
import type { IntervalRow, SenderIntervalRow } from '../../src/result/interval.js';
import type { RunResult } from '../../src/result/model.js';

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

/** With an interval of every stream behind it. */
export function stateOf(result: RunResult | null, change: Partial<LiveState> = {}): LiveState {
  const history = new History();
  history.add({
    startNs: 0,
    endNs: SECOND_NS,
    rows: (result?.streams ?? []).map(({ id }) => intervalRow(id)),
    senderRows: (result?.sender?.streams ?? []).map(({ id }) => senderRow(id)),
    others: null,
    transportRows: [],
  });
  const plain = result === null ? null : plainDocument(result);
  return { result: plain, isFinished: false, history, command: 'recv', picture: 'none', ...change };
}

export function partsOf(state: LiveState, view: Partial<View> = {}): Record<PartId, string> {
  const parts = [...liveParts(state, { ...OVERVIEW, ...view })].map(({ id, html }) => [id, html] as const);
  return Object.fromEntries(parts) as Record<PartId, string>;
}
