/** What streams load the network with. */
import { TESTCARD_BIT_PER_SECOND } from '../feed/testcard.js';
import { TS_PACKET_OCTETS } from '../wire/mpegts.js';
import { fecStreams } from './fecStreams.js';
import type { MediaPlan, SendStream } from './plan.js';
import { meanSizeOctets } from './sendStreams.js';

/** Datagrams of one size. */
export interface SendLoad {
  readonly packetsPerSecond: number;
  /** UDP payload. */
  readonly sizeOctets: number;
  readonly family: 4 | 6;
}

/** Everything that a stream sends: itself, its second leg, what protects it. */
export function sendLoads(stream: SendStream): SendLoad[] {
  const { legB } = stream;
  return [stream, ...fecStreams(stream), ...(legB === null ? [] : [legB])].map((one) => ({
    packetsPerSecond: packetsPerSecond(one),
    sizeOctets: meanSizeOctets(one),
    family: one.address.family,
  }));
}

function packetsPerSecond({ pattern, packetsPerSecond: perSecond }: SendStream): number {
  return pattern.kind === 'burst' ? (pattern.datagrams * 1e9) / pattern.periodNs : perSecond;
}

/** With the rate of its transport stream as far as it is known without its input; `null`: it is not. */
export function withPlannedRate(stream: SendStream): SendStream | null {
  const { media, replay, feed, legB } = stream;
  if (media === null) return replay !== null || feed?.messagesPerSecond === null ? null : stream;
  const bitPerSecond = plannedBitPerSecond(media);
  if (bitPerSecond === null) return null;
  const perSecond = bitPerSecond / 8 / (media.tsPerDatagram * TS_PACKET_OCTETS);
  return {
    ...stream,
    packetsPerSecond: perSecond,
    legB: legB === null ? null : { ...legB, packetsPerSecond: perSecond },
  };
}

function plannedBitPerSecond({ input, muxRateBitPerSecond }: MediaPlan): number | null {
  return muxRateBitPerSecond ?? (input.kind === 'testcard' ? TESTCARD_BIT_PER_SECOND : null);
}
