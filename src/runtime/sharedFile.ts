import { open } from 'node:fs/promises';
import { McastError } from '../core/errors.js';

/** So many octets of a file, in memory that threads share. Rejects with what the system says, or ERR_FILE. */
export async function readShared(path: string | URL, octets: number): Promise<SharedArrayBuffer> {
  const shared = new SharedArrayBuffer(octets);
  const bytes = new Uint8Array(shared);
  const file = await open(path, 'r');
  try {
    for (let at = 0; at < octets;) {
      const { bytesRead } = await file.read(bytes, at, octets - at, at);
      if (bytesRead === 0) throw new McastError('ERR_FILE', `${String(path)} became shorter while it was read`);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return shared;
}
