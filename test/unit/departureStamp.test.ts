import { describe, expect, it } from 'vitest';
import { splitNs } from '../../src/core/time.js';
import { DepartureStamp } from '../../src/io/departureStamp.js';

function written(format: 'unix-ns' | 'unix-us' | 'ntp-64', realtimeNs: bigint, realNs: number): bigint {
  const bytes = new Uint8Array(16).fill(0xa5);
  const view = new DataView(bytes.buffer);
  new DepartureStamp(format, { realtimeNs, monotonicNs: 0n, uncertaintyNs: 0 }).write(view, 4, realNs);
  expect([...bytes.subarray(0, 4), ...bytes.subarray(12)]).toEqual(Array(8).fill(0xa5));
  return view.getBigUint64(4);
}

const EPOCHS = [
  0n,
  1_700_000_000_000_000_000n,
  // The low 32 bits just below their wrap, and at it.
  (splitNsHigh(1_700_000_000_000_000_000n) << 32n) + 0xffff_ffffn,
  splitNsHigh(1_700_000_000_000_000_000n) << 32n,
  // A nanosecond before a whole second, and NTP's era 0 ending in 2036.
  1_699_999_999_999_999_999n,
  2_085_978_495_999_999_999n,
];

function splitNsHigh(ns: bigint): bigint {
  return BigInt(splitNs(ns).high);
}

const OFFSETS = [0, 1, 2, 999_999_999, 1_000_000_000, 4_294_967_295, 4_294_967_296, 123_456_789_012_345, 2 ** 53 - 1];

describe('DepartureStamp', () => {
  it('writes unix-ns exactly, over every wrap of the low half', () => {
    for (const epoch of EPOCHS) {
      for (const ns of OFFSETS) expect(written('unix-ns', epoch, ns)).toBe(epoch + BigInt(ns));
      if (epoch > 0n) expect(written('unix-ns', epoch, -5_000_000_001)).toBe(epoch - 5_000_000_001n);
    }
  });

  it('writes ntp-64 as integer arithmetic would', () => {
    for (const epoch of EPOCHS) {
      for (const ns of OFFSETS) {
        const total = epoch + BigInt(ns);
        const seconds = (total / 1_000_000_000n + 2_208_988_800n) & 0xffff_ffffn;
        const fraction = ((total % 1_000_000_000n) << 32n) / 1_000_000_000n;
        expect(written('ntp-64', epoch, ns)).toBe((seconds << 32n) | fraction);
      }
    }
  });

  it('writes unix-us as integer arithmetic would', () => {
    for (const epoch of EPOCHS) {
      for (const ns of OFFSETS) {
        const total = epoch + BigInt(ns);
        const seconds = (total / 1_000_000_000n) & 0xffff_ffffn;
        const microseconds = (total % 1_000_000_000n) / 1000n;
        expect(written('unix-us', epoch, ns)).toBe((seconds << 32n) | microseconds);
      }
    }
    expect(written('unix-us', 0n, 1999.9)).toBe(1n);
  });

  it('rounds no ntp-64 fraction: every nanosecond that lies nearest below a unit', () => {
    for (let i = 0; i < 20_000; i++) {
      const ns = (i * 49_999) % 1_000_000_000;
      const expected = (BigInt(ns) << 32n) / 1_000_000_000n;
      expect(written('ntp-64', 0n, ns) & 0xffff_ffffn).toBe(expected);
    }
  });

  it('cuts a fraction of a nanosecond off', () => {
    expect(written('unix-ns', 1000n, 0.999)).toBe(1000n);
  });
});
