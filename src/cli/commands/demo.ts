import type { CliContext } from '../context.js';
import { planPair } from '../../profile/makePlan.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { exitStatus } from '../status.js';
import { runPair } from './pair.js';
import { loadLine } from './send.js';

/** Where the demo runs: an administratively scoped group (RFC 2365), over loopback. */
const ENDPOINT = 'probe://239.255.42.42:5001/iface=lo';

/** `mcast demo`: a first success without privilege or a second machine. */
export async function run(given: GivenOptions, _operands: readonly string[], context: CliContext): Promise<number> {
  const { send, receive, output } = planPair([ENDPOINT], given, planContext(context.argv));
  using presenter = new Presenter(output);
  presenter.say(
    'A sender and a receiver of multicast on this host, over loopback. The same by hand, in two terminals:',
  );
  presenter.say(`  mcast recv ${ENDPOINT}`);
  presenter.say(`  mcast send ${ENDPOINT} --rate 20M`);
  presenter.say('');
  presenter.say(loadLine(send));
  const { result, conducted } = await runPair(send, receive, output, presenter, context);
  presenter.finish(result);
  return exitStatus(result, conducted.cause);
}
