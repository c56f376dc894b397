import type { FlowFeed } from '../feed/mergedFeed.js';
import type { MediaFeed } from './mediaFeed.js';
import type { RtcpMedia } from './rtcpFeed.js';

/** The figures of an RTP stream that its sender reports say; behind impairment, which delays its end. */
export class ReportedMedia implements RtcpMedia {
  readonly ssrc: number;
  readonly #media: MediaFeed;
  readonly #last: FlowFeed;

  /** `last`: what the stream's datagrams leave by: its feed, or that behind impairment and protection. */
  constructor(media: MediaFeed, last: FlowFeed) {
    this.ssrc = media.ssrc!;
    this.#media = media;
    this.#last = last;
  }

  get scheduled(): number {
    return this.#media.feed.scheduled;
  }

  get notSent(): number {
    return this.#media.feed.notSent;
  }

  get mediaOctets(): number {
    return this.#media.origin.mediaOctets;
  }

  rtpTimestampAt(monoNs: number): number {
    return this.#media.origin.rtpTimestampAt(monoNs);
  }

  nextDueNs(): number {
    return this.#last.nextDueNs();
  }
}
