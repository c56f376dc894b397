import type { Nanos } from '../core/time.js';
import type { BurstsSnapshot } from './burstSnapshot.js';
import type { Histogram } from './histogram.js';

/** Histograms that a stream may carry; all in ns. */
export const STREAM_HISTOGRAMS = [
  'one_way_delay_ns',
  'interarrival_ns',
  'ipdv_ns',
  'pdv_ns',
  'wakeup_delay_ns',
] as const;
export type StreamHistogramId = (typeof STREAM_HISTOGRAMS)[number];

/** RFC 3357 and RFC 4737 detail of a stream. */
export interface LossDetail {
  /** Number of the first unit that is expected, as the sender numbers them, 64 bits as a decimal string. */
  readonly origin: string;
  /** Loss periods: runs of consecutive lost numbers (RFC 3357 section 4.2). */
  readonly periods: number;
  readonly periodLengthMin: number | null;
  readonly periodLengthMean: number | null;
  readonly periodLengthMax: number | null;
  /** Loss distances: difference of the numbers of successive losses (RFC 3357 section 4.1). */
  readonly distanceMin: number | null;
  readonly distanceMean: number | null;
  readonly distanceMax: number | null;
  /** RFC 4737 section 4.2: the largest reordering extent, in packets. */
  readonly reorderExtentMax: number | null;
  readonly reorderExtentMean: number | null;
  /** Lost ranges, at most 1024, as decimal strings `first` and their number; `truncated` when there were more. */
  readonly map: readonly {
    readonly first: string;
    readonly count: number;
    readonly cause: 'network' | 'socket_buffer' | 'application' | 'mixed';
  }[];
  readonly mapTruncated: boolean;
}

/** What of a stream never changes once it was heard. */
export type StreamIdentity = Pick<
  StreamSnapshot,
  | 'index'
  | 'format'
  | 'unit'
  | 'source'
  | 'sourcePort'
  | 'group'
  | 'port'
  | 'interfaceIndex'
  | 'flow'
  | 'senderRun'
  | 'socket'
  | 'name'
  | 'superPackets'
>;

/**
 * All that is known of a stream at one moment, without a view of anything that goes on changing.
 * `analysis` makes it, `result` turns it into the document.
 */
export interface StreamSnapshot {
  /** Stable within the run. */
  readonly index: number;
  readonly format: string;
  readonly unit: 'packet' | 'message' | 'none';
  readonly source: string;
  readonly sourcePort: number;
  readonly group: string;
  readonly port: number;
  readonly interfaceIndex: number;
  /** Flow id, SSRC or session, as text; `null` where the format has none. */
  readonly flow: string | null;
  /** Sender's run id as eight hexadecimal digits; `null` where the format has none. */
  readonly senderRun: string | null;
  readonly socket: number;
  /** Name from a line-up. */
  readonly name: string | null;
  readonly expectedFrom: 'start' | 'first' | null;
  /** The end was announced by the sender. */
  readonly ended: boolean;
  /** Numbers in open gaps: neither received nor yet declared lost. */
  readonly pending: number;
  /** `StreamCounter` row, copied. */
  readonly counters: Float64Array;
  /** First and last arrival, CLOCK_MONOTONIC since the epoch, ns; NaN when nothing came. */
  readonly firstMonoNs: Nanos;
  readonly lastMonoNs: Nanos;
  readonly firstRealNs: Nanos;
  readonly lastRealNs: Nanos;
  /** RFC 3550 interarrival jitter, ns; NaN when not measurable. */
  readonly jitterNs: number;
  readonly jitterMaxNs: number;
  /** Arrivals by received TOS octet. */
  readonly tosCounts: ReadonlyMap<number, number>;
  /** Arrivals without a TOS octet. */
  readonly tosMissing: number;
  readonly ttlMin: number | null;
  readonly ttlMax: number | null;
  /** As the sender says it sent; `null` where the format does not tell. */
  readonly tosSent: number | null;
  readonly ttlSent: number | null;
  /** First data stamp minus the join, ns; `null` when the start marker came after the join. */
  readonly firstPacketAfterJoinNs: number | null;
  readonly lossDetail: LossDetail;
  /** `null` for streams beyond the detail limit, which share the aggregate's. */
  readonly histograms: Readonly<Record<StreamHistogramId, Histogram>> | null;
  /** `null`: nothing came, or a stream beyond the detail limit. */
  readonly bursts: BurstsSnapshot | null;
  readonly lossAttribution: 'exact' | 'shared' | 'bounded' | null;
  /** Carried times are departure or due times; `null`: the format carries none. */
  readonly sendTime: 'departure' | 'due' | null;
  readonly superPackets: boolean;
  /** `null`: no RTP. */
  readonly rtp: RtpSnapshot | null;
  /** `null`: no sequenced feed. */
  readonly feed: FeedSnapshot | null;
  readonly notes: readonly string[];
}

/** What the headers of an RTP stream said. */
export interface RtpSnapshot {
  /** Of the latest packet. */
  readonly payloadType: number;
  /** Steps of the time stamp by more than a second that the arrivals do not explain. */
  readonly timestampDiscontinuities: number;
}

/** What the datagrams of a sequenced feed were. */
export interface FeedSnapshot {
  /** Messages that came, in all copies. */
  readonly messages: number;
  /** Datagrams without messages. */
  readonly heartbeats: number;
  /** How often the numbers of the same session had begun anew before. */
  readonly beginnings: number;
}

/** One closed interval of one stream. */
export interface IntervalSnapshot {
  readonly index: number;
  readonly startMonoNs: Nanos;
  readonly endMonoNs: Nanos;
  /** `StreamCounter` columns of this interval alone. */
  readonly counters: Float64Array;
  readonly pending: number;
  readonly jitterNs: number;
  readonly delayMinNs: number;
  readonly delayP50Ns: number;
  readonly delayP99Ns: number;
  readonly delayMaxNs: number;
}
