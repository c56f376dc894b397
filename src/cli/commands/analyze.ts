import { planAnalyze } from '../../profile/analyzePlan.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import type { RunResult } from '../../result/model.js';
import { startAnalysis } from '../../runtime/analysisRun.js';
import { planContext } from '../../runtime/planContext.js';
import { withProfileBeside } from '../../runtime/withProfile.js';
import { conduct, type Conducted } from '../conduct.js';
import type { CliContext } from '../context.js';
import { Presenter } from '../presenter.js';
import { profileLine } from '../profileLine.js';
import { ProgressLine } from '../progress.js';
import { exitStatus } from '../status.js';

/** `mcast analyze`: what a receiver would have measured, from a capture. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const asked = await withProfileBeside(given, planContext(context.argv));
  const { plan, output } = planAnalyze(operands, asked.given, planContext(context.argv), asked.judged);
  await using presenter = await Presenter.open(output, { command: 'analyze' });
  if (asked.profile !== null) presenter.say(profileLine(asked.profile));
  let conducted: Conducted;
  {
    using progress = new ProgressLine(output);
    const analysis = startAnalysis(
      plan,
      output,
      (message) => presenter.show(message),
      (name, octets, totalOctets) => progress.update(name, octets, totalOctets),
    );
    conducted = await conduct([{ end: 'recv', run: analysis }], presenter, context);
  }
  const result: RunResult = conducted.results[0]!;
  await presenter.finish(result);
  return exitStatus(result, conducted.cause);
}
