/**
 * RTP data packet, version 2 (RFC 3550 section 5.1), with the header extensions of RFC 8285 and the
 * payload types of RFC 3551 named.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |  0
 * |                           timestamp                           |  4
 * |           synchronization source (SSRC) identifier            |  8
 * |      contributing source (CSRC) identifiers, CC of them       | 12
 * |      defined by profile       |      length, words            |  where X is set
 * |                       header extension                        |
 */
import { putU16be, putU32be, u16be, u32be } from '../core/bytes.js';
import type { Codec } from './codec.js';
import { WireStatus } from './status.js';

export const RTP_FIXED_OCTETS = 12;
/** Profile of an extension of one-byte elements (RFC 8285 section 4.2). */
export const RTP_ONE_BYTE_PROFILE = 0xbede;
/** And of two-byte elements (section 4.3): its lower four bits are the application's. */
const TWO_BYTE_PROFILE = 0x1000;
const TWO_BYTE_MASK = 0xfff0;
/** An element with this id ends a one-byte extension (section 4.2). */
const STOP_ID = 15;

const VERSION = 2;
const PADDING = 0x20;
const EXTENSION = 0x10;
const CSRC_COUNT = 0x0f;
const MARKER = 0x80;

/** Whether `bytes[at .. at + length)` is one RTP data packet. After `Ok` nothing below reads outside of it. */
export function checkRtp(bytes: Uint8Array, at: number, length: number): WireStatus {
  if (length < RTP_FIXED_OCTETS) return WireStatus.TooShort;
  const first = bytes[at]!;
  if (first >> 6 !== VERSION) return WireStatus.BadVersion;
  let headerOctets = RTP_FIXED_OCTETS + 4 * (first & CSRC_COUNT);
  if ((first & EXTENSION) !== 0) {
    headerOctets += 4;
    if (length < headerOctets) return WireStatus.TooShort;
    headerOctets += 4 * u16be(bytes, at + headerOctets - 2);
    if (length < headerOctets) return WireStatus.BadLength;
  }
  if (length < headerOctets) return WireStatus.TooShort;
  if ((first & PADDING) === 0) return WireStatus.Ok;
  // The last octet counts the padding, itself included.
  const padding = bytes[at + length - 1]!;
  return padding === 0 || padding > length - headerOctets ? WireStatus.BadPadding : WireStatus.Ok;
}

export function rtpPayloadType(bytes: Uint8Array, at: number): number {
  return bytes[at + 1]! & 0x7f;
}

export function rtpSequence(bytes: Uint8Array, at: number): number {
  return u16be(bytes, at + 2);
}

export function rtpTimestamp(bytes: Uint8Array, at: number): number {
  return u32be(bytes, at + 4);
}

export function rtpSsrc(bytes: Uint8Array, at: number): number {
  return u32be(bytes, at + 8);
}

/** Octets before the payload: fixed header, contributing sources and extension. */
export function rtpHeaderOctets(bytes: Uint8Array, at: number): number {
  const fixed = RTP_FIXED_OCTETS + 4 * (bytes[at]! & CSRC_COUNT);
  return (bytes[at]! & EXTENSION) === 0 ? fixed : fixed + 4 + 4 * u16be(bytes, at + fixed + 2);
}

/** Octets of padding behind the payload, the count itself included; 0: none. */
export function rtpPaddingOctets(bytes: Uint8Array, at: number, length: number): number {
  return (bytes[at]! & PADDING) === 0 ? 0 : bytes[at + length - 1]!;
}

/** An element of a header extension (RFC 8285). */
export interface RtpExtensionElement {
  readonly id: number;
  readonly octets: Uint8Array;
}

export interface RtpHeader {
  marker: boolean;
  /** 0 .. 127 */
  payloadType: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
  /** At most 15. */
  csrcs: readonly number[];
  /** `null`: no extension. */
  extension: { readonly profile: number; readonly octets: Uint8Array } | null;
  /** Octets of the packet behind the header; read, not written. */
  payloadOctets: number;
  paddingOctets: number;
}

/** Elements of an extension by RFC 8285, those behind one that does not fit left out; `null`: of another profile. */
export function rtpExtensionElements(extension: NonNullable<RtpHeader['extension']>): RtpExtensionElement[] | null {
  const { profile, octets } = extension;
  const isOneByte = profile === RTP_ONE_BYTE_PROFILE;
  if (!isOneByte && (profile & TWO_BYTE_MASK) !== TWO_BYTE_PROFILE) return null;
  const elements: RtpExtensionElement[] = [];
  let at = 0;
  while (at < octets.length) {
    const id = isOneByte ? octets[at]! >> 4 : octets[at]!;
    // A single octet of padding in both forms.
    if (octets[at] === 0) {
      at++;
      continue;
    }
    if (isOneByte && id === STOP_ID) break;
    const from = at + (isOneByte ? 1 : 2);
    const length = isOneByte ? (octets[at]! & 0x0f) + 1 : (octets[at + 1] ?? Infinity);
    if (from + length > octets.length) break;
    elements.push({ id, octets: octets.subarray(from, from + length) });
    at = from + length;
  }
  return elements;
}

