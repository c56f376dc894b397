import { benchTest, planBench } from '../../profile/benchPlan.js';
import { planBenchStreams } from '../../profile/benchStreamsPlan.js';
import type { OutputPlan } from '../../profile/makePlan.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { startBenchStreams } from '../../runtime/benchStreams.js';
import { planContext } from '../../runtime/planContext.js';
import { startBench, type Run, type RunListener } from '../../runtime/run.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { Presenter } from '../presenter.js';
import { exitStatus } from '../status.js';

interface Planned {
  readonly output: OutputPlan;
  readonly start: (listener: RunListener) => Run;
}

/** `mcast bench`: what forwards multicast, measured as a receiver. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const { output, start } = planned(given, operands, context);
  await using presenter = await Presenter.open(output, { command: 'bench' });
  const bench = start((message) => {
    // A line per stream and second would be all that is seen of many groups.
    if (message.type !== 'interval') presenter.show(message);
  });
  const { results, cause } = await conduct([{ end: 'recv', run: bench }], presenter, context);
  await presenter.finish(results[0]!);
  return exitStatus(results[0]!, cause);
}

function planned(given: GivenOptions, operands: readonly string[], { argv }: CliContext): Planned {
  const test = benchTest(operands);
  if (test === 'forwarding' || test === 'classes') {
    const { plan, output } = planBenchStreams(operands, given, planContext(argv));
    return { output, start: (listener) => startBenchStreams(test, plan, output, listener) };
  }
  const { plan, output } = planBench(operands, given, planContext(argv));
  return { output, start: (listener) => startBench(plan, output, listener) };
}
