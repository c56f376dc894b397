import { formatAddress, needsZone, parseAddress } from '../core/address.js';
import { McastError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import type { AddressFamily } from './datagram.js';
import type { NetworkInterface } from './interfaces.js';
import { describeInterfaces, firstAddress, listInterfaces } from './interfaces.js';
import type { Route } from './route.js';
import { askRoute, readRouteTable, routeDevice } from './route.js';

export interface ChosenInterface {
  readonly interface: NetworkInterface;
  /** Why it was chosen, in words: "asked for", "the route to 239.1.1.1 leads there". */
  readonly reason: string;
}

/**
 * The interface for a group: by name, index or local address as asked for, or with `text` `null` the one
 * to which the kernel routes the group. Loopback is taken only if named, if the route leads there, or
 * if nothing else is up; the reason says so.
 *
 * Throws ERR_INTERFACE (there is none such, it is down, or one must be named) or ERR_NO_ROUTE.
 */
export async function resolveInterface(
  text: string | null,
  family: AddressFamily,
  group: string,
  interfaces: readonly NetworkInterface[] = listInterfaces(),
): Promise<ChosenInterface> {
  if (text !== null) return namedInterface(text, interfaces);
  const address = parseAddress(group);
  if (address !== null && needsZone(address)) return onlyInterface(group, interfaces);
  const route = await askRoute(family, group);
  return routedInterface(route, family, group, interfaces, family === 4 ? readRouteTable() : '');
}

/** The same for receivers, which may ask for `all`: every interface that is up and not loopback. */
export async function resolveInterfaces(
  text: string | null,
  family: AddressFamily,
  group: string,
  interfaces: readonly NetworkInterface[] = listInterfaces(),
): Promise<ChosenInterface[]> {
  if (text !== 'all' || interfaces.some(({ name }) => name === 'all')) {
    return [await resolveInterface(text, family, group, interfaces)];
  }
  const usable = candidates(interfaces);
  if (usable.length > 0) return usable.map((iface) => ({ interface: iface, reason: 'all interfaces were asked for' }));
  return [loopbackOnly(interfaces)];
}

/** By name, else index, else local address. Throws ERR_INTERFACE, also of one that is down. */
export function namedInterface(text: string, interfaces: readonly NetworkInterface[]): ChosenInterface {
  const { interface: iface, reason } = findInterface(text, interfaces);
  return usable(iface, reason);
}

/** The same, whether it is up or down. */
export function findInterface(text: string, interfaces: readonly NetworkInterface[]): ChosenInterface {
  const byName = interfaces.find(({ name }) => name === text);
  if (byName !== undefined) return { interface: byName, reason: 'asked for by name' };
  const byIndex = /^[1-9][0-9]*$/.test(text) ? interfaces.find(({ index }) => index === Number(text)) : undefined;
  if (byIndex !== undefined) return { interface: byIndex, reason: `asked for by its index ${text}` };
  const [plain = '', zone] = text.split('%');
  const octets = parseAddress(plain);
  if (octets === null) {
    const near = didYouMean(
      text,
      interfaces.map(({ name }) => name),
    );
    throw new McastError(
      'ERR_INTERFACE',
      `there is no interface ${text}; this host has ${describeInterfaces(interfaces)}${near}`,
    );
  }
  const address = formatAddress(octets);
  const holders = interfaces.filter(
    (iface) => iface.addresses.some((own) => own.address === address) && (zone === undefined || isZone(zone, iface)),
  );
  if (holders.length === 1) return { interface: holders[0]!, reason: `asked for by its address ${text}` };
  const why =
    holders.length === 0
      ? `no interface has the address ${text}; this host has ${describeInterfaces(interfaces)}`
      : `${text} is an address of ${holders.map(({ name }) => name).join(' and ')}; name one of them`;
  throw new McastError('ERR_INTERFACE', why);
}

function usable(iface: NetworkInterface, reason: string): ChosenInterface {
  if (!iface.up) {
    throw new McastError('ERR_INTERFACE', `interface ${iface.name} is down`, {
      hint: `Switch it on (ip link set ${iface.name} up), or name another with --iface.`,
    });
  }
  return { interface: iface, reason: iface.loopback ? `${reason}; nothing leaves this host` : reason };
}

/** Those that may well carry multicast to others. */
export function candidates(interfaces: readonly NetworkInterface[]): NetworkInterface[] {
  return interfaces.filter(({ up, loopback, multicast }) => up && !loopback && multicast !== false);
}

function loopbackOnly(interfaces: readonly NetworkInterface[]): ChosenInterface {
  const loopback = interfaces.find((iface) => iface.loopback && iface.up);
  if (loopback === undefined) {
    throw new McastError('ERR_INTERFACE', `no interface is up; this host has ${describeInterfaces(interfaces)}`, {
      hint: 'Switch one on: ip link set <interface> up.',
    });
  }
  return { interface: loopback, reason: 'no other interface is up; nothing leaves this host' };
}

/** Link-local groups have no route of their own: the choice must be clear or be made by the operator. */
function onlyInterface(group: string, interfaces: readonly NetworkInterface[]): ChosenInterface {
  const up = candidates(interfaces);
  if (up.length === 0) return loopbackOnly(interfaces);
  if (up.length === 1) return { interface: up[0]!, reason: 'the only interface that is up' };
  throw new McastError('ERR_INTERFACE', `${group} is link-local and needs one of ${describeInterfaces(up)}`, {
    hint: 'Name the interface with --iface or /iface=.',
  });
}

/**
 * The interface behind a route, which the kernel tells only as a source address. That is the address
 * of the interface itself, unless it has none (or is loopback, whose address is for its own network
 * only): then `routeTable` (/proc/net/route, IPv4) decides.
 */
export function routedInterface(
  route: Route,
  family: AddressFamily,
  group: string,
  interfaces: readonly NetworkInterface[],
  routeTable: string,
): ChosenInterface {
  if (route.source === null) {
    const up = candidates(interfaces);
    if (up.length === 0) return loopbackOnly(interfaces);
    throw new McastError('ERR_NO_ROUTE', `no route leads to ${group}; this host has ${describeInterfaces(up)}`, {
      hint:
        family === 4
          ? `Name the interface with --iface, or add a route: ip route add 224.0.0.0/4 dev ${up[0]!.name}.`
          : `Name the interface with --iface, or add a route: ip -6 route add ff00::/8 dev ${up[0]!.name} table local.`,
    });
  }
  const { source, zone } = route;
  const holders = interfaces.filter(
    (iface) => iface.addresses.some((own) => own.address === source) && (zone === null || isZone(zone, iface)),
  );
  const device = routeDevice(routeTable, group);
  const listed = interfaces.find(({ name }) => name === device);
  // A rule may send the group elsewhere than the main table says: the kernel's own answer wins.
  const lacking = listed !== undefined && (listed.loopback || firstAddress(listed, family) === null);
  const unnumbered = lacking ? listed : undefined;
  const chosen = unnumbered ?? holders.find((iface) => iface === listed) ?? holders[0];
  if (chosen === undefined) {
    throw new McastError(
      'ERR_NO_ROUTE',
      `the route to ${group} starts at ${source}, which no interface has; this host has ${describeInterfaces(interfaces)}`,
    );
  }
  const reason = `the route to ${group} leads there`;
  return { interface: chosen, reason: chosen.loopback ? `${reason}; nothing leaves this host` : reason };
}

function isZone(zone: string, iface: NetworkInterface): boolean {
  return zone === iface.name || zone === String(iface.index);
}

/** The address without its zone. A zone that names another interface than the chosen one is ERR_INTERFACE. */
export function withoutZone(address: string, iface: NetworkInterface): string {
  const [plain = '', zone] = address.split('%');
  if (zone !== undefined && !isZone(zone, iface)) {
    throw new McastError('ERR_INTERFACE', `${address} is of interface ${zone}, but ${iface.name} is to be used`, {
      hint: 'Name one interface, with --iface or as the zone.',
    });
  }
  return plain;
}

/**
 * The local address to send from: `wanted`, which the interface must have, or the interface's first of
 * the family; `null`: it has none. Throws ERR_SOURCE_ADDRESS.
 */
export function sourceAddress(
  wanted: string | null,
  family: AddressFamily,
  iface: NetworkInterface,
  interfaces: readonly NetworkInterface[] = listInterfaces(),
): string | null {
  if (wanted === null) return firstAddress(iface, family);
  const plain = withoutZone(wanted, iface);
  const octets = parseAddress(plain);
  const address = octets === null ? plain : formatAddress(octets);
  if (iface.addresses.some((own) => own.address === address)) return address;
  const holder = interfaces.find(({ addresses }) => addresses.some((own) => own.address === address));
  throw new McastError(
    'ERR_SOURCE_ADDRESS',
    holder === undefined
      ? `${wanted} is no address of this host, which has ${describeInterfaces(interfaces)}`
      : `${wanted} is an address of ${holder.name}, but ${iface.name} is to be used`,
    holder === undefined ? {} : { hint: `Send from ${holder.name} (--iface ${holder.name}), or leave the source out.` },
  );
}
