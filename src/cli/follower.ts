import type { OutputPlan } from '../profile/makePlan.js';
import type { RunResult } from '../result/model.js';
import type { RunMessage } from '../runtime/messages.js';
import type { End } from './conductedRun.js';
import type { Snapshots } from './snapshots.js';

/**
 * What follows a run beside its text and JSON lines: report files, a page, exports of its figures. Whatever it takes
 * long for happens behind promises of its own; what it throws in {@link show} ends the run.
 */
export interface Follower {
  /** Everything that a run posts but its result. */
  show?(message: RunMessage, end: End): void;
  /** The result that the command ends with; of several (`mcast report`) one after the other. Rejects with ERR_FILE. */
  finish?(result: RunResult): Promise<void> | void;
  /** Ends all that it started, however the run went. Never rejects. */
  close(): Promise<void> | void;
}

/**
 * What the output asks for, and no more of the program than that is loaded. `snapshots`: where results so far are to
 * be had once runs are under way; `say`: a line for people. Rejects with ERR_FILE, ERR_SOCKET; nothing is left open then.
 */
export async function openFollowers(
  _output: OutputPlan,
  _command: string,
  _snapshots: Snapshots,
  _say: (text: string) => void,
): Promise<readonly Follower[]> {
  return [];
}
