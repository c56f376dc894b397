/** What stands in a cell: a figure, or that there is none. */
import { DASH, formatCount, formatHostPort } from '../../core/format.js';
import { markup, type Part } from './markup.js';

/** A figure that is already text; a dash is said in words to whoever does not see it, or asks. */
export function orNone(text: string, why?: string | null): Part {
  if (text !== DASH) return text;
  return markup`<abbr title="not measurable${why === undefined || why === null ? '' : `: ${why}`}">${DASH}</abbr>`;
}

/** A count of what should not be: in colour where there is any. */
export function badCount(count: number | null, why?: string | null): Part {
  return badIf((count ?? 0) > 0, orNone(formatCount(count), why));
}

export function badIf(isBad: boolean, part: Part): Part {
  return isBad ? markup`<span class="bad">${part}</span>` : part;
}

/** What others wrote, within a line: it turns the direction of nothing beside it. */
export function foreign(text: string | null): Part {
  return text === null ? orNone(DASH) : markup`<bdi>${text}</bdi>`;
}

/** A name from a line-up, or the place itself, which is not broken. */
export function placeName(name: string | null, group: string, port: number): Part {
  return name === null ? formatHostPort(group, port) : markup`<bdi class="name">${name}</bdi>`;
}
