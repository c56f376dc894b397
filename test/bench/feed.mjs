// What does one datagram cost the feed? Prints ns per datagram, the best of five rounds: one flow and many,
// small and full-size payloads, paced and as fast as can be, several feeds merged.
// Usage: node test/bench/feed.mjs [dist [part of a case's name]]
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = resolve(process.argv[2] ?? 'dist');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { SendBatch } = await load('core/batch.js');
const { ProbeFeed } = await load('feed/probeFeed.js');
const { PayloadFeed } = await load('feed/payloadFeed.js');
const { MergedFeed } = await load('feed/mergedFeed.js');
const { PayloadSlots } = await load('feed/payloadSlots.js');

const BATCH = 1024;
const DATAGRAMS = 4_000_000;

const common = (options) => ({
  flows: 1,
  runId: 0x1234_5678,
  seed: 7,
  sizeOctets: 64,
  packetsPerSecond: 1e6,
  pattern: { kind: 'cbr' },
  count: null,
  durationNs: null,
  startMonoNs: 0,
  destination: 0,
  tos: 0,
  ttl: 1,
  sendTime: 'departure',
  unixAtMonoZero: { high: 395_000_000, low: 0 },
  superPackets: false,
  ...options,
});
const probe = (options) => new ProbeFeed(common(options));

function merged(count, options) {
  const payloadSlots = new PayloadSlots();
  const feeds = [];
  for (let i = 0; i < count; i++) feeds.push(probe({ ...options, payloadSlots, flowBase: i, destination: i }));
  return new MergedFeed(feeds);
}

const cases = {
  'probe 64, 1 flow': () => probe({}),
  'probe 64, 1 flow, due time': () => probe({ sendTime: 'due' }),
  'probe 64, 1 flow, max': () => probe({ packetsPerSecond: Infinity }),
  'probe 64, 1 flow, poisson': () => probe({ pattern: { kind: 'poisson' } }),
  'probe 1316, 1 flow': () => probe({ sizeOctets: 1316 }),
  'probe 64, 1000 flows': () => probe({ flows: 1000 }),
  'probe 64, 10 feeds merged': () => merged(10, { packetsPerSecond: 1e5 }),
  'probe 1316, 10 feeds merged': () => merged(10, { packetsPerSecond: 1e5, sizeOctets: 1316 }),
  'payload 1316': () => new PayloadFeed(common({ sizeOctets: 1316, payload: new Uint8Array(10) })),
  'payload 1316, from 100,000 octets': () =>
    new PayloadFeed(common({ sizeOctets: 1316, payload: new Uint8Array(100_000) })),
};

const only = process.argv[3] ?? '';
for (const [name, make] of Object.entries(cases)) {
  if (!name.includes(only)) continue;
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const supply = make();
    const batch = new SendBatch(BATCH, BATCH * 1400);
    let made = 0;
    const start = process.hrtime.bigint();
    while (made < DATAGRAMS) {
      batch.count = 0;
      // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a feed is no array
      made += supply.fill(batch, 1e15);
    }
    best = Math.min(best, Number(process.hrtime.bigint() - start) / made);
  }
  console.log(`${name.padEnd(36)} ${best.toFixed(1).padStart(7)} ns per datagram`);
}
