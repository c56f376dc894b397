import type { Nanos } from '../core/time.js';
import type { Pattern } from './schedule.js';

/** What all synthetic feeds have in common: when datagrams are due and how many there are. */
export interface PacedOptions {
  /** Datagrams per second of the whole feed, above 0; Infinity: as fast as can be. Not used by `burst`. */
  readonly packetsPerSecond: number;
  readonly pattern: Pattern;
  /** Datagrams with data of the whole feed, not sent ones included; `null`: no limit. */
  readonly count: number | null;
  /** Datagrams with data are due within so many ns from the first; `null`: no limit. */
  readonly durationNs: Nanos | null;
  /** When the first datagram is due, CLOCK_MONOTONIC since the epoch, ns. */
  readonly startMonoNs: Nanos;
  readonly seed: number;
  /** UDP payload octets of each datagram. */
  readonly sizeOctets: number;
  /** Written into `SendBatch.destination`. */
  readonly destination: number;
  /** Number of the first flow in `SendBatch.flow`; further ones follow. Default 0. */
  readonly flowBase?: number;
}

/**
 * Most datagrams that a feed without a rate makes per `fill`, so that several such feeds can share a
 * batch: one full super-packet.
 */
export const UNPACED_RUN = 128;
