/** What passes between the thread that opens an SRT link and the one that carries it. */
import type { ErrorCode } from '../core/errors.js';
import type { SrtOptions } from './srtOptions.js';

/** `receive`: from the peer into the ring. `send`: from the ring to the peer. */
export type SrtDirection = 'receive' | 'send';

export interface SrtTask {
  readonly direction: SrtDirection;
  /** The host resolved, the passphrase read. */
  readonly options: SrtOptions;
  /** Of a `ByteRing`. */
  readonly ring: SharedArrayBuffer;
  /** Of `SrtShared`. */
  readonly shared: SharedArrayBuffer;
}

export type SrtEvent =
  | { readonly type: 'listening' }
  | { readonly type: 'connected'; readonly peer: string }
  /** A connection has ended; the link waits for the next one or calls again. */
  | { readonly type: 'lost'; readonly why: string }
  /** A call was not answered or refused, or a peer was not let in. */
  | { readonly type: 'refused'; readonly why: string };

export type SrtMessage =
  | SrtEvent
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint: string }
  | { readonly type: 'ended' };

/** Most octets that are claimed at once, in the ring of either direction. */
export const SRT_LARGEST_CLAIM = 65_536;

export const TS_PACKET_OCTETS = 188;

/** The part of `octets` that whole MPEG-TS packets fill. */
export function wholePackets(octets: number): number {
  return octets - (octets % TS_PACKET_OCTETS);
}

/** Doubles from 100 ms to 2 s: how long to wait before the attempt behind `failures` failed ones. */
export function backOffMs(failures: number): number {
  return Math.min(100 * 2 ** Math.min(failures, 5), 2000);
}
