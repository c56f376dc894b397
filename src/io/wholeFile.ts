import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { McastError } from '../core/errors.js';
import { fileError } from './fileError.js';

/** Larger is nothing that is read whole: no line-up, no payload. */
const MOST_OCTETS = 16 * 1024 * 1024;
const CHUNK_OCTETS = 64 * 1024;

/** A whole file, at most `mostOctets` of it; `-` is standard input. Throws ERR_FILE. */
export function readWhole(path: string, mostOctets = MOST_OCTETS): Uint8Array {
  try {
    const descriptor = path === '-' ? 0 : openSync(path, 'r');
    try {
      const octets = readBounded(descriptor, mostOctets);
      if (octets !== null) return octets;
    } finally {
      if (path !== '-') closeSync(descriptor);
    }
  } catch (error) {
    throw fileError(path, 'read', error);
  }
  const name = path === '-' ? 'standard input' : path;
  throw new McastError('ERR_FILE', `${name} is too large: at most ${mostOctets / 2 ** 20} MiB`, { hint: '' });
}

/** `null`: more than that. Never asks how large it is: a pipe and a device do not know. */
function readBounded(descriptor: number, mostOctets: number): Uint8Array | null {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_OCTETS);
    const octets = readSync(descriptor, chunk);
    if (octets === 0) return Buffer.concat(chunks, total);
    total += octets;
    if (total > mostOctets) return null;
    chunks.push(chunk.subarray(0, octets));
  }
}

/** Whether a file, no folder and no pipe, is there; where that may not even be asked there is none. */
export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}
