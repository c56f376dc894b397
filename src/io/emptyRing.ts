import { setTimeout as delay } from 'node:timers/promises';
import type { ByteRing } from '../core/byteRing.js';

/** How long the emptying side rests when nothing is there. */
const REST_MS = 5;
const CHUNK_OCTETS = 1 << 20;

/**
 * Hands on what another thread writes into a ring, in order, until the ring is closed and empty. The octets are `take`'s
 * until its promise is settled; what it rejects with ends the work and is passed on. When `goesOn` says no it ends too,
 * and what is left stays in the ring. Needs a thread whose event loop turns.
 */
export async function emptyRing(
  ring: ByteRing,
  take: (octets: Uint8Array) => Promise<void>,
  goesOn: () => boolean = () => true,
): Promise<void> {
  const chunk = new Uint8Array(CHUNK_OCTETS);
  while (goesOn()) {
    const octets = ring.read(chunk);
    if (octets < 0) return;
    if (octets === 0) await delay(REST_MS);
    else await take(chunk.subarray(0, octets));
  }
}
