import { formatRatio } from '../core/format.js';
import type { OutputPlan } from '../profile/makePlan.js';
import { takesStandardOutput } from '../profile/reportPlan.js';

/** Between two repaints. */
const EVERY_MS = 200;

/**
 * How far a large file has been read: one line on standard error, repainted. Nothing where no person
 * looks, and nothing where the lines of the run go to the same terminal and show it themselves.
 */
export class ProgressLine implements Disposable {
  readonly #wanted: boolean;
  #paintedMs = 0;
  #shown = false;

  constructor(output: OutputPlan) {
    const linesShown = process.stdout.isTTY && !output.quiet && !takesStandardOutput(output);
    this.#wanted = process.stderr.isTTY && !linesShown;
  }

  update(name: string, octets: number, totalOctets: number | null): void {
    if (!this.#wanted) return;
    const nowMs = performance.now();
    if (nowMs - this.#paintedMs < EVERY_MS) return;
    this.#paintedMs = nowMs;
    this.#shown = true;
    const far =
      totalOctets === null ? `${Math.round(octets / 1e6)} MB` : formatRatio(octets / Math.max(1, totalOctets));
    process.stderr.write(`\r\u001B[K${name}: ${far}`);
  }

  [Symbol.dispose](): void {
    if (this.#shown) process.stderr.write('\r\u001B[K');
    this.#shown = false;
  }
}
