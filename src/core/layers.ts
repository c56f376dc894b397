/**
 * From octets of UDP payload to octets at other layers. Every rate says at which of them it is
 * counted. One datagram is one unfragmented packet without IP options or VLAN tag.
 */

/**
 * `payload`: UDP payload. `ip`: with UDP and IP header. `ethernet`: with the Ethernet header too (what
 * Linux queueing disciplines and interface counters count). `wire`: what the link is busy with:
 * Ethernet padding, FCS, preamble and interpacket gap included (IEEE 802.3 clauses 3 and 4.4).
 */
export type RateLayer = 'payload' | 'ip' | 'ethernet' | 'wire';

export const UDP_HEADER_OCTETS = 8;
export const IPV4_HEADER_OCTETS = 20;
export const IPV6_HEADER_OCTETS = 40;
export const ETHERNET_HEADER_OCTETS = 14;
export const ETHERNET_FCS_OCTETS = 4;
/** Preamble and start-of-frame delimiter. */
export const ETHERNET_PREAMBLE_OCTETS = 8;
export const ETHERNET_GAP_OCTETS = 12;
/** Shorter ones are padded to this. */
export const ETHERNET_MIN_PAYLOAD_OCTETS = 46;

/** Most UDP payload in one IPv4 packet: 65,535 less both headers. Kept for IPv6 too, so that either family takes the same. */
export const MAX_PAYLOAD_OCTETS = 65_507;

/** Octets at `layer` of one datagram with `payloadOctets` of UDP payload. */
export function octetsAtLayer(payloadOctets: number, family: 4 | 6, layer: RateLayer): number {
  if (layer === 'payload') return payloadOctets;
  const ip = payloadOctets + UDP_HEADER_OCTETS + (family === 4 ? IPV4_HEADER_OCTETS : IPV6_HEADER_OCTETS);
  if (layer === 'ip') return ip;
  if (layer === 'ethernet') return ip + ETHERNET_HEADER_OCTETS;
  return (
    Math.max(ip, ETHERNET_MIN_PAYLOAD_OCTETS) +
    ETHERNET_HEADER_OCTETS +
    ETHERNET_FCS_OCTETS +
    ETHERNET_PREAMBLE_OCTETS +
    ETHERNET_GAP_OCTETS
  );
}

/** Datagrams per second that make `bitPerSecond` at `layer`; Infinity stays Infinity. */
export function packetsPerSecondAt(
  bitPerSecond: number,
  payloadOctets: number,
  family: 4 | 6,
  layer: RateLayer,
): number {
  return bitPerSecond / (8 * octetsAtLayer(payloadOctets, family, layer));
}

/** Bit/s at `layer` of `packetsPerSecond` datagrams of one size. */
export function bitPerSecondAt(
  packetsPerSecond: number,
  payloadOctets: number,
  family: 4 | 6,
  layer: RateLayer,
): number {
  return packetsPerSecond * 8 * octetsAtLayer(payloadOctets, family, layer);
}
