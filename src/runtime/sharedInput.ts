import { ByteRing } from '../core/byteRing.js';
import type { SentCapture } from '../result/model.js';
import { MemorySource, RingSource, type ByteSource } from '../core/byteSource.js';

/** Octets of an open input as they cross to the sender's thread. */
export type SharedOctets =
  /** Whole in memory; several streams may read the same. */
  | { readonly kind: 'memory'; readonly octets: SharedArrayBuffer; readonly loop: boolean; readonly startOctet: number }
  /** Written by the main thread as it comes. */
  | {
      readonly kind: 'ring';
      readonly ring: SharedArrayBuffer;
      readonly passOctets: number | null;
      readonly startOctet: number;
      /** It comes at a pace of its own. */
      readonly live: boolean;
    };

/** Datagrams of a capture, in records of `feed/replayRecord.ts`. The streams of one feed have the same but for `flow`. */
export interface SharedReplay {
  readonly kind: 'replay';
  readonly records: SharedOctets;
  readonly flows: number;
  /** Of the stream; that of flow 0 makes the feed. */
  readonly flow: number;
  /** From one pass to the next, ns of the capture. */
  readonly passNs: number;
  readonly speed: number;
  /** What was read, and what of it is not sent. */
  readonly capture: SentCapture;
}

/** An open input as it crosses to the sender's thread. */
export type SharedInput = SharedOctets | SharedReplay;

export function sourceOf(input: SharedOctets): ByteSource {
  if (input.kind === 'memory') {
    return new MemorySource(new Uint8Array(input.octets), { loop: input.loop, startOctet: input.startOctet });
  }
  const { passOctets, startOctet } = input;
  return new RingSource(new ByteRing(input.ring), { passOctets, startOctet });
}
