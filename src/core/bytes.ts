/** Big-endian reads and writes. Callers have bounds-checked with the format's `check...` function. */
export function u16be(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function u32be(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function putU16be(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function putU32be(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** A view of the same octets: index 0 of both is the same octet. Cold: batches carry their own. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Copies octets between views, without the temporary array that `set(subarray())` makes. Regions do not overlap. */
export function copyOctets(from: DataView, fromAt: number, octets: number, to: DataView, toAt: number): void {
  let i = 0;
  for (; i + 4 <= octets; i += 4) to.setInt32(toAt + i, from.getInt32(fromAt + i, true), true);
  for (; i < octets; i++) to.setUint8(toAt + i, from.getUint8(fromAt + i));
}

/** What is longer than so many times its octets is copied by them alone. */
const MOSTLY_EMPTY = 8;

/**
 * Copies the first `octets` of `from` to `to[at ..]`, or all of it, which the engine does ten times as fast: what stands
 * behind them in `to` is still to be written.
 */
export function copyAtLeast(from: Uint8Array, octets: number, to: Uint8Array, at: number): void {
  if (octets * MOSTLY_EMPTY >= from.length && at + from.length <= to.length) to.set(from, at);
  else for (let i = 0; i < octets; i++) to[at + i] = from[i]!;
}
