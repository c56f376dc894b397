/**
 * How recorded datagrams lie in memory that threads share: a header of 16 octets, then the payload. Little-endian;
 * nobody else ever sees it.
 *
 * | octet | |
 * | --- | --- |
 * | 0 | time behind the first datagram of the capture, ns of the capture, float64 |
 * | 8 | payload octets, 32 bits |
 * | 12 | flow, 32 bits |
 */
export const REPLAY_HEADER_OCTETS = 16;

export function putReplayHeader(view: DataView, at: number, offsetNs: number, octets: number, flow: number): void {
  view.setFloat64(at, offsetNs, true);
  view.setUint32(at + 8, octets, true);
  view.setUint32(at + 12, flow, true);
}

export function replayOffsetNs(view: DataView, at: number): number {
  return view.getFloat64(at, true);
}

export function replayOctets(view: DataView, at: number): number {
  return view.getUint32(at + 8, true);
}

export function replayFlow(view: DataView, at: number): number {
  return view.getUint32(at + 12, true);
}
