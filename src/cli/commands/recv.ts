import { startReceiver } from '../../runtime/run.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { planReceive } from '../../profile/makePlan.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { writeReadyFile } from '../readyFile.js';
import { exitStatus } from '../status.js';

/** `mcast recv`: joins, measures, tells. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const { plan, output } = planReceive(operands, given, planContext(context.argv));
  using presenter = new Presenter(output, output.json === '-' || plan.capture === '-');
  const several = plan.streams.length > 1;
  const receiver = startReceiver(plan, output, (message) => presenter.show(message, 'recv', several));
  const ready = writeReadyFile(receiver, output.readyFile);
  const { results, cause } = await conduct([receiver], () => presenter.reopen(), context.abort);
  await ready;
  presenter.finish(results[0]!);
  return exitStatus(results[0]!, cause);
}
