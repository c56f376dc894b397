import type { RunResult } from '../result/model.js';
import type { ReadyInfo, RunMessage } from './messages.js';

/** What it throws ends the run, whose {@link Run.finished} rejects with it. */
export type RunListener = (message: RunMessage) => void;

/** A run in a worker of its own, seen from the thread that started it. */
export interface Run {
  /** Sockets are open; a receiver has joined. Rejects as {@link finished} does when it never comes to that. */
  readonly ready: Promise<ReadyInfo>;
  readonly finished: Promise<RunResult>;
  /** Ends it cleanly; {@link finished} follows. Calling it again changes nothing. */
  stop(): void;
  /** A receiver: it ends when nothing has come for `SILENCE_NS` from now on. Others go on. */
  endWhenSilent(): void;
  /** Asks for the result so far: a `partial` message follows. */
  snapshot(): void;
  /** Asks for it in outline, with these streams in full: an `outline` message follows, or a `partial`, which has all. */
  outline(streams: readonly string[]): void;
  /** Asks it to reopen its output files. */
  reopen(): void;
  /** Ends it at once, without a result; {@link finished} rejects unless it was settled. */
  abandon(): Promise<void>;
  /** Its thread is gone, however it went. Never rejects. */
  readonly exited: Promise<void>;
}
