import { type SendBatch, SendOutcome } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import type { FlowFeed } from '../feed/mergedFeed.js';
import type { Pacer } from '../pacing/pacer.js';
import type { SentCounter } from './senderStats.js';

/** A real departure is some microseconds behind its due time, and no whole number. */
const LATE_NS = 20_000.25;

/** Sends a feed to its end over a path that leads nowhere, at once: what a warm-up compiles. */
export function sendNowhere(
  feed: FlowFeed,
  batch: SendBatch,
  pacer: Pacer,
  counter: SentCounter,
  beganNs: Nanos,
): void {
  for (let nowNs = beganNs; feed.nextDueNs() !== Infinity; nowNs = Math.max(nowNs, feed.nextDueNs())) {
    batch.count = 0;
    feed.fill(batch, pacer.horizonNs(feed.nextDueNs(), nowNs));
    for (let at = 0; at < batch.count; at = pacer.to) {
      pacer.plan(batch, at, nowNs);
      batch.outcome.fill(SendOutcome.Sent, at, pacer.to);
      for (let slot = at; slot < pacer.to; slot++) batch.departureMonoNs[slot] = batch.dueMonoNs[slot]! + LATE_NS;
      counter.count(batch, at, pacer.to);
    }
  }
}
