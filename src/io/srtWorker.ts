/** The entry of the thread that carries an SRT link: blocks until the link ends, and posts what happens to it. */
import { parentPort, workerData } from 'node:worker_threads';
import { McastError } from '../core/errors.js';
import { loadSrt, srtFailure } from './srtAddon.js';
import { SrtLink } from './srtLink.js';
import type { SrtMessage, SrtTask } from './srtTask.js';

const post = (message: SrtMessage): void => parentPort!.postMessage(message);

const addon = loadSrt();
try {
  if (addon === null) throw new McastError('ERR_UNSUPPORTED', srtFailure());
  if (addon.startup() < 0) throw new McastError('ERR_SOCKET', `SRT could not start: ${addon.lastError()}`);
  new SrtLink(addon, workerData as SrtTask, post).run();
  post({ type: 'ended' });
} catch (error) {
  // Our own bugs end the worker uncaught, and reach the main thread as its error.
  if (!(error instanceof McastError)) throw error;
  post({ type: 'failed', code: error.code, message: error.message, hint: error.hint });
} finally {
  // Last, because the library takes its time for it.
  addon?.cleanup();
}