/** RFC 3551 section 6, those that media streams use; dynamic types have no name. */
const PAYLOAD_TYPES: Readonly<Record<number, string>> = {
  0: 'PCMU',
  3: 'GSM',
  8: 'PCMA',
  9: 'G722',
  10: 'L16 stereo',
  11: 'L16 mono',
  14: 'MPA',
  26: 'JPEG',
  31: 'H261',
  32: 'MPV',
  33: 'MP2T',
  34: 'H263',
};

export const rtpCodec: Codec<RtpHeader> = {
  name: 'rtp',
  reference: 'RFC 3550 section 5.1',
  create: () => ({
    marker: false,
    payloadType: 0,
    sequence: 0,
    timestamp: 0,
    ssrc: 0,
    csrcs: [],
    extension: null,
    payloadOctets: 0,
    paddingOctets: 0,
  }),
  check: checkRtp,
  parse(bytes, at, length, out) {
    const status = checkRtp(bytes, at, length);
    if (status !== WireStatus.Ok) return status;
    const first = bytes[at]!;
    const csrcCount = first & CSRC_COUNT;
    const fixed = RTP_FIXED_OCTETS + 4 * csrcCount;
    const headerOctets = rtpHeaderOctets(bytes, at);
    out.marker = (bytes[at + 1]! & MARKER) !== 0;
    out.payloadType = bytes[at + 1]! & 0x7f;
    out.sequence = u16be(bytes, at + 2);
    out.timestamp = u32be(bytes, at + 4);
    out.ssrc = u32be(bytes, at + 8);
    out.csrcs = Array.from({ length: csrcCount }, (_, i) => u32be(bytes, at + RTP_FIXED_OCTETS + 4 * i));
    out.extension =
      (first & EXTENSION) === 0
        ? null
        : { profile: u16be(bytes, at + fixed), octets: bytes.slice(at + fixed + 4, at + headerOctets) };
    out.paddingOctets = rtpPaddingOctets(bytes, at, length);
    out.payloadOctets = length - headerOctets - out.paddingOctets;
    return WireStatus.Ok;
  },
  octets: ({ csrcs, extension }) =>
    RTP_FIXED_OCTETS + 4 * csrcs.length + (extension === null ? 0 : 4 + extension.octets.length),
  /** The header; payload and padding are the caller's. The extension's octets are whole words. */
  write(bytes, at, header) {
    const { csrcs, extension } = header;
    bytes[at] =
      (VERSION << 6) |
      (header.paddingOctets > 0 ? PADDING : 0) |
      (extension === null ? 0 : EXTENSION) |
      (csrcs.length & CSRC_COUNT);
    bytes[at + 1] = (header.marker ? MARKER : 0) | (header.payloadType & 0x7f);
    putU16be(bytes, at + 2, header.sequence);
    putU32be(bytes, at + 4, header.timestamp);
    putU32be(bytes, at + 8, header.ssrc);
    let next = at + RTP_FIXED_OCTETS;
    for (const csrc of csrcs) {
      putU32be(bytes, next, csrc);
      next += 4;
    }
    if (extension !== null) {
      putU16be(bytes, next, extension.profile);
      putU16be(bytes, next + 2, extension.octets.length / 4);
      bytes.set(extension.octets, next + 4);
      next += 4 + extension.octets.length;
    }
    return next - at;
  },
  describe(header) {
    const { payloadType, csrcs, extension } = header;
    const named = PAYLOAD_TYPES[payloadType];
    return [
      `rtp ssrc 0x${header.ssrc.toString(16).padStart(8, '0')}`,
      `sequence ${header.sequence}`,
      `timestamp ${header.timestamp}`,
      `payload-type ${payloadType}${named === undefined ? '' : ` (${named})`}`,
      ...(header.marker ? ['marker'] : []),
      ...(csrcs.length === 0
        ? []
        : [`csrcs ${csrcs.map((csrc) => `0x${csrc.toString(16).padStart(8, '0')}`).join(',')}`]),
      ...(extension === null ? [] : [extensionText(extension)]),
      `payload ${header.payloadOctets}`,
      ...(header.paddingOctets === 0 ? [] : [`padding ${header.paddingOctets}`]),
    ].join(' ');
  },
};

function extensionText(extension: NonNullable<RtpHeader['extension']>): string {
  const elements = rtpExtensionElements(extension);
  if (elements === null)
    return `extension 0x${extension.profile.toString(16).padStart(4, '0')} ${extension.octets.length}`;
  return `extensions ${elements.map(({ id, octets }) => `${id}:${octets.length}`).join(',')}`;
}
