/** The entry of a run's worker thread: carries out the plan it was started with and posts what comes of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { McastError } from '../core/errors.js';
import { openIo } from '../io/open.js';
import { RunControl } from './control.js';
import type { RunMessage, WorkerTask } from './messages.js';
import { runReceiver } from './receiverRun.js';
import { runSender } from './senderRun.js';

const port = parentPort!;
const task = workerData as WorkerTask;
const post = (message: RunMessage): void => port.postMessage(message);

async function main(): Promise<void> {
  const io = await openIo(task.plan.io);
  try {
    // An Io without a wake handle runs on this thread's event loop: an empty message wakes it.
    if (io.wakeHandle < 0) port.on('message', () => io.wake());
    post({ type: 'wakeable', wakeHandle: io.wakeHandle });
    const control = new RunControl(task.control);
    const result =
      task.kind === 'receive'
        ? await runReceiver(io, task.plan, task.judge, control, task.capture, post)
        : await runSender(io, task.plan, task.judge, control, post);
    post({ type: 'result', result });
  } finally {
    io.close();
  }
}

main()
  .catch((error: unknown) => {
    // Our own bugs end the worker uncaught, and reach the main thread as its error.
    if (!(error instanceof McastError)) throw error;
    post({ type: 'failed', code: error.code, message: error.message, hint: error.hint });
  })
  .finally(() => port.close());
