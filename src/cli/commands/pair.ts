import type { RunResult } from '../../result/model.js';
import { INTERVAL_FIGURES } from '../../result/intervalFigures.js';
import type { EachLimit } from '../../result/eachLimits.js';
import type { ReceivePlan, SendPlan } from '../../profile/plan.js';
import type { MediaInputs } from '../../runtime/mediaInputs.js';
import type { MediaSinks } from '../../runtime/mediaSinks.js';
import type { RunMessage } from '../../runtime/messages.js';
import { startReceiver, startSender, type Run, type RunListener } from '../../runtime/run.js';
import { conduct, type Conducted } from '../conduct.js';
import type { CliContext } from '../context.js';
import type { OutputPlan } from '../../profile/makePlan.js';
import { pairResult } from '../pairResult.js';
import type { Presenter } from '../presenter.js';

/** Of a receiver that hears the other end's sender instead of its own. */
export interface OtherEnd {
  readonly sinks: MediaSinks | null;
  /** Sees what the sender here tells, too. */
  readonly listener: RunListener;
}

/**
 * A sender and a receiver: the receiver joins first, the sender starts when it has. The result is
 * the receiver's, with what the sender says beside it. `inputs`: of the sender's transport streams. `other`: what is
 * received is another sender's, which may never come or never end, so that the receiver is told when all was sent;
 * `null`: it is this one's.
 */
export async function runPair(
  send: SendPlan,
  receive: ReceivePlan,
  output: OutputPlan,
  presenter: Presenter,
  context: CliContext,
  inputs: MediaInputs | null,
  other: OtherEnd | null = null,
): Promise<{ readonly result: RunResult; readonly conducted: Conducted }> {
  const receiver = startReceiver(
    receive,
    { ...output, eachLimits: output.eachLimits.filter((limit) => !isOfSender(limit)) },
    (message) => presenter.show(message, 'recv'),
    { sinks: other?.sinks ?? null, preview: presenter.preview(receive.streams) },
  );
  // Its failure is told by its end.
  await receiver.ready.catch(() => {});
  const listener = (message: RunMessage): void => {
    if (message.type === 'interval' || message.type === 'partial' || message.type === 'outline')
      presenter.show(message, 'send');
    else if (message.type === 'ready') for (const text of message.info.warnings) presenter.say(`warning: ${text}`);
    other?.listener(message);
  };
  const judge = { limits: [], eachLimits: output.eachLimits.filter(isOfSender), allowSilence: true };
  const sender = startSender(send, judge, listener, inputs);
  const beside = other === null ? null : new BesideSender(receiver, sender);
  const conducted = await conduct(
    [
      { end: 'recv', run: beside?.run ?? receiver },
      { end: 'send', run: sender },
    ],
    presenter,
    context,
  );
  const [received, sent] = conducted.results as [RunResult, RunResult];
  const result = pairResult(received, sent, output);
  const complete = beside?.endsWithSender === true ? sent.run.complete : result.run.complete;
  return { result: { ...result, run: { ...result.run, complete } }, conducted };
}

/** It is judged where it is told. */
function isOfSender({ figure }: EachLimit): boolean {
  return INTERVAL_FIGURES.get(figure)?.of === 'sender';
}

/** A receiver that goes on as long as a sender does, and from then on as long as something comes. */
class BesideSender {
  readonly run: Run;
  #hasSent = false;
  #wasSending = false;

  constructor(receiver: Run, sender: Run) {
    const onSent = (): void => {
      this.#hasSent = true;
      receiver.endWhenSilent();
    };
    void sender.exited.then(onSent);
    const stop = (): void => {
      this.#wasSending = !this.#hasSent;
      receiver.stop();
    };
    this.run = { ...receiver, stop };
  }

  /** Stopped while the sender was, whose end it is then that both were cut off from, if that was to come at all. */
  get endsWithSender(): boolean {
    return this.#wasSending;
  }
}
