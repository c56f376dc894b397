import { readFileSync, statSync } from 'node:fs';
import { McastError } from '../core/errors.js';

/** Larger is nothing that is read whole: no line-up, no payload, no result. */
const MAX_OCTETS = 16 * 1024 * 1024;

/** A whole file, bounded; `-` is standard input. Throws ERR_FILE. */
export function readWhole(path: string): Uint8Array {
  try {
    const octets = readFileSync(path === '-' ? 0 : path);
    if (octets.length <= MAX_OCTETS) return octets;
  } catch (error) {
    throw new McastError('ERR_FILE', `${path === '-' ? 'stdin' : path}: ${(error as Error).message}`, { cause: error });
  }
  throw new McastError('ERR_FILE', `${path}: too large, at most 16 MiB`);
}

/** Whether a file, no folder and no pipe, is there. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
