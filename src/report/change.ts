import type { ComparedFigure } from '../result/comparison.js';
import { formatSignedRatio } from './figure.js';

export interface Change {
  /** `+5.00 %`; empty where there is none to tell. */
  readonly text: string;
  readonly tone: 'better' | 'worse' | null;
}

/** What became of a figure in one of the runs, against the first. */
export function changeOf({ values, changes, better }: ComparedFigure, run: number): Change {
  const value = values[run] ?? null;
  // No share of nothing can be told.
  if (values[0] === 0 && value !== null && value > 0) {
    return { text: 'from 0', tone: better === null ? null : better === 'higher' ? 'better' : 'worse' };
  }
  const change = changes[run] ?? null;
  if (change === null) return { text: '', tone: null };
  const text = `${change > 0 ? '+' : ''}${formatSignedRatio(change)}`;
  if (change === 0 || better === null) return { text, tone: null };
  return { text, tone: change > 0 === (better === 'higher') ? 'better' : 'worse' };
}
