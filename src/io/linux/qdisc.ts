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
/** Behind overlimits, two rates and the number of packets in it. */
const BACKLOG_AT = 32;

/** What the root queueing discipline of an interface says. */
export interface QdiscState {
  /** Packets it dropped so far: 32 bits that wrap. */
  readonly drops: number;
  /** Octets that it holds. */
  readonly backlogOctets: number;
}

/** Adds what the messages of one netlink reply say, by interface index. Returns whether the dump goes on. */
export function takeQdiscs(reply: Uint8Array, length: number, into: Map<number, QdiscState>): boolean {
  return takeMessages(reply, length, qdiscTaker(into)) === null;
}

function qdiscTaker(into: Map<number, QdiscState>): TakeMessage {
  return (type, view, from, to) => {
    if (type !== RTM_NEWQDISC || to - from < TCMSG_OCTETS) return;
    // Drops of what hangs below the root are counted there too.
    if (view.getUint32(from + 12, LITTLE_ENDIAN) !== TC_H_ROOT) return;
    const stats = attributes(view, from + TCMSG_OCTETS, to).get(TCA_STATS);
    if (stats === undefined || stats.octets < BACKLOG_AT + 4) return;
    into.set(view.getInt32(from + 4, LITTLE_ENDIAN), {
      drops: view.getUint32(stats.at + DROPS_AT, LITTLE_ENDIAN),
      backlogOctets: view.getUint32(stats.at + BACKLOG_AT, LITTLE_ENDIAN),
    });
  };
}

/**
 * The root queueing discipline of each interface, by interface index: what this host itself refused to send, and what it
 * holds back. `null`: not readable. Needs no privilege.
 */
export function readQdiscs(addon: NativeAddon | null = loadNative()): Map<number, QdiscState> | null {
  if (addon === null) return null;
  const states = new Map<number, QdiscState>();
  const state = askNetlink(addon, RTM_GETQDISC, new Uint8Array(TCMSG_OCTETS), true, qdiscTaker(states));
  return state === 0 ? states : null;
}
