import { ByteRing } from '../core/byteRing.js';
import { MemorySource, RingSource, type ByteSource } from '../core/byteSource.js';

/** An open input as it crosses to the sender's thread. */
export type SharedInput =
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

export function sourceOf(input: SharedInput): ByteSource {
  if (input.kind === 'memory') {
    return new MemorySource(new Uint8Array(input.octets), { loop: input.loop, startOctet: input.startOctet });
  }
  const { passOctets, startOctet } = input;
  return new RingSource(new ByteRing(input.ring), { passOctets, startOctet });
}
