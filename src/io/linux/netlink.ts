import type { NativeAddon } from '../addon.js';
import { LITTLE_ENDIAN, SocketType } from './sockopt.js';
import { Errno } from './systemError.js';

/** linux/netlink.h, linux/rtnetlink.h. */
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 0x1;
const NLM_F_DUMP = 0x300;
const HEADER_OCTETS = 16;
const REPLY_OCTETS = 65_536;
/** A dump takes a few replies; more means that something is wrong. */
const REPLIES_MAX = 1024;
const ATTRIBUTE_HEAD_OCTETS = 4;
/** Nested attributes are marked so. */
const ATTRIBUTE_TYPE_MASK = 0x3fff;

/** What is told of one message: its body is `view` from `from` to `to`. */
export type TakeMessage = (type: number, view: DataView, from: number, to: number) => void;

/**
 * Hands the messages of one reply on. Returns `null` where the answer goes on, 0 where it is over, the negative errno
 * where the kernel refused, or -EPROTO where octets are missing.
 */
export function takeMessages(reply: Uint8Array, length: number, take: TakeMessage): number | null {
  const view = new DataView(reply.buffer, reply.byteOffset, length);
  for (let at = 0; at + HEADER_OCTETS <= length;) {
    const octets = view.getUint32(at, LITTLE_ENDIAN);
    const type = view.getUint16(at + 4, LITTLE_ENDIAN);
    if (type === NLMSG_DONE) return 0;
    if (type === NLMSG_ERROR && at + HEADER_OCTETS + 4 <= length)
      return view.getInt32(at + HEADER_OCTETS, LITTLE_ENDIAN);
    if (octets < HEADER_OCTETS || at + octets > length) return -Errno.EPROTO;
    take(type, view, at + HEADER_OCTETS, at + octets);
    at += align(octets);
  }
  return null;
}

/** Attributes of `view[from .. to)`: where the value of each type begins and how long it is. The first of a type counts. */
export function attributes(view: DataView, from: number, to: number): Map<number, { at: number; octets: number }> {
  const found = new Map<number, { at: number; octets: number }>();
  for (let at = from; at + ATTRIBUTE_HEAD_OCTETS <= to;) {
    const octets = view.getUint16(at, LITTLE_ENDIAN);
    if (octets < ATTRIBUTE_HEAD_OCTETS || at + octets > to) break;
    const type = view.getUint16(at + 2, LITTLE_ENDIAN) & ATTRIBUTE_TYPE_MASK;
    if (!found.has(type)) found.set(type, { at: at + ATTRIBUTE_HEAD_OCTETS, octets: octets - ATTRIBUTE_HEAD_OCTETS });
    at += align(octets);
  }
  return found;
}

/** An attribute as it is written. */
export function attribute(type: number, value: Uint8Array): Uint8Array {
  const out = new Uint8Array(align(ATTRIBUTE_HEAD_OCTETS + value.length));
  const view = new DataView(out.buffer);
  view.setUint16(0, ATTRIBUTE_HEAD_OCTETS + value.length, LITTLE_ENDIAN);
  view.setUint16(2, type, LITTLE_ENDIAN);
  out.set(value, ATTRIBUTE_HEAD_OCTETS);
  return out;
}

/**
 * Asks the kernel's routing side, for a whole table with `dump`, and hands its messages on. Returns 0 or a negative
 * errno. Needs no privilege; the kernel answers within the call that asks.
 */
export function askNetlink(
  addon: NativeAddon,
  type: number,
  body: Uint8Array,
  dump: boolean,
  take: TakeMessage,
): number {
  const fd = addon.socket(AF_NETLINK, SocketType.Raw, NETLINK_ROUTE);
  if (fd < 0) return fd;
  try {
    const request = new Uint8Array(HEADER_OCTETS + body.length);
    const view = new DataView(request.buffer);
    view.setUint32(0, request.length, LITTLE_ENDIAN);
    view.setUint16(4, type, LITTLE_ENDIAN);
    view.setUint16(6, NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0), LITTLE_ENDIAN);
    request.set(body, HEADER_OCTETS);
    const kernel = new Uint8Array(12);
    const stamp = new BigInt64Array(1);
    new DataView(kernel.buffer).setUint16(0, AF_NETLINK, LITTLE_ENDIAN);
    const sent = addon.sendTo(fd, request, kernel);
    if (sent < 0) return sent;
    const reply = new Uint8Array(REPLY_OCTETS);
    for (let replies = 0; replies < REPLIES_MAX; replies++) {
      const length = addon.receiveFrom(fd, reply, kernel, stamp);
      // A socket that is empty has nothing more to say, though the answer was not over.
      if (length <= 0) return length === 0 ? -Errno.EPROTO : length;
      const state = takeMessages(reply, length, take);
      if (state !== null) return state;
      if (!dump) return 0;
    }
    return -Errno.EPROTO;
  } finally {
    addon.close(fd);
  }
}

function align(octets: number): number {
  return (octets + 3) & ~3;
}
