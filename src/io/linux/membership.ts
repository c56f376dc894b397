import { readFileSync } from 'node:fs';
import type { AddressFamily, MembershipState } from '../datagram.js';
import { addressOctets, addressText } from './sockaddr.js';
import { LITTLE_ENDIAN } from './sockopt.js';

/** One group that an interface has joined, by whatever program. */
export interface InterfaceGroup {
  readonly interfaceIndex: number;
  readonly interfaceName: string;
  readonly group: string;
  /** Sockets and protocols that joined it. */
  readonly users: number;
  /** The host's mode on the interface, which follows the querier heard; `null` in IPv6: not told. */
  readonly protocol: MembershipState['protocol'];
  /** Its answer to a question for this group is due, or was given; in IGMPv3 nothing else sets that. IPv6: not told. */
  readonly asked: boolean | null;
}

/** One source of a group in an interface's filter. */
export interface InterfaceSource {
  readonly interfaceIndex: number;
  readonly interfaceName: string;
  readonly group: string;
  readonly source: string;
  /** Sockets that include and that exclude it. */
  readonly include: number;
  readonly exclude: number;
}

const IGMP_VERSIONS: Readonly<Record<string, MembershipState['protocol']>> = {
  V1: 'IGMPv1',
  V2: 'IGMPv2',
  V3: 'IGMPv3',
};

/** Hexadecimal octets without separators. */
function hexAddress(hex: string, family: AddressFamily): string | null {
  if (hex.length !== (family === 4 ? 8 : 32) || !/^[0-9a-fA-F]+$/.test(hex)) return null;
  return addressText(
    Uint8Array.from(hex.match(/../g)!, (octet) => Number.parseInt(octet, 16)),
    0,
    family,
  );
}

/** IPv4 address that the kernel printed as one number of its own byte order. */
function hostOrderAddress(hex: string): string | null {
  return hexAddress(LITTLE_ENDIAN ? (hex.match(/../g) ?? []).toReversed().join('') : hex, 4);
}

/** /proc/net/igmp: a line per interface, then an indented line per group. Lines of another form are passed over. */
export function parseIgmp(text: string): InterfaceGroup[] {
  const groups: InterfaceGroup[] = [];
  let [interfaceIndex, interfaceName] = [0, ''];
  let protocol: MembershipState['protocol'] = null;
  for (const line of text.split('\n')) {
    const device = /^(\d+)\s+(\S+?)\s*:\s*\d+\s+(\S+)/.exec(line);
    if (device !== null) {
      [interfaceIndex, interfaceName] = [Number(device[1]), device[2]!];
      protocol = IGMP_VERSIONS[device[3]!] ?? null;
      continue;
    }
    const member = /^\s+([0-9a-fA-F]{8})\s+(\d+)\s+(\d+):[0-9a-fA-F]+\s+(\d+)/.exec(line);
    const group = member === null ? null : hostOrderAddress(member[1]!);
    if (member !== null && group !== null) {
      const asked = member[3] !== '0' || member[4] !== '0';
      groups.push({ interfaceIndex, interfaceName, group, users: Number(member[2]), protocol, asked });
    }
  }
  return groups;
}

/** /proc/net/igmp6: index, device, group, users, flags, timer. */
export function parseIgmp6(text: string): InterfaceGroup[] {
  const groups: InterfaceGroup[] = [];
  for (const line of text.split('\n')) {
    const [index, interfaceName, hex, users] = line.trim().split(/\s+/);
    if (index === undefined || interfaceName === undefined || hex === undefined || users === undefined) continue;
    const group = hexAddress(hex, 6);
    if (group === null) continue;
    const entry = { interfaceIndex: Number(index), interfaceName, group, users: Number(users) };
    groups.push({ ...entry, protocol: null, asked: null });
  }
  return groups;
}

/**
 * /proc/net/mcfilter and mcfilter6: index, device, group, source, includes, excludes; any-source joins are not in it. Of
 * an interface whose group joined last has no sources the kernel lists nothing at all (Linux 6.18): what is missing
 * here may be joined all the same.
 */
