import type { RunResult } from '../../result/model.js';
import type { ReceivePlan, SendPlan } from '../../profile/plan.js';
import type { MediaInputs } from '../../runtime/mediaInputs.js';
import type { RunMessage } from '../../runtime/messages.js';
import { startReceiver, startSender } from '../../runtime/run.js';
import { conduct, type Conducted } from '../conduct.js';
import type { CliContext } from '../context.js';
import type { OutputPlan } from '../../profile/makePlan.js';
import { pairResult } from '../pairResult.js';
import type { Presenter } from '../presenter.js';

/**
 * A sender and its own receiver: the receiver joins first, the sender starts when it has. The result is
 * the receiver's, with what the sender says beside it. `inputs`: of the sender's transport streams.
 */
export async function runPair(
  send: SendPlan,
  receive: ReceivePlan,
  output: OutputPlan,
  presenter: Presenter,
  context: CliContext,
  inputs: MediaInputs | null,
): Promise<{ readonly result: RunResult; readonly conducted: Conducted }> {
  const receiver = startReceiver(
    receive,
    output,
    (message) => presenter.show(message, 'recv'),
    null,
    presenter.preview(receive.streams),
  );
  // Its failure is told by its end.
  await receiver.ready.catch(() => {});
  const listener = (message: RunMessage): void => {
    if (message.type === 'interval' || message.type === 'partial' || message.type === 'outline')
      presenter.show(message, 'send');
    else if (message.type === 'ready') for (const text of message.info.warnings) presenter.say(`warning: ${text}`);
  };
  const sender = startSender(send, { limits: [], eachLimits: [], allowSilence: true }, listener, inputs);
  const conducted = await conduct(
    [
      { end: 'recv', run: receiver },
      { end: 'send', run: sender },
    ],
    presenter,
    context,
  );
  const [received, sent] = conducted.results as [RunResult, RunResult];
  return { result: pairResult(received, sent, output), conducted };
}
