import { planZap } from '../../profile/zapPlan.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { startZap } from '../../runtime/run.js';
import { withProfile } from '../../runtime/withProfile.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { Presenter } from '../presenter.js';
import { profileLine } from '../profileLine.js';
import { exitStatus } from '../status.js';

/** `mcast zap`: changes from channel to channel, and tells how long each took to come. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const asked = await withProfile(operands, given, planContext(context.argv));
  const { plan, output } = planZap(asked.operands, asked.given, asked.context);
  await using presenter = await Presenter.open(output, { command: 'zap' });
  if (asked.profile !== null) presenter.say(profileLine(asked.profile));
  const zap = startZap(plan, output, (message) => presenter.show(message));
  const { results, cause } = await conduct([{ end: 'recv', run: zap }], presenter, context);
  await presenter.finish(results[0]!);
  return exitStatus(results[0]!, cause);
}
