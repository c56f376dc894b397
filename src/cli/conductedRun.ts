import type { Run } from '../runtime/run.js';

/** Which end of a run a message comes from. */
export type End = 'recv' | 'send';

export interface ConductedRun {
  readonly end: End;
  readonly run: Run;
}
