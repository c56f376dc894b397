import { randomBytes } from 'node:crypto';
import { formatAddress } from '../core/address.js';

/** A group that surely nobody uses: of the local scope in IPv4 (RFC 2365 section 6.1), the site-local one in IPv6. */
export function randomLocalGroup(family: 4 | 6): string {
  const random = randomBytes(4);
  // Its Ethernet address is none of the control block, nor one that every host listens to.
  if (family === 4) return `239.255.${64 + (random[0]! % 128)}.${random[1]}`;
  const address = new Uint8Array(16);
  address.set([0xff, 0x15]);
  address.set(random, 12);
  address[12]! |= 0x80;
  return formatAddress(address);
}
