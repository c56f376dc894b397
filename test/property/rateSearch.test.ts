import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BinaryRateSearch } from '../../src/control/binaryRateSearch.js';
import { ContinuousRateSearch } from '../../src/control/continuousRateSearch.js';
import { RateBracket } from '../../src/control/rateBracket.js';
import type { StepObservation } from '../../src/control/rateJudgement.js';
import type { RateSearch, RateSearchOptions } from '../../src/control/rateSearch.js';
import { RateTable, rowsIn } from '../../src/control/rateTable.js';
import { Random } from '../../src/core/random.js';

const LOWEST = 1e6;

describe('the bracket', () => {
  it('ends with the highest rate that holds, in few trials, whatever trials deliver', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 2000, noNaN: true }),
        fc.double({ min: 1, max: 1000, noNaN: true }),
        fc.constantFrom(0.01, 0.02, 0.1),
        fc.nat(),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (limitShare, span, resolutionShare, seed, error) => {
          const table = new RateTable(LOWEST, LOWEST * span);
          const limit = LOWEST * limitShare;
          const resolutionRows = rowsIn(resolutionShare);
          const random = new Random(seed);
          const bracket = new RateBracket(table, {
            startRow: random.below(table.length),
            rampRows: 144,
            resolutionRows,
            confirmations: 2,
            refutations: 2,
          });
          let trials = 0;
          for (let next = bracket.next(); next !== null; next = bracket.next()) {
            trials++;
            // Estimates may be anything, but mostly are near.
            const told = random.unit() < 0.2 ? null : limit * (1 + error * (random.unit() - 0.5));
            bracket.vote(next, table.rate(next.row) <= limit, told);
            expect(trials).toBeLessThan(80);
          }
          const best = table.rowAtMost(limit);
          const { holding, failing } = bracket;
          expect(bracket.isConfirmed).toBe(true);
          expect(holding).toBeLessThanOrEqual(best);
          expect(failing).toBeGreaterThan(best);
          if (best < 0) expect(failing).toBe(0);
          else if (best === table.length - 1) expect(holding).toBe(best);
          else expect(failing - holding).toBeLessThanOrEqual(resolutionRows);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('forgives one trial that went wrong', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 400 }), fc.nat(20), (limitShare, wrong) => {
        const table = new RateTable(LOWEST, LOWEST * 1000);
        const limit = LOWEST * limitShare;
        const options = { startRow: 200, rampRows: 144, resolutionRows: 1, confirmations: 2, refutations: 2 };
        const bracket = new RateBracket(table, options);
        let trials = 0;
        for (let next = bracket.next(); next !== null && trials < 200; next = bracket.next()) {
          // A failure by chance: something else took the link for a moment.
          const held = table.rate(next.row) <= limit && trials++ !== wrong;
          bracket.vote(next, held, held ? null : Math.min(limit, table.rate(next.row)));
        }
        expect(bracket.holding).toBe(table.rowAtMost(limit));
      }),
      { numRuns: 300 },
    );
  });
});

const METHODS: readonly ((options: RateSearchOptions) => RateSearch)[] = [
  (options) => new BinaryRateSearch(options),
  (options) => new ContinuousRateSearch(options),
];

describe('a search', () => {
  it('ends in its time whatever receivers tell', () => {
    const wild = fc.oneof(fc.double(), fc.integer({ min: -10, max: 2000 }), fc.constantFrom(NaN, Infinity, -Infinity));
    const told = fc.record({
      receiver: fc.constantFrom('a', 'b', 'x'),
      received: wild,
      lostSocketBuffer: wild,
      lostApplication: wild,
      delayRiseNs: fc.option(wild),
      readDelayNs: fc.option(wild),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...METHODS),
        fc.array(fc.array(told, { maxLength: 3 }), { minLength: 1, maxLength: 30 }),
        fc.constantFrom(0, 1, 2, 40),
        fc.constantFrom(1, 2),
        (make, answers, lag, quorum) => {
          const limitNs = 12e9;
          const search = make({
            lowestBitPerSecond: LOWEST,
            highestBitPerSecond: 1e9,
            receivers: ['a', 'b'],
            quorum,
            maxLossShare: 0.01,
            limitNs,
          });
          const waiting: StepObservation[] = [];
          let steps = 0;
          let next = search.next();
          for (; next.kind === 'step'; next = search.next()) {
            expect(next.rateBitPerSecond).toBeGreaterThanOrEqual(LOWEST);
            expect(next.rateBitPerSecond).toBeLessThanOrEqual(1e9);
            expect(next.durationNs).toBeGreaterThan(0);
            expect(steps).toBeLessThan(1000);
            const receivers = answers[steps++ % answers.length]!;
            waiting.push({ step: next.index, sent: 1000, notSent: steps % 7, senderDelayRiseNs: null, receivers });
            // Trials are waited for.
            if (next.settleNs > 0 || waiting.length > lag) search.report(waiting.shift()!);
          }
          expect(next.elapsedNs).toBeLessThanOrEqual(limitNs);
          expect(next.rateBitPerSecond === 0 || next.rateBitPerSecond >= LOWEST).toBe(true);
          JSON.stringify(next, (_, value: unknown) => {
            if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
            return value;
          });
          if (next.failingBitPerSecond !== null)
            expect(next.failingBitPerSecond).toBeGreaterThan(next.rateBitPerSecond);
        },
      ),
      { numRuns: 500 },
    );
  });
});
