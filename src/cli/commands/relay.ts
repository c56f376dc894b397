import { McastError } from '../../core/errors.js';
import { planReceive, planSend } from '../../profile/makePlan.js';
import { relayProfileUse, relayRoute } from '../../profile/relayRoute.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { startReceiver } from '../../runtime/run.js';
import { withProfileBeside } from '../../runtime/withProfile.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { boundsOfReceiver } from '../live/runBounds.js';
import { Presenter } from '../presenter.js';
import { profileLine } from '../profileLine.js';
import { exitStatus } from '../status.js';
import { openSinks } from './recv.js';
import { sendPlanned } from './send.js';

/** `mcast relay`: from SRT to a group as `mcast send` does it, from a group onwards as `mcast recv --forward` does. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const [from, to] = operands as [string, string];
  const surroundings = planContext(context.argv);
  const asked = await withProfileBeside(given, surroundings, relayProfileUse(from, to));
  const route = relayRoute(from, to, asked.given);
  const { profile } = asked;
  if (route.kind === 'send') {
    const planned = planSend([route.endpoint], route.given, surroundings);
    const atBothEnds = profile === null ? null : { name: profile.name, line: profileLine(profile), words: null };
    return await sendPlanned(planned, [route.endpoint], context, atBothEnds);
  }
  const { plan, output } = planReceive([route.endpoint], route.given, surroundings);
  await using presenter = await Presenter.open(output, {
    command: 'relay',
    summaries: true,
    live: boundsOfReceiver(plan),
  });
  if (profile !== null) presenter.say(profileLine(profile));
  const sinks = await openSinks(plan, presenter);
  const receiver = startReceiver(plan, output, (message) => presenter.show(message), {
    sinks,
    preview: presenter.preview(plan.streams),
    summaries: true,
  });
  // A relay without its far end has nothing to do.
  void sinks?.finished.then(() => receiver.stop());
  const { results, cause } = await conduct([{ end: 'recv', run: receiver }], presenter, context);
  const result = results[0]!;
  await presenter.finish(result);
  const failed = result.outputs.find(({ failure }) => failure !== null);
  if (failed === undefined) return exitStatus(result, cause);
  throw new McastError('ERR_SOCKET', `${failed.name}: ${failed.failure}`, { hint: 'See SRT in docs/endpoints.md.' });
}
