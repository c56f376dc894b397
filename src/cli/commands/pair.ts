import { DEFAULT_DETAIL } from '../../result/build.js';
import { judgeLimits } from '../../result/judge.js';
import { mergeParts } from '../../result/merge.js';
import type { RunResult } from '../../result/model.js';
import type { ReceivePlan, SendPlan } from '../../profile/plan.js';
import { startReceiver, startSender } from '../../runtime/run.js';
import { conduct, type Conducted } from '../conduct.js';
import type { CliContext } from '../context.js';
import type { OutputPlan } from '../../profile/makePlan.js';
import type { Presenter } from '../presenter.js';
import { writeReadyFile } from '../readyFile.js';

/**
 * A sender and its own receiver: the receiver joins first, the sender starts when it has. The result is
 * the receiver's, with what the sender says beside it.
 */
export async function runPair(
  send: SendPlan,
  receive: ReceivePlan,
  output: OutputPlan,
  presenter: Presenter,
  context: CliContext,
): Promise<{ readonly result: RunResult; readonly conducted: Conducted }> {
  const several = send.streams.length > 1;
  const receiver = startReceiver(receive, output, (message) => presenter.show(message, receive.command, several));
  const ready = writeReadyFile(receiver, output.readyFile);
  await receiver.ready.catch(() => {});
  const sender = startSender(send, { limits: [], allowSilence: true }, () => {});
  const conducted = await conduct([receiver, sender], () => presenter.reopen(), context.abort);
  await ready;
  const [received, sent] = conducted.results as [RunResult, RunResult];
  return { result: pairResult(received, sent, output), conducted };
}

function pairResult(received: RunResult, sent: RunResult, output: OutputPlan): RunResult {
  const both = mergeParts([received, sent], DEFAULT_DETAIL);
  const result: RunResult = { ...both, run: { ...both.run, id: received.run.id, role: 'pair' } };
  return { ...result, limits: judgeLimits(result, output.limits, output) };
}
