import { readFileSync } from 'node:fs';
import type { NetworkInterfaceInfo } from 'node:os';
import { networkInterfaces } from 'node:os';
import type { AddressFamily } from './datagram.js';

export interface InterfaceAddress {
  readonly family: AddressFamily;
  /** Canonical text without zone. */
  readonly address: string;
  readonly prefixBits: number;
}

/** One network interface of this host and network namespace. `null`: the system does not tell. */
export interface NetworkInterface {
  /** Kernel's index, above 0; 0 where the system does not tell. */
  readonly index: number;
  readonly name: string;
  readonly addresses: readonly InterfaceAddress[];
  /** Switched on by the administrator. */
  readonly up: boolean;
  /** A cable with somebody at the other end. */
  readonly carrier: boolean | null;
  /** The MULTICAST flag. Loopback lacks it and carries multicast all the same. */
  readonly multicast: boolean | null;
  readonly loopback: boolean;
  readonly mtuOctets: number | null;
  readonly linkMbitPerSecond: number | null;
}

/** What Linux tells of an interface beside its addresses. */
export interface LinkFacts {
  readonly name: string;
  readonly index: number;
  /** Bits of {@link LinkFlag}; `null`: not readable. */
  readonly flags: number | null;
  readonly carrier: boolean | null;
  readonly mtuOctets: number | null;
  readonly linkMbitPerSecond: number | null;
}

/** linux/if.h. */
export const LinkFlag = { Up: 0x1, Loopback: 0x8, Multicast: 0x1000 } as const;

/** As `os.networkInterfaces` gives them: only interfaces that are up and have an address. */
export type AddressTable = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** All interfaces, by index. */
export function listInterfaces(): NetworkInterface[] {
  return composeInterfaces(process.platform === 'linux' ? readLinks() : [], networkInterfaces());
}

/** Joins what is known of links and of addresses; an interface may be in either alone. */
export function composeInterfaces(links: readonly LinkFacts[], table: AddressTable): NetworkInterface[] {
  const known = new Map<string, NetworkInterfaceInfo[]>();
  for (const [label, infos] of Object.entries(table)) {
    // A label such as eth0:1 belongs to eth0; no interface name has a colon.
    const name = label.replace(/:.*$/, '');
    known.set(name, [...(known.get(name) ?? []), ...(infos ?? [])]);
  }
  const names = new Set([...links.map((link) => link.name), ...known.keys()]);
  const all = [...names].map((name) => {
    const link = links.find((candidate) => candidate.name === name);
    const infos = known.get(name) ?? [];
    const flags = link?.flags ?? null;
    const zone = infos.find((info) => info.family === 'IPv6' && info.scopeid !== 0)?.scopeid;
    return {
      index: link?.index ?? zone ?? 0,
      name,
      addresses: infos.map(address),
      up: flags === null ? infos.length > 0 : (flags & LinkFlag.Up) !== 0,
      carrier: link?.carrier ?? null,
      multicast: flags === null ? null : (flags & LinkFlag.Multicast) !== 0,
      loopback: flags === null ? infos.some((info) => info.internal) : (flags & LinkFlag.Loopback) !== 0,
      mtuOctets: link?.mtuOctets ?? null,
      linkMbitPerSecond: link?.linkMbitPerSecond ?? null,
    };
  });
  return all.sort((a, b) => a.index - b.index);
}

function address(info: NetworkInterfaceInfo): InterfaceAddress {
  const family = info.family === 'IPv4' ? 4 : 6;
  const prefix = Number(info.cidr?.split('/')[1]);
  return {
    family,
    address: info.address.replace(/%.*$/, ''),
    prefixBits: Number.isInteger(prefix) ? prefix : family === 4 ? 32 : 128,
  };
}

/** Names and indexes that the files below /proc/net give: always of this process's network namespace. */
export interface NamespaceLinks {
  /** /proc/net/dev. */
  readonly names: readonly string[];
  /** Index by name, of those that dev_mcast, if_inet6 or igmp mention. */
  readonly indexes: ReadonlyMap<string, number>;
}

