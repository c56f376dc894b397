import type { OutputPlan } from '../profile/makePlan.js';
import type { RunResult } from '../result/model.js';
import { pairResult } from './pairResult.js';
import type { Snapshots } from './snapshots.js';

/** The result so far, of both ends as the command will end with it; `null`: there is none. */
export async function resultSoFar(snapshots: Snapshots, output: OutputPlan): Promise<RunResult | null> {
  const results = await snapshots.ask();
  const sent = results.find(({ run }) => run.role === 'sender');
  const received = results.find(({ run }) => run.role !== 'sender');
  if (sent === undefined || received === undefined) return received ?? sent ?? null;
  return pairResult(received, sent, output);
}
