import type { RunResult } from '../result/model.js';
import { withResolvers, type Resolvers } from '../runtime/resolvers.js';
import type { ConductedRun, End } from './conductedRun.js';

/** Results so far: asked for by a signal, to be shown, or by who follows the run, for itself. */
export class Snapshots {
  #runs: readonly ConductedRun[] = [];
  /** Asked for by signals and not come yet. */
  readonly #toShow = new Set<End>();
  readonly #waiting = new Map<End, Resolvers<RunResult | null>>();

  attach(runs: readonly ConductedRun[]): void {
    this.#runs = runs;
  }

  askToShow(): void {
    for (const { end, run } of this.#runs) {
      this.#toShow.add(end);
      run.snapshot();
    }
  }

  /** The result so far of each run that is under way; a run that ends meanwhile has none. */
  async ask(): Promise<readonly RunResult[]> {
    const results = await Promise.all(this.#runs.map((conducted) => this.#askOne(conducted)));
    return results.filter((result) => result !== null);
  }

  /** One has come. Returns whether it is to be shown. */
  take(result: RunResult, end: End): boolean {
    this.#waiting.get(end)?.resolve(result);
    this.#waiting.delete(end);
    return this.#toShow.delete(end);
  }

  /** Nothing comes any more. */
  end(): void {
    this.#runs = [];
    for (const waiting of this.#waiting.values()) waiting.resolve(null);
    this.#waiting.clear();
  }

  #askOne({ end, run }: ConductedRun): Promise<RunResult | null> {
    const asked = this.#waiting.get(end);
    if (asked !== undefined) return asked.promise;
    const waiting = withResolvers<RunResult | null>();
    this.#waiting.set(end, waiting);
    void run.exited.then(() => waiting.resolve(null));
    run.snapshot();
    return waiting.promise;
  }
}
