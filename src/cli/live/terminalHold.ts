import { inForeground } from './foreground.js';

export interface HoldActions {
  /** The terminal is this process's: its modes may be changed. */
  take(): void;
  /** At once and before this returns all is as it was; modes may be changed only where `mayChange`. */
  giveBack(mayChange: boolean): void;
}

/**
 * Holds a terminal for a time, and gives it back whenever something else is to use it: at the end, while the process is
 * stopped (SIGTSTP, SIGSTOP) or in the background, and before it ends by an exception or at once.
 */
export class TerminalHold implements Disposable {
  readonly #actions: HoldActions;
  #isOver = false;
  /** Given back, and not stopped yet. */
  #isStopping = false;
  isHeld = false;

  constructor(actions: HoldActions) {
    this.#actions = actions;
    process.on('exit', this.#giveBack);
    // Before it is printed.
    process.on('uncaughtExceptionMonitor', this.#giveBack);
    process.on('SIGTSTP', this.#onStop);
    process.on('SIGCONT', this.#onContinue);
  }

  /** Returns whether it is held; not in the background. A shell that brings a process back to the foreground may not tell it. */
  take(): boolean {
    if (this.isHeld || this.#isOver || this.#isStopping || !inForeground()) return this.isHeld;
    this.isHeld = true;
    this.#actions.take();
    return true;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#giveBack();
    process.off('exit', this.#giveBack);
    process.off('uncaughtExceptionMonitor', this.#giveBack);
    process.off('SIGTSTP', this.#onStop);
    process.off('SIGCONT', this.#onContinue);
  }

  readonly #giveBack = (): void => {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.#actions.giveBack(inForeground());
  };

  readonly #onStop = (): void => {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#giveBack();
    // What ends with the next tick has ended then.
    setImmediate(() => {
      process.off('SIGTSTP', this.#onStop);
      // Goes on behind this when it is continued; a process whose group no shell watches is not stopped at all.
      process.kill(process.pid, 'SIGTSTP');
      this.#isStopping = false;
      if (this.#isOver) return;
      process.on('SIGTSTP', this.#onStop);
      this.take();
    });
  };

  readonly #onContinue = (): void => {
    // Behind a SIGSTOP the shell has put back the modes, and the cursor stands elsewhere.
    this.#giveBack();
    this.take();
  };
}
