import { ttyAttached } from './terminal.js';

/** Why a run was asked to end before its own end. */
export type StopCause = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'closed output';

/** Exit status of a bounded run that was cut short: 128 + the signal's number, as shells say it. */
export const CUT_SHORT_STATUS: Readonly<Record<StopCause, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
  SIGHUP: 129,
  'closed output': 130,
};

export interface LifecycleActions {
  /** Ends the run cleanly. */
  stop(): void;
  /** Writes the result so far. */
  snapshot(): void;
  /** Reopens output files. */
  reopen(): void;
  /** Ends at once: a second SIGINT. */
  abort(status: number): void;
}

/**
 * Signals of a run: the first SIGINT, SIGTERM or closed output ends it cleanly, a second SIGINT or
 * SIGTERM at once. SIGUSR1 and SIGUSR2 write the result so far (with a listener on SIGUSR1 Node does
 * not open its debugger). SIGHUP reopens output files, or ends the run when it has a terminal: that
 * terminal is gone.
 */
export class Lifecycle implements Disposable {
  /** What ended the run early; `null`: nothing did. */
  cause: StopCause | null = null;
  readonly #actions: LifecycleActions;
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[];

  constructor(actions: LifecycleActions) {
    this.#actions = actions;
    this.#handlers = [
      ['SIGINT', () => this.#end('SIGINT')],
      ['SIGTERM', () => this.#end('SIGTERM')],
      ['SIGHUP', () => (ttyAttached() ? this.#hangUp() : this.#actions.reopen())],
      ['SIGUSR1', () => this.#actions.snapshot()],
      ['SIGUSR2', () => this.#actions.snapshot()],
    ];
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
    process.stdout.on('error', this.#onOutputError);
  }

  readonly #onOutputError = (): void => {
    if (this.cause === null) this.#end('closed output');
  };

  /** As the first SIGINT, or a second one. */
  interrupt(): void {
    this.#end('SIGINT');
  }

  /** A terminal that is gone is told of twice, by this and by a closed output: that asks for no haste. */
  #hangUp(): void {
    if (this.cause === null) this.#end('SIGHUP');
  }

  #end(cause: StopCause): void {
    if (this.cause !== null) {
      this.#actions.abort(CUT_SHORT_STATUS[cause]);
      return;
    }
    this.cause = cause;
    this.#actions.stop();
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
    process.stdout.off('error', this.#onOutputError);
  }
}
