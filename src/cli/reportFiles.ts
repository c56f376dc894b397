import { formatOctets } from '../core/format.js';
import { checkReplaceable, replaceFile } from '../io/replaceFile.js';
import type { ReportTarget } from '../profile/reportValues.js';
import { renderReport } from '../report/render.js';
import type { Comparison } from '../result/comparison.js';
import type { RunResult } from '../result/model.js';

/**
 * The files of `--report`. That they can be written is found out when this is made: a run of an hour is not to end with
 * "cannot be written". Each is complete or as it was before.
 */
export class ReportFiles {
  readonly #targets: readonly ReportTarget[];

  /** Throws ERR_FILE. */
  constructor(targets: readonly ReportTarget[]) {
    this.#targets = targets;
    for (const { path } of targets) if (path !== '-') checkReplaceable(path);
  }

  /** All of them; returns a line on each for people. Throws ERR_FILE. */
  write(results: readonly RunResult[], comparison: Comparison | null = null): string[] {
    return this.#targets.flatMap(({ path, format }) => {
      const text = renderReport(format, results, comparison);
      if (path === '-') {
        process.stdout.write(text);
        return [];
      }
      replaceFile(path, text);
      return [`report: ${path} (${formatOctets(Buffer.byteLength(text))})`];
    });
  }
}
