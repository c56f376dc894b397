/** What a run tells the dashboard. */
import { History } from '../../src/report/dashboard/history.js';
import type { LiveState } from '../../src/report/dashboard/liveState.js';
import { OVERVIEW, type View } from '../../src/report/dashboard/view.js';
import { liveParts, type PartId } from '../../src/report/dashboard/liveParts.js';
import { plainDocument } from '../../src/report/plainDocument.js';
import type { RunResult } from '../../src/result/model.js';
import { intervalRow, SECOND_NS, senderRow } from './intervalFixture.js';

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
