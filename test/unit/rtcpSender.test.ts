import { describe, expect, it } from 'vitest';
import { SenderReportKind, SenderReports } from '../../src/control/rtcpSender.js';
import { ntpFromUnixNs } from '../../src/core/ntpTime.js';
import type { RtcpSenderReport } from '../../src/wire/rtcpReports.js';

const EPOCH_NS = 1_767_225_600_123_456_789n;
const HZ = 90_000;

interface Said {
  /** Of the sender's wallclock, since the epoch; `null`: it has none. */
  readonly realNs: number | null;
  readonly timestamp?: number;
  readonly packets: number;
  readonly octets?: number;
}

function report({ realNs, timestamp, packets, octets }: Said): RtcpSenderReport {
  return {
    kind: 'sr',
    ssrc: 1,
    ntp: realNs === null ? 0n : ntpFromUnixNs(EPOCH_NS + BigInt(realNs)),
    rtpTimestamp: (timestamp ?? Math.round(((realNs ?? 0) * HZ) / 1e9)) >>> 0,
    packetCount: packets % 2 ** 32,
    octetCount: (octets ?? packets * 1316) % 2 ** 32,
    blocks: [],
    extension: new Uint8Array(),
  };
}

/** What each of the reports was taken for, when nothing arrived. */
function kinds(reports: SenderReports, ...said: readonly Said[]): SenderReportKind[] {
  return said.map((one) => reports.onReport(report(one), { packets: 0, payloadOctets: 0 }));
}

const { First, Next, Stale, Restart } = SenderReportKind;

describe('sender reports', () => {
  it('say nothing before the first', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    expect(reports.sentAgainstArrived).toBeNull();
    expect(reports.realNsOf(0)).toBeNull();
    expect(reports.measuredHz).toBeNull();
  });

  it('are set against what arrived from the first on', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    reports.onReport(report({ realNs: 0, packets: 100 }), { packets: 60, payloadOctets: 60 * 1316 });
    reports.onReport(report({ realNs: 5e9, packets: 300 }), { packets: 250, payloadOctets: 250 * 1316 });
    reports.onReport(report({ realNs: 10e9, packets: 500 }), { packets: 455, payloadOctets: 455 * 1316 });
    expect(reports.sentAgainstArrived).toEqual({
      sentPackets: 400,
      sentOctets: 400 * 1316,
      arrivedPackets: 395,
      arrivedOctets: 395 * 1316,
      totalPackets: 500,
      totalOctets: 500 * 1316,
    });
    expect(reports.heard).toBe(3);
  });

  it('say nothing of the time before the first', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    reports.onReport(report({ realNs: 0, packets: 100 }), { packets: 60, payloadOctets: 7 });
    expect(reports.sentAgainstArrived).toMatchObject({ sentPackets: 0, arrivedPackets: 0, arrivedOctets: 0 });
  });

  it('go on over the wraps of both counts', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    const start = 2 ** 32 - 100;
    const said = [0, 1, 2, 3].map((i) => ({
      realNs: i * 5e9,
      packets: start + i * 1_000_000_000,
      octets: start + i * 4_000_000_000,
    }));
    expect(kinds(reports, ...said)).toEqual([First, Next, Next, Next]);
    expect(reports.sentAgainstArrived).toMatchObject({
      sentPackets: 3_000_000_000,
      sentOctets: 12_000_000_000,
      totalPackets: start + 3_000_000_000,
      totalOctets: start + 12_000_000_000,
    });
  });

  it('that were overtaken, and copies, change nothing', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    const said = [
      { realNs: 0, packets: 100 },
      { realNs: 10e9, packets: 300 },
      { realNs: 5e9, packets: 200 },
      { realNs: 10e9, packets: 300 },
    ];
    expect(kinds(reports, ...said)).toEqual([First, Next, Stale, Stale]);
    expect([reports.heard, reports.stale, reports.restarts]).toEqual([2, 2, 0]);
    expect(reports.sentAgainstArrived).toMatchObject({ sentPackets: 200 });
    expect(reports.realNsOf(900_000)).toBe(10e9);
    // An idle sender goes on reporting.
    expect(kinds(reports, { realNs: 15e9, packets: 300 }, { realNs: 20e9, packets: 301 })).toEqual([Next, Next]);
  });

  it('tell of a sender that began anew', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    kinds(reports, { realNs: 0, packets: 1000 }, { realNs: 5e9, packets: 2000 });
    expect(
      reports.onReport(report({ realNs: 10e9, timestamp: 7, packets: 50 }), { packets: 9, payloadOctets: 9 }),
    ).toBe(Restart);
    reports.onReport(report({ realNs: 15e9, timestamp: 450_007, packets: 80 }), { packets: 29, payloadOctets: 59 });
    expect(reports.sentAgainstArrived).toEqual({
      sentPackets: 30,
      sentOctets: 30 * 1316,
      arrivedPackets: 20,
      arrivedOctets: 50,
      totalPackets: 80,
      totalOctets: 80 * 1316,
    });
    expect([reports.restarts, reports.measuredHz, reports.realNsOf(450_007)]).toEqual([1, HZ, 15e9]);
  });

  it('tell of one whose wallclock is behind now, with the second report', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    const said = [
      { realNs: 3600e9, packets: 1000 },
      { realNs: 0, packets: 50 },
      { realNs: 5e9, packets: 60 },
      { realNs: 10e9, packets: 70 },
    ];
    expect(kinds(reports, ...said)).toEqual([First, Stale, Restart, Next]);
    expect(reports.sentAgainstArrived).toMatchObject({ sentPackets: 10, totalPackets: 70 });
  });

  it('that are late and copies of each other, or ever older, tell of no new beginning', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    const said = [
      { realNs: 20e9, packets: 500 },
      { realNs: 15e9, packets: 400 },
      { realNs: 15e9, packets: 400 },
      { realNs: 10e9, packets: 300 },
      // Neither does one whose count fell while its clock went on.
      { realNs: 11e9, packets: 299 },
    ];
    expect(kinds(reports, ...said)).toEqual([First, Stale, Stale, Stale, Stale]);
  });

  it('do without a wallclock', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    const said = [10, 20, 20, 30, 5, 6].map((packets) => ({ realNs: null, timestamp: packets, packets }));
    expect(kinds(reports, ...said)).toEqual([First, Next, Stale, Next, Restart, Next]);
    expect([reports.realNsOf(0), reports.measuredHz, reports.clockJumps]).toEqual([null, null, 0]);
    // Nothing is reckoned from the time before it had one.
    kinds(reports, { realNs: 0, timestamp: 1000, packets: 7 });
    expect(reports.measuredHz).toBeNull();
    kinds(reports, { realNs: 1e9, timestamp: 91_000, packets: 8 });
    expect(reports.measuredHz).toBe(HZ);
  });
});

