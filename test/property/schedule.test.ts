import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DueSlots, type Pattern, Schedule } from '../../src/feed/schedule.js';

function slots(count: number): DueSlots {
  return { dueMonoNs: new Float64Array(count), flow: new Uint32Array(count) };
}

function times(schedule: Schedule, count: number): number[] {
  const due = slots(count);
  schedule.untilNs = Number.MAX_SAFE_INTEGER;
  const made = schedule.takeRun(due, 0, count);
  return [...due.dueMonoNs.subarray(0, made)];
}

/** round(start + k x 1e9 / (pps x 1e-3)) in exact arithmetic; `milliPps` is the rate in datagrams per 1000 s. */
function exactDueNs(startNs: number, k: number, milliPps: number): number {
  const numerator = BigInt(k) * 1_000_000_000_000n;
  return startNs + Number((2n * numerator + BigInt(milliPps)) / (2n * BigInt(milliPps)));
}

const patterns: fc.Arbitrary<Pattern> = fc.oneof(
  fc.constant<Pattern>({ kind: 'cbr' }),
  fc.constant<Pattern>({ kind: 'poisson' }),
  fc.record({
    kind: fc.constant('burst' as const),
    datagrams: fc.integer({ min: 1, max: 20 }),
    periodNs: fc.integer({ min: 1, max: 1e9 }),
  }),
);

describe('constant rate', () => {
  test('no drift: datagram 10^9 is due within 1 ns of the exact rational', () => {
    for (const pps of [665, 39_062.5, 60_000, 333_333.333, 1e6, 1_953_125]) {
      const schedule = new Schedule({ kind: 'cbr' }, pps, 12_345, 1);
      const milliPps = Math.round(pps * 1000);
      for (const k of [0, 1, 2, 999, 1e6 + 1, 123_456_789, 999_999_999, 1e9]) {
        const exact = exactDueNs(12_345, k, milliPps);
        schedule.skip(exact - 1);
        expect(schedule.index).toBe(k);
        expect(Math.abs(schedule.dueNs - exact)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('every one of the first datagrams is within 1 ns of the exact rational, at any rate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2e9 }), fc.integer({ min: 0, max: 1e15 }), (milliPps, startNs) => {
        const due = times(new Schedule({ kind: 'cbr' }, milliPps / 1000, startNs, 1), 200);
        due.forEach((ns, k) => expect(Math.abs(ns - exactDueNs(startNs, k, milliPps))).toBeLessThanOrEqual(1));
      }),
    );
  });
});

describe('poisson', () => {
  test('mean and deviation of the gaps are those of an exponential distribution', () => {
    const due = times(new Schedule({ kind: 'poisson' }, 1000, 0, 42), 100_000);
    const gaps = due.slice(1).map((ns, i) => ns - due[i]!);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(due[0]).toBe(0);
    expect(Math.abs(mean / 1e6 - 1)).toBeLessThan(0.02);
    expect(Math.abs(Math.sqrt(variance) / 1e6 - 1)).toBeLessThan(0.03);
  });

  test('the seed alone decides', () => {
    const one = times(new Schedule({ kind: 'poisson' }, 1000, 0, 5), 100);
    expect(times(new Schedule({ kind: 'poisson' }, 1000, 0, 5), 100)).toEqual(one);
    expect(times(new Schedule({ kind: 'poisson' }, 1000, 0, 6), 100)).not.toEqual(one);
  });
});

test('a burst leaves at each multiple of its period', () => {
  const due = times(new Schedule({ kind: 'burst', datagrams: 3, periodNs: 1_000 }, 7, 50, 1), 8);
  expect(due).toEqual([50, 50, 50, 1_050, 1_050, 1_050, 2_050, 2_050]);
});

test('a rate of Infinity is due at the present, never before the start', () => {
  const schedule = new Schedule({ kind: 'cbr' }, Infinity, 1_000, 1);
  const due = slots(4);
  schedule.untilNs = 999;
  expect(schedule.takeRun(due, 0, 4)).toBe(0);
  schedule.untilNs = 1_500;
  expect(schedule.takeRun(due, 1, 4)).toBe(3);
  expect([...due.dueMonoNs]).toEqual([0, 1_500, 1_500, 1_500]);
  expect(schedule.skip(5_000)).toBe(0);
});

describe('every pattern', () => {
  test('takes what is due at or before the limit and before the end, in any portions', () => {
    fc.assert(
      fc.property(
        patterns,
        fc.integer({ min: 1, max: 1e6 }),
        fc.array(fc.record({ byNs: fc.integer({ min: 0, max: 1e9 }), room: fc.integer({ min: 0, max: 9 }) })),
        fc.integer({ min: 1, max: 1e9 }),
        (pattern, pps, steps, endNs) => {
          const whole = times(new Schedule(pattern, pps, 0, 3), 400);
          const schedule = new Schedule(pattern, pps, 0, 3);
          schedule.endNs = endNs;
          const { dueMonoNs: due, ...others } = slots(10);
          let index = 0;
          let untilNs = 0;
          for (const { byNs, room } of steps) {
            untilNs += byNs;
            schedule.untilNs = untilNs;
            const made = schedule.takeRun({ dueMonoNs: due, ...others }, 1, 1 + room);
            for (let i = 0; i < made; i++) {
              expect(due[1 + i]).toBe(whole[index]);
              expect(due[1 + i]! <= untilNs && due[1 + i]! < endNs).toBe(true);
              index++;
            }
            if (made < room) expect(whole[index]! > untilNs || whole[index]! >= endNs).toBe(true);
          }
        },
      ),
    );
  });

  test('a skip passes over exactly what is due earlier, and the rest keeps its times', () => {
    fc.assert(
      fc.property(
        patterns,
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 300, noNaN: true }),
        (pattern, pps, at) => {
          const whole = times(new Schedule(pattern, pps, 77, 3), 400);
          // Also exactly on a due time, which is not passed over.
          for (const untilNs of [whole[Math.floor(at)]!, whole[Math.floor(at)]! + 1]) {
            const schedule = new Schedule(pattern, pps, 77, 3);
            times(schedule, 5);
            const skipped = schedule.skip(untilNs);
            const passed = whole.slice(5).filter((ns) => ns < untilNs).length;
            expect(skipped).toBe(passed);
            expect(times(schedule, 20)).toEqual(whole.slice(5 + passed, 25 + passed));
          }
        },
      ),
    );
  });
});
