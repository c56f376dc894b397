import { randomInt } from 'node:crypto';
import { Measurement } from '../analysis/measurement.js';
import { MAX_SEGMENTS, SendBatch } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import { splitNs, type Nanos } from '../core/time.js';
import { ProbeFeed } from '../feed/probeFeed.js';
import { loadNative } from '../io/addon.js';
import type { DatagramSink, DatagramSource, Io } from '../io/datagram.js';
import { listInterfaces } from '../io/interfaces.js';
import { openIo } from '../io/open.js';
import { Pacer } from '../pacing/pacer.js';
import { keep } from './kept.js';
import { MediaReceiver, type MediaPlace } from './mediaReceiver.js';
import type { WorkerKind } from './messages.js';
import { NO_END, ReceiverAgent, RECEIVE_CAPACITY } from './receiverAgent.js';
import { SenderLane } from './senderLane.js';
import { SenderStats, SentCounter } from './senderStats.js';

const LOOPBACK = '127.0.0.1';
const SIZE_OCTETS = 64;
const SLOTS = 256;
const BUFFER_OCTETS = 1 << 20;
const QUANTUM_NS = 20e3;
/** What is later than this is not sent: so little is on its way that the smallest buffer holds it, and skipping is rehearsed. */
const MAX_LATE_NS = 2e6;
/** Not those that the system gives out by itself; one that is taken is not tried again. */
const PORTS = [20_000, 30_000] as const;

/** Some rounds of datagrams. */
interface Scene {
  readonly packetsPerSecond: number;
  /** Most datagrams of a super-packet. */
  readonly segments: number;
  /** Datagrams of each. Short ones first: what happens once per run is then known, too, when the long ones are compiled. */
  readonly rounds: readonly number[];
}

/** Changes of channel are as slow as their streams. */
type Rehearsed = Exclude<WorkerKind, 'zap' | 'capacity' | 'bench'>;

const SUPER: Scene = { packetsPerSecond: 1e6, segments: MAX_SEGMENTS, rounds: [2_000, 15_000] };
/**
 * One by one: a sender does more for each than a receiver, which reads many at once. Its rate is one that code not compiled
 * yet keeps up with: what is skipped makes nothing hot.
 */
const PLAIN: Readonly<Record<Rehearsed, Scene>> = {
  receive: { packetsPerSecond: 200e3, segments: 1, rounds: [200, 2_000] },
  send: { packetsPerSecond: 100e3, segments: 1, rounds: [200, 2_000, 5_000] },
};
/** A probe's stream is media of no kind that is looked into. */
const NO_MEDIA: MediaPlace = { role: 'media', leg: 0, position: 0, hasLegs: false };
/** What start markers take before the first data: they are due in the past. */
const MARKERS_NS = 3e6;
/** A host this busy is left alone. */
const LONGEST_NS = 50e6;

/**
 * Sends probe datagrams over loopback to a socket of this thread and measures them, by the very sockets, lanes and agents
 * of a run, so that all of it is compiled before the first real datagram: compiling goes on in other threads, and
 * on a small machine those take the processor from the loop just when a fast stream begins. Nothing leaves the
 * host, no group is joined; where loopback cannot be used there is no rehearsal. `superPackets`: those are rehearsed too.
 */
export async function rehearse(kind: Rehearsed, superPackets: boolean): Promise<void> {
  const loopback = listInterfaces().find((one) => one.loopback);
  if (loadNative() === null || loopback === undefined) return;
  const io = await openIo('native');
  try {
    const port = randomInt(...PORTS);
    const source = await io.openSource({
      family: 4,
      group: LOOPBACK,
      port,
      unicast: true,
      interfaceIndex: loopback.index,
      interfaceName: loopback.name,
      sources: [],
      receiveBufferOctets: BUFFER_OCTETS,
      timestamps: 'kernel',
      busyPollUs: 0,
    });
    const sink = await io.openSink({
      family: 4,
      destinations: [{ address: LOOPBACK, port, interfaceIndex: 0, source: null, ttl: 1, tos: 0 }],
      interfaceName: loopback.name,
      source: null,
      sourcePort: 0,
      loopback: true,
      sendBufferOctets: 0,
      stampFormat: 'unix-ns',
      transmitTimestamps: false,
      dontFragment: false,
    });
    play(io, source, sink, PLAIN[kind]);
    if (superPackets && source.enableOffload()) play(io, source, sink, SUPER);
  } catch (error) {
    // A port that is taken, a loopback that is down: the run itself needs neither.
    if (!(error instanceof McastError)) throw error;
  } finally {
    io.close();
  }
}

