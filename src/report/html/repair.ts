/** What repaired a stream, and what its sender said of it: FEC, recovery, RTCP. */
import { DASH, formatCount, formatDuration, formatOctets } from '../../core/format.js';
import type { RecoveryReport, Stream } from '../../result/model.js';
import { formatQuantity } from '../figure.js';
import { histograms } from './histograms.js';
import { orNone, foreign } from './cell.js';
import { facts, counted, fault } from './facts.js';
import { table } from './table.js';
import { markup, NOTHING, type Markup } from './markup.js';

/** Ranges given up that are listed; the rest is in the document. */
const RANGES = 40;

export function fec({ fec: of }: Stream): Markup {
  if (of === null) return NOTHING;
  const { columns, rows } = of;
  const shape =
    columns === null || rows === null ? 'none came' : `${columns} x ${rows}${of.has_rows ? '' : ', columns only'}`;
  return markup`<h4>Forward error correction</h4>
    ${facts([
      { name: 'matrix', value: shape },
      counted('FEC packets heard', of.packets_heard),
      counted('media packets recovered', of.packets_recovered),
      fault('malformed', of.packets_malformed),
      fault('about media out of reach', of.packets_out_of_window),
      fault('contradicting the media', of.packets_inconsistent),
    ])}`;
}

export function recovery({ recovery: of }: Stream): Markup {
  if (of === null) return NOTHING;
  return markup`<h4>Recovery of messages</h4>
    ${facts([
      counted('missing on all lines', of.messages_missed),
      counted('came by themselves', of.messages_came),
      counted('recovered', of.messages_recovered),
      fault('given up', of.messages_unrecovered),
      counted('not decided yet', of.messages_pending),
      counted('gaps closed', of.gaps_closed),
      fault('gaps torn', of.gaps_torn),
      counted('requests', of.requests),
      counted('of them retries', of.retries),
      fault('without an answer in time', of.timeouts),
      fault('answered short', of.short_answers),
      fault('never left this host', of.requests_not_sent),
      counted('answers', of.answers),
    ])}${of.recovery_ns !== null && histograms([{ name: 'gap found to closed', definition: null, summary: of.recovery_ns, colour: 'c-mdi' }])}${givenUp(of)}`;
}

function givenUp({ unrecovered, unrecovered_unlisted: unlisted }: RecoveryReport): Markup {
  if (unrecovered.length === 0) return NOTHING;
  const more = unlisted > 0 ? `; ${formatCount(unlisted)} messages in further ranges` : '';
  const shown = unrecovered.slice(0, RANGES);
  const part = unrecovered.length > RANGES ? `, the first ${RANGES} of ${formatCount(unrecovered.length)} ranges` : '';
  return markup`<details>
    <summary>Messages given up${part}${more}</summary>
    ${table(shown, [
      { head: 'first', cell: ({ first }) => first },
      { head: 'last', cell: ({ last }) => last },
    ])}
  </details>`;
}

export function rtcp({ rtcp: of }: Stream): Markup {
  if (of === null) return NOTHING;
  return markup`<h4>Sender reports (RTCP)</h4>
    ${facts([
      counted('reports', of.reports),
      counted('packets sent in all', of.packets_total),
      counted('sent since the first report', of.packets_sent),
      counted('arrived of those', of.packets_arrived),
      fault('behind the last that came', of.packets_behind),
      { name: 'payload sent', value: orNone(formatOctets(of.octets_sent)) },
      { name: 'payload arrived', value: orNone(formatOctets(of.octets_arrived)) },
      counted('restarts', of.restarts),
      { name: 'canonical name', value: foreign(of.cname) },
      { name: 'tool', value: foreign(of.tool) },
      { name: 'said BYE', value: of.bye ? 'yes' : 'no' },
      {
        name: 'clock of time stamps',
        value: of.clock_hz === null ? orNone(DASH) : `${formatQuantity(of.clock_hz)} Hz`,
      },
      { name: "this clock minus sender's", value: orNone(formatDuration(of.clock_difference_ns)) },
    ])}`;
}
