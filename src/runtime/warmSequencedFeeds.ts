import { Measurement } from '../analysis/measurement.js';
import { ReceiveBatch, SendBatch, SlotFlag } from '../core/batch.js';
import { copyOctets } from '../core/bytes.js';
import { MergedFeed } from '../feed/mergedFeed.js';
import { PayloadSlots } from '../feed/payloadSlots.js';
import { Pacer } from '../pacing/pacer.js';
import type { FeedPlan } from '../profile/plan.js';
import { keep } from './kept.js';
import { MediaReceiver } from './mediaReceiver.js';
import { SenderStats, SentCounter } from './senderStats.js';
import { sendNowhere } from './sendNowhere.js';
import { storeOf } from './recoveryServers.js';
import { sequencedFeed, sessionOf, type SplitFeeds } from './sequencedFeed.js';

/** Like a run's: beyond 2^31, since code compiled for small integers would be thrown away by the first real time. */
const BEGAN_NS = 3e9;
const SLOTS = 64;
const SIZE_OCTETS = 1472;
const MESSAGES_PER_SECOND = 1e6;
/** Of what comes beside the messages. */
const BESIDE_NS = 1e6;
/** Of each round: what happens once per feed is known, too, when the long last one is compiled. */
const ROUNDS_NS: readonly number[] = [2e6, 2e6, 60e6];
/** It is filled, and begins anew. */
const WARM_STORE_OCTETS = 1 << 18;
const NO_PATH = { source: '127.0.0.1', sourcePort: 1, group: '239.0.0.1', port: 1, interfaceIndex: 1 };

/** Runs the sending path over a feed that goes nowhere: cold, the first messages of a fast one would be late. */
export function warmUpSentFeeds(plan: FeedPlan): void {
  let made: readonly unknown[] = [];
  for (const durationNs of ROUNDS_NS) {
    const feed = legs(plan, durationNs);
    const batch = new SendBatch(SLOTS, SLOTS * SIZE_OCTETS);
    const pacer = new Pacer({ quantumNs: 100_000, spinNs: 0, maxLateNs: 1e9, mostPerCall: SLOTS, unpaced: false });
    const counter = new SentCounter(Uint16Array.from([0, 1]), [new SenderStats(), new SenderStats()]);
    sendNowhere(feed, batch, pacer, counter, BEGAN_NS);
    made = [feed, batch, pacer, counter];
  }
  keep(...made);
}

/** The same for the receiving one, with two lines and what is missing on one of them or on both. */
export function warmUpReceivedFeeds(scheme: FeedPlan['scheme']): void {
  let made: readonly unknown[] = [];
  for (const durationNs of ROUNDS_NS) made = receive(scheme, durationNs);
  keep(...made);
}

function legs(plan: FeedPlan, durationNs: number): MergedFeed {
  const splits: SplitFeeds = new Map();
  const warm: FeedPlan = {
    ...plan,
    input: { kind: 'synthetic', symbols: 20 },
    hasLegs: true,
    // Not as the plan says: what is compiled must not take longer the more often they are.
    heartbeatNs: BESIDE_NS,
    stampNs: BESIDE_NS,
  };
  const paced = {
    count: null,
    durationNs,
    startMonoNs: BEGAN_NS,
    unixAtMonoZero: { high: 0, low: 0 },
    payloadSlots: new PayloadSlots(),
  };
  const remembered =
    plan.recovery === null ? null : { memory: storeOf(WARM_STORE_OCTETS, 1), session: sessionOf(plan) };
  const rate = { arrivals: { kind: 'constant' }, messagesPerSecond: MESSAGES_PER_SECOND } as const;
  const made = [0, 1].map((leg) =>
    sequencedFeed({ ...warm, ...rate }, null, { ...paced, flowBase: leg, destination: leg }, 0, splits, remembered),
  );
  return new MergedFeed(made.map(({ feed }) => feed));
}

