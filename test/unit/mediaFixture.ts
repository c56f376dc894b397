/** A transport stream, its repair and its outputs with round figures, as the runtime would hand them over. */
import { TRANSPORT_INDICATORS } from '../../src/metrics/transportIndicators.js';
import type { ArbitrationSnapshot, RepairSnapshot } from '../../src/metrics/repairSnapshot.js';
import type {
  IndicatorSnapshot,
  MdiSnapshot,
  PcrSnapshot,
  PidSnapshot,
  ServiceSnapshot,
  TransportSnapshot,
} from '../../src/metrics/transportSnapshot.js';
import type { ArbitrationPair } from '../../src/result/buildArbitration.js';
import type { MediaFacts } from '../../src/result/buildTransport.js';
import { recorded } from './resultFixture.js';

export const SECOND = 1e9;

/** Of the run that begins at 0.5 s: two errors of priority 1, three of priority 2, and no SI but SDT. */
export function indicators(): IndicatorSnapshot[] {
  const raised: Record<string, Pick<IndicatorSnapshot, 'count' | 'firstMonoNs' | 'lastMonoNs' | 'pid'>> = {
    continuity_count_error: { count: 2, firstMonoNs: 3.5 * SECOND, lastMonoNs: 4 * SECOND, pid: 257 },
    pcr_repetition_error: { count: 3, firstMonoNs: 12.8 * SECOND, lastMonoNs: 13.5 * SECOND, pid: 257 },
  };
  const absent = new Set(['nit_error', 'eit_error', 'rst_error', 'tdt_error', 'pcr_accuracy_error']);
  const none = { count: 0, firstMonoNs: NaN, lastMonoNs: NaN, pid: null };
  return TRANSPORT_INDICATORS.map(({ id, priority }) =>
    Object.assign({ id, priority, applies: !absent.has(id) }, raised[id] ?? none),
  );
}

export function pid(change: Partial<PidSnapshot> = {}): PidSnapshot {
  return {
    pid: 257,
    kind: 'video',
    name: 'H.264',
    language: null,
    programNumber: 1,
    packets: 29_000,
    rateBitPerSecond: 4.36e6,
    intervalRateBitPerSecond: 4.3e6,
    scrambled: 0,
    transportErrors: 0,
    continuityErrors: 2,
    missingPackets: 7,
    continuityErrorsExplained: 1,
    missingPacketsExplained: 6,
    duplicates: 1,
    pcrs: 250,
    ptsCount: 250,
    firstMonoNs: 1.1 * SECOND,
    lastMonoNs: 11 * SECOND,
    ...change,
  };
}

const CLEAN = {
  continuityErrors: 0,
  missingPackets: 0,
  continuityErrorsExplained: 0,
  missingPacketsExplained: 0,
  duplicates: 0,
  pcrs: 0,
  ptsCount: 0,
};

export function pids(): PidSnapshot[] {
  const table = { ...CLEAN, kind: 'table', packets: 100, rateBitPerSecond: 15_040 } as const;
  return [
    pid({ ...table, pid: 0, name: 'PAT', programNumber: null }),
    pid({ ...table, pid: 256, name: 'PMT' }),
    pid(),
    pid({
      ...CLEAN,
      pid: 258,
      kind: 'audio',
      name: 'AAC (ADTS)',
      language: 'deu',
      packets: 800,
      rateBitPerSecond: 120_320,
    }),
    pid({ ...CLEAN, pid: 300, kind: null, name: null, programNumber: null, packets: 1, rateBitPerSecond: NaN }),
    pid({ ...CLEAN, pid: 8191, kind: 'null', name: null, programNumber: null, packets: 500, rateBitPerSecond: 75_200 }),
  ];
}

export function service(change: Partial<ServiceSnapshot> = {}): ServiceSnapshot {
  return {
    programNumber: 1,
    name: 'News HD',
    provider: 'mcastkit',
    pmtPid: 256,
    pcrPid: 257,
    hasPmt: true,
    streams: [
      { pid: 257, streamType: 0x1b, kind: 'video', name: 'H.264', language: null },
      { pid: 258, streamType: 0x0f, kind: 'audio', name: 'AAC (ADTS)', language: 'deu' },
    ],
    ...change,
  };
}