export function parseSourceFilters(text: string, family: AddressFamily): InterfaceSource[] {
  const sources: InterfaceSource[] = [];
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 6) continue;
    const [index, interfaceName, groupHex, sourceHex, include, exclude] = fields as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    // The IPv4 file writes its addresses as numbers, 0x and most significant octet first.
    const group = hexAddress(groupHex.replace(/^0x/, ''), family);
    const source = hexAddress(sourceHex.replace(/^0x/, ''), family);
    if (group === null || source === null) continue;
    sources.push({
      interfaceIndex: Number(index),
      interfaceName,
      group,
      source,
      include: Number(include),
      exclude: Number(exclude),
    });
  }
  return sources;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

interface Place {
  readonly interfaceIndex: number;
  readonly group: string;
}

/** Entries of a file by interface and group. */
type Entries<T extends Place> = ReadonlyMap<string, readonly T[]>;

/** Files read within {@link readingMembershipsOnce}; `null` outside: each is read whenever it is asked. */
let kept: Map<string, Entries<Place>> | null = null;

/**
 * Within `work` each file is read once, however many memberships are asked for: a thousand groups would each
 * parse the lines of all.
 */
export function readingMembershipsOnce<T>(work: () => T): T {
  kept = new Map();
  try {
    return work();
  } finally {
    kept = null;
  }
}

function keyOf({ interfaceIndex, group }: Place): string {
  return `${interfaceIndex} ${group}`;
}

function entriesOf<T extends Place>(file: string, parse: (text: string) => T[]): Entries<T> {
  const before = kept?.get(file);
  // A file has entries of one kind only.
  if (before !== undefined) return before as Entries<T>;
  const entries = new Map<string, T[]>();
  for (const entry of parse(read(file) ?? '')) {
    const key = keyOf(entry);
    const there = entries.get(key);
    if (there === undefined) entries.set(key, [entry]);
    else there.push(entry);
  }
  kept?.set(file, entries);
  return entries;
}

/** What /proc tells of one group on one interface; it counts all programs of this network namespace. */
export interface InterfaceMembership {
  readonly joined: boolean;
  /** Sockets and protocols that joined it. */
  readonly users: number;
  readonly protocol: MembershipState['protocol'];
  readonly asked: boolean | null;
  readonly sources: readonly InterfaceSource[];
  /** Files that told it. */
  readonly evidence: readonly string[];
}

export function readInterfaceMembership(
  family: AddressFamily,
  group: string,
  interfaceIndex: number,
): InterfaceMembership {
  const octets = addressOctets(group);
  const canonical = octets === null ? group : addressText(octets, 0, family);
  const [groupsFile, sourcesFile] =
    family === 4 ? ['/proc/net/igmp', '/proc/net/mcfilter'] : ['/proc/net/igmp6', '/proc/net/mcfilter6'];
  const parseGroups = family === 4 ? parseIgmp : parseIgmp6;
  const key = keyOf({ interfaceIndex, group: canonical });
  const [found] = entriesOf(groupsFile, parseGroups).get(key) ?? [];
  const sources = entriesOf(sourcesFile, (text) => parseSourceFilters(text, family)).get(key) ?? [];
  const evidence: string[] = [];
  if (found !== undefined) evidence.push(groupsFile);
  if (sources.length > 0) evidence.push(sourcesFile);
  return {
    joined: found !== undefined,
    users: found?.users ?? 0,
    protocol: found?.protocol ?? null,
    asked: found?.asked ?? null,
    sources,
    evidence,
  };
}

/** Mode that an administrator forced on the interface's MLD; `null`: the kernel does not tell the one in use. */
export function forcedMldVersion(interfaceName: string): MembershipState['protocol'] {
  const text = read(`/proc/sys/net/ipv6/conf/${interfaceName}/force_mld_version`)?.trim();
  return text === '1' ? 'MLDv1' : text === '2' ? 'MLDv2' : null;
}
