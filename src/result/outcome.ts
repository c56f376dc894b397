import type { RunResult } from './model.js';

/** How a run ended, worst first: what an exit status says in a word. */
export type Outcome = 'cut_short' | 'invalid' | 'limit_exceeded' | 'output_failed' | 'ok';

/**
 * `cut_short`: a bounded run did not get to its end. `invalid`: the instrument calls its own result so.
 * `limit_exceeded`: or cannot be judged, or nothing arrived. `output_failed`: a file, program or link that was to take what
 * was received.
 */
export function outcomeOf({
  run,
  health,
  limits,
  outputs,
}: Pick<RunResult, 'run' | 'health' | 'limits' | 'outputs'>): Outcome {
  if (!run.complete) return 'cut_short';
  if (health.verdict === 'invalid') return 'invalid';
  if (limits.some(({ ok }) => !ok)) return 'limit_exceeded';
  return outputs.some(({ failed }) => failed) ? 'output_failed' : 'ok';
}
