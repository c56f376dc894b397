import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ntpFromUnixNs } from '../../src/core/ntpTime.js';
import { Random } from '../../src/core/random.js';
import type { RtcpBalance, RtpFigures } from '../../src/metrics/rtcpSnapshot.js';
import { RtcpFeed } from '../../src/runtime/rtcpFeed.js';
import { RtcpWatch, type RtcpWatchOptions } from '../../src/runtime/rtcpWatch.js';
import { type RtcpPacket, rtcpCodec } from '../../src/wire/rtcp.js';
import { sdesItem, SdesType } from '../../src/wire/rtcpSdes.js';
import { WireStatus } from '../../src/wire/status.js';
import { guarded, surrounded } from '../fuzz/guard.js';
import { dirtyBatch } from '../sim/collect.js';
import { MediaStub } from '../sim/rtcpMedia.js';

const EPOCH = 1_700_000_000_000_000_000n;
const SSRC = 0x89ab_cdef;
const PATH = 5;
const NONE = new Uint8Array();

const write = (...packets: RtcpPacket[]): Uint8Array => {
  const compound = { packets, padding: NONE };
  const bytes = new Uint8Array(rtcpCodec.octets(compound));
  rtcpCodec.write(bytes, 0, compound);
  return bytes;
};

/** A report `seconds` after the epoch, of packets of 100 octets. */
const sr = (seconds: number, packetCount: number, ssrc = SSRC): RtcpPacket => ({
  kind: 'sr',
  ssrc,
  ntp: ntpFromUnixNs(EPOCH + BigInt(Math.round(seconds * 1e9))),
  rtpTimestamp: Math.round(seconds * 90_000) >>> 0,
  packetCount: packetCount >>> 0,
  octetCount: (packetCount * 100) >>> 0,
  blocks: [],
  extension: NONE,
});
const rr: RtcpPacket = { kind: 'rr', ssrc: 1, blocks: [], extension: NONE };
const bye = (...ssrcs: number[]): RtcpPacket => ({ kind: 'bye', ssrcs, reason: null });
const sdes = (cname: string, tool: string, ssrc = SSRC): RtcpPacket => ({
  kind: 'sdes',
  chunks: [{ ssrc, items: [sdesItem(SdesType.Cname, cname), sdesItem(SdesType.Tool, tool)] }],
});

/** Packets `firstNumber ..`, of 100 octets, `received` of them. */
const figures = (firstNumber: number, highestNumber: number, received: number): RtpFigures => ({
  firstNumber,
  highestNumber,
  received,
  duplicates: 0,
  payloadOctets: 100 * received,
  jitterNs: NaN,
});

class Bench {
  arrived: RtpFigures | null = null;
  readonly byes: unknown[] = [];
  readonly told: number[] = [];
  readonly watch: RtcpWatch;

  constructor(change: Partial<RtcpWatchOptions> = {}) {
    this.watch = new RtcpWatch({
      clockHz: 90_000,
      epochUnixNs: EPOCH,
      figuresOf: (ssrc, path) => (ssrc === SSRC && path === PATH ? this.arrived : null),
      onBye: (...all) => this.byes.push(all),
      onSenderReport: (report) => this.told.push(report.packetCount),
      ...change,
    });
  }

  hear(monoNs: number, ...packets: RtcpPacket[]): this {
    return this.octets(monoNs, write(...packets));
  }

  /** Arrives at `monoNs`, 250 us later by CLOCK_REALTIME. */
  octets(monoNs: number, octets: Uint8Array, path = PATH): this {
    this.watch.onDatagram(
      guarded(surrounded(octets, 0x5a), 16, octets.length),
      16,
      octets.length,
      monoNs,
      monoNs + 250e3,
      path,
    );
    return this;
  }

  get last(): RtcpBalance {
    return this.watch.snapshot(SSRC, PATH)!.last!;
  }
}

