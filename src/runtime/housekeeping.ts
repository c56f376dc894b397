import type { Nanos } from '../core/time.js';
import type { Agent } from './agent.js';

/** Something that is done at `firstMonoNs` + k x `periodNs`, whatever the last time took. */
export interface Periodic {
  readonly firstMonoNs: Nanos;
  readonly periodNs: Nanos;
  /** `dueMonoNs`: when it should have been called, the latest time if several have passed. */
  run(nowMonoNs: Nanos, dueMonoNs: Nanos): void;
}

/** Everything periodic of a run that sends nothing. It has finished when all the others have. */
export class Housekeeping implements Agent {
  readonly #tasks: readonly Periodic[];
  readonly #nextNs: Float64Array;
  readonly #others: readonly Agent[];

  constructor(tasks: readonly Periodic[], others: readonly Agent[]) {
    this.#tasks = tasks;
    this.#others = others;
    this.#nextNs = Float64Array.from(tasks, (task) => task.firstMonoNs);
  }

  get finished(): boolean {
    return this.#others.every((agent) => agent.finished);
  }

  doWork(nowMonoNs: Nanos): number {
    for (let i = 0; i < this.#tasks.length; i++) {
      const dueNs = this.#nextNs[i]!;
      if (dueNs > nowMonoNs) continue;
      const { periodNs, run } = this.#tasks[i]!;
      // An infinite period times 0 would be no number.
      const missed = Math.floor((nowMonoNs - dueNs) / periodNs);
      const latestNs = missed === 0 ? dueNs : dueNs + periodNs * missed;
      this.#nextNs[i] = latestNs + periodNs;
      run(nowMonoNs, latestNs);
    }
    return 0;
  }

  nextDueNs(): Nanos {
    let dueNs = Infinity;
    for (let i = 0; i < this.#nextNs.length; i++) dueNs = Math.min(dueNs, this.#nextNs[i]!);
    return dueNs;
  }

  gatherNs(): Nanos {
    return Infinity;
  }

  stop(): void {}
}
