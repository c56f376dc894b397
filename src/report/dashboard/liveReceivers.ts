/** What receivers have reported to this sender so far; their results come when they end. */
import { formatCount, formatDuration, formatRatio } from '../../core/format.js';
import type { Receiver, ReceiverReport } from '../../result/model.js';
import { badCount, badIf, orNone } from '../html/cell.js';
import { markup, NOTHING, type Markup, type Part } from '../html/markup.js';
import { receivers } from '../html/receivers.js';
import { table, type Column } from '../html/table.js';

/** More are in the document; those that lost most are shown. */
const ROWS = 100;

export function liveReceivers(list: readonly Receiver[], isFinished: boolean): Markup {
  if (list.length === 0) return NOTHING;
  if (isFinished) return receivers(list);
  const shown = list.toSorted((a, b) => (b.report?.loss_ratio ?? -1) - (a.report?.loss_ratio ?? -1)).slice(0, ROWS);
  const part =
    list.length > shown.length ? `${formatCount(shown.length)} of ${formatCount(list.length)} receivers` : '';
  return table<Receiver>(shown, COLUMNS, {
    caption: markup`${part} <small>as they last reported</small>`,
    tone: ({ report }) => (report?.state === 'silent' ? 'warn' : null),
  });
}

function reported(head: string, cell: (report: ReceiverReport) => Part): Column<Receiver> {
  return { head, cell: ({ report }) => (report === null ? orNone('-', 'no report came') : cell(report)) };
}

const COLUMNS: readonly Column<Receiver>[] = [
  { head: 'receiver', cell: ({ name }) => markup`<bdi>${name}</bdi>`, text: 'long' },
  { head: 'address', cell: ({ address }) => address, text: 'short' },
  { ...reported('state', ({ state }) => state), text: 'short' },
  reported('reports', ({ reports }) => formatCount(reports)),
  reported('streams', ({ streams }) => formatCount(streams)),
  reported('received', ({ received }) => orNone(formatCount(received))),
  reported('lost', ({ lost }) => badCount(lost)),
  reported('loss ratio', ({ loss_ratio: ratio }) => badIf((ratio ?? 0) > 0, orNone(formatRatio(ratio)))),
  reported('in the network', ({ loss_network: lost }) => orNone(formatCount(lost))),
  reported('socket buffer', ({ loss_socket_buffer: lost }) => orNone(formatCount(lost))),
  reported('application', ({ loss_application: lost }) => orNone(formatCount(lost))),
  reported('delay p50', ({ one_way_delay_p50_ns: ns }) => orNone(formatDuration(ns))),
  reported('delay p99', ({ one_way_delay_p99_ns: ns }) => orNone(formatDuration(ns))),
  reported('jitter', ({ jitter_ns: ns }) => orNone(formatDuration(ns))),
  reported('its clock ahead by', ({ clock_offset_ns: ns }) => orNone(formatDuration(ns))),
];
