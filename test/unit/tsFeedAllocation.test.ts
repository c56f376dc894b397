import { test } from 'vitest';
import { SendBatch } from '../../src/core/batch.js';
import { MemorySource } from '../../src/core/byteSource.js';
import { TsFeed } from '../../src/feed/tsFeed.js';
import { Pace, Pacer } from '../../src/pacing/pacer.js';
import { expectNoGarbage } from '../garbage.js';
import { refuse } from '../sim/collect.js';
import { makeTransportStream } from '../ts/synthetic.js';

const DATAGRAMS = 400_000;
/** Beyond 2^31: numbers up to there need no object of their own, so that nothing would show. */
const START_NS = 5e9;

/** Fills, paces and refuses as the sender does, for `datagrams` datagrams from `fromNs` on; returns when it ended. */
function drive(feed: TsFeed, pacer: Pacer, batch: SendBatch, datagrams: number, fromNs: number): number {
  let nowNs = fromNs;
  for (let made = 0; made < datagrams;) {
    nowNs += 50e6;
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

test.each([
  ['seven packets', 7, false],
  ['one packet', 1, true],
])('datagrams of %s allocate nothing', async (_name, tsPerDatagram, isBare) => {
  // A PCR every 20 ms is one in 38 datagrams; what they are moved by is beyond 2^31 after 80 s, 150,000 datagrams.
  const bytes = makeTransportStream({
    rateBitPerSecond: 20_000_000,
    seconds: 0.5,
    programs: [{ videoBitPerSecond: 1e6 }],
  });
  const feed = new TsFeed({
    source: new MemorySource(bytes, { loop: true }),
    pcrPid: null,
    muxRateBitPerSecond: null,
    tsPerDatagram,
    rtp: isBare ? null : { ssrc: 0xfedc_ba98, firstSequence: 1, firstTimestamp: 2 ** 31, sendTime: { extensionId: 1 } },
    count: null,
    durationNs: null,
    startMonoNs: START_NS,
    destination: 0,
  });
  const batch = new SendBatch(512, 512 * 1400);
  const pacer = new Pacer({ quantumNs: 20_000, spinNs: 1e9, maxLateNs: 1e9, mostPerCall: 64, unpaced: false });
  // Until it is compiled, the engine's own feedback and code are allocated.
  let nowNs = drive(feed, pacer, batch, (tsPerDatagram === 7 ? 0.5 : 2.5) * DATAGRAMS, START_NS);
  // The smallest object for every second datagram. What is read from the source at once, 350 packets, costs a view of it.
  await expectNoGarbage(() => (nowNs = drive(feed, pacer, batch, DATAGRAMS, nowNs)), 8 * DATAGRAMS);
});
