import { McastError } from '../core/errors.js';
import { formatDuration } from '../core/format.js';
import type { Nanos } from '../core/time.js';
import type { Io } from '../io/datagram.js';
import type { SendFeedbackPlan } from '../profile/plan.js';
import type { Agent } from './agent.js';
import { Command, type RunControl } from './control.js';
import type { FeedbackSender } from './feedbackSender.js';
import { freshLoopHealth, runLoop } from './loop.js';

/** Most receivers that an error names. */
const MOST_NAMED = 8;

/**
 * Waits until as many receivers have reported as the plan wants, or it is told to stop. Rejects with ERR_AWAIT when they
 * have not come in time.
 */
export async function awaitReceivers(
  io: Io,
  { receivers, waitNs }: SendFeedbackPlan,
  feedback: FeedbackSender,
  control: RunControl,
): Promise<void> {
  const untilNs = io.clock.monoNs() + waitNs;
  const { table } = feedback;
  const isOver = (nowNs: Nanos): boolean =>
    table.present(nowNs) >= receivers || nowNs >= untilNs || (control.peek() & Command.Stop) !== 0;
  await runLoop(io, [new Waiting(feedback, untilNs, isOver)], { poll: () => {} }, freshLoopHealth());
  const nowNs = io.clock.monoNs();
  const came = table.present(nowNs);
  if (came >= receivers || (control.peek() & Command.Stop) !== 0) return;
  const names = [...table.receivers()]
    .filter(({ reports }) => reports > 0)
    .map(({ name, address }) => `${name} (${address})`);
  const who =
    names.length === 0 ? '' : `: ${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ', ...' : ''}`;
  throw new McastError('ERR_AWAIT', `${came} of ${receivers} receivers came within ${formatDuration(waitNs)}${who}`);
}

/** Lets the feedback work until the wait is over. */
class Waiting implements Agent {
  finished = false;
  readonly #feedback: FeedbackSender;
  readonly #untilNs: Nanos;
  readonly #isOver: (nowNs: Nanos) => boolean;

  constructor(feedback: FeedbackSender, untilNs: Nanos, isOver: (nowNs: Nanos) => boolean) {
    this.#feedback = feedback;
    this.#untilNs = untilNs;
    this.#isOver = isOver;
  }

  doWork(nowMonoNs: Nanos): number {
    const handled = this.#feedback.doWork(nowMonoNs);
    this.finished = this.#isOver(nowMonoNs);
    return handled;
  }

  nextDueNs(): Nanos {
    return Math.min(this.#feedback.nextDueNs(), this.#untilNs);
  }

  gatherNs(): Nanos {
    return Infinity;
  }

  stop(): void {}
}
