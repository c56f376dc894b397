/**
 * The send time that an RTP packet may carry: an element of 64 bits in NTP format (`urn:ietf:params:rtp-hdrext:ntp-64`,
 * RFC 6051 section 3.3) in a header extension of one-byte elements (RFC 8285 section 4.2). Which id it has is told out
 * of band; without that, the first element of eight octets that reads as a time near the present is taken for it.
 */
import { putU16be, putU32be, u16be, u32be } from '../core/bytes.js';
import type { Nanos } from '../core/time.js';
import { RTP_FIXED_OCTETS, RTP_ONE_BYTE_PROFILE } from './rtp.js';

export const NTP_64_URI = 'urn:ietf:params:rtp-hdrext:ntp-64';
/** Octets of the whole extension as {@link putSendTimeExtension} writes it. */
export const SEND_TIME_EXTENSION_OCTETS = 16;
/** Octet of the packet at which the time then lies: a multiple of four. */
export const SEND_TIME_AT = RTP_FIXED_OCTETS + 8;

const NTP_OCTETS = 8;
/** After the extension's first word: padding and the element's octet, then the time. */
const EXTENSION_WORDS = 3;
const STOP_ID = 15;
const EXTENSION = 0x10;
const CSRC_COUNT = 0x0f;
const TWO_32 = 4_294_967_296;
/** From 1900 to 1970, s (RFC 5905 section 6, figure 4). */
const NTP_UNIX_OFFSET_S = 2_208_988_800;
const NS_PER_S = 1e9;

/** The run epoch in the format's terms: what {@link sendTimeNs} counts from. */
export interface NtpEpoch {
  /** Seconds since 1900, modulo 2^32. */
  readonly seconds: number;
  /** ns beyond them. */
  readonly ns: number;
}

export function ntpEpoch(realtimeNs: bigint): NtpEpoch {
  const seconds = Number(realtimeNs / 1_000_000_000n) + NTP_UNIX_OFFSET_S;
  return { seconds: seconds % TWO_32, ns: Number(realtimeNs % 1_000_000_000n) };
}

/**
 * The extension of a packet without contributing sources, from octet 12 on; the time itself is 0. Hot.
 *
 *     be de 00 03  00 00 00 id<<4|7  seconds  fraction
 *
 * RFC 8285 section 4.2 allows padding before an element: the time's halves so lie at multiples of four.
 */
export function putSendTimeExtension(bytes: Uint8Array, at: number, id: number): void {
  const extension = at + RTP_FIXED_OCTETS;
  putU16be(bytes, extension, RTP_ONE_BYTE_PROFILE);
  putU16be(bytes, extension + 2, EXTENSION_WORDS);
  putU32be(bytes, extension + 4, (id << 4) | (NTP_OCTETS - 1));
  putU32be(bytes, extension + 8, 0);
  putU32be(bytes, extension + 12, 0);
}

/**
 * Octet in `bytes` of the element with this id and eight octets, -1: none; `id` 0: the first of eight octets. For packets
 * that `checkRtp` has passed.
 */
export function ntpElementAt(bytes: Uint8Array, at: number, id: number): number {
  const first = bytes[at]!;
  if ((first & EXTENSION) === 0) return -1;
  const extension = at + RTP_FIXED_OCTETS + 4 * (first & CSRC_COUNT);
  if (u16be(bytes, extension) !== RTP_ONE_BYTE_PROFILE) return -1;
  const end = extension + 4 + 4 * u16be(bytes, extension + 2);
  let element = extension + 4;
  while (element < end) {
    const head = bytes[element]!;
    if (head === 0) {
      element++;
      continue;
    }
    const elementId = head >> 4;
    if (elementId === STOP_ID) return -1;
    const octets = (head & 0x0f) + 1;
    if (element + 1 + octets > end) return -1;
    if (octets === NTP_OCTETS && (id === 0 || elementId === id)) return element + 1;
    element += 1 + octets;
  }
  return -1;
}

/** Id of the element whose value lies at `valueAt`. */
export function elementIdBefore(bytes: Uint8Array, valueAt: number): number {
  return bytes[valueAt - 1]! >> 4;
}

/**
 * The time at `valueAt`, CLOCK_REALTIME of the sender since the epoch, ns, rounded to the nearest: seconds are modulo
 * 2^32, taken is the time nearest to the epoch.
 */
export function sendTimeNs(bytes: Uint8Array, valueAt: number, epoch: NtpEpoch): Nanos {
  const seconds = (u32be(bytes, valueAt) - epoch.seconds) | 0;
  const fractionNs = Math.round((u32be(bytes, valueAt + 4) * NS_PER_S) / TWO_32);
  return seconds * NS_PER_S + (fractionNs - epoch.ns);
}
