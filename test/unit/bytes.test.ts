import { describe, expect, it } from 'vitest';
import { copyAtLeast } from '../../src/core/bytes.js';

const FROM = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

describe('copyAtLeast', () => {
  it.each([
    ['all of it fits', 20, 64, 32],
    ['only what is asked for fits', 20, 30, 20],
    ['most of it is not asked for', 3, 64, 3],
    ['nothing is', 0, 64, 0],
  ])('writes what is asked for and leaves what stands before it: %s', (_, octets, room, written) => {
    const to = new Uint8Array(room).fill(255);
    copyAtLeast(FROM, octets, to, 5);
    expect([...to.subarray(0, 5)]).toEqual([255, 255, 255, 255, 255]);
    expect(to.subarray(5, 5 + octets)).toEqual(FROM.subarray(0, octets));
    expect(to.subarray(5).indexOf(255)).toBe(written);
  });
});
