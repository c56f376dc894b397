import { SendBatch, SendOutcome } from '../core/batch.js';
import { ProbeFeed } from '../feed/probeFeed.js';
import { Pacer } from '../pacing/pacer.js';
import { SenderStats, SentCounter } from './senderStats.js';

const SLOTS = 512;
const STEP_NS = 100_000;
/** Like a run's: beyond 2^31, since code compiled for small integers would be thrown away by the first real time. */
const BEGAN_NS = 3e9;

/** What makes the schedule exact from the first datagram on, and what a rate needs that leaves no time to compile. */
export const WARM_DATAGRAMS = 10_000;
export const WARM_DATAGRAMS_FAST = 100_000;

/**
 * Runs the sending path over so many datagrams that go nowhere, so that it is compiled before the first one that
 * does: cold, the first milliseconds of a schedule would be late.
 */
export function warmUp(datagrams = WARM_DATAGRAMS): void {
  // Short ones first: what happens once per stream is known, too, when the long one is compiled.
  for (let round = 0; round < 3; round++) send(datagrams / 20);
  send(datagrams);
}

function send(datagrams: number): void {
  const batch = new SendBatch(SLOTS, SLOTS * 64);
  const stats = [new SenderStats()];
  const counter = new SentCounter(new Uint16Array(1), stats);
  const pacer = new Pacer({ quantumNs: STEP_NS, spinNs: 0, maxLateNs: 1e9, mostPerCall: SLOTS, unpaced: false });
  const feed = new ProbeFeed({
    packetsPerSecond: 4e6,
    pattern: { kind: 'cbr' },
    count: datagrams,
    durationNs: null,
    startMonoNs: BEGAN_NS,
    seed: 0,
    sizeOctets: 64,
    destination: 0,
    flows: 1,
    runId: 0xffff_ffff,
    tos: 0,
    ttl: 1,
    sendTime: 'departure',
    unixAtMonoZero: { high: 0, low: 0 },
    superPackets: false,
  });
  for (let nowNs = BEGAN_NS; feed.nextDueNs() !== Infinity; nowNs = Math.max(nowNs + STEP_NS, feed.nextDueNs())) {
    batch.count = 0;
    feed.fill(batch, pacer.horizonNs(feed.nextDueNs(), nowNs));
    for (let at = 0; at < batch.count; at = pacer.to) {
      pacer.plan(batch, at, nowNs);
      batch.outcome.fill(SendOutcome.Sent, at, pacer.to);
      batch.departureMonoNs.fill(nowNs, at, pacer.to);
      counter.count(batch, at, pacer.to);
    }
  }
}
