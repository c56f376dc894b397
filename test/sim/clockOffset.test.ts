import { describe, expect, it } from 'vitest';
import { ClockOffset } from '../../src/control/clockOffset.js';
import { Random } from '../../src/core/random.js';
import { exchangesOf, PATHS, type ExchangePlan, type Times } from './clockExchanges.js';

const SECOND = 1e9;
const PLANS: Readonly<Record<string, ExchangePlan>> = {
  'five a second for a minute': { durationNs: 60 * SECOND, everyNs: 0.2 * SECOND, answerNs: 20_000 },
  'one in five seconds for ten minutes': { durationNs: 600 * SECOND, everyNs: 5 * SECOND, answerNs: 20_000 },
  'answers that wait for the next report': { durationNs: 120 * SECOND, everyNs: SECOND, answerNs: 4 * SECOND },
  'ten at the start and no more': { durationNs: 2 * SECOND, everyNs: 0.2 * SECOND, answerNs: 20_000 },
};

type Offset = (ns: number) => number;

function clockOf(times: readonly Times[]): ClockOffset {
  const clock = new ClockOffset();
  for (const one of times) clock.add(...one);
  return clock;
}

/** By how much of its uncertainty the estimate is off; more than 1: it is wrong. */
function excess(clock: ClockOffset, offset: Offset, timeNs: number): number {
  const { offsetNs, uncertaintyNs } = clock.estimateAt(timeNs)!;
  return Math.abs(offsetNs - offset(timeNs)) / uncertaintyNs;
}

function linear(random: Random): Offset {
  const start = (random.unit() - 0.5) * 4e9;
  const drift = (random.unit() - 0.5) * 400e-6;
  return (ns) => start + drift * ns;
}

const cases = Object.keys(PATHS).flatMap((path) => Object.keys(PLANS).map((plan) => [path, plan] as const));

describe('offset and drift are within their stated uncertainty in 100 of 100 runs', () => {
  it.each(cases)('%s, %s', (path, plan) => {
    const runs: boolean[] = [];
    const looseness: number[] = [];
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed);
      const offset = linear(random);
      const times = exchangesOf(PATHS[path]!(random), PLANS[plan]!, offset, random);
      const clock = new ClockOffset();
      let isRight = true;
      for (const [i, one] of times.entries()) {
        clock.add(...one);
        // As it is known meanwhile.
        if (i % 20 === 0) isRight &&= excess(clock, offset, one[3]) <= 1;
      }
      const { durationNs } = PLANS[plan]!;
      for (let share = -0.25; share <= 1.5; share += 0.125) isRight &&= excess(clock, offset, share * durationNs) <= 1;
      const middle = clock.estimateAt(durationNs / 2)!;
      const driftPpm = (offset(SECOND) - offset(0)) / 1000;
      isRight &&= Math.abs(middle.driftPpm - driftPpm) <= middle.driftUncertaintyPpm;
      isRight &&= middle.exchanges === times.length && clock.restarts === 0;
      runs.push(isRight);
      looseness.push(middle.uncertaintyNs / (middle.minimumRoundTripNs / 2));
    }
    expect(runs.filter(Boolean).length).toBe(100);
    // And no looser than the asymmetry that half of the least round trip allows, but where the paths are extreme.
    const isExtreme = path === 'all the way in one direction';
    if (!isExtreme) expect(looseness.toSorted((a, b) => a - b)[50]!).toBeLessThan(1.2);
  });
});

describe('one-way delay', () => {
  it('corrected is within the uncertainty of the truth, where the clocks are a second apart', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed);
      const offset = linear(random);
      const path = PATHS['queues on both ways']!(random);
      const clock = clockOf(exchangesOf(path, PLANS['five a second for a minute']!, offset, random));
      for (let i = 0; i < 20; i++) {
        const sentNs = random.unit() * 60 * SECOND;
        const receivedNs = sentNs + path.forwardNs(sentNs, random);
        const { offsetNs, uncertaintyNs } = clock.estimateAt(sentNs)!;
        const delayNs = receivedNs + offset(receivedNs) - sentNs - offsetNs;
        // The drift during the delay itself is B's own unit of time.
        expect(Math.abs(delayNs - (receivedNs - sentNs))).toBeLessThanOrEqual(uncertaintyNs + 0.001 * delayNs);
      }
    }
  });
});

