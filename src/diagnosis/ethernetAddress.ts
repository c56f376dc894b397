import type { Address } from '../core/address.js';

/**
 * The Ethernet address of a group: 01:00:5e and its last 23 bits (RFC 1112 section 6.4), so that 32 groups of IPv4
 * share one; 33:33 and its last 32 bits (RFC 2464 section 7).
 */
export function ethernetAddress(group: Address): string {
  const tail = [...group.subarray(group.length === 4 ? 1 : 12)];
  if (group.length === 4) tail[0]! &= 0x7f;
  const octets = group.length === 4 ? [0x01, 0x00, 0x5e, ...tail] : [0x33, 0x33, ...tail];
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}

/**
 * Whether it is one that everybody receives: of 224.0.0.0/24, which switches flood (RFC 4541 section 2.1.2), or of all
 * nodes, routers or MLD routers in IPv6.
 */
export function isControlEthernetAddress(address: string): boolean {
  return address.startsWith('01:00:5e:00:00:') || /^33:33:00:00:00:(01|02|16)$/.test(address);
}
