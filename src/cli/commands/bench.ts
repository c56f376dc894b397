import { benchTest, planBench } from '../../profile/benchPlan.js';
import type { BenchTest } from '../../profile/benchOptions.js';
import { planBenchStreams } from '../../profile/benchStreamsPlan.js';
import type { OutputPlan } from '../../profile/makePlan.js';
import { benchProfileUse } from '../../profile/profileUse.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { startBenchStreams } from '../../runtime/benchStreams.js';
import { planContext } from '../../runtime/planContext.js';
import type { Asked } from '../../runtime/joinProfile.js';
import { withProfile } from '../../runtime/withProfile.js';
import { startBench, type Run, type RunListener } from '../../runtime/run.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { Presenter } from '../presenter.js';
import { profileLine } from '../profileLine.js';
import { exitStatus } from '../status.js';

interface Planned {
  readonly output: OutputPlan;
  /** Events say of which stream they are. */
  readonly several: boolean;
  readonly start: (listener: RunListener) => Run;
}

/** `mcast bench`: what forwards multicast, measured as a receiver. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const test = benchTest(operands);
  const use = benchProfileUse(measuresStreams(test));
  const asked = await withProfile(operands.slice(1), given, planContext(context.argv), use);
  const { output, start, several } = planned(test, asked);
  await using presenter = await Presenter.open(output, { command: 'bench', several });
  if (asked.profile !== null) presenter.say(profileLine(asked.profile));
  const bench = start((message) => {
    // A line per stream and second would be all that is seen of many groups.
    if (message.type !== 'interval') presenter.show(message);
  });
  const { results, cause } = await conduct([{ end: 'recv', run: bench }], presenter, context);
  await presenter.finish(results[0]!);
  return exitStatus(results[0]!, cause);
}

function measuresStreams(test: BenchTest): test is 'forwarding' | 'classes' {
  return test === 'forwarding' || test === 'classes';
}

function planned(test: BenchTest, { operands: places, given, context }: Asked): Planned {
  const operands = [test, ...places];
  if (measuresStreams(test)) {
    const { plan, output } = planBenchStreams(operands, given, context);
    const several = plan.streams.length > 1;
    return { output, several, start: (listener) => startBenchStreams(test, plan, output, listener) };
  }
  const { plan, output } = planBench(operands, given, context);
  return { output, several: false, start: (listener) => startBench(plan, output, listener) };
}
