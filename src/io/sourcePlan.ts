import { readFileSync } from 'node:fs';
import { McastError } from '../core/errors.js';
import type { AddressFamily } from './datagram.js';
import { addressOctets, addressText } from './linux/sockaddr.js';

/** What somebody wants to receive: one group and port on one interface. */
export interface Subscription {
  readonly family: AddressFamily;
  readonly group: string;
  readonly port: number;
  readonly interfaceIndex: number;
  /** Empty: any source. */
  readonly sources: readonly string[];
}

/** One receive socket to be opened. */
export interface PlannedSocket {
  readonly family: AddressFamily;
  readonly group: string;
  readonly port: number;
  readonly interfaceIndex: number;
  readonly sources: readonly string[];
  /** Positions in the list of subscriptions that this socket serves. */
  readonly serves: readonly number[];
}

/** Most sources that the kernel takes for one group on one socket. */
export interface SourceLimits {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** Linux's defaults: IP_MAX_MSF 10, MLD_MAX_MSF 64. */
export const DEFAULT_SOURCE_LIMITS: SourceLimits = { ipv4: 10, ipv6: 64 };

/** The limits of this host and network namespace. */
export function readSourceLimits(): SourceLimits {
  return {
    ipv4: readCount('/proc/sys/net/ipv4/igmp_max_msf') ?? DEFAULT_SOURCE_LIMITS.ipv4,
    ipv6: readCount('/proc/sys/net/ipv6/mld_max_msf') ?? DEFAULT_SOURCE_LIMITS.ipv6,
  };
}

function readCount(file: string): number | null {
  try {
    const count = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(count) && count > 0 ? count : null;
  } catch {
    return null;
  }
}

function canonical(address: string, family: AddressFamily): string {
  const octets = addressOctets(address);
  return octets === null ? address : addressText(octets, 0, family);
}

interface Wanted {
  readonly first: Subscription;
  readonly anySource: number[];
  /** Canonical source -> positions of those who want it. */
  readonly bySource: Map<string, number[]>;
}

/**
 * Sockets for the subscriptions: those of one group, port and interface are put together, and a further
 * socket is planned where the kernel's limit of sources is reached. Each source is on exactly one of
 * them: the same one on two would deliver every datagram twice. Any-source and source-specific for one
 * group, port and interface is refused: the kernel would silently turn the one into the other.
 */
export function planSockets(
  subscriptions: readonly Subscription[],
  limits: SourceLimits = DEFAULT_SOURCE_LIMITS,
): PlannedSocket[] {
  const groups = new Map<string, Wanted>();
  for (const [position, wanted] of subscriptions.entries()) {
    const { family, port, interfaceIndex } = wanted;
    const key = `${canonical(wanted.group, family)} ${port} ${interfaceIndex}`;
    let entry = groups.get(key);
    if (entry === undefined) groups.set(key, (entry = { first: wanted, anySource: [], bySource: new Map() }));
    if (wanted.sources.length === 0) entry.anySource.push(position);
    for (const source of wanted.sources) {
      const name = canonical(source, family);
      const positions = entry.bySource.get(name) ?? [];
      if (!positions.includes(position)) positions.push(position);
      entry.bySource.set(name, positions);
    }
    if (entry.anySource.length > 0 && entry.bySource.size > 0) {
      throw new McastError('ERR_USAGE', `${wanted.group} port ${port} is asked for with and without a source`, {
        hint: 'Name its sources everywhere, or nowhere: any source includes the named ones.',
      });
    }
  }
  return [...groups.values()].flatMap((entry) => split(entry, limits));
}

function split({ first, anySource, bySource }: Wanted, limits: SourceLimits): PlannedSocket[] {
  const { family, group, port, interfaceIndex } = first;
  const common = { family, group, port, interfaceIndex };
  if (bySource.size === 0) return [{ ...common, sources: [], serves: anySource }];
  const limit = Math.max(1, family === 4 ? limits.ipv4 : limits.ipv6);
  const sources = [...bySource.keys()];
  const sockets: PlannedSocket[] = [];
  for (let from = 0; from < sources.length; from += limit) {
    const part = sources.slice(from, from + limit);
    const serves = [...new Set(part.flatMap((source) => bySource.get(source)!))].sort((a, b) => a - b);
    sockets.push({ ...common, sources: part, serves });
  }
  return sockets;
}
