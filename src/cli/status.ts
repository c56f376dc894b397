import type { RunResult } from '../result/model.js';
import { outcomeOf } from '../result/outcome.js';
import { CUT_SHORT_STATUS, type StopCause } from './lifecycle.js';

/**
 * Exit status of a finished run: 130 or 143 when a bounded run was cut short, 4 when the instrument
 * calls its own result invalid, 3 when a limit is exceeded or cannot be judged or nothing arrived, 1 when an
 * output failed, else 0.
 */
export function exitStatus(result: RunResult, cause: StopCause | null): number {
  switch (outcomeOf(result)) {
    case 'cut_short':
      return CUT_SHORT_STATUS[cause ?? 'SIGINT'];
    case 'invalid':
      return 4;
    case 'limit_exceeded':
      return 3;
    case 'output_failed':
      return 1;
    case 'ok':
      return 0;
  }
}
