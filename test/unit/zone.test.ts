import { describe, expect, it } from 'vitest';
import { ZoneClock, zoneOffsetNs } from '../../src/core/zone.js';

const HOUR_NS = 3_600_000_000_000;
const DAY_NS = 24 * HOUR_NS;
const NEW_YORK = 'America/New_York';
const unixNs = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;

/** Of the instant, with the epoch `hours` before it. */
function clockAt(text: string, hours = 0, zone = NEW_YORK): { clock: ZoneClock; realNs: number } {
  return { clock: new ZoneClock(zone, unixNs(text) - BigInt(hours * HOUR_NS)), realNs: hours * HOUR_NS };
}

describe('the clocks of a zone', () => {
  it.each([
    ['2026-01-15T14:30:00Z', 9.5],
    ['2026-07-15T13:30:00Z', 9.5],
    // Summer time began at two that night, and ended at two that other night: clocks show what they show.
    ['2026-03-08T13:30:00Z', 9.5],
    ['2026-11-01T14:30:00Z', 9.5],
    ['2026-03-08T06:59:00Z', 1 + 59 / 60],
    ['2026-03-08T07:00:00Z', 3],
    ['2026-11-01T05:30:00Z', 1.5],
    ['2026-11-01T06:30:00Z', 1.5],
    ['2026-01-15T05:00:00Z', 0],
    ['2026-01-15T04:59:00Z', 23 + 59 / 60],
  ])('show at %s that so many hours have passed since midnight: %f', (text, hours) => {
    for (const before of [0, 1, 20]) {
      const { clock, realNs } = clockAt(text, before);
      expect(clock.sinceMidnightNs(realNs)).toBeCloseTo(hours * HOUR_NS, -1);
    }
  });

  it('go on across a change of summer time, in either direction of asking', () => {
    const { clock } = clockAt('2026-03-08T06:00:00Z');
    const shown = [0, 0.99, 1.01, 8, 0.5].map((hours) => clock.sinceMidnightNs(hours * HOUR_NS) / HOUR_NS);
    expect(shown.map((hours) => Number(hours.toFixed(6)))).toEqual([1, 1.99, 3.01, 10, 1.5]);
  });

  it('are read to the nanosecond', () => {
    const clock = new ZoneClock('UTC', unixNs('2026-05-05T12:00:00Z') + 7n);
    expect(clock.sinceMidnightNs(5)).toBe(12 * HOUR_NS + 12);
    expect(clock.instantNs(12 * HOUR_NS + 1, 5)).toBe(-6);
  });

  it('stand for the instant that is next, yesterday or tomorrow too', () => {
    const { clock, realNs } = clockAt('2026-01-15T05:00:00Z', 2);
    expect(clock.instantNs(DAY_NS - 1000, realNs + 500)).toBe(realNs - 1000);
    expect(clock.instantNs(2000, realNs - 500)).toBe(realNs + 2000);
    expect(clock.instantNs(clock.sinceMidnightNs(realNs + 77), realNs)).toBe(realNs + 77);
  });

  it.each([
    ['spring', NEW_YORK, '2026-03-08T07:00:00Z'],
    ['autumn', NEW_YORK, '2026-11-01T06:00:00Z'],
    ['half an hour', 'Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
    ['half an hour forward', 'Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ])('stand for the instant that is next, on the other side of a step too: %s', (_, zone, step) => {
    const { clock, realNs } = clockAt(step, 5, zone);
    for (const sentNs of [-7e9, -500, -1, 0, 300e9]) {
      for (const delayNs of [0, 123_456, 7e9, 600e9, -2e9]) {
        const sent = realNs + sentNs;
        expect(clock.instantNs(clock.sinceMidnightNs(sent), sent + delayNs)).toBe(sent);
      }
    }
  });

  it('give something next for a time of day that a step leaves out', () => {
    const { clock, realNs } = clockAt('2026-03-08T07:00:00Z', 5);
    const instantNs = clock.instantNs(2.5 * HOUR_NS, realNs);
    expect(Math.abs(instantNs - realNs)).toBeLessThanOrEqual(HOUR_NS);
  });

  it('are as far ahead of UTC as the zone is, half hours too', () => {
    expect(zoneOffsetNs('Asia/Kolkata', unixNs('2026-02-02T00:00:00Z'))).toBe(BigInt(5.5 * HOUR_NS));
    expect(zoneOffsetNs(NEW_YORK, unixNs('2026-07-02T00:00:00Z'))).toBe(BigInt(-4 * HOUR_NS));
  });
});
