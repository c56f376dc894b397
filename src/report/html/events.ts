/** What happened, in order. */
import { formatCount, formatDuration } from '../../core/format.js';
import type { EventRecord, RunResult } from '../../result/model.js';
import { instant } from './instant.js';
import { table } from './table.js';
import { markup, NOTHING, type Markup } from './markup.js';

/** Rows of the table: more than fit a screen many times; the rest is in the document. */
const ROWS = 200;

export function events({ events: list, event_counts: counts }: RunResult): Markup {
  const kinds = Object.entries(counts);
  if (kinds.length === 0 && list.length === 0) return NOTHING;
  const told = kinds.map(([kind, count]) => `${kind.replaceAll('_', ' ')} ${formatCount(count)}`).join(', ');
  const shown = list.slice(0, ROWS);
  const part =
    list.length > ROWS ? `the first ${ROWS} of ${formatCount(list.length)} in the document` : 'all in the document';
  return markup`<p>${told}</p>
    ${
      shown.length > 0 &&
      markup`<details>
        <summary>In order, ${part}</summary>
        ${table<EventRecord>(shown, [
          { head: 'time (UTC)', cell: ({ time }) => instant(time), text: 'short' },
          { head: 'from the start', cell: ({ at_ns: ns }) => formatDuration(ns) },
          { head: 'event', cell: ({ event }) => event.replaceAll('_', ' '), text: 'short' },
          { head: 'what', cell: ({ text }) => markup`<bdi>${text}</bdi>`, text: 'long' },
          { head: 'stream', cell: ({ stream }) => stream ?? '', text: 'long' },
        ])}
      </details>`
    }`;
}
