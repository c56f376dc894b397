/** Which numbers are missing: a strip over the sequence, and the ranges in figures. */
import { formatCount } from '../../core/format.js';
import type { Stream } from '../../result/model.js';
import { markup, NOTHING, trusted, type Markup } from './markup.js';
import { table, type Column } from './table.js';

/** How much is shown; the rest is in the document. */
interface Extent {
  /** Places that are told apart along the strip. */
  readonly places: number;
  /** Ranges in figures. */
  readonly rows: number;
}
const FULL: Extent = { places: 1000, rows: 40 };
/** Of one of many streams. */
const BRIEF: Extent = { places: 400, rows: 8 };

const LOOKS = {
  network: 'c-network',
  socket_buffer: 'c-socket',
  application: 'c-application',
  mixed: 'c-mixed',
} as const;
type Cause = keyof typeof LOOKS;

interface LostRange {
  readonly first: string;
  readonly count: number;
  /** `null`: not told apart, as between two captures. */
  readonly cause: Cause | null;
}

/** `brief`: it is one of many. */
export function lossMap({ loss_map: map, loss_map_truncated: isTruncated, numbers }: Stream, brief: boolean): Markup {
  return map === null ? NOTHING : lossRanges(map, isTruncated, numbers, brief ? BRIEF : FULL);
}

/** `numbers`: all that were expected; `null`: not told, and the strip reaches from the first to the last that is missing. */
export function lossRanges(
  ranges: readonly LostRange[],
  isTruncated: boolean,
  numbers: Stream['numbers'],
  extent: Extent = FULL,
): Markup {
  if (ranges.length === 0) return NOTHING;
  const causes = [...new Set(ranges.map(({ cause }) => cause))];
  const more = isTruncated ? ', the first 1024 of more' : '';
  const { places, rows } = extent;
  const span = spanOf(ranges, numbers);
  const placed = placedIn(span, ranges, places);
  const from = String(span.from);
  return markup`<figure class="chart map">
    <figcaption><b>Lost numbers</b>
      <small> ${formatCount(ranges.length)} ${ranges.length === 1 ? 'range' : 'ranges'}${more}</small>
      ${causes.map((cause) => cause !== null && markup` <i class="key bar ${LOOKS[cause]}"></i>${nameOf(cause)}`)}
    </figcaption>
    <svg class="plot" width="100%" height="46" role="img">
      <title>Lost numbers</title>
      <desc>${formatCount(ranges.length)} ranges between ${from} and ${span.last}${more}</desc>
      <svg y="4" width="100%" height="24" viewBox="0 0 ${places} 10" preserveAspectRatio="none">
        <path class="ground" d="M0 0h${places}v10h-${places}z"/>
        ${causes.map((cause) => markup`<path class="strip ${lookOf(cause)}" d="${trusted(strip(placed, cause, places))}"/>`)}
      </svg>
      <text class="start" y="42">${from}</text>
      <text class="end" x="100%" y="42">${span.last}</text>
    </svg>
  </figure>
  ${rangeTable(
    ranges,
    rows,
    causes.some((cause) => cause !== null),
  )}`;
}

function rangeTable(ranges: readonly LostRange[], rows: number, hasCauses: boolean): Markup {
  const part = ranges.length > rows ? `, the first ${rows} of ${formatCount(ranges.length)}` : '';
  const columns: Column<LostRange>[] = [
    { head: 'first number', cell: ({ first }) => first },
    { head: 'how many', cell: ({ count }) => formatCount(count) },
    ...(hasCauses ? [CAUSE] : []),
  ];
  return markup`<details><summary>Ranges of lost numbers${part}</summary>${table(ranges.slice(0, rows), columns)}</details>`;
}

const CAUSE: Column<LostRange> = { head: 'cause', cell: ({ cause }) => nameOf(cause), text: 'short' };

/** Where the ranges of one cause lie between the outermost ones, as strokes: one lost number among millions is seen. */
function strip(ranges: readonly PlacedRange[], cause: Cause | null, places: number): string {
  const isLost = new Uint8Array(places);
  for (const range of ranges) if (range.cause === cause) isLost.fill(1, range.from, range.to);
  let path = '';
  for (let i = isLost.indexOf(1); i >= 0;) {
    const end = isLost.indexOf(0, i);
    const behind = end < 0 ? places : end;
    path += `M${i} 5h${behind - i}`;
    i = isLost.indexOf(1, behind);
  }
  return path;
}

interface PlacedRange {
  readonly cause: Cause | null;
  /** Places along the strip: from one up to, not including, another. */
  readonly from: number;
  readonly to: number;
}

interface Span {
  readonly from: bigint;
  /** Behind the last. */
  readonly to: bigint;
  /** What stands at the right end. */
  readonly last: string;
}

/** What the strip stands for: all numbers, or from the first to the last range. */
function spanOf(ranges: readonly LostRange[], numbers: Stream['numbers']): Span {
  if (numbers !== null) return { from: BigInt(numbers.from), to: BigInt(numbers.to), last: numbers.to };
  const firsts = ranges.map(({ first }) => BigInt(first));
  const from = firsts.reduce((least, first) => (first < least ? first : least));
  const last = firsts.reduce((most, first) => (first > most ? first : most));
  const to = ranges.reduce((end, { count }, i) => {
    const behind = firsts[i]! + BigInt(count);
    return behind > end ? behind : end;
  }, from);
  return { from, to, last: String(last) };
}

function placedIn({ from: origin, to }: Span, ranges: readonly LostRange[], places: number): PlacedRange[] {
  const length = Math.max(1, Number(to - origin));
  const place = (offset: number): number => Math.min(places, Math.max(0, Math.floor((offset * places) / length)));
  return ranges.map(({ first, count, cause }) => {
    const offset = Number(BigInt(first) - origin);
    const from = Math.min(places - 1, place(offset));
    return { cause, from, to: Math.max(from + 1, place(offset + count)) };
  });
}

function lookOf(cause: Cause | null): string {
  return cause === null ? LOOKS.network : LOOKS[cause];
}

function nameOf(cause: Cause | null): string {
  return cause === null ? '' : cause.replace('_', ' ');
}
