import { loadNative, type NativeAddon } from '../addon.js';
import { askNetlink, attributes, takeMessages, type TakeMessage } from './netlink.js';
import { LITTLE_ENDIAN } from './sockopt.js';

/** linux/rtnetlink.h, linux/pkt_sched.h. */
const RTM_NEWQDISC = 36;
const RTM_GETQDISC = 38;
const TCA_STATS = 3;
const TC_H_ROOT = 0xffff_ffff;
const TCMSG_OCTETS = 20;
/** Of struct tc_stats: behind octets (8) and packets (4). */
const DROPS_AT = 12;

/**
 * Adds what the messages of one netlink reply say: drops of the root queueing discipline by interface
 * index. Returns whether the dump goes on.
 */
export function takeQdiscDrops(reply: Uint8Array, length: number, into: Map<number, number>): boolean {
  return takeMessages(reply, length, qdiscTaker(into)) === null;
}

function qdiscTaker(into: Map<number, number>): TakeMessage {
  return (type, view, from, to) => {
    if (type !== RTM_NEWQDISC || to - from < TCMSG_OCTETS) return;
    // Drops of what hangs below the root are counted there too.
    if (view.getUint32(from + 12, LITTLE_ENDIAN) !== TC_H_ROOT) return;
    const stats = attributes(view, from + TCMSG_OCTETS, to).get(TCA_STATS);
    if (stats === undefined || stats.octets < DROPS_AT + 4) return;
    into.set(view.getInt32(from + 4, LITTLE_ENDIAN), view.getUint32(stats.at + DROPS_AT, LITTLE_ENDIAN));
  };
}

/**
 * Packets dropped so far by the root queueing discipline of each interface, 32 bits that wrap, by
 * interface index: what this host itself refused to send. `null`: not readable. Needs no privilege.
 */
export function readQdiscDrops(addon: NativeAddon | null = loadNative()): Map<number, number> | null {
  if (addon === null) return null;
  const drops = new Map<number, number>();
  const state = askNetlink(addon, RTM_GETQDISC, new Uint8Array(TCMSG_OCTETS), true, qdiscTaker(drops));
  return state === 0 ? drops : null;
}
