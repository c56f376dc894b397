import type { LayeredRate } from '../core/units.js';
import type { Nanos } from '../core/time.js';
import type { Histogram } from './histogram.js';

/** Peak of one window. */
export interface BurstWindowSnapshot {
  readonly windowNs: Nanos;
  /** UDP payload. */
  readonly peakOctets: number;
  readonly peakDatagrams: number;
  /** The arrival that ended the first position with most octets, CLOCK_MONOTONIC since the epoch. */
  readonly atMonoNs: Nanos;
  /** The peak is at least the true one, and at most that of a window longer by so much; 0: exact. */
  readonly excessNs: Nanos;
}

/** A position of the window of 1 ms: what came from its first arrival to its last. */
export interface BurstSnapshot {
  readonly startMonoNs: Nanos;
  readonly durationNs: Nanos;
  readonly octets: number;
  readonly datagrams: number;
}

/** What would have waited for a link of the rate `drain`. */
export interface QueueSnapshot {
  readonly drain: LayeredRate;
  /** Octets at the layer of `drain`. */
  readonly maxOctets: number;
  readonly maxNs: Nanos;
  /** The arrival that made it so long. */
  readonly atMonoNs: Nanos;
  /** How long each arrival would have taken to leave, itself included. */
  readonly delay: Histogram;
}

/** Micro-bursts of a stream in which something came. */
export interface BurstsSnapshot {
  /** In the order of `BURST_WINDOWS`. */
  readonly windows: readonly BurstWindowSnapshot[];
  /** Largest first. */
  readonly largest: readonly BurstSnapshot[];
  /** `null`: no rate was given. */
  readonly queue: QueueSnapshot | null;
  /** Arrivals stamped earlier than one before them: they count at the stamp of that one. */
  readonly clampedDatagrams: number;
}
