import { randomInt } from 'node:crypto';
import { LegSplitter, type Leg } from '../feed/legs.js';
import { TsFeed } from '../feed/tsFeed.js';
import type { PacedOptions } from '../feed/limits.js';
import { PayloadSlots } from '../feed/payloadSlots.js';
import type { MediaPlan } from '../profile/plan.js';
import { sourceOf, type SharedOctets } from './sharedInput.js';

/** Id of the element with the send time: any of 1..14 that the session description names (RFC 8285 section 4.2). */
export const SEND_TIME_ID = 1;

export interface MediaFeed {
  readonly feed: TsFeed | Leg;
  /** What it comes from, with its clock and its counts. */
  readonly origin: TsFeed;
  /** `null`: bare UDP. */
  readonly ssrc: number | null;
}

/** The feed of a transport stream. SSRC, first number and first time stamp are random (RFC 3550 section 5.1). */
export function mediaFeed(
  media: MediaPlan,
  input: SharedOctets,
  paced: PacedOptions & { readonly payloadSlots: PayloadSlots },
): MediaFeed {
  const ssrc = media.rtp === null ? null : randomInt(2 ** 32);
  const feed = new TsFeed({
    source: sourceOf(input),
    live: input.kind === 'ring' && input.live,
    pcrPid: media.pcrPid,
    muxRateBitPerSecond: media.muxRateBitPerSecond,
    tsPerDatagram: media.tsPerDatagram,
    durationNs: paced.durationNs,
    count: paced.count,
    startMonoNs: paced.startMonoNs,
    destination: paced.destination,
    flowBase: paced.flowBase ?? 0,
    payloadSlots: paced.payloadSlots,
    rtp:
      media.rtp === null || ssrc === null
        ? null
        : {
            ssrc,
            firstSequence: randomInt(2 ** 16),
            firstTimestamp: randomInt(2 ** 32),
            sendTime: media.rtp.sendTime ? { extensionId: SEND_TIME_ID } : null,
          },
  });
  feed.prepare();
  return { feed, origin: feed, ssrc };
}

/** A stream whose legs are fed by one feed. */
export interface SplitMedia {
  readonly splitter: LegSplitter;
  readonly media: MediaFeed;
}

/** Datagrams that a leg may lag behind the other. */
const LEG_DATAGRAMS = 1024;

/** One leg of the stream at `position`. Both must start at the same time. */
export function legFeed(
  legs: Map<number, SplitMedia>,
  position: number,
  plan: MediaPlan,
  input: SharedOctets,
  paced: PacedOptions & { readonly payloadSlots: PayloadSlots },
): MediaFeed {
  let split = legs.get(position);
  if (split === undefined) {
    // It fills batches of its own.
    const media = mediaFeed(plan, input, { ...paced, flowBase: 0, destination: 0, payloadSlots: new PayloadSlots() });
    split = { splitter: new LegSplitter(media.feed, LEG_DATAGRAMS, paced.sizeOctets), media };
    legs.set(position, split);
  }
  const { origin, ssrc } = split.media;
  return { feed: split.splitter.leg({ flowBase: paced.flowBase ?? 0, destination: paced.destination }), origin, ssrc };
}
