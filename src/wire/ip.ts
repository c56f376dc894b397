/**
 * The way from a captured frame to its UDP payload, and headers for a payload that has lost its own.
 *
 * Link layers are named by their LINKTYPE_ numbers (https://www.tcpdump.org/linktypes.html).
 */
import { putU16be, putU32be, u16be, u32be } from '../core/bytes.js';

export const LinkType = {
  /** BSD loopback: the address family as four octets in the byte order of the host that captured. */
  Null: 0,
  Ethernet: 1,
  /** IPv4 or IPv6 without a link layer, as its first four bits say. */
  Raw: 101,
  /** As Null, in network byte order. */
  Loop: 108,
  /** Linux "cooked" capture, version 1: `tcpdump -i any` of older systems. */
  LinuxSll: 113,
  Ipv4: 228,
  Ipv6: 229,
  /** Linux "cooked" capture, version 2: carries the interface index. */
  LinuxSll2: 276,
} as const;

/** What {@link locateUdp} found. Only `Udp` fills all of the location. */
export const FrameStatus = {
  Udp: 0,
  /** Another network protocol than IPv4 and IPv6. */
  NotIp: 1,
  /** Another transport than UDP. */
  NotUdp: 2,
  /** A fragment of a datagram, first ones included: its payload is not whole. */
  Fragment: 3,
  /** The capture ends within the headers. */
  Cut: 4,
  /** Lengths that contradict each other, or a wrong version. */
  Malformed: 5,
  /** A link layer that is not read here. */
  UnknownLink: 6,
} as const;
export type FrameStatus = (typeof FrameStatus)[keyof typeof FrameStatus];

/** Where a datagram lies within its frame. Reused by the caller, filled by {@link locateUdp}. */
export class UdpLocation {
  family: 4 | 6 = 4;
  /** Offsets of the addresses, four or sixteen octets each. */
  sourceAt = 0;
  destinationAt = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** TOS or traffic-class octet: DSCP and ECN. */
  tos = 0;
  /** TTL or hop limit. */
  ttl = 0;
  payloadAt = 0;
  /** Octets of the payload that the capture holds. */
  capturedOctets = 0;
  /** Octets of the payload on the wire. */
  payloadOctets = 0;
  /** Interface index of Linux cooked capture version 2; 0 elsewhere. */
  interfaceIndex = 0;
}

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const PROTOCOL_UDP = 17;
const UDP_HEADER_OCTETS = 8;

/** C-VLAN (IEEE 802.1Q), S-VLAN (802.1ad) and the tag that came before 802.1ad. */
function isVlanTag(type: number): boolean {
  return type === 0x8100 || type === 0x88a8 || type === 0x9100;
}

/**
 * Finds the UDP datagram in the frame `bytes[at .. at + length)`; never reads outside of it. `length`
 * is what was captured, which may be less than what was on the wire. Allocates nothing.
 */
export function locateUdp(
  bytes: Uint8Array,
  at: number,
  length: number,
  linkType: number,
  out: UdpLocation,
): FrameStatus {
  const end = at + length;
  let type: number;
  let next: number;
  out.interfaceIndex = 0;
  switch (linkType) {
    case LinkType.Ethernet:
      if (length < 14) return FrameStatus.Cut;
      type = u16be(bytes, at + 12);
      next = at + 14;
      break;
    case LinkType.LinuxSll:
      if (length < 16) return FrameStatus.Cut;
      type = u16be(bytes, at + 14);
      next = at + 16;
      break;
    case LinkType.LinuxSll2:
      if (length < 20) return FrameStatus.Cut;
      type = u16be(bytes, at);
      out.interfaceIndex = u32be(bytes, at + 4);
      next = at + 20;
      break;
    case LinkType.Null:
    case LinkType.Loop:
      if (length < 4) return FrameStatus.Cut;
      type = etherTypeOfFamily(u32be(bytes, at));
      next = at + 4;
      break;
    case LinkType.Raw:
      if (length < 1) return FrameStatus.Cut;
      type = bytes[at]! >> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
      next = at;
      break;
    case LinkType.Ipv4:
      type = ETHERTYPE_IPV4;
      next = at;
      break;
    case LinkType.Ipv6:
      type = ETHERTYPE_IPV6;
      next = at;
      break;
    default:
      return FrameStatus.UnknownLink;
  }
  while (isVlanTag(type)) {
    if (end - next < 4) return FrameStatus.Cut;
    type = u16be(bytes, next + 2);
    next += 4;
  }
  if (type === ETHERTYPE_IPV4) return locateInIpv4(bytes, next, end, out);
  if (type === ETHERTYPE_IPV6) return locateInIpv6(bytes, next, end, out);
  return FrameStatus.NotIp;
}