export function pcr(change: Partial<PcrSnapshot> = {}): PcrSnapshot {
  return {
    pid: 257,
    pcrs: 250,
    interval: recorded(38e6, 40e6, 42e6),
    discontinuities: 0,
    accuracy: recorded(10, 120),
    accuracyMinNs: -120,
    accuracyMaxNs: 10,
    accuracyWhyNot: null,
    rateBitPerSecond: 4.6e6,
    arrival: { jitter: recorded(1e6, 1.2e6), driftPpm: 2.71, driftErrorPpm: 0.16, overNs: 10 * SECOND },
    ...change,
  };
}

export function mdi(change: Partial<MdiSnapshot> = {}): MdiSnapshot {
  return {
    intervals: 10,
    delayFactorNs: 9e6,
    delayFactorMaxNs: 12.5e6,
    delayFactorMeanNs: 8.25e6,
    mediaLossRate: 0,
    mediaLossRateMax: 7,
    mediaLossRateMean: 0.7,
    lossFrom: 'continuity',
    mediaRateBitPerSecond: 4.6e6,
    erroredSeconds: 4,
    ...change,
  };
}

export function transport(change: Partial<TransportSnapshot> = {}): TransportSnapshot {
  return {
    tablesVersion: 3,
    transportStreamId: 1,
    inSync: true,
    packets: 30_501,
    nullPackets: 500,
    rateBitPerSecond: 4.59e6,
    strayOctets: 0,
    oddDatagrams: 0,
    malformedPackets: 0,
    malformedSections: 0,
    lostDatagrams: 1,
    pidsOverflowed: 0,
    indicators: indicators(),
    services: [service()],
    pids: pids(),
    pcr: [pcr()],
    mdi: mdi(),
    first: {
      packetMonoNs: 1 * SECOND,
      patMonoNs: 1.05 * SECOND,
      pmtMonoNs: 1.06 * SECOND,
      randomAccessMonoNs: 1.4 * SECOND,
      randomAccessBy: 'indicator',
    },
    ...change,
  };
}

/** 40 of 42 lost ones were recovered. */
export function repair(change: Partial<RepairSnapshot> = {}): RepairSnapshot {
  return {
    expected: 1000,
    released: 998,
    givenUp: 2,
    late: 3,
    octets: 998 * 1316,
    fec: {
      columns: 10,
      rows: 5,
      hasRows: true,
      heard: 300,
      malformed: 0,
      outOfWindow: 0,
      inconsistent: 0,
      recovered: 40,
    },
    arbitration: null,
    recovery: null,
    ...change,
  };
}

/** 1000 numbers: a lost 10 that b had, b lost 3 that a had, both lost 1. */
export function arbitration(change: Partial<ArbitrationSnapshot> = {}): ArbitrationSnapshot {
  return {
    legs: [
      { received: 989, wins: 699, duplicates: 2, lost: 10, late: 1 },
      { received: 996, wins: 300, duplicates: 0, lost: 3, late: 0 },
    ],
    onlyA: 3,
    onlyB: 10,
    both: 986,
    neither: 1,
    open: 0,
    skewNs: recorded(-50_000, 80_000, 100_000),
    skewsDropped: 0,
    ...change,
  };
}

export function pair(change: Partial<ArbitrationPair> = {}): ArbitrationPair {
  return {
    name: null,
    legA: '239.1.1.1:5001/10.0.0.1:40000/eth0',
    unit: 'packet',
    legB: '239.1.2.1:5001/10.0.0.1:40000/eth1',
    snapshot: arbitration(),
    repair: repair({ arbitration: arbitration() }),
    ...change,
  };
}

export function media(change: Partial<MediaFacts> = {}): MediaFacts {
  return { transport: transport(), repair: null, outputs: [], rtcp: null, joinMonoNs: 0.9 * SECOND, ...change };
}
