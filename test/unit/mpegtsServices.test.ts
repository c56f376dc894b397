import { describe, expect, test } from 'vitest';
import { TsAnalyzer } from '../../src/analysis/mpegts/tsAnalyzer.js';
import { DescriptorTag } from '../../src/wire/descriptors.js';
import { writePat, writePmt } from '../../src/wire/psi.js';
import { addCat, packetsOf, removePackets, scramble } from '../ts/faults.js';
import { putPacket, sectionPayloads } from '../ts/packet.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { DATAGRAM, PACKET, RATE, arrivalNs, arrive, raised } from './mpegtsArrivals.js';

const HEADER = { version: 0, isCurrent: true, sectionNumber: 0, lastSectionNumber: 0 };

/** One packet with a section. */
function packetOf(pid: number, section: Uint8Array, counter = 0): Uint8Array {
  const packet = new Uint8Array(PACKET);
  putPacket(packet, 0, { pid, startsUnit: true, counter }, sectionPayloads(section)[0]!, 0);
  return packet;
}

const patOf = (programs: { programNumber: number; pmtPid: number }[], version = 0): Uint8Array =>
  writePat({ ...HEADER, version, extension: 77, programs, networkPid: null });

function play(packets: readonly Uint8Array[], analyzer = new TsAnalyzer(), fromNs = 0): TsAnalyzer {
  for (const [n, packet] of packets.entries()) analyzer.onPayload(packet, 0, packet.length, fromNs + n * 10e6, 0);
  return analyzer;
}

const part = (sectionNumber: number): Uint8Array =>
  writePat({
    ...HEADER,
    sectionNumber,
    lastSectionNumber: 1,
    extension: 1,
    programs: [{ programNumber: 10 + sectionNumber, pmtPid: 0x60 + sectionNumber }],
    networkPid: null,
  });

const language = (type: number): { tag: number; octets: Uint8Array } => ({
  tag: DescriptorTag.Language,
  octets: Uint8Array.of(0x65, 0x6e, 0x67, type),
});

describe('services', () => {
  test('are there with the first tables, and the version stays', () => {
    const stream = makeTransportStream({ seconds: 1, programs: [{}, { name: 'Zwei', language: 'deu' }] });
    const versions: number[] = [];
    const analyzer = arrive(stream, { each: ({ tablesVersion }) => versions.push(tablesVersion) });
    expect(versions[0]).toBeGreaterThan(0);
    expect(new Set(versions).size).toBe(1);
    const { services, transportStreamId, tablesVersion } = analyzer.snapshot();
    expect(tablesVersion).toBe(versions[0]);
    expect(transportStreamId).toBe(1);
    expect(services[1]).toEqual({
      programNumber: 2,
      name: 'Zwei',
      provider: 'mcastkit',
      pmtPid: 0x1001,
      pcrPid: 0x110,
      hasPmt: true,
      streams: [
        { pid: 0x110, streamType: 0x1b, kind: 'video', name: 'H.264', language: null },
        { pid: 0x111, streamType: 0x03, kind: 'audio', name: 'MPEG-1 audio', language: 'deu' },
      ],
    });
  });

  test('change with a new version of the tables, and a program that moves is read anew', () => {
    const pmt = writePmt({ ...HEADER, extension: 5, pcrPid: 0x50, descriptors: [], streams: [] });
    const analyzer = play([packetOf(0, patOf([{ programNumber: 5, pmtPid: 0x40 }])), packetOf(0x40, pmt)]);
    const before = analyzer.tablesVersion;
    expect(analyzer.snapshot().services[0]).toMatchObject({ pmtPid: 0x40, pcrPid: 0x50, hasPmt: true, name: null });
    play([packetOf(0, patOf([{ programNumber: 5, pmtPid: 0x41 }], 1), 1)], analyzer, 1e9);
    expect(analyzer.snapshot().services[0]).toMatchObject({ pmtPid: 0x41, pcrPid: null, hasPmt: false });
    expect(analyzer.tablesVersion).toBeGreaterThan(before);
    play([packetOf(0, patOf([{ programNumber: 5, pmtPid: 0x40 }], 2), 2)], analyzer, 1.1e9);
    play([packetOf(0x40, pmt, 1)], analyzer, 1.2e9);
    expect(analyzer.snapshot().services[0]).toMatchObject({ pmtPid: 0x40, pcrPid: 0x50, hasPmt: true });
  });

  test('a table that is not current is not applied', () => {
    const next = writePat({
      ...HEADER,
      isCurrent: false,
      extension: 1,
      programs: [{ programNumber: 1, pmtPid: 99 }],
      networkPid: null,
    });
    expect(play([packetOf(0, next)]).snapshot().services).toEqual([]);
  });

  test('programs of a PAT in two sections', () => {
    const { services } = play([packetOf(0, part(1)), packetOf(0, part(0), 1)]).snapshot();
    expect(services.map(({ programNumber }) => programNumber)).toEqual([10, 11]);
  });

  test('a PMT PID without PMT: the time-out runs from the PAT on, until the PAT no longer names it', () => {
    const analyzer = play([packetOf(0, patOf([{ programNumber: 5, pmtPid: 0x40 }]))]);
    for (let n = 1; n <= 12; n++) {
      play(
        [packetOf(0, patOf(n < 12 ? [{ programNumber: 5, pmtPid: 0x40 }] : [], n < 12 ? 0 : 1), n)],
        analyzer,
        n * 100e6,
      );
    }
    expect(raised(analyzer.snapshot())).toEqual({ pmt_error: 2 });
    for (let n = 13; n <= 25; n++) play([packetOf(0, patOf([], 1), n)], analyzer, n * 100e6);
    expect(raised(analyzer.snapshot())).toEqual({ pmt_error: 2 });
  });

  test('PIDs of conditional access are referred to; what a CAT names needs no CAT_error', () => {
    const stream = makeTransportStream({ seconds: 2 });
    const { stream: withCat } = addCat(scramble(stream, 0x101).stream, 200, 0x1ffe);
    const { stream: withEmm } = addCat(withCat, 100_000, 0x1ffe);
    const counts = raised(arrive(withEmm).snapshot());
    expect(counts['cat_error']).toBeUndefined();
    expect(counts['unreferenced_pid']).toBeUndefined();
  });

  test('audio for a purpose, subtitles and data may be silent', () => {
    const streams = [
      { streamType: 0x03, pid: 0x51, descriptors: [language(0)] },
      { streamType: 0x03, pid: 0x52, descriptors: [language(3)] },
      { streamType: 0x06, pid: 0x53, descriptors: [] },
    ];
    const pmt = writePmt({ ...HEADER, extension: 5, pcrPid: 0x1fff, descriptors: [], streams });
    const analyzer = play([packetOf(0, patOf([{ programNumber: 5, pmtPid: 0x40 }])), packetOf(0x40, pmt)]);
    analyzer.onTime(5.5e9);
    const { indicators, pids } = analyzer.snapshot();
    expect(indicators.find(({ id }) => id === 'pid_error')).toMatchObject({ count: 1, pid: 0x51 });
    expect(pids.map(({ pid, kind, packets }) => [pid, kind, packets])).toEqual([
      [0, 'table', 1],
      [0x40, 'table', 1],
      [0x51, 'audio', 0],
    ]);
  });
});

