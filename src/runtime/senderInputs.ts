/** Opens what a sender reads: transport streams, captures, and files of messages. */
import type { SendPlan } from '../profile/plan.js';
import type { MediaInputs } from './mediaInputs.js';

/**
 * `null`: the plan has no input. `tell`: a line for the operator about an input that takes its time. Throws McastError: an
 * input that cannot be read; what was open by then is closed.
 */
export async function openSenderInputs(
  plan: SendPlan,
  tell: (text: string) => void = () => {},
): Promise<MediaInputs | null> {
  if (plan.streams.some(({ feed }) => feed !== null && feed.input.kind === 'itch')) {
    const { openFeedInputs } = await import('./feedInputs.js');
    const feeds = await openFeedInputs(plan);
    return await joinedWith(feeds, async () => await openOthers(plan, tell));
  }
  return await openOthers(plan, tell);
}

/** What transport streams and captures read; `null`: there are none. */
async function openOthers(plan: SendPlan, tell: (text: string) => void): Promise<MediaInputs | null> {
  const replays = hasReplay(plan) ? await (await import('./replayInputs.js')).openReplays(plan, tell) : null;
  if (plan.streams.every(({ media }) => media === null)) return replays;
  const { openMediaInputs } = await import('./mediaInputs.js');
  if (replays === null) return await openMediaInputs(plan, tell);
  return await joinedWith(replays, async () => await openMediaInputs(replays.plan, tell));
}

/** With what `open` opens; where that fails, what was open is closed. */
async function joinedWith(inputs: MediaInputs, open: () => Promise<MediaInputs | null>): Promise<MediaInputs> {
  try {
    const others = await open();
    return others === null ? inputs : joined(inputs, others);
  } catch (error) {
    await inputs.stop();
    throw error;
  }
}

function hasReplay({ streams, flowReplay }: SendPlan): boolean {
  return flowReplay !== null || streams.some(({ replay }) => replay !== null);
}

/** `others` were opened for the plan that `inputs` completed. */
function joined(inputs: MediaInputs, others: MediaInputs): MediaInputs {
  const finished = Promise.all([inputs.finished, others.finished]).then(() => undefined);
  finished.catch(() => {});
  return {
    plan: others.plan,
    shared: inputs.shared.map((input, index) => input ?? others.shared[index] ?? null),
    finished,
    lines: [...inputs.lines, ...others.lines],
    links: () => [...inputs.links(), ...others.links()],
    stop: async () => {
      await Promise.all([inputs.stop(), others.stop()]);
    },
  };
}
