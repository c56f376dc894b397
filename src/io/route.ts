import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseIpv4 } from '../core/address.js';
import { McastError } from '../core/errors.js';
import type { AddressFamily } from './datagram.js';
import { LITTLE_ENDIAN } from './linux/sockopt.js';

/** What the kernel would do with a datagram to a group. */
export interface Route {
  /** Source address that it would take, without zone; `null`: it has no route. */
  readonly source: string | null;
  /** The zone of a link-local source. */
  readonly zone: string | null;
}

/** Asks the kernel by connecting a socket, which sends nothing and obeys every table and rule. */
export async function askRoute(family: AddressFamily, group: string): Promise<Route> {
  const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6' });
  try {
    // The port is of no account; 0 is refused.
    const connected = once(socket, 'connect');
    socket.connect(9, group);
    await connected;
    const [source = '', zone = null] = socket.address().address.split('%');
    return { source, zone };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENETUNREACH' && code !== 'EHOSTUNREACH' && code !== 'ENETDOWN' && code !== 'EADDRNOTAVAIL') {
      throw new McastError('ERR_NO_ROUTE', `cannot find the route to ${group}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return { source: null, zone: null };
  } finally {
    socket.close();
  }
}

/** Interface of the longest prefix, then lowest metric, of /proc/net/route; `null`: none, or not IPv4. */
export function routeDevice(routeTable: string, group: string): string | null {
  const octets = parseIpv4(group);
  if (octets === null) return null;
  const target = octets.reduce((value, octet) => value * 256 + octet, 0);
  let best: { name: string; bits: number; metric: number } | null = null;
  for (const line of routeTable.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 8 || (Number.parseInt(fields[3]!, 16) & RouteFlag.Up) === 0) continue;
    if ((Number.parseInt(fields[3]!, 16) & RouteFlag.Reject) !== 0) continue;
    const destination = hostOrder(fields[1]!);
    const mask = hostOrder(fields[7]!);
    if (((target ^ destination) & mask) !== 0) continue;
    const candidate = { name: fields[0]!, bits: bitCount(mask), metric: Number(fields[6]) };
    const better =
      best === null || candidate.bits > best.bits || (candidate.bits === best.bits && candidate.metric < best.metric);
    if (better) best = candidate;
  }
  return best?.name ?? null;
}

/** linux/route.h. */
const RouteFlag = { Up: 0x1, Reject: 0x200 } as const;

/** The file prints an address in network order as if it were a number of the host's order. */
function hostOrder(hex: string): number {
  const octets = hex.match(/../g) ?? [];
  if (LITTLE_ENDIAN) octets.reverse();
  return octets.reduce((value, octet) => (value << 8) | Number.parseInt(octet, 16), 0);
}

function bitCount(mask: number): number {
  let bits = 0;
  for (let rest = mask >>> 0; rest !== 0; rest = (rest << 1) >>> 0) bits++;
  return bits;
}

/** /proc/net/route; empty where there is none. */
export function readRouteTable(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return '';
  }
}
