import { Random } from '../../src/core/random.js';
import { viewOf } from '../../src/core/bytes.js';
import { toHex } from '../vectors/hex.js';

export { viewOf as viewOfPacket } from '../../src/core/bytes.js';

const SSRC = 0x89ab_cdef;

/**
 * RTP packets of `minPayload .. maxPayload` random octets by number from 0 on; the first has `firstSequence` on the
 * wire. Marker, payload type and timestamp vary.
 */
export function mediaStream(
  firstSequence: number,
  count: number,
  minPayload: number,
  maxPayload: number,
  seed: number,
): Map<number, Uint8Array> {
  const random = new Random(seed);
  const media = new Map<number, Uint8Array>();
  for (let n = 0; n < count; n++) {
    const packet = Uint8Array.from({ length: 12 + minPayload + random.below(maxPayload - minPayload + 1) }, () =>
      random.uint32(),
    );
    const view = viewOf(packet);
    packet[0] = 0x80;
    view.setUint16(2, firstSequence + n);
    view.setUint32(8, SSRC);
    media.set(n, packet);
  }
  return media;
}

/** An FEC packet in hexadecimal without its own sequence number and timestamp. */
export function withoutVariables(packet: Uint8Array): string {
  return toHex(packet.map((octet, i) => (i >= 2 && i < 8 ? 0 : octet)));
}
