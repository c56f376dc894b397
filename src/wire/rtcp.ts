/**
 * Compound RTCP packet (RFC 3550 section 6.1): one datagram of packets one behind the other, each with
 * this header, whose length tells where the next begins.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|  count  |  packet type  |       length, words - 1       |  0
 *
 * A few packets a second: parsing makes objects, at most one for every four octets. It never throws.
 */
import { putU16be, u16be } from '../core/bytes.js';
import type { Codec } from './codec.js';
import { appOctets, appText, byeOctets, byeText, parseApp, parseBye, putApp, putBye } from './rtcpByeApp.js';
import type { RtcpApp, RtcpBye } from './rtcpByeApp.js';
import { parseReceiverReport, parseSenderReport, putReport, reportOctets, reportText } from './rtcpReports.js';
import type { RtcpReceiverReport, RtcpSenderReport } from './rtcpReports.js';
import {
  parseSourceDescription,
  putSourceDescription,
  sourceDescriptionOctets,
  sourceDescriptionText,
} from './rtcpSdes.js';
import type { RtcpSourceDescription } from './rtcpSdes.js';
import { extendedReportOctets, extendedReportText, parseExtendedReport, putExtendedReport } from './rtcpXr.js';
import type { RtcpExtendedReport } from './rtcpXr.js';
import { WireStatus } from './status.js';

/** Packet types of RFC 3550 section 12.1 and RFC 3611 section 2. */
export const RtcpType = { Sr: 200, Rr: 201, Sdes: 202, Bye: 203, App: 204, Xr: 207 } as const;

const HEADER_OCTETS = 4;
/** Every packet that may come first names an SSRC. */
const FEWEST_OCTETS = 8;
const VERSION = 2;
const PADDING = 0x20;
const COUNT = 0x1f;
const NO_OCTETS = new Uint8Array();

/** A packet of a type that is not read here (`fault` is `Ok`), or whose body contradicts itself. */
export interface RtcpOther {
  readonly kind: 'other';
  readonly fault: WireStatus;
  readonly type: number;
  /** The header's five bits. */
  readonly count: number;
  /** Behind the packet's header, without padding; whole words. */
  readonly octets: Uint8Array;
}

export type RtcpPacket =
  | RtcpSenderReport
  | RtcpReceiverReport
  | RtcpSourceDescription
  | RtcpBye
  | RtcpApp
  | RtcpExtendedReport
  | RtcpOther;

export interface RtcpCompound {
  /** The first is a report. */
  packets: readonly RtcpPacket[];
  /** Padding of the last packet: whole words, the last octet their number of octets; empty: none. */
  padding: Uint8Array;
}

/**
 * Whether `bytes[at .. at + length)` is a compound packet by the rules of RFC 3550 section A.2: version 2
 * throughout, a report without padding first, lengths that add up, padding at most in the last packet.
 * What the bodies hold is each packet's own affair: see {@link rtcpFault}.
 */
export function checkRtcp(bytes: Uint8Array, at: number, length: number): WireStatus {
  if (length < FEWEST_OCTETS) return WireStatus.TooShort;
  const end = at + length;
  let packet = at;
  while (packet < end) {
    if (end - packet < HEADER_OCTETS) return WireStatus.BadLength;
    const first = bytes[packet]!;
    if (first >> 6 !== VERSION) return WireStatus.BadVersion;
    const type = bytes[packet + 1]!;
    if (packet === at && type !== RtcpType.Sr && type !== RtcpType.Rr) return WireStatus.UnknownType;
    const next = packet + packetOctets(bytes, packet);
    if (next > end) return WireStatus.BadLength;
    if ((first & PADDING) !== 0) {
      if (packet === at || next !== end || next - packet === HEADER_OCTETS) return WireStatus.BadPadding;
      const octets = bytes[end - 1]!;
      if (octets === 0 || octets % 4 !== 0 || octets > next - packet - HEADER_OCTETS) return WireStatus.BadPadding;
    }
    packet = next;
  }
  return WireStatus.Ok;
}

/** Octets of the packet whose header is at `at`, header and padding included. */
function packetOctets(bytes: Uint8Array, at: number): number {
  return HEADER_OCTETS + 4 * u16be(bytes, at + 2);
}

/** The first fault of a packet within a compound that is valid as such; `Ok`: none. To be counted. */
export function rtcpFault({ packets }: Readonly<RtcpCompound>): WireStatus {
  for (const packet of packets) {
    if (packet.kind === 'other' && packet.fault !== WireStatus.Ok) return packet.fault;
  }
  return WireStatus.Ok;
}

function parseBody(
  bytes: Uint8Array,
  at: number,
  end: number,
  type: number,
  count: number,
): Exclude<RtcpPacket, RtcpOther> | WireStatus {
  switch (type) {
    case RtcpType.Sr:
      return parseSenderReport(bytes, at, end, count);
    case RtcpType.Rr:
      return parseReceiverReport(bytes, at, end, count);
    case RtcpType.Sdes:
      return parseSourceDescription(bytes, at, end, count);
    case RtcpType.Bye:
      return parseBye(bytes, at, end, count);
    case RtcpType.App:
      return parseApp(bytes, at, end, count);
    case RtcpType.Xr:
      return parseExtendedReport(bytes, at, end, count);
    default:
      // RFC 3550 section 6.1: types that are not known are passed over.
      return WireStatus.Ok;
  }
}