describe('a clock that steps', () => {
  const noticeable = Object.keys(PATHS).flatMap((path) => [30e6, -3.6e12].map((sizeNs) => [path, sizeNs] as const));

  it.each(noticeable)('%s: by %d ns', (path, sizeNs) => {
    const plan = PLANS['five a second for a minute']!;
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const before = linear(random);
      const atNs = (10 + 40 * random.unit()) * SECOND;
      const offset: Offset = (ns) => before(ns) + (ns >= atNs ? sizeNs : 0);
      const clock = clockOf(exchangesOf(PATHS[path]!(random), plan, offset, random));
      expect(clock.steps.length).toBe(1);
      expect(clock.restarts).toBe(1);
      const step = clock.steps[0]!;
      expect(step.afterNs).toBeLessThanOrEqual(atNs);
      // Within the way that the first one behind it went.
      expect(step.byNs).toBeGreaterThan(atNs - 60e6);
      expect(step.byNs - step.afterNs).toBeLessThan(3 * SECOND);
      expect(Math.abs(step.sizeNs - sizeNs)).toBeLessThanOrEqual(step.uncertaintyNs);
      for (let t = 0; t <= 60; t += 5) expect(excess(clock, offset, t * SECOND)).toBeLessThanOrEqual(1);
      for (let t = -2; t <= 2; t += 0.2) expect(excess(clock, offset, atNs + t * SECOND)).toBeLessThanOrEqual(1);
      expect(clock.estimateAt(60 * SECOND)!.exchanges).toBeLessThan(300);
    }
  });

  it("A's, backwards: what it showed twice is answered with the newest", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const before = linear(random);
      const path = PATHS['queues on both ways']!(random);
      const plan = PLANS['five a second for a minute']!;
      const times = exchangesOf(path, plan, before, random);
      // From the 150th exchange on A shows ten seconds less.
      const stepped = times.map(([t1, t2, t3, t4], i): Times =>
        i < 150 ? [t1, t2, t3, t4] : [t1 - 1e10, t2, t3, t4 - 1e10],
      );
      const clock = clockOf(stepped);
      expect(clock.steps.length).toBe(1);
      const offset: Offset = (ns) => before(ns + 1e10) + 1e10;
      const { byNs, sizeNs, uncertaintyNs } = clock.steps[0]!;
      expect(Math.abs(sizeNs - (offset(byNs) - before(byNs)))).toBeLessThanOrEqual(uncertaintyNs);
      expect(excess(clock, before, 10 * SECOND)).toBeLessThanOrEqual(1);
      for (let t = 25; t <= 50; t++) expect(excess(clock, offset, t * SECOND)).toBeLessThanOrEqual(1);
    }
  });

  it('again and again', () => {
    const random = new Random(7);
    const offset: Offset = (ns) => Math.floor(ns / (20 * SECOND)) ** 2 * 50e6;
    const path = PATHS['queues on both ways']!(random);
    const plan = { durationNs: 2000 * SECOND, everyNs: SECOND, answerNs: 0 };
    const clock = clockOf(exchangesOf(path, plan, offset, random));
    expect([clock.restarts, clock.steps.length]).toEqual([99, 64]);
    expect(excess(clock, offset, 1990 * SECOND)).toBeLessThanOrEqual(1);
    expect(excess(clock, offset, 1870 * SECOND)).toBeLessThanOrEqual(1);
    // Of so many only the last spans are remembered.
    expect(clock.estimateAt(1000 * SECOND)).toBeNull();
  });

  it('takes neither a lie nor answers that overtook each other for a step', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const offset = linear(random);
      const path = PATHS['queues on both ways']!(random);
      const times = exchangesOf(path, PLANS['five a second for a minute']!, offset, random);
      const clock = new ClockOffset();
      let lies = 0;
      for (let i = 0; i < times.length; i++) {
        const [t1, t2, t3, t4] = times[i]!;
        if (i > 20 && i % 10 === 0) {
          const lie = (random.unit() - 0.5) * 1e10;
          clock.add(t1, t2 + lie, t3 + lie, t4);
          lies++;
        } else {
          clock.add(t1, t2, t3, t4);
        }
        if (i > 20 && i % 7 === 0) clock.add(...times[i - 1 - random.below(12)]!);
      }
      expect([clock.steps.length, clock.restarts]).toEqual([0, 0]);
      expect(clock.refused).toBeGreaterThanOrEqual(lies - 1);
      for (let t = 0; t <= 60; t++) expect(excess(clock, offset, t * SECOND)).toBeLessThanOrEqual(1);
    }
  });
});

