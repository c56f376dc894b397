import { statSync } from 'node:fs';
import { TESTCARD_BIT_PER_SECOND } from '../feed/testcard.js';
import { stuffedPackets, stuffTransportStream } from '../feed/tsStuffing.js';
import { fileError } from '../io/fileError.js';
import { TS_PACKET_OCTETS } from '../wire/mpegts.js';
import { readShared } from './sharedFile.js';

/** The clip that comes with the package. */
export const TESTCARD = new URL('../../assets/testcard.mpegts', import.meta.url);

/** The clip, filled up with null packets to a rate above its own. Rejects with ERR_FILE. */
export async function filledTestcard(bitPerSecond: number): Promise<SharedArrayBuffer> {
  try {
    const clip = new Uint8Array(await readShared(TESTCARD, statSync(TESTCARD).size));
    const packets = stuffedPackets(clip.length / TS_PACKET_OCTETS, TESTCARD_BIT_PER_SECOND, bitPerSecond);
    const filled = new SharedArrayBuffer(packets * TS_PACKET_OCTETS);
    stuffTransportStream(clip, TESTCARD_BIT_PER_SECOND, new Uint8Array(filled));
    return filled;
  } catch (error) {
    throw fileError(String(TESTCARD), 'read', error);
  }
}
