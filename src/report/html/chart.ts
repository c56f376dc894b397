/** A drawing with its axes: legible without its colours, without a script, and to whoever hears it instead. */
import { markup, trusted, type Markup, type Part } from './markup.js';
import { viewBox } from './paths.js';
import type { Tick } from './scale.js';

export interface Layer {
  readonly path: string;
  /** Its class: `line`, `band` or `bar`, and the colour. */
  readonly look: string;
}

/** A value that is marked on the horizontal axis. */
export interface Mark extends Tick {
  /** Labels in different rows do not touch each other. */
  readonly row: number;
}

export interface Chart {
  readonly title: string;
  /** In words, for who does not see it. */
  readonly summary: string;
  /** What stands for what; with one layer nothing needs to be said. */
  readonly keys: readonly { readonly look: string; readonly label: string }[];
  /** Behind the title. */
  readonly note?: Part;
  /** Width of the drawing in units of the paths. */
  readonly columns: number;
  readonly layers: readonly Layer[];
  /** Upwards. */
  readonly levels: readonly Tick[];
  readonly ticks: readonly Tick[];
  readonly marks?: readonly Mark[];
  /** Table whose rows are the points, for a reader with a pointer. */
  readonly table?: string;
}

/** Of the drawing area, in pixels; labels stand above and below it. */
const TOP = 14;
const AREA = 104;
/** Below the area. */
const TICK_ROW = 14;
const MARK_ROW = 11;
/** At least so many are left free: drawings beside each other stand on one line. */
const MARK_ROWS = 4;

export function chart(about: Chart): Markup {
  const { title, summary, columns, layers, levels, ticks, marks = [], table } = about;
  const rows = marks.length === 0 ? 0 : Math.max(MARK_ROWS, ...marks.map(({ row }) => row + 1));
  const top = TOP + MARK_ROW * rows;
  const bottom = top + AREA;
  return markup`<figure class="chart"${table !== undefined && markup` data-table="${table}" data-points="${columns}"`}>
    ${captionOf(about)}
    <svg class="plot" width="100%" height="${bottom + TICK_ROW + 4}" role="img">
      <title>${title}</title>
      <desc>${summary}</desc>
      ${levels.map((tick) => levelLine(px(top + (1 - tick.at) * AREA)))}
      <svg y="${top}" width="100%" height="${AREA}" viewBox="${viewBox(columns)}" preserveAspectRatio="none">
        ${layers.map(({ path, look }) => markup`<path class="${look}" d="${trusted(path)}"/>`)}
      </svg>
      ${marks.map((mark) => markOf(mark, bottom))}
      ${levels.map(({ at, label }) => markup`<text class="level" x="1" y="${px(top + (1 - at) * AREA - 3)}">${label}</text>`)}
      ${ticks.map(({ at, label }) => tickText(at, label, bottom + TICK_ROW))}
    </svg>
  </figure>`;
}

function captionOf({ title, keys, note }: Chart): Markup {
  return markup`<figcaption><b>${title}</b>
    ${note !== undefined && markup` <small>${note}</small>`}
    ${keys.map(({ look, label }) => markup` <i class="key ${look}"></i>${label}`)}
  </figcaption>`;
}

function levelLine(y: number): Markup {
  return markup`<line class="grid" x2="100%" y1="${y}" y2="${y}"/>`;
}

function tickText(at: number, label: string, y: number): Markup {
  const side = sideOf(at);
  return markup`<text x="${percent(at)}" y="${y}"${side !== null && markup` class="${side}"`}>${label}</text>`;
}

function markOf({ at, label, row }: Mark, bottom: number): Markup {
  const x = percent(at);
  const y = TOP + row * MARK_ROW - 2;
  const [side, dx] = isLeftOfMark(at) ? ['end', -3] : ['start', 3];
  return markup`<line class="mark" x1="${x}" x2="${x}" y1="${y - 8}" y2="${bottom}"/>
    <text class="mark ${side}" x="${x}" dx="${dx}" y="${y}">${label}</text>`;
}

/** Labels of marks that are far to the right stand to the left of them. */
function isLeftOfMark(at: number): boolean {
  return at > 0.8;
}

/** A character of a mark's label, of the width of the narrowest drawing. */
const MARK_CHARACTER = 0.024;

/** From where to where a mark and its label reach, of the width. */
export function markSpan({ at, label }: Mark): [from: number, to: number] {
  const length = (label.length + 1) * MARK_CHARACTER;
  return isLeftOfMark(at) ? [at - length, at] : [at, at + length];
}

function percent(at: number): string {
  return `${Number((at * 100).toFixed(2))}%`;
}

function px(value: number): number {
  return Number(value.toFixed(1));
}

/** In the middle below its place, but for the outermost. */
function sideOf(at: number): 'start' | 'end' | null {
  return at < 0.04 ? 'start' : at > 0.96 ? 'end' : null;
}
