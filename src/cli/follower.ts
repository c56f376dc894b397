import type { RunResult } from '../result/model.js';
import type { StreamAddress } from '../profile/plan.js';
import type { RunMessage } from '../runtime/messages.js';
import type { OutputQueue } from '../runtime/receiverOutputs.js';
import type { End } from './conductedRun.js';

/**
 * What follows a run beside its text and JSON lines: report files, a page, exports of its figures. Whatever it takes
 * long for happens behind promises of its own; what it throws in {@link show} ends the run.
 */
export interface Follower {
  /** Everything that a run posts but its result. */
  show?(message: RunMessage, end: End): void;
  /** Where the media of a receiver are to go, so that they may be watched; `null`: they need not go anywhere. */
  preview?(streams: readonly StreamAddress[]): OutputQueue | null;
  /** The result that the command ends with; of several (`mcast report`) one after the other. Rejects with ERR_FILE. */
  finish?(result: RunResult): Promise<void> | void;
  /** Its files may have been moved away (log rotation). Throws ERR_FILE. */
  reopen?(): void;
  /** Ends all that it started, however the run went. Never rejects. */
  close(): Promise<void> | void;
}
