import type { RunResult } from '../result/model.js';
import { withResolvers, type Resolvers } from '../runtime/resolvers.js';
import type { ConductedRun, End } from './conductedRun.js';

type Waiting = Map<End, Resolvers<RunResult | null>>;

/** Results so far: asked for by a signal, to be shown, or by who follows the run, for itself. */
export class Snapshots {
  #runs: readonly ConductedRun[] = [];
  /** Asked for by signals and not come yet. */
  readonly #toShow = new Set<End>();
  readonly #wholes: Waiting = new Map();
  readonly #outlines: Waiting = new Map();

  attach(runs: readonly ConductedRun[]): void {
    this.#runs = runs;
  }

  /** Both ends are runs of this command. */
  get isPair(): boolean {
    return this.#runs.length > 1;
  }

  askToShow(): void {
    for (const { end, run } of this.#runs) {
      this.#toShow.add(end);
      run.snapshot();
    }
  }

  /** The result so far of each run that is under way; a run that ends meanwhile has none. */
  async ask(): Promise<readonly RunResult[]> {
    return await this.#askAll(this.#wholes, ({ run }) => run.snapshot());
  }

  /** The same in outline (`result/outline.ts`), but for `streams`, by id. */
  async askOutline(streams: readonly string[]): Promise<readonly RunResult[]> {
    return await this.#askAll(this.#outlines, ({ run }) => run.outline(streams));
  }

  /** One has come. Returns whether it is to be shown. */
  take(result: RunResult, end: End): boolean {
    this.#resolve(this.#wholes, result, end);
    this.takeOutline(result, end);
    return this.#toShow.delete(end);
  }

  takeOutline(result: RunResult, end: End): void {
    this.#resolve(this.#outlines, result, end);
  }

  /** Nothing comes any more. */
  end(): void {
    this.#runs = [];
    for (const all of [this.#wholes, this.#outlines]) {
      for (const waiting of all.values()) waiting.resolve(null);
      all.clear();
    }
  }

  #resolve(all: Waiting, result: RunResult, end: End): void {
    all.get(end)?.resolve(result);
    all.delete(end);
  }

  async #askAll(all: Waiting, ask: (conducted: ConductedRun) => void): Promise<readonly RunResult[]> {
    const results = await Promise.all(this.#runs.map((conducted) => this.#askOne(all, conducted, ask)));
    return results.filter((result) => result !== null);
  }

  #askOne(all: Waiting, conducted: ConductedRun, ask: (conducted: ConductedRun) => void): Promise<RunResult | null> {
    const { end, run } = conducted;
    const asked = all.get(end);
    if (asked !== undefined) return asked.promise;
    const waiting = withResolvers<RunResult | null>();
    all.set(end, waiting);
    void run.exited.then(() => waiting.resolve(null));
    ask(conducted);
    return waiting.promise;
  }
}
