import type { OutputPlan } from '../profile/makePlan.js';
import type { RunResult } from '../result/model.js';
import { pairResult } from './pairResult.js';
import type { Snapshots } from './snapshots.js';

/** The result so far, of both ends as the command will end with it; `null`: there is none. */
export async function resultSoFar(snapshots: Snapshots, output: OutputPlan): Promise<RunResult | null> {
  return joined(await snapshots.ask(), output);
}

/** The same in outline (`result/outline.ts`), but for `streams`, by id. Both ends are joined by what an outline lacks. */
export async function outlineSoFar(
  snapshots: Snapshots,
  output: OutputPlan,
  streams: readonly string[],
): Promise<RunResult | null> {
  return snapshots.isPair ? await resultSoFar(snapshots, output) : joined(await snapshots.askOutline(streams), output);
}

function joined(results: readonly RunResult[], output: OutputPlan): RunResult | null {
  const sent = results.find(({ run }) => run.role === 'sender');
  const received = results.find(({ run }) => run.role !== 'sender');
  if (sent === undefined || received === undefined) return received ?? sent ?? null;
  return pairResult(received, sent, output);
}
