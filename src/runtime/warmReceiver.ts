import { Measurement } from '../analysis/measurement.js';
import { ReceiveBatch, SendBatch, SlotFlag } from '../core/batch.js';
import { ProbeFeed } from '../feed/probeFeed.js';

const SLOTS = 64;
const DATAGRAMS = 60_000;
const STEP_NS = 100_000;
const NO_PATH = { source: '127.0.0.1', sourcePort: 1, group: '239.0.0.1', port: 1, interfaceIndex: 1 };

/**
 * Runs the measurement over datagrams that came from nowhere, every second batch as the segments of a
 * super-packet, so that it is compiled before the first real one: cold, the first burst would overflow
 * the socket's buffer.
 */
export function warmUp(): void {
  const sent = new SendBatch(SLOTS, SLOTS * 64);
  const received = new ReceiveBatch(1, SLOTS);
  const measurement = new Measurement({
    epoch: { high: 0, low: 0 },
    pathOf: () => NO_PATH,
    maxStreams: 1,
    detail: 1,
    reorderWindowNs: 1e9,
    reorderWindowPackets: 65_536,
    omitNs: 0,
    startMonoNs: 0,
    firstBoundaryMonoNs: Infinity,
    intervalNs: Infinity,
    silenceNs: Infinity,
    batchCapacity: SLOTS,
    clockOffsetNs: 0,
  });
  measurement.addSocket({
    index: 0,
    scheme: 'probe',
    joinRealNs: 0,
    hasDropCounter: true,
    name: null,
    tosSent: null,
    ttlSent: null,
  });
  const feed = new ProbeFeed({
    packetsPerSecond: 1e6,
    pattern: { kind: 'cbr' },
    count: DATAGRAMS,
    durationNs: null,
    startMonoNs: 0,
    seed: 0,
    sizeOctets: 64,
    destination: 0,
    flows: 1,
    runId: 1,
    tos: 0,
    ttl: 1,
    sendTime: 'departure',
    unixAtMonoZero: { high: 0, low: 0 },
    superPackets: false,
  });
  let batches = 0;
  for (let nowNs = 0; feed.nextDueNs() !== Infinity; nowNs = Math.max(nowNs + STEP_NS, feed.nextDueNs())) {
    sent.count = 0;
    feed.fill(sent, nowNs);
    if (sent.count === 0) continue;
    batches++;
    // What comes when a buffer overflowed: runs are missing.
    if (batches % 16 === 0) continue;
    received.count = sent.count;
    received.bytes.set(sent.bytes);
    received.offset.set(sent.offset);
    received.length.set(sent.length);
    received.timeRealNs.set(sent.dueMonoNs);
    received.path.fill(1);
    received.ttl.fill(1);
    received.flags.fill(SlotFlag.TimeKernel);
    received.drops.fill(Math.floor(batches / 16) * SLOTS);
    if (batches % 2 === 1) received.flags.fill(SlotFlag.TimeKernel | SlotFlag.TimeShared, 1);
    received.readClock.fill(nowNs);
    measurement.onBatch(received);
  }
  measurement.finish(feed.firstDataNs);
  measurement.snapshot(0);
}
