/**
 * IGMP: version 1 (RFC 1112 appendix I), 2 (RFC 2236 section 2) and 3 (RFC 3376 section 4). All begin
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     type      | max resp code |           checksum            |
 * |          group address, or of a version 3 report              |
 * |           reserved            |      number of records        |
 */
import { formatAddress } from '../core/address.js';
import { u16be } from '../core/bytes.js';
import { GROUPS_READ, queryIntervalSeconds, saysListening, type MembershipMessage } from './membershipMessage.js';
import { WireStatus } from './status.js';

export const IgmpType = { Query: 0x11, ReportV1: 0x12, ReportV2: 0x16, Leave: 0x17, ReportV3: 0x22 } as const;

const SHORT_OCTETS = 8;
const QUERY_V3_OCTETS = 12;
const RECORD_OCTETS = 8;

/** Whether `bytes[at .. at + length)` is an IGMP message whose checksum is right. */
export function checkIgmp(bytes: Uint8Array, at: number, length: number): WireStatus {
  if (length < SHORT_OCTETS) return WireStatus.TooShort;
  return onesComplementSum(bytes, at, length) === 0xffff ? WireStatus.Ok : WireStatus.BadChecksum;
}

/** What a checked message says; `null`: of another type, or cut. Never reads outside of the message. */
export function readIgmp(bytes: Uint8Array, at: number, length: number): MembershipMessage | null {
  switch (bytes[at]) {
    case IgmpType.Query:
      return readQuery(bytes, at, length);
    case IgmpType.ReportV1:
    case IgmpType.ReportV2:
      return { kind: 'report', version: bytes[at] === IgmpType.ReportV1 ? 1 : 2, groups: [group(bytes, at + 4)] };
    case IgmpType.Leave:
      return { kind: 'leave', group: group(bytes, at + 4) };
    case IgmpType.ReportV3:
      return { kind: 'report', version: 3, groups: recordGroups(bytes, at, length) };
    default:
      return null;
  }
}

/** The version follows from length and response code, RFC 3376 section 7.1. */
function readQuery(bytes: Uint8Array, at: number, length: number): MembershipMessage | null {
  const isGeneral = bytes.subarray(at + 4, at + 8).every((octet) => octet === 0);
  const common = { kind: 'query', group: isGeneral ? null : group(bytes, at + 4) } as const;
  if (length === SHORT_OCTETS) return { ...common, version: bytes[at + 1] === 0 ? 1 : 2, intervalSeconds: null };
  if (length < QUERY_V3_OCTETS) return null;
  return { ...common, version: 3, intervalSeconds: queryIntervalSeconds(bytes[at + 9]!) };
}

function recordGroups(bytes: Uint8Array, at: number, length: number): string[] {
  const groups: string[] = [];
  const end = at + length;
  let next = at + SHORT_OCTETS;
  for (let left = u16be(bytes, at + 6); left > 0 && next + RECORD_OCTETS <= end; left--) {
    const sources = u16be(bytes, next + 2);
    if (saysListening(bytes[next]!, sources) && groups.length < GROUPS_READ) groups.push(group(bytes, next + 4));
    next += RECORD_OCTETS + 4 * (sources + bytes[next + 1]!);
  }
  return groups;
}

function group(bytes: Uint8Array, at: number): string {
  return formatAddress(bytes.slice(at, at + 4));
}

/** RFC 1071: 0xffff over a whole message with its checksum. */
function onesComplementSum(bytes: Uint8Array, at: number, length: number): number {
  let sum = 0;
  for (let i = 0; i + 1 < length; i += 2) sum += u16be(bytes, at + i);
  if (length % 2 === 1) sum += bytes[at + length - 1]! << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
