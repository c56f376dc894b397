/**
 * Paths of drawings (SVG 2 section 9.3) over equidistant points, in few octets: a long run with many streams has
 * hundreds of thousands of points. Point i lies at x = i, from half before it to half behind it; y runs from 0 at the top to
 * {@link HEIGHT}.
 */

/** Of the drawing area, in its own units. */
export const HEIGHT = 100;

/** The box of a drawing of so many points. */
export function viewBox(points: number): string {
  return `-0.5 0 ${points} ${HEIGHT}`;
}

/** 0..1 upwards to y. */
function level(at: number): number {
  return Math.round((1 - at) * HEIGHT);
}

type Values = readonly (number | null)[];
type At = (value: number) => number;

/** A line through the values, broken where there is none. `at`: 0..1 upwards. */
export function linePath(values: Values, at: At): string {
  return runsOf(values.length, (i) => values[i] !== null)
    .map(([from, to]) => linePart(values, from, to, at))
    .join('');
}

/** The area between two rows of values, where both have one. */
export function bandPath(low: Values, high: Values, at: At): string {
  return runsOf(low.length, (i) => low[i] !== null && high[i] !== null)
    .map(([from, to]) => {
      const back: number[] = [];
      for (let i = to - 1; i >= from; i--) back.push(level(at(low[i]!)));
      const down = back[0]! - level(at(high[to - 1]!));
      return `${linePart(high, from, to, at)}v${down}${steps(back, -1)}z`;
    })
    .join('');
}

/** Bars as wide as a point, from the bottom: one outline of all. What is more than nothing can be seen. */
export function barPath(heights: readonly number[]): string {
  let path = `M-.5 ${HEIGHT}`;
  let y = HEIGHT;
  let flat = 0;
  for (const at of [...heights, 0]) {
    const next = at === 0 ? HEIGHT : Math.min(HEIGHT - 1, level(at));
    if (next !== y) {
      path += `${flat > 0 ? `h${flat}` : ''}v${next - y}`;
      flat = 0;
    }
    y = next;
    flat++;
  }
  return heights.every((at) => at === 0) ? '' : `${path}z`;
}

/** Stretches `[from, to)` in which all hold. */
function runsOf(length: number, holds: (i: number) => boolean): [from: number, to: number][] {
  const runs: [number, number][] = [];
  let from = 0;
  for (let i = 0; i <= length; i++) {
    if (i < length && holds(i)) continue;
    if (i > from) runs.push([from, i]);
    from = i + 1;
  }
  return runs;
}

/** None of the values of `[from, to)` is missing. One alone is a dot. */
function linePart(values: Values, from: number, to: number, at: At): string {
  const levels: number[] = [];
  for (let i = from; i < to; i++) levels.push(level(at(values[i]!)));
  return `M${from} ${levels[0]}${levels.length === 1 ? 'h0' : steps(levels, 1)}`;
}

/** From each level to the next, `dx` apart: a letter stands only where it is not that of the step before. */
function steps(levels: readonly number[], dx: 1 | -1): string {
  let path = '';
  let flat = 0;
  let isSloping = false;
  for (let i = 1; i <= levels.length; i++) {
    const dy = i < levels.length ? levels[i]! - levels[i - 1]! : null;
    if (dy === 0) {
      flat += dx;
      continue;
    }
    if (flat !== 0) {
      path += `h${flat}`;
      flat = 0;
      isSloping = false;
    }
    if (dy === null) break;
    path += `${isSloping ? (dx < 0 ? '' : ' ') : 'l'}${dx}${dy < 0 ? dy : ` ${dy}`}`;
    isSloping = true;
  }
  return path;
}