describe("the sender's clock", () => {
  it('is read off RTP timestamps on both sides of the report, over their wrap', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    kinds(reports, { realNs: 7e9, timestamp: 0xffff_fff0, packets: 1 });
    expect(reports.realNsOf(0xffff_fff0)).toBe(7e9);
    expect(reports.realNsOf(0xffff_fff0 - 90_000)).toBe(6e9);
    expect(reports.realNsOf(90_000 - 16)).toBe(8e9);
    expect(reports.realNsOf(0xffff_fff1)).toBe(7_000_011_111);
  });

  it('is measured over wraps of the timestamp, several between two reports too', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    // 2^32 units of 90 kHz are 47,722 s; the clock is 100 ppm fast.
    const said = [0, 40_000, 80_000, 89_000, 89_005].map((seconds, i) => ({
      realNs: seconds * 1e9,
      timestamp: (4_000_000_000 + seconds * 90_009) % 2 ** 32,
      packets: i,
    }));
    kinds(reports, ...said);
    expect(reports.clockJumps).toBe(2);
    expect(reports.measuredHz).toBeCloseTo(90_009, 6);
    const slow = new SenderReports(HZ, EPOCH_NS);
    kinds(
      slow,
      { realNs: 0, timestamp: 5, packets: 0 },
      { realNs: 200_000e9, timestamp: (5 + 200_000 * HZ) % 2 ** 32, packets: 1 },
    );
    expect([slow.measuredHz, slow.clockJumps]).toEqual([HZ, 0]);
  });

  it('begins anew where it is set, or the timestamp is', () => {
    const reports = new SenderReports(HZ, EPOCH_NS);
    kinds(
      reports,
      { realNs: 0, timestamp: 0, packets: 0 },
      { realNs: 5e9, timestamp: 450_000, packets: 1 },
      // Set back by a day, then forward by two seconds; then the timestamp jumps.
      { realNs: -86_390e9, timestamp: 900_000, packets: 2 },
      { realNs: -86_383e9, timestamp: 1_350_000, packets: 3 },
      { realNs: -86_378e9, timestamp: 77, packets: 4 },
    );
    expect([reports.clockJumps, reports.measuredHz]).toEqual([3, null]);
    kinds(reports, { realNs: -86_373e9, timestamp: 450_077, packets: 5 });
    expect([reports.clockJumps, reports.measuredHz]).toEqual([3, HZ]);
    // Half a second is the error of a clock, not a jump.
    kinds(reports, { realNs: -86_368e9, timestamp: 945_077, packets: 6 });
    expect([reports.clockJumps, reports.measuredHz]).toEqual([3, 94_500]);
  });
});
