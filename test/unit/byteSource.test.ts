import { describe, expect, test } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import { type ByteSource, MemorySource, RingSource } from '../../src/core/byteSource.js';
import { copyBytes } from '../../src/core/copyBytes.js';

function read(source: ByteSource, octets: number): number[] | number {
  const into = new Uint8Array(octets + 2).fill(0xa5);
  const got = source.read(into, 1, octets);
  expect(into[0]).toBe(0xa5);
  expect(into.subarray(1 + Math.max(0, got)).every((octet) => octet === 0xa5)).toBe(true);
  return got <= 0 ? got : [...into.subarray(1, 1 + got)];
}

const FIVE = Uint8Array.of(1, 2, 3, 4, 5);

describe('memory', () => {
  test('is read once, and then has ended', () => {
    const source = new MemorySource(FIVE, { loop: false });
    expect([source.passOctets, source.startOctet, source.available()]).toEqual([null, 0, 5]);
    expect(read(source, 3)).toEqual([1, 2, 3]);
    expect(source.available()).toBe(2);
    expect(read(source, 3)).toEqual([4, 5]);
    expect(read(source, 3)).toBe(-1);
    expect(read(source, 3)).toBe(-1);
  });

  test('begins again after its end, also in shared memory, and begins anywhere', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(5));
    shared.set(FIVE);
    const source = new MemorySource(shared, { loop: true, startOctet: 3 });
    expect([source.passOctets, source.startOctet, source.available()]).toEqual([5, 3, Infinity]);
    expect(read(source, 9)).toEqual([4, 5]);
    expect(read(source, 3)).toEqual([1, 2, 3]);
    expect(read(source, 9)).toEqual([4, 5]);
    expect(read(source, 1)).toEqual([1]);
  });

  test('at its end begins at its beginning; empty it has ended', () => {
    expect(read(new MemorySource(FIVE, { loop: true, startOctet: 5 }), 2)).toEqual([1, 2]);
    expect(new MemorySource(FIVE, { loop: true, startOctet: 5 }).startOctet).toBe(0);
    expect(read(new MemorySource(new Uint8Array(), { loop: true }), 2)).toBe(-1);
    expect(() => new MemorySource(FIVE, { loop: true, startOctet: 6 })).toThrow();
  });
});

describe('ring', () => {
  test('hands over what was written, then ends', () => {
    const ring = new ByteRing(ByteRing.allocate(8, 8));
    const source = new RingSource(ring, { passOctets: 100, startOctet: 7 });
    expect([source.passOctets, source.startOctet]).toEqual([100, 7]);
    expect(read(source, 4)).toBe(0);
    expect(source.available()).toBe(0);
    ring.bytes.set(FIVE, ring.claim(5));
    ring.publish(5);
    expect(source.available()).toBe(5);
    expect(read(source, 4)).toEqual([1, 2, 3, 4]);
    ring.bytes.set(FIVE, ring.claim(5));
    ring.publish(5);
    ring.close();
    // Up to the ring's end, then from its beginning.
    expect(read(source, 9)).toEqual([5, 1, 2, 3]);
    expect(read(source, 9)).toEqual([4, 5]);
    expect(read(source, 9)).toBe(-1);
    expect(new RingSource(ring, { passOctets: null }).startOctet).toBe(0);
  });
});

test.each([0, 1, 511, 512, 5000])('%i octets are copied', (octets) => {
  const from = Uint8Array.from({ length: 5003 }, (_, i) => i * 7);
  const to = new Uint8Array(5005).fill(0xa5);
  copyBytes(from, 2, octets, to, 3);
  expect(to.subarray(3, 3 + octets)).toEqual(from.subarray(2, 2 + octets));
  expect(to[2]).toBe(0xa5);
  expect(to.subarray(3 + octets).every((octet) => octet === 0xa5)).toBe(true);
});