const counted = (counters: number[]): Record<string, number> => {
  const analyzer = new TsAnalyzer();
  for (const [n, counter] of counters.entries()) {
    const packet = new Uint8Array(PACKET);
    putPacket(packet, 0, { pid: 0x100, counter: counter & 15, pcr: null }, new Uint8Array(counter > 15 ? 0 : 184), 0);
    if (counter <= 15) packet[100] = n;
    analyzer.onPayload(packet, 0, PACKET, n, 0);
  }
  return raised(analyzer.snapshot());
};

describe('PIDs', () => {
  const stream = makeTransportStream({ seconds: 3 });

  test('rates over all and over the last interval', () => {
    const analyzer = arrive(stream.subarray(0, 760 * DATAGRAM));
    analyzer.closeInterval();
    const after = arrive(stream, { each: (one, n) => (n === 759 ? one.closeInterval() : undefined) });
    after.closeInterval();
    const video = after.snapshot().pids.find(({ pid }) => pid === 0x100)!;
    const packets = packetsOf(stream, 0x100, { from: 760 * 7, to: Infinity }).length;
    const overNs = arrivalNs(stream.length, RATE) - arrivalNs(760 * DATAGRAM, RATE);
    expect(video.intervalRateBitPerSecond).toBeCloseTo((packets * PACKET * 8e9) / overNs, 3);
    expect(video.rateBitPerSecond).toBeGreaterThan(1.9e6);
    expect(video.rateBitPerSecond).toBeLessThan(2.2e6);
    expect(video).toMatchObject({ packets: packetsOf(stream, 0x100).length, pcrs: 150, ptsCount: 75 });
  });

  test('losses that sequence numbers tell explain the jumps behind them, and no others', () => {
    const blank = packetsOf(stream, 0x100)[400]!;
    const damaged = stream.slice();
    damaged[blank * PACKET + 1] = 0x1f;
    damaged[blank * PACKET + 2] = 0xff;
    const lost = 900;
    const video = arrive(damaged, { lost: [lost] })
      .snapshot()
      .pids.find(({ pid }) => pid === 0x100)!;
    const missing = packetsOf(stream, 0x100, { from: 7 * lost, to: 7 * lost + 7 }).length;
    expect(missing).toBeGreaterThan(0);
    expect(video).toMatchObject({
      continuityErrors: 2,
      continuityErrorsExplained: 1,
      missingPackets: 1 + missing,
      missingPacketsExplained: missing,
    });
    const bare = arrive(damaged, { lost: [lost], isLossTold: false }).snapshot();
    expect(bare.pids.find(({ pid }) => pid === 0x100)).toMatchObject({
      continuityErrors: 2,
      continuityErrorsExplained: 0,
      missingPackets: 1 + missing,
    });
  });

  test('sixteen lost packets are no copy', () => {
    const analyzer = new TsAnalyzer();
    const packets = packetsOf(stream, 0x101).filter((at) => stream[at * PACKET + 3]! >> 4 === 1);
    const first = packets.find((at) => packets.includes(at))!;
    const second = packets.find(
      (at) => at > first && (stream[at * PACKET + 3]! & 15) === (stream[first * PACKET + 3]! & 15),
    )!;
    analyzer.onPayload(stream, first * PACKET, PACKET, 0, 0);
    analyzer.onPayload(stream, second * PACKET, PACKET, 1, 0);
    expect(raised(analyzer.snapshot())).toEqual({ continuity_count_error: 1 });
    expect(analyzer.snapshot().pids[0]).toMatchObject({ missingPackets: 15, duplicates: 0 });
  });

  test('packets without payload do not count up', () => {
    // 16 + c: without payload.
    expect(counted([3, 4, 16 + 4, 16 + 4, 5])).toEqual({});
    expect(counted([3, 4, 16 + 5, 5])).toEqual({ continuity_count_error: 2 });
    expect(counted([15, 0, 1])).toEqual({});
  });

  test('more PIDs than there is room for are counted, and nothing is judged of them', () => {
    const analyzer = new TsAnalyzer();
    const packet = new Uint8Array(PACKET);
    for (let pass = 0; pass < 2; pass++) {
      for (let pid = 0x20; pid < 0x20 + 400; pid++) {
        putPacket(packet, 0, { pid, counter: 3 * pass }, new Uint8Array(184), 0);
        analyzer.onPayload(packet, 0, PACKET, pid, 0);
      }
    }
    const { pids, pidsOverflowed, packets, indicators } = analyzer.snapshot();
    expect(pids.length).toBe(255);
    expect(pidsOverflowed).toBe(400 - 255);
    expect(packets).toBe(800);
    expect(indicators.find(({ id }) => id === 'continuity_count_error')!.count).toBe(255);
  });

  test('restart keeps what is known and counts anew', () => {
    const { stream: damaged } = removePackets(stream, 0x100, { from: 2000, to: 2100 });
    const analyzer = arrive(damaged, { each: (one, n) => (n === 570 ? one.restart() : undefined) });
    const { packets, services, pids, first, pcr, mdi } = analyzer.snapshot();
    expect(raised(analyzer.snapshot())).toEqual({});
    expect(packets).toBe(stream.length / PACKET - 571 * 7);
    expect(services.length).toBe(1);
    expect(pids.find(({ pid }) => pid === 0x100)).toMatchObject({ continuityErrors: 0, missingPackets: 0 });
    expect(pids.find(({ pid }) => pid === 0x100)!.rateBitPerSecond).toBeLessThan(2.2e6);
    expect(first.packetMonoNs).toBe(arrivalNs(DATAGRAM, RATE));
    expect(pcr[0]!.pcrs).toBeLessThan(80);
    expect(pcr[0]!.accuracy!.count).toBe(pcr[0]!.pcrs);
    expect(mdi).toMatchObject({ intervals: 1, erroredSeconds: 0 });
  });
});

