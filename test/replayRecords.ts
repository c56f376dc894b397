/** Records of replays, made to measure. */
import { MemorySource, type ByteSource } from '../src/core/byteSource.js';
import { putReplayHeader, REPLAY_HEADER_OCTETS } from '../src/feed/replayRecord.js';

export interface Recorded {
  readonly offsetNs: number;
  readonly flow: number;
  readonly payload: Uint8Array;
}

export function recordsOf(all: readonly Recorded[]): Uint8Array {
  const octets = new Uint8Array(all.reduce((sum, { payload }) => sum + REPLAY_HEADER_OCTETS + payload.length, 0)).fill(
    0xa5,
  );
  const view = new DataView(octets.buffer);
  let at = 0;
  for (const { offsetNs, flow, payload } of all) {
    putReplayHeader(view, at, offsetNs, payload.length, flow);
    octets.set(payload, at + REPLAY_HEADER_OCTETS);
    at += REPLAY_HEADER_OCTETS + payload.length;
  }
  return octets;
}

export function sourceOfRecords(all: readonly Recorded[], loop = false): ByteSource {
  return new MemorySource(recordsOf(all), { loop });
}
