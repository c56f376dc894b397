import type { ReceivePlan, SendPlan } from '../../profile/plan.js';
import type { RunBounds } from '../../report/live/liveState.js';

/** By what a sender, or a sender with its own receiver, ends. */
export function boundsOfSender(plan: SendPlan): RunBounds {
  return {
    durationNs: plan.durationNs,
    fromFirst: false,
    count: plan.count,
    countsEach: plan.flowReplay === null,
    endAtUnixMs: unixMs(plan.endAtUnixNs),
  };
}

export function boundsOfReceiver(plan: ReceivePlan): RunBounds {
  return {
    durationNs: plan.durationNs,
    fromFirst: plan.waitNs !== null,
    count: plan.count,
    countsEach: false,
    endAtUnixMs: unixMs(plan.endAtUnixNs),
  };
}

function unixMs(unixNs: bigint | null): number | null {
  return unixNs === null ? null : Number(unixNs) / 1e6;
}
