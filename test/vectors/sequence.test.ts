import { describe, expect, it } from 'vitest';
import { SlotFlag } from '../../src/core/batch.js';
import { StreamCounter } from '../../src/metrics/counters.js';
import { type Datagram, Driver } from '../sim/drive.js';

const MS = 1e6;

/** Data `numbers`, one per millisecond from `fromMs` on. */
function data(numbers: readonly number[], fromMs = 0, part: Partial<Datagram> = {}): Datagram[] {
  return numbers.map((number, i) => ({ number, monoNs: (fromMs + i) * MS, ...part }));
}

/** All with one stamp. */
function atOnce(numbers: readonly number[], monoNs: number): Datagram[] {
  return numbers.map((number) => ({ number, monoNs }));
}

function marker(kind: 'start' | 'end', number: number, atMs: number, part: Partial<Datagram> = {}): Datagram {
  return { kind, number, monoNs: atMs * MS, ...part };
}

function counts(driver: Driver, stream = 0): Record<string, number> {
  const { counters, pending } = driver.measurement.snapshot(stream);
  const named = Object.entries(StreamCounter).map(([name, column]) => [name, counters[column] ?? 0] as const);
  return { ...Object.fromEntries(named), pending };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

describe('a gap that the window of numbers passes', () => {
  it('is declared at once with the run that passes it: one event, and the last stamp of the run', () => {
    const driver = new Driver({ reorderWindowPackets: 32 });
    driver.batch([...data([0], 0), ...data([11], 10)]);
    driver.measurement.takeEvents();
    driver.batch(atOnce(range(12, 40), 20 * MS));
    expect(counts(driver)).toMatchObject({ Lost: 7, pending: 3 });
    driver.batch(atOnce(range(40, 60), 30 * MS));
    expect(counts(driver)).toMatchObject({ Lost: 10, pending: 0, Received: 50 });
    const gaps = driver.measurement.takeEvents().filter(({ kind }) => kind === 'gap');
    expect(gaps.map(({ monoNs, a, b }) => [monoNs, a, b])).toEqual([
      [20 * MS, 1, 7],
      [30 * MS, 8, 3],
    ]);
  });
});

describe('expected', () => {
  it('runs from the start marker to the end marker: numbers lost at both ends count', () => {
    const driver = new Driver();
    driver.all([marker('start', 0, 0), ...data([2, 3, 4], 1), marker('end', 7, 10)]);
    driver.measurement.finish(11 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 7, Received: 3, Lost: 4, LossNetwork: 4, Markers: 2, pending: 0 });
    expect(driver.measurement.snapshot(0)).toMatchObject({ expectedFrom: 'start', ended: true });
  });

  it('runs from the first number heard when every start marker was lost', () => {
    const driver = new Driver();
    driver.all([...data([5, 6, 8])]);
    driver.measurement.finish(10 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 4, Received: 3, Lost: 1 });
    expect(driver.measurement.snapshot(0)).toMatchObject({ expectedFrom: 'first', ended: false });
  });

  it('ends at the highest number heard when every end marker was lost', () => {
    const driver = new Driver();
    driver.all([marker('start', 0, 0), ...data([0, 1], 1)]);
    driver.measurement.finish(10 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 2, Lost: 0 });
  });

  it('takes a start marker that comes just behind the data', () => {
    const driver = new Driver();
    driver.all([...data([3, 4]), marker('start', 0, 5), ...data([2], 6)]);
    expect(counts(driver)).toMatchObject({ Expected: 5, Received: 3, PacketsReordered: 1, pending: 2 });
    expect(driver.measurement.snapshot(0).expectedFrom).toBe('start');
  });

  it('does not take a start marker that comes when the reorder window has passed', () => {
    const driver = new Driver();
    driver.all([...data([3, 4]), marker('start', 0, 1000)]);
    expect(counts(driver)).toMatchObject({ Expected: 2, Received: 2, pending: 0 });
    expect(driver.measurement.snapshot(0).expectedFrom).toBe('first');
  });

  it('counts numbers before the first expected one as late, and loses none for them', () => {
    const driver = new Driver();
    driver.all(data([10, 7, 11]));
    driver.measurement.finish(10 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 2, Received: 2, PacketsLate: 1, Late: 1, Lost: 0 });
  });

  it('is the announced total when no datagram with data came at all', () => {
    const driver = new Driver();
    driver.all([marker('start', 0, 0), marker('end', 50, 100)]);
    driver.measurement.finish(101 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 50, Received: 0, Lost: 50, LossNetwork: 50 });
    expect(driver.measurement.snapshot(0).histograms!.one_way_delay_ns.percentile(0.5)).toBeNull();
    expect(driver.measurement.snapshot(0).firstMonoNs).toBeNaN();
  });

  it('is nothing when only an end marker came', () => {
    const driver = new Driver();
    driver.all([marker('end', 50, 0)]);
    driver.measurement.finish(MS);
    expect(counts(driver)).toMatchObject({ Expected: 0, Lost: 0, Markers: 1 });
  });

  it('grows with announcements alone, and data that come behind them still count', () => {
    const driver = new Driver();
    driver.all([marker('start', 0, 0), marker('end', 3, 1), ...data([1], 2), ...data([0], 3), ...data([2], 4)]);
    expect(counts(driver)).toMatchObject({ Expected: 3, Received: 3, PacketsReordered: 1, pending: 0 });
    expect(driver.measurement.snapshot(0).lossDetail.reorderExtentMax).toBe(1);
  });

  it('closes at the stop: what is stamped later is not measured, what is open is lost', () => {
    const driver = new Driver();
    driver.measurement.stopAt(10 * MS);
    driver.all([marker('start', 0, 0), ...data([0, 2], 1), ...data([3, 4, 9], 10)]);
    driver.measurement.finish(10 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 3, Received: 2, Lost: 1 });
    expect(driver.measurement.afterStop).toBe(3);
  });
});

