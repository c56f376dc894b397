import type { SendBatch } from '../../src/core/batch.js';
import type { Feed } from '../../src/feed/feed.js';
import type { RtcpMedia } from '../../src/runtime/rtcpFeed.js';

const OCTETS = 1316;

/** The figures of a media feed that sends packets of 1316 payload octets at a steady pace, `count` of them. */
export class MediaStub implements RtcpMedia {
  scheduled = 0;
  notSent = 0;
  mediaOctets = 0;
  readonly #startMonoNs: number;
  readonly #periodNs: number;
  readonly #count: number;

  constructor(options: { startMonoNs: number; periodNs: number; count: number }) {
    this.#startMonoNs = options.startMonoNs;
    this.#periodNs = options.periodNs;
    this.#count = options.count;
  }

  nextDueNs(): number {
    return this.scheduled >= this.#count ? Infinity : this.#startMonoNs + this.scheduled * this.#periodNs;
  }

  /** 90 kHz, beginning just before its wrap. */
  rtpTimestampAt(monoNs: number): number {
    return (0xffff_ff00 + Math.round(((monoNs - this.#startMonoNs) * 9) / 100_000)) >>> 0;
  }

  /** Sends one; returns its number, from 0. */
  send(): number {
    this.mediaOctets += OCTETS;
    return this.scheduled++;
  }

  /** Sends all that is due up to `monoNs`. */
  runTo(monoNs: number): void {
    while (this.nextDueNs() <= monoNs) this.send();
  }

  /** One that was sent is refused after all. */
  refuse(octets: number): void {
    this.notSent++;
    this.mediaOctets -= octets;
  }

  /** `feed`, with this media running beside it, each of its packets before what the feed has due then. */
  with(feed: Feed): Feed {
    return {
      nextDueNs: () => feed.nextDueNs(),
      fill: (batch: SendBatch, untilNs: number) => {
        const before = batch.count;
        while (feed.nextDueNs() <= untilNs) {
          const dueNs = feed.nextDueNs();
          this.runTo(dueNs);
          const filled = batch.count;
          feed.fill(batch, dueNs);
          if (batch.count === filled && feed.nextDueNs() === dueNs) break;
        }
        return batch.count - before;
      },
      refuse: (batch: SendBatch, slot: number) => feed.refuse(batch, slot),
      update: (batch: SendBatch, slot: number) => feed.update(batch, slot),
      skip: (untilNs: number) => feed.skip(untilNs),
      finish: (nowNs: number) => feed.finish(nowNs),
    };
  }
}
