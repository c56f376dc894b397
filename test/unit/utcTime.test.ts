import { describe, expect, it } from 'vitest';
import { ManualClock, type Clock } from '../../src/core/time.js';
import { Housekeeping } from '../../src/runtime/housekeeping.js';
import { intervalTime, nextUtcMultiple, realMinusMonoNs } from '../../src/runtime/utcTime.js';

/** A clock whose reader is interrupted for a while between its first readings. */
function interrupted(inner: ManualClock, forNs: number): Clock {
  let left = 2;
  return {
    epoch: inner.epoch,
    monoNs: () => inner.monoNs(),
    realNs: () => {
      const now = inner.realNs();
      if (left-- > 0) inner.advance(forNs);
      return now;
    },
  };
}

describe('intervals in UTC', () => {
  const epochNs = 1_700_000_000_300_000_000n;

  it('begin at the next whole multiple', () => {
    const clock = new ManualClock(epochNs);
    clock.advance(50e6);
    expect(nextUtcMultiple(clock, 1e9)).toBe(700e6);
    expect(nextUtcMultiple(clock, 10e9)).toBe(9.7e9);
  });

  it('are named by their boundary, whatever reading the clocks took', () => {
    const clock = interrupted(new ManualClock(epochNs), 60e6);
    expect(realMinusMonoNs(clock)).toBe(0);
    expect(intervalTime(new ManualClock(epochNs), 700e6 + 4321, 1e9)).toBe('2023-11-14T22:13:21.000000000Z');
    expect(intervalTime(new ManualClock(epochNs), 700e6 - 4321, 1e9)).toBe('2023-11-14T22:13:21.000000000Z');
  });

  it('that end elsewhere, or after a step of the clock, are named by their time', () => {
    const clock = new ManualClock(epochNs);
    expect(intervalTime(clock, 812_345_678, 1e9)).toBe('2023-11-14T22:13:21.112345678Z');
    clock.step(250e6);
    expect(intervalTime(clock, 700e6, 1e9)).toBe('2023-11-14T22:13:21.250000000Z');
  });
});

describe('housekeeping', () => {
  it('says which time was due, the latest when several have passed', () => {
    const seen: [now: number, due: number][] = [];
    const once: number[] = [];
    const housekeeping = new Housekeeping(
      [
        { firstMonoNs: 100, periodNs: 10, run: (now, due) => void seen.push([now, due]) },
        { firstMonoNs: 105, periodNs: Infinity, run: (_, due) => void once.push(due) },
      ],
      [],
    );
    for (const now of [99, 100, 104, 111, 145, 149, 150]) housekeeping.doWork(now);
    expect(seen).toEqual([
      [100, 100],
      [111, 110],
      [145, 140],
      [150, 150],
    ]);
    expect(once).toEqual([105]);
    expect(housekeeping.nextDueNs()).toBe(160);
  });

  it('goes on at once with what is not finished, and keeps its period', () => {
    const seen: [now: number, due: number][] = [];
    const run = (now: number, due: number): boolean => seen.push([now, due]) % 3 !== 0;
    const housekeeping = new Housekeeping([{ firstMonoNs: 100, periodNs: 10, run }], []);
    housekeeping.doWork(100);
    expect(housekeeping.nextDueNs()).toBe(100);
    housekeeping.doWork(102);
    housekeeping.doWork(104);
    expect(housekeeping.nextDueNs()).toBe(110);
    housekeeping.doWork(106);
    housekeeping.doWork(111);
    expect(seen).toEqual([
      [100, 100],
      [102, 100],
      [104, 100],
      [111, 110],
    ]);
    expect(housekeeping.nextDueNs()).toBe(110);
  });
});
