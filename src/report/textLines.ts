/** Lines of a text report: a label, and what stands behind it. */
import { formatCount } from '../core/format.js';
import { displayWidth } from './displayWidth.js';
import { broken, WIDTH } from './fold.js';

/** Columns of a label behind its indent. */
export const LABEL = 14;

export function line(label: string, text: string): string {
  const columns = displayWidth(label);
  return `  ${label}${' '.repeat(columns < LABEL ? LABEL - columns : 2)}${text}`;
}

/** As {@link line}, broken between words where it would be too long; `paint` colours each of them. */
export function lines(label: string, text: string, paint: (text: string) => string = (plain) => plain): string[] {
  return broken(text, WIDTH - LABEL - 2).map((part, i) => line(i === 0 ? label : '', paint(part)));
}

/** `1 stream`, `2 streams`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}
