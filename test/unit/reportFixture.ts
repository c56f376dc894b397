/** Documents that have everything a report can show, each figure another one. */
import { MembershipCounts } from '../../src/metrics/membershipCounts.js';
import { buildDelays } from '../../src/result/buildBench.js';
import { buildClasses, buildForwarding } from '../../src/result/buildBenchStreams.js';
import type {
  Bench,
  BenchGroups,
  Bursts,
  Capacity,
  Link,
  LossLocationReport,
  Receiver,
  ReceiverReport,
  RtcpReport,
  RunResult,
  Stream,
  Zap,
} from '../../src/result/model.js';
import { buildStream } from '../../src/result/build.js';
import { buildArbitration } from '../../src/result/buildArbitration.js';
import { buildOutputs } from '../../src/result/buildRepair.js';
import { summarise } from '../../src/result/histogramSummary.js';
import { judgeLimits } from '../../src/result/judge.js';
import { parseMax, type Limit } from '../../src/result/limits.js';
import { media, pair, repair } from './mediaFixture.js';
import {
  answered,
  HEALTHY,
  measurement,
  receiverResult,
  recorded,
  runFacts,
  senderInput,
  senderResult,
  senderStream,
  series,
  snapshot,
} from './resultFixture.js';
import { taps } from './tapsFixture.js';

export const LIMITS: readonly Limit[] = [
  parseMax('packets_lost=5'),
  parseMax('one_way_delay_ns.p99=1ms'),
  parseMax('mdi.delay_factor_ns=1ms'),
  parseMax('loss_ratio=2%'),
];

export const BURSTS: Bursts = {
  windows: [
    {
      window_ns: 1e6,
      peak_octets: 5264,
      peak_datagrams: 4,
      peak_bit_per_second: 42_112_000,
      at_ns: 1.25e9,
      excess_ns: 0,
    },
    {
      window_ns: 1e9,
      peak_octets: 131_600,
      peak_datagrams: 101,
      peak_bit_per_second: 1_052_800,
      at_ns: null,
      excess_ns: 977_000,
    },
  ],
  largest: [{ start_ns: 1.2495e9, duration_ns: 610_000, octets: 5264, datagrams: 4 }],
  queue: {
    drain_bit_per_second: 1e8,
    drain_layer: 'wire',
    max_octets: 4321,
    max_ns: 345_680,
    at_ns: 1.251e9,
    delay_ns: summarise(recorded(105_280, 210_560, 345_680)),
  },
  stamps: 'shared',
  clamped_datagrams: 6,
};

const RTCP: RtcpReport = {
  reports: 14,
  packets_total: 100_200,
  packets_sent: 1003,
  packets_arrived: 997,
  packets_behind: 3,
  octets_sent: 1_318_000,
  octets_arrived: 1_310_112,
  restarts: 0,
  cname: 'studio@example',
  tool: 'encoder 3',
  bye: true,
  clock_hz: 90_000.25,
  clock_difference_ns: -250_000,
};

const LINK: Link = {
  name: 'srt://10.0.0.9:9000',
  direction: 'receive',
  implementation: 'libsrt',
  state: 'ended',
  connections: 2,
  failed_attempts: 17,
  refused_peers: 1,
  turned_away_peers: null,
  lost_connections: 1,
  messages_received: 7001,
  octets_received: 9_212_000,
  messages_sent: null,
  octets_sent: 0,
  octets_discarded: 0,
  packets_sent: null,
  packets_received: 7100,
  wire_octets_sent: null,
  wire_octets_received: 9_600_000,
  packets_retransmitted: 88,
  packets_lost_sending: null,
  packets_lost_receiving: 91,
  packets_dropped_sending: null,
  packets_dropped_receiving: 19,
  packets_undecrypted: 0,
  rtt_ns: 23_400_000,
  bandwidth_bit_per_second: 1.93e8,
  latency_ns: 1.2e8,
  peer_latency_ns: null,
};

