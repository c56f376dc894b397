import { McastError } from '../../core/errors.js';
import { planCapacity } from '../../profile/capacityPlan.js';
import { planReceive, planSend } from '../../profile/makePlan.js';
import type { CommandName } from '../../profile/options.js';
import { senderCommand } from '../../profile/profile.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { styleOf } from '../../report/style.js';
import { planContext } from '../../runtime/planContext.js';
import { openProfile, shippedProfiles } from '../../runtime/profileFiles.js';
import { joinProfile, loadProfile, type Asked } from '../../runtime/joinProfile.js';
import type { CliContext } from '../context.js';
import { profileList, profileText, type PlannedProfile } from '../profileText.js';
import { wantsColor } from '../terminal.js';

const USE = `mcast profiles show <name> says why; mcast send --profile <name> and
mcast recv --profile <name> are the two ends; docs/profiles.md is about your own.
`;

/** `mcast profiles`: those that there are; `mcast profiles show <name>`: one with its reasons, or all that is wrong with it. */
export async function run(_given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const [first, second] = operands;
  if (first === undefined) {
    const planned: PlannedProfile[] = [];
    for (const name of shippedProfiles()) planned.push(await planProfile(name, context));
    process.stdout.write(`${profileList(planned)}\n${USE}`);
    return 0;
  }
  const name = first === 'show' ? second : first;
  if (name === undefined) throw usage('which profile is to be shown?');
  if (first !== 'show' && second !== undefined) throw usage(`"${second}" is one too many`);
  process.stdout.write(profileText(await planProfile(name, context), styleOf(wantsColor(process.stdout))));
  return 0;
}

/** As both of its ends would plan it. */
async function planProfile(name: string, { argv }: CliContext): Promise<PlannedProfile> {
  const profile = await loadProfile(name, openProfile);
  if (profile.endpoints === null) return { profile, streams: null };
  const asked = (command: CommandName): Asked =>
    joinProfile(profile, [], { command, values: {}, written: new Map() }, planContext(argv));
  const command = senderCommand(profile);
  const [sent, received] = [asked(command), asked('recv')];
  planReceive(received.operands, received.given, received.context);
  if (command === 'capacity') {
    const { plan } = planCapacity(sent.operands, sent.given, sent.context);
    return { profile, streams: plan.send.streams, highestBitPerSecond: plan.highestBitPerSecond };
  }
  return { profile, streams: planSend(sent.operands, sent.given, sent.context).plan.streams };
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message, { hint: 'Write mcast profiles show <name>.' });
}
