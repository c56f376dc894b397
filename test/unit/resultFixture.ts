/** A receiver's and a sender's facts with round figures, as the runtime would hand them over. */
import type { RunEpoch } from '../../src/core/time.js';
import { StreamCounter } from '../../src/metrics/counters.js';
import { Histogram } from '../../src/metrics/histogram.js';
import { Series } from '../../src/metrics/series.js';
import type { IntervalSnapshot, LossDetail, StreamSnapshot } from '../../src/metrics/snapshot.js';
import { assembleResult, type WholeFacts } from '../../src/result/assemble.js';
import { buildStream } from '../../src/result/build.js';
import { buildSender, type SenderFacts, type SenderStreamFacts } from '../../src/result/buildSender.js';
import type { HealthFacts } from '../../src/result/health.js';
import { Identities, type IdentityCheck } from '../../src/result/identities.js';
import type { Measurement } from '../../src/result/measurement.js';
import type { Arbitration, RunResult, Sender, SenderInput, SenderRecovery, Stream } from '../../src/result/model.js';
import { digestOf } from '../../src/result/streamDigest.js';

export const EPOCH: RunEpoch = {
  realtimeNs: 1_790_000_000_123_456_789n,
  monotonicNs: 5_000_000_000n,
  uncertaintyNs: 40,
};
const SECOND = 1e9;

export function counters(values: Partial<Record<keyof typeof StreamCounter, number>>): Float64Array {
  const row = new Float64Array(StreamCounter.Count);
  for (const [name, value] of Object.entries(values)) row[StreamCounter[name as keyof typeof StreamCounter]] = value;
  return row;
}

export function recorded(...values: number[]): Histogram {
  const made = new Histogram();
  for (const value of values) made.record(value);
  return made;
}

export const NO_LOSS: LossDetail = {
  origin: '0',
  periods: 0,
  periodLengthMin: null,
  periodLengthMean: null,
  periodLengthMax: null,
  distanceMin: null,
  distanceMean: null,
  distanceMax: null,
  reorderExtentMax: null,
  reorderExtentMean: null,
  map: [],
  mapTruncated: false,
};

/** 1000 numbers expected, 990 received, 10 lost: 7 in the network, 2 at the socket, 1 in the program. */
export function snapshot(change: Partial<StreamSnapshot> = {}): StreamSnapshot {
  const tosCounts = new Map([
    [0xb8, 990],
    [0xbb, 3],
  ]);
  return {
    index: 0,
    format: 'probe',
    unit: 'packet',
    source: '10.0.0.1',
    sourcePort: 40_000,
    group: '239.1.1.1',
    port: 5001,
    interfaceIndex: 2,
    flow: '0',
    senderRun: '1f2e3d4c',
    socket: 0,
    name: null,
    expectedFrom: 'start',
    ended: true,
    pending: 0,
    counters: counters({
      PacketsReceived: 990,
      PacketsDuplicated: 3,
      PacketsReordered: 5,
      OctetsReceived: 993 * 1316,
      Expected: 1000,
      Received: 990,
      Lost: 10,
      LossNetwork: 7,
      LossSocketBuffer: 2,
      LossApplication: 1,
      NeverSent: 4,
      Duplicated: 3,
      Reordered: 5,
      Markers: 8,
      LossPeriods: 2,
    }),
    firstMonoNs: 1 * SECOND,
    lastMonoNs: 11 * SECOND,
    firstRealNs: 1 * SECOND,
    lastRealNs: 11 * SECOND,
    jitterNs: 12_000,
    jitterMaxNs: 40_000,
    tosCounts,
    tosMissing: 0,
    ttlMin: 61,
    ttlMax: 62,
    tosSent: 0xb8,
    ttlSent: 64,
    firstPacketAfterJoinNs: 1_200_000,
    lossDetail: {
      ...NO_LOSS,
      periods: 2,
      periodLengthMin: 4,
      periodLengthMean: 5,
      periodLengthMax: 6,
      distanceMin: 1,
      distanceMean: 55.5,
      distanceMax: 491,
      reorderExtentMax: 3,
      reorderExtentMean: 1.4,
      map: [
        { first: '9007199254740993', count: 4, cause: 'network' },
        { first: '9007199254741488', count: 6, cause: 'mixed' },
      ],
    },
    histograms: {
      one_way_delay_ns: recorded(...Array.from({ length: 990 }, (_, i) => 30_000 + i * 10)),
      interarrival_ns: recorded(...Array.from({ length: 989 }, () => 10_000_000)),
      ipdv_ns: recorded(-500, 500, 0),
      pdv_ns: recorded(0, 5000, 9890),
      wakeup_delay_ns: recorded(80_000, 90_000),
    },
    bursts: null,
    lossAttribution: 'exact',
    sendTime: 'departure',
    superPackets: false,
    rtp: null,
    feed: null,
    notes: [],
    ...change,
  };
}

