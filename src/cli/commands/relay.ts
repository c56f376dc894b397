import { McastError } from '../../core/errors.js';
import { planReceive, planSend } from '../../profile/makePlan.js';
import { relayRoute } from '../../profile/relayRoute.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { startReceiver } from '../../runtime/run.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { boundsOfReceiver } from '../live/runBounds.js';
import { Presenter } from '../presenter.js';
import { exitStatus } from '../status.js';
import { openSinks } from './recv.js';
import { sendPlanned } from './send.js';

/** `mcast relay`: from SRT to a group as `mcast send` does it, from a group onwards as `mcast recv --forward` does. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const route = relayRoute(operands[0]!, operands[1]!, given);
  const surroundings = planContext(context.argv);
  if (route.kind === 'send') {
    return await sendPlanned(planSend([route.endpoint], route.given, surroundings), [route.endpoint], context);
  }
  const { plan, output } = planReceive([route.endpoint], route.given, surroundings);
  await using presenter = await Presenter.open(output, {
    command: 'relay',
    summaries: true,
    live: boundsOfReceiver(plan),
  });
  const sinks = await openSinks(plan, presenter);
  const receiver = startReceiver(
    plan,
    output,
    (message) => presenter.show(message),
    sinks,
    presenter.preview(plan.streams),
  );
  // A relay without its far end has nothing to do.
  void sinks?.finished.then(() => receiver.stop());
  const { results, cause } = await conduct([{ end: 'recv', run: receiver }], presenter, context);
  const result = results[0]!;
  await presenter.finish(result);
  const failed = result.outputs.find(({ failure }) => failure !== null);
  if (failed === undefined) return exitStatus(result, cause);
  throw new McastError('ERR_SOCKET', `${failed.name}: ${failed.failure}`, { hint: 'See SRT in docs/endpoints.md.' });
}