/** AF_INET is 2 everywhere; AF_INET6 differs: 10 Linux, 24 NetBSD and OpenBSD, 28 FreeBSD, 30 Darwin. */
function etherTypeOfFamily(value: number): number {
  // Family numbers are small: the octet that is not 0 tells the byte order.
  const family = value <= 0xffff ? value : value >>> 24;
  if (family === 2) return ETHERTYPE_IPV4;
  return family === 10 || family === 24 || family === 28 || family === 30 ? ETHERTYPE_IPV6 : 0;
}

/** RFC 791 section 3.1. */
function locateInIpv4(bytes: Uint8Array, at: number, end: number, out: UdpLocation): FrameStatus {
  if (end - at < 20) return FrameStatus.Cut;
  const headerOctets = (bytes[at]! & 0x0f) * 4;
  if (bytes[at]! >> 4 !== 4 || headerOctets < 20) return FrameStatus.Malformed;
  if (bytes[at + 9] !== PROTOCOL_UDP) return FrameStatus.NotUdp;
  if ((u16be(bytes, at + 6) & 0x3fff) !== 0) return FrameStatus.Fragment;
  // 0 where the capture was made before segmentation by the NIC filled it in.
  const isUnsaid = u16be(bytes, at + 2) === 0;
  const totalOctets = isUnsaid ? end - at : u16be(bytes, at + 2);
  if (totalOctets < headerOctets + UDP_HEADER_OCTETS) return FrameStatus.Malformed;
  out.family = 4;
  out.tos = bytes[at + 1]!;
  out.ttl = bytes[at + 8]!;
  out.sourceAt = at + 12;
  out.destinationAt = at + 16;
  return locateInUdp(bytes, at + headerOctets, end, at + totalOctets, isUnsaid, out);
}

/** RFC 8200 sections 3 and 4: the fixed header and the extension headers that may precede UDP. */
function locateInIpv6(bytes: Uint8Array, at: number, end: number, out: UdpLocation): FrameStatus {
  if (end - at < 40) return FrameStatus.Cut;
  if (bytes[at]! >> 4 !== 6) return FrameStatus.Malformed;
  const payloadOctets = u16be(bytes, at + 4);
  const packetEnd = payloadOctets === 0 ? end : at + 40 + payloadOctets;
  let protocol = bytes[at + 6]!;
  let next = at + 40;
  // Hop-by-hop options, routing, fragment, authentication (RFC 4302), destination options.
  while (protocol === 0 || protocol === 43 || protocol === 44 || protocol === 51 || protocol === 60) {
    if (end - next < 8) return FrameStatus.Cut;
    if (protocol === 44) {
      // Offset 0 without more fragments is a whole datagram (RFC 6946).
      if ((u16be(bytes, next + 2) & 0xfff9) !== 0) return FrameStatus.Fragment;
      protocol = bytes[next]!;
      next += 8;
      continue;
    }
    const octets = protocol === 51 ? (bytes[next + 1]! + 2) * 4 : (bytes[next + 1]! + 1) * 8;
    protocol = bytes[next]!;
    next += octets;
    if (next > packetEnd) return FrameStatus.Malformed;
  }
  if (protocol !== PROTOCOL_UDP) return FrameStatus.NotUdp;
  if (packetEnd - next < UDP_HEADER_OCTETS) return FrameStatus.Malformed;
  out.family = 6;
  out.tos = (u16be(bytes, at) >> 4) & 0xff;
  out.ttl = bytes[at + 7]!;
  out.sourceAt = at + 8;
  out.destinationAt = at + 24;
  return locateInUdp(bytes, next, end, packetEnd, payloadOctets === 0, out);
}

/**
 * RFC 768. `end`: of what was captured; `packetEnd`: of the IP packet on the wire. `isUnsaid`: its header does not say its
 * length.
 */
function locateInUdp(
  bytes: Uint8Array,
  at: number,
  end: number,
  packetEnd: number,
  isUnsaid: boolean,
  out: UdpLocation,
): FrameStatus {
  if (end - at < UDP_HEADER_OCTETS) return FrameStatus.Cut;
  // 0 in jumbograms (RFC 2675) and before segmentation by the NIC: then IP's own is 0 as well.
  const saidOctets = u16be(bytes, at + 4);
  const udpOctets = saidOctets === 0 && isUnsaid ? packetEnd - at : saidOctets;
  if (udpOctets < UDP_HEADER_OCTETS || at + udpOctets > packetEnd) return FrameStatus.Malformed;
  out.sourcePort = u16be(bytes, at);
  out.destinationPort = u16be(bytes, at + 2);
  out.payloadAt = at + UDP_HEADER_OCTETS;
  out.payloadOctets = udpOctets - UDP_HEADER_OCTETS;
  out.capturedOctets = Math.min(out.payloadOctets, end - out.payloadAt);
  return FrameStatus.Udp;
}

