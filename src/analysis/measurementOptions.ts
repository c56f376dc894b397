import type { Scheme } from '../core/endpoint.js';
import type { Nanos, SplitTime } from '../core/time.js';
import type { LayeredRate } from '../core/units.js';
import type { StreamPath } from './streamPath.js';

export interface MeasurementOptions {
  /** Realtime of the run epoch, for carried times. */
  readonly epoch: SplitTime;
  /** The addresses behind `ReceiveBatch.path`; asked once per stream. */
  readonly pathOf: (path: number) => StreamPath;
  readonly maxStreams: number;
  /** Streams, in order of first arrival, with histograms and a long loss map of their own. */
  readonly detail: number;
  /** Streams that are made room for at once: many that begin together would take the time of their first datagrams. Default 0. */
  readonly expectedStreams?: number;
  readonly reorderWindowNs: Nanos;
  /** Numbers in the reorder window; rounded up to a power of two. Streams beyond the 256th have at most 1024. */
  readonly reorderWindowPackets: number;
  /** Rate of a link before which the queue is told that would have built; `null`, the default: of none. */
  readonly drain?: LayeredRate | null;
  /** Timestamps of ITCH messages are times of day by the clocks of this zone; `null`, the default: they tell nothing. */
  readonly messageTimeZone?: string | null;
  /** Warm-up from the first datagram, ns. */
  readonly omitNs: Nanos;
  /** Start of the first interval, its end, and the length of those after it; monotonic. Infinity: none. */
  readonly startMonoNs: Nanos;
  readonly firstBoundaryMonoNs: Nanos;
  readonly intervalNs: Nanos;
  /** A stream that is silent for so long, and for longer than it usually is, is an event; Infinity: never. */
  readonly silenceNs: Nanos;
  /** Largest `ReceiveBatch.capacity` that will come. */
  readonly batchCapacity: number;
  /** Added to every stamp in one-way delays (a deliberate fault). */
  readonly clockOffsetNs: Nanos;
}

/** What the measurement has to know of a socket before its first batch. */
export interface SocketFacts {
  /** `ReceiveBatch.socket` of its slots. */
  readonly index: number;
  /** `probe` demands probe datagrams; anything else takes all, and recognises probe datagrams. */
  readonly scheme: Scheme | null;
  /** CLOCK_REALTIME since the epoch just before the join, ns; NaN: there was none. */
  readonly joinRealNs: Nanos;
  /** Whether `ReceiveBatch.drops` means anything. */
  readonly hasDropCounter: boolean;
  readonly name: string | null;
  /** Marks that the endpoint says were sent; `null` not said. */
  readonly tosSent: number | null;
  readonly ttlSent: number | null;
  /**
   * What comes here, or which stream of it, goes with media elsewhere (FEC, RTCP): its silence and its end mean nothing.
   * Default false.
   */
  readonly isCompanion?: boolean | ((stream: number) => boolean);
}
