import { describe, expect, test } from 'vitest';
import { PayloadFeed, type PayloadFeedOptions } from '../../src/feed/payloadFeed.js';
import { collect, dirtyBatch, refuse } from '../sim/collect.js';

const MS = 1e6;

function feed(change: Partial<PayloadFeedOptions>): PayloadFeed {
  return new PayloadFeed({
    payload: Uint8Array.from([1, 2, 3]),
    sizeOctets: 3,
    seed: 1,
    packetsPerSecond: 1000,
    pattern: { kind: 'cbr' },
    count: 5,
    durationNs: null,
    startMonoNs: 5 * MS,
    destination: 2,
    flowBase: 9,
    ...change,
  });
}

const octets = (made: PayloadFeed) => collect(made).map((sent) => Array.from(sent.octets));

describe('payload', () => {
  test('that fits is repeated to the size of every datagram', () => {
    expect(octets(feed({ count: 2 }))).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(octets(feed({ count: 2, sizeOctets: 7 }))).toEqual([
      [1, 2, 3, 1, 2, 3, 1],
      [1, 2, 3, 1, 2, 3, 1],
    ]);
  });

  test('that is longer is cut into pieces and sent round and round', () => {
    expect(octets(feed({ sizeOctets: 2 }))).toEqual([[1, 2], [3], [1, 2], [3], [1, 2]]);
  });

  test('stands alone: no markers, no stamp', () => {
    const all = collect(feed({}));
    expect(all.map((sent) => sent.dueNs / MS)).toEqual([5, 6, 7, 8, 9]);
    expect(
      all.every((sent) => sent.flags === 0 && sent.stampAt === 0 && sent.flow === 9 && sent.destination === 2),
    ).toBe(true);
  });

  test('pieces of unequal size follow each other in a slab that is refilled', () => {
    const made = feed({ sizeOctets: 2, count: 40 });
    const batch = dirtyBatch(7, 11);
    const all: number[] = [];
    for (;;) {
      batch.count = 0;
      if (made.fill(batch, 1e12) === 0) break;
      expect(batch.count).toBeLessThanOrEqual(7);
      for (let i = 0; i < batch.count; i++) {
        all.push(...batch.bytes.subarray(batch.offset[i]!, batch.offset[i]! + batch.length[i]!));
      }
    }
    expect(all).toEqual(Array.from({ length: 60 }, (_, i) => 1 + (i % 3)));
  });
});

describe('limits', () => {
  test('count and duration, whichever comes first', () => {
    expect(collect(feed({ count: null, durationNs: 20 * MS }))).toHaveLength(20);
    expect(collect(feed({ count: 7, durationNs: 20 * MS }))).toHaveLength(7);
    expect(collect(feed({ count: 0 }))).toHaveLength(0);
    expect(feed({ count: 0 }).nextDueNs()).toBe(Infinity);
  });

  test('without a rate the duration ends with the fill that reaches it', () => {
    const made = feed({ packetsPerSecond: Infinity, count: null, durationNs: 10 * MS });
    const batch = dirtyBatch(500, 5000);
    expect(made.fill(batch, 6 * MS)).toBe(128);
    expect(batch.dueMonoNs[0]).toBe(6 * MS);
    expect(made.fill(batch, 15 * MS)).toBe(0);
    expect(made.nextDueNs()).toBe(Infinity);
  });

  test('what is refused or skipped is counted, and keeps its place', () => {
    const made = feed({ sizeOctets: 2, count: 6 });
    expect(made.skip(8 * MS)).toBe(3);
    const batch = dirtyBatch(10, 100);
    made.fill(batch, 8 * MS);
    refuse(made, batch, 0);
    expect(batch.length[0]).toBe(1);
    expect([made.scheduled, made.notSent]).toEqual([4, 4]);
    made.finish(8 * MS);
    expect(made.nextDueNs()).toBe(Infinity);
    expect(made.skip(1e12)).toBe(0);
  });
});
