import type { Io } from '../io/datagram.js';
import { openGroupTap } from '../io/groupTap.js';
import { listInterfaces } from '../io/interfaces.js';
import { resolveInterfaces } from '../io/resolveInterface.js';
import type { BenchPlan } from '../profile/benchPlan.js';
import type { RunResult } from '../result/model.js';
import { benchDelays, type OpenTap } from './benchDelays.js';
import { benchGroups } from './benchGroups.js';
import type { RunControl } from './control.js';
import type { Judge, RunMessage } from './messages.js';
import { prepareThread } from './thread.js';

/** Runs a benchmark on this thread, to its end or until stopped, and gives the result. */
export async function runBench(
  io: Io,
  plan: BenchPlan,
  judge: Judge,
  control: RunControl,
  post: (message: RunMessage) => void,
  openTap: OpenTap = openGroupTap,
): Promise<RunResult> {
  prepareThread(plan);
  const { iface, family, group } = plan.streams[0]!;
  const [chosen] = await resolveInterfaces(iface, family, group, listInterfaces());
  const place = { via: chosen!.interface, reason: chosen!.reason };
  const run = plan.test === 'groups' ? benchGroups : benchDelays;
  return await run(io, plan, place, judge, control, post, openTap);
}
