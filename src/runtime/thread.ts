import { loadNative } from '../io/addon.js';
import { McastError } from '../core/errors.js';
import type { CommonPlan } from '../profile/plan.js';

/** Timer slack and processor of the thread that runs the loop: with the default slack waits end 50 us late. */
export function prepareThread(plan: Pick<CommonPlan, 'cpu'>): void {
  const addon = loadNative();
  if (addon === null) return;
  addon.timerSlack(1);
  if (plan.cpu === null) return;
  const result = addon.affinity(plan.cpu);
  if (result < 0)
    throw new McastError('ERR_USAGE', `this process may not run on processor ${plan.cpu} (sched_setaffinity)`);
}
