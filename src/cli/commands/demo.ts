import type { CliContext } from '../context.js';
import { planPair } from '../../profile/makePlan.js';
import { OPTIONS, type OptionRow } from '../../profile/options.js';
import { boundsOfSender } from '../live/runBounds.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { openInputs, sayLoad } from '../senderStart.js';
import { exitStatus } from '../status.js';
import { runPair } from './pair.js';

/** Random groups, so that two of them on one host do not hear each other; over loopback. */
const VIDEO = 'rtp://auto:5004/iface=lo';
const PROBE = 'probe://auto:5001/iface=lo';
/** What a transport stream has no use for. */
const OF_PROBES = ['rate', 'pps', 'size', 'pattern', 'flows', 'flow-rates'] as const;

/** Sections of options that say what becomes of the figures of this run. */
const OF_THIS_RUN: ReadonlySet<string> = new Set(['Results', 'Export']);

/** `mcast demo`: a first success without privilege or a second machine. */
export async function run(given: GivenOptions, _operands: readonly string[], context: CliContext): Promise<number> {
  const isProbe = OF_PROBES.some((name) => given.values[name] !== undefined);
  const planned = planPair([isProbe ? PROBE : VIDEO], given, planContext(context.argv));
  const { receive, output } = planned;
  await using presenter = await Presenter.open(output, {
    command: 'demo',
    bothEnds: true,
    live: boundsOfSender(planned.send),
  });
  const { endpoint } = planned.send.streams[0]!.address;
  const what = isProbe ? 'probe datagrams' : 'a video stream (RTP, MPEG transport stream)';
  presenter.say(`A sender of ${what} and a receiver on this host, over loopback.`);
  presenter.say('The same by hand, in two terminals:');
  presenter.sayAsIs(`  mcast recv ${endpoint}`);
  presenter.sayAsIs(`  mcast send ${endpoint}${senderOptions(given)}`);
  presenter.say('');
  presenter.say(
    `${presenter.isLive ? 'Both ends are shown below, each second anew.' : 'Each second has a line from both ends.'} delay50 and delay99: half and 99 % of the datagrams took at most so long; late50 and late99: they left at most so long after their time.`,
  );
  presenter.say('');
  const inputs = await openInputs(planned.send, presenter);
  const send = inputs?.plan ?? planned.send;
  sayLoad(presenter, send);
  const { result, conducted } = await runPair(send, receive, output, presenter, context, inputs);
  await presenter.finish(result);
  const status = exitStatus(result, conducted.cause);
  if (status === 0 && given.values.impair === undefined) {
    presenter.say('');
    presenter.say('Next, a bad network: mcast demo --impair loss=1%,dup=1%,reorder=1%');
    if (!isProbe) presenter.say('And the same with repair: mcast demo --impair loss=1% --fec 10x5');
  }
  return status;
}

/** The options that were given, as far as `mcast send` has them. */
function senderOptions(given: GivenOptions): string {
  let text = '';
  for (const [name, values] of given.written) {
    const option: OptionRow = OPTIONS[name];
    // The group is chosen by now.
    if (!option.commands.includes('send') || OF_THIS_RUN.has(option.section) || name === 'ipv6') continue;
    for (const value of values) text += option.value === null ? ` --${name}` : ` --${name} ${value}`;
  }
  return text;
}
