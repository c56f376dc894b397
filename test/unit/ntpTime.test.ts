import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nsFromShort,
  ntpAt,
  ntpFromUnixNs,
  ntpMiddle,
  putNtp,
  shortFromNs,
  unixNsFromNtp,
} from '../../src/core/ntpTime.js';

/** 2036-02-07T06:28:16Z, where the seconds of era 0 end. */
const ERA_1_NS = 2_085_978_496_000_000_000n;

describe('NTP timestamps', () => {
  it.each([
    ['1970-01-01', 0n, 0x83aa_7e80_0000_0000n],
    ['half a second', 500_000_000n, 0x83aa_7e80_8000_0000n],
    ['a nanosecond: 4.29 units, rounded down', 1n, 0x83aa_7e80_0000_0004n],
    ['the nanosecond before a second', 999_999_999n, 0x83aa_7e80_ffff_fffbn],
    ['1900-01-01', -2_208_988_800_000_000_000n, 0n],
    ['the last second of era 0', ERA_1_NS - 1_000_000_000n, 0xffff_ffff_0000_0000n],
    ['the first of era 1', ERA_1_NS, 0n],
  ])('%s', (_what, unixNs, ntp) => {
    expect(ntpFromUnixNs(unixNs)).toBe(ntp);
    expect(unixNsFromNtp(ntp, unixNs)).toBe(unixNs);
  });

  it('round to the nearest nanosecond, into the next second too', () => {
    // 2 units are 0.47 ns, 3 are 0.70 ns.
    expect(unixNsFromNtp(0x83aa_7e80_0000_0002n)).toBe(0n);
    expect(unixNsFromNtp(0x83aa_7e80_0000_0003n)).toBe(1n);
    expect(unixNsFromNtp(0x83aa_7e80_ffff_ffffn)).toBe(1_000_000_000n);
  });

  it('without a time nearby are taken for 1968 to 2104', () => {
    expect(unixNsFromNtp(0x8000_0000_0000_0000n)).toBe(ERA_1_NS - (1n << 31n) * 1_000_000_000n);
    expect(unixNsFromNtp(0x7fff_ffff_0000_0000n)).toBe(ERA_1_NS + ((1n << 31n) - 1n) * 1_000_000_000n);
  });

  it('go there and back unchanged, over the end of the era', () => {
    const near = fc.bigInt({ min: 0n, max: 8_000_000_000_000_000_000n });
    const apart = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n });
    fc.assert(
      fc.property(near, apart, (nearNs, apartNs) => {
        expect(unixNsFromNtp(ntpFromUnixNs(nearNs + apartNs), nearNs)).toBe(nearNs + apartNs);
      }),
    );
  });

  it('have a middle', () => {
    expect(ntpMiddle(0x1234_b705_2000_5678n)).toBe(0xb705_2000);
  });

  it('are eight octets', () => {
    const bytes = new Uint8Array(12).fill(0xa5);
    putNtp(bytes, 2, 0x89ab_cdef_fedc_ba98n);
    expect([...bytes]).toEqual([0xa5, 0xa5, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0xa5, 0xa5]);
    expect(ntpAt(bytes, 2)).toBe(0x89ab_cdef_fedc_ba98n);
  });
});

describe('the short form', () => {
  it.each([
    [0, 0],
    [1_000_000_000, 65_536],
    [5_250_000_000, 0x0005_4000],
    // Half a unit is 7629.4 ns.
    [7_629, 0],
    [7_630, 1],
    [999_999_999, 65_536],
    // More than 2^53 when multiplied in one go.
    [65_535_999_984_741, 0xffff_ffff],
  ])('%i ns are %i units', (ns, units) => {
    expect(shortFromNs(ns)).toBe(units);
  });

  it.each([
    [0, 0],
    [1, 15_259],
    [-1, -15_259],
    [-65_537, -1_000_015_259],
    [0x0006_2000, 6_125_000_000],
    [0xffff_ffff, 65_535_999_984_741],
  ])('%i units are %i ns', (units, ns) => {
    expect(nsFromShort(units)).toBe(ns);
  });
});
