/**
 * What a million datagrams may leave on the heap. The V8 of Node 24 keeps 5 to 8 octets per datagram where that of 20
 * and 22 keeps less than 1 (compiled code, and numbers of calls it does not inline): there the bound is that of
 * one smallest object, 16 octets, for three datagrams of four.
 */
const OLDER_V8 = Number(process.versions.node.split('.')[0]) < 24;

export function octetsAllowed(octets: number): number {
  return OLDER_V8 ? octets : Math.max(octets, 12_000_000);
}

/** Garbage collections within that million. */
export const COLLECTIONS_ALLOWED = OLDER_V8 ? 0 : 2;