describe('what was sent against what arrived', () => {
  test('counts from the first report on, and what came before and behind by number', () => {
    const bench = new Bench();
    bench.arrived = figures(1000, 1099, 100);
    bench.hear(1e9, sr(1, 350));
    expect(bench.last).toEqual({
      packetsSent: 0,
      octetsSent: 0,
      packetsArrived: 0,
      octetsArrived: 0,
      difference: 0,
      totalPackets: 350,
      totalOctets: 35_000,
      packetsBefore: 250,
      packetsBehind: 0,
    });
    // Of 100 more, 3 in the middle and the last 7 never came.
    bench.arrived = figures(1000, 1192, 190);
    bench.hear(2e9, sr(2, 450));
    expect(bench.last).toMatchObject({
      packetsSent: 100,
      octetsSent: 10_000,
      packetsArrived: 90,
      octetsArrived: 9000,
      difference: 10,
      totalPackets: 450,
      packetsBefore: 250,
      packetsBehind: 7,
    });
    expect(bench.told).toEqual([350, 450]);
  });

  test('ties numbers to counts where the number was highest', () => {
    const bench = new Bench();
    // The last 4 before the first report were lost.
    bench.arrived = figures(10, 105, 96);
    bench.hear(1e9, sr(1, 100));
    expect(bench.last).toMatchObject({ packetsBefore: 4, packetsBehind: 0 });
    bench.arrived = figures(10, 209, 196);
    bench.hear(2e9, sr(2, 200));
    expect(bench.last).toMatchObject({ packetsBefore: 0, packetsBehind: 0, difference: 0 });
    bench.arrived = figures(10, 299, 286);
    bench.hear(3e9, sr(3, 300));
    expect(bench.last).toMatchObject({ packetsBefore: 0, packetsBehind: 10, difference: 10 });
  });

  test('is read at the report, and behind BYE when it is asked for', () => {
    const bench = new Bench();
    bench.arrived = figures(0, 99, 100);
    bench.hear(1e9, sr(1, 100));
    bench.arrived = figures(0, 150, 151);
    expect(bench.last).toMatchObject({ packetsArrived: 0, packetsBehind: 0 });
    bench.hear(2e9, sr(2, 200), bye(SSRC));
    expect(bench.last).toMatchObject({ packetsArrived: 51, difference: 49, packetsBehind: 49 });
    // What the BYE overtook comes.
    bench.arrived = figures(0, 197, 198);
    expect(bench.last).toMatchObject({ packetsArrived: 98, octetsArrived: 9800, difference: 2, packetsBehind: 2 });
    // A stream that began anew is not that of the report.
    bench.arrived = figures(5000, 5000, 1);
    expect(bench.last).toMatchObject({ packetsArrived: 51, packetsBehind: 49 });
    bench.arrived = null;
    expect(bench.last).toMatchObject({ packetsArrived: 51, packetsBehind: 49 });
  });

  test('without any media everything is missing', () => {
    const bench = new Bench();
    bench.hear(1e9, sr(1, 100)).hear(2e9, sr(2, 150));
    expect(bench.last).toMatchObject({ packetsSent: 50, difference: 50, totalPackets: 150, packetsBefore: null });
    expect(bench.last.packetsBehind).toBeNull();
    // It begins late: no new stream.
    bench.arrived = figures(40, 49, 10);
    bench.hear(3e9, sr(3, 160));
    expect(bench.last).toMatchObject({ packetsSent: 60, packetsArrived: 10, difference: 50, packetsBefore: 150 });
    expect(bench.watch.snapshot(SSRC, PATH)!.restarts).toBe(0);
  });

  test('goes over the wrap of the sender’s counts', () => {
    const bench = new Bench();
    bench.arrived = figures(0, 9, 10);
    bench.hear(1e9, sr(1, 2 ** 32 - 5));
    bench.arrived = figures(0, 19, 20);
    bench.hear(2e9, sr(2, 2 ** 32 + 5));
    expect(bench.last).toMatchObject({ packetsSent: 10, difference: 0, totalPackets: 2 ** 32 + 5, packetsBehind: 0 });
  });

  test('begins anew with the sender, and with the stream', () => {
    const bench = new Bench();
    bench.arrived = figures(0, 99, 100);
    bench.hear(1e9, sr(1, 100)).hear(2e9, sr(2, 3));
    expect(bench.last).toMatchObject({ packetsSent: 0, packetsArrived: 0, totalPackets: 3 });
    expect(bench.watch.snapshot(SSRC, PATH)).toMatchObject({ reports: 2, restarts: 1 });
    bench.arrived = figures(777, 780, 4);
    bench.hear(3e9, sr(3, 7));
    expect(bench.last).toMatchObject({ packetsSent: 0, packetsArrived: 0, packetsBefore: 3, packetsBehind: 0 });
    expect(bench.watch.snapshot(SSRC, PATH)).toMatchObject({ reports: 3, restarts: 2 });
    // The same first number, but fewer: counted anew behind a warm-up.
    bench.arrived = figures(777, 782, 2);
    bench.hear(4e9, sr(4, 9));
    expect(bench.last).toMatchObject({ packetsSent: 0, packetsArrived: 0 });
    bench.hear(4e9, sr(4, 9));
    expect(bench.watch.snapshot(SSRC, PATH)).toMatchObject({ reports: 4, staleReports: 1, restarts: 3 });
    expect(bench.told).toEqual([100, 3, 7, 9]);
  });
});

