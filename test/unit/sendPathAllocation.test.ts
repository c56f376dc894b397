import { describe, test } from 'vitest';
import { SendBatch } from '../../src/core/batch.js';
import type { Feed } from '../../src/feed/feed.js';
import { IperfFeed, type IperfFeedOptions } from '../../src/feed/iperfFeed.js';
import { MergedFeed } from '../../src/feed/mergedFeed.js';
import { PayloadFeed } from '../../src/feed/payloadFeed.js';
import { PayloadSlots } from '../../src/feed/payloadSlots.js';
import { ProbeFeed } from '../../src/feed/probeFeed.js';
import type { ProbeFeedOptions } from '../../src/feed/probeOptions.js';
import { NO_IMPAIRMENT } from '../../src/impair/spec.js';
import { Pacer } from '../../src/pacing/pacer.js';
import { ImpairedFeed } from '../../src/runtime/impairedFeed.js';
import { sendPaced } from '../sim/sendPaced.js';
import { expectNoGarbage } from '../garbage.js';

const DATAGRAMS = 1_000_000;
/** Beyond 2^31: numbers up to there need no object of their own, so that nothing would show. */
const START_NS = 5e9;
const TURN_NS = 100_000;

function options(change: Partial<ProbeFeedOptions>): ProbeFeedOptions {
  return {
    flows: 1,
    runId: 1,
    seed: 7,
    sizeOctets: 64,
    packetsPerSecond: 1e6,
    pattern: { kind: 'cbr' },
    count: null,
    durationNs: null,
    startMonoNs: START_NS,
    destination: 0,
    tos: 0,
    ttl: 1,
    sendTime: 'departure',
    unixAtMonoZero: { high: 1, low: 2 },
    superPackets: false,
    ...change,
  };
}

async function expectNoGarbageOf(feed: Feed): Promise<void> {
  const batch = new SendBatch(512, 512 * 1400);
  const pacer = new Pacer({
    quantumNs: 20_000,
    spinNs: 1e9,
    maxLateNs: 1e9,
    mostPerCall: 64,
    unpaced: feed.nextDueNs() < 0,
  });
  // Until it is compiled, the engine's own feedback and code are allocated.
  let nowNs = sendPaced(feed, pacer, batch, DATAGRAMS, TURN_NS, START_NS);
  // A number that has to be an object takes 16 octets. Some per call are not one per datagram: 100 are due in each, and
  // where the engine inlines nothing they come to 6 octets per datagram.
  await expectNoGarbage(() => (nowNs = sendPaced(feed, pacer, batch, DATAGRAMS, TURN_NS, nowNs)), 8 * DATAGRAMS);
}

const iperf = (change: Partial<IperfFeedOptions> = {}): Feed =>
  new IperfFeed({
    ...options({}),
    run: { threads: 1, port: 5001, sizeOctets: 64, durationNs: null, tos: 0, rateBitPerSecond: 5e8 },
    inOrder: true,
    ...change,
  });

const merged = (slots: PayloadSlots): Feed =>
  new MergedFeed([
    new ProbeFeed(options({ payloadSlots: slots, packetsPerSecond: 4e5, flows: 10 })),
    new ProbeFeed(
      options({ payloadSlots: slots, packetsPerSecond: 3e5, flowBase: 10, sizeOctets: 200, sendTime: 'due' }),
    ),
    new PayloadFeed({
      ...options({}),
      payloadSlots: slots,
      packetsPerSecond: 3e5,
      flowBase: 11,
      payload: new Uint8Array(100),
    }),
  ]);

const mergedProbes = (slots: PayloadSlots): Feed =>
  new MergedFeed(
    [0, 1, 2, 3].map((flowBase) => new ProbeFeed(options({ payloadSlots: slots, packetsPerSecond: 2.5e5, flowBase }))),
  );

const impaired = (): Feed =>
  new ImpairedFeed({
    feed: new ProbeFeed(options({ flows: 3 })),
    spec: {
      ...NO_IMPAIRMENT,
      loss: 0.05,
      gilbertElliott: { p: 0.01, r: 0.2, lossGood: 0, lossBad: 1 },
      duplicate: 0.05,
      reorder: 0.05,
      corrupt: 0.05,
      delayNs: 1e6,
      jitterNs: 1e6,
      rateBitPerSecond: 1e9,
      queueOctets: 50_000,
    },
    seed: 3,
    sizeOctets: 64,
    packetsPerSecond: 1e6,
  });

describe('a million datagrams allocate nothing', () => {
  test.each([
    ['probe', () => new ProbeFeed(options({}))],
    ['poisson, 100 flows', () => new ProbeFeed(options({ pattern: { kind: 'poisson' }, flows: 100 }))],
    [
      '100 flows that send by themselves',
      () =>
        new ProbeFeed(
          options({
            flows: 100,
            flowRates: { kind: 'zipf', exponent: 1 },
            pattern: { kind: 'telemetry', jitter: 0.1, alarms: 0.01, burst: 5 },
          }),
        ),
    ],
    [
      'poisson, 100 flows that send by themselves',
      () => new ProbeFeed(options({ flows: 100, flowRates: { kind: 'equal' }, pattern: { kind: 'poisson' } })),
    ],
    ['merged', () => merged(new PayloadSlots())],
    ['merged, of one kind', () => mergedProbes(new PayloadSlots())],
    ['iperf', () => iperf()],
    ['iperf, poisson, as is due', () => iperf({ pattern: { kind: 'poisson' }, sendTime: 'due' })],
    ['impaired', impaired],
  ])('%s', async (_name, make) => {
    await expectNoGarbageOf(make());
  });
});
