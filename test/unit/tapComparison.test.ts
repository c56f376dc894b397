import { describe, expect, it } from 'vitest';
import { TapComparison } from '../../src/analysis/tapComparison.js';
import { ReceiveBatch } from '../../src/core/batch.js';
import type { Seen } from '../oracle/taps.js';
import { compare } from '../sim/tapDrive.js';

const START_NS = 1_767_225_600_000_000_000n;
const EPOCH = { realtimeNs: START_NS, monotonicNs: 0n, uncertaintyNs: 0 };

function seen(sequence: bigint | number, atNs: number, change: Partial<Seen> = {}): Seen {
  return {
    run: 7,
    flow: 0,
    group: '239.1.1.1',
    port: 5001,
    sequence: BigInt(sequence),
    marker: null,
    timeNs: START_NS + BigInt(atNs),
    ...change,
  };
}

const tap = (...datagrams: Seen[]) => ({ seen: datagrams, epoch: EPOCH });
const run = (first: Seen[], second: Seen[], mostPages?: number) => compare(tap(...first), tap(...second), 8, mostPages);

function plainPath() {
  return { source: '192.0.2.1', sourcePort: 1, group: '239.9.9.9', port: 9, interfaceIndex: 0 };
}

describe('TapComparison', () => {
  it('finds numbers over the 64-bit wrap, from either side', () => {
    const last = 2n ** 64n - 1n;
    const first = [seen(last - 1n, 0), seen(last, 10), seen(0, 20), seen(1, 30)];
    // The second tap heard the stream later, so that its numbers count from another origin.
    const { streams } = run(first, [seen(0, 1020), seen(last - 1n, 1025), seen(1, 1030)]);
    expect(streams).toMatchObject([
      { matched: 3, lost: 1, reordered: 1, lossMap: [{ first: String(last), count: 1 }], state: 'compared' },
    ]);
    expect(streams[0]!.delay).toMatchObject({ count: 3, min: 1000, max: 1025 });
  });

  it('says negative delays between clocks that differ, and none above the minimum', () => {
    const { streams } = run(
      [seen(0, 5_000_000), seen(1, 5_001_000), seen(2, 5_002_000)],
      [seen(0, 1000), seen(1, 2500), seen(2, 3000)],
    );
    expect(streams[0]!.delay).toMatchObject({ min: -4_999_000, max: -4_998_500 });
    expect([streams[0]!.delayAboveMin.min, streams[0]!.delayAboveMin.max]).toEqual([0, 500]);
  });

  it('keeps microseconds although the clocks are three months apart', () => {
    const apart = 90 * 86_400e9;
    const { streams } = run([seen(0, 0), seen(1, 1000)], [seen(0, apart), seen(1, apart + 1250)]);
    expect(streams[0]!.delay.clamped).toBe(2);
    expect([streams[0]!.delayAboveMin.min, streams[0]!.delayAboveMin.max]).toEqual([0, 250]);
  });

  it('counts the tail as lost when the second tap heard the end of the stream, and leaves it out when not', () => {
    const first = [seen(0, 0), seen(1, 10), seen(2, 20), seen(3, 30)];
    const second = [seen(0, 100)];
    expect(run(first, second).streams).toMatchObject([{ lost: 0, first: { outside: 3 } }]);
    const end = seen(4, 200, { marker: 'end' });
    expect(run(first, [...second, end]).streams).toMatchObject([{ lost: 3, first: { outside: 0 } }]);
  });

  it('knows that all was lost when the second tap heard nothing but markers', () => {
    const second = [seen(0, 0, { marker: 'start' }), seen(2, 9, { marker: 'end' })];
    expect(run([seen(0, 0), seen(1, 1)], second).streams).toMatchObject([{ state: 'compared', lost: 2, matched: 0 }]);
  });

  it('tells streams that only one capture has', () => {
    const { streams } = run([seen(0, 0), seen(0, 1, { flow: 1 })], [seen(0, 5), seen(0, 6, { flow: 2 })]);
    expect(streams.map(({ flow, state }) => [flow, state])).toEqual([
      ['0', 'compared'],
      ['1', 'only_first'],
      ['2', 'only_second'],
    ]);
  });

  it('tells a sender that began anew, and two groups with one flow number, apart', () => {
    const { streams } = run(
      [seen(0, 0), seen(0, 1, { run: 8 }), seen(0, 2, { group: '239.1.1.2' })],
      [seen(0, 10), seen(0, 12, { group: '239.1.1.2' })],
    );
    expect(streams.map(({ matched }) => matched)).toEqual([1, 0, 1]);
  });

  it('counts what finds no room in memory', () => {
    // A page each: these are 2^20 numbers apart.
    const far = [seen(0, 0), seen(2 ** 20, 1), seen(2 ** 21, 2)];
    const found = run(far, [seen(0, 5)], 2);
    expect(found.overflowed).toBe(1);
    expect(found.streams).toMatchObject([{ matched: 1, first: { received: 2, outside: 1 } }]);
  });

  it('tells at most 1024 ranges, and that there were more', () => {
    const first = Array.from({ length: 2100 }, (_, i) => seen(i, i));
    const { streams } = run(first, [...first.filter((_, i) => i % 2 === 0), seen(2100, 9999)]);
    expect(streams[0]).toMatchObject({ lost: 1050, lossMapTruncated: true });
    expect(streams[0]!.lossMap.length).toBe(1024);
  });

  it('says of formats without numbers that they cannot be compared', () => {
    const batch = new ReceiveBatch(1, 1, 64);
    batch.count = 1;
    batch.length[0] = 5;
    batch.path[0] = 1;
    batch.bytes.set(new TextEncoder().encode('hello'));
    const options = { epoch: EPOCH, pathOf: plainPath, batchCapacity: 1, maxStreams: 4 };
    const comparison = new TapComparison(options);
    comparison.onFirst(batch);
    comparison.beginSecond(options);
    comparison.onSecond(batch);
    comparison.onSecond(batch);
    expect(comparison.finish().streams).toMatchObject([
      { state: 'unnumbered', group: '239.9.9.9', flow: null, first: { received: 1 }, second: { received: 2 }, lost: 0 },
    ]);
  });
});
