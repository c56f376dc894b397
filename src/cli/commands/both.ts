import type { GivenOptions } from '../../profile/readOptions.js';
import type { PlanContext } from '../../profile/targets.js';
import { planBoth } from '../../profile/bothPlan.js';
import type { RunMessage } from '../../runtime/messages.js';
import type { CliContext } from '../context.js';
import { boundsOfSender } from '../live/runBounds.js';
import { otherEndCommand } from '../otherEndCommand.js';
import { Presenter } from '../presenter.js';
import { sayStartAt } from '../startAt.js';
import { openInputs, sayLoad } from '../senderStart.js';
import { exitStatus } from '../status.js';
import { runPair } from './pair.js';
import { openSinks } from './recv.js';

/** What a command line came to once a profile was read, and what was written. */
export interface AskedBoth {
  readonly operands: readonly string[];
  readonly given: GivenOptions;
  readonly context: PlanContext;
  /** As they were written. */
  readonly written: GivenOptions;
  /** That a profile is in force; `null`: none is. */
  readonly profileLine: string | null;
}

/** `mcast send A --both B`: sends one way and receives the other, until both are over. */
export async function sendBoth(
  { operands, given, context: planning, written, profileLine }: AskedBoth,
  context: CliContext,
): Promise<number> {
  const { send: planned, receive, output } = planBoth(operands, given, given.values.both ?? [], planning);
  await using presenter = await Presenter.open(output, {
    command: 'send',
    bothEnds: true,
    several: planned.streams.length > 1 || receive.places.filter(({ role }) => role === 'media').length > 1,
    outputTaken: receive.capture === '-' || receive.mediaOutputs.some((outputs) => outputs?.save === '-'),
    live: boundsOfSender(planned),
  });
  if (profileLine !== null) presenter.say(profileLine);
  const inputs = await openInputs(planned, presenter);
  const send = inputs?.plan ?? planned;
  const sinks = await openSinks(receive, presenter);
  sayLoad(presenter, send);
  const otherEnd = otherEndCommand(send, receive, written);
  const listener = (message: RunMessage): void => {
    if (message.type === 'said') presenter.say(message.text);
    // Both ends notice the steps of the one clock.
    else if (message.type === 'event' && message.event.event !== 'clock_step') presenter.show(message, 'send');
    if (message.type !== 'ready') return;
    for (const line of message.info.lines) presenter.say(line);
    presenter.say('receive it with:');
    presenter.sayAsIs(`  ${otherEnd(message.info)}`);
    sayStartAt(presenter, send);
  };
  const { result, conducted } = await runPair(send, receive, output, presenter, context, inputs, { sinks, listener });
  if (conducted.cause === null && result.streams.length === 0) {
    presenter.say('nothing came from the other end: this was load one way only');
  }
  await presenter.finish(result);
  return exitStatus(result, conducted.cause);
}