describe('a clock that does not drift evenly', () => {
  it('wanders: the estimate holds', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed);
      const even = linear(random);
      // As fast as is allowed for, over minutes: 0.002 ppm/s.
      const periodNs = (60 + 600 * random.unit()) * SECOND;
      const amplitude = (0.002e-6 / SECOND) * (periodNs / (2 * Math.PI)) ** 2;
      const offset: Offset = (ns) => even(ns) + amplitude * Math.sin((2 * Math.PI * ns) / periodNs);
      const path = PATHS['exchanges lost in bursts']!(random);
      const plan = { durationNs: 1200 * SECOND, everyNs: SECOND, answerNs: 0 };
      const clock = clockOf(exchangesOf(path, plan, offset, random));
      expect(clock.restarts).toBe(0);
      for (let t = 0; t <= 1300; t += 25) expect(excess(clock, offset, t * SECOND)).toBeLessThanOrEqual(1);
    }
  });

  it('is slewed: the estimate begins anew, which is no step', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const even = linear(random);
      // 20 ms at 200 ppm, as a time daemon corrects.
      const offset: Offset = (ns) => even(ns) + Math.min(20e6, Math.max(0, ns - 100 * SECOND) * 200e-6);
      const path = PATHS['exchanges lost in bursts']!(random);
      const plan = { durationNs: 400 * SECOND, everyNs: SECOND, answerNs: 0 };
      const clock = clockOf(exchangesOf(path, plan, offset, random));
      expect(clock.restarts).toBeGreaterThan(0);
      expect(clock.steps.length).toBe(0);
      for (const t of [50, 80, 300, 390]) expect(excess(clock, offset, t * SECOND)).toBeLessThanOrEqual(1);
    }
  });

  it('keeps its accuracy over a day, and over an hour without a word', () => {
    const random = new Random(3);
    const offset = linear(random);
    const path = PATHS['queues on both ways']!(random);
    const day = 86_400;
    const plan = { durationNs: day * SECOND, everyNs: 5 * SECOND, answerNs: 0 };
    const times = exchangesOf(path, plan, offset, random).filter(([t1]) => t1 < 40_000e9 || t1 > 43_600e9);
    const clock = clockOf(times);
    expect(clock.restarts).toBe(0);
    for (let t = 0; t <= day; t += 600) {
      const estimate = clock.estimateAt(t * SECOND)!;
      expect(excess(clock, offset, t * SECOND)).toBeLessThanOrEqual(1);
      // At the ends, and where nothing was heard, one window of time is looked beyond.
      const isAmid = (t > 1200 && t < 38_800) || (t > 44_800 && t < day - 1200);
      expect(estimate.uncertaintyNs / estimate.minimumRoundTripNs).toBeLessThan(isAmid ? 0.8 : 8);
    }
  });
});
