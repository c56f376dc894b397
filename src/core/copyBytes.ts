/** From so many octets on one view and the engine's own copy are cheaper than a loop. */
const VIEW_FROM = 512;

/** Copies `octets` from `from[fromAt ..]` to `to[toAt ..]`: two different buffers, shared memory or not. */
export function copyBytes(from: Uint8Array, fromAt: number, octets: number, to: Uint8Array, toAt: number): void {
  if (octets >= VIEW_FROM) {
    to.set(from.subarray(fromAt, fromAt + octets), toAt);
    return;
  }
  for (let i = 0; i < octets; i++) to[toAt + i] = from[fromAt + i]!;
}
