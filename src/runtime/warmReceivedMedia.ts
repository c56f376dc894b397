import { Measurement } from '../analysis/measurement.js';
import { ReceiveBatch, SendBatch, SlotFlag } from '../core/batch.js';
import { copyOctets } from '../core/bytes.js';
import { ManualClock, type Nanos } from '../core/time.js';
import type { FlowFeed } from '../feed/mergedFeed.js';
import { DepartureStamp } from '../io/departureStamp.js';
import type { Measurement as Provenance } from '../result/measurement.js';
import { EventLog } from './eventLog.js';
import { keep } from './kept.js';
import { MeasurementTeller } from './measurementTeller.js';
import { MediaReceiver, type MediaPlace } from './mediaReceiver.js';
import { mediaFacts } from './receiverResult.js';
import { RtcpReceiver } from './rtcpReceiver.js';
import {
  WARM_BEGAN_NS,
  WARM_ROUNDS_S,
  WARM_SIZE_OCTETS,
  WARM_SLOTS,
  WARM_STREAMS,
  warmClips,
  warmFeeds,
} from './warmFeeds.js';

const STAMP = new DepartureStamp('ntp-64', { realtimeNs: 0n, monotonicNs: 0n, uncertaintyNs: 0 });
const NO_PATH = { source: '127.0.0.1', sourcePort: 1, group: '239.0.0.1', port: 1, interfaceIndex: 1 };
const SECOND_NS = 1e9;
/** What has come is told this often, as in a run. */
const TELL_NS = 50e6;
/** Stores of many channels are small: they have wrapped within a round. */
const ENDPOINTS = 128;

/** Runs what receives, analyses and tells of transport streams over some that came from nowhere. */
export function warmUpReceivedMedia(): void {
  const sent = new SendBatch(WARM_SLOTS, WARM_SLOTS * WARM_SIZE_OCTETS);
  const received = new ReceiveBatch(1, WARM_SLOTS);
  const clips = warmClips();
  let made: readonly unknown[] = [];
  for (const seconds of WARM_ROUNDS_S) made = receive(sent, received, warmFeeds(clips, seconds));
  keep(...made);
}

/** Returns what it made. */
function receive(sent: SendBatch, received: ReceiveBatch, feed: FlowFeed): readonly unknown[] {
  const clock = new ManualClock();
  clock.advance(WARM_BEGAN_NS);
  const measurement = measurementOf();
  const rtcp = new RtcpReceiver(measurement, 0n, () => media);
  const media: MediaReceiver = new MediaReceiver({
    measurement,
    placeOf: (stream) => PLACES[measurement.table.socket(stream)]!,
    holdNs: 200e6,
    mergeWindowNs: 0,
    endpoints: ENDPOINTS,
    silenceEnds: false,
    outputsOf: () => [],
    recoveryOf: () => null,
    control: rtcp,
  });
  const told = { media, rtcp, sources: [], began: { startMonoNs: WARM_BEGAN_NS, startRealNs: WARM_BEGAN_NS } };
  const teller = new MeasurementTeller({
    measurement,
    provenance: PROVENANCE,
    clock,
    log: new EventLog(clock, WARM_BEGAN_NS, () => {}),
    intervalNs: SECOND_NS,
    detail: WARM_STREAMS,
    summaries: false,
    post: () => {},
    media,
    contentOf: (stream) => mediaFacts(told, stream),
    eachLimits: [],
  });
  let tellNs = WARM_BEGAN_NS;
  while (feed.nextDueNs() !== Infinity) {
    const nowNs = Math.max(clock.monoNs(), feed.nextDueNs());
    clock.advance(nowNs - clock.monoNs());
    sent.count = 0;
    feed.fill(sent, nowNs);
    for (let slot = 0; slot < sent.count; slot++) {
      if (isLost(sent, slot)) continue;
      arrive(received, sent, slot, nowNs);
      measurement.onBatch(received);
      media.onBatch(received);
      media.onTime(nowNs, nowNs - 1e6);
    }
    if (nowNs < tellNs) continue;
    tellNs = nowNs + TELL_NS;
    for (let socket = 0; socket < PLACES.length; socket++) measurement.socketReadPast(socket, nowNs - 1e6);
    teller.tell();
  }
  measurement.finish(clock.monoNs());
  media.finish(clock.monoNs());
  teller.finish();
  return [feed, measurement, media, rtcp, teller];
}

/** One in 64. */
function isLost(sent: SendBatch, slot: number): boolean {
  return sent.dueMonoNs[slot]! % 64 === 7;
}

/** What was sent in this slot, as it would arrive: a batch is of one socket. */
function arrive(received: ReceiveBatch, sent: SendBatch, slot: number, nowNs: Nanos): void {
  const at = sent.offset[slot]!;
  const length = sent.length[slot]!;
  const stampAt = sent.stampAt[slot]!;
  const flow = sent.flow[slot]!;
  if (stampAt > 0) STAMP.write(sent.view, at + stampAt, sent.dueMonoNs[slot]!);
  copyOctets(sent.view, at, length, received.view, 0);
  received.count = 1;
  received.offset[0] = 0;
  received.length[0] = length;
  received.timeRealNs[0] = sent.dueMonoNs[slot]! + 5_000.25;
  received.path[0] = FIRST_PATH + flow;
  received.socket[0] = flow;
  received.ttl[0] = 1;
  received.flags[0] = SlotFlag.TimeKernel;
  received.readClock.fill(nowNs + 20_000);
}

/** Paths of many channels, and below their sockets: tables have grown. */
const FIRST_PATH = 50;
const SOCKETS = 64;
/** By socket, of which the first are used: one for each flow. */
const PLACES: readonly MediaPlace[] = Array.from({ length: SOCKETS }, (_, flow) => ({
  role: flow < WARM_STREAMS ? 'media' : 'control',
  leg: 0,
  position: flow % WARM_STREAMS,
  hasLegs: false,
}));

const PROVENANCE: Provenance = {
  epoch: { realtimeNs: 0n, monotonicNs: 0n, uncertaintyNs: 0 },
  startMonoNs: WARM_BEGAN_NS,
  capabilities: { kernelTime: true, tos: true, receivedTtl: true, dropCounter: true },
  receiveTime: () => 'kernel',
  interfaceName: () => 'lo',
  isLocal: () => true,
  sentMark: () => ({ ttl: null, dscp: null }),
  place: ({ socket }) => ({ role: PLACES[socket]!.role, leg: null }),
  sendTimeBoundNs: null,
};

function measurementOf(): Measurement {
  const measurement = new Measurement({
    epoch: { high: 0, low: 0 },
    pathOf: (path) => ({ ...NO_PATH, port: 1 + path }),
    maxStreams: 2 * WARM_STREAMS,
    detail: WARM_STREAMS,
    reorderWindowNs: SECOND_NS,
    reorderWindowPackets: 128,
    omitNs: 0,
    startMonoNs: WARM_BEGAN_NS,
    firstBoundaryMonoNs: WARM_BEGAN_NS + SECOND_NS,
    intervalNs: SECOND_NS,
    silenceNs: SECOND_NS,
    batchCapacity: WARM_SLOTS,
    clockOffsetNs: 0,
  });
  for (const [index, { role }] of PLACES.entries()) {
    measurement.addSocket({
      index,
      scheme: role === 'media' ? 'rtp' : 'udp',
      joinRealNs: WARM_BEGAN_NS,
      hasDropCounter: true,
      name: null,
      tosSent: null,
      ttlSent: null,
      isCompanion: role !== 'media',
    });
  }
  return measurement;
}
