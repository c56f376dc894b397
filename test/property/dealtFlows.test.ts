/** Flows that are dealt to several feeds: together they make what one feed makes of all, datagram for datagram. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DealtFlows } from '../../src/feed/dealtFlows.js';
import type { FlowRates } from '../../src/feed/flowRates.js';
import { ProbeFeed } from '../../src/feed/probeFeed.js';
import type { ProbeFeedOptions } from '../../src/feed/probeOptions.js';
import type { Pattern } from '../../src/feed/schedule.js';
import { ProbeFlag } from '../../src/wire/probe.js';
import { collect, header, isData, type Sent } from '../sim/collect.js';

const START_NS = 5e6;

const patterns: fc.Arbitrary<Pattern> = fc.oneof(
  fc.constant<Pattern>({ kind: 'cbr' }),
  fc.constant<Pattern>({ kind: 'poisson' }),
  fc.record({
    kind: fc.constant('burst' as const),
    datagrams: fc.integer({ min: 1, max: 9 }),
    periodNs: fc.integer({ min: 1e6, max: 1e7 }),
  }),
);
const rates: fc.Arbitrary<FlowRates> = fc.oneof(
  fc.constant<FlowRates>({ kind: 'turns' }),
  fc.constant<FlowRates>({ kind: 'equal' }),
  fc.record({ kind: fc.constant('uniform' as const), ratio: fc.integer({ min: 1, max: 10 }) }),
  fc.record({ kind: fc.constant('zipf' as const), exponent: fc.constantFrom(0.5, 1) }),
);
const ends = fc.oneof(
  fc.record({ count: fc.integer({ min: 1, max: 200 }), durationNs: fc.constant(null) }),
  fc.record({ count: fc.constant(null), durationNs: fc.integer({ min: 1, max: 50e6 }) }),
  fc.record({ count: fc.integer({ min: 1, max: 200 }), durationNs: fc.integer({ min: 1, max: 50e6 }) }),
);
const runs = fc.record({
  flows: fc.integer({ min: 1, max: 12 }),
  threads: fc.integer({ min: 2, max: 5 }),
  pattern: patterns,
  flowRates: rates,
  end: ends,
  sizes: fc.constantFrom(null, [64, 100, 80]),
  seed: fc.nat(),
  packetsPerSecond: fc.integer({ min: 500, max: 20_000 }),
});
type Case = typeof runs extends fc.Arbitrary<infer T> ? T : never;

function optionsOf({ flows, pattern, flowRates, end, sizes, seed, packetsPerSecond }: Case): ProbeFeedOptions {
  return {
    ...end,
    flows,
    flowRates,
    pattern,
    sizes,
    seed,
    packetsPerSecond,
    runId: 0x89ab_cdef,
    sizeOctets: 100,
    startMonoNs: START_NS,
    destination: 0,
    tos: 0xb8,
    ttl: 4,
    sendTime: 'departure',
    unixAtMonoZero: { high: 0, low: 0 },
    superPackets: false,
  };
}

/** The parts, of which there are no more than flows. */
function partsOf(run: Case, options = optionsOf(run)): ProbeFeed[] {
  const of = Math.min(run.threads, run.flows);
  return Array.from({ length: of }, (_, first) => new ProbeFeed({ ...options, deal: { first, of } }));
}

const keyOf = (sent: Sent): string => {
  const { flow, flags, sequence } = header(sent);
  return `${flow} ${flags} ${sequence}`;
};
const told = (all: readonly Sent[]) =>
  all
    .map((sent) => ({ key: keyOf(sent), dueNs: sent.dueNs, octets: Buffer.from(sent.octets).toString('hex') }))
    .toSorted((a, b) => a.dueNs - b.dueNs || (a.key < b.key ? -1 : 1));
const isStart = (sent: Sent): boolean => (header(sent).flags & ProbeFlag.Start) !== 0;
const isEnd = (sent: Sent): boolean => (header(sent).flags & ProbeFlag.End) !== 0;

describe('flows that are dealt to several feeds', () => {
  it('are made as by one feed of all: times, numbers, octets, counts', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const whole = collect(new ProbeFeed(optionsOf(run)));
        const parts = partsOf(run).map((feed) => collect(feed));
        const all = parts.flat();
        expect(told(all.filter(isData))).toEqual(told(whole.filter(isData)));
        expect(told(all.filter(isStart))).toEqual(told(whole.filter(isStart)));
        // The end of each follows its own last datagram.
        expect(all.filter(isEnd).map(keyOf).toSorted()).toEqual(whole.filter(isEnd).map(keyOf).toSorted());
      }),
      { numRuns: 150 },
    );
  });

  it('are passed over as by one feed of all', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 0, max: 60e6 }), (run, late) => {
        const skipNs = START_NS + 1e6 + late;
        const skipped = (feed: ProbeFeed): Sent[] => {
          const before = collect(feed, { untilNs: feed.firstDataNs });
          feed.skip(feed.firstDataNs + skipNs);
          return [...before, ...collect(feed)];
        };
        const one = new ProbeFeed(optionsOf(run));
        const whole = skipped(one);
        const parts = partsOf(run);
        const all = parts.flatMap(skipped);
        expect(told(all.filter(isData))).toEqual(told(whole.filter(isData)));
        const sum = (of: (feed: ProbeFeed) => number): number => parts.reduce((total, feed) => total + of(feed), 0);
        expect([sum((feed) => feed.scheduled), sum((feed) => feed.notSent)]).toEqual([one.scheduled, one.notSent]);
      }),
      { numRuns: 150 },
    );
  });

  it('have their datagrams counted and numbered among all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), fc.nat(500), (flows, of, count) => {
        const parts = Array.from({ length: Math.min(flows, of) }, (_, first) => new DealtFlows(flows, { first, of }));
        const numbers = parts.flatMap((part) =>
          Array.from({ length: part.countOf(count) }, (_, i) => part.numberOf(i)),
        );
        expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        for (const part of parts) {
          const own = Array.from({ length: flows }, (_, flow) => flow).filter((flow) => part.has(flow));
          expect(own).toEqual(Array.from({ length: part.own }, (_, i) => part.flowOf(i)));
        }
      }),
    );
  });
});
