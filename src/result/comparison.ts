import type { LimitResult } from './model.js';

/** Schema of a comparison; it has no other use than to be shown. */
export const COMPARISON_SCHEMA = 'mcastkit.comparison/1';

/** Runs side by side; the first one is what the others are compared with. */
export interface Comparison {
  readonly schema: typeof COMPARISON_SCHEMA;
  readonly runs: readonly ComparedRun[];
  /** What is not alike about them, in words. */
  readonly differences: readonly string[];
  readonly figures: readonly ComparedFigure[];
  /** Regressions that were judged: `<name> regression <= <limit>`. */
  readonly limits: readonly LimitResult[];
}

export interface ComparedRun {
  /** Where it was read from, and which one there where there are several. */
  readonly source: string;
  readonly id: string;
  readonly name: string | null;
  readonly host: string;
  readonly start: string;
  readonly duration_ns: number;
  readonly verdict: 'valid' | 'degraded' | 'invalid';
}

/** One figure of all runs. */
export interface ComparedFigure {
  /** What the streams that are compared have in common; `null`: it is a figure of the run. */
  readonly stream: string | null;
  /** As limits name it. */
  readonly name: string;
  /** `null`: neither. */
  readonly better: 'lower' | 'higher' | null;
  /** Of each run; `null`: not measured. */
  readonly values: readonly (number | null)[];
  /** Of each run: value over that of the first run, less 1. `null`: one of them is not measured, or the first one's is not above 0. */
  readonly changes: readonly (number | null)[];
}
