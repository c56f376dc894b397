import { planBench } from '../../profile/benchPlan.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { startBench } from '../../runtime/run.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { Presenter } from '../presenter.js';
import { exitStatus } from '../status.js';

/** `mcast bench`: what forwards multicast, measured as a receiver. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const { plan, output } = planBench(operands, given, planContext(context.argv));
  await using presenter = await Presenter.open(output, { command: 'bench' });
  const bench = startBench(plan, output, (message) => presenter.show(message));
  const { results, cause } = await conduct([{ end: 'recv', run: bench }], presenter, context);
  await presenter.finish(results[0]!);
  return exitStatus(results[0]!, cause);
}