describe('a source', () => {
  test('tells its names, its clock and how far that is from ours', () => {
    const bench = new Bench();
    bench.hear(1e9, sr(1, 1), sdes('one@host', 'tool\u0007 1'));
    expect(bench.watch.snapshot(SSRC, PATH)).toMatchObject({
      ssrc: SSRC,
      cname: 'one@host',
      tool: 'tool? 1',
      bye: false,
      byeMonoNs: NaN,
      clockHzMeasured: null,
      clockDifferenceNs: 250e3,
    });
    bench.hear(11.1e9, sr(11, 2)).hear(20.9e9, sr(21, 3));
    const snapshot = bench.watch.snapshot(SSRC, PATH)!;
    expect(snapshot.clockHzMeasured).toBeCloseTo(90_000, 6);
    expect(snapshot.clockDifferenceNs).toBe(-0.1e9 + 250e3);
  });

  test('without a wallclock has none', () => {
    const bench = new Bench();
    bench.hear(1e9, { ...sr(1, 1), ntp: 0n } as RtcpPacket).hear(2e9, { ...sr(2, 2), ntp: 0n } as RtcpPacket);
    expect(bench.watch.snapshot(SSRC, PATH)).toMatchObject({
      reports: 2,
      clockHzMeasured: null,
      clockDifferenceNs: null,
    });
  });

  test('leaves once, until it reports again', () => {
    const bench = new Bench();
    bench.hear(1e9, sr(1, 1));
    const leaving = write(sr(2, 2), bye(SSRC, 99));
    bench.octets(2e9, leaving).octets(3e9, leaving).hear(4e9, rr, bye(SSRC));
    expect(bench.byes).toEqual([[SSRC, 2e9, PATH]]);
    expect(bench.watch.snapshot(SSRC, PATH)).toMatchObject({ bye: true, byeMonoNs: 2e9, reports: 2, staleReports: 1 });
    bench.hear(5e9, sr(5, 3));
    expect(bench.watch.snapshot(SSRC, PATH)).toMatchObject({ bye: false, byeMonoNs: NaN });
    bench.hear(6e9, rr, bye(SSRC));
    expect(bench.byes.length).toBe(2);
  });

  test('is known by its media too, and by nothing else', () => {
    const bench = new Bench();
    bench.hear(1e9, rr, sdes('c', 't'), bye(SSRC));
    expect(bench.watch.snapshot(SSRC, PATH)).toBeNull();
    bench.arrived = figures(0, 0, 1);
    bench.hear(2e9, rr, sdes('c', 't'), bye(SSRC));
    expect(bench.watch.snapshot(SSRC, PATH)).toMatchObject({ last: null, cname: 'c', bye: true, reports: 0 });
    expect(bench.byes).toEqual([[SSRC, 2e9, PATH]]);
  });

  test('is another one on another path', () => {
    const bench = new Bench();
    bench.hear(1e9, sr(1, 1)).octets(1e9, write(sr(1, 9)), 2 ** 20);
    expect(bench.watch.snapshots().map(({ path, snapshot }) => [path, snapshot.last!.totalPackets])).toEqual([
      [PATH, 1],
      [2 ** 20, 9],
    ]);
  });

  test('finds room among 1024, before others if its media is known', () => {
    const bench = new Bench();
    for (let ssrc = 0; ssrc < 1024; ssrc++) bench.hear(1e9, sr(1, 1, ssrc));
    bench.hear(1e9, sr(1, 1, 5000)).hear(1e9, sr(1, 1));
    expect([bench.watch.overflowed, bench.watch.snapshots().length]).toEqual([2, 1024]);
    bench.arrived = figures(0, 0, 1);
    bench.hear(2e9, sr(2, 2));
    expect(bench.watch.snapshots().map(({ snapshot }) => snapshot.ssrc)).toEqual([
      ...Array.from({ length: 1023 }, (_, i) => i + 1),
      SSRC,
    ]);
    expect(bench.watch.snapshot(0, PATH)).toBeNull();
    const full = new Bench({ figuresOf: () => figures(0, 0, 1) });
    for (let ssrc = 0; ssrc <= 1024; ssrc++) full.hear(1e9, sr(1, 1, ssrc));
    expect([full.watch.overflowed, full.watch.snapshot(0, PATH)!.reports]).toEqual([1, 1]);
  });
});

