/**
 * Which format a UDP payload is in, by what its octets must look like. Every signature but RTP's is
 * strict enough that chance does not meet it; docs/protocols/recognition.md has the rates.
 */
import { u16be, viewOf } from '../core/bytes.js';
import type { FormatName } from './formatNames.js';
import { checkIperf, iperfHasSettings, iperfSeconds } from './iperf.js';
import { checkIperfReport } from './iperfReport.js';
import { checkMdp3, mdp3IsPlausible } from './mdp3.js';
import { checkMoldRequest, checkMoldUdp64 } from './moldudp64.js';
import { checkProbe } from './probe.js';
import { checkRtcp } from './rtcp.js';
import { FEC_MIN_ROWS, checkSmpteFec, fecAssociated, fecIsRow, fecOffset, fecShapeFits } from './smpteFec.js';
import { WireStatus } from './status.js';
import { checkXdp } from './xdp.js';

/** The format of `bytes[at .. at + length)`; never reads outside of it. Cold: asked for a stream's first datagrams. */
export function recogniseFormat(bytes: Uint8Array, at: number, length: number): FormatName {
  const view = viewOf(bytes);
  if (checkProbe(view, at, length) === WireStatus.Ok) return 'probe';
  // Before what is recognised by less: the low octets of their sizes and numbers are any, RTP's first two among them.
  if (checkXdp(view, at, length) === WireStatus.Ok) return 'xdp';
  if (checkMdp3(view, at, length) === WireStatus.Ok && mdp3IsPlausible(view, at, length)) return 'mdp3';
  if (isTransportStream(bytes, at, length)) return 'mpeg-ts';
  if (isSap(bytes, at, length)) return 'sap';
  if (isIperf(bytes, view, at, length)) return 'iperf';
  if (checkIperfReport(view, at, length) === WireStatus.Ok) return 'iperf/report';
  if (checkRtcp(bytes, at, length) === WireStatus.Ok) return 'rtcp';
  if (isSmpteFec(view, at, length)) return 'rtp/smpte-2022-1';
  const headerOctets = rtpHeaderOctets(bytes, at, length);
  if (headerOctets > 0) {
    return isTransportStream(bytes, at + headerOctets, length - headerOctets) ? 'rtp/mpeg-ts' : 'rtp';
  }
  if (checkMoldUdp64(view, at, length) === WireStatus.Ok) return 'moldudp64';
  return checkMoldRequest(view, at, length) === WireStatus.Ok ? 'moldudp64/request' : 'unknown';
}

const TS_PACKET_OCTETS = 188;

/**
 * Whole transport packets and nothing else (ISO/IEC 13818-1 section 2.4.3): each with its sync octet,
 * without the error indicator, with an adaptation field control that is not reserved, and with an
 * adaptation field that fits.
 */
function isTransportStream(bytes: Uint8Array, at: number, length: number): boolean {
  if (length === 0 || length % TS_PACKET_OCTETS !== 0) return false;
  for (let packet = at; packet < at + length; packet += TS_PACKET_OCTETS) {
    if (bytes[packet] !== 0x47 || (bytes[packet + 1]! & 0x80) !== 0) return false;
    const control = (bytes[packet + 3]! >> 4) & 3;
    const fieldOctets = bytes[packet + 4]!;
    if (control === 0) return false;
    if (control === 2 && fieldOctets !== 183) return false;
    if (control === 3 && fieldOctets > 182) return false;
  }
  return true;
}

/** T of the first octet. */
const SAP_DELETION = 0x04;
const ORIGIN_FIELDS = 6;
/** Place of <nettype> among them. */
const ORIGIN_NETTYPE = 3;

/**
 * RFC 2974 section 6: version 1, in clear, and a payload that begins as SDP; of a deletion also the
 * origin line alone.
 */
function isSap(bytes: Uint8Array, at: number, length: number): boolean {
  if (length < 8) return false;
  const flags = bytes[at]!;
  // Version 1 (three bits), R = 0, E = 0, C = 0; A and T are free.
  if ((flags & 0xeb) !== 0x20) return false;
  const headerOctets = 4 + ((flags & 0x10) === 0 ? 4 : 16) + bytes[at + 1]! * 4;
  const end = at + length;
  let payload = at + headerOctets;
  if (startsWith(bytes, payload, end, 'application/sdp\0')) payload += 16;
  if (startsWith(bytes, payload, end, 'v=0\r\n') || startsWith(bytes, payload, end, 'v=0\n')) return true;
  return (flags & SAP_DELETION) !== 0 && isOriginLine(bytes, payload, end);
}

