import { Measurement } from '../analysis/measurement.js';
import { ReceiveBatch, SendBatch, SlotFlag } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import type { LayeredRate } from '../core/units.js';
import { ProbeFeed } from '../feed/probeFeed.js';
import { keep } from './kept.js';

const SLOTS = 16;
const STEP_NS = 20_000;
/** Like a run's: beyond 2^31 and with a fraction, since code compiled for small integers would be thrown away by the first real time. */
const BEGAN_NS = 3e9;
const REAL_AHEAD_NS = 0.25;
const NO_PATH = { source: '127.0.0.1', sourcePort: 1, group: '239.0.0.1', port: 1, interfaceIndex: 1 };
/** Streams one after the other: what happens once per stream is known, too, when the long last one is compiled. */
const DATAGRAMS = [1_000, 1_000, 10_000] as const;

/** One of them with a queue, which few runs have. */
const DRAIN = { bitPerSecond: 1e9, layer: 'ethernet' } as const;

/**
 * Runs the measurement over datagrams that came from nowhere, so that it is compiled before the first real
 * one: cold, the first burst would overflow the socket's buffer.
 */
export function warmUp(): void {
  for (const [round, datagrams] of DATAGRAMS.entries()) measure(datagrams, round === 1 ? DRAIN : null);
}

/** One stream with all that happens to streams: plain and shared stamps, runs missing, copies, swaps, intervals. */
function measure(datagrams: number, drain: LayeredRate | null): void {
  const sent = new SendBatch(SLOTS, SLOTS * 64);
  const received = new ReceiveBatch(1, SLOTS);
  const measurement = new Measurement({
    epoch: { high: 0, low: 0 },
    pathOf: () => NO_PATH,
    maxStreams: 1,
    detail: 1,
    drain,
    reorderWindowNs: 1e9,
    reorderWindowPackets: 128,
    omitNs: 0,
    startMonoNs: BEGAN_NS,
    firstBoundaryMonoNs: BEGAN_NS + 5e6,
    intervalNs: 5e6,
    silenceNs: 1e9,
    batchCapacity: SLOTS,
    clockOffsetNs: 0,
  });
  measurement.addSocket({
    index: 0,
    scheme: 'probe',
    joinRealNs: BEGAN_NS,
    hasDropCounter: true,
    name: null,
    tosSent: null,
    ttlSent: null,
  });
  const feed = new ProbeFeed({
    packetsPerSecond: 1e6,
    pattern: { kind: 'cbr' },
    count: null,
    durationNs: datagrams * 1e3,
    startMonoNs: BEGAN_NS,
    seed: 0,
    sizeOctets: 64,
    destination: 0,
    flows: 1,
    runId: 0xffff_ffff,
    tos: 0,
    ttl: 1,
    sendTime: 'due',
    unixAtMonoZero: { high: 0, low: 0 },
    superPackets: false,
  });
  let batches = 0;
  for (let nowNs = BEGAN_NS; feed.nextDueNs() !== Infinity; nowNs = Math.max(nowNs + STEP_NS, feed.nextDueNs())) {
    sent.count = 0;
    feed.fill(sent, nowNs);
    if (sent.count === 0) continue;
    batches++;
    // What comes when a buffer overflowed: runs are missing.
    if (batches % 16 === 0) continue;
    receive(received, sent, nowNs);
    received.drops.fill(Math.floor(batches / 16) * SLOTS);
    if (batches % 2 === 1) received.flags.fill(SlotFlag.TimeKernel | SlotFlag.TimeShared, 1);
    if (batches % 32 === 5) swap(received);
    measurement.onBatch(received);
    if (batches % 32 === 9) measurement.onBatch(received);
    if (batches % 8 === 0) measurement.socketReadPast(0, nowNs);
    if (batches % 64 === 0) {
      measurement.takeIntervals();
      measurement.takeEvents();
    }
  }
  measurement.finish(feed.firstDataNs + datagrams * 1e3);
  measurement.takeIntervals();
  measurement.snapshot(0);
  keep(feed, measurement, sent, received);
}

/** What was sent, as it would arrive some microseconds later. */
function receive(received: ReceiveBatch, sent: SendBatch, nowNs: Nanos): void {
  received.count = sent.count;
  received.bytes.set(sent.bytes);
  received.offset.set(sent.offset);
  received.length.set(sent.length);
  for (let i = 0; i < sent.count; i++) {
    received.timeRealNs[i] = sent.dueMonoNs[i]! + REAL_AHEAD_NS + 5_000 + (sent.dueMonoNs[i]! % 7_919);
  }
  received.path.fill(1);
  received.ttl.fill(1);
  received.flags.fill(SlotFlag.TimeKernel);
  received.readClock[0] = nowNs + 20_000 + REAL_AHEAD_NS;
  received.readClock[1] = nowNs + 20_000;
}

/** The second half before the first. */
function swap(received: ReceiveBatch): void {
  const half = received.count >> 1;
  const offsets = received.offset.slice(0, received.count);
  received.offset.set(offsets.subarray(half), 0);
  received.offset.set(offsets.subarray(0, half), received.count - half);
}
