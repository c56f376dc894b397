/** What commands get from the process. */
export interface CliContext {
  /** Behind the interpreter and the script. */
  readonly argv: readonly string[];
  /** Threads that may give way to the loops. */
  readonly threads: readonly number[];
  /** Ends the process at once: a second signal. */
  readonly abort: (status: number) => void;
}