/** IPv4 or IPv6 and UDP header octets together. */
export function udpHeadersOctets(family: 4 | 6): number {
  return (family === 4 ? 20 : 40) + UDP_HEADER_OCTETS;
}

/**
 * Writes IP and UDP headers for a payload of `payloadOctets` right behind them (RFC 791, 8200, 768):
 * no options, identification and flow label 0, don't-fragment set in IPv4, the IPv4 header checksum
 * right, the UDP checksum 0, which in IPv4 says that there is none; IPv6 wants
 * {@link putUdpChecksum}. `source` and `destination` are four or sixteen octets. Returns the octets
 * written. Allocates nothing.
 */
export function putUdpHeaders(
  bytes: Uint8Array,
  at: number,
  source: Uint8Array,
  sourcePort: number,
  destination: Uint8Array,
  destinationPort: number,
  tos: number,
  ttl: number,
  payloadOctets: number,
): number {
  const udpOctets = UDP_HEADER_OCTETS + payloadOctets;
  const addressOctets = source.length;
  const headerOctets = addressOctets === 4 ? 20 : 40;
  if (addressOctets === 4) {
    bytes[at] = 0x45;
    bytes[at + 1] = tos;
    putU16be(bytes, at + 2, headerOctets + udpOctets);
    putU32be(bytes, at + 4, 0x0000_4000);
    bytes[at + 8] = ttl;
    bytes[at + 9] = PROTOCOL_UDP;
    putU16be(bytes, at + 10, 0);
  } else {
    putU32be(bytes, at, 0x6000_0000 | (tos << 20));
    putU16be(bytes, at + 4, udpOctets);
    bytes[at + 6] = PROTOCOL_UDP;
    bytes[at + 7] = ttl;
  }
  const addressesAt = at + headerOctets - 2 * addressOctets;
  for (let i = 0; i < addressOctets; i++) {
    bytes[addressesAt + i] = source[i]!;
    bytes[addressesAt + addressOctets + i] = destination[i]!;
  }
  if (addressOctets === 4) putU16be(bytes, at + 10, ~headerSum(bytes, at));
  const udpAt = at + headerOctets;
  putU16be(bytes, udpAt, sourcePort);
  putU16be(bytes, udpAt + 2, destinationPort);
  putU16be(bytes, udpAt + 4, udpOctets);
  putU16be(bytes, udpAt + 6, 0);
  return headerOctets + UDP_HEADER_OCTETS;
}

/** One's complement sum of an IPv4 header of 20 octets (RFC 791 section 3.1). */
function headerSum(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = at; i < at + 20; i += 2) sum += u16be(bytes, i);
  return folded(sum);
}

/** Fills in the UDP checksum (RFC 8200 section 8.1) of a datagram headed by {@link putUdpHeaders} at `at`. */
export function putUdpChecksum(view: DataView, at: number): void {
  const six = view.getUint8(at) >> 4 === 6;
  const udpAt = at + (six ? 40 : 20);
  const udpOctets = view.getUint16(udpAt + 4);
  view.setUint16(udpAt + 6, 0);
  const addresses = six ? plainSum(view, at + 8, 32) : plainSum(view, at + 12, 8);
  const sum = folded(addresses + udpOctets + PROTOCOL_UDP + plainSum(view, udpAt, udpOctets));
  // What would come out as 0 goes out as all ones: 0 means "no checksum".
  view.setUint16(udpAt + 6, sum === 0xffff ? 0xffff : ~sum);
}

/**
 * Sum of big-endian words, the last one padded with 0. Of 32-bit words, because folded to 16 bits their
 * sum is that of the 16-bit words (RFC 1071 section 2): exact in a float64 for any datagram.
 */
function plainSum(view: DataView, at: number, octets: number): number {
  const end = at + octets;
  let sum = 0;
  let next = at;
  for (; next + 4 <= end; next += 4) sum += view.getUint32(next);
  for (let weight = 0x100_0000; next < end; next++, weight /= 256) sum += view.getUint8(next) * weight;
  return sum;
}

/** One's complement fold to 16 bits. */
function folded(sum: number): number {
  let rest = sum;
  while (rest > 0xffff) rest = (rest % 0x1_0000) + Math.floor(rest / 0x1_0000);
  return rest;
}