function play(io: Io, source: DatagramSource, sink: DatagramSink, scene: Scene): void {
  let made: readonly unknown[] = [];
  for (const datagrams of scene.rounds) {
    const beganNs = io.clock.monoNs();
    const agent = receiverOf(io, source, beganNs);
    const feed = feedOf(io, scene.packetsPerSecond, datagrams, beganNs);
    const lane = laneOf(io, sink, feed, scene.segments);
    made = [agent, feed, lane];
    for (let nowNs = beganNs; feed.scheduled < datagrams && nowNs < beganNs + LONGEST_NS; nowNs = io.clock.monoNs()) {
      lane.doWork(nowNs);
      let ready = io.wait(Math.min(lane.nextDueNs(), nowNs + QUANTUM_NS), 0);
      // Read empty before more is sent: the host's counters are to know of no datagram dropped by this.
      while (typeof ready === 'number' && agent.doWork(nowNs, ready) > 0) ready = io.wait(nowNs, 0);
    }
    agent.doWork(io.clock.monoNs(), 0);
  }
  keep(...made);
}

function receiverOf(io: Io, source: DatagramSource, beganNs: Nanos): ReceiverAgent {
  const measurement = new Measurement({
    epoch: splitNs(io.clock.epoch.realtimeNs),
    pathOf: (path) => io.path(path),
    maxStreams: 4,
    detail: 4,
    reorderWindowNs: 1e9,
    reorderWindowPackets: 1024,
    omitNs: 0,
    startMonoNs: beganNs,
    firstBoundaryMonoNs: beganNs + 1e6,
    intervalNs: 1e6,
    silenceNs: 1e9,
    batchCapacity: RECEIVE_CAPACITY,
    clockOffsetNs: 0,
  });
  measurement.addSocket({
    index: source.index,
    scheme: 'probe',
    joinRealNs: source.joinRealNs,
    hasDropCounter: true,
    name: null,
    tosSent: null,
    ttlSent: null,
  });
  const media = new MediaReceiver({
    measurement,
    placeOf: () => NO_MEDIA,
    holdNs: 0,
    mergeWindowNs: 0,
    endpoints: 0,
    silenceEnds: false,
    outputsOf: () => [],
    recoveryOf: () => null,
    control: { onDatagram: () => {} },
  });
  return new ReceiverAgent({
    io,
    sources: [source],
    measurement,
    gatherNs: 0,
    inject: null,
    capture: null,
    offload: null,
    media,
    answers: null,
    end: NO_END,
  });
}

function feedOf(io: Io, packetsPerSecond: number, datagrams: number, beganNs: Nanos): ProbeFeed {
  return new ProbeFeed({
    packetsPerSecond,
    pattern: { kind: 'cbr' },
    count: null,
    // One more than is waited for: the last one may fall on the end.
    durationNs: ((datagrams + 1) * 1e9) / packetsPerSecond,
    startMonoNs: beganNs - MARKERS_NS,
    seed: 0,
    sizeOctets: SIZE_OCTETS,
    destination: 0,
    flows: 1,
    runId: randomInt(2 ** 31, 2 ** 32),
    tos: 0,
    ttl: 1,
    sendTime: 'departure',
    unixAtMonoZero: splitNs(io.clock.epoch.realtimeNs),
    superPackets: true,
  });
}

function laneOf(io: Io, sink: DatagramSink, feed: ProbeFeed, segments: number): SenderLane {
  return new SenderLane({
    feed,
    batch: new SendBatch(SLOTS, SLOTS * SIZE_OCTETS),
    pacer: new Pacer({
      quantumNs: segments > 1 ? QUANTUM_NS : 0,
      spinNs: 0,
      maxLateNs: MAX_LATE_NS,
      mostPerCall: SLOTS,
      unpaced: false,
    }),
    sink,
    clock: io.clock,
    counter: new SentCounter(new Uint16Array(1), [new SenderStats()]),
    segments,
    maxLateNs: MAX_LATE_NS,
  });
}
