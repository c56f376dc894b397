import type { RunMessage } from '../../runtime/messages.js';
import { startSender } from '../../runtime/run.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { planSend } from '../../profile/makePlan.js';
import { LineFile } from '../output.js';
import { boundsOfSender } from '../live/runBounds.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { withProfile } from '../../runtime/withProfile.js';
import { profileAtBothEnds, type ProfileAtBothEnds } from '../profileAtBothEnds.js';
import { receiverCommand } from '../receiverCommand.js';
import { sayStartAt } from '../startAt.js';
import { openInputs, sayLoad } from '../senderStart.js';
import { exitStatus } from '../status.js';

/** `mcast send`: what it is about to do, how the other end is started, how it went. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const asked = await withProfile(operands, given, planContext(context.argv));
  const profile = profileAtBothEnds(asked, operands, given);
  if (asked.given.values.both !== undefined) {
    const { sendBoth } = await import('./both.js');
    return await sendBoth({ ...asked, written: given, profileLine: profile?.line ?? null }, context);
  }
  const planned = planSend(asked.operands, asked.given, asked.context);
  return await sendPlanned(planned, asked.operands, context, profile);
}

/** Carries out what was planned. `operands`: those of the plan. */
export async function sendPlanned(
  { plan: planned, output }: ReturnType<typeof planSend>,
  operands: readonly string[],
  context: CliContext,
  profile: ProfileAtBothEnds | null = null,
): Promise<number> {
  await using presenter = await Presenter.open(output, {
    command: planned.command,
    several: planned.streams.length > 1 || planned.flowReplay !== null,
    outputTaken: planned.sdp === '-',
    live: boundsOfSender(planned),
  });
  if (profile !== null) presenter.say(profile.line);
  const inputs = await openInputs(planned, presenter);
  const plan = inputs?.plan ?? planned;
  sayLoad(presenter, plan);
  const listener = (message: RunMessage): void => {
    presenter.show(message, 'send');
    if (message.type === 'described' && plan.sdp !== null) writeDescription(plan.sdp, message.sdp);
    if (message.type !== 'ready') return;
    if (plan.sdp !== null && message.info.sdp !== null) writeDescription(plan.sdp, message.info.sdp);
    presenter.say('receive it with:');
    presenter.sayAsIs(`  ${receiverCommand(plan, message.info, operands, profile)}`);
    sayStartAt(presenter, plan);
  };
  const sender = startSender(plan, output, listener, inputs);
  const { results, cause } = await conduct([{ end: 'send', run: sender }], presenter, context);
  await presenter.finish(results[0]!);
  return exitStatus(results[0]!, cause);
}

/** Throws ERR_FILE. */
function writeDescription(path: string, sdp: string): void {
  using file = new LineFile(path);
  file.write(sdp.replace(/\n$/, ''));
}
