import { realToMonoNs } from '../core/time.js';
import { randomBytes } from 'node:crypto';
import { whole } from '../core/steps.js';
import type { Io } from '../io/datagram.js';
import type { ReceivePlan } from '../profile/plan.js';
import type { RunResult } from '../result/model.js';
import { SILENCE_NS } from './assumptions.js';
import { Command, type RunControl } from './control.js';
import { EvidenceWatch } from './evidence.js';
import { answerTo } from './feedbackAnswer.js';
import { Housekeeping } from './housekeeping.js';
import { runLoop } from './loop.js';
import type { WorkerMessage, WorkerTask } from './messages.js';
import { ReceiverAccount } from './receiverAccount.js';
import { buildReceiver, feedSchemeOf, manyChannelsOf, type BuiltReceiver } from './receiverBuild.js';
import { ReceiverSockets } from './receiverSockets.js';
import { rehearse } from './rehearsal.js';
import { ResultSoFar } from './resultSoFar.js';
import { prepareThread } from './thread.js';
import { warmUpReceivedMedia } from './warmReceivedMedia.js';
import { warmUpReceivedFeeds } from './warmSequencedFeeds.js';

const SECOND_NS = 1e9;
/** At the end of a run that heard nothing for so long, the likeliest reasons are looked for in any case. */
const SHORT_SILENCE_NS = 0.2e9;
/** Intervals, events and offload are looked after this often. */
const TEND_NS = 50e6;

/** Carries out a receive plan on this thread: joins, measures until its end or until stopped, and gives the result. */
export async function runReceiver(
  io: Io,
  task: Extract<WorkerTask, { kind: 'receive' }>,
  control: RunControl,
  post: (message: WorkerMessage) => void,
): Promise<RunResult> {
  const { plan } = task;
  await prepare(io, plan, control);
  const evidence = new EvidenceWatch();
  const runId = randomBytes(4).readUInt32BE().toString(16).padStart(8, '0');
  const startMonoNs = io.clock.monoNs();
  const began = { startRealNs: startMonoNs - realToMonoNs(io.clock), startMonoNs };
  const sockets = await ReceiverSockets.open(io, plan);
  try {
    const { sources } = sockets;
    const receiver = buildReceiver(io, task, sockets, began.startMonoNs, (peer) =>
      post(answerTo(peer, whole(account.result(false)), sources, began.startMonoNs)),
    );
    const account = new ReceiverAccount({ io, task, sockets, receiver, runId, began, evidence, post });
    const { agent, feedback } = receiver;
    const isStopped = await work(io, plan, control, receiver, account, post);
    for (const { source } of sources) {
      const drops = source.readDrops();
      if (drops !== null) receiver.measurement.onSocketDrops(source.index, drops);
    }
    finish(receiver, account);
    const last = whole(account.result(!isStopped || !endsByItself(plan)));
    for (const peer of feedback?.leave(agent.stopMonoNs) ?? []) {
      post(answerTo(peer, null, sources, began.startMonoNs));
    }
    return last;
  } finally {
    sockets.close();
  }
}

/** Compiles what will be in a hurry, and waits for `--start-at`; a stop meanwhile ends the wait. */
async function prepare(io: Io, plan: ReceivePlan, control: RunControl): Promise<void> {
  prepareThread(plan);
  if (io.capabilities.offload) await rehearse('receive', plan.offload !== 'off');
  if (manyChannelsOf(plan) > 0 && plan.streams.some(({ scheme }) => scheme !== 'probe')) warmUpReceivedMedia();
  const feed = feedSchemeOf(plan);
  if (feed !== undefined) warmUpReceivedFeeds(feed);
  if (plan.startAtUnixNs === null) return;
  const untilNs = io.clock.monoNs() + Number(plan.startAtUnixNs - io.clock.epoch.realtimeNs) - io.clock.realNs();
  while (io.clock.monoNs() < untilNs && (control.peek() & Command.Stop) === 0) await io.wait(untilNs, 0);
}

/** From its beginning until its end; whether it was stopped. */
async function work(
  io: Io,
  plan: ReceivePlan,
  control: RunControl,
  { agent, agents, offload, joinedMonoNs }: BuiltReceiver,
  account: ReceiverAccount,
  post: (message: WorkerMessage) => void,
): Promise<boolean> {
  const soFar = new ResultSoFar(io.clock, () => account.result(!endsByItself(plan)), post, agents);
  const housekeeping = new Housekeeping(
    [
      {
        firstMonoNs: joinedMonoNs + TEND_NS,
        periodNs: TEND_NS,
        run: (nowNs) => {
          offload?.tend(nowNs);
          return account.teller.tellSome();
        },
      },
      { firstMonoNs: joinedMonoNs + SECOND_NS, periodNs: SECOND_NS, run: (nowNs) => account.look(nowNs) },
      { firstMonoNs: joinedMonoNs + SILENCE_NS, periodNs: Infinity, run: (nowNs) => account.tellSilence(nowNs) },
    ],
    agents,
  );
  let isStopped = false;
  const poll = (nowNs: number): void => {
    const commands = control.take();
    if (commands === 0) return;
    if ((commands & Command.Snapshot) !== 0) soFar.ask();
    if ((commands & Command.Outline) !== 0) soFar.askOutline({ inFull: control.inFull() });
    if ((commands & Command.EndWhenSilent) !== 0) agent.endWhenSilent(nowNs, SILENCE_NS);
    if ((commands & Command.Stop) === 0 || isStopped) return;
    isStopped = true;
    agent.stop(nowNs);
  };
  account.tellReady();
  await runLoop(io, [...agents, housekeeping, soFar], { poll }, account.health);
  return isStopped;
}

/** Nothing more comes: what was open is decided and told. */
function finish(
  { measurement, media, outputs, capture, agent, joinedMonoNs }: BuiltReceiver,
  account: ReceiverAccount,
): void {
  measurement.finish(agent.stopMonoNs);
  media.finish(agent.stopMonoNs);
  outputs.close();
  account.teller.finish();
  // A run that is shorter than the patience before that is not to leave its user without a reason.
  if (agent.stopMonoNs - joinedMonoNs >= SHORT_SILENCE_NS) account.tellSilence(agent.stopMonoNs);
  account.look(agent.stopMonoNs);
  capture?.close();
}

function endsByItself(plan: ReceivePlan): boolean {
  return (
    plan.durationNs !== null ||
    plan.count !== null ||
    plan.once ||
    plan.untilIdleNs !== null ||
    plan.endAtUnixNs !== null
  );
}
