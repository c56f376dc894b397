import { SendBatch } from '../core/batch.js';
import type { FlowFeed } from '../feed/mergedFeed.js';
import { Pacer } from '../pacing/pacer.js';
import { keep } from './kept.js';
import { sendNowhere } from './sendNowhere.js';
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
  sendNowhere(feed, batch, pacer, counter, WARM_BEGAN_NS);
  return [feed, batch, pacer, counter];
}