export function measurement(change: Partial<Measurement> = {}): Measurement {
  return {
    epoch: EPOCH,
    startMonoNs: 0.5 * SECOND,
    capabilities: { kernelTime: true, tos: true, receivedTtl: true, dropCounter: true },
    receiveTime: () => 'kernel',
    interfaceName: (index) => (index === 2 ? 'eth0' : null),
    isLocal: () => false,
    sentMark: () => ({ ttl: null, dscp: null }),
    place: () => ({ role: 'media', leg: null }),
    sendTimeBoundNs: 3000,
    ...change,
  };
}

/** What dgram can do. */
export const PORTABLE: Partial<Measurement> = {
  capabilities: { kernelTime: false, tos: false, receivedTtl: false, dropCounter: false },
  receiveTime: () => 'user',
};

export function interval(second: number, change: Partial<IntervalSnapshot> = {}): IntervalSnapshot {
  return {
    index: 0,
    startMonoNs: second * SECOND,
    endMonoNs: (second + 1) * SECOND,
    counters: counters({
      PacketsReceived: 99,
      Received: 99,
      Expected: 100,
      Lost: 1,
      LossNetwork: 1,
      OctetsReceived: 99 * 1316,
    }),
    pending: 0,
    jitterNs: 12_000,
    delayMinNs: 30_000,
    delayP50Ns: 35_000,
    delayP99Ns: 39_000,
    delayMaxNs: 39_890,
    ...change,
  };
}

export function series(): Series {
  const made = new Series(SECOND);
  for (let second = 1; second < 11; second++) made.add(interval(second));
  return made;
}

export const HEALTHY: HealthFacts = {
  kernelDrops: 2,
  truncated: 0,
  controlTruncated: 0,
  streamTableOverflow: 0,
  pathTableOverflow: 0,
  ringOverflow: 0,
  loop: { cycles: 12_000, stalls: 0, maxCycleNs: 400_000, maxOversleptNs: 90_000 },
  departures: [],
  injected: null,
  refusedSendsDisagree: null,
  notes: [],
};

export const CLOCK: RunResult['clock'] = {
  epoch: '2026-09-21T13:46:40.123456789Z',
  epoch_uncertainty_ns: 40,
  source: 'CLOCK_REALTIME',
  receive_time: 'kernel',
  synchronisation: {
    state: 'synchronised',
    estimated_error_ns: 12_000,
    maximum_error_ns: 1_500_000,
    frequency_ppm: -3.2,
    evidence: 'adjtimex',
  },
  send_time: 'departure',
  send_time_bound_ns: 3000,
  steps: [],
  offsets: [],
  slew_ppm: 0.1,
  shared_time_datagrams: 0,
  user_time_datagrams: 0,
};

export function senderStream(change: Partial<SenderStreamFacts> = {}): SenderStreamFacts {
  return {
    id: '239.1.1.1:5001',
    name: null,
    leg: null,
    format: 'probe',
    group: '239.1.1.1',
    port: 5001,
    source: '10.0.0.1',
    sourcePort: 40_000,
    interfaceName: 'eth0',
    flows: ['0'],
    ttl: 64,
    tos: 0xb8,
    sizeOctets: 1316,
    pattern: 'cbr',
    flowRates: 'turns',
    scheduled: 1004,
    sent: 1000,
    noBuffers: 4,
    tooLate: 0,
    failed: 0,
    skipped: 0,
    markersSent: 8,
    octetsSent: 1000 * 1316,
    firstMonoNs: 1 * SECOND,
    lastMonoNs: 11 * SECOND,
    departureError: recorded(3000, 5000, 8000),
    impairment: null,
    impairmentSeed: null,
    ...change,
  };
}

export function senderInput(change: Partial<SenderInput> = {}): SenderInput {
  return {
    stream: '239.1.1.1:5001',
    name: 'film.ts',
    pcr_pid: 256,
    passes: 0,
    underruns: 0,
    resyncs: 0,
    skipped_octets: 0,
    truncated_packets: 0,
    discontinuities: 0,
    unstamped_units: 0,
    left_out_packets: 0,
    correction_ppm: 0,
    failure: null,
    capture: null,
    messages: null,
    ...change,
  };
}

/** What a sender answered; every figure another one. */
export function answered(change: Partial<SenderRecovery> = {}): SenderRecovery {
  return {
    requests: 20,
    answered: 12,
    datagrams: 15,
    messages: 300,
    refused: 1,
    shortened: 2,
    out_of_range: 3,
    unavailable: 40,
    malformed: 5,
    foreign: 6,
    not_sent: 7,
    not_kept: 0,
    clients: 8,
    ...change,
  };
}

