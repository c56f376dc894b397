/** One stream in full, with its neighbours a step away. */
import { formatCount } from '../../core/format.js';
import type { RunResult, Stream, StreamSeries } from '../../result/model.js';
import { facts } from '../html/facts.js';
import { markup, NOTHING, type Markup } from '../html/markup.js';
import { orNone } from '../html/cell.js';
import { seriesCharts } from '../html/seriesCharts.js';
import { streamName, streamSection } from '../html/stream.js';
import { formatDuration, formatRate } from '../../core/format.js';
import { HISTORY_POINTS, type History } from './history.js';
import type { LiveState } from './liveState.js';
import { lostInInterval } from '../lostInInterval.js';
import { picture } from './picture.js';
import { sortedStreams } from './streamOrder.js';
import { addressOf, OVERVIEW, type View } from './view.js';

/** Points of the whole run that are drawn: its document has up to 512. */
const DRAWN = 256;

export function liveDetail(
  result: RunResult,
  stream: Stream,
  { history, picture: offer }: LiveState,
  view: View,
): Markup {
  const recent = history.series(stream.id);
  const section = streamSection(wholeCourse(stream, recent), result.run, {
    id: 'stream',
    folded: false,
    hasPoints: false,
    drawn: DRAWN,
    brief: true,
  });
  return markup`${result.streams.length > 1 && neighbours(sortedStreams(result.streams, history, view.sort), result.streams_total, stream, view)}
    ${picture(stream, offer)} ${now(stream, history)}
    ${recent !== null && seriesCharts(stream, recent, result.run, null, HISTORY_POINTS)}
    ${section}`;
}

/** It was in the address, and is not in the result. */
export function noSuchStream(id: string): Markup {
  return markup`<p>There is no stream <bdi>${id}</bdi>, or not yet. <a href="${addressOf(OVERVIEW)}">All streams</a></p>`;
}

/** `total`: of those that have no row too; one of these has no neighbours. */
function neighbours(streams: readonly Stream[], total: number, stream: Stream, view: View): Markup {
  const at = streams.indexOf(stream);
  const link = (to: Stream | undefined, rel: 'prev' | 'next', word: string): Markup | false =>
    to !== undefined &&
    markup`<li><a rel="${rel}" href="${addressOf({ ...view, stream: to.id })}">${word}: ${streamName(to)}</a></li>`;
  return markup`<nav aria-label="Streams">
    <ul>
      <li><a rel="up" href="${addressOf({ ...OVERVIEW, sort: view.sort })}">All ${formatCount(total)} streams</a></li>
      ${link(streams[at - 1], 'prev', 'Before')}${at >= 0 && link(streams[at + 1], 'next', 'Next')}
    </ul>
  </nav>`;
}

/** What the last interval told. */
function now(stream: Stream, history: History): Markup {
  const row = history.lastReceived(stream.id);
  if (row === null) return NOTHING;
  return markup`<h3>Last interval</h3>${facts([
    { name: 'rate', value: formatRate(row.rate_bit_per_second) },
    { name: 'received', value: formatCount(row.packets_received) },
    { name: 'lost', value: orNone(formatCount(lostInInterval(row))) },
    { name: 'lost in the network', value: orNone(formatCount(row.loss_network)) },
    { name: 'at the socket buffer', value: orNone(formatCount(row.loss_socket_buffer)) },
    { name: 'in the application', value: orNone(formatCount(row.loss_application)) },
    { name: 'duplicated', value: orNone(formatCount(row.packets_duplicated)) },
    { name: 'reordered', value: orNone(formatCount(row.packets_reordered)) },
    { name: 'late', value: orNone(formatCount(row.packets_late)) },
    { name: 'delay min', value: orNone(formatDuration(row.one_way_delay_min_ns)) },
    { name: 'delay p50', value: orNone(formatDuration(row.one_way_delay_p50_ns)) },
    { name: 'delay p99', value: orNone(formatDuration(row.one_way_delay_p99_ns)) },
    { name: 'delay max', value: orNone(formatDuration(row.one_way_delay_max_ns)) },
    { name: 'jitter', value: orNone(formatDuration(row.jitter_ns)) },
  ])}`;
}

/** As long as the last intervals are the whole run, it is drawn once. */
function wholeCourse(stream: Stream, recent: StreamSeries | null): Stream {
  const isWhole = recent !== null && recent.points < HISTORY_POINTS;
  return isWhole ? { ...stream, series: null } : stream;
}
