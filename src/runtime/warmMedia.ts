import { readFileSync } from 'node:fs';
import { Measurement } from '../analysis/measurement.js';
import { ReceiveBatch, SendBatch, SlotFlag } from '../core/batch.js';
import { MemorySource } from '../core/byteSource.js';
import { copyOctets } from '../core/bytes.js';
import type { Nanos } from '../core/time.js';
import { MergedFeed, type FlowFeed } from '../feed/mergedFeed.js';
import { TsFeed } from '../feed/tsFeed.js';
import { DepartureStamp } from '../io/departureStamp.js';
import { TS_PACKET_OCTETS } from '../wire/mpegts.js';
import { RTP_FIXED_OCTETS } from '../wire/rtp.js';
import { SEND_TIME_EXTENSION_OCTETS } from '../wire/rtpSendTime.js';
import { MediaReceiver, type MediaPlace } from './mediaReceiver.js';

/** A real stream: what is compiled for a made one is thrown away at the first picture. */
const TESTCARD = new URL('../../assets/testcard.mpegts', import.meta.url);
/** Like a run's: see warmReceiver.ts. */
const BEGAN_NS = 3e9;
const SLOTS = 32;
const SIZE_OCTETS = RTP_FIXED_OCTETS + SEND_TIME_EXTENSION_OCTETS + 7 * TS_PACKET_OCTETS;
const STAMP = new DepartureStamp('ntp-64', { realtimeNs: 0n, monotonicNs: 0n, uncertaintyNs: 0 });
const FEEDS = 3;
/** Seconds of stream of each round: what happens once per stream is known when the long last one is compiled. */
const ROUNDS_S = [2, 2, 20] as const;
const NO_PATH = { source: '127.0.0.1', sourcePort: 1, group: '239.0.0.1', port: 1, interfaceIndex: 1 };
const PLACE: MediaPlace = { role: 'media', leg: 0, position: 0, hasLegs: false };

/** Runs the feeds of transport streams over one that goes nowhere, so that they are compiled before many are sent. */
export function warmUpSentMedia(): void {
  const batch = new SendBatch(SLOTS, SLOTS * SIZE_OCTETS);
  for (const seconds of ROUNDS_S) {
    const feed = feeds(seconds);
    for (let nowNs = BEGAN_NS; feed.nextDueNs() !== Infinity; nowNs = Math.max(nowNs, feed.nextDueNs())) {
      batch.count = 0;
      feed.fill(batch, nowNs);
    }
  }
}

/** The same for what receives and analyses them. */
export function warmUpReceivedMedia(): void {
  const sent = new SendBatch(SLOTS, SLOTS * SIZE_OCTETS);
  const received = new ReceiveBatch(1, SLOTS);
  for (const seconds of ROUNDS_S) {
    const feed = feeds(seconds);
    const measurement = measurementOf();
    const media = new MediaReceiver({
      measurement,
      placeOf: () => PLACE,
      holdNs: 200e6,
      mergeWindowNs: 0,
      endpoints: FEEDS,
      silenceEnds: false,
      outputsOf: () => [],
      onControl: null,
    });
    for (let nowNs = BEGAN_NS; feed.nextDueNs() !== Infinity; nowNs = Math.max(nowNs, feed.nextDueNs())) {
      sent.count = 0;
      feed.fill(sent, nowNs);
      arrive(received, sent, nowNs);
      if (received.count === 0) continue;
      measurement.onBatch(received);
      media.onBatch(received);
      media.onTime(nowNs, nowNs - 1e6);
    }
    media.finish(BEGAN_NS + seconds * 1e9);
    measurement.finish(BEGAN_NS + seconds * 1e9);
  }
}

/** Our sender's streams carry it, those of others do not. */
function sendTimeOf(flow: number): { readonly extensionId: number } | null {
  return flow === 0 ? null : { extensionId: 1 };
}

function feeds(seconds: number): FlowFeed {
  const stream = readFileSync(TESTCARD);
  return new MergedFeed(
    Array.from(
      { length: FEEDS },
      (_, flow) =>
        new TsFeed({
          source: new MemorySource(stream, { loop: true }),
          pcrPid: null,
          muxRateBitPerSecond: null,
          durationNs: seconds * 1e9,
          count: null,
          startMonoNs: BEGAN_NS + flow * 1e6,
          destination: flow,
          flowBase: flow,
          rtp: { ssrc: 0xffff_0000 + flow, firstSequence: 65_000, firstTimestamp: 2 ** 31, sendTime: sendTimeOf(flow) },
        }),
    ),
  );
}

/** What was sent, as it would arrive; a datagram in 64 does not. */
function arrive(received: ReceiveBatch, sent: SendBatch, nowNs: Nanos): void {
  let count = 0;
  for (let i = 0; i < sent.count; i++) {
    if (sent.dueMonoNs[i]! % 64 === 7) continue;
    const stampAt = sent.stampAt[i]!;
    if (stampAt > 0) STAMP.write(sent.view, sent.offset[i]! + stampAt, sent.dueMonoNs[i]!);
    received.offset[count] = sent.offset[i]!;
    received.length[count] = sent.length[i]!;
    received.timeRealNs[count] = sent.dueMonoNs[i]! + 5_000.25;
    received.path[count] = sent.flow[i]!;
    received.socket[count] = sent.flow[i]!;
    count++;
  }
  received.count = count;
  const last = sent.count - 1;
  if (last >= 0) copyOctets(sent.view, 0, sent.offset[last]! + sent.length[last]!, received.view, 0);
  received.ttl.fill(1);
  received.flags.fill(SlotFlag.TimeKernel);
  received.readClock.fill(nowNs + 20_000);
}

function measurementOf(): Measurement {
  const measurement = new Measurement({
    epoch: { high: 0, low: 0 },
    pathOf: (path) => ({ ...NO_PATH, port: 1 + path }),
    maxStreams: FEEDS,
    detail: FEEDS,
    reorderWindowNs: 1e9,
    reorderWindowPackets: 128,
    omitNs: 0,
    startMonoNs: BEGAN_NS,
    firstBoundaryMonoNs: BEGAN_NS + 1e9,
    intervalNs: 1e9,
    silenceNs: 1e9,
    batchCapacity: SLOTS,
    clockOffsetNs: 0,
  });
  for (let index = 0; index < FEEDS; index++) {
    measurement.addSocket({
      index,
      scheme: 'rtp',
      joinRealNs: BEGAN_NS,
      hasDropCounter: true,
      name: null,
      tosSent: null,
      ttlSent: null,
      isCompanion: false,
    });
  }
  return measurement;
}
