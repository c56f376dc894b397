/** Figures as pictures a character high: the course of a rate, what happened in each interval, how far a run has come. */
import type { Style } from '../style.js';
import { Outcome, type OutcomeOf } from './history.js';

/** Eighths of a character are seven: a full one would touch the line above it. */
const LEVELS = { blocks: '\u2581\u2582\u2583\u2584\u2585\u2586\u2587', ascii: '.:-=+*#' } as const;
const BAR = { blocks: ['\u2588', '\u2591'], ascii: ['#', '.'] } as const;
const GLYPHS: Readonly<Record<OutcomeOf, string>> = {
  [Outcome.None]: ' ',
  [Outcome.Silent]: '-',
  [Outcome.Sound]: '.',
  [Outcome.Duplicate]: 'D',
  [Outcome.Reordered]: 'R',
  [Outcome.Late]: 'L',
  [Outcome.Lost]: 'X',
};
const MEANINGS = [
  [Outcome.Sound, 'ok'],
  [Outcome.Duplicate, 'dup'],
  [Outcome.Reordered, 'reord'],
  [Outcome.Late, 'late'],
  [Outcome.Lost, 'lost'],
  [Outcome.Silent, 'none'],
] as const;

/** What the glyphs of a history mean. */
export function legend(style: Style): string {
  return MEANINGS.map(([outcome, text]) => `${paintOf(outcome, style)(GLYPHS[outcome])} ${style.dim(text)}`).join(' ');
}

/** Oldest first, against the highest of them; nothing is blank. Exactly `width` columns, filled from the left. */
export function sparkline(values: readonly number[], width: number, ascii: boolean): string {
  const shown = values.slice(-width);
  const levels = ascii ? LEVELS.ascii : LEVELS.blocks;
  const highest = Math.max(...shown);
  const text = shown.map((value) => (value > 0 ? levels[Math.ceil((value / highest) * levels.length) - 1]! : ' '));
  return text.join('').padEnd(width);
}

/** A glyph an interval, oldest first. At most `width` columns. */
export function historyGlyphs(outcomes: readonly OutcomeOf[], width: number, style: Style): string {
  const shown = outcomes.slice(-width);
  let text = '';
  // Colours are said once for as many as have them.
  for (let from = 0; from < shown.length;) {
    const paint = paintOf(shown[from]!, style);
    let to = from + 1;
    while (to < shown.length && paintOf(shown[to]!, style) === paint) to++;
    const glyphs = shown.slice(from, to).map((outcome) => GLYPHS[outcome]);
    text += paint(glyphs.join(''));
    from = to;
  }
  return text;
}

function paintOf(outcome: OutcomeOf, style: Style): (text: string) => string {
  if (outcome === Outcome.None) return asItIs;
  if (outcome === Outcome.Sound) return style.good;
  return outcome === Outcome.Late || outcome === Outcome.Lost ? style.bad : style.warn;
}

function asItIs(text: string): string {
  return text;
}

/** `share`: 0..1. Full only when it is all. */
export function bar(share: number, width: number, ascii: boolean): string {
  const [full, empty] = ascii ? BAR.ascii : BAR.blocks;
  const columns = Math.min(width, Math.max(0, Math.floor(share * width)));
  return full.repeat(columns) + empty.repeat(width - columns);
}
