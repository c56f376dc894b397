import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LISTED_BRANCHES,
  LISTED_RANGES,
  locateLoss,
  type LostNumbers,
  type LostRange,
  type ReceiverLoss,
} from '../../src/control/lossLocation.js';
import { locate, type LocatedNumbers } from '../oracle/lossLocation.js';

const FIRST = 2 ** 40;
const cause = fc.constantFrom<LostRange['cause']>('network', 'network', 'socket_buffer', 'application', 'mixed');

/** Disjoint ranges: a step to the next one, and its length. */
const receiver = fc
  .record({
    from: fc.nat(30),
    length: fc.nat(60),
    steps: fc.array(fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 8 }), cause), { maxLength: 12 }),
    isCut: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    seed: fc.nat(),
  })
  .map(({ from, length, steps, isCut, seed }): ReceiverLoss => {
    let at = FIRST;
    const ranges = steps.map(([gap, count, why]) => {
      const first = at + gap;
      at = first + count;
      return { from: first, to: at, cause: why };
    });
    // In any order.
    const turned = ranges.length === 0 ? [] : ranges.map((_, i) => ranges[(i * 7 + seed) % ranges.length]!);
    const isWhole = new Set(turned).size === ranges.length;
    return { from: FIRST + from, to: FIRST + from + length, ranges: isWhole ? turned : ranges, isCut };
  });
const notSent = fc.array(
  fc
    .tuple(fc.nat(90), fc.integer({ min: 1, max: 10 }))
    .map(([at, count]): [number, number] => [FIRST + at, FIRST + at + count]),
  { maxLength: 4 },
);

function expectNumbers(made: LostNumbers, { sure, unsure }: LocatedNumbers): void {
  expect([made.numbers, made.unsure]).toEqual([sure.length, unsure.length]);
  const listed = made.ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
  const all = [...sure, ...unsure].toSorted((a, b) => a - b);
  expect(listed).toEqual(all.slice(0, listed.length));
  expect(made.isListCut || listed.length === all.length).toBe(true);
}

describe('where losses were', () => {
  it('is what sets of numbers say', () => {
    fc.assert(
      fc.property(fc.array(receiver, { minLength: 1, maxLength: 6 }), notSent, (receivers, never) => {
        const truth = locate(receivers, never);
        const made = locateLoss(receivers, never);
        expectNumbers(made.common, truth.common);
        expectNumbers(made.alone, truth.alone);
        for (const [i, one] of made.single.entries()) expectNumbers(one, truth.single[i]!);
        expect(made.hosts).toEqual(truth.hosts);
        expect(made.branches.length + made.otherBranches.branches).toBe(truth.branches.size);
        expect(made.branches.length).toBe(Math.min(LISTED_BRANCHES, truth.branches.size));
        for (const one of made.branches) expectNumbers(one, truth.branches.get(one.receivers.join(','))!);
        const sizes = made.branches.map(({ numbers, unsure }) => numbers + unsure);
        expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
        const rest = [...truth.branches]
          .filter(([key]) => !made.branches.some(({ receivers: those }) => those.join(',') === key))
          .map(([, numbers]) => numbers);
        expect(made.otherBranches.numbers).toBe(rest.reduce((sum, { sure }) => sum + sure.length, 0));
        expect(made.otherBranches.unsure).toBe(rest.reduce((sum, { unsure }) => sum + unsure.length, 0));
        const places = [truth.common, truth.alone, ...truth.single, ...truth.branches.values()];
        const isClear = places.every(({ unsure }) => unsure.length === 0);
        expect(made.isComplete).toBe(isClear && !receivers.some(({ isCut }) => isCut));
      }),
      { numRuns: 1000 },
    );
  });

  it('adds up, whatever receivers tell', () => {
    const wild = fc.oneof(fc.double(), fc.integer({ min: -50, max: 200 }), fc.constantFrom(NaN, Infinity, 2 ** 60));
    const told = fc.record({
      from: wild,
      to: wild,
      ranges: fc.array(fc.record({ from: wild, to: wild, cause }), { maxLength: 20 }),
      isCut: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(told, { maxLength: 5 }),
        fc.array(fc.tuple(wild, wild), { maxLength: 3 }),
        (receivers, never) => {
          const made = locateLoss(receivers, never);
          for (const { numbers, unsure, ranges } of [made.common, made.alone, ...made.single, ...made.branches]) {
            expect(numbers).toBeGreaterThanOrEqual(0);
            expect(ranges.length).toBeLessThanOrEqual(LISTED_RANGES);
            expect(ranges.reduce((sum, [from, to]) => sum + to - from, 0)).toBe(numbers + unsure);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
