import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Recovery } from '../../src/control/recovery.js';
import type { RecoveryOptions } from '../../src/control/recoveryOptions.js';
import { RecoveryWitness } from '../oracle/recovery.js';

const NUMBERS = 60;
/** Below 0, and so high that integers of 32 bits do not do. */
const FIRST = [-20, 1, 2 ** 31 - 30, 2 ** 45];

const options = fc.record<RecoveryOptions>({
  ranges: fc.constantFrom(1, 2, 3, 5, 16, 200),
  listed: fc.constant(2000),
  delayNs: fc.constantFrom(0, 3, 20),
  timeoutNs: fc.constantFrom(10, 25),
  longestTimeoutNs: fc.constantFrom(25, 200),
  restNs: fc.constantFrom(0, 4, 10),
  tries: fc.constantFrom(1, 2, 5),
  servers: fc.constantFrom(1, 2, 3),
  outstandingRequests: fc.constantFrom(1, 2, 8),
  requestMessages: fc.constantFrom(1, 2, 4, 30, 65_535),
});

const range = { from: fc.nat(NUMBERS), length: fc.constantFrom(0, 1, 1, 2, 5, 20, NUMBERS) };
const step = fc.oneof(
  fc.record({ kind: fc.constant('missing' as const), ...range }),
  fc.record({ kind: fc.constant('arrived' as const), ...range }),
  fc.record({ kind: fc.constant('join' as const), from: fc.nat(NUMBERS) }),
  fc.record({ kind: fc.constant('reset' as const), chance: fc.nat(4) }),
  fc.record({ kind: fc.constant('wait' as const), ns: fc.constantFrom(0, 1, 5, 30) }),
  // Half of what was asked for comes: its beginning, its end, its middle, or all.
  fc.record({ kind: fc.constant('answer' as const), part: fc.nat(3), which: fc.nat(7) }),
);

type Run = [RecoveryOptions, number, (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[]];

const TIGHT: RecoveryOptions = {
  ranges: 1,
  listed: 2000,
  delayNs: 0,
  timeoutNs: 10,
  longestTimeoutNs: 25,
  restNs: 0,
  tries: 2,
  servers: 1,
  outstandingRequests: 1,
  requestMessages: 2,
};
const ALL = { kind: 'missing', from: 0, length: NUMBERS } as const;
const AT_ONCE = { kind: 'wait', ns: 0 } as const;
/** What random runs have found, each by itself a rare one. */
const FOUND_BEFORE: Run[] = [
  // What is given up with what lies above it, some of it as old as all tries.
  [
    { ...TIGHT, ranges: 16, delayNs: 20, tries: 5, outstandingRequests: 8, requestMessages: 1 },
    -20,
    [{ kind: 'missing', from: 2, length: 60 }, { kind: 'wait', ns: 1 }, ALL],
  ],
  // A line brought some of what was asked for: the next request is for no more than the first.
  [TIGHT, -20, [ALL, AT_ONCE, { kind: 'arrived', from: 0, length: 1 }, { kind: 'answer', part: 0, which: 0 }]],
  // Two parts are left of one request in vain.
  [
    { ...TIGHT, ranges: 3, requestMessages: 30 },
    -20,
    [ALL, AT_ONCE, { kind: 'arrived', from: 1, length: 5 }, { kind: 'wait', ns: 30 }],
  ],
];

test('whatever is missing and comes: what is asked for is missing, and all that does not come is given up', () => {
  const property = fc.property(
    options,
    fc.constantFrom(...FIRST),
    fc.array(step, { maxLength: 80 }),
    (recoveryOptions, first, steps) => {
      const recovery = new Recovery(recoveryOptions);
      const witness = new RecoveryWitness(recovery, recoveryOptions);
      let nowNs = 0;
      let asked: [number, number, number][] = [];
      for (const one of steps) {
        if (one.kind === 'missing') {
          witness.miss(first + one.from, first + one.from + one.length, nowNs);
        } else if (one.kind === 'arrived') {
          witness.arrive(first + one.from, first + one.from + one.length, nowNs, false);
        } else if (one.kind === 'join') {
          witness.join(first + one.from);
        } else if (one.kind === 'reset') {
          if (one.chance === 0) witness.reset();
        } else if (one.kind === 'wait') {
          nowNs += one.ns;
          asked = [...asked, ...witness.step(nowNs)].slice(-8);
        } else if (asked.length > 0) {
          const [from, count] = asked[one.which % asked.length]!;
          const half = count >> 1;
          const begins = [0, half, half >> 1, 0][one.part]!;
          witness.arrive(from + begins, from + begins + (one.part === 3 ? count : half), nowNs, true);
        }
      }
      // Nothing comes any more: stepping to what is due comes to an end.
      for (let turns = 0; recovery.dueNs < Infinity; turns++) {
        if (turns > 5000) throw new Error('no end');
        nowNs = Math.max(nowNs, recovery.dueNs);
        witness.step(nowNs);
      }
      expect([recovery.pendingRanges, recovery.underWay, recovery.stillMissing]).toEqual([0, 0, 0]);
      expect(recovery.missed).toBe(recovery.came + recovery.recovered + recovery.unrecovered.numbers);
      expect(recovery.recoveryNs.count).toBeLessThanOrEqual(recovery.closedGaps);
    },
  );
  fc.assert(property, { numRuns: 400, examples: FOUND_BEFORE });
});
