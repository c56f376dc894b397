import { startReceiver } from '../../runtime/run.js';
import { withAnnouncedSessions } from '../announcedSessions.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { planReceive } from '../../profile/makePlan.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { sayStartAt } from '../startAt.js';
import { exitStatus } from '../status.js';

/** `mcast recv`: joins, measures, tells. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const heard = await withAnnouncedSessions(operands, given, planContext(context.argv));
  const { plan, output } = planReceive(operands, given, heard);
  using presenter = new Presenter(output, {
    command: 'recv',
    outputTaken: plan.capture === '-',
    several: plan.places.filter(({ role, leg }) => role === 'media' && leg === 0).length > 1,
    // The report of a run that ends with its streams would say the same again at once.
    summaries: !plan.once,
  });
  sayStartAt(presenter, plan);
  const receiver = startReceiver(plan, output, (message) => presenter.show(message));
  const { results, cause } = await conduct([receiver], () => presenter.reopen(), context.abort);
  presenter.finish(results[0]!);
  return exitStatus(results[0]!, cause);
}