describe('wraps', () => {
  it.each([
    ['2^32', 2n ** 32n - 3n],
    ['2^53', 2n ** 53n - 3n],
    ['2^63', 2n ** 63n - 3n],
    ['2^64', 2n ** 64n - 3n],
  ])('passes %s with a gap across it', (_name, firstNumber) => {
    const driver = new Driver({ firstNumber });
    driver.all([marker('start', 0, 0), ...data([0, 1, 4, 5, 2, 4], 1), marker('end', 8, 20)]);
    driver.measurement.finish(21 * MS);
    expect(counts(driver)).toMatchObject({
      Expected: 8,
      Received: 5,
      Lost: 3,
      PacketsReordered: 1,
      PacketsDuplicated: 1,
    });
    expect(driver.measurement.snapshot(0).lossDetail.map).toEqual([
      { first: BigInt.asUintN(64, firstNumber + 3n).toString(), count: 1, cause: 'network' },
      { first: BigInt.asUintN(64, firstNumber + 6n).toString(), count: 2, cause: 'network' },
    ]);
  });

  it('passes 2^32 within a batch, high and low half together', () => {
    const driver = new Driver({ firstNumber: 2n ** 32n - 20n });
    driver.all(data(range(0, 60)));
    expect(counts(driver)).toMatchObject({ Expected: 60, Received: 60, pending: 0 });
    expect(new Set(driver.verdicts)).toEqual(new Set(['New']));
  });

  it('passes the wrap of the not-sent count and of the drop counter', () => {
    const driver = new Driver();
    const before = { notSent: 0xffff_fffe, drops: 0 };
    driver.all([marker('start', 0, 0, before), ...data([0], 1, before)]);
    driver.all(data([5], 2, { notSent: 0, drops: 1 }));
    driver.all(data([9], 3, { notSent: 2, drops: 2 }));
    driver.measurement.finish(4 * MS);
    expect(counts(driver)).toMatchObject({ NeverSent: 4, Lost: 3, LossSocketBuffer: 2, LossNetwork: 1 });
  });
});

