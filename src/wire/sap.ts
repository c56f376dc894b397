/**
 * Session announcement, SAP version 1 as the packet counts it (RFC 2974 section 6).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | V=1 |A|R|T|E|C|  auth words   |       message id hash         |  0
 * |          originating source, 32 (A=0) or 128 bits             |  4
 * |          authentication data, whole words                     |
 * |          payload type, text ended by an octet of 0            |  may be left out
 * |          payload                                              |
 */
import { formatAddress, type Address } from '../core/address.js';
import { putU16be, u16be } from '../core/bytes.js';
import type { Codec } from './codec.js';
import { WireStatus } from './status.js';

const VERSION = 1;
/** A: the originating source is of IPv6. */
const IPV6 = 0x10;
/** R: sent as 0, to be ignored. */
const RESERVED = 0x08;
/** T */
const DELETION = 0x04;
/** E */
const ENCRYPTED = 0x02;
/** C: zlib (RFC 1950). */
const COMPRESSED = 0x01;

/** Payload type that is meant when none is there. */
export const SDP_PAYLOAD_TYPE = 'application/sdp';
/** Section 6: a packet should not be longer. */
export const SAP_RECOMMENDED_OCTETS = 1024;
/** A type that is longer is none. */
const MOST_TYPE_OCTETS = 128;

export interface SapHeader {
  isDeletion: boolean;
  /** Nothing behind the header can then be read without its key. */
  isEncrypted: boolean;
  /** What stands behind the header is compressed, the payload type too. */
  isCompressed: boolean;
  /** The bit R. */
  isReservedSet: boolean;
  /** Together with the source it names one version of one description; 0: says nothing. */
  messageIdHash: number;
  /** 4 or 16 octets. */
  originatingSource: Address;
  /** Whole words, at most 255. */
  authentication: Uint8Array;
  /** `null`: not there (or not in clear), then SDP. */
  payloadType: string | null;
  /** Octets behind the header; read, not written. */
  payloadOctets: number;
}

/** Whether `bytes[at .. at + length)` is one SAP packet with a payload. After `Ok` nothing below reads outside of it. */
export function checkSap(bytes: Uint8Array, at: number, length: number): WireStatus {
  if (length < 1) return WireStatus.TooShort;
  if (bytes[at]! >> 5 !== VERSION) return WireStatus.BadVersion;
  if (length < 8) return WireStatus.TooShort;
  const fixed = sapFixedOctets(bytes, at);
  if (length < fixed) return WireStatus.BadLength;
  if (length === fixed) return WireStatus.TooShort;
  const typeOctets = payloadTypeOctets(bytes, at + fixed, at + length, bytes[at]!);
  if (typeOctets < 0) return WireStatus.UnknownType;
  return fixed + typeOctets < length ? WireStatus.Ok : WireStatus.TooShort;
}

/** Octets before the payload, of a packet that {@link checkSap} found right. */
export function sapHeaderOctets(bytes: Uint8Array, at: number, length: number): number {
  const fixed = sapFixedOctets(bytes, at);
  return fixed + payloadTypeOctets(bytes, at + fixed, at + length, bytes[at]!);
}

/** Octets before the payload type. */
function sapFixedOctets(bytes: Uint8Array, at: number): number {
  return 4 + ((bytes[at]! & IPV6) === 0 ? 4 : 16) + 4 * bytes[at + 1]!;
}

/**
 * Octets of the payload type with its 0; 0: none, -1: neither a type nor a description. Section 6: a
 * payload that begins as SDP has none; `v=0` is no type, and a deletion is the line `o=`.
 */
function payloadTypeOctets(bytes: Uint8Array, from: number, end: number, flags: number): number {
  if ((flags & (ENCRYPTED | COMPRESSED)) !== 0) return 0;
  const isSdp = end - from >= 2 && bytes[from + 1] === 0x3d && (bytes[from] === 0x76 || bytes[from] === 0x6f);
  if (isSdp) return 0;
  let hasSlash = false;
  for (let i = from; i < end && i < from + MOST_TYPE_OCTETS; i++) {
    const octet = bytes[i]!;
    if (octet === 0) return hasSlash ? i + 1 - from : -1;
    if (octet < 0x20 || octet > 0x7e) return -1;
    if (octet === 0x2f) hasSlash = true;
  }
  return -1;
}

