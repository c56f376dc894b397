/** What happened last: newest first. */
import { formatCount } from '../../core/format.js';
import type { EventRecord, RunResult } from '../../result/model.js';
import { instant } from '../html/instant.js';
import { markup, NOTHING, type Markup } from '../html/markup.js';
import { table } from '../html/table.js';

const ROWS = 20;

export function liveEvents({ events, event_counts: counts }: RunResult): Markup {
  const kinds = Object.entries(counts);
  if (kinds.length === 0 && events.length === 0) return NOTHING;
  const told = kinds.map(([kind, count]) => `${kind.replaceAll('_', ' ')} ${formatCount(count)}`).join(', ');
  const shown = events.slice(-ROWS).toReversed();
  return markup`<p>${told}</p>
    ${
      shown.length > 0 &&
      table<EventRecord>(
        shown,
        [
          { head: 'time (UTC)', cell: ({ time }) => instant(`${time.slice(0, 23)}Z`), text: 'short' },
          { head: 'event', cell: ({ event }) => event.replaceAll('_', ' '), text: 'short' },
          { head: 'what', cell: ({ text }) => markup`<bdi>${text}</bdi>`, text: 'long' },
          { head: 'stream', cell: ({ stream }) => stream !== null && markup`<bdi>${stream}</bdi>`, text: 'long' },
        ],
        { caption: 'The last ones, newest first' },
      )
    }`;
}
