import { McastError } from '../core/errors.js';
import type { OptionValues } from './options.js';
import type { ReportTarget } from './reportValues.js';

/** What else may go to standard output, of which there is one. */
const OTHERS = ['json', 'capture', 'save', 'sdp', 'series', 'influx'] as const;

/** The files of `--report`; what is wrong is appended to `problems`. */
export function reportPlan(run: OptionValues, problems: McastError[]): readonly ReportTarget[] {
  const reports = run.report ?? [];
  const seen = new Set<string>();
  for (const { path } of reports) {
    if (seen.has(path)) problems.push(usage(`--report: two reports cannot both be ${path === '-' ? 'stdout' : path}`));
    if (path !== '-' && path === run.json) problems.push(usage(`--report and --json cannot both be ${path}`));
    seen.add(path);
  }
  const other = OTHERS.find((name) => isStandardOutput(run[name]));
  if (seen.has('-') && other !== undefined) {
    problems.push(usage(`--report and --${other} cannot both be stdout: give one of them a file`));
  }
  return reports;
}

function isStandardOutput(value: string | OptionValues['influx']): boolean {
  return value === '-' || (typeof value === 'object' && value.kind === 'file' && value.path === '-');
}

/** Whether JSON lines, a report or an export go to standard output, so that text for people must not. */
export function takesStandardOutput(output: {
  readonly json: string | null;
  readonly reports: readonly ReportTarget[];
  readonly exports: { readonly toStdout: boolean };
}): boolean {
  return output.json === '-' || output.exports.toStdout || output.reports.some(({ path }) => path === '-');
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}
