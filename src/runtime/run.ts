import { randomBytes } from 'node:crypto';
import { McastError } from '../core/errors.js';
import { wakeLoop } from '../io/addon.js';
import { captureQueue, openCaptureSink } from '../io/captureWriter.js';
import { judgeAgain, limitsWithLinks } from '../result/judge.js';
import type { Link, RunResult, Stream } from '../result/model.js';
import { streamKey } from '../result/outline.js';
import { streamFrom, unpackResult } from '../result/resultText.js';
import { Command, RunControl } from './control.js';
import type { MediaInputs } from './mediaInputs.js';
import type { MediaSinks } from './mediaSinks.js';
import { failureEvent, withFailures } from './outputFailure.js';
import type { Judge, ReadyInfo, RunMessage, WorkerMessage, WorkerTask } from './messages.js';
import type { ReceivePlan, SendPlan } from '../profile/plan.js';
import type { BenchPlan } from '../profile/benchPlan.js';
import type { CapacityPlan } from '../profile/capacityPlan.js';
import type { ZapPlan } from '../profile/zapPlan.js';
import { withResolvers } from './resolvers.js';
import type { OutputQueue } from './receiverOutputs.js';
import { ResultCollector } from './resultCollector.js';
import { ResultDelivery } from './resultDelivery.js';
import { shortTermCname } from './rtcpIdentity.js';
import type { Run, RunListener } from './runHandle.js';
import { SenderParts } from './senderParts.js';
import type { SharedInput } from './sharedInput.js';
import { takeWorker } from './spareWorker.js';
import { startTogether } from './threadedSender.js';

export type { Run, RunListener } from './runHandle.js';

/** `inputs`: of its transport streams, opened for this plan; they are stopped when it is over. */
export function startSender(
  plan: SendPlan,
  judge: Judge,
  listener: RunListener = () => {},
  inputs: MediaInputs | null = null,
): Run {
  const shared = inputs?.shared ?? plan.streams.map(() => null);
  const withLinks = (result: RunResult): RunResult => linked(result, inputs?.links() ?? [], judge);
  const collector = new ResultCollector();
  const hear: RunListener = (message) => {
    if (message.type === 'collect') collector.open(message.address, message.port, message.run, plan.feedbackKey);
    else listener(isSoFar(message) ? { ...message, result: withLinks(message.result) } : message);
  };
  const sent =
    plan.threads === 1
      ? start((control) => ({ kind: 'send', plan, inputs: shared, part: null, judge, control }), hear)
      : sendTogether(plan, shared, judge, hear);
  const run = plan.feedback === null ? sent : collecting(sent, collector, judge);
  if (inputs === null) return run;
  // An input that fails ends the run, and is what it ended of.
  const failed = inputs.finished.catch(async (error: unknown) => {
    run.stop();
    await run.exited;
    throw error;
  });
  const over = run.exited.then(() => inputs.stop());
  const finished = Promise.all([run.finished, Promise.race([failed, over])]).then(async ([result]) => {
    await over;
    return withLinks(result);
  });
  finished.catch(() => {});
  failed.catch(() => {});
  return { ...run, finished };
}

/** Its streams and flows are dealt to threads. */
function sendTogether(
  plan: SendPlan,
  inputs: readonly (SharedInput | null)[],
  judge: Judge,
  listener: RunListener,
): Run {
  const of = plan.threads;
  const memory = SenderParts.allocate(of);
  const common = { of, memory, runId: randomBytes(4).readUInt32BE(), cname: shortTermCname() };
  // The whole is judged.
  const ofPart: Judge = { limits: [], eachLimits: [], allowSilence: true };
  return startTogether({
    plan,
    judge,
    listener,
    start: (index, hear) =>
      start((control) => ({ kind: 'send', plan, inputs, part: { ...common, index }, judge: ofPart, control }), hear),
    onGone: (index) => new SenderParts(memory, index, of).end(),
  });
}

/** The sender's result with what its receivers send; judged anew, since limits hold for them too. */
function collecting(run: Run, collector: ResultCollector, judge: Judge): Run {
  const finished = run.finished
    .then((result) => collector.complete(result))
    .then((result) => ({ ...result, limits: judgeAgain(result, judge.limits, { allowSilence: true }) }))
    .finally(() => collector.close());
  finished.catch(() => {});
  return { ...run, finished };
}

/** What goes with a receiver. */
export interface ReceiverExtras {
  /** Its outputs, opened for its plan; they are ended when it is over. */
  readonly sinks?: MediaSinks | null;
  /** The queue of who may watch it. */
  readonly preview?: OutputQueue | null;
  /** Whether streams that end are told of at once. */
  readonly summaries?: boolean;
}

export function startReceiver(
  plan: ReceivePlan,
  judge: Judge,
  listener: RunListener = () => {},
  { sinks = null, preview = null, summaries = false }: ReceiverExtras = {},
): Run {
  const outputs = [...(sinks?.queues ?? []), ...(preview === null ? [] : [preview])];
  const delivery = new ResultDelivery(plan.feedbackKey);
  const received = plan.capture === null ? receive(null) : receiveInto(plan.capture);
  const run = plan.feedback === null ? received : delivering(received, delivery);
  if (sinks === null) return run;
  sinks.onFailure((name, failure) => {
    void run.ready.then(
      ({ time }) => listener({ type: 'event', event: failureEvent(name, failure, time) }),
      () => {},
    );
  });
  const over = run.exited.then(() => sinks.stop());
  const finished = run.finished.then(async (result) => {
    await over;
    return withSinks(result, sinks, judge);
  });
  finished.catch(() => {});
  return { ...run, finished };

  function receive(capture: SharedArrayBuffer | null): Run {
    return start(
      (control) => ({ kind: 'receive', plan, judge, control, capture, outputs, summaries }),
      (message) => {
        if (message.type === 'answer') delivery.deliver(message);
        else if (isSoFar(message) && sinks !== null)
          listener({ ...message, result: withSinks(message.result, sinks, judge) });
        else listener(message);
      },
    );
  }

  function receiveInto(path: string): Run {
    const queue = captureQueue();
    const file = openCaptureSink(path, queue);
    const captured = receive(queue);
    // The file must be whole when the result is told, and a file that cannot be written ends the run.
    const whole = Promise.all([captured.finished, file.then((sink) => sink.finished)]).then(([result]) => result);
    whole.catch(() => captured.stop());
    const ready = Promise.all([captured.ready, file]).then(([info]) => info);
    ready.catch(() => {});
    return { ...captured, ready, finished: whole };
  }
}

