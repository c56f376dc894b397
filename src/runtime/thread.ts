import { McastError } from '../core/errors.js';
import { loadNative } from '../io/addon.js';
import type { CommonPlan } from '../profile/plan.js';

/** Above all ordinary threads and below whatever else of the host is scheduled so. */
const REALTIME_PRIORITY = 1;

/**
 * Timer slack, processor and scheduling of the thread that runs the loop: with the default slack waits end 50 us late.
 * Throws McastError where the host does not grant what was asked for.
 */
export function prepareThread(plan: Pick<CommonPlan, 'cpu' | 'realtime'>): void {
  const addon = loadNative();
  if (addon === null) {
    const asked = plan.realtime ? '--realtime' : plan.cpu === null ? null : '--cpu';
    if (asked !== null) throw new McastError('ERR_NATIVE_UNAVAILABLE', `${asked} needs the native layer`);
    return;
  }
  addon.timerSlack(1);
  if (plan.cpu !== null && addon.affinity(plan.cpu) < 0) {
    throw new McastError('ERR_USAGE', `this process may not run on processor ${plan.cpu} (sched_setaffinity)`);
  }
  if (plan.realtime && addon.realtime(REALTIME_PRIORITY) < 0) {
    throw new McastError('ERR_PERMISSION', 'this process may not be scheduled in real time (sched_setscheduler)', {
      hint: 'Leave --realtime out, run as root, grant CAP_SYS_NICE, or raise the limit of rtprio (ulimit -r 1).',
    });
  }
}
