import type { NativeAddon } from '../addon.js';
import { askNetlink, attributes } from './netlink.js';
import { LITTLE_ENDIAN } from './sockopt.js';

/** linux/rtnetlink.h, linux/if_link.h. */
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const IFINFOMSG_OCTETS = 16;
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_BR_MCAST_SNOOPING = 23;
const IFLA_BR_MCAST_QUERIER = 25;

/** How an interface is built into others. */
export interface LinkShape {
  readonly name: string;
  /** `bridge`, `bond`, `veth`, `vlan`, ...; `null`: a plain device. */
  readonly kind: string | null;
  /** Index of the bridge or bond that it is a part of; 0: none. */
  readonly master: number;
  /** Of a bridge: whether it snoops IGMP and MLD, and asks itself; `null`: it is none. */
  readonly bridge: { readonly snooping: boolean; readonly querier: boolean } | null;
}

/** All interfaces of this network namespace by index; `null`: not readable. Needs no privilege. */
export function readLinkShapes(addon: NativeAddon): Map<number, LinkShape> | null {
  const shapes = new Map<number, LinkShape>();
  const state = askNetlink(addon, RTM_GETLINK, new Uint8Array(IFINFOMSG_OCTETS), true, (type, view, from, to) => {
    if (type !== RTM_NEWLINK || to - from < IFINFOMSG_OCTETS) return;
    shapes.set(view.getInt32(from + 4, LITTLE_ENDIAN), readShape(view, from + IFINFOMSG_OCTETS, to));
  });
  return state === 0 ? shapes : null;
}

function readShape(view: DataView, from: number, to: number): LinkShape {
  const found = attributes(view, from, to);
  const info = found.get(IFLA_LINKINFO);
  const inside = info === undefined ? null : attributes(view, info.at, info.at + info.octets);
  const kind = text(view, inside?.get(IFLA_INFO_KIND));
  const data = inside?.get(IFLA_INFO_DATA);
  const settings = kind === 'bridge' && data !== undefined ? attributes(view, data.at, data.at + data.octets) : null;
  const isSet = (name: number): boolean => {
    const place = settings?.get(name);
    return place !== undefined && place.octets > 0 && view.getUint8(place.at) !== 0;
  };
  const master = found.get(IFLA_MASTER);
  return {
    name: text(view, found.get(IFLA_IFNAME)) ?? '',
    kind,
    master: master === undefined || master.octets < 4 ? 0 : view.getInt32(master.at, LITTLE_ENDIAN),
    bridge:
      settings === null ? null : { snooping: isSet(IFLA_BR_MCAST_SNOOPING), querier: isSet(IFLA_BR_MCAST_QUERIER) },
  };
}

/** A name, which ends with 0; `null`: there is none. */
function text(view: DataView, place: { at: number; octets: number } | undefined): string | null {
  if (place === undefined) return null;
  const octets = new Uint8Array(view.buffer, view.byteOffset + place.at, place.octets);
  return new TextDecoder().decode(octets).replace(/\0.*$/su, '');
}