function receive(scheme: FeedPlan['scheme'], durationNs: number): readonly unknown[] {
  const measurement = measurementOf(scheme);
  const media = new MediaReceiver({
    measurement,
    placeOf: (stream) => ({
      role: 'media',
      leg: measurement.table.socket(stream) === 0 ? 0 : 1,
      position: 0,
      hasLegs: true,
    }),
    holdNs: 200e6,
    mergeWindowNs: 1e6,
    endpoints: 1,
    silenceEnds: false,
    outputsOf: () => [],
    recoveryOf: () => null,
    control: { onDatagram: () => {} },
  });
  const feed = legs({ ...NO_PLAN, scheme }, durationNs);
  const sent = new SendBatch(SLOTS, SLOTS * SIZE_OCTETS);
  const received = new ReceiveBatch(1, SLOTS);
  let batches = 0;
  for (let nowNs = BEGAN_NS; feed.nextDueNs() !== Infinity; nowNs = Math.max(nowNs + 20_000, feed.nextDueNs())) {
    sent.count = 0;
    feed.fill(sent, nowNs);
    for (let leg = 0; leg < 2; leg++) {
      batches++;
      // What comes when something is lost: on one line mostly, sometimes on both.
      if (batches % 31 === 0) continue;
      arrive(received, sent, leg, nowNs);
      if (received.count === 0) continue;
      measurement.onBatch(received);
      media.onBatch(received);
    }
    for (let socket = 0; socket < 2; socket++) measurement.socketReadPast(socket, nowNs - 1e6);
    media.onTime(nowNs, nowNs - 1e6);
    measurement.takeIntervals();
    measurement.takeEvents();
  }
  measurement.finish(BEGAN_NS + durationNs);
  media.finish(BEGAN_NS + durationNs);
  measurement.snapshot(0);
  return [feed, measurement, media, sent, received];
}

/** What was sent on one leg, as it would arrive. */
function arrive(received: ReceiveBatch, sent: SendBatch, leg: number, nowNs: number): void {
  let count = 0;
  let at = 0;
  for (let slot = 0; slot < sent.count && count < received.capacity; slot++) {
    const length = sent.length[slot]!;
    if (sent.flow[slot] !== leg || at + length > received.bytes.length) continue;
    copyOctets(sent.view, sent.offset[slot]!, length, received.view, at);
    received.offset[count] = at;
    received.length[count] = length;
    received.timeRealNs[count] = sent.dueMonoNs[slot]! + 5_000.25 + leg * 1_000;
    at += length;
    count++;
  }
  received.count = count;
  received.path.fill(1 + leg);
  received.socket.fill(leg);
  received.flags.fill(SlotFlag.TimeKernel);
  received.readClock.fill(nowNs + 20_000);
}

function measurementOf(scheme: FeedPlan['scheme']): Measurement {
  const measurement = new Measurement({
    epoch: { high: 0, low: 0 },
    pathOf: (path) => ({ ...NO_PATH, port: path }),
    maxStreams: 4,
    detail: 4,
    reorderWindowNs: 1e9,
    reorderWindowPackets: 65_536,
    omitNs: 0,
    startMonoNs: BEGAN_NS,
    firstBoundaryMonoNs: BEGAN_NS + 5e6,
    intervalNs: 5e6,
    silenceNs: 1e9,
    batchCapacity: SLOTS,
    clockOffsetNs: 0,
  });
  for (const index of [0, 1]) {
    measurement.addSocket({
      index,
      scheme,
      joinRealNs: BEGAN_NS,
      hasDropCounter: true,
      name: null,
      tosSent: null,
      ttlSent: null,
    });
  }
  return measurement;
}

const NO_PLAN: FeedPlan = {
  scheme: 'mold',
  input: { kind: 'synthetic', symbols: 20 },
  arrivals: { kind: 'constant' },
  messagesPerSecond: MESSAGES_PER_SECOND,
  speed: 1,
  loop: false,
  session: null,
  firstSequence: 1n,
  payloadOctets: SIZE_OCTETS,
  meanOctets: SIZE_OCTETS,
  mostMessages: 8,
  flushAfterNs: 5_000,
  heartbeatNs: 1e6,
  stampNs: 1e6,
  messageTimeZone: null,
  hasLegs: true,
  recovery: null,
  seed: 0,
};
