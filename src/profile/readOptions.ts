/** From words to values: flags and endpoint parameters are read alike, with all their problems. */
import { McastError } from '../core/errors.js';
import {
  OPTION_NAMES,
  OPTIONS,
  type CommandName,
  type OptionName,
  type OptionRow,
  type OptionValues,
} from './options.js';

/** What was written for each option, in order; a flag that is there is `yes`, a bare `--json` is `-`. */
export type WrittenOptions = ReadonlyMap<OptionName, readonly string[]>;

/** The options of one command line, or of one call of the API. */
export interface GivenOptions {
  readonly command: CommandName;
  /** As read from the flags; endpoint parameters are not among them. */
  readonly values: OptionValues;
  /** As they were written. */
  readonly written: WrittenOptions;
  /** Those that a profile alone says: it is written for several uses. Left out: none. */
  readonly ofProfile?: ReadonlySet<OptionName>;
}

/**
 * Reads all of `written`; what cannot be read is missing from the values and appended to `problems`,
 * named by `label` (`--rate`, or `probe://...: rate`).
 */
export function readOptions(
  written: WrittenOptions,
  label: (name: OptionName) => string,
  problems: McastError[],
): OptionValues {
  const values: Record<string, unknown> = {};
  for (const name of OPTION_NAMES) {
    const texts = written.get(name);
    if (texts === undefined) continue;
    const row: OptionRow = OPTIONS[name];
    const list: unknown[] = [];
    for (const text of texts) {
      try {
        list.push(row.read(text));
      } catch (error) {
        if (!(error instanceof McastError)) throw error;
        problems.push(new McastError(error.code, `${label(name)}: ${error.message}`, { hint: error.hint }));
      }
    }
    if (list.length === 0) continue;
    values[name] = row.many ? list : list.at(-1);
  }
  return values as OptionValues;
}

/** Throws what was collected: the one problem, or one error with a line for each. Nothing collected, nothing thrown. */
export function throwProblems(problems: readonly McastError[]): void {
  const first = problems[0];
  if (first === undefined) return;
  if (problems.length === 1) throw first;
  const sameCode = problems.every((problem) => problem.code === first.code);
  const message = problems.map((problem) => problem.message).join('\n');
  throw sameCode ? new McastError(first.code, message, { hint: first.hint }) : new McastError('ERR_USAGE', message);
}