export const rtcpCodec: Codec<RtcpCompound> = {
  name: 'rtcp',
  reference: 'RFC 3550 section 6',
  create: () => ({ packets: [], padding: NO_OCTETS }),
  check: checkRtcp,
  parse(bytes, at, length, out) {
    const status = checkRtcp(bytes, at, length);
    if (status !== WireStatus.Ok) return status;
    const packets: RtcpPacket[] = [];
    out.padding = NO_OCTETS;
    const end = at + length;
    let packet = at;
    while (packet < end) {
      const type = bytes[packet + 1]!;
      const count = bytes[packet]! & COUNT;
      const next = packet + packetOctets(bytes, packet);
      const bodyEnd = next - ((bytes[packet]! & PADDING) === 0 ? 0 : bytes[next - 1]!);
      const body = packet + HEADER_OCTETS;
      const parsed = parseBody(bytes, body, bodyEnd, type, count);
      packets.push(
        typeof parsed === 'number'
          ? { kind: 'other', fault: parsed, type, count, octets: bytes.slice(body, bodyEnd) }
          : parsed,
      );
      if (bodyEnd !== next) out.padding = bytes.slice(bodyEnd, next);
      packet = next;
    }
    out.packets = packets;
    return WireStatus.Ok;
  },
  octets: ({ packets, padding }) =>
    packets.reduce((octets, packet) => octets + HEADER_OCTETS + bodyOctets(packet), padding.length),
  write(bytes, at, { packets, padding }) {
    let next = at;
    for (const [i, packet] of packets.entries()) {
      const octets = bodyOctets(packet);
      const padded = i === packets.length - 1 ? padding.length : 0;
      bytes[next] = (VERSION << 6) | (padded > 0 ? PADDING : 0) | (countOf(packet) & COUNT);
      bytes[next + 1] = typeOf(packet);
      putU16be(bytes, next + 2, (octets + padded) / 4);
      putBody(bytes, next + HEADER_OCTETS, packet);
      next += HEADER_OCTETS + octets;
    }
    bytes.set(padding, next);
    return next + padding.length - at;
  },
  describe: ({ packets, padding }) =>
    `rtcp ${packets.map(packetText).join(' + ')}${padding.length === 0 ? '' : ` padding ${padding.length}`}`,
};

function countOf(packet: RtcpPacket): number {
  switch (packet.kind) {
    case 'sr':
    case 'rr':
      return packet.blocks.length;
    case 'sdes':
      return packet.chunks.length;
    case 'bye':
      return packet.ssrcs.length;
    case 'app':
      return packet.subtype;
    case 'xr':
      return packet.reserved;
    case 'other':
      return packet.count;
  }
}

function typeOf(packet: RtcpPacket): number {
  switch (packet.kind) {
    case 'sr':
      return RtcpType.Sr;
    case 'rr':
      return RtcpType.Rr;
    case 'sdes':
      return RtcpType.Sdes;
    case 'bye':
      return RtcpType.Bye;
    case 'app':
      return RtcpType.App;
    case 'xr':
      return RtcpType.Xr;
    case 'other':
      return packet.type;
  }
}

/** Octets behind the packet's header, without padding. */
function bodyOctets(packet: RtcpPacket): number {
  switch (packet.kind) {
    case 'sr':
    case 'rr':
      return reportOctets(packet);
    case 'sdes':
      return sourceDescriptionOctets(packet);
    case 'bye':
      return byeOctets(packet);
    case 'app':
      return appOctets(packet);
    case 'xr':
      return extendedReportOctets(packet);
    case 'other':
      return packet.octets.length;
  }
}

function putBody(bytes: Uint8Array, at: number, packet: RtcpPacket): void {
  switch (packet.kind) {
    case 'sr':
    case 'rr':
      putReport(bytes, at, packet);
      return;
    case 'sdes':
      putSourceDescription(bytes, at, packet);
      return;
    case 'bye':
      putBye(bytes, at, packet);
      return;
    case 'app':
      putApp(bytes, at, packet);
      return;
    case 'xr':
      putExtendedReport(bytes, at, packet);
      return;
    case 'other':
      bytes.set(packet.octets, at);
  }
}

function packetText(packet: RtcpPacket): string {
  switch (packet.kind) {
    case 'sr':
    case 'rr':
      return reportText(packet);
    case 'sdes':
      return sourceDescriptionText(packet);
    case 'bye':
      return byeText(packet);
    case 'app':
      return appText(packet);
    case 'xr':
      return extendedReportText(packet);
    case 'other': {
      const fault = packet.fault === WireStatus.Ok ? '' : ' malformed';
      return `type-${packet.type}${fault} octets ${packet.octets.length}`;
    }
  }
}
