import { McastError } from '../../core/errors.js';
import type { ReceivePlan } from '../../profile/plan.js';
import type { MediaSinks } from '../../runtime/mediaSinks.js';
import { startReceiver } from '../../runtime/run.js';
import { withAnnouncedSessions } from '../announcedSessions.js';
import { compileLater } from '../compileLater.js';
import { conduct } from '../conduct.js';
import type { CliContext } from '../context.js';
import { planReceive } from '../../profile/makePlan.js';
import { boundsOfReceiver } from '../live/runBounds.js';
import { Presenter } from '../presenter.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { planContext } from '../../runtime/planContext.js';
import { withProfile } from '../../runtime/withProfile.js';
import { profileLine } from '../profileLine.js';
import { sayStartAt } from '../startAt.js';
import { exitStatus } from '../status.js';

/** `mcast recv`: joins, measures, tells. */
export async function run(given: GivenOptions, operands: readonly string[], context: CliContext): Promise<number> {
  const asked = await withProfile(operands, given, planContext(context.argv));
  const heard = await withAnnouncedSessions(asked.operands, asked.given, asked.context);
  const { plan, output } = planReceive(asked.operands, asked.given, heard);
  // The report of a run that ends with its streams would say the same again at once.
  const summaries = !plan.once;
  await using presenter = await Presenter.open(output, {
    command: 'recv',
    outputTaken: plan.capture === '-' || plan.mediaOutputs.some((outputs) => outputs?.save === '-'),
    several: plan.places.filter(({ role, leg }) => role === 'media' && leg === 0).length > 1,
    summaries,
    live: boundsOfReceiver(plan),
  });
  if (asked.profile !== null) presenter.say(profileLine(asked.profile));
  sayStartAt(presenter, plan);
  const sinks = await openSinks(plan, presenter);
  const receiver = startReceiver(plan, output, (message) => presenter.show(message), {
    sinks,
    preview: presenter.preview(plan.streams),
    summaries,
  });
  // A run that never gets ready tells why by its end.
  receiver.ready.then(compileLater, () => undefined);
  const { results, cause } = await conduct([{ end: 'recv', run: receiver }], presenter, context);
  const result = results[0]!;
  await presenter.finish(result);
  const status = exitStatus(result, cause);
  if (status !== 1) return status;
  const lost = result.outputs.find(({ failed }) => failed)!;
  throw new McastError('ERR_FILE', `${lost.name}: ${lost.failure}`, { hint: '' });
}

/** Files, players and links that media go to; `null`: there are none. */
export async function openSinks(plan: ReceivePlan, presenter: Presenter): Promise<MediaSinks | null> {
  if (plan.mediaOutputs.every((outputs) => outputs === null)) return null;
  const { hasMediaSinks, openMediaSinks } = await import('../../runtime/mediaSinks.js');
  return hasMediaSinks(plan) ? await openMediaSinks(plan, (text) => presenter.say(text)) : null;
}
