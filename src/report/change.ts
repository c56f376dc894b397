import type { ComparedFigure } from '../result/comparison.js';
import { formatSignedRatio } from './figure.js';

export interface Change {
  /** `+5.00 %`; empty where there is none to tell. */
  readonly text: string;
  readonly tone: 'better' | 'worse' | null;
}

/** By which share a figure is larger than in the first run; Infinity: it was 0 there. `null`: there is none to tell. */
export function shareOf({ values, changes }: ComparedFigure, run: number): number | null {
  return values[0] === 0 && (values[run] ?? 0) > 0 ? Infinity : (changes[run] ?? null);
}

/** What became of a figure in one of the runs, against the first. */
export function changeOf(figure: ComparedFigure, run: number): Change {
  const { better } = figure;
  const share = shareOf(figure, run);
  if (share === null) return { text: '', tone: null };
  const text = share === Infinity ? 'from 0' : `${share > 0 ? '+' : ''}${formatSignedRatio(share)}`;
  if (share === 0 || better === null) return { text, tone: null };
  return { text, tone: share > 0 === (better === 'higher') ? 'better' : 'worse' };
}
