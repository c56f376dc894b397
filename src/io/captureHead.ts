import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { isCapture } from './captureFile.js';
import { McastError } from '../core/errors.js';
import { fileError } from './fileError.js';
import { isFile } from './wholeFile.js';

/** Enough to uncompress the first octets of any capture. */
const HEAD_OCTETS = 4096;

/** Whether a file, no folder and no pipe, is there that begins as a capture does, plain or gzip. Throws ERR_FILE. */
export function isCaptureFile(path: string): boolean {
  if (!isFile(path)) return false;
  const head = headOf(path);
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  return isCapture(isGzip ? uncompressed(head) : head);
}

/** Why a path has nothing to be read, with ERR_FILE; `null`: it has, or what comes of it is not known. */
export function unreadableFile(path: string): McastError | null {
  try {
    // What is no file may block, or be different when it is read again.
    const is = statSync(path);
    if (!(is.isFile() || is.isDirectory()) || headOf(path).length > 0) return null;
    return new McastError('ERR_FILE', `${path} is empty`, { hint: 'Name another file.' });
  } catch (error) {
    const problem = fileError(path, 'read', error);
    if (problem instanceof McastError) return problem;
    throw problem;
  }
}

/** Of input from a pipe, as far as it has come. Throws ERR_FILE_FORMAT when it begins as a capture does. */
export function refuseCapturedPipe(head: Uint8Array, name: string): void {
  if (!isCapture(head)) return;
  throw new McastError(
    'ERR_FILE_FORMAT',
    `${name} is a capture: to be sent again it is read twice, first for its flows`,
    {
      hint: 'Write it to a file, and give that as --input.',
    },
  );
}

function headOf(path: string): Uint8Array {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const head = Buffer.alloc(HEAD_OCTETS);
      return head.subarray(0, readSync(descriptor, head));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

/** What can be uncompressed of a beginning; nothing of what only looks like gzip. */
function uncompressed(head: Uint8Array): Uint8Array {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}
