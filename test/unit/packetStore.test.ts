import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/core/bytes.js';
import { PacketStore, PutOutcome, RECOVERED_LEG } from '../../src/repair/packetStore.js';

function put(store: PacketStore, sequence: number, octets: readonly number[] = [1], timeNs = 0, leg = 0): PutOutcome {
  const slot = Uint8Array.from([0xee, ...octets, 0xee]);
  return store.put(sequence, viewOf(slot), 1, octets.length, timeNs, leg);
}

function octetsOf(store: PacketStore, sequence: number): number[] {
  const at = store.offsetOf(sequence);
  return [...store.bytes.subarray(at, at + store.lengthOf(sequence))];
}

describe('packet store', () => {
  it('keeps octets, time and leg by number, negative numbers and those above 2^32 included', () => {
    for (const first of [-3, 0, 2 ** 32 - 2, 2 ** 40 + 1, 2 ** 53 - 9]) {
      const store = new PacketStore(8, 5);
      for (let i = 0; i < 5; i++) expect(put(store, first + i, [i, i + 1], 10 * i, i)).toBe(PutOutcome.Stored);
      expect(store.newest).toBe(first + 4);
      expect(store.oldest).toBe(first - 3);
      for (let i = 0; i < 5; i++) {
        expect(store.has(first + i)).toBe(true);
        expect(octetsOf(store, first + i)).toEqual([i, i + 1]);
        expect(store.timeMonoNs(first + i)).toBe(10 * i);
        expect(store.legOf(first + i)).toBe(i);
        expect(store.isRecovered(first + i)).toBe(false);
      }
      expect(store.has(first - 1)).toBe(false);
      expect(store.has(first + 5)).toBe(false);
      expect(store.has(first + 8)).toBe(false);
      expect(store.stored).toBe(5);
    }
  });

  it('keeps the first copy', () => {
    const store = new PacketStore(4, 4);
    put(store, 7, [1, 2, 3], 5, 0);
    expect(put(store, 7, [9], 6, 1)).toBe(PutOutcome.Duplicate);
    expect(octetsOf(store, 7)).toEqual([1, 2, 3]);
    expect([store.timeMonoNs(7), store.legOf(7), store.duplicates, store.stored]).toEqual([5, 0, 1, 1]);
  });

  it('fills a slot to its end and no further', () => {
    const store = new PacketStore(4, 3);
    put(store, 0, [1, 1, 1]);
    put(store, 2, [3, 3, 3]);
    expect(put(store, 1, [2, 2, 2, 2])).toBe(PutOutcome.TooLong);
    expect(store.has(1)).toBe(false);
    expect(put(store, 1, [2, 2, 2])).toBe(PutOutcome.Stored);
    expect([...store.bytes]).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 0, 0, 0]);
    expect(store.tooLong).toBe(1);
  });

  it('does not move its window for what does not fit', () => {
    const store = new PacketStore(4, 1);
    expect(put(store, 90, [1, 2])).toBe(PutOutcome.TooLong);
    expect(store.isEmpty).toBe(true);
    put(store, 0);
    put(store, 90, [1, 2]);
    expect(store.newest).toBe(0);
  });

  it('knows recovered packets', () => {
    const store = new PacketStore(4, 4);
    put(store, 1, [1], 0, RECOVERED_LEG);
    expect(store.isRecovered(1)).toBe(true);
    expect([store.recovered, store.stored]).toEqual([1, 1]);
  });

  it('takes back that a packet was recovered when it comes after all', () => {
    const store = new PacketStore(4, 4);
    put(store, 1, [1], 3, RECOVERED_LEG);
    expect(put(store, 1, [1], 4, RECOVERED_LEG)).toBe(PutOutcome.Duplicate);
    expect([store.isRecovered(1), store.cameAfterAll]).toEqual([true, 0]);
    for (const timeMonoNs of [5, 6]) expect(put(store, 1, [1], timeMonoNs, 1)).toBe(PutOutcome.Duplicate);
    expect([store.legOf(1), store.timeMonoNs(1), store.cameAfterAll, store.recovered]).toEqual([1, 5, 1, 1]);
  });

  it('takes what is within the window and refuses what is behind', () => {
    const store = new PacketStore(4, 4);
    put(store, 10);
    expect(put(store, 7)).toBe(PutOutcome.Stored);
    expect(put(store, 6)).toBe(PutOutcome.TooOld);
    expect(store.tooOld).toBe(1);
    expect(put(store, 11)).toBe(PutOutcome.Stored);
    expect(store.has(7)).toBe(false);
    // A duplicate or late: nobody knows.
    expect(put(store, 7)).toBe(PutOutcome.TooOld);
  });

  it('counts what the window passes before it is released', () => {
    const store = new PacketStore(4, 4);
    for (const n of [0, 1, 3]) put(store, n);
    store.releasedTo = 1;
    put(store, 4);
    expect([store.passed, store.has(0)]).toEqual([0, false]);
    put(store, 6);
    // 1 unread, 2 was never there.
    expect([store.passed, store.has(1), store.has(3)]).toEqual([1, false, true]);
  });

  it.each([5, 8, 12, 1e6, 2 ** 45])('a jump of %d forgets all that it passes, once', (jump) => {
    const store = new PacketStore(4, 4);
    for (let n = 0; n < 4; n++) put(store, n);
    put(store, 3 + jump);
    expect(store.passed).toBe(4);
    for (let n = 0; n < 4; n++) expect(store.has(n)).toBe(false);
    expect(store.has(3 + jump)).toBe(true);
    expect(put(store, jump)).toBe(PutOutcome.Stored);
    expect(put(store, jump - 1)).toBe(PutOutcome.TooOld);
  });

  it('a jump within the window forgets only what it passes', () => {
    const store = new PacketStore(4, 4);
    for (let n = 0; n < 4; n++) put(store, n);
    put(store, 5);
    expect([0, 1, 2, 3, 4, 5].map((n) => store.has(n))).toEqual([false, false, true, true, false, true]);
    expect(store.passed).toBe(2);
  });

  it('stores what was given up, and says that it is late', () => {
    const store = new PacketStore(4, 4);
    put(store, 5);
    store.releasedTo = 5;
    expect(put(store, 4)).toBe(PutOutcome.Late);
    expect(put(store, 4)).toBe(PutOutcome.Duplicate);
    expect(put(store, 6)).toBe(PutOutcome.Stored);
    store.releasedTo = 7;
    expect(put(store, 7)).toBe(PutOutcome.Stored);
    expect([store.late, store.duplicates, store.has(4)]).toEqual([1, 1, true]);
  });

  it('has a capacity that is a power of two', () => {
    for (const capacity of [0, 3, 2 ** 21, 1.5, -4]) expect(() => new PacketStore(capacity, 4)).toThrow('store');
    expect(() => new PacketStore(4, 0)).toThrow('store');
    for (const capacity of [1, 2, 2 ** 20]) expect(new PacketStore(capacity, 1).capacity).toBe(capacity);
  });
});
