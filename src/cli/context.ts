/** What commands get from the process. */
export interface CliContext {
  /** Behind the interpreter and the script. */
  readonly argv: readonly string[];
  /** Ends the process at once: a second signal. */
  readonly abort: (status: number) => void;
}
