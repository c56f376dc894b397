import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { Arbiter, Verdict, type Leg } from '../../src/repair/arbiter.js';
import { arbitrate, type Offer } from '../oracle/arbiter.js';

const VERDICTS = {
  [Verdict.New]: 'new',
  [Verdict.PartlyNew]: 'partly',
  [Verdict.Duplicate]: 'duplicate',
  [Verdict.Late]: 'late',
};

interface Traffic {
  readonly numbers: number;
  readonly longestSpan: number;
  readonly loss: number;
  readonly duplication: number;
  readonly jitterNs: number;
  readonly jump: number;
  readonly first: number;
  readonly seed: number;
}

const traffic = fc.record<Traffic>({
  numbers: fc.integer({ min: 1, max: 60 }),
  longestSpan: fc.constantFrom(1, 1, 3, 20),
  loss: fc.constantFrom(0, 0.1, 0.4),
  duplication: fc.constantFrom(0, 0.2),
  jitterNs: fc.constantFrom(0, 15, 100, 500),
  jump: fc.constantFrom(0, 0, 5, 40),
  first: fc.constantFrom(-3, 0, 2 ** 32 - 20, 2 ** 45),
  seed: fc.nat(),
});

/** The same numbers on both legs, cut into other ranges on each, in order of arrival. */
function offersOf({ numbers, longestSpan, loss, duplication, jitterNs, jump, first, seed }: Traffic): Offer[] {
  const random = new Random(seed);
  const offers: Offer[] = [];
  for (const leg of [0, 1] as const) {
    let sequence = first;
    let at = 0;
    while (at < numbers) {
      const span = Math.min(numbers - at, 1 + random.below(longestSpan));
      if (at <= numbers / 2 && at + span > numbers / 2) sequence += jump;
      for (let copies = random.unit() < duplication ? 2 : 1; copies > 0; copies--) {
        const timeNs = 10 * at + leg * 4 + random.below(jitterNs + 1);
        if (random.unit() >= loss) offers.push({ leg, sequence, span, timeNs });
      }
      sequence += span;
      at += span;
    }
  }
  return offers.toSorted((a, b) => a.timeNs - b.timeNs);
}

describe('arbitration against its definition', () => {
  it.each([
    [64, 1e9],
    [8, 1e9],
    [1, 1e9],
    [64, 60],
    [16, 100],
    [4, 0],
  ])('a window of %d numbers and %d ns', (windowPackets, windowNs) => {
    fc.assert(
      fc.property(traffic, (one) => {
        const offers = offersOf(one);
        fc.pre(offers.length > 0);
        const truth = arbitrate(offers, windowPackets, windowNs);
        const arbiter = new Arbiter({ windowPackets, windowNs, skewCapacity: 1000 });
        const first = offers[0]!.sequence;
        let high = -Infinity;
        const verdicts = offers.map(({ leg, sequence, span, timeNs }) => {
          const verdict = arbiter.offer(leg as Leg, sequence, span, timeNs);
          high = Math.max(high, sequence + span);
          expect(arbiter.decided + arbiter.open).toBe(high - first);
          expect(arbiter.open).toBeLessThanOrEqual(windowPackets);
          return VERDICTS[verdict];
        });
        expect(verdicts).toEqual(truth.verdicts);
        arbiter.close();
        expect(arbiter.open).toBe(0);
        const { onlyA, onlyB, both, neither, legs } = arbiter;
        expect({ onlyA, onlyB, both, neither, legs }).toEqual({
          onlyA: truth.onlyA,
          onlyB: truth.onlyB,
          both: truth.both,
          neither: truth.neither,
          legs: truth.legs,
        });
        expect(onlyA + onlyB + both + neither).toBe(high - first);
        expect(legs[0].received).toBe(onlyA + both);
        expect(legs[1].received).toBe(onlyB + both);
        expect(legs[0].wins + legs[1].wins).toBe(onlyA + onlyB + both);
        expect([...arbiter.skewNs.subarray(0, arbiter.skews)]).toEqual(truth.skewsNs);
        expect(arbiter.skews).toBe(both);
      }),
      { numRuns: 500 },
    );
  });
});
