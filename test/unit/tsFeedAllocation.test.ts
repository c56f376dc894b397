import { test } from 'vitest';
import { SendBatch } from '../../src/core/batch.js';
import { MemorySource } from '../../src/core/byteSource.js';
import { TsFeed } from '../../src/feed/tsFeed.js';
import { Pacer } from '../../src/pacing/pacer.js';
import { expectNoGarbage } from '../garbage.js';
import { sendPaced } from '../sim/sendPaced.js';
import { makeTransportStream } from '../ts/synthetic.js';

const DATAGRAMS = 400_000;
/** Beyond 2^31: numbers up to there need no object of their own, so that nothing would show. */
const START_NS = 5e9;
const TURN_NS = 50e6;

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
  let nowNs = sendPaced(feed, pacer, batch, (tsPerDatagram === 7 ? 0.5 : 2.5) * DATAGRAMS, TURN_NS, START_NS);
  // The smallest object for every second datagram. What is read from the source at once, 350 packets, costs a view of it.
  await expectNoGarbage(() => (nowNs = sendPaced(feed, pacer, batch, DATAGRAMS, TURN_NS, nowNs)), 8 * DATAGRAMS);
});
