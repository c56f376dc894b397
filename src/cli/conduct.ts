import type { RunResult } from '../result/model.js';
import type { CliContext } from './context.js';
import type { ConductedRun } from './conductedRun.js';
import { giveWay } from './giveWay.js';
import { Lifecycle, type StopCause } from './lifecycle.js';
import type { Presenter } from './presenter.js';

export interface Conducted {
  readonly results: readonly RunResult[];
  readonly cause: StopCause | null;
}

/**
 * Sees runs through to their end under the process's signals: the first one stops them all, a second
 * one leaves at once. Rejects with the first error, after all the others have ended.
 */
export async function conduct(
  runs: readonly ConductedRun[],
  presenter: Pick<Presenter, 'attach' | 'askPartials' | 'reopen'>,
  { abort, threads }: Pick<CliContext, 'abort' | 'threads'>,
): Promise<Conducted> {
  giveWay(threads);
  const stopAll = (): void => {
    for (const { run } of runs) run.stop();
  };
  let failure: unknown = null;
  // An output file that fails in the middle of a signal ends the run like one that fails elsewhere.
  const guarded = (act: () => void) => (): void => {
    try {
      act();
    } catch (error) {
      failure ??= error;
      stopAll();
    }
  };
  using lifecycle = new Lifecycle({
    stop: stopAll,
    snapshot: guarded(() => presenter.askPartials()),
    reopen: guarded(() => presenter.reopen()),
    abort,
  });
  using _ = presenter.attach(runs, () => lifecycle.interrupt());
  const ends = runs.map(({ run }) => run.finished);
  try {
    const results = await Promise.all(ends);
    if (failure !== null) throw failure;
    return { results, cause: lifecycle.cause };
  } catch (error) {
    stopAll();
    await Promise.allSettled(ends);
    throw error;
  }
}
