import type { RunResult } from './model.js';

/** A result and where it was read from. */
export interface NamedResult {
  readonly source: string;
  readonly result: RunResult;
}
