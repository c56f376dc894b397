import { test } from 'vitest';
import { SendBatch } from '../../src/core/batch.js';
import { ReplayFeed } from '../../src/feed/replayFeed.js';
import { expectNoGarbage } from '../garbage.js';
import { sourceOfRecords } from '../replayRecords.js';
import { refuse } from '../sim/collect.js';

const DATAGRAMS = 400_000;
/** Beyond 2^31: numbers up to there need no object of their own, so that nothing would show. */
const START_NS = 5e9;
/** So many octets are read at once, at most; each reading costs a view. */
const READ_OCTETS = 16 << 10;
const VIEW_OCTETS = 200;

test.each([100, 1316])('datagrams of %d octets allocate nothing', async (sizeOctets) => {
  const records = Array.from({ length: 1000 }, (_, i) => ({
    offsetNs: i * 10_007,
    flow: i % 3,
    payload: new Uint8Array(sizeOctets).fill(i),
  }));
  const feed = new ReplayFeed({
    source: sourceOfRecords(records, true),
    flows: 3,
    passNs: 10_007_000.5,
    speed: 0.7,
    count: null,
    durationNs: null,
    startMonoNs: START_NS,
    destination: 0,
  });
  const batch = new SendBatch(512, 512 * 1400);
  let nowNs = START_NS;
  const drive = (datagrams: number): void => {
    for (let made = 0; made < datagrams;) {
      nowNs += 1e6;
      batch.count = 0;
      batch.untilNs = nowNs;
      made += feed.fillRun(batch);
      if ((made & 127) === 0 && batch.count > 0) refuse(feed, batch, 0);
      if ((made & 1023) === 0) feed.skip(nowNs + 1e5);
    }
  };
  // Until it is compiled, the engine's own feedback and code are allocated.
  drive(DATAGRAMS);
  const readings = (DATAGRAMS * (16 + sizeOctets)) / READ_OCTETS;
  await expectNoGarbage(() => drive(DATAGRAMS), 4 * DATAGRAMS + readings * VIEW_OCTETS);
});
