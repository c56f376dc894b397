/** What every command that sends does before its first datagram. */
import type { SendPlan } from '../profile/plan.js';
import type { MediaInputs } from '../runtime/mediaInputs.js';
import { openSenderInputs } from '../runtime/senderInputs.js';
import { loadLines } from './loadLines.js';
import type { Presenter } from './presenter.js';

/** The inputs of transport streams and captures, opened and told of; `null`: there are none. */
export async function openInputs(plan: SendPlan, presenter: Presenter): Promise<MediaInputs | null> {
  const inputs = await openSenderInputs(plan, (text) => presenter.say(text));
  for (const line of inputs?.lines ?? []) presenter.say(line);
  return inputs;
}

/** The bandwidth is said before it is used. */
export function sayLoad(presenter: Presenter, plan: SendPlan): void {
  if (plan.threads > 1) presenter.say(`streams and flows are dealt to ${plan.threads} threads`);
  // A file of messages has times of its own.
  const paced = plan.streams.filter(({ feed }) => feed === null || feed.messagesPerSecond !== null);
  if (paced.length < plan.streams.length) presenter.say("as fast as the messages' own times say");
  if (paced.length === 0) return;
  for (const line of loadLines(paced)) presenter.say(line);
}
