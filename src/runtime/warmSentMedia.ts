import { SendBatch, SendOutcome } from '../core/batch.js';
import type { FlowFeed } from '../feed/mergedFeed.js';
import { Pacer } from '../pacing/pacer.js';
import { keep } from './kept.js';
import { SenderStats, SentCounter } from './senderStats.js';
import { WARM_BEGAN_NS, WARM_ROUNDS_S, WARM_SIZE_OCTETS, WARM_SLOTS, warmClips, warmFeeds } from './warmFeeds.js';

/** Like that of many channels. */
const QUANTUM_NS = 0.5e6;

/** Runs the feeds of transport streams over one that goes nowhere, so that they are compiled before many are sent. */
export function warmUpSentMedia(): void {
  const clips = warmClips();
  let made: readonly unknown[] = [];
  for (const seconds of WARM_ROUNDS_S) made = send(warmFeeds(clips, seconds));
  keep(...made);
}

/** Returns what it made. */
function send(feed: FlowFeed): readonly unknown[] {
  const batch = new SendBatch(WARM_SLOTS, WARM_SLOTS * WARM_SIZE_OCTETS);
  const pacer = new Pacer({
    quantumNs: QUANTUM_NS,
    spinNs: 0,
    maxLateNs: 1e9,
    mostPerCall: WARM_SLOTS,
    unpaced: false,
  });
  const stats = Array.from({ length: feed.flows }, () => new SenderStats());
  const counter = new SentCounter(Uint16Array.from(stats.keys()), stats);
  for (let nowNs = WARM_BEGAN_NS; feed.nextDueNs() !== Infinity; nowNs = Math.max(nowNs, feed.nextDueNs())) {
    batch.count = 0;
    feed.fill(batch, pacer.horizonNs(feed.nextDueNs(), nowNs));
    for (let at = 0; at < batch.count; at = pacer.to) {
      pacer.plan(batch, at, nowNs);
      batch.outcome.fill(SendOutcome.Sent, at, pacer.to);
      for (let slot = at; slot < pacer.to; slot++) batch.departureMonoNs[slot] = batch.dueMonoNs[slot]! + 20_000.25;
      counter.count(batch, at, pacer.to);
    }
  }
  return [feed, batch, pacer, counter];
}