/** A transport stream in RTP that FEC repaired, with all that can be known of it. */
export function mediaStream(change: Partial<Stream> = {}): Stream {
  const built = buildStream(
    snapshot({
      format: 'rtp',
      flow: '0x1a2b3c4d',
      senderRun: null,
      name: 'News HD',
      rtp: { payloadType: 33, timestampDiscontinuities: 2 },
    }),
    measurement(),
    series(),
    media({ repair: repair() }),
  );
  const correction = {
    basis: 'exchange',
    offset_ns: 31_000,
    uncertainty_ns: 2200,
    min_ns: 900,
    p50_ns: 4300,
    p99_ns: 8700,
    max_ns: 9900,
  } as const;
  return {
    ...built,
    bursts: BURSTS,
    rtcp: RTCP,
    delay_correction: correction,
    numbers: { from: '9007199254740900', to: '9007199254742000' },
    notes: ['the sender restarted'],
    ...change,
  };
}

/** A stream of numbered datagrams. */
export function probeStream(change: Parameters<typeof snapshot>[0] = {}): Stream {
  return buildStream(snapshot(change), measurement(), series());
}

function judged(result: RunResult, limits: readonly Limit[] = LIMITS): RunResult {
  return { ...result, limits: judgeLimits(result, limits) };
}

export function mediaResult(): RunResult {
  const facts = runFacts();
  const companion = probeStream({ format: 'rtp/smpte-2022-1', port: 5003, flow: '0x00000000' });
  const made = receiverResult({
    run: { ...facts.run, name: 'night', labels: { site: 'attic' }, options: { interval: '1s', rate: 20_000_000 } },
    streams: [mediaStream(), probeStream(), { ...companion, role: 'fec', histograms: null }],
    outputs: buildOutputs(null, [
      { name: 'news.ts', datagrams: 990, octets: 1_306_788, dropped: 2, failure: 'disk full', failed: true },
    ]),
    eventCounts: { first_packet: 2, gap: 1234 },
  });
  const reasons = [
    { code: 'a', severity: 'note', text: 'what is noted, once' },
    { code: 'b', severity: 'degraded', text: 'held up 19 times' },
  ] as const;
  const offset = {
    sender: '10.0.0.1',
    run: '1f2e3d4c',
    offset_ns: 31_500,
    uncertainty_ns: 2300,
    drift_ppm: 0.37,
    round_trip_min_ns: 4600,
    exchanges: 61,
    refused: 1,
    steps: [{ at: '2026-09-21T13:46:45.000000000Z', size_ns: -1_000_000 }],
  };
  return judged({
    ...made,
    clock: { ...made.clock, offsets: [offset] },
    links: [LINK],
    health: { ...made.health, verdict: 'degraded', reasons: [...reasons] },
  });
}

export function legsResult(): RunResult {
  const facts = runFacts();
  const streams = ['a', 'b'].map((leg, i): Stream => ({ ...probeStream({ port: 5001 + i }), leg }));
  return judged(
    receiverResult({
      ...facts,
      streams,
      health: { ...HEALTHY, kernelDrops: 4 },
      arbitration: buildArbitration([pair(), pair({ name: 'Sport HD' })]),
    }),
    [],
  );
}

export function sentResult(receivers: readonly Receiver[] = []): RunResult {
  const impairment = { lost: 12, duplicated: 3, reordered: 5, delayed: 40, corrupted: 2 };
  const made = senderResult(
    {
      evidence: {
        host_counters: { udp_sndbuf_errors: 27, ip_forwarded: 0 },
        processors: { time_ns: 20e9, stolen_ns: 90e6 },
        threads: [
          { id: 4712, role: 'measuring', cpu_ns: 5.25e9, waiting_ns: 31_400_000, realtime: true },
          { id: 4711, role: 'command', cpu_ns: 310e6, waiting_ns: 2_200_000, realtime: false },
          { id: 4713, role: 'V8Worker', cpu_ns: 45e6, waiting_ns: 800_000, realtime: false },
        ],
        notes: ['a note on the host'],
      },
    },
    {
      quantumNs: 50_000,
      transmitDelay: recorded(4000, 6100),
      recovery: answered(),
      streams: [
        senderStream({ impairment, impairmentSeed: 77, skipped: 6, sent: 987 }),
        senderStream({ id: 'x', port: 5002, name: 'Second' }),
      ],
      inputs: [
        senderInput({
          passes: 3,
          underruns: 2,
          skipped_octets: 1880,
          correction_ppm: 2.5,
          failure: 'no clock (PCR) was found',
        }),
      ],
    },
  );
  const feedback = {
    address: '10.0.0.1',
    port: 40_001,
    control_port: 5003,
    announcements: 13,
    receivers: 3,
    results: 2,
    results_refused: 1,
    foreign: 9,
    stale: 4,
    flooded: 0,
    not_taken: 0,
  };
  return judged(
    { ...made, sender: { ...made.sender!, feedback, loss_location: LOCATION }, receivers: [...receivers] },
    [],
  );
}

