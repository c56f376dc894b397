/** Opens what a sender reads: transport streams and captures. */
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
  const replays = hasReplay(plan) ? await (await import('./replayInputs.js')).openReplays(plan, tell) : null;
  if (plan.streams.every(({ media }) => media === null)) return replays;
  const { openMediaInputs } = await import('./mediaInputs.js');
  if (replays === null) return await openMediaInputs(plan, tell);
  try {
    return joined(replays, await openMediaInputs(replays.plan, tell));
  } catch (error) {
    await replays.stop();
    throw error;
  }
}

function hasReplay({ streams, flowReplay }: SendPlan): boolean {
  return flowReplay !== null || streams.some(({ replay }) => replay !== null);
}

/** `media` was opened for the plan that `replays` completed. */
function joined(replays: MediaInputs, media: MediaInputs): MediaInputs {
  const finished = Promise.all([replays.finished, media.finished]).then(() => undefined);
  finished.catch(() => {});
  return {
    plan: media.plan,
    shared: replays.shared.map((input, index) => input ?? media.shared[index] ?? null),
    finished,
    lines: [...replays.lines, ...media.lines],
    links: () => [...replays.links(), ...media.links()],
    stop: async () => {
      await Promise.all([replays.stop(), media.stop()]);
    },
  };
}