const timeOf = (packet: number): number => arrivalNs((Math.floor(packet / 7) + 1) * DATAGRAM, RATE);

describe('first times', () => {
  const stream = makeTransportStream({ seconds: 3 });
  test('of a receiver that joins in the middle', () => {
    const from = 700;
    const analyzer = new TsAnalyzer();
    for (let n = from; n < 1100; n++)
      analyzer.onPayload(stream, n * DATAGRAM, DATAGRAM, arrivalNs((n + 1) * DATAGRAM, RATE), 0);
    const after = { from: from * 7, to: Infinity };
    const access = packetsOf(stream, 0x100, after).find((at) => {
      return (stream[at * PACKET + 3]! & 0x20) !== 0 && (stream[at * PACKET + 5]! & 0x40) !== 0;
    })!;
    expect(analyzer.snapshot().first).toEqual({
      packetMonoNs: timeOf(from * 7),
      patMonoNs: timeOf(packetsOf(stream, 0, after)[0]!),
      pmtMonoNs: timeOf(packetsOf(stream, 0x1000, after)[0]!),
      randomAccessMonoNs: timeOf(access),
      randomAccessBy: 'indicator',
    });
  });

  test('where the indicator is never set, the picture tells', () => {
    const silent = stream.slice();
    for (const at of packetsOf(stream, 0x100))
      if ((silent[at * PACKET + 3]! & 0x20) !== 0) silent[at * PACKET + 5]! &= 0xbf;
    const expected = arrive(stream).snapshot().first;
    expect(arrive(silent).snapshot().first).toEqual({ ...expected, randomAccessBy: 'picture' });
  });

  test('not yet', () => {
    expect(new TsAnalyzer().snapshot().first).toEqual({
      packetMonoNs: NaN,
      patMonoNs: NaN,
      pmtMonoNs: NaN,
      randomAccessMonoNs: NaN,
      randomAccessBy: null,
    });
  });
});
