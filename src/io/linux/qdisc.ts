import { loadNative, type NativeAddon } from '../addon.js';
import { LITTLE_ENDIAN, SocketType } from './sockopt.js';

/** linux/netlink.h, linux/rtnetlink.h, linux/pkt_sched.h. */
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWQDISC = 36;
const RTM_GETQDISC = 38;
const NLM_F_REQUEST = 0x1;
const NLM_F_DUMP = 0x300;
const TCA_STATS = 3;
const TC_H_ROOT = 0xffff_ffff;
const HEADER_OCTETS = 16;
const TCMSG_OCTETS = 20;
/** Of struct tc_stats: behind octets (8) and packets (4). */
const DROPS_AT = 12;
const REPLY_OCTETS = 65_536;
/** A dump takes a few replies; more means that something is wrong. */
const REPLIES_MAX = 1024;

/**
 * Adds what the messages of one netlink reply say: drops of the root queueing discipline by interface
 * index. Returns whether the dump goes on.
 */
export function takeQdiscDrops(reply: Uint8Array, length: number, into: Map<number, number>): boolean {
  const view = new DataView(reply.buffer, reply.byteOffset, length);
  for (let at = 0; at + HEADER_OCTETS <= length;) {
    const octets = view.getUint32(at, LITTLE_ENDIAN);
    const type = view.getUint16(at + 4, LITTLE_ENDIAN);
    if (type === NLMSG_DONE || type === NLMSG_ERROR || octets < HEADER_OCTETS || at + octets > length) return false;
    if (type === RTM_NEWQDISC && octets >= HEADER_OCTETS + TCMSG_OCTETS) takeQdisc(view, at, octets, into);
    at += align(octets);
  }
  return true;
}

function takeQdisc(view: DataView, at: number, octets: number, into: Map<number, number>): void {
  const interfaceIndex = view.getInt32(at + HEADER_OCTETS + 4, LITTLE_ENDIAN);
  // Drops of what hangs below the root are counted there too.
  if (view.getUint32(at + HEADER_OCTETS + 12, LITTLE_ENDIAN) !== TC_H_ROOT) return;
  const end = at + octets;
  for (let attribute = at + HEADER_OCTETS + TCMSG_OCTETS; attribute + 4 <= end;) {
    const attributeOctets = view.getUint16(attribute, LITTLE_ENDIAN);
    if (attributeOctets < 4 || attribute + attributeOctets > end) return;
    if (view.getUint16(attribute + 2, LITTLE_ENDIAN) === TCA_STATS && attributeOctets >= 4 + DROPS_AT + 4) {
      into.set(interfaceIndex, view.getUint32(attribute + 4 + DROPS_AT, LITTLE_ENDIAN));
    }
    attribute += align(attributeOctets);
  }
}

function align(octets: number): number {
  return (octets + 3) & ~3;
}

/**
 * Packets dropped so far by the root queueing discipline of each interface, 32 bits that wrap, by
 * interface index: what this host itself refused to send. `null`: not readable. Needs no privilege.
 */
export function readQdiscDrops(addon: NativeAddon | null = loadNative()): Map<number, number> | null {
  if (addon === null) return null;
  const fd = addon.socket(AF_NETLINK, SocketType.Raw, NETLINK_ROUTE);
  if (fd < 0) return null;
  try {
    const request = new DataView(new ArrayBuffer(HEADER_OCTETS + TCMSG_OCTETS));
    request.setUint32(0, request.byteLength, LITTLE_ENDIAN);
    request.setUint16(4, RTM_GETQDISC, LITTLE_ENDIAN);
    request.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, LITTLE_ENDIAN);
    const kernel = new Uint8Array(12);
    new DataView(kernel.buffer).setUint16(0, AF_NETLINK, LITTLE_ENDIAN);
    if (addon.sendTo(fd, new Uint8Array(request.buffer), kernel) < 0) return null;
    const drops = new Map<number, number>();
    const reply = new Uint8Array(REPLY_OCTETS);
    const stamp = new BigInt64Array(1);
    for (let replies = 0; replies < REPLIES_MAX; replies++) {
      // The kernel answers within the call that asks: a socket that is empty has nothing more to say.
      const length = addon.receiveFrom(fd, reply, kernel, stamp);
      if (length <= 0) return null;
      if (!takeQdiscDrops(reply, length, drops)) return drops;
    }
    return null;
  } finally {
    addon.close(fd);
  }
}
