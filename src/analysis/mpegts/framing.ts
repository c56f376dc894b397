import { TS_PACKET_OCTETS, TS_SYNC } from '../../wire/mpegts.js';

/** With the parity of ISO/IEC 13818-1's users in broadcasting (EN 300 429) behind each packet. */
const LONG_OCTETS = 204;

/** Where the packets of a datagram stand. Rewritten for each. */
export interface Framing {
  from: number;
  stride: number;
  packets: number;
}

/**
 * Finds the packets in the payload of a datagram: whole ones from its beginning, or, where it is no whole number of
 * them, from wherever sync bytes stand at their distance up to its end. Returns the octets that belong to none.
 */
export function framePayload(bytes: Uint8Array, at: number, length: number, framing: Framing): number {
  framing.from = at;
  framing.stride = TS_PACKET_OCTETS;
  framing.packets = Math.floor(length / TS_PACKET_OCTETS);
  if (length % TS_PACKET_OCTETS === 0) return 0;
  if (length % LONG_OCTETS === 0 && areSyncs(bytes, at, at + length, LONG_OCTETS)) {
    framing.stride = LONG_OCTETS;
    framing.packets = length / LONG_OCTETS;
    return 0;
  }
  const spare = Math.min(length, TS_PACKET_OCTETS);
  for (let skipped = 0; skipped < spare && skipped + TS_PACKET_OCTETS <= length; skipped++) {
    if (!areSyncs(bytes, at + skipped, at + length, TS_PACKET_OCTETS)) continue;
    framing.from = at + skipped;
    framing.packets = Math.floor((length - skipped) / TS_PACKET_OCTETS);
    break;
  }
  return length - framing.packets * TS_PACKET_OCTETS;
}

function areSyncs(bytes: Uint8Array, from: number, to: number, stride: number): boolean {
  for (let at = from; at < to; at += stride) if (bytes[at] !== TS_SYNC) return false;
  return true;
}
