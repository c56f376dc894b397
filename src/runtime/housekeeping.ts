import type { Clock, Nanos } from '../core/time.js';
import type { Agent } from './agent.js';

/** Something that is done at `firstMonoNs` + k x `periodNs`, whatever the last time took. */
export interface Periodic {
  readonly firstMonoNs: Nanos;
  readonly periodNs: Nanos;
  run(nowMonoNs: Nanos): void;
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
      this.#nextNs[i] = dueNs + periodNs * (1 + Math.floor((nowMonoNs - dueNs) / periodNs));
      run(nowMonoNs);
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

/**
 * The next whole multiple of `periodNs` in UTC after now, CLOCK_MONOTONIC since the epoch, ns: so that the
 * intervals of several hosts line up.
 */
export function nextUtcMultiple(clock: Clock, periodNs: Nanos): Nanos {
  const monoNs = clock.monoNs();
  const unixNs = clock.epoch.realtimeNs + BigInt(Math.round(clock.realNs()));
  return monoNs + periodNs - Number(unixNs % BigInt(Math.round(periodNs)));
}
