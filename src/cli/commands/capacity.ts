import { planCapacity } from '../../profile/capacityPlan.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { withProfile } from '../../runtime/withProfile.js';
import { startCapacity } from '../../runtime/run.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { Presenter } from '../presenter.js';
import { profileAtBothEnds } from '../profileAtBothEnds.js';
import { receiverCommand } from '../receiverCommand.js';
import { exitStatus } from '../status.js';

/** `mcast capacity`: the highest rate that receivers get. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const asked = await withProfile(operands, given, planContext(context.argv));
  const { plan, output } = planCapacity(asked.operands, asked.given, asked.context);
  await using presenter = await Presenter.open(output, { command: 'capacity' });
  const profile = profileAtBothEnds(asked, operands, given);
  if (profile !== null) presenter.say(profile.line);
  const capacity = startCapacity(plan, output, (message) => {
    presenter.show(message, 'send');
    if (message.type !== 'ready') return;
    presenter.say('each receiver is');
    presenter.sayAsIs(`  ${receiverCommand(plan.send, message.info, asked.operands, profile)}`);
  });
  const { results, cause } = await conduct([{ end: 'send', run: capacity }], presenter, context);
  const result = results[0]!;
  await presenter.finish(result);
  const status = exitStatus(result, cause);
  // Nobody got even the lowest rate, or nobody said so; a rate that no trial held is an estimate.
  const hasFound = result.capacity?.searches.every(({ delivered_bit_per_second: held }) => held !== null) ?? false;
  return status === 0 && !hasFound ? 3 : status;
}
