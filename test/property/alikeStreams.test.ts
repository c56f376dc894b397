import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Measurement } from '../../src/analysis/measurement.js';
import { whole } from '../../src/core/steps.js';
import { digestStream } from '../../src/result/build.js';
import { everyStream } from '../../src/result/briefStreams.js';
import { ReceivedStreams } from '../../src/runtime/receivedStreams.js';
import { tellStreams } from '../../src/runtime/tellStreams.js';
import { type Datagram, Driver } from '../sim/drive.js';
import { measurement as provenance, PORTABLE } from '../unit/resultFixture.js';

const MS = 1e6;
const FLOWS = 60;
const DETAIL = 6;

/** What becomes of a flow. */
const any = fc.record({
  numbers: fc.constantFrom('all', 'all', 'lost', 'swapped', 'doubled', 'one', 'held'),
  tos: fc.constantFrom('one', 'one', 'other', 'changed'),
  begin: fc.constantFrom('start', 'start', 'data'),
  end: fc.constantFrom('told', 'told', 'open'),
  run: fc.constantFrom(1, 1, 2),
  path: fc.constantFrom(1, 1, 2),
  ttl: fc.constantFrom(1, 7),
});
type Fate = typeof any extends fc.Arbitrary<infer One> ? One : never;
const usual: Fate = { numbers: 'all', tos: 'one', begin: 'start', end: 'told', run: 1, path: 1, ttl: 1 };
const late: Fate = { ...usual, begin: 'data', path: 2 };
const fate = fc.oneof(
  { weight: 3, arbitrary: fc.constant(usual) },
  { weight: 2, arbitrary: fc.constant(late) },
  { weight: 1, arbitrary: any },
);

const NUMBERS = {
  all: [0, 1, 2, 3],
  lost: [0, 1, 3, 4],
  swapped: [0, 2, 1, 3],
  doubled: [0, 1, 1, 2],
  one: [0],
  held: [0, 1, 40],
} as const;

function datagramsOf(flow: number, { numbers, tos, begin, end, run, path, ttl }: Fate): Datagram[] {
  const common = { flow, run, path, ttl, tos: tos === 'other' ? 0x88 : 0 };
  const all: Datagram[] = begin === 'start' ? [{ ...common, kind: 'start', number: 0, monoNs: 0 }] : [];
  for (const number of NUMBERS[numbers]) all.push({ ...common, number, monoNs: 0, sentNs: 7 * flow });
  if (tos === 'changed') all.push({ ...common, tos: 0x40, number: NUMBERS[numbers].at(-1)! + 1, monoNs: 0 });
  const last = all.at(-1)!;
  if (end === 'told') all.push({ ...common, kind: 'end', number: last.number! + 1, monoNs: 0 });
  return all;
}

/** `found`, with `expected`'s numbers where they differ by less than the order in which they were added up may make. */
function settled(found: unknown, expected: unknown): unknown {
  if (typeof found === 'number' && typeof expected === 'number') {
    return Math.abs(found - expected) <= 1e-9 * Math.abs(expected) ? expected : found;
  }
  if (typeof found !== 'object' || typeof expected !== 'object' || found === null || expected === null) return found;
  const of = expected as Record<string, unknown>;
  if (Array.isArray(found)) return found.map((one, i) => settled(one, of[i]));
  return Object.fromEntries(Object.entries(found).map(([key, one]) => [key, settled(one, of[key])]));
}

/** As a document has it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** What can be told of all of them, made from whatever `tell` told. */
function told(measured: Measurement, tell: (streams: ReceivedStreams) => void): unknown {
  const streams = new ReceivedStreams([], DETAIL);
  tell(streams);
  const { tally, stamps, mayLack, count } = streams;
  const order = tally.order.finish();
  const { identities, ...health } = tally.health;
  return {
    order,
    aggregate: whole(tally.aggregate.inSteps(measured.aggregate())),
    health: { ...health },
    identities: identities.finish(null, 0, null),
    stamps: stamps.section(),
    rate: streams.packetsPerSecond({ group: '239.1.1.1', port: 5001 }),
    legs: Array.from({ length: measured.streamCount }, (_, index) => streams.leg(index)),
    received: [...tally.judge.received],
    ended: everyStream(order).map(({ id }) => streams.hasEnded(id)),
    mayLack,
    count,
  };
}

test.each([
  ['all capabilities', {}, 'a'],
  ['none', PORTABLE, null],
] as const)('streams that are told alike are told as each by itself: %s', (_, capabilities, leg) => {
  let alike = 0;
  const property = fc.property(
    fc.array(fate, { minLength: FLOWS, maxLength: FLOWS }),
    fc.boolean(),
    (fates, isOver) => {
      const driver = new Driver({ detail: DETAIL, maxStreams: 2 * FLOWS });
      const perFlow = fates.map((one, flow) => datagramsOf(flow, one));
      const turns = Math.max(...perFlow.map(({ length }) => length));
      let monoNs = 0;
      for (let turn = 0; turn < turns; turn++) {
        const now = perFlow.flatMap((all) => (turn < all.length ? [{ ...all[turn]!, monoNs: (monoNs += 1000) }] : []));
        driver.all(now);
        monoNs += MS;
      }
      const { measurement } = driver;
      if (isOver) measurement.finish(monoNs + 5e9);
      const facts = provenance({ ...capabilities, place: () => ({ role: 'media', leg }) });
      const digest = (stream: number) => digestStream(measurement.snapshot(stream), facts, null);
      const expected = told(measurement, (streams) => {
        for (let stream = 0; stream < measurement.streamCount; stream++) streams.add(stream, digest(stream));
      });
      let digested = 0;
      const found = told(measurement, (streams) =>
        whole(
          tellStreams(measurement, facts, streams, (stream) => {
            digested++;
            return digest(stream);
          }),
        ),
      );
      expect(settled(plain(found), plain(expected))).toEqual(plain(expected));
      alike += measurement.streamCount - digested;
    },
  );
  fc.assert(property, { numRuns: 60 });
  expect(alike).toBeGreaterThan(600);
});
