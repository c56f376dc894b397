import type { SendBatch } from '../core/batch.js';
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
  /** UDP payload octets of each datagram, or of the largest. */
  readonly sizeOctets: number;
  /** Of each flow's datagrams in turn, over and over. Default: all are of `sizeOctets`. */
  readonly sizes?: readonly number[] | null;
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

/** Most datagrams that are made only to be given up, per `skip`: a millisecond's work. */
export const SKIPPED_AT_ONCE = 256;

/** Octet of the slab behind the last slot: where the next one begins. */
export function endOctet(batch: SendBatch): number {
  const last = batch.count - 1;
  return last < 0 ? 0 : batch.offset[last]! + batch.length[last]!;
}

/** From so many on `TypedArray.fill` is quicker than a loop. */
const FILL_FROM = 24;

/** Writes what all datagrams of one run have in common into slots `[from, to)`. Hot. */
export function putColumns(
  batch: SendBatch,
  from: number,
  to: number,
  lengthOctets: number,
  flags: number,
  destination: number,
  stampAt: number,
): void {
  const { length, flags: flagColumn, destination: destinations, stampAt: stamps, outcome } = batch;
  if (to - from >= FILL_FROM) {
    length.fill(lengthOctets, from, to);
    flagColumn.fill(flags, from, to);
    destinations.fill(destination, from, to);
    stamps.fill(stampAt, from, to);
    outcome.fill(0, from, to);
    return;
  }
  for (let i = from; i < to; i++) {
    length[i] = lengthOctets;
    flagColumn[i] = flags;
    destinations[i] = destination;
    stamps[i] = stampAt;
    outcome[i] = 0;
  }
}