describe('a datagram', () => {
  it('that comes twice is a duplicate, within the batch and much later', () => {
    const driver = new Driver();
    driver.all([...data([0, 1, 1, 2]), ...data([0], 5000)]);
    expect(driver.verdicts).toEqual(['New', 'New', 'Duplicate', 'New', 'Duplicate']);
    expect(counts(driver)).toMatchObject({
      PacketsReceived: 3,
      PacketsDuplicated: 2,
      Duplicated: 2,
      OctetsReceived: 5 * 64,
    });
  });

  it('that is forgotten is late, not a duplicate', () => {
    const driver = new Driver({ reorderWindowPackets: 32 });
    driver.all(data([0, 1, ...range(3, 60), 20, 40, 1, 2]));
    expect(driver.verdicts.slice(-4)).toEqual(['Duplicate', 'Duplicate', 'Late', 'Late']);
  });

  it('is in time up to the end of the window, late from then on: the same, to the nanosecond', () => {
    const early = new Driver();
    early.all([...data([0, 2]), { number: 1, monoNs: MS + 1e9 - 1 }]);
    expect(counts(early)).toMatchObject({ Received: 3, Lost: 0, PacketsLate: 0, PacketsReordered: 1 });
    const late = new Driver();
    late.all([...data([0, 2]), { number: 1, monoNs: MS + 1e9 }]);
    expect(counts(late)).toMatchObject({ Received: 2, Lost: 1, PacketsLate: 1, PacketsReordered: 0, Expected: 3 });
  });

  it('that is late stays lost, also in its second copy', () => {
    const driver = new Driver();
    driver.all([...data([0, 2]), ...data([1, 1], 2000)]);
    driver.measurement.finish(3e9);
    expect(counts(driver)).toMatchObject({ Expected: 3, Received: 2, Lost: 1, PacketsLate: 2, PacketsDuplicated: 0 });
  });

  it('far ahead waits for the next to confirm it', () => {
    const driver = new Driver();
    driver.all(data([0, 1, 3_000_000]));
    expect(driver.verdicts.at(-1)).toBe('None');
    expect(counts(driver)).toMatchObject({ Expected: 2, Received: 2 });
    driver.all(data([3_000_001], 10));
    driver.measurement.finish(20 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 3_000_002, Received: 4, Lost: 2_999_998, PacketsReceived: 4 });
  });

  it('far ahead that nothing confirms is malformed, twice the same one too', () => {
    const driver = new Driver();
    driver.all(data([0, 1, 3_000_000, 3_000_000, 2, 3, 9_000_000, 5_000_000]));
    driver.measurement.finish(20 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 4, Received: 4, Lost: 0 });
    expect(driver.measurement.socketSnapshot(0).malformed[15]).toBe(3);
  });

  it('that announces a number far ahead is believed the second time', () => {
    const driver = new Driver();
    driver.all([...data([0]), marker('end', 2_000_001, 5)]);
    expect(counts(driver)).toMatchObject({ Expected: 1 });
    driver.all([marker('end', 2_000_001, 6)]);
    driver.measurement.finish(10 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 2_000_001, Lost: 2_000_000 });
  });
});

describe('order (RFC 4737)', () => {
  it.each([
    // Arrivals, reordered, largest extent.
    [[1, 5, 2, 3], 2, 2],
    [[1, 2, 3, 4], 0, null],
    [[1, 3, 2, 4], 1, 1],
    [[2, 3, 4, 1], 0, null],
    [[0, 4, 5, 6, 1, 7, 2], 2, 5],
    [[0, 9, 3, 2, 3, 9], 2, 2],
  ])('of %j: %d reordered, extent at most %s', (numbers, reordered, extent) => {
    const driver = new Driver();
    driver.all(data(numbers));
    expect(counts(driver)).toMatchObject({ PacketsReordered: reordered, Reordered: reordered });
    expect(driver.measurement.snapshot(0).lossDetail.reorderExtentMax).toBe(extent);
  });
});

describe('loss (RFC 3357)', () => {
  it('comes in periods and at distances, by number and not by gap', () => {
    const driver = new Driver();
    driver.all([marker('start', 0, 0), ...data([0, 4, 5, 7, 8, 9, 10], 1), marker('end', 13, 20)]);
    driver.measurement.finish(30 * MS);
    expect(counts(driver)).toMatchObject({ Lost: 6, LossPeriods: 3 });
    expect(driver.measurement.snapshot(0).lossDetail).toMatchObject({
      periods: 3,
      periodLengthMin: 1,
      periodLengthMean: 2,
      periodLengthMax: 3,
      distanceMin: 1,
      distanceMean: 11 / 5,
      distanceMax: 5,
      mapTruncated: false,
    });
  });

  it('keeps at most 1024 ranges', () => {
    const driver = new Driver();
    driver.all(data(range(0, 1100).map((n) => 2 * n)));
    driver.measurement.finish(5e9);
    const { lossDetail } = driver.measurement.snapshot(0);
    expect([lossDetail.map.length, lossDetail.mapTruncated, lossDetail.periods]).toEqual([1024, true, 1099]);
  });
});

