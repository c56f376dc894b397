import type { NetworkInterface } from '../io/interfaces.js';
import type { Host } from '../result/model.js';

/** The interfaces that a run uses, each once, as the result names them. */
export function interfaceFacts(interfaces: readonly NetworkInterface[]): Host['interfaces'] {
  const byIndex = new Map(interfaces.map((one) => [one.index, one]));
  return [...byIndex.values()].map((one) => ({
    name: one.name,
    index: one.index,
    addresses: one.addresses.map(({ address, prefixBits }) => `${address}/${prefixBits}`),
    mtu: one.mtuOctets,
    speed_bit_per_second: one.linkMbitPerSecond === null ? null : one.linkMbitPerSecond * 1e6,
  }));
}
