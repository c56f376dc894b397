import { bandwidthLine } from '../../report/startLine.js';
import type { SendPlan } from '../../profile/plan.js';
import { startSender } from '../../runtime/run.js';
import { totalPacketsPerSecond } from '../../runtime/senderSetup.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { planSend } from '../../profile/makePlan.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { writeReadyFile } from '../readyFile.js';
import { exitStatus } from '../status.js';

/** `mcast send`: what it is about to do, how the other end is started, how it went. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const { plan, output } = planSend(operands, given, planContext(context.argv));
  using presenter = new Presenter(output);
  presenter.say(loadLine(plan));
  presenter.say(`receive it with: mcast recv ${receiverOperands(plan)}`);
  const several = plan.streams.length > 1;
  const sender = startSender(plan, output, (message) => presenter.show(message, 'send', several));
  const ready = writeReadyFile(sender, output.readyFile);
  const { results, cause } = await conduct([sender], () => presenter.reopen(), context.abort);
  await ready;
  presenter.finish(results[0]!);
  return exitStatus(results[0]!, cause);
}

/** The bandwidth is said before it is used. */
export function loadLine(plan: SendPlan): string {
  return bandwidthLine(
    plan.streams.map((stream) => ({
      packetsPerSecond: totalPacketsPerSecond([stream]),
      sizeOctets: stream.sizeOctets,
      family: stream.address.family,
    })),
  );
}

/** One string for both ends: the sender's own endpoints, and the flag without which a host is no group. */
function receiverOperands(plan: SendPlan): string {
  const endpoints = [...new Set(plan.streams.map(({ address }) => address.endpoint))];
  return `${endpoints.join(' ')}${plan.unicast ? ' --unicast' : ''}`;
}
