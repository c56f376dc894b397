import { readFileSync } from 'node:fs';
import { MemorySource } from '../core/byteSource.js';
import { MergedFeed, type FlowFeed } from '../feed/mergedFeed.js';
import { PayloadSlots } from '../feed/payloadSlots.js';
import { TsFeed } from '../feed/tsFeed.js';
import { TsRestamp } from '../feed/tsRestamp.js';
import { PCR_HZ, TS_PACKET_OCTETS } from '../wire/mpegts.js';
import { RTP_FIXED_OCTETS } from '../wire/rtp.js';
import { SEND_TIME_EXTENSION_OCTETS } from '../wire/rtpSendTime.js';
import { ReportedMedia } from './reportedMedia.js';
import { RtcpFeed } from './rtcpFeed.js';
import { TESTCARD } from './testcardFile.js';

/** Like a run's: beyond 2^31, see warmReceiver.ts. */
export const WARM_BEGAN_NS = 3e9;
export const WARM_SLOTS = 32;
export const WARM_SIZE_OCTETS = RTP_FIXED_OCTETS + SEND_TIME_EXTENSION_OCTETS + 7 * TS_PACKET_OCTETS;
/** RTP streams, so many that tables have grown; flow `k` is one, flow `WARM_STREAMS + k` its RTCP. */
export const WARM_STREAMS = 20;
/** Seconds of stream of each round: many beginnings, since of what happens once per stream a hundred may begin at once. */
export const WARM_ROUNDS_S: readonly number[] = [0.4, 0.4, 0.4, 0.4, 2];
/** Clocks of streams that have run for hours are no small integers. */
const LATER_TICKS = 10 * 3600 * PCR_HZ;
/** From so near to the end on a stream comes to its next pass in any round. */
const LAST_PACKETS = 100;
/** Streams of one clip are due at the same instants unless they begin apart. */
const APART_NS = 0.3e6;
/** Session bandwidth of which RTCP takes its share: reports come about once a second. */
const RATE_BIT_PER_SECOND = 4.0000005e6;

/** What is sent in the warm-up: as it is, and as it would be after hours. */
export interface WarmClips {
  readonly fresh: Uint8Array;
  readonly late: Uint8Array;
}

export function warmClips(): WarmClips {
  const fresh = readFileSync(TESTCARD);
  return { fresh, late: movedBy(LATER_TICKS, fresh) };
}

/** The streams of one round, of all kinds: with send times or without, just begun or on air for hours, near their end or not. */
export function warmFeeds(clips: WarmClips, seconds: number): FlowFeed {
  const payloadSlots = new PayloadSlots();
  const media = Array.from({ length: WARM_STREAMS }, (_, flow) => {
    const clip = flow % 3 === 1 ? clips.late : clips.fresh;
    const part = flow % 4 === 3 ? clip.length - LAST_PACKETS * TS_PACKET_OCTETS : (flow * clip.length) / WARM_STREAMS;
    const startOctet = Math.floor(part / TS_PACKET_OCTETS) * TS_PACKET_OCTETS;
    return new TsFeed({
      source: new MemorySource(clip, { loop: true, startOctet }),
      pcrPid: null,
      muxRateBitPerSecond: null,
      durationNs: seconds * 1e9,
      count: null,
      startMonoNs: WARM_BEGAN_NS + flow * APART_NS,
      destination: flow,
      flowBase: flow,
      payloadSlots,
      rtp: { ssrc: ssrcOf(flow), firstSequence: 65_000, firstTimestamp: 2 ** 31, sendTime: sendTimeOf(flow) },
    });
  });
  return new MergedFeed([...media, ...media.map((feed, flow) => reportsOf(feed, flow, payloadSlots))]);
}

function reportsOf(feed: TsFeed, flow: number, payloadSlots: PayloadSlots): FlowFeed {
  const ssrc = ssrcOf(flow);
  return new RtcpFeed({
    media: new ReportedMedia({ feed, origin: feed, ssrc }, feed),
    ssrc,
    cname: 'warm-up',
    rateBitPerSecond: RATE_BIT_PER_SECOND,
    family: 4,
    unixAtMonoZeroNs: 0n,
    startMonoNs: WARM_BEGAN_NS,
    seed: ssrc,
    destination: WARM_STREAMS + flow,
    flowBase: WARM_STREAMS + flow,
    payloadSlots,
  });
}

function ssrcOf(flow: number): number {
  return 0xffff_0000 + flow;
}

/** Our sender's streams carry it, those of others do not. */
function sendTimeOf(flow: number): { readonly extensionId: number } | null {
  return flow % 3 === 0 ? null : { extensionId: 1 };
}

/** The clip as it would be so much later. */
function movedBy(ticks: number, clip: Uint8Array): Uint8Array {
  const moved = Uint8Array.from(clip);
  const restamp = new TsRestamp();
  restamp.offsetTicks = ticks;
  for (let at = 0; at + TS_PACKET_OCTETS <= moved.length; at += TS_PACKET_OCTETS) restamp.stamp(moved, at);
  return moved;
}
