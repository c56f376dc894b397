/** Combines octets of `from` into those of `to` by exclusive or. The regions do not overlap. Hot. */
export function combineOctets(from: DataView, fromAt: number, octets: number, to: DataView, toAt: number): void {
  let i = 0;
  for (; i + 4 <= octets; i += 4) {
    to.setInt32(toAt + i, to.getInt32(toAt + i, true) ^ from.getInt32(fromAt + i, true), true);
  }
  for (; i < octets; i++) to.setUint8(toAt + i, to.getUint8(toAt + i) ^ from.getUint8(fromAt + i));
}