export const sapCodec: Codec<SapHeader> = {
  name: 'sap',
  reference: 'RFC 2974 section 6',
  create: () => ({
    isDeletion: false,
    isEncrypted: false,
    isCompressed: false,
    isReservedSet: false,
    messageIdHash: 0,
    originatingSource: new Uint8Array(4),
    authentication: new Uint8Array(),
    payloadType: null,
    payloadOctets: 0,
  }),
  check: checkSap,
  parse(bytes, at, length, out) {
    const status = checkSap(bytes, at, length);
    if (status !== WireStatus.Ok) return status;
    const flags = bytes[at]!;
    const sourceEnd = at + ((flags & IPV6) === 0 ? 8 : 20);
    const fixedEnd = at + sapFixedOctets(bytes, at);
    const payloadAt = at + sapHeaderOctets(bytes, at, length);
    out.isDeletion = (flags & DELETION) !== 0;
    out.isEncrypted = (flags & ENCRYPTED) !== 0;
    out.isCompressed = (flags & COMPRESSED) !== 0;
    out.isReservedSet = (flags & RESERVED) !== 0;
    out.messageIdHash = u16be(bytes, at + 2);
    out.originatingSource = bytes.slice(at + 4, sourceEnd);
    out.authentication = bytes.slice(sourceEnd, fixedEnd);
    out.payloadType = payloadAt === fixedEnd ? null : String.fromCharCode(...bytes.subarray(fixedEnd, payloadAt - 1));
    out.payloadOctets = at + length - payloadAt;
    return WireStatus.Ok;
  },
  octets: ({ originatingSource, authentication, payloadType }) =>
    4 + originatingSource.length + authentication.length + (payloadType === null ? 0 : payloadType.length + 1),
  /** The header; the payload is the caller's. */
  write(bytes, at, header) {
    const { originatingSource, authentication, payloadType } = header;
    bytes[at] =
      (VERSION << 5) |
      (originatingSource.length === 16 ? IPV6 : 0) |
      (header.isReservedSet ? RESERVED : 0) |
      (header.isDeletion ? DELETION : 0) |
      (header.isEncrypted ? ENCRYPTED : 0) |
      (header.isCompressed ? COMPRESSED : 0);
    bytes[at + 1] = authentication.length / 4;
    putU16be(bytes, at + 2, header.messageIdHash);
    bytes.set(originatingSource, at + 4);
    let next = at + 4 + originatingSource.length;
    bytes.set(authentication, next);
    next += authentication.length;
    if (payloadType !== null) {
      for (let i = 0; i < payloadType.length; i++) bytes[next++] = payloadType.charCodeAt(i);
      bytes[next++] = 0;
    }
    return next - at;
  },
  describe: (header) =>
    [
      `sap ${header.isDeletion ? 'deletion' : 'announcement'}`,
      `source ${formatAddress(header.originatingSource)}`,
      `hash 0x${header.messageIdHash.toString(16).padStart(4, '0')}`,
      ...(header.authentication.length === 0 ? [] : [`authentication ${header.authentication.length}`]),
      ...(header.isEncrypted ? ['encrypted'] : []),
      ...(header.isCompressed ? ['compressed'] : []),
      ...(header.payloadType === null ? [] : [`payload-type ${header.payloadType}`]),
      `payload ${header.payloadOctets}`,
    ].join(' '),
};

/** A packet in octets of its own. */
export function sapPacket(header: Readonly<SapHeader>, payload: Uint8Array): Uint8Array {
  const octets = new Uint8Array(sapCodec.octets(header) + payload.length);
  octets.set(payload, sapCodec.write(octets, 0, header));
  return octets;
}
