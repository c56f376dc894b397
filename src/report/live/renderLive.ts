/** The live view as lines for a terminal. Computes nothing: figures are those of the intervals, counts their sums. */
import { formatDuration, formatTimeOfDay, UTC } from '../../core/format.js';
import type { SenderIntervalRow } from '../../result/interval.js';
import { displayWidth, shortened } from '../displayWidth.js';
import { styleOf, type Style, type TextOptions } from '../style.js';
import { RECEIVED_COLUMNS, REPORTED_COLUMNS, SENT_COLUMNS } from './columns.js';
import type { ReceivedFigures } from './history.js';
import type { LiveState } from './liveState.js';
import type { Order } from './order.js';
import { bar, legend } from './pictures.js';
import { progressOf } from './progress.js';
import type { ReportedFigures } from './receiverReports.js';
import { sectionOf, type Section, type SectionKind } from './section.js';

export interface LiveOptions extends Pick<TextOptions, 'color' | 'offsetAt'> {
  /** No line is longer. */
  readonly columns: number;
  /** There are no more lines. */
  readonly rows: number;
  /** No characters beyond ASCII but those of names. */
  readonly ascii?: boolean;
  readonly order?: Order;
  /** So many lines of streams are scrolled away. */
  readonly top?: number;
  /** Of what this is the view. */
  readonly title?: string;
  /** It does not follow the run for now. */
  readonly isPaused?: boolean;
  /** The run was asked to end. */
  readonly isEnding?: boolean;
  /** There is a keyboard. */
  readonly hasKeys?: boolean;
}

/** How far the lines of streams can be scrolled. */
export interface LivePage {
  /** Lines of streams that are seen at once. */
  readonly rows: number;
  /** The last sensible {@link LiveOptions.top}. */
  readonly lastTop: number;
}

const RECEIVED: Omit<SectionKind<Partial<ReceivedFigures>>, 'name'> = {
  columns: RECEIVED_COLUMNS,
  hasRates: true,
  rateOf: (row) => row.rate_bit_per_second,
  delayOf: (row) => row.one_way_delay_p50_ns,
};
const SENT: Omit<SectionKind<SenderIntervalRow>, 'name'> = {
  columns: SENT_COLUMNS,
  hasRates: true,
  rateOf: (row) => row.rate_bit_per_second,
  delayOf: (row) => row.departure_error_p99_ns,
};
const REPORTED: SectionKind<ReportedFigures> = {
  name: 'receiver',
  columns: REPORTED_COLUMNS,
  hasRates: false,
  rateOf: () => null,
  delayOf: (row) => row.one_way_delay_p50_ns,
};

/** With fewer rows there is no legend; with fewer for streams there are no heads and no sums. */
const ROWS_FOR_LEGEND = 6;
const ROWS_FOR_HEADS = 3;
const ROWS_FOR_SUMS = 5;
const BAR = { least: 8, most: 30 } as const;

/** First what it is and how far it has come, then all streams together, a line each, and what glyphs and keys mean. */
export function renderLive(state: LiveState, options: LiveOptions): string[] {
  const style = styleOf(options.color ?? false);
  const view = arranged(state, options, style);
  const { top, shown, body } = window(view, options.top ?? 0);
  const lines = [statusLine(state, options, view, { top, shown }, style), ...body];
  if (view.sections.length === 0 && options.rows > 1) lines.push(style.dim(shortened('nothing yet', options.columns)));
  if (view.hasLegend) lines.push(legendLine(options, view, style));
  return lines.slice(0, options.rows);
}

/** Where the same view can be scrolled to. */
export function livePage(state: LiveState, options: LiveOptions): LivePage {
  const view = arranged(state, options, styleOf(false));
  const heading = Math.max(0, ...view.sections.map((section) => headingRows(view, section)));
  return { rows: Math.max(1, view.bodyRows - heading), lastTop: lastTopOf(view) };
}

interface View {
  readonly sections: readonly Section[];
  readonly hasLegend: boolean;
  /** For streams and the heads above them. */
  readonly bodyRows: number;
}

function arranged(state: LiveState, options: LiveOptions, style: Style): View {
  const { columns: width, rows, order = 'loss', ascii = false } = options;
  const how = { width, order, look: { style, ascii } };
  const { received, sent, receivers } = state;
  const sections: Section[] = [];
  const isAlone = sent.size === 0;
  if (received.size > 0)
    sections.push(sectionOf(received, { ...RECEIVED, name: isAlone ? 'stream' : 'received' }, how));
  if (sent.size > 0) sections.push(sectionOf(sent, { ...SENT, name: received.size > 0 ? 'sent' : 'stream' }, how));
  if (receivers.size > 0) sections.push(sectionOf(receivers, REPORTED, how));
  const hasLegend = rows >= ROWS_FOR_LEGEND;
  return { sections, hasLegend, bodyRows: Math.max(0, rows - 1 - (hasLegend ? 1 : 0)) };
}