export function parseNamespaceLinks(files: {
  readonly dev: string;
  readonly devMcast: string;
  readonly ifInet6: string;
  readonly igmp: string;
}): NamespaceLinks {
  const names = [...files.dev.matchAll(/^\s*([^\s:]+):/gm)].map((match) => match[1]!);
  const indexes = new Map<string, number>();
  for (const [, index, name] of files.devMcast.matchAll(/^(\d+)\s+(\S+)/gm)) indexes.set(name!, Number(index));
  for (const [, index, name] of files.igmp.matchAll(/^(\d+)\s+(\S+?)\s*:/gm)) indexes.set(name!, Number(index));
  for (const [, index, name] of files.ifInet6.matchAll(/^[0-9a-f]{32} ([0-9a-f]+) .*\s(\S+)$/gm)) {
    indexes.set(name!, Number.parseInt(index!, 16));
  }
  return { names, indexes };
}

/**
 * Whether /sys shows the same network namespace as /proc/net. It need not: /sys belongs to the
 * namespace of whoever mounted it, and then tells of another's interfaces.
 */
export function isSameNamespace(sysfs: readonly LinkFacts[], namespace: NamespaceLinks): boolean {
  if (sysfs.length !== namespace.names.length) return false;
  return sysfs.every(({ name, index }) => {
    const known = namespace.indexes.get(name);
    return namespace.names.includes(name) && (known === undefined || known === index);
  });
}

function readLinks(): LinkFacts[] {
  const namespace = parseNamespaceLinks({
    dev: read('/proc/net/dev') ?? '',
    devMcast: read('/proc/net/dev_mcast') ?? '',
    ifInet6: read('/proc/net/if_inet6') ?? '',
    igmp: read('/proc/net/igmp') ?? '',
  });
  const sysfs: LinkFacts[] = [];
  for (const name of namespace.names) {
    const folder = `/sys/class/net/${name}`;
    const index = readNumber(`${folder}/ifindex`);
    if (index === null) continue;
    const speed = readNumber(`${folder}/speed`);
    const carrier = readNumber(`${folder}/carrier`);
    sysfs.push({
      name,
      index,
      flags: readNumber(`${folder}/flags`),
      carrier: carrier === null ? null : carrier === 1,
      mtuOctets: readNumber(`${folder}/mtu`),
      linkMbitPerSecond: speed !== null && speed > 0 ? speed : null,
    });
  }
  if (isSameNamespace(sysfs, namespace)) return sysfs;
  return namespace.names.map((name) => ({
    name,
    index: namespace.indexes.get(name) ?? 0,
    flags: null,
    carrier: null,
    mtuOctets: readNumber(`/proc/sys/net/ipv6/conf/${name}/mtu`),
    linkMbitPerSecond: null,
  }));
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Decimal or 0x; `null`: not readable, or no number ("speed" of an interface that is down). */
function readNumber(file: string): number | null {
  const text = read(file)?.trim();
  return text === undefined || text === '' || Number.isNaN(Number(text)) ? null : Number(text);
}

/** First address of the family, global before link-local; `null`: none. */
export function firstAddress(iface: NetworkInterface, family: AddressFamily): string | null {
  const own = iface.addresses.filter((candidate) => candidate.family === family);
  return (own.find(({ address }) => !/^fe[89ab]/i.test(address)) ?? own[0])?.address ?? null;
}

/** "eth0 (192.0.2.2, fd00::2)" for each, for error messages. */
export function describeInterfaces(interfaces: readonly NetworkInterface[]): string {
  if (interfaces.length === 0) return 'none';
  return interfaces
    .map(({ name, addresses, up }) => {
      const own = up ? addresses.map((entry) => entry.address).join(', ') || 'no address' : 'down';
      return `${name} (${own})`;
    })
    .join(', ');
}
