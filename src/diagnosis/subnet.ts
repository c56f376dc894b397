import { parseAddress, type Address } from '../core/address.js';

/** Whether both addresses begin with the same `bits` bits; of two families none do. */
export function sharePrefix(a: Address, b: Address, bits: number): boolean {
  if (a.length !== b.length) return false;
  for (let bit = 0; bit < Math.min(bits, a.length * 8); bit++) {
    const mask = 0x80 >>> (bit % 8);
    if ((a[bit >>> 3]! & mask) !== (b[bit >>> 3]! & mask)) return false;
  }
  return true;
}

/** Whether `address` lies in the network; `null`: one of them is no address. */
export function isInNetwork(address: string, network: string, bits: number): boolean | null {
  const [a, b] = [parseAddress(address), parseAddress(network)];
  return a === null || b === null ? null : sharePrefix(a, b, bits);
}
