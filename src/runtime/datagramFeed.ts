import type { Nanos, SplitTime } from '../core/time.js';
import type { Deal } from '../feed/dealtFlows.js';
import { IperfFeed } from '../feed/iperfFeed.js';
import type { PacedOptions } from '../feed/limits.js';
import { PayloadFeed } from '../feed/payloadFeed.js';
import type { PayloadSlots } from '../feed/payloadSlots.js';
import { ProbeFeed } from '../feed/probeFeed.js';
import type { SendStream } from '../profile/plan.js';
import { isIperf } from '../profile/streamValues.js';

/** What a flow with a socket of its own has of its stream. */
export interface FlowShare {
  readonly index: number;
  readonly of: number;
}

/** The whole stream. */
export const WHOLE: FlowShare = { index: 0, of: 1 };

export interface DatagramFeedOptions extends PacedOptions {
  readonly payloadSlots: PayloadSlots;
  readonly share: FlowShare;
  /** Which flows of the stream are made here; of iperf each is a stream of its own. */
  readonly deal: Deal;
  readonly runId: number;
  readonly sendTime: 'departure' | 'due';
  readonly unixAtMonoZero: SplitTime;
  /** The sink may send super-packets. */
  readonly superPackets: boolean;
}

/** The feed of a stream whose datagrams are all of one make: probes, a client's of iperf 2, or any payload. */
export function datagramFeed(stream: SendStream, options: DatagramFeedOptions): ProbeFeed | IperfFeed | PayloadFeed {
  if (stream.payload !== null) return new PayloadFeed({ ...options, payload: stream.payload });
  const { flows, flowRates, tos, ttl } = stream;
  return isIperf(stream) ? iperfFeed(stream, options) : new ProbeFeed({ ...options, flows, flowRates, tos, ttl });
}

/** One flow of those that share the stream's rate and count; they take turns. */
function iperfFeed({ address, tos, impair }: SendStream, options: DatagramFeedOptions): IperfFeed {
  const { share, count, packetsPerSecond, sizeOctets, durationNs, startMonoNs } = options;
  return new IperfFeed({
    ...options,
    count: count === null ? null : Math.floor((count + share.of - 1 - share.index) / share.of),
    startMonoNs: startMonoNs + turnNs(share, packetsPerSecond),
    inOrder: impair === null,
    run: {
      threads: share.of,
      port: address.port,
      sizeOctets,
      durationNs,
      tos,
      rateBitPerSecond: packetsPerSecond * sizeOctets * 8,
    },
  });
}

/** `packetsPerSecond`: of the flow. */
function turnNs({ index, of }: FlowShare, packetsPerSecond: number): Nanos {
  return Math.round((index * 1e9) / (packetsPerSecond * of));
}
