import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockOffset } from '../../src/control/clockOffset.js';
import { offsetBand } from '../../src/control/offsetBand.js';
import { OffsetWindows } from '../../src/control/offsetWindows.js';
import { Random } from '../../src/core/random.js';
import { bandOf, type Bound } from '../oracle/offsetBand.js';

const WIDTH_NS = 1_000_000;
const UNIT_NS = 1000;

const exchanges = fc.array(
  fc.record({
    atNs: fc.integer({ min: 0, max: 60_000 }).map((units) => units * UNIT_NS),
    roundTripNs: fc.integer({ min: 0, max: 500 }).map((units) => units * UNIT_NS),
    above: fc.integer({ min: 0, max: 400 }),
    below: fc.integer({ min: 0, max: 400 }),
  }),
  { minLength: 1, maxLength: 14 },
);
const limits = fc.constantFrom(
  { slope: 5e-7, wander: 0 },
  { slope: 5e-5, wander: 0 },
  { slope: 5e-5, wander: 1e-13 },
  { slope: 5e-7, wander: 1e-12 },
);

describe('the band of offsets', () => {
  it('is that of all lines that keep all bounds', () => {
    fc.assert(
      fc.property(exchanges, limits, fc.integer({ min: -20_000, max: 80_000 }), (heard, limit, atUnits) => {
        const atNs = atUnits * UNIT_NS;
        const windows = new OffsetWindows(64, WIDTH_NS);
        // One exchange a window, so that none is left out.
        const apart = heard.filter(
          (one, i) => heard.findIndex((x) => Math.floor(x.atNs / WIDTH_NS) === Math.floor(one.atNs / WIDTH_NS)) === i,
        );
        const bounds: Bound[] = [];
        for (const { atNs: t, roundTripNs, above, below } of apart) {
          windows.add(t, above, t + roundTripNs, -below, 0);
          bounds.push({ kind: 'above', atNs: t, value: above });
          bounds.push({ kind: 'below', atNs: t + roundTripNs, value: -below });
        }
        const band = offsetBand(windows, atNs, limit);
        const truth = bandOf(bounds, atNs, limit.slope, limit.wander);
        // Bounds may touch each other but for rounding, and what that leaves open grows with the distance.
        const loose = bounds.map((one) => ({ ...one, value: one.value + (one.kind === 'above' ? 2e-4 : -2e-4) }));
        const widest = bandOf(loose, atNs, limit.slope, limit.wander);
        if (truth !== null) {
          expect(band.misfit).toBe(0);
          expect(band.low).toBeLessThan(truth.low + 1e-3);
          expect(band.high).toBeGreaterThan(truth.high - 1e-3);
          expect(band.slopeLow).toBeLessThan(truth.slopeLow + 1e-12);
          expect(band.slopeHigh).toBeGreaterThan(truth.slopeHigh - 1e-12);
        }
        if (widest === null) {
          expect(band.misfit).toBeGreaterThan(0);
          return;
        }
        if (band.misfit > 0) return;
        expect(band.low).toBeGreaterThan(widest.low - 1e-3);
        expect(band.high).toBeLessThan(widest.high + 1e-3);
        expect(band.slopeLow).toBeGreaterThan(widest.slopeLow - 1e-12);
        expect(band.slopeHigh).toBeLessThan(widest.slopeHigh + 1e-12);
        expect(band.middle).toBeGreaterThanOrEqual(band.low - 1e-3);
        expect(band.middle).toBeLessThanOrEqual(band.high + 1e-3);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the windows', () => {
  it('keep bounds that were told, in order of time, whatever comes in which order', () => {
    fc.assert(
      fc.property(exchanges, fc.integer({ min: 1, max: 6 }), fc.constantFrom(0, 1e-5, -2e-4), (heard, room, slope) => {
        const windows = new OffsetWindows(room, WIDTH_NS);
        for (const { atNs, roundTripNs, above, below } of heard) {
          windows.add(atNs, above, atNs + roundTripNs, -below, slope);
        }
        expect(windows.length).toBeLessThanOrEqual(room);
        expect(windows.length).toBeGreaterThan(0);
        const { upper, upperAtNs, lower, lowerAtNs, length } = windows;
        for (let i = 0; i < length; i++) {
          expect(heard.some(({ atNs, above }) => atNs === upperAtNs[i] && above === upper[i])).toBe(true);
          const isTold = heard.some((one) => one.atNs + one.roundTripNs === lowerAtNs[i] && one.below === -lower[i]!);
          expect(isTold).toBe(true);
          if (i > 0) expect(upperAtNs[i]!).toBeGreaterThan(upperAtNs[i - 1]!);
        }
        // The tightest of all are never given up.
        const least = Math.min(...heard.map(({ atNs, above }) => above - slope * atNs));
        const kept = Array.from({ length }, (_, i) => upper[i]! - slope * upperAtNs[i]!);
        expect(Math.min(...kept)).toBe(least);
        const greatest = Math.max(...heard.map((one) => -one.below - slope * (one.atNs + one.roundTripNs)));
        const keptLow = Array.from({ length }, (_, i) => lower[i]! - slope * lowerAtNs[i]!);
        expect(Math.max(...keptLow)).toBe(greatest);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the estimate', () => {
  it('takes any numbers, and says something finite or nothing', () => {
    const wild = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.constantFrom(NaN, Infinity, -Infinity, 0, 2 ** 53, -(2 ** 53), 1e300, -1e300),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(wild, wild, wild, wild), { maxLength: 40 }), fc.integer(), (heard, timeNs) => {
        const clock = new ClockOffset();
        for (const times of heard) clock.add(...times);
        const estimate = clock.estimateAt(timeNs);
        expect(clock.refused).toBeLessThanOrEqual(heard.length);
        if (estimate === null) return;
        expect(estimate.exchanges).toBeGreaterThan(0);
        expect(Object.values(estimate).filter((figure) => !Number.isFinite(figure))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('holds whatever delays there were, as long as the clocks only drift', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: -499, max: 499 }),
        (seed, count, ppm) => {
          const random = new Random(seed);
          const start = (random.unit() - 0.5) * 1e9;
          const offset = (ns: number): number => start + (ppm / 1e6) * ns;
          const clock = new ClockOffset();
          let t1 = 0;
          for (let i = 0; i < count; i++) {
            t1 += random.exponential(10 ** (5 + 5 * random.unit()));
            const t2 = t1 + random.unit() ** 4 * 1e7;
            const t3 = t2 + random.unit() * 1e6;
            const t4 = t3 + random.unit() ** 4 * 1e7;
            clock.add(t1, t2 + offset(t2), t3 + offset(t3), t4);
          }
          expect([clock.refused, clock.restarts, clock.steps.length]).toEqual([0, 0, 0]);
          for (let i = 0; i < 20; i++) {
            const timeNs = (1.4 * random.unit() - 0.2) * t1;
            const { offsetNs, uncertaintyNs, driftPpm, driftUncertaintyPpm } = clock.estimateAt(timeNs)!;
            expect(Math.abs(offsetNs - offset(timeNs))).toBeLessThanOrEqual(uncertaintyNs);
            expect(Math.abs(driftPpm - ppm)).toBeLessThanOrEqual(driftUncertaintyPpm + 1e-6);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
