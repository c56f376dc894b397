import type { Nanos } from '../core/time.js';
import type { Agent } from './agent.js';

/** Something that is done at `firstMonoNs` + k x `periodNs`, whatever the last time took. */
export interface Periodic {
  readonly firstMonoNs: Nanos;
  readonly periodNs: Nanos;
  /**
   * `dueMonoNs`: when it should have been called, the latest time if several have passed. Returns true when it wants to
   * go on in the next turn, beside its period.
   */
  run(nowMonoNs: Nanos, dueMonoNs: Nanos): boolean | void;
}

/** Everything periodic of a run that sends nothing. It has finished when all the others have. */
export class Housekeeping implements Agent {
  readonly #tasks: readonly Periodic[];
  readonly #nextNs: Float64Array;
  /** By task: when it was due that goes on; NaN: it does not. */
  readonly #unfinishedNs: Float64Array;
  readonly #others: readonly Agent[];

  constructor(tasks: readonly Periodic[], others: readonly Agent[]) {
    this.#tasks = tasks;
    this.#others = others;
    this.#nextNs = Float64Array.from(tasks, (task) => task.firstMonoNs);
    this.#unfinishedNs = new Float64Array(tasks.length).fill(NaN);
  }

  get finished(): boolean {
    return this.#others.every((agent) => agent.finished);
  }

  doWork(nowMonoNs: Nanos): number {
    for (let i = 0; i < this.#tasks.length; i++) {
      const dueNs = this.#nextNs[i]!;
      const unfinishedNs = this.#unfinishedNs[i]!;
      if (dueNs > nowMonoNs) {
        if (unfinishedNs === unfinishedNs) this.#run(i, nowMonoNs, unfinishedNs);
        continue;
      }
      const { periodNs } = this.#tasks[i]!;
      // An infinite period times 0 would be no number.
      const missed = Math.floor((nowMonoNs - dueNs) / periodNs);
      const latestNs = missed === 0 ? dueNs : dueNs + periodNs * missed;
      this.#nextNs[i] = latestNs + periodNs;
      this.#run(i, nowMonoNs, latestNs);
    }
    return 0;
  }

  #run(i: number, nowMonoNs: Nanos, dueNs: Nanos): void {
    this.#unfinishedNs[i] = this.#tasks[i]!.run(nowMonoNs, dueNs) === true ? dueNs : NaN;
  }

  nextDueNs(): Nanos {
    let dueNs = Infinity;
    for (let i = 0; i < this.#nextNs.length; i++) {
      const unfinishedNs = this.#unfinishedNs[i]!;
      dueNs = Math.min(dueNs, unfinishedNs === unfinishedNs ? unfinishedNs : this.#nextNs[i]!);
    }
    return dueNs;
  }

  gatherNs(): Nanos {
    return Infinity;
  }

  stop(): void {}
}
