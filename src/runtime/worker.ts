/** The entry of a run's worker thread: carries out the plan that it is sent and posts what comes of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { McastError } from '../core/errors.js';
import { openIo } from '../io/open.js';
import type { RunResult } from '../result/model.js';
import { packResult } from '../result/resultText.js';
import { RunControl } from './control.js';
import type { WorkerKind, WorkerMessage, WorkerTask } from './messages.js';

const port = parentPort!;
const kind = workerData as WorkerKind;
const post = (message: WorkerMessage): void => port.postMessage(message);
const tell = (result: RunResult): void => post({ type: 'packed', result: packResult(result) });

// Loaded, and its hot paths compiled, while the main thread still reads the command line.
const ready = load();

async function load() {
  // A channel comes at the rate of one stream, and is measured by the kernel's stamps.
  if (kind === 'zap') return await import('./zapRun.js');
  if (kind === 'bench') return await import('./benchRun.js');
  if (kind === 'capacity') return await import('./capacityRun.js');
  const code = kind === 'receive' ? import('./receiverRun.js') : import('./senderRun.js');
  const warm = kind === 'receive' ? import('./warmReceiver.js') : import('./warmSender.js');
  const [loaded, { warmUp }] = await Promise.all([code, warm]);
  warmUp();
  return loaded;
}

async function main(task: WorkerTask): Promise<void> {
  const runs = await ready;
  const io = await openIo(task.plan.io);
  try {
    // An Io without a wake handle runs on this thread's event loop: an empty message wakes it.
    if (io.wakeHandle < 0) port.on('message', () => io.wake());
    post({ type: 'wakeable', wakeHandle: io.wakeHandle });
    const control = new RunControl(task.control);
    if (task.kind === 'receive' && 'runReceiver' in runs) {
      tell(await runs.runReceiver(io, task, control, post));
    } else if (task.kind === 'send' && 'runSender' in runs) {
      tell(await runs.runSender(io, task, control, post));
    } else if (task.kind === 'capacity' && 'runCapacity' in runs) {
      tell(await runs.runCapacity(io, task.plan, task.judge, control, post));
    } else if (task.kind === 'bench' && 'runBench' in runs) {
      tell(await runs.runBench(io, task.plan, task.judge, control, post));
    } else if (task.kind === 'zap' && 'runZap' in runs) {
      tell(await runs.runZap(io, task.plan, task.judge, control, post));
    } else {
      throw new Error(`a worker for ${kind} was sent a task to ${task.kind}`);
    }
  } finally {
    io.close();
  }
}

port.once('message', (task: WorkerTask) => {
  main(task)
    .catch((error: unknown) => {
      // Our own bugs end the worker uncaught, and reach the main thread as its error.
      if (!(error instanceof McastError)) throw error;
      post({ type: 'failed', code: error.code, message: error.message, hint: error.hint });
    })
    .finally(() => port.close());
});
