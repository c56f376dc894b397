import type { RunResult } from './model.js';

/** How a run ended, worst first: what an exit status says in a word. */
export type Outcome = 'cut_short' | 'invalid' | 'limit_exceeded' | 'ok';

/**
 * `cut_short`: a bounded run did not get to its end. `invalid`: the instrument calls its own result so.
 * `limit_exceeded`: or cannot be judged, or nothing arrived.
 */
export function outcomeOf({ run, health, limits }: Pick<RunResult, 'run' | 'health' | 'limits'>): Outcome {
  if (!run.complete) return 'cut_short';
  if (health.verdict === 'invalid') return 'invalid';
  return limits.some(({ ok }) => !ok) ? 'limit_exceeded' : 'ok';
}
