/** Keeps the ring of an input filled, on the main thread; a ring that is full holds the source up. */
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ByteRing } from '../core/byteRing.js';
import { McastError } from '../core/errors.js';

/** Most that is put into a ring at once. */
export const CLAIM_OCTETS = 64 << 10;
/** A full ring is looked at again after so long. */
const REST_MS = 5;

/** Reads a file into the ring from `startOctet` on, over and over or to its end; closes both. Rejects as reading does. */
export async function pumpFile(
  file: FileHandle,
  name: string,
  octets: number,
  startOctet: number,
  loop: boolean,
  ring: ByteRing,
  control: { readonly stopped: boolean },
): Promise<void> {
  try {
    for (let at = startOctet; !control.stopped;) {
      if (at >= octets) {
        if (!loop) break;
        at = 0;
      }
      const wanted = Math.min(CLAIM_OCTETS, octets - at);
      const to = ring.claim(wanted);
      if (to < 0) {
        await delay(REST_MS);
        continue;
      }
      const { bytesRead } = await file.read(ring.bytes, to, wanted, at);
      if (bytesRead === 0)
        throw new McastError('ERR_FILE', `${name} became shorter while it was sent`, {
          hint: 'Send it when it is whole.',
        });
      ring.publish(bytesRead);
      at += bytesRead;
    }
  } finally {
    ring.close();
    await file.close();
  }
}

/** What came of a pipe so far, then the rest of it; closes the ring. */
export async function pumpChunks(
  head: Uint8Array,
  chunks: AsyncIterator<Uint8Array, undefined>,
  ring: ByteRing,
  control: { readonly stopped: boolean },
): Promise<void> {
  try {
    await put(head, ring, control);
    while (!control.stopped) {
      const next = await chunks.next();
      if (next.done === true) break;
      await put(next.value, ring, control);
    }
  } catch (error) {
    // A pipe that is closed because nobody wants more of it breaks off.
    if (!control.stopped) throw error;
  } finally {
    ring.close();
  }
}

/** Waits for room: that is what holds up a source that is faster than it is sent. */
async function put(octets: Uint8Array, ring: ByteRing, control: { readonly stopped: boolean }): Promise<void> {
  for (let at = 0; at < octets.length && !control.stopped;) {
    const part = Math.min(CLAIM_OCTETS, octets.length - at);
    const to = ring.claim(part);
    if (to < 0) {
      await delay(REST_MS);
      continue;
    }
    ring.bytes.set(octets.subarray(at, at + part), to);
    ring.publish(part);
    at += part;
  }
}
