import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { RunEpoch } from '../../src/core/time.js';
import { Histogram } from '../../src/metrics/histogram.js';
import { compareTaps, keyOf, type Seen } from '../oracle/taps.js';
import { compare } from '../sim/tapDrive.js';

const START_NS = 1_767_225_600_000_000_000n;

interface Case {
  readonly seed: number;
  readonly datagrams: number;
  readonly flows: number;
  readonly loss: number;
  readonly duplication: number;
  readonly spread: number;
  readonly markers: boolean;
  /** Share of the run that each capture leaves out, at its beginning and at its end. */
  readonly cut: readonly [number, number, number, number];
  readonly offsetNs: bigint;
  readonly capacity: number;
}

const cases = fc.record<Case>({
  seed: fc.nat(),
  datagrams: fc.integer({ min: 0, max: 150 }),
  flows: fc.integer({ min: 1, max: 3 }),
  loss: fc.double({ min: 0, max: 0.5, noNaN: true }),
  duplication: fc.double({ min: 0, max: 0.3, noNaN: true }),
  spread: fc.integer({ min: 0, max: 12 }),
  markers: fc.boolean(),
  cut: fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30), fc.nat(30)),
  offsetNs: fc.bigInt({ min: -5_000_000_000n, max: 5_000_000_000n }),
  capacity: fc.integer({ min: 1, max: 64 }),
});

function stamped(seen: Seen, timeNs: bigint): Seen {
  return { ...seen, timeNs };
}

/** A sender's datagrams as two taps see them. */
function traces(of: Case): [Seen[], Seen[]] {
  const random = new Random(of.seed);
  const sent: Seen[] = [];
  const base = of.seed % 2 === 0 ? 0n : 4_294_967_290n;
  const next: bigint[] = Array.from({ length: of.flows }, () => base);
  const place = { run: 77, group: '239.1.1.1', port: 5001 };
  const push = (flow: number, marker: Seen['marker']): void => {
    const timeNs = START_NS + BigInt(sent.length) * 1000n;
    sent.push({ ...place, group: `239.1.1.${1 + (flow % 2)}`, flow, sequence: next[flow]!, marker, timeNs });
    if (marker === null) next[flow]!++;
  };
  if (of.markers) for (let flow = 0; flow < of.flows; flow++) push(flow, 'start');
  for (let i = 0; i < of.datagrams; i++) push(random.below(of.flows), null);
  if (of.markers) for (let flow = 0; flow < of.flows; flow++) push(flow, 'end');
  const tap = (offsetNs: bigint, from: number, to: number): Seen[] => {
    const arrived: { seen: Seen; at: number }[] = [];
    for (const [i, seen] of sent.entries()) {
      if (i < (sent.length * from) / 100 || i >= sent.length - (sent.length * to) / 100) continue;
      if (seen.marker === null && random.unit() < of.loss) continue;
      const copies = seen.marker === null && random.unit() < of.duplication ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) arrived.push({ seen, at: i + random.below(of.spread + 1) });
    }
    arrived.sort((a, b) => a.at - b.at);
    return arrived.map(({ seen, at }, i) => stamped(seen, START_NS + offsetNs + BigInt(at * 1000 + i)));
  };
  return [tap(0n, of.cut[0], of.cut[1]), tap(of.offsetNs, of.cut[2], of.cut[3])];
}

function epochOf(seen: readonly Seen[]): RunEpoch {
  return { realtimeNs: seen[0]?.timeNs ?? START_NS, monotonicNs: 0n, uncertaintyNs: 0 };
}

function histogramOf(values: readonly number[]): Histogram {
  const made = new Histogram();
  for (const value of values) made.record(value);
  return made;
}

describe('two taps', () => {
  it('agree with the definition over random networks and captures that begin and end at different times', () => {
    fc.assert(
      fc.property(cases, (of) => {
        const [first, second] = traces(of);
        const expected = compareTaps(first, second);
        const found = compare(
          { seen: first, epoch: epochOf(first) },
          { seen: second, epoch: epochOf(second) },
          of.capacity,
        );
        expect(found.overflowed).toBe(0);
        expect(found.streams.length).toBe(expected.size);
        for (const stream of found.streams) {
          const { group, port } = stream;
          const key = keyOf({ run: Number.parseInt(stream.senderRun!, 16), flow: Number(stream.flow), group, port });
          const right = expected.get(key)!;
          const lost = stream.lossMap.flatMap(({ first: from, count }) =>
            Array.from({ length: count }, (_, i) => BigInt(from) + BigInt(i)),
          );
          expect({
            matched: stream.matched,
            lost,
            lostCount: stream.lost,
            onlySecond: stream.onlySecond,
            reordered: stream.reordered,
            outside: [stream.first.outside, stream.second.outside],
            duplicated: [stream.first.duplicated, stream.second.duplicated],
          }).toEqual({
            matched: right.matched,
            lost: right.lost,
            lostCount: right.lost.length,
            onlySecond: right.onlySecond,
            reordered: right.reordered,
            outside: right.outside,
            duplicated: right.duplicated,
          });
          const least = Math.min(...right.delaysNs);
          expect(stream.delay.buckets()).toEqual(histogramOf(right.delaysNs).buckets());
          expect(stream.delayAboveMin.buckets()).toEqual(
            histogramOf(right.delaysNs.map((delayNs) => delayNs - least)).buckets(),
          );
        }
      }),
      { numRuns: 150 },
    );
  });
});