/**
 * Whether `bytes[at .. end)` is one line `o=` of six fields, of which the fourth is `IN` (RFC 8866 section 5.2),
 * with or without its end of line.
 */
function isOriginLine(bytes: Uint8Array, at: number, end: number): boolean {
  if (!startsWith(bytes, at, end, 'o=')) return false;
  let lineEnd = end;
  if (bytes[lineEnd - 1] === 0x0a) lineEnd--;
  if (lineEnd < end && bytes[lineEnd - 1] === 0x0d) lineEnd--;
  let field = 0;
  let fieldAt = at + 2;
  for (let i = fieldAt; i <= lineEnd; i++) {
    const octet = i === lineEnd ? 0x20 : bytes[i]!;
    if (octet < 0x20) return false;
    if (octet !== 0x20) continue;
    if (i === fieldAt) return false;
    if (field === ORIGIN_NETTYPE && !(i - fieldAt === 2 && startsWith(bytes, fieldAt, end, 'IN'))) return false;
    field++;
    fieldAt = i + 1;
  }
  return field === ORIGIN_FIELDS;
}

function startsWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Octets of filling that have to be right. */
const IPERF_PATTERN_OCTETS = 16;
/** 2004: iperf 3, which may fill its datagrams like this, has fractions of a second there. */
const IPERF_EARLIEST_S = 2 ** 30;

/**
 * iperf 2 has no magic number, but two things to be told by: the settings of the client, or, where numbers have 32 bits, the
 * filling, octet n being '0' + n mod 10. 2.1.8 leaves that visible from octet 160 on.
 */
function isIperf(bytes: Uint8Array, view: DataView, at: number, length: number): boolean {
  if (checkIperf(view, at, length) !== WireStatus.Ok) return false;
  if (iperfHasSettings(view, at, length)) return true;
  if (length < 12 + IPERF_PATTERN_OCTETS || iperfSeconds(view, at) < IPERF_EARLIEST_S) return false;
  for (let i = length - IPERF_PATTERN_OCTETS; i < length; i++) if (bytes[at + i] !== 0x30 + (i % 10)) return false;
  return true;
}

/**
 * An FEC packet of SMPTE ST 2022-1 whose row or column is one that a sender may use. Its mask and other
 * zeros, 39 bits, make it far surer than the RTP header before them.
 */
function isSmpteFec(view: DataView, at: number, length: number): boolean {
  if (checkSmpteFec(view, at, length) !== WireStatus.Ok) return false;
  const count = fecAssociated(view, at);
  // Of a row only L is said: it fits if the flattest matrix does.
  return fecIsRow(view, at) ? fecShapeFits(count, FEC_MIN_ROWS, true) : fecShapeFits(fecOffset(view, at), count, false);
}

/**
 * Octets of the RTP header (RFC 3550 section 5.1), 0 when it is not taken for RTP. RTP has no magic
 * number: taken are only version 2 without padding and contributing sources (as media senders do), an
 * extension whose length fits, a payload type that is assigned or dynamic (RFC 3551 section 6; the
 * others would collide with RTCP, RFC 5761), and some payload. Of random octets 0.18 % pass.
 */
function rtpHeaderOctets(bytes: Uint8Array, at: number, length: number): number {
  if (length <= 12) return 0;
  const first = bytes[at]!;
  if ((first & 0xef) !== 0x80) return 0;
  const payloadType = bytes[at + 1]! & 0x7f;
  const isAssigned = payloadType <= 18 || payloadType === 25 || payloadType === 26 || payloadType === 28;
  if (!isAssigned && !(payloadType >= 31 && payloadType <= 34) && payloadType < 96) return 0;
  if ((first & 0x10) === 0) return 12;
  if (length <= 16) return 0;
  const headerOctets = 16 + u16be(bytes, at + 14) * 4;
  return headerOctets < length ? headerOctets : 0;
}
