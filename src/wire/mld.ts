/**
 * MLD: version 1 (RFC 2710 section 3) and 2 (RFC 3810 section 5), messages of ICMPv6.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     type      |     code      |           checksum            |
 * |      maximum response code    |           reserved            |  of a version 2 report: reserved, number of records
 * |                  multicast address (16 octets)                |
 *
 * The checksum covers addresses of the IPv6 header: whoever delivered the message has checked it.
 */
import { formatAddress } from '../core/address.js';
import { u16be } from '../core/bytes.js';
import { GROUPS_READ, queryIntervalSeconds, saysListening, type MembershipMessage } from './membershipMessage.js';
import { WireStatus } from './status.js';

export const MldType = { Query: 130, ReportV1: 131, Done: 132, ReportV2: 143 } as const;

const V1_OCTETS = 24;
const QUERY_V2_OCTETS = 28;
const REPORT_V2_OCTETS = 8;
const RECORD_OCTETS = 20;

/** Whether `bytes[at .. at + length)` is long enough for an MLD message of its type. */
export function checkMld(bytes: Uint8Array, at: number, length: number): WireStatus {
  if (length < 1) return WireStatus.TooShort;
  switch (bytes[at]) {
    case MldType.Query:
    case MldType.ReportV1:
    case MldType.Done:
      return length < V1_OCTETS ? WireStatus.TooShort : WireStatus.Ok;
    case MldType.ReportV2:
      return length < REPORT_V2_OCTETS ? WireStatus.TooShort : WireStatus.Ok;
    default:
      return WireStatus.UnknownType;
  }
}

/** What a checked message says; `null`: cut. Never reads outside of the message. */
export function readMld(bytes: Uint8Array, at: number, length: number): MembershipMessage | null {
  switch (bytes[at]) {
    case MldType.Query:
      return readQuery(bytes, at, length);
    case MldType.ReportV1:
      return { kind: 'report', version: 1, groups: [group(bytes, at + 8)] };
    case MldType.Done:
      return { kind: 'leave', group: group(bytes, at + 8) };
    case MldType.ReportV2:
      return { kind: 'report', version: 2, groups: recordGroups(bytes, at, length) };
    default:
      return null;
  }
}

/** The version follows from the length, RFC 3810 section 8.1. */
function readQuery(bytes: Uint8Array, at: number, length: number): MembershipMessage | null {
  const isGeneral = bytes.subarray(at + 8, at + 24).every((octet) => octet === 0);
  const common = { kind: 'query', group: isGeneral ? null : group(bytes, at + 8) } as const;
  if (length === V1_OCTETS) return { ...common, version: 1, intervalSeconds: null };
  if (length < QUERY_V2_OCTETS) return null;
  return { ...common, version: 2, intervalSeconds: queryIntervalSeconds(bytes[at + 25]!) };
}

function recordGroups(bytes: Uint8Array, at: number, length: number): string[] {
  const groups: string[] = [];
  const end = at + length;
  let next = at + REPORT_V2_OCTETS;
  for (let left = u16be(bytes, at + 6); left > 0 && next + RECORD_OCTETS <= end; left--) {
    const sources = u16be(bytes, next + 2);
    if (saysListening(bytes[next]!, sources) && groups.length < GROUPS_READ) groups.push(group(bytes, next + 4));
    next += RECORD_OCTETS + 16 * sources + 4 * bytes[next + 1]!;
  }
  return groups;
}

function group(bytes: Uint8Array, at: number): string {
  return formatAddress(bytes.slice(at, at + 16));
}
