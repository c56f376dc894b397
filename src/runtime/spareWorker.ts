import { Worker } from 'node:worker_threads';
import type { WorkerKind } from './messages.js';

/** Workers that load their code while the plan for them is still being made. */
const spare = new Map<WorkerKind, Worker[]>();

/** Starts a worker that a run of this kind will soon take. It keeps no process alive until then. */
export function prepareWorker(kind: WorkerKind): void {
  const worker = startWorker(kind);
  worker.unref();
  spare.set(kind, [...(spare.get(kind) ?? []), worker]);
}

/** A worker that waits for its task: a prepared one, or a new one. */
export function takeWorker(kind: WorkerKind): Worker {
  const worker = spare.get(kind)?.pop() ?? startWorker(kind);
  worker.ref();
  return worker;
}

function startWorker(kind: WorkerKind): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), {
    workerData: kind,
    // The worker's output is its messages; what a library prints goes where errors go.
    stdout: false,
    stderr: false,
    // How the text of `node --input-type=module -e` is read must not be said for a file. All else is inherited; given
    // here, the options of V8 among it would be refused.
    ...(process.execArgv.some((option) => option.startsWith('--input-type')) ? { execArgv: [] } : {}),
  });
}
