import { describe, expect, it } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import { Random } from '../../src/core/random.js';

function put(ring: ByteRing, octets: readonly number[]): boolean {
  const at = ring.claim(octets.length);
  if (at < 0) return false;
  ring.bytes.set(octets, at);
  ring.publish(octets.length);
  return true;
}

function drain(ring: ByteRing, octets = 1024): number[] {
  const into = new Uint8Array(octets);
  const got = ring.read(into);
  return Array.from(into.subarray(0, Math.max(got, 0)));
}

describe('ByteRing', () => {
  it('hands over what was published, in order, also across its end', () => {
    const shared = ByteRing.allocate(16, 8);
    const producer = new ByteRing(shared);
    const consumer = new ByteRing(shared);
    expect(producer.capacity).toBe(16);
    const random = new Random(7);
    const sent: number[] = [];
    const got: number[] = [];
    for (let step = 0; step < 5000; step++) {
      const piece = Array.from({ length: 1 + random.below(8) }, () => random.below(256));
      if (put(producer, piece)) sent.push(...piece);
      if (random.below(2) === 0) got.push(...drain(consumer, 1 + random.below(10)));
    }
    while (got.length < sent.length) got.push(...drain(consumer));
    expect(sent.length).toBeGreaterThan(5000);
    expect(got).toEqual(sent);
  });

  it('refuses a claim that does not fit, whole, and takes it when there is room', () => {
    const ring = new ByteRing(ByteRing.allocate(8, 8));
    expect(put(ring, [1, 2, 3, 4, 5])).toBe(true);
    expect(put(ring, [6, 7, 8, 9])).toBe(false);
    expect(drain(ring, 2)).toEqual([1, 2]);
    expect(put(ring, [6, 7, 8, 9])).toBe(true);
    // Up to the ring's end, then from its beginning.
    expect(drain(ring)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(drain(ring)).toEqual([9]);
  });

  it('publishes less than was claimed', () => {
    const ring = new ByteRing(ByteRing.allocate(8, 8));
    ring.bytes.set([1, 2, 3], ring.claim(8));
    ring.publish(2);
    expect(drain(ring)).toEqual([1, 2]);
  });

  it('ends for the reader only when it is empty', () => {
    const ring = new ByteRing(ByteRing.allocate(8, 8));
    expect(ring.read(new Uint8Array(1))).toBe(0);
    put(ring, [9]);
    ring.close();
    expect(ring.read(new Uint8Array(8))).toBe(1);
    expect(ring.read(new Uint8Array(8))).toBe(-1);
  });

  it('is not made in impossible sizes', () => {
    expect(() => ByteRing.allocate(24, 8)).toThrow();
    expect(() => ByteRing.allocate(8, 16)).toThrow();
  });
});
