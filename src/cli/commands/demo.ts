import type { CliContext } from '../context.js';
import { planPair } from '../../profile/makePlan.js';
import { OPTIONS, type OptionRow } from '../../profile/options.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { exitStatus } from '../status.js';
import { runPair } from './pair.js';
import { sayLoad } from './send.js';

/** A random group, so that two of them on one host do not hear each other; over loopback. */
const ENDPOINT = 'probe://auto:5001/iface=lo';

/** `mcast demo`: a first success without privilege or a second machine. */
export async function run(given: GivenOptions, _operands: readonly string[], context: CliContext): Promise<number> {
  const { send, receive, output } = planPair([ENDPOINT], given, planContext(context.argv));
  using presenter = new Presenter(output, { command: 'demo', bothEnds: true });
  const { endpoint } = send.streams[0]!.address;
  presenter.say('A sender and a receiver of multicast on this host, over loopback.');
  presenter.say('The same by hand, in two terminals:');
  presenter.sayAsIs(`  mcast recv ${endpoint}`);
  presenter.sayAsIs(`  mcast send ${endpoint}${senderOptions(given)}`);
  presenter.say('');
  presenter.say(
    'Each second has a line from both ends. delay50 and delay99: half and 99 % of the datagrams took at most so long; late50 and late99: they left at most so long after their time.',
  );
  presenter.say('');
  sayLoad(presenter, send);
  const { result, conducted } = await runPair(send, receive, output, presenter, context);
  presenter.finish(result);
  const status = exitStatus(result, conducted.cause);
  if (status === 0 && given.values.impair === undefined) {
    presenter.say('');
    presenter.say('Next, a bad network: mcast demo --impair loss=1%,dup=1%,reorder=1%');
  }
  return status;
}

/** The options that were given, as far as `mcast send` has them. */
function senderOptions(given: GivenOptions): string {
  let text = '';
  for (const [name, values] of given.written) {
    const option: OptionRow = OPTIONS[name];
    // The group is chosen by now.
    if (!option.commands.includes('send') || option.section === 'Results' || name === 'ipv6') continue;
    for (const value of values) text += option.value === null ? ` --${name}` : ` --${name} ${value}`;
  }
  return text;
}
