import { randomBytes } from 'node:crypto';
import { isFile, readWhole } from '../io/wholeFile.js';
import type { PlanContext } from '../profile/targets.js';

/** What commands get from the process. */
export interface CliContext {
  /** Behind the interpreter and the script. */
  readonly argv: readonly string[];
  /** Ends the process at once: a second signal. */
  readonly abort: (status: number) => void;
}

export function planContext(context: CliContext): PlanContext {
  return {
    argv: context.argv,
    nowUnixNs: BigInt(Date.now()) * 1_000_000n,
    random: () => randomBytes(4).readUInt32BE(),
    files: { readWhole, isFile },
  };
}
