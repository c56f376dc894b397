import type { OutputPlan } from '../profile/makePlan.js';
import { DEFAULT_DETAIL } from '../result/streamOrder.js';
import { judgeAgain } from '../result/judge.js';
import { mergeParts } from '../result/merge.js';
import type { RunResult } from '../result/model.js';

/** One result of a receiver and of its own sender: the receiver's, with what the sender says beside it. */
export function pairResult(received: RunResult, sent: RunResult, output: OutputPlan): RunResult {
  const both = mergeParts([received, asPart(sent)], DEFAULT_DETAIL);
  const result: RunResult = { ...both, run: { ...both.run, id: received.run.id, role: 'pair' } };
  return {
    ...result,
    limits: judgeAgain({ ...result, limits: [...received.limits, ...sent.limits] }, output.limits, output),
  };
}

/** What the sender says of itself is told apart; other events are the host's, which the receiver noticed as well. */
function asPart(sent: RunResult): RunResult {
  const reasons = sent.health.reasons.map((reason) => ({ ...reason, text: `sender: ${reason.text}` }));
  const events = sent.events.filter(({ event }) => event === 'limit');
  const { limit } = sent.event_counts;
  const event_counts = limit === undefined ? {} : { limit };
  return { ...sent, health: { ...sent.health, reasons }, events, event_counts };
}