/** Above the lines of a table: what its columns are, and all of it together. */
function heading(view: View, section: Section): string[] {
  return [section.head(), ...(section.hasSum ? [section.sum()] : [])].slice(0, headingRows(view, section));
}

function headingRows({ bodyRows }: View, { hasSum }: Section): number {
  return bodyRows < ROWS_FOR_HEADS ? 0 : hasSum && bodyRows >= ROWS_FOR_SUMS ? 2 : 1;
}

/** Lines of streams that are seen. */
interface Shown {
  /** Number of the first one. */
  readonly top: number;
  readonly shown: number;
}

/** The lines of streams from number `top` on, each table's below its heading, as many as there is room for. */
function window(view: View, wantedTop: number): Shown & { readonly body: string[] } {
  const top = Math.min(Math.max(0, wantedTop), lastTopOf(view));
  const body: string[] = [];
  let before = 0;
  let shown = 0;
  for (const section of view.sections) {
    const first = Math.max(0, top - before);
    before += section.size;
    const room = view.bodyRows - body.length - headingRows(view, section);
    if (first >= section.size || room <= 0) continue;
    body.push(...heading(view, section));
    for (let i = first; i < Math.min(section.size, first + room); i++, shown++) body.push(section.line(i));
  }
  return { top, shown, body };
}

/** From there to the end all lines fit. */
function lastTopOf(view: View): number {
  let room = view.bodyRows;
  let top = linesOf(view);
  for (const section of view.sections.toReversed()) {
    room -= headingRows(view, section);
    if (room <= 0) break;
    const shown = Math.min(section.size, room);
    top -= shown;
    room -= shown;
    if (shown < section.size) break;
  }
  return top;
}

interface Part {
  readonly text: string;
  readonly paint?: (text: string) => string;
  /** Where not all fit, those with the lowest do. */
  readonly rank: number;
}

function statusLine(state: LiveState, options: LiveOptions, view: View, { top, shown }: Shown, style: Style): string {
  const { columns: width, title = 'mcast', order = 'loss', offsetAt = UTC } = options;
  const progress = progressOf(state);
  const total = linesOf(view);
  const note = options.isEnding === true ? 'ending' : options.isPaused === true ? 'paused' : null;
  const unlisted = state.received.unlisted + state.sent.unlisted + state.receivers.unlisted;
  const parts: (Part | null)[] = [
    { text: title, paint: style.bold, rank: 1 },
    state.time === null ? null : { text: formatTimeOfDay(state.time, offsetAt), rank: 5 },
    state.time === null ? null : { text: progress?.text ?? formatDuration(state.endNs), rank: 2 },
    shown === total ? null : { text: `${top + 1}-${top + shown} of ${total}`, rank: 3 },
    unlisted === 0 ? null : { text: `and ${unlisted} more`, rank: 4 },
    isSortable(view) ? { text: `by ${order}`, rank: 6 } : null,
    note === null ? null : { text: note, paint: style.warn, rank: 0 },
  ];
  const { chosen, rest } = fitting(parts, width);
  const painted = chosen.map(({ text, paint }) => (paint === undefined ? text : paint(text)));
  if (progress !== null && rest > BAR.least)
    painted.push(bar(progress.share, Math.min(BAR.most, rest - 2), options.ascii ?? false));
  return painted.join('  ');
}

/** In their own order; `rest`: columns that are left. */
function fitting(parts: readonly (Part | null)[], width: number): { readonly chosen: Part[]; readonly rest: number } {
  const wanted = parts.filter((part) => part !== null);
  const chosen = new Set<Part>();
  let rest = width + 2;
  for (const part of wanted.toSorted((a, b) => a.rank - b.rank)) {
    const columns = displayWidth(part.text) + 2;
    if (columns > rest) break;
    rest -= columns;
    chosen.add(part);
  }
  return { chosen: wanted.filter((part) => chosen.has(part)), rest };
}

/** What glyphs mean and keys do; where there is no room for both, the keys. */
function legendLine(options: LiveOptions, view: View, style: Style): string {
  const { columns, hasKeys = false, isPaused = false } = options;
  const keys = !hasKeys
    ? []
    : [
        isPaused ? 'p go on' : 'p pause',
        ...(isSortable(view) ? ['s sort'] : []),
        ...(lastTopOf(view) > 0 ? ['arrows scroll'] : []),
        'q quit',
      ];
  const text = keys.join(' ');
  const both = displayWidth(legend(styleOf(false))) + (text === '' ? 0 : 3 + displayWidth(text));
  if (both > columns) return style.dim(shortened(text, columns));
  return text === '' ? legend(style) : `${legend(style)}   ${style.dim(text)}`;
}

function isSortable({ sections }: View): boolean {
  return sections.some(({ size }) => size > 1);
}

function linesOf({ sections }: View): number {
  return sections.reduce((sum, { size }) => sum + size, 0);
}
