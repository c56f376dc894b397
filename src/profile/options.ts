/**
 * The one table of options. The command line, the endpoint parameters, the help, `docs/cli.md` and its
 * test come from it: an option that is not here does not exist. Values are read by the same function
 * wherever they were written.
 */
import type { CommandName, OptionRow } from './optionRow.js';
import { BENCH_OPTIONS } from './benchOptions.js';
import { EXPORT_OPTIONS } from './exportOptions.js';
import { MEDIA_OPTIONS } from './mediaOptions.js';
import { FEED_OPTIONS } from './feedOptions.js';
import { CAPACITY_OPTIONS } from './capacityOptions.js';
import { FEEDBACK_OPTIONS } from './feedbackOptions.js';
import { RECOVERY_OPTIONS } from './recoveryOptions.js';
import { RUN_OPTIONS } from './runOptions.js';
import { REPLAY_OPTIONS } from './replayOptions.js';
import { SESSION_OPTIONS } from './sessionOptions.js';
import { TRAFFIC_OPTIONS } from './trafficOptions.js';
import { ZAP_OPTIONS } from './zapOptions.js';

export { COMMANDS, SECTIONS, type CommandName, type OptionRow, type Section } from './optionRow.js';

export const OPTIONS = {
  ...TRAFFIC_OPTIONS,
  ...MEDIA_OPTIONS,
  ...FEED_OPTIONS,
  ...RECOVERY_OPTIONS,
  ...REPLAY_OPTIONS,
  ...SESSION_OPTIONS,
  ...ZAP_OPTIONS,
  ...FEEDBACK_OPTIONS,
  ...CAPACITY_OPTIONS,
  ...BENCH_OPTIONS,
  ...RUN_OPTIONS,
  ...EXPORT_OPTIONS,
} as const;

export type OptionName = keyof typeof OPTIONS;
export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

type ValueOf<Row> = Row extends OptionRow<infer T, infer Many> ? (Many extends true ? readonly T[] : T) : never;

/** Values as read; what was not given is missing. */
export type OptionValues = { readonly [Name in OptionName]?: ValueOf<(typeof OPTIONS)[Name]> };

/** Options of a command in the order of the table. */
export function optionsOf(command: CommandName): readonly OptionName[] {
  return OPTION_NAMES.filter((name) => (OPTIONS[name].commands as readonly CommandName[]).includes(command));
}

/** The value is optional, and taken only behind `=`. */
export function hasOptionalValue(row: OptionRow): boolean {
  return row.value?.startsWith('[') === true;
}
