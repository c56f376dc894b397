import type { Socket, SocketOptions } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { formatAddress, needsZone, parseAddress } from '../core/address.js';
import type { ErrorCode } from '../core/errors.js';
import { McastError } from '../core/errors.js';
import type { AddressFamily } from './datagram.js';
import type { NetworkInterface } from './interfaces.js';
import { describeInterfaces, firstAddress, listInterfaces } from './interfaces.js';

const CODES: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'ERR_PERMISSION',
  EPERM: 'ERR_PERMISSION',
  EADDRINUSE: 'ERR_PORT_IN_USE',
  ENODEV: 'ERR_INTERFACE',
  ENETDOWN: 'ERR_NO_ROUTE',
  ENETUNREACH: 'ERR_NO_ROUTE',
  EHOSTUNREACH: 'ERR_NO_ROUTE',
};

/** `what` was tried and refused; `codes` are errno names whose meaning the call decides. */
export function dgramError(what: string, error: unknown, codes: Readonly<Record<string, ErrorCode>> = {}): McastError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new McastError(codes[code] ?? CODES[code] ?? 'ERR_SOCKET', `${what}: ${message}`, { cause: error });
}

/** A socket whose addresses are numbers already: they are passed on at once, not after a name service was asked. */
export function numericSocket(family: AddressFamily, options: Omit<SocketOptions, 'type' | 'lookup'>): Socket {
  return createSocket({
    ...options,
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    lookup: (host, _options, callback) => callback(null, host, family),
  });
}

export async function bound(socket: Socket, port: number, address: string | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port, exclusive: true, ...(address === undefined ? {} : { address }) }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

/** The interface as node:dgram takes it: in IPv4 an address of its own, in IPv6 `::%name` (on Windows the index). */
export function interfaceArgument(family: AddressFamily, index: number, name: string): string {
  const iface = findInterface(index, name);
  if (family === 6) return `::%${zoneOf(iface)}`;
  const address = firstAddress(iface, 4);
  if (address === null) {
    throw new McastError('ERR_UNSUPPORTED', `interface ${name} has no IPv4 address, and --io dgram needs one there`, {
      hint: `Give it one (ip address add <address>/<prefix> dev ${name}), or use --io native.`,
    });
  }
  return address;
}

function zoneOf(iface: NetworkInterface): string {
  return process.platform === 'win32' ? String(iface.index) : iface.name;
}

function findInterface(index: number, name: string): NetworkInterface {
  const all = listInterfaces();
  const found =
    (index > 0 ? all.find((iface) => iface.index === index) : undefined) ?? all.find((iface) => iface.name === name);
  if (found !== undefined) return found;
  throw new McastError('ERR_INTERFACE', `there is no interface ${name}; this host has ${describeInterfaces(all)}`);
}

/** `address` in canonical text, with the zone where it means nothing without. Throws ERR_USAGE. */
export function zonedAddress(
  family: AddressFamily,
  address: string,
  what: string,
  index: number,
  name: string,
): string {
  const octets = parseAddress(address);
  if (octets === null || (octets.length === 4) !== (family === 4)) {
    throw new McastError('ERR_USAGE', `${what} ${address} is not an IPv${family} address`);
  }
  const text = formatAddress(octets);
  return needsZone(octets) ? `${text}%${zoneOf(findInterface(index, name))}` : text;
}

/**
 * Octets to ask of node:dgram for `octets` of kernel memory: Linux doubles what it is given
 * (socket(7), SO_RCVBUF), others do not.
 */
export function bufferRequest(octets: number): number {
  return process.platform === 'linux' ? Math.ceil(octets / 2) : octets;
}
