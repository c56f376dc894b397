import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { MessageMerge } from '../../src/repair/messageMerge.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { MergeTruth, type Put } from '../oracle/messageMerge.js';
import { NumberSink, put } from '../unit/mergeFixture.js';

interface Traffic {
  readonly numbers: number;
  readonly longestSpan: number;
  readonly loss: number;
  readonly duplication: number;
  readonly jitterNs: number;
  readonly first: number;
  readonly mostWaiting: number;
  readonly holdNs: number;
  readonly longest: number;
  readonly announces: boolean;
  readonly givesUp: boolean;
  readonly seed: number;
}

const traffic = fc.record<Traffic>({
  numbers: fc.integer({ min: 1, max: 120 }),
  longestSpan: fc.constantFrom(1, 3, 20),
  loss: fc.constantFrom(0, 0.1, 0.4),
  duplication: fc.constantFrom(0, 0.2),
  jitterNs: fc.constantFrom(0, 15, 100, 500),
  first: fc.constantFrom(-3, 0, 2 ** 32 - 20, 2 ** 45),
  mostWaiting: fc.constantFrom(1, 2, 5, 40, 1000),
  holdNs: fc.constantFrom(0, 30, 200, 1e9),
  longest: fc.constantFrom(20, 20, 20, 20, 200),
  announces: fc.boolean(),
  givesUp: fc.boolean(),
  seed: fc.nat(),
});

/** The same numbers on both lines, cut into other ranges on each, in order of arrival. */
function putsOf({ numbers, longestSpan, loss, duplication, jitterNs, first }: Traffic, random: Random): Put[] {
  const puts: Put[] = [];
  for (const line of [0, 1]) {
    for (let at = 0; at < numbers;) {
      const span = Math.min(numbers - at, 1 + random.below(longestSpan));
      for (let copies = random.unit() < duplication ? 2 : 1; copies > 0; copies--) {
        const timeNs = 10 * at + line * 4 + random.below(jitterNs + 1);
        if (random.unit() >= loss) puts.push({ number: first + at, span, timeNs });
      }
      at += span;
    }
  }
  return puts.toSorted((a, b) => a.timeNs - b.timeNs);
}

describe('merging of messages against its definition', () => {
  it('hands on each message once, in order, and says what is missing', () => {
    fc.assert(
      fc.property(traffic, (one) => {
        const random = new Random(one.seed);
        const puts = putsOf(one, random);
        fc.pre(puts.length > 0);
        const { mostWaiting, holdNs, longest } = one;
        const truth = new MergeTruth(holdNs, mostWaiting);
        const first = puts[0]!.number;
        const sink = new NumberSink(moldUdp64Framing, first, longest);
        const merge = new MessageMerge(moldUdp64Framing, sink, { mostWaiting, holdNs, beginHoldNs: 0 });
        for (const { number, span, timeNs } of puts) {
          truth.put({ number, span, timeNs });
          put(merge, moldUdp64Framing, number, span, timeNs, longest);
          if (random.below(3) === 0) {
            merge.onTime(timeNs);
            truth.onTime(timeNs);
          }
          if (one.announces && random.below(4) === 0) {
            merge.announce(number + span);
            truth.announce(number + span);
          }
          if (one.givesUp && random.below(6) === 0) {
            merge.giveUpTo(number - 5);
            truth.giveUpTo(number - 5);
          }
          expect(merge.nextNumber).toBe(truth.next);
          expect(merge.waiting).toBe(truth.held.length);
          expect(merge.released).toBe(truth.released.length);
          expect(sink.released.at(-1)).toBe(truth.released.at(-1));
        }
        merge.finish();
        truth.finish();
        expect(sink.released).toEqual(truth.released);
        // What is given up behind the last message is told to nobody.
        expect(sink.givenUp).toEqual(truth.givenUp.slice(0, sink.givenUp.length));
        expect([merge.released, merge.givenUp]).toEqual([truth.released.length, truth.givenUp.length]);
        expect(merge.octets).toBe(sink.octets);
        expect(merge.expected).toBe(truth.next - first);
      }),
      { numRuns: 300 },
    );
  });
});