describe('causes', () => {
  it('are never sent, socket buffer, network, in this order', () => {
    const driver = new Driver();
    driver.all([...data([0]), ...data([10], 1, { notSent: 3, drops: 4 })]);
    expect(counts(driver)).toMatchObject({ Expected: 8, pending: 6, NeverSent: 3 });
    driver.measurement.finish(5 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 8, Lost: 6, LossSocketBuffer: 4, LossNetwork: 2, NeverSent: 3 });
    expect(driver.measurement.snapshot(0).lossDetail.map).toEqual([{ first: '4', count: 6, cause: 'mixed' }]);
  });

  it('give no drop to two gaps, and leave what fits none', () => {
    const driver = new Driver();
    driver.all([...data([0]), ...data([3], 1, { drops: 5 }), ...data([6], 2, { drops: 5 })]);
    driver.measurement.finish(5 * MS);
    expect(counts(driver)).toMatchObject({ Lost: 4, LossSocketBuffer: 2, LossNetwork: 2 });
    expect(driver.measurement.socketSnapshot(0)).toMatchObject({
      kernelDrops: 5,
      kernelDropsExplained: 2,
      kernelDropsOther: 3,
    });
  });

  it('give a gap that leaves the window number by number its drops once', () => {
    const driver = new Driver({ reorderWindowPackets: 32 });
    // 50 drops that belong to no gap, then a gap of 10 across which 4 more grew.
    driver.all([...data([0]), ...data([1], 1, { drops: 50 }), ...data(range(12, 90), 2, { drops: 54 })]);
    expect(counts(driver)).toMatchObject({ Lost: 10, LossSocketBuffer: 4, LossNetwork: 6 });
  });

  it('look for drops since the highest number came, not since a duplicate did', () => {
    const driver = new Driver();
    driver.all([...data([0, 1]), ...data([1], 2, { drops: 1 }), ...data([3], 3, { drops: 1 })]);
    driver.measurement.finish(5 * MS);
    expect(counts(driver)).toMatchObject({ Lost: 1, LossSocketBuffer: 1 });
  });

  it('take the tail from the end marker, and drops that nothing told of from the socket', () => {
    const driver = new Driver();
    driver.all([...data([0]), marker('end', 4, 1, { drops: 2 })]);
    driver.measurement.onSocketDrops(0, 9);
    driver.measurement.finish(5 * MS);
    expect(counts(driver)).toMatchObject({ Lost: 3, LossSocketBuffer: 2, LossNetwork: 1 });
    expect(driver.measurement.socketSnapshot(0)).toMatchObject({ kernelDrops: 9, kernelDropsOther: 7 });
  });

  it('find what was never sent although a delayed datagram did not say so yet', () => {
    const driver = new Driver();
    // 2 was refused after 3 had been made, which was held back: 3 does not know of it, 4 does.
    driver.all([...data([0, 1]), ...data([3], 2, { notSent: 0 }), ...data([4], 3, { notSent: 1 })]);
    driver.measurement.finish(5 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 4, Lost: 0, NeverSent: 1 });
  });

  it('find it at the end of all when its gap was declared before', () => {
    const driver = new Driver();
    driver.all([...data([0, 1]), ...data([3], 2), ...data([4], 2000), ...data([5], 2001, { notSent: 1 })]);
    expect(counts(driver)).toMatchObject({ Lost: 1 });
    driver.measurement.finish(3e9);
    expect(counts(driver)).toMatchObject({ Expected: 5, Lost: 0, LossNetwork: 0, NeverSent: 1 });
  });

  it('take a number for expected again that was thought never sent and came', () => {
    const driver = new Driver();
    driver.all([...data([0]), ...data([3], 1, { notSent: 2 }), ...data([1, 2], 2, { notSent: 2 })]);
    driver.measurement.finish(5 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 4, Received: 4, Lost: 0, NeverSent: 0 });
  });

  it('are the application for what it truncated', () => {
    const driver = new Driver();
    driver.all([
      ...data([0]),
      ...data([1], 1, { flags: SlotFlag.TimeKernel | SlotFlag.Truncated }),
      ...data([2, 3, 5], 2),
    ]);
    driver.measurement.finish(9 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 6, Received: 4, Lost: 2, LossApplication: 1, LossNetwork: 1 });
    expect(driver.measurement.socketSnapshot(0).malformed[14]).toBe(1);
  });

  it("are the application's when the last segment of a super-packet was cut short", () => {
    const driver = new Driver();
    const segments = (from: number, lastFlags: number): Datagram[] =>
      range(from, from + 4).map((number, segment) => ({
        number,
        monoNs: from * MS,
        segment,
        flags: SlotFlag.TimeKernel | (segment > 0 ? SlotFlag.TimeShared : 0) | (segment === 3 ? lastFlags : 0),
      }));
    driver.batch([...segments(0, 0), ...segments(4, SlotFlag.Truncated), ...segments(8, 0)]);
    driver.measurement.finish(20 * MS);
    expect(counts(driver)).toMatchObject({ Expected: 12, Received: 11, Lost: 1, LossApplication: 1, SharedTime: 9 });
    expect(driver.measurement.snapshot(0).lossDetail.map).toEqual([{ first: '7', count: 1, cause: 'application' }]);
  });

  it('are bounded under super-packets: a drop may be as many datagrams as one can hold', () => {
    const driver = new Driver();
    const shared = SlotFlag.TimeKernel | SlotFlag.TimeShared;
    driver.all(
      range(0, 10).map((number) => ({
        number,
        monoNs: 0,
        segment: number,
        flags: number > 0 ? shared : SlotFlag.TimeKernel,
      })),
    );
    driver.all(data([310], 1, { drops: 2 }));
    driver.measurement.finish(5 * MS);
    // 128 segments of 64 octets fit into a super-packet.
    expect(counts(driver)).toMatchObject({ Lost: 300, LossSocketBuffer: 256, LossNetwork: 44, SharedTime: 9 });
    expect(driver.measurement.snapshot(0).lossAttribution).toBe('bounded');
    expect(driver.measurement.socketSnapshot(0)).toMatchObject({ superPackets: true, kernelDropsOther: null });
  });
});

