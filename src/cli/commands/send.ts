import { bandwidthLines } from '../../report/startLine.js';
import type { SendPlan } from '../../profile/plan.js';
import { startSender } from '../../runtime/run.js';
import { totalPacketsPerSecond } from '../../runtime/senderSetup.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { planSend } from '../../profile/makePlan.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { receiverCommand } from '../receiverCommand.js';
import { sayStartAt } from '../startAt.js';
import { exitStatus } from '../status.js';

/** `mcast send`: what it is about to do, how the other end is started, how it went. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const { plan, output } = planSend(operands, given, planContext(context.argv));
  using presenter = new Presenter(output, { command: 'send', several: plan.streams.length > 1 });
  sayLoad(presenter, plan);
  const sender = startSender(plan, output, (message) => {
    presenter.show(message, 'send');
    if (message.type !== 'ready') return;
    presenter.say('receive it with:');
    presenter.sayAsIs(`  ${receiverCommand(plan, message.info, operands)}`);
    sayStartAt(presenter, plan);
  });
  const { results, cause } = await conduct([sender], () => presenter.reopen(), context.abort);
  presenter.finish(results[0]!);
  return exitStatus(results[0]!, cause);
}

/** The bandwidth is said before it is used. */
export function sayLoad(presenter: Presenter, plan: SendPlan): void {
  const lines = bandwidthLines(
    plan.streams.map((stream) => ({
      packetsPerSecond: totalPacketsPerSecond([stream]),
      sizeOctets: stream.sizeOctets,
      family: stream.address.family,
    })),
  );
  for (const line of lines) presenter.say(line);
}