/** Ends when its results have been handed over; what could not be is a note. */
function delivering(run: Run, delivery: ResultDelivery): Run {
  const finished = run.finished.then(async (result) => {
    await delivery.finished(result);
    if (delivery.failures.length === 0) return result;
    const notes = [...result.run.io.notes, ...delivery.failures];
    return { ...result, run: { ...result.run, io: { ...result.run.io, notes } } };
  });
  finished.catch(() => {});
  return { ...run, finished };
}

export function startCapacity(plan: CapacityPlan, judge: Judge, listener: RunListener = () => {}): Run {
  const collector = new ResultCollector();
  const run = start(
    (control) => ({ kind: 'capacity', plan, judge, control }),
    (message) => {
      if (message.type === 'collect') collector.open(message.address, message.port, message.run, plan.feedbackKey);
      else listener(message);
    },
  );
  return collecting(run, collector, judge);
}

export function startBench(plan: BenchPlan, judge: Judge, listener: RunListener = () => {}): Run {
  return start((control) => ({ kind: 'bench', plan, judge, control }), listener);
}

export function startZap(plan: ZapPlan, judge: Judge, listener: RunListener = () => {}): Run {
  return start((control) => ({ kind: 'zap', plan, judge, control }), listener);
}

/** Why outputs ended early, and what became of links, is known on this thread alone. */
function withSinks(result: RunResult, sinks: MediaSinks, judge: Judge): RunResult {
  return linked(withFailures(result, sinks.failures()), sinks.links(), judge);
}

/** With its links, which this thread alone knows, and judged by them. */
function linked(result: RunResult, links: Link[], { limits }: Judge): RunResult {
  const whole = { ...result, links };
  return { ...whole, limits: limitsWithLinks(whole, limits) };
}

type SoFar = Extract<WorkerMessage, { type: 'partial' | 'outline' }>;

function isSoFar(message: WorkerMessage): message is SoFar {
  return message.type === 'partial' || message.type === 'outline';
}

/** `streamsSoFar`: those that came before it, and are of it alone. */
function messageOf(told: Exclude<WorkerMessage, { type: 'stream' }>, streamsSoFar: Stream[]): RunMessage {
  if (told.type === 'packed') return { type: 'result', result: unpackResult(told.result) };
  if (!isSoFar(told)) return told;
  const { type, result } = told;
  return { type, result: { ...result, streams: [...result.streams, ...streamsSoFar.splice(0)] } };
}

function start(taskFor: (control: Int32Array<SharedArrayBuffer>) => WorkerTask, listener: RunListener): Run {
  const control = new RunControl();
  const task = taskFor(control.words);
  const worker = takeWorker(task.kind);
  worker.postMessage(task);
  let wakeHandle = -1;
  let exited = false;
  let deaf = false;
  /** Of the `partial` that is under way. */
  const streamsSoFar: Stream[] = [];
  const ready = withResolvers<ReadyInfo>();
  const finished = withResolvers<RunResult>();
  const gone = withResolvers<void>();

  const fail = (error: unknown): void => {
    ready.reject(error);
    finished.reject(error);
  };
  worker.on('message', (told: WorkerMessage) => {
    if (told.type === 'stream') {
      if (!deaf) streamsSoFar.push(streamFrom(told.json));
      return;
    }
    const message = messageOf(told, streamsSoFar);
    if (message.type === 'wakeable') wakeHandle = message.wakeHandle;
    else if (message.type === 'ready') ready.resolve(message.info);
    else if (message.type === 'failed') {
      fail(new McastError(message.code, message.message, { hint: message.hint }));
      return;
    }
    if (deaf) return;
    try {
      listener(message);
    } catch (error) {
      deaf = true;
      fail(error);
      command(Command.Stop);
      return;
    }
    if (message.type === 'result') finished.resolve(message.result);
  });
  worker.on('error', fail);
  worker.on('exit', () => {
    exited = true;
    wakeHandle = -1;
    fail(new Error('the worker ended without a result'));
    gone.resolve();
  });

  const command = (bits: number): void => {
    if (exited) return;
    control.give(bits);
    wake();
  };
  const wake = (): void => {
    if (wakeHandle >= 0) wakeLoop(wakeHandle);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window
    else worker.postMessage(null);
  };
  return {
    ready: ready.promise,
    finished: finished.promise,
    stop: () => command(Command.Stop),
    endWhenSilent: () => command(Command.EndWhenSilent),
    snapshot: () => command(Command.Snapshot),
    outline: (streams) => {
      if (exited) return;
      control.giveOutline(streams.map(streamKey));
      wake();
    },
    reopen: () => command(Command.Reopen),
    abandon: async () => {
      command(Command.Stop);
      await worker.terminate();
    },
    exited: gone.promise,
  };
}