describe('octets that are none', () => {
  test('are counted by what is wrong with them, once a datagram', () => {
    const bench = new Bench();
    const good = write(sr(1, 1));
    bench.octets(0, good.slice(0, 7)).octets(0, good.slice(0, 24));
    const broken = write(sr(1, 1), { kind: 'bye', ssrcs: [], reason: null }, bye(), bye(SSRC));
    // Both say that they hold an SSRC.
    broken[28] = 0x81;
    broken[32] = 0x81;
    bench.octets(5, broken);
    expect([bench.watch.malformed[WireStatus.TooShort], bench.watch.malformed[WireStatus.BadLength]]).toEqual([1, 2]);
    // What is in order in it counts.
    expect(bench.watch.snapshot(SSRC, PATH)).toMatchObject({ reports: 1, bye: true });
    expect(bench.watch.datagrams).toBe(3);
  });

  test('never throw', () => {
    const random = new Random(7);
    const bench = new Bench();
    bench.arrived = figures(0, 0, 1);
    const good = write(sr(1, 1), sdes('a', 'b'), bye(SSRC));
    for (let i = 0; i < 300; i++) {
      const octets = good.slice(0, 4 * random.below(good.length / 4 + 1));
      for (let k = 0; k < 4 && octets.length > 0; k++) octets[random.below(octets.length)] = random.below(256);
      bench.octets(i, octets);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
        bench.octets(1, octets);
      }),
      { numRuns: 200 },
    );
    for (const { snapshot } of bench.watch.snapshots()) expect(snapshot.reports).toBeGreaterThanOrEqual(0);
    expect(bench.watch.datagrams).toBe(500);
  });
});

/** The receiver joins at packet 100; 23 are lost on the way after the first report, and the last 37. */
const lost = (n: number): boolean => n < 100 || (n >= 2000 && n < 2023) || n >= 3963;

test('a sender over a network that loses: what the reports say is exact', () => {
  const startMonoNs = 1e9;
  const media = new MediaStub({ startMonoNs, periodNs: 1e6, count: 4000 });
  const control = new RtcpFeed({
    media,
    ssrc: SSRC,
    cname: 'AAECAwQFBgcICQoL',
    rateBitPerSecond: 10e6,
    family: 4,
    unixAtMonoZeroNs: EPOCH,
    startMonoNs,
    seed: 3,
    destination: 0,
  });
  const bench = new Bench();
  let received = 0;
  let firstReportAt = -1;
  const batch = dirtyBatch(4, 4096);
  while (control.nextDueNs() < Infinity) {
    const dueNs = control.nextDueNs();
    while (media.nextDueNs() <= dueNs) {
      const n = media.send();
      if (lost(n)) continue;
      received++;
      bench.arrived = { ...figures(65_535 + 100, 65_535 + n, received), payloadOctets: 1316 * received };
    }
    batch.count = 0;
    if (control.fill(batch, dueNs) === 0) continue;
    if (firstReportAt < 0) firstReportAt = media.scheduled;
    bench.octets(batch.dueMonoNs[0]!, batch.bytes.slice(0, batch.length[0]));
  }
  const snapshot = bench.watch.snapshot(SSRC, PATH)!;
  expect(snapshot).toMatchObject({
    reports: control.scheduled + 1,
    staleReports: 0,
    restarts: 0,
    cname: 'AAECAwQFBgcICQoL',
    tool: 'mcastkit',
    bye: true,
    clockDifferenceNs: 250e3,
  });
  expect(snapshot.last).toEqual({
    packetsSent: 4000 - firstReportAt,
    octetsSent: 1316 * (4000 - firstReportAt),
    packetsArrived: 4000 - firstReportAt - 60,
    octetsArrived: 1316 * (4000 - firstReportAt - 60),
    difference: 60,
    totalPackets: 4000,
    totalOctets: 4000 * 1316,
    packetsBefore: 100,
    packetsBehind: 37,
  });
  expect(snapshot.clockHzMeasured).toBeCloseTo(90_000, 0);
  expect(bench.byes.length).toBe(1);
  expect(bench.watch.malformed.every((count) => count === 0)).toBe(true);
});
