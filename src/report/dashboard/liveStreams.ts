/** All streams, a row each, with what the last interval told of them beside what the run has come to. */
import { formatCount, formatDuration, formatHostPort, formatRate, formatRatio } from '../../core/format.js';
import type { IntervalRow } from '../../result/interval.js';
import type { RunResult, Stream } from '../../result/model.js';
import { badCount, badIf, orNone } from '../html/cell.js';
import { lostOf } from '../html/lost.js';
import { markup, NOTHING, type Markup, type Part } from '../html/markup.js';
import { streamName } from '../html/stream.js';
import type { History } from './history.js';
import { lostInInterval } from '../lostInInterval.js';
import { spark, SPARKS } from './spark.js';
import { sortedStreams } from './streamOrder.js';
import { addressOf, OVERVIEW, type Sort, type View } from './view.js';

const LOSING = markup`<span class="tag bad">losing</span>`;
const SILENT = markup`<span class="tag warn">silent</span>`;
const OK = markup`<span class="tag">ok</span>`;

interface Row {
  readonly stream: Stream;
  readonly last: IntervalRow | null;
}

interface Column {
  readonly head: string;
  readonly cell: (row: Row) => Part;
  /** It can be sorted by this. */
  readonly sort?: Sort;
  readonly isText?: boolean;
}

export function liveStreams({ streams, streams_total: total }: RunResult, history: History, { sort }: View): Markup {
  const rows = sortedStreams(streams, history, sort).map((stream) => ({
    stream,
    last: history.lastReceived(stream.id),
  }));
  const columns = columnsFor(streams, history, sort);
  const part = total > streams.length ? `${formatCount(streams.length)} of ${formatCount(total)} streams` : null;
  return markup`<div class="scroll">
    <table class="live">
      <caption>
        ${part ?? `${formatCount(streams.length)} streams`}
        <small>rate and loss of the last interval, all else of the run so far</small>
      </caption>
      <thead><tr>${columns.map((column) => heading(column, sort))}</tr></thead>
      <tbody>${rows.map((row) => rowOf(row, columns))}</tbody>
      ${othersRow(history, columns)}
    </table>
  </div>`;
}

function heading({ head, sort, isText }: Column, by: Sort): Markup {
  const look = isText === true && markup` class="t"`;
  if (sort === undefined) return markup`<th scope="col"${look}>${head}</th>`;
  const isBy = sort === by;
  const order = isBy && markup` aria-sort="${sort === 'name' ? 'ascending' : 'descending'}"`;
  const address = addressOf({ ...OVERVIEW, sort: isBy ? 'name' : sort });
  return markup`<th scope="col"${look}${order}><a href="${address}">${head}</a></th>`;
}

function rowOf(row: Row, columns: readonly Column[]): Markup {
  const tone = row.stream.role !== 'media' && markup` class="dim"`;
  return markup`<tr id="s:${row.stream.id}"${tone}>${columns.map(({ cell, isText }, i) => {
    const look = isText === true && markup` class="t"`;
    return i === 0 ? markup`<th scope="row"${look}>${cell(row)}</th>` : markup`<td${look}>${cell(row)}</td>`;
  })}</tr>`;
}

/** What came beside the streams that had a row of their own: of very many it is most. */
function othersRow(history: History, columns: readonly Column[]): Markup {
  const last = history.lastOthers();
  if (last === null) return NOTHING;
  const { streams, rate_bit_per_second: rate, loss_ratio: ratio } = last;
  const known: readonly (readonly [Part, isText?: boolean])[] = [
    [(ratio ?? 0) > 0 ? LOSING : last.packets_received === 0 ? SILENT : OK, true],
    [formatRate(rate)],
    [spark(history.othersCourse(SPARKS)), true],
    [badCount(lostInInterval(last))],
  ];
  const first = columns.findIndex(({ head }) => head === 'state');
  return markup`<tfoot>
    <tr>
      <th scope="row" class="t" colspan="${String(first)}">${formatCount(streams)} ${streams === 1 ? 'other' : 'others, together'}</th>
      ${known.map(([cell, isText]) => markup`<td${isText === true && markup` class="t"`}>${cell}</td>`)}
      <td colspan="${String(columns.length - first - known.length)}"></td>
    </tr>
  </tfoot>`;
}

function columnsFor(streams: readonly Stream[], history: History, by: Sort): Column[] {
  const isRepaired = streams.some(({ after }) => after !== null);
  return [
    {
      head: 'stream',
      sort: 'name',
      isText: true,
      cell: ({ stream }) =>
        markup`<a href="${addressOf({ ...OVERVIEW, stream: stream.id, sort: by })}">${streamName(stream)}</a>`,
    },
    ...(areDistinct(streams) ? [] : [{ head: 'flow', isText: true, cell: flowOf }]),
    { head: 'format', isText: true, cell: ({ stream }) => stream.format },
    { head: 'state', isText: true, cell: stateOf },
    { head: 'rate', sort: 'rate', cell: ({ last }) => (last === null ? '' : formatRate(last.rate_bit_per_second)) },
    { head: 'course', isText: true, cell: ({ stream }) => spark(history.course(stream.id, SPARKS)) },
    { head: 'lost now', cell: ({ last }) => (last === null ? '' : badCount(lostInInterval(last))) },
    { head: 'lost', sort: 'lost', cell: ({ stream }) => lossCell(stream) },
    {
      head: 'loss ratio',
      cell: ({ stream: { metrics, not_measured: why } }) => orNone(formatRatio(metrics.loss_ratio), why['loss_ratio']),
    },
    ...(isRepaired
      ? [
          {
            head: 'after repair',
            cell: ({ stream: { after } }: Row) => after !== null && badCount(lostOf(after.metrics)),
          },
        ]
      : []),
    { head: 'received', sort: 'received', cell: ({ stream }) => formatCount(stream.metrics.packets_received) },
    { head: 'delay p50', cell: ({ stream }) => delayCell(stream, 'p50') },
    { head: 'delay p99', sort: 'delay', cell: ({ stream }) => delayCell(stream, 'p99') },
    {
      head: 'jitter',
      sort: 'jitter',
      cell: ({ stream: { metrics, not_measured: why } }) => orNone(formatDuration(metrics.jitter_ns), why['jitter_ns']),
    },
  ];
}

/** Flows and senders may share a group. */
function areDistinct(streams: readonly Stream[]): boolean {
  const names = streams.map(({ name, group, port, leg }) => `${name ?? formatHostPort(group, port)} ${leg}`);
  return new Set(names).size === names.length;
}

function flowOf({ stream: { flow, source, source_port: port } }: Row): Part {
  return flow ?? (source === '' ? '' : formatHostPort(source, port));
}

/** Of packets or of messages. */
function isLosing({ packets_lost: lost, loss_ratio: ratio }: IntervalRow): boolean {
  return (lost ?? ratio ?? 0) > 0;
}

function lossCell({ metrics, not_measured: why, role, after }: Stream): Part {
  const lost = lostOf(metrics);
  return badIf(role === 'media' && after === null && (lost ?? 0) > 0, orNone(formatCount(lost), why['packets_lost']));
}

function delayCell({ histograms, not_measured: why }: Stream, id: 'p50' | 'p99'): Part {
  return orNone(formatDuration(histograms?.one_way_delay_ns?.[id] ?? null), why['one_way_delay_ns']);
}

/** In words: colour is not all there is. */
function stateOf({ stream, last }: Row): Part {
  if (stream.ended) return markup`<span class="tag">ended</span>`;
  if (last === null) return '';
  if (isLosing(last)) return LOSING;
  return last.packets_received === 0 ? SILENT : OK;
}