describe('senders', () => {
  it('that start again are a new stream, and an event', () => {
    const driver = new Driver();
    driver.all([...data(range(0, 5)), ...data(range(0, 5), 2000, { run: 2 })]);
    driver.measurement.socketReadPast(0, 4e9);
    expect([counts(driver, 0), counts(driver, 1)]).toMatchObject([
      { Expected: 5, Received: 5, Lost: 0 },
      { Expected: 5, Received: 5, Lost: 0 },
    ]);
    const events = driver.measurement.takeEvents();
    expect(events.map((one) => [one.kind, one.stream])).toEqual([
      ['first_packet', 0],
      ['first_packet', 1],
      ['restart', 1],
    ]);
    expect(events[2]).toMatchObject({ a: 0, monoNs: 2e9 });
  });

  it('with one flow id at once are two streams, and an event', () => {
    const driver = new Driver({ paths: [{}, {}, { source: '192.0.2.2' }] });
    const both = range(0, 30).flatMap((n) => [
      { number: n, monoNs: n * MS },
      { number: 100 + n, monoNs: n * MS + 1, run: 9, path: 2 },
    ]);
    driver.all(both);
    driver.measurement.socketReadPast(0, 4e9);
    expect([counts(driver, 0), counts(driver, 1)]).toMatchObject([{ Lost: 0 }, { Lost: 0 }]);
    const kinds = driver.measurement.takeEvents().map((one) => one.kind);
    expect(kinds.filter((kind) => kind === 'foreign_sender')).toHaveLength(1);
    expect(kinds).not.toContain('restart');
  });

  it('that take over when the other is silent are neither', () => {
    const driver = new Driver({ paths: [{}, {}, { source: '192.0.2.2' }] });
    driver.all([...data([0, 1]), ...data([2, 3], 3000, { run: 9, path: 2 })]);
    driver.measurement.socketReadPast(0, 9e9);
    expect(driver.measurement.takeEvents().map((one) => one.kind)).toEqual(['first_packet', 'first_packet']);
  });
});
