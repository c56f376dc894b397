import { describe, expect, it } from 'vitest';
import { ReceiveBatch, SlotFlag } from '../../src/core/batch.js';
import { Random } from '../../src/core/random.js';
import { DatagramRing } from '../../src/io/datagramRing.js';

const UNKNOWN = SlotFlag.TimeUser | SlotFlag.NoTos | SlotFlag.NoTtl;

function octets(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

describe('DatagramRing', () => {
  it('gives back what was put in, every column written, into slots full of something else', () => {
    const ring = new DatagramRing(8, 1000);
    ring.push(octets(5, 1), 100, 7);
    ring.push(octets(0, 2), 200, 8);
    const batch = new ReceiveBatch(4, 4, 64);
    for (const column of [batch.bytes, batch.tos, batch.ttl, batch.flags, batch.following]) column.fill(0xa5);
    batch.drops.fill(0xa5a5);
    expect(ring.take(batch, 3)).toBe(2);
    expect([batch.count, ring.count]).toEqual([2, 0]);
    const rows = [0, 1].map((i) => [batch.offset[i], batch.length[i], batch.timeRealNs[i], batch.path[i]]);
    expect(rows).toEqual([
      [0, 5, 100, 7],
      [64, 0, 200, 8],
    ]);
    expect([...batch.bytes.subarray(0, 6)]).toEqual([1, 1, 1, 1, 1, 0xa5]);
    for (const column of [batch.tos, batch.ttl, batch.drops, batch.following]) {
      expect([column[0], column[1]]).toEqual([0, 0]);
    }
    expect([batch.socket[0], batch.flags[0], batch.flags[1]]).toEqual([3, UNKNOWN, UNKNOWN]);
  });

  it('cuts what is longer than the slot and says so', () => {
    const ring = new DatagramRing(2, 1000);
    ring.push(octets(65, 1), 0, 1);
    ring.push(octets(64, 2), 0, 1);
    const batch = new ReceiveBatch(2, 2, 64);
    ring.take(batch, 0);
    expect([...batch.length]).toEqual([64, 64]);
    expect([...batch.flags]).toEqual([UNKNOWN | SlotFlag.Truncated, UNKNOWN]);
  });

  it('refuses what it has no room for: datagrams or octets', () => {
    const few = new DatagramRing(2, 1000);
    expect([1, 2, 3].map((n) => few.push(octets(1, n), 0, 1))).toEqual([true, true, false]);
    const small = new DatagramRing(100, 10);
    expect(small.push(octets(11, 1), 0, 1)).toBe(false);
    expect(small.push(octets(10, 1), 0, 1)).toBe(true);
    expect(small.push(octets(1, 1), 0, 1)).toBe(false);
    expect(small.push(octets(0, 1), 0, 1)).toBe(true);
  });

  it('does as an unbounded queue would with what it has taken, over many turns of its slab', () => {
    const random = new Random(7);
    const ring = new DatagramRing(16, 257);
    const batch = new ReceiveBatch(5, 5, 64);
    const expected: { length: number; value: number; path: number }[] = [];
    let refused = 0;
    for (let turn = 0; turn < 20_000; turn++) {
      if (random.unit() < 0.6) {
        const entry = { length: random.below(65), value: turn & 0xff, path: turn };
        if (ring.push(octets(entry.length, entry.value), turn, entry.path)) expected.push(entry);
        else refused++;
        // Never refused while half of everything is free.
        const used = expected.reduce((sum, each) => sum + each.length, 0);
        if (expected.length < 8 && used < 64) expect(expected.at(-1)).toBe(entry);
      } else {
        const count = ring.take(batch, 0);
        expect(count).toBe(Math.min(5, expected.length));
        for (let i = 0; i < count; i++) {
          const entry = expected.shift()!;
          const at = batch.offset[i]!;
          expect([batch.length[i], batch.path[i]]).toEqual([entry.length, entry.path]);
          expect(batch.bytes.subarray(at, at + entry.length).every((value) => value === entry.value)).toBe(true);
        }
      }
      expect(ring.count).toBe(expected.length);
    }
    expect(refused).toBeGreaterThan(100);
  });
});
