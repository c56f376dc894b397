import type { SendBatch } from '../../src/core/batch.js';
import type { Feed } from '../../src/feed/feed.js';
import { Pace, type Pacer } from '../../src/pacing/pacer.js';
import { refuse } from './collect.js';

/**
 * Fills, paces and refuses as the sender does, in turns of `turnNs`, for `datagrams` datagrams from `fromNs` on; returns
 * when it ended.
 */
export function sendPaced(
  feed: Feed,
  pacer: Pacer,
  batch: SendBatch,
  datagrams: number,
  turnNs: number,
  fromNs: number,
): number {
  let nowNs = fromNs;
  for (let made = 0; made < datagrams;) {
    nowNs += turnNs;
    batch.count = 0;
    made += feed.fill(batch, pacer.horizonNs(feed.nextDueNs(), nowNs));
    for (let at = 0; at < batch.count; at = pacer.to) {
      if (pacer.plan(batch, at, nowNs) !== Pace.Send) throw new Error('not what the schedule says');
      if ((made & 1023) === 0) refuse(feed, batch, at);
    }
    if ((made & 4095) === 0) feed.skip(nowNs);
  }
  return nowNs;
}
