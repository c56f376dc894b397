import type { NativeAddon } from '../addon.js';
import type { AddressFamily } from '../datagram.js';
import { askNetlink, attribute, attributes } from './netlink.js';
import { addressOctets, addressText } from './sockaddr.js';
import { Domain, intOption, LITTLE_ENDIAN } from './sockopt.js';
import { Errno } from './systemError.js';

/** linux/rtnetlink.h. */
const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
const RTMSG_OCTETS = 12;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PREFSRC = 7;
/** Route types that lead nowhere: blackhole, unreachable, prohibit, throw. */
const RTN_BLACKHOLE = 6;
const RTN_THROW = 9;
/** Where the kernel has no way: what it says then. */
const NO_WAY: ReadonlySet<number> = new Set([
  Errno.ENETUNREACH,
  Errno.EHOSTUNREACH,
  Errno.EACCES,
  Errno.EINVAL,
  Errno.ENETDOWN,
]);

/** The way that the kernel would send to an address. */
export interface RouteAnswer {
  readonly interfaceIndex: number;
  /** Source address that it would take; `null`: not told. */
  readonly source: string | null;
  /** Next router; `null`: the address is reached directly. */
  readonly gateway: string | null;
}

/**
 * Asks the kernel for the route to an address, as `ip route get` does; with `via` for the one out of that interface.
 * `'none'`: there is none; `null`: it could not be asked. Needs no privilege.
 */
export function lookUpRoute(
  addon: NativeAddon,
  family: AddressFamily,
  address: string,
  via = 0,
): RouteAnswer | 'none' | null {
  const octets = addressOctets(address);
  if (octets === null || (octets.length === 4) !== (family === 4)) return null;
  const parts = [attribute(RTA_DST, octets), ...(via === 0 ? [] : [attribute(RTA_OIF, intOption(via))])];
  const body = new Uint8Array(RTMSG_OCTETS + parts.reduce((sum, part) => sum + part.length, 0));
  body[0] = family === 4 ? Domain.Inet : Domain.Inet6;
  body[1] = octets.length * 8;
  let at = RTMSG_OCTETS;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  let answer: RouteAnswer | 'none' | null = null;
  const state = askNetlink(addon, RTM_GETROUTE, body, false, (type, view, from, to) => {
    if (type === RTM_NEWROUTE) answer ??= readRoute(view, from, to, family);
  });
  if (state < 0) return NO_WAY.has(-state) ? 'none' : null;
  return answer;
}

/** What one RTM_NEWROUTE message says; `null`: cut. */
export function readRoute(
  view: DataView,
  from: number,
  to: number,
  family: AddressFamily,
): RouteAnswer | 'none' | null {
  if (to - from < RTMSG_OCTETS) return null;
  const type = view.getUint8(from + 7);
  if (type >= RTN_BLACKHOLE && type <= RTN_THROW) return 'none';
  const found = attributes(view, from + RTMSG_OCTETS, to);
  const device = found.get(RTA_OIF);
  if (device === undefined || device.octets < 4) return null;
  const address = (kind: number): string | null => {
    const place = found.get(kind);
    if (place === undefined || place.octets !== (family === 4 ? 4 : 16)) return null;
    return addressText(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), place.at, family);
  };
  return {
    interfaceIndex: view.getInt32(device.at, LITTLE_ENDIAN),
    source: address(RTA_PREFSRC),
    gateway: address(RTA_GATEWAY),
  };
}