const LOCATION: LossLocationReport = {
  receivers: 3,
  complete: false,
  common: { lost: 21, unsure: 2 },
  common_ranges: [
    { flow: '239.1.1.1:5001 0', from: '134', to: '135' },
    { flow: '239.1.1.1:5001 0', from: '200', to: '220' },
  ],
  branches: [{ lost: 6, unsure: 0, receivers: ['studio', 'edge'], ranges: [] }],
  other_branches: { lost: 0, unsure: 0 },
  single: [{ receiver: 'edge', lost: 11, unsure: 5 }],
  alone: { lost: 0, unsure: 1 },
  hosts: [{ receiver: 'edge', socket_buffer: 34, application: 0, mixed: 7 }],
};

const REPORT: ReceiverReport = {
  ssrc: '2ac5f4c8',
  state: 'done',
  reports: 16,
  streams: 1,
  received: 988,
  expected: 1000,
  lost: 12,
  loss_network: 8,
  loss_socket_buffer: 4,
  loss_application: 0,
  duplicated: 0,
  reordered: 0,
  late: 0,
  octets: 1_300_208,
  loss_ratio: 0.012,
  one_way_delay_p50_ns: 41_000,
  one_way_delay_p99_ns: 52_000,
  jitter_ns: 9300,
  clock_offset_ns: -51_500,
  clock_uncertainty_ns: 88_000,
  clock_drift_ppm: 0.02,
  round_trip_min_ns: 176_000,
  exchanges: 40,
};

export function receiver(name: string, change: Partial<RunResult> = {}): Receiver {
  return { name, address: `10.0.0.${name.length}`, report: REPORT, result: { ...receiverResult(), ...change } };
}

function steps(...values: number[]) {
  return {
    first_packet_ns: summarise(recorded(...values)),
    first_pat_ns: summarise(recorded(...values.map((ns) => ns + 40e6))),
    first_pmt_ns: summarise(recorded(...values.map((ns) => ns + 41e6))),
    first_random_access_ns: summarise(recorded(...values.map((ns) => ns + 300e6))),
  };
}

export function zapResult(): RunResult {
  const zap: Zap = {
    cycles: 7,
    dwell_ns: 3e9,
    shuffled: true,
    attempts: 14,
    failures: 1,
    incomplete: 2,
    ...steps(1.1e6, 5.6e6),
    channels: [
      {
        endpoint: 'rtp://239.1.1.1:5004',
        name: 'News HD',
        group: '239.1.1.1',
        port: 5004,
        attempts: 7,
        failures: 1,
        incomplete: 0,
        ...steps(1.1e6),
      },
      {
        endpoint: 'rtp://239.1.1.2:5004',
        name: null,
        group: '239.1.1.2',
        port: 5004,
        attempts: 7,
        failures: 0,
        incomplete: 2,
        ...steps(5.6e6),
      },
    ],
  };
  const base = receiverResult({ streams: [] });
  return judged({ ...base, run: { ...base.run, command: 'zap' }, zap }, []);
}

