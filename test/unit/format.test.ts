import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatDateTime,
  formatDuration,
  formatHostPort,
  formatOctets,
  formatOffset,
  formatRate,
  formatRatio,
  formatShortCount,
  formatTimeOfDay,
  UTC,
} from '../../src/core/format.js';

describe('formatDuration', () => {
  it.each([
    [0, '0 ns'],
    [999, '999 ns'],
    [1000, '1.00 us'],
    [12_345, '12.3 us'],
    [999_949, '1.00 ms'],
    [412_000, '412 us'],
    [-50e6, '-50.0 ms'],
    [1e9, '1.00 s'],
    [99.96e9, '100 s'],
    [120e9, '2 min 00 s'],
    [3599.6e9, '1 h 00 min'],
    [3720e9, '1 h 02 min'],
    [3 * 86_400e9, '3 d 00 h'],
    [-7200e9, '-2 h 00 min'],
    [NaN, '-'],
    [null, '-'],
  ])('%d: %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  it('leaves the gap out where columns are narrow', () => {
    expect(formatDuration(12_345, '')).toBe('12.3us');
  });
});

describe('formatRatio', () => {
  it.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.5, '50.0 %'],
    [0.001_94, '0.194 %'],
    [0.000_05, '0.0050 %'],
    [1e-9, '<0.0001 %'],
    [0.999, '99.9 %'],
    [0.999_999, '99.9999 %'],
    [0.999_999_999, '>99.9999 %'],
    [0.9951, '99.51 %'],
    [null, '-'],
  ])('%d: %s', (ratio, text) => {
    expect(formatRatio(ratio)).toBe(text);
  });

  it('never turns something into nothing, nor most into all', () => {
    for (const ratio of [1e-12, 1e-6, 0.4, 0.99, 0.9949, 0.9999, 1 - 1e-12]) {
      expect(formatRatio(ratio)).not.toMatch(/^(?:0|100)(?:\.0+)? %$/u);
    }
  });
});

describe('formatCount, formatShortCount, formatRate, formatOctets', () => {
  it.each([
    [0, '0', '0', '0 bit/s', '0 B'],
    [999, '999', '999', '999 bit/s', '999 B'],
    [9999, '9,999', '9999', '10.0 kbit/s', '10.0 kB'],
    [12_345, '12,345', '12.3k', '12.3 kbit/s', '12.3 kB'],
    [999_960, '999,960', '1.00M', '1.00 Mbit/s', '1.00 MB'],
    [20_000_000, '20,000,000', '20.0M', '20.0 Mbit/s', '20.0 MB'],
    [1.5e12, '1,500,000,000,000', '1.50T', '1.50 Tbit/s', '1.50 TB'],
    [null, '-', '-', '-', '-'],
    [Infinity, '-', '-', '-', '-'],
  ])('%d', (value, count, short, rate, octets) => {
    expect([formatCount(value), formatShortCount(value), formatRate(value), formatOctets(value)]).toEqual([
      count,
      short,
      rate,
      octets,
    ]);
  });
});

describe('times of a clock', () => {
  const instant = '2026-03-29T23:59:59.999987654Z';

  it('are rounded to a tenth, over midnight and the day too', () => {
    expect(formatDateTime(instant, UTC)).toBe('2026-03-30 00:00:00Z');
    expect(formatTimeOfDay('2026-03-29T12:00:00.500000001Z', UTC)).toBe('12:00:00.5Z');
  });

  it('carry their offset', () => {
    expect(formatDateTime(instant, () => 120)).toBe('2026-03-30 02:00:00+02:00');
    expect(formatTimeOfDay(instant, () => -570)).toBe('14:30:00-09:30');
    expect([formatOffset(0), formatOffset(345)]).toEqual(['Z', '+05:45']);
  });

  it('ask for the offset at that very time', () => {
    const asked: number[] = [];
    formatTimeOfDay('2026-03-29T00:00:00.000000000Z', (unixMs) => (asked.push(unixMs), 60));
    expect(asked).toEqual([Date.UTC(2026, 2, 29)]);
  });
});

describe('formatHostPort', () => {
  it('puts IPv6 into brackets', () => {
    expect([formatHostPort('239.1.1.1', 5001), formatHostPort('ff15::1', 5001)]).toEqual([
      '239.1.1.1:5001',
      '[ff15::1]:5001',
    ]);
  });
});
