import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/core/bytes.js';
import { LONGEST_MESSAGE_OCTETS, type MessageMemory } from '../../src/core/messageMemory.js';
import { Random } from '../../src/core/random.js';
import { MessageStore } from '../../src/repair/messageStore.js';
import { expectNoGarbage } from '../garbage.js';

const LEAST_OCTETS = LONGEST_MESSAGE_OCTETS;

function put(store: MessageMemory, octets: Uint8Array): number {
  // Not at the start of its buffer, nor at its end.
  const slot = new Uint8Array(octets.length + 4).fill(0xee);
  slot.set(octets, 3);
  return store.put(viewOf(slot), 3, octets.length);
}

function octetsOf(store: MessageMemory, sequence: number): Uint8Array {
  const at = store.offsetOf(sequence);
  return new Uint8Array(store.view.buffer, store.view.byteOffset + at, store.lengthOf(sequence)).slice();
}

function isMessage(store: MessageMemory, sequence: number, octets: Uint8Array): boolean {
  return store.has(sequence) && Buffer.compare(octetsOf(store, sequence), octets) === 0;
}

/** Octets that name their message. */
function message(n: number, octets: number): Uint8Array {
  const made = new Uint8Array(octets);
  for (let i = 0; i < octets; i++) made[i] = n * 31 + i;
  return made;
}

describe('a message store', () => {
  it('numbers messages from the first on, above 2^32 too, and keeps their octets', () => {
    for (const first of [1, 0, 2 ** 32 - 2, 2 ** 40 + 1]) {
      const store = new MessageStore(8, LEAST_OCTETS, first);
      expect([store.oldest, store.end, store.next, store.has(first)]).toEqual([first, first, first, false]);
      for (let i = 0; i < 5; i++) expect(put(store, message(i, i))).toBe(first + i);
      expect([store.oldest, store.end, store.next]).toEqual([first, first + 5, first + 5]);
      for (let i = 0; i < 5; i++) {
        expect(store.has(first + i)).toBe(true);
        expect(octetsOf(store, first + i)).toEqual(message(i, i));
      }
      expect([store.has(first - 1), store.has(first + 5), store.has(first + 8)]).toEqual([false, false, false]);
    }
    expect(new MessageStore(1, LEAST_OCTETS).next).toBe(1);
  });

  it('forgets the oldest where there are too many', () => {
    const store = new MessageStore(4, LEAST_OCTETS);
    for (let n = 1; n <= 4; n++) put(store, message(n, 2));
    expect([store.oldest, store.has(1)]).toEqual([1, true]);
    put(store, message(5, 2));
    expect([store.oldest, store.has(1), store.end]).toEqual([2, false, 6]);
    for (let n = 2; n <= 5; n++) expect(octetsOf(store, n)).toEqual(message(n, 2));
  });

  it('forgets the oldest where there are too many octets, and fills the slab to its end', () => {
    const store = new MessageStore(8, LEAST_OCTETS);
    put(store, message(1, 30_000));
    put(store, message(2, 30_000));
    put(store, message(3, LEAST_OCTETS - 60_000));
    expect(store.oldest).toBe(1);
    // Begins the next lap: as long as the first, which it overwrites.
    put(store, message(4, 30_000));
    expect([store.oldest, store.offsetOf(4)]).toEqual([2, 0]);
    expect(isMessage(store, 2, message(2, 30_000))).toBe(true);
    put(store, message(5, 1));
    expect(store.oldest).toBe(3);
    expect(isMessage(store, 3, message(3, LEAST_OCTETS - 60_000))).toBe(true);
    // One octet too many for what is left of the lap: what stood there is gone although nothing is written there.
    put(store, message(6, LEAST_OCTETS - 30_000));
    expect([store.oldest, store.offsetOf(6)]).toEqual([6, 0]);
  });

  it('takes the longest message, and empty ones without end', () => {
    const store = new MessageStore(4, LEAST_OCTETS);
    put(store, message(1, 9));
    put(store, message(2, LONGEST_MESSAGE_OCTETS));
    expect([store.oldest, store.end]).toEqual([2, 3]);
    expect(isMessage(store, 2, message(2, LONGEST_MESSAGE_OCTETS))).toBe(true);
    for (let n = 3; n < 9; n++) put(store, message(n, 0));
    expect([store.oldest, store.end, store.lengthOf(8)]).toEqual([5, 9, 0]);
    expect(() => store.put(store.view, 0, LONGEST_MESSAGE_OCTETS + 1)).toThrow('a message of 65536 octets');
  });

  it('holds what was put last, whatever the sizes', () => {
    for (let seed = 0; seed < 24; seed++) {
      const random = new Random(seed);
      const store = new MessageStore(16, LEAST_OCTETS + random.below(5000));
      const largest = [40, 5000, 20_000, LONGEST_MESSAGE_OCTETS][seed % 4]!;
      const all: Uint8Array[] = [];
      for (let n = 1; n <= 60; n++) {
        all.push(message(n, random.below(largest + 1)));
        expect(put(store, all.at(-1)!)).toBe(n);
        let octets = 0;
        for (let k = store.oldest; k < store.end; k++) {
          octets += store.lengthOf(k);
          if (!isMessage(store, k, all[k - 1]!)) throw new Error(`message ${k} is another`);
        }
        expect(store.has(n)).toBe(true);
        // Nothing is forgotten without need: with the next older one there would be too many, or no room in one piece.
        if (store.oldest > 1 && n - store.oldest + 1 < 16) {
          const older = all[store.oldest - 2]!.length;
          expect(octets + older + largest).toBeGreaterThan(store.octets);
        }
      }
    }
  });

  it('refuses bounds that it cannot keep', () => {
    for (const messages of [0, 3, 2.5, 2 ** 28]) {
      expect(() => new MessageStore(messages, LEAST_OCTETS)).toThrow('a store of');
    }
    for (const octets of [LEAST_OCTETS - 1, 2 ** 31, NaN]) {
      expect(() => new MessageStore(4, octets)).toThrow('a store of');
    }
  });

  it('leaves nothing on the heap', async () => {
    const store = new MessageStore(1024, LEAST_OCTETS, 2 ** 33);
    const source = new DataView(new ArrayBuffer(64));
    const work = (): void => {
      for (let n = 0; n < 200_000; n++) store.put(source, 0, n & 63);
    };
    work();
    await expectNoGarbage(work, 400_000);
  });
});
