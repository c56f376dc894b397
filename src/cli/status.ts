import type { RunResult } from '../result/model.js';
import { CUT_SHORT_STATUS, type StopCause } from './lifecycle.js';

/**
 * Exit status of a finished run: 130 or 143 when a bounded run was cut short, 4 when the instrument
 * calls its own result invalid, 3 when a limit is exceeded or cannot be judged or nothing arrived, else 0.
 */
export function exitStatus(result: RunResult, cause: StopCause | null): number {
  if (!result.run.complete) return CUT_SHORT_STATUS[cause ?? 'SIGINT'];
  if (result.health.verdict === 'invalid') return 4;
  if (result.limits.some((limit) => !limit.ok)) return 3;
  return 0;
}
