/** The course of a rate in the height of a line: a drawing beside figures, for eyes alone. */
import { markup, trusted, type Part } from '../html/markup.js';
import { barPath, linePath, viewBox } from '../html/paths.js';
import type { Course } from './history.js';

/** Intervals: fewer than its pixels. */
export const SPARKS = 60;
/** Of its height: the bars, and the line above them. */
const BARS = 0.15;
const GROUND = 0.2;

/** The rate as a line; below it bars where something was lost. */
export function spark(course: Course | null): Part {
  if (course === null) return '';
  const { rates, isLossy } = course;
  const most = rates.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  const line = linePath(rates, (value) => (most === 0 ? 0 : GROUND + ((1 - GROUND) * value) / most));
  const bars = barPath(isLossy.map((is) => (is ? BARS : 0)));
  return markup`<svg class="spark" width="96" height="18" viewBox="${viewBox(rates.length)}" preserveAspectRatio="none" aria-hidden="true">
    <path class="bar c-network" d="${trusted(bars)}" />
    <path class="line c-rate" d="${trusted(line)}" />
  </svg>`;
}