export function senderFacts(change: Partial<SenderFacts> = {}): SenderFacts {
  return {
    run: '1f2e3d4c',
    streams: [senderStream()],
    detail: 256,
    seesRefusals: true,
    transmitDelay: null,
    quantumNs: 0,
    maxLateNs: 10e6,
    spinShare: 0.05,
    systemCalls: 1012,
    superPackets: 0,
    transmitStampsMissing: 0,
    icmpErrors: 0,
    recovery: null,
    feedback: null,
    inputs: [],
    ...change,
  };
}

export function runFacts(change: Partial<WholeFacts> = {}): WholeFacts {
  return {
    tool: { name: 'mcastkit', version: '0.1.0', runtime: 'node v20.20.2' },
    host: {
      name: 'lab1',
      system: 'Linux 6.18.5',
      architecture: 'x64',
      cpus: 2,
      cpu_model: null,
      interfaces: [{ name: 'eth0', index: 2, addresses: ['10.0.0.2'], mtu: 1500, speed_bit_per_second: 1e9 }],
    },
    clock: CLOCK,
    run: {
      id: '0123456789abcdef',
      command: 'recv',
      argv: ['recv', 'probe://239.1.1.1:5001'],
      role: 'receiver',
      endpoint: 'probe://239.1.1.1:5001',
      endpoints: ['probe://239.1.1.1:5001'],
      options: { interval: '1s' },
      seed: null,
      name: null,
      labels: {},
      start: '2026-09-21T13:46:40.623456789Z',
      end: '2026-09-21T13:46:52.623456789Z',
      duration_ns: 12 * SECOND,
      interval_ns: SECOND,
      complete: true,
      injected: null,
      io: { implementation: 'native', capabilities: null, notes: [] },
    },
    memberships: [
      {
        group: '239.1.1.1',
        port: 5001,
        interface: 'eth0',
        interface_index: 2,
        filter_mode: 'exclude',
        sources: [],
        protocol: 'IGMPv3',
        evidence: 'MCAST_MSFILTER',
        joined: '2026-09-21T13:46:40.623456789Z',
        socket: 0,
      },
    ],
    sockets: [
      {
        index: 0,
        direction: 'receive',
        group: '239.1.1.1',
        port: 5001,
        interface: 'eth0',
        receive_time: 'kernel',
        buffer_octets: 8_388_608,
        buffer_datagrams: 3640,
        buffer_ns: 1.9e9,
        datagrams: 1001,
        octets: 1_320_000,
        system_calls: 700,
        kernel_drops: 2,
        truncated: 0,
        control_truncated: 0,
        demanded: 'probe',
        instead: null,
        malformed: {},
        icmp_errors: 0,
      },
    ],
    streams: [buildStream(snapshot(), measurement(), series())],
    others: null,
    arbitration: null,
    sender: null,
    evidence: { host_counters: { 'Udp.RcvbufErrors': 2 }, processors: null, threads: [], notes: [] },
    receivers: [],
    health: HEALTHY,
    events: [
      {
        event: 'first_packet',
        time: '2026-09-21T13:46:41.123456789Z',
        at_ns: 5e8,
        stream: '239.1.1.1:5001/10.0.0.1:40000/eth0/0/1f2e3d4c',
        text: 'first datagram',
        detail: { ttl: 62 },
      },
    ],
    eventCounts: { first_packet: 1 },
    ...change,
  };
}

export function receiverResult(change: Partial<WholeFacts> = {}): RunResult {
  return assembleResult(runFacts(change));
}

export function senderResult(change: Partial<WholeFacts> = {}, facts: Partial<SenderFacts> = {}): RunResult {
  const base = runFacts();
  return assembleResult({
    ...base,
    run: { ...base.run, command: 'send', role: 'sender', seed: 7 },
    memberships: [],
    sockets: [],
    streams: [],
    events: [],
    eventCounts: {},
    sender: buildSender(senderFacts(facts)),
    health: { ...HEALTHY, kernelDrops: null },
    clock: { ...CLOCK, receive_time: null },
    ...change,
  });
}

/** Which sums of streams, and of what else a result has, do not add up. */
export function checkIdentities(
  streams: readonly Stream[],
  sender: Sender | null,
  kernelDrops: number | null,
  arbitration: Arbitration | null = null,
): IdentityCheck {
  const identities = new Identities();
  for (const stream of streams) identities.add(digestOf(stream));
  return identities.finish(sender, kernelDrops, arbitration);
}