export function capacityResult(): RunResult {
  const missed = {
    receiver: 'edge 10.0.0.4 2ac5f4c8',
    obstacle: 'queue',
    loss_ratio: 0.03,
    delivered_ratio: 0.97,
  } as const;
  const capacity: Capacity = {
    method: 'binary',
    max_loss_ratio: 0.001,
    receivers: ['edge', 'studio'],
    quorum: 2,
    highest_bit_per_second: 1e9,
    searches: [
      {
        size_octets: 512,
        rate_bit_per_second: 4.31e8,
        rate_payload_bit_per_second: 3.98e8,
        rate_ip_bit_per_second: 4.2e8,
        rate_wire_bit_per_second: 4.49e8,
        rate_packets_per_second: 97_165,
        failing_bit_per_second: 4.35e8,
        delivered_bit_per_second: 4.3e8,
        confirmed: true,
        stop: 'resolution',
        obstacle: 'queue',
        limiting: [missed],
        missing: [],
        elapsed_ns: 23e9,
        trials: [
          {
            purpose: 'search',
            at_ns: 1e9,
            duration_ns: 5e8,
            rate_bit_per_second: 5e8,
            delivered_bit_per_second: 4.8e8,
            passed: false,
            obstacle: 'queue',
            not_sent_ratio: 0,
            failed: [missed],
          },
        ],
        points: {
          at_ns: [0, 1e9, 2e9],
          rate_bit_per_second: [1e8, 5e8, 4.31e8],
          delivered_bit_per_second: [1e8, 4.8e8, 4.3e8],
        },
      },
    ],
  };
  const base = sentResult();
  return judged({ ...base, run: { ...base.run, command: 'capacity' }, capacity }, []);
}

export function tapsResult(): RunResult {
  const base = receiverResult({ streams: [] });
  return judged(
    { ...base, run: { ...base.run, command: 'analyze', role: 'analyzer' }, memberships: [], taps: taps() },
    [],
  );
}

export function silentResult(): RunResult {
  return judged(receiverResult({ streams: [] }), []);
}

/** All sections of a benchmark at a time, as no single one has them. */
export function benchResult(): RunResult {
  const measured = receiverResult();
  const [plain, loaded] = [new MembershipCounts(), new MembershipCounts()];
  const times = {
    joinNs: 20e6,
    joinReportNs: 8e6,
    wasThere: false,
    leaveNs: 210e6,
    leaveReportNs: 10e6,
    stayed: false,
    spacingNs: 5e6,
  };
  for (const counts of [plain, loaded]) {
    counts.record(times);
    counts.record({ ...times, wasThere: true, stayed: true });
  }
  const background = { endpoints: ['udp://239.9.9.9:1'], datagrams: 100, octets: 131_600, activeNs: 1e9 };
  const load = { counts: loaded, whyNot: null, background };
  const plan = { cycles: 2, dwellNs: 5e9, settleNs: 5e8 };
  const clock = 'CLOCK_MONOTONIC, datagrams stamped by the kernel';
  const delays = buildDelays(plan, clock, { counts: plain, whyNot: null }, load);
  const groups: BenchGroups = {
    groups: 9,
    dwell_ns: 5e9,
    capacity: 4,
    failed: {
      group: '239.1.1.5',
      number: 5,
      obstacle: 'network_limit',
      reason: 'a switch has no room',
      membership: 'exclude (MCAST_MSFILTER)',
      seen_on_interface: false,
      came_after_leave: true,
    },
    silent: 1,
    silent_groups: ['239.1.1.2'],
    flooded_at: 3,
    sees_floods: true,
    join_ns: delays.join.delay_ns,
  };
  const base = receiverResult();
  const bench: Bench = {
    test: 'groups',
    delays,
    groups,
    forwarding: buildForwarding(measured),
    classes: buildClasses(measured),
  };
  return judged({ ...base, run: { ...base.run, command: 'bench' }, bench }, []);
}

/** Each kind of document, by what it is. */
export function documents(): readonly (readonly [name: string, result: RunResult])[] {
  return [
    ['media', mediaResult()],
    ['two legs', legsResult()],
    [
      'sender',
      sentResult([
        receiver('studio'),
        receiver('edge', { streams: [] }),
        { name: 'lost', address: '10.0.0.9', report: null, result: null },
      ]),
    ],
    ['channel changes', zapResult()],
    ['a benchmark', benchResult()],
    ['capacity', capacityResult()],
    ['two captures', tapsResult()],
    ['silence', silentResult()],
  ];
}
