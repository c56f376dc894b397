import { describe, expect, it } from 'vitest';
import { ReportedSource, lossFraction, roundTripNs, rtpUnits } from '../../src/control/rtcpSource.js';
import type { ReceptionFigures } from '../../src/control/rtcpSource.js';
import type { RtcpReportBlock } from '../../src/wire/rtcpReports.js';

const FIRST: ReceptionFigures = { firstSequence: 65_530, highestSequence: 65_530, arrivedPackets: 1, jitter: 0 };

/** Reports after each of the figures, of one source. */
function reports(...figures: readonly Partial<ReceptionFigures>[]): RtcpReportBlock[] {
  const source = new ReportedSource(0x89ab_cdef);
  return figures.map((figure, i) => source.report({ ...FIRST, ...figure }, i * 5e9));
}

describe('a report block', () => {
  it('after the first packet', () => {
    expect(reports({})).toEqual([
      {
        ssrc: 0x89ab_cdef,
        fractionLost: 0,
        cumulativeLost: 0,
        extendedHighestSequence: 65_530,
        jitter: 0,
        lastSr: 0,
        delaySinceLastSr: 0,
      },
    ]);
  });

  it('counts cycles of the sequence number, and wraps those', () => {
    const blocks = reports(
      { highestSequence: 65_536, arrivedPackets: 7 },
      { highestSequence: 2 ** 32 - 1, arrivedPackets: 2 ** 32 - 65_530 },
      { highestSequence: 2 ** 32 + 9, arrivedPackets: 2 ** 32 + 9 - 65_529 },
    );
    expect(blocks.map((block) => block.extendedHighestSequence)).toEqual([0x0001_0000, 0xffff_ffff, 9]);
    expect(blocks.map((block) => block.cumulativeLost)).toEqual([0, 0, 0]);
  });

  it('tells the loss of each interval and of all', () => {
    const blocks = reports(
      { highestSequence: 65_629, arrivedPackets: 75 },
      // Nothing new at all.
      { highestSequence: 65_629, arrivedPackets: 75 },
      { highestSequence: 65_729, arrivedPackets: 174 },
      // What was lost came late: the interval gained.
      { highestSequence: 65_739, arrivedPackets: 209 },
      // Total loss that the measurement knows of.
      { highestSequence: 65_749, arrivedPackets: 209 },
    );
    expect(blocks.map((block) => block.fractionLost)).toEqual([64, 0, 2, 0, 255]);
    expect(blocks.map((block) => block.cumulativeLost)).toEqual([25, 25, 26, 1, 11]);
  });

  it('is negative where duplicates outnumber the losses, and stays within 24 bits', () => {
    const blocks = reports(
      { highestSequence: 65_530, arrivedPackets: 2 },
      { highestSequence: 65_530, arrivedPackets: 8_388_609 },
      { highestSequence: 65_530, arrivedPackets: 8_388_610 },
      { firstSequence: 0, highestSequence: 8_388_607, arrivedPackets: 1 },
      { firstSequence: 0, highestSequence: 8_388_608, arrivedPackets: 1 },
    );
    expect(blocks.map((block) => block.cumulativeLost)).toEqual([-1, -0x80_0000, -0x80_0000, 0x7f_ffff, 0x7f_ffff]);
    expect(blocks.map((block) => block.fractionLost)).toEqual([0, 0, 0, 255, 255]);
  });

  it.each([
    ['another first number', { firstSequence: 0, highestSequence: 1999, arrivedPackets: 1500 }],
    ['fewer arrivals', { highestSequence: 67_529, arrivedPackets: 500 }],
    ['fewer expected', { highestSequence: 65_629, arrivedPackets: 990 }],
  ])('begins anew with %s', (_what, figures) => {
    const before = { highestSequence: 66_529, arrivedPackets: 990 };
    const [, after] = reports(before, figures);
    const [alone] = reports(figures);
    expect(after).toEqual(alone);
  });

  it('has jitter in whole units, rounded down, of 32 bits', () => {
    const blocks = reports({ jitter: 90.99 }, { jitter: 2 ** 40 });
    expect(blocks.map((block) => block.jitter)).toEqual([90, 0xffff_ffff]);
    expect(rtpUnits(1_000_000, 90_000)).toBe(90);
  });

  it('says which SR came last, and how long ago', () => {
    const source = new ReportedSource(1);
    const after = (nowMonoNs: number): unknown => {
      const { lastSr, delaySinceLastSr } = source.report(FIRST, nowMonoNs);
      return [lastSr, delaySinceLastSr];
    };
    source.onSenderReport(0x1111_b705_2000_2222n, 1e9);
    expect(after(1e9)).toEqual([0xb705_2000, 0]);
    expect(after(6.25e9)).toEqual([0xb705_2000, 0x0005_4000]);
    source.onSenderReport(0x1111_b705_2001_2222n, 7e9);
    expect(after(7e9)).toEqual([0xb705_2001, 0]);
    // The last that the field holds, and the first that it does not.
    expect(after(7e9 + 65_535_999_984_741)).toEqual([0xb705_2001, 0xffff_ffff]);
    expect(after(7e9 + 65_536_000_000_000)).toEqual([0, 0]);
    expect(after(6e9)).toEqual([0, 0]);
  });
});

describe('the fraction lost', () => {
  it.each([
    [0, 0, 0],
    [0, 5, 0],
    [-3, 0, 0],
    [100, 120, 0],
    [1000, 999, 0],
    [256, 255, 1],
    [1000, 1, 255],
    [1000, 0, 255],
    // More than 2^31 when multiplied.
    [2 ** 33, 2 ** 32, 128],
  ])('of %i expected and %i arrived is %i', (expected, arrived, fraction) => {
    expect(lossFraction(expected, arrived)).toBe(fraction);
  });
});

describe('the round-trip time', () => {
  it('is that of the example in RFC 3550 section 6.4.1', () => {
    const block = { lastSr: 0xb705_2000, delaySinceLastSr: 0x0005_4000 };
    expect(roundTripNs(0x0000_b710_8000_0000n, block)).toBe(6_125_000_000);
  });

  it('crosses the wrap of the middle 32 bits', () => {
    expect(roundTripNs(0x0000_0000_8000_0000n, { lastSr: 0xffff_8000, delaySinceLastSr: 0x8000 })).toBe(500_000_000);
  });

  it('may be a unit less than nothing', () => {
    expect(roundTripNs(0x0000_0001_0000_0000n, { lastSr: 0x8000, delaySinceLastSr: 0x8001 })).toBe(-15_259);
  });

  it('is not known without an SR', () => {
    expect(roundTripNs(0x0000_0001_0000_0000n, { lastSr: 0, delaySinceLastSr: 0 })).toBeNull();
  });
});
