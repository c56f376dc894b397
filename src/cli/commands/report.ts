import { McastError } from '../../core/errors.js';
import { readWhole } from '../../io/wholeFile.js';
import { planOutput, type OutputPlan } from '../../profile/makePlan.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { takesStandardOutput } from '../../profile/reportPlan.js';
import type { ReportTarget } from '../../profile/reportValues.js';
import { renderComparisonText } from '../../report/textComparison.js';
import { plainDocument } from '../../report/plainDocument.js';
import { compareResults } from '../../result/compareResults.js';
import type { Comparison } from '../../result/comparison.js';
import { judgeLimits } from '../../result/judge.js';
import { mergeRuns } from '../../result/mergeRuns.js';
import type { RunResult } from '../../result/model.js';
import type { NamedResult } from '../../result/namedResult.js';
import { readResults } from '../../result/read.js';
import { planContext } from '../../runtime/planContext.js';
import { withProfileBeside } from '../../runtime/withProfile.js';
import type { CliContext } from '../context.js';
import { LineFile } from '../output.js';
import { Presenter } from '../presenter.js';
import { exitStatus } from '../status.js';
import { wantsColor } from '../terminal.js';

/** JSON lines of a day and more: a line of 1 KiB a second. */
const MOST_OCTETS = 256 * 1024 * 1024;

/**
 * `mcast report`: saved results rendered again, and judged again where limits are given; put together, or compared. Its status
 * is that of the worst.
 */
export async function run(given: GivenOptions, operands: readonly string[], { argv }: CliContext): Promise<number> {
  const { merge = false, compare = false, 'max-regression': regressions = [] } = given.values;
  if (merge && compare) throw usage('--merge makes one result, --compare wants several: give one of them');
  if (regressions.length > 0 && !compare) throw usage('--max-regression is for --compare');
  const asked = await withProfileBeside(given, planContext(argv));
  const output = withPage(planOutput(asked.given, asked.judged), given.values.html, operands[0]!);
  // That a file cannot be written is known before the work is done.
  const { ReportFiles } = output.reports.length === 0 ? { ReportFiles: null } : await import('../reportFiles.js');
  const files = ReportFiles === null ? null : new ReportFiles(output.reports);
  const read = await readAll(operands);
  const results = merge ? [mergeRuns(read, output.limits)] : read.map(({ result }) => judged(result, output));
  const named = merge ? [] : read.map(({ source }, i) => ({ source, result: results[i]! }));
  const comparison = compare ? compareResults(named, regressions) : null;
  if (comparison === null) await show(results, output);
  else showComparison(comparison, output);
  const stream = takesStandardOutput(output) ? process.stderr : process.stdout;
  for (const line of files?.write(results, comparison) ?? []) stream.write(`${line}\n`);
  return statusOf(results, read, comparison);
}

/** As text where nothing else was asked for. */
async function show(results: readonly RunResult[], output: OutputPlan): Promise<void> {
  await using presenter = await Presenter.open(
    { ...output, reports: [] },
    { command: 'report', silent: output.reports.length > 0 },
  );
  for (const result of results) await presenter.finish(result);
}

function showComparison(comparison: Comparison, output: OutputPlan): void {
  if (output.json !== null) {
    using file = new LineFile(output.json);
    file.write(JSON.stringify({ type: 'comparison', comparison }));
  }
  if (output.reports.length > 0) return;
  const stream = output.json === '-' ? process.stderr : process.stdout;
  stream.write(renderComparisonText(plainDocument(comparison), { color: wantsColor(stream) }));
}

/** The first result is what the others are measured by: its own limits were its own affair. */
function statusOf(results: readonly RunResult[], read: readonly NamedResult[], comparison: Comparison | null): number {
  const own = (comparison === null ? results : results.slice(1)).map((result) => exitStatus(result, null));
  // A part that is not to be believed makes the whole so, whatever it is a part of.
  const parts = read.map(({ result }) => exitStatus({ ...result, limits: [] }, null));
  const regressed = comparison !== null && comparison.limits.some(({ ok }) => !ok) ? 3 : 0;
  return Math.max(regressed, ...own, ...(comparison === null ? parts : []));
}

function judged(result: RunResult, output: OutputPlan): RunResult {
  return output.limits.length === 0 ? result : { ...result, limits: judgeLimits(result, output.limits, output) };
}

/** With the page of `--html`: `path` is where it goes; a terminal would show its source, so that it goes beside `read`. */
function withPage(output: OutputPlan, path: string | undefined, read: string): OutputPlan {
  if (path === undefined) return output;
  if (path !== '-' || !process.stdout.isTTY) return { ...output, reports: [...output.reports, page(path, output)] };
  if (read === '-') throw usage('--html would fill the terminal with its source: name a file, as --html=report.html');
  return {
    ...output,
    reports: [...output.reports, page(`${read.replace(/\.(?:json|ndjson|jsonl)$/u, '')}.html`, output)],
  };
}

function page(path: string, output: OutputPlan): ReportTarget {
  if (path === '-' && takesStandardOutput(output)) {
    throw usage('--html cannot be stdout too: name a file, as --html=report.html');
  }
  if (output.reports.some((report) => report.path === path)) throw usage(`--html and --report cannot both be ${path}`);
  return { path, format: 'html' };
}

/** All results of all files, in order. */
async function readAll(paths: readonly string[]): Promise<NamedResult[]> {
  if (paths.filter((path) => path === '-').length > 1) throw usage('standard input can be read once');
  const all: NamedResult[] = [];
  for (const path of paths) {
    const source = path === '-' ? 'standard input' : path;
    const results = await readResults(new TextDecoder().decode(readWhole(path, MOST_OCTETS)), source);
    if (results.length === 0) throw new McastError('ERR_FILE_FORMAT', `${source} holds no result`);
    for (const [i, result] of results.entries()) {
      all.push({ source: results.length === 1 ? source : `${source} (${i + 1})`, result });
    }
  }
  return all;
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}
