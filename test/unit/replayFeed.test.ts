import { describe, expect, test } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import { MemorySource, RingSource } from '../../src/core/byteSource.js';
import { MergedFeed } from '../../src/feed/mergedFeed.js';
import { PayloadFeed } from '../../src/feed/payloadFeed.js';
import { PayloadSlots } from '../../src/feed/payloadSlots.js';
import { ReplayFeed, ReplayFlow, type ReplayFeedOptions } from '../../src/feed/replayFeed.js';
import { putReplayHeader } from '../../src/feed/replayRecord.js';
import { recordsOf, sourceOfRecords, type Recorded } from '../replayRecords.js';
import { collect, copySlot, dirtyBatch, refuse } from '../sim/collect.js';
import { toHex } from '../vectors/hex.js';

const START_NS = 5e9;

/** Odd times, two of them equal, two flows, an empty payload. */
const RECORDS: readonly Recorded[] = [
  { offsetNs: 0, flow: 0, payload: Uint8Array.of(1) },
  { offsetNs: 1_000_003, flow: 1, payload: Uint8Array.of(2, 2) },
  { offsetNs: 1_000_003, flow: 0, payload: Uint8Array.of(3, 3, 3) },
  { offsetNs: 7_654_321, flow: 1, payload: new Uint8Array(0) },
];

function feed(change: Partial<ReplayFeedOptions> = {}): ReplayFeed {
  return new ReplayFeed({
    source: sourceOfRecords(RECORDS),
    flows: 2,
    passNs: 10_000_000,
    speed: 1,
    count: null,
    durationNs: null,
    startMonoNs: START_NS,
    destination: 4,
    flowBase: 9,
    ...change,
  });
}

const dueNs = (made: ReplayFeed, untilNs = 1e15): number[] =>
  collect(made, { untilNs }).map((sent) => sent.dueNs - START_NS);

test('a record is its time, its length, its flow and its payload', () => {
  const octets = new Uint8Array(16).fill(0xa5);
  putReplayHeader(new DataView(octets.buffer), 0, 1_000_003, 1316, 258);
  expect(toHex(octets)).toBe(
    [
      '0000000086842e41', // 1000003 ns, float64, little-endian
      '24050000', // 1316 octets
      '02010000', // flow 258
    ].join(''),
  );
});

describe('a replay', () => {
  test('has the spacing, the order and the octets of the capture, whatever stood in the slots', () => {
    const sent = collect(feed(), { capacity: 3, slabOctets: 5 });
    expect(sent.map((one) => one.dueNs - START_NS)).toEqual([0, 1_000_003, 1_000_003, 7_654_321]);
    expect(sent.map((one) => [...one.octets])).toEqual([[1], [2, 2], [3, 3, 3], []]);
    expect(sent.map((one) => [one.flow, one.destination, one.flags, one.stampAt])).toEqual([
      [9, 4, 0, 0],
      [10, 5, 0, 0],
      [9, 4, 0, 0],
      [10, 5, 0, 0],
    ]);
  });

  test('sets every slot to pending', () => {
    const batch = dirtyBatch(8, 100);
    feed().fill(batch, 1e15);
    expect([...batch.outcome.subarray(0, batch.count)]).toEqual([0, 0, 0, 0]);
  });

  test('gives out nothing before it is due, and says what is due next', () => {
    const made = feed();
    const batch = dirtyBatch(8, 100);
    expect(made.nextDueNs()).toBe(START_NS);
    expect(made.fill(batch, START_NS - 1)).toBe(0);
    expect(made.fill(batch, START_NS + 1_000_002)).toBe(1);
    expect(batch.nextDueNs).toBe(START_NS + 1_000_003);
    expect(made.nextDueNs()).toBe(START_NS + 1_000_003);
    expect(made.fill(batch, START_NS + 1_000_003)).toBe(2);
    expect(made.fill(batch, 1e15)).toBe(1);
    expect(batch.nextDueNs).toBe(Infinity);
  });

  test('is faster and slower by its speed, to the nearest nanosecond and without drift', () => {
    expect(dueNs(feed({ speed: 2 }))).toEqual([0, 500_002, 500_002, 3_827_161]);
    expect(dueNs(feed({ speed: 0.5 }))).toEqual([0, 2_000_006, 2_000_006, 15_308_642]);
    const many = Array.from({ length: 3000 }, (_, i) => ({ offsetNs: i * 1001, flow: 0, payload: Uint8Array.of(i) }));
    const times = dueNs(feed({ source: sourceOfRecords(many), speed: 3 }));
    expect(times.every((time, i) => time === Math.floor((i * 1001) / 3 + 0.5))).toBe(true);
  });

  test('is exact behind 24 hours', () => {
    const late = { offsetNs: 86_400_000_000_123, flow: 0, payload: Uint8Array.of(7) };
    expect(dueNs(feed({ source: sourceOfRecords([RECORDS[0]!, late]) }))).toEqual([0, 86_400_000_000_123]);
  });

  test('begins again a pass later, over and over', () => {
    const made = feed({ source: sourceOfRecords(RECORDS, true), speed: 2, count: 10 });
    const passNs = 5_000_000;
    const once = [0, 500_002, 500_002, 3_827_161];
    expect(dueNs(made)).toEqual([...once, ...once.map((ns) => passNs + ns), 2 * passNs, 2 * passNs + 500_002]);
    expect(made.passes).toBe(2);
  });

  test('ends by count and by duration, whichever comes first', () => {
    const looped = { source: sourceOfRecords(RECORDS, true) };
    expect(dueNs(feed({ count: 3 }))).toHaveLength(3);
    expect(feed({ count: 0 }).nextDueNs()).toBe(Infinity);
    expect(dueNs(feed({ ...looped, durationNs: 11_000_003 }))).toEqual([
      0, 1_000_003, 1_000_003, 7_654_321, 10_000_000,
    ]);
    expect(dueNs(feed({ durationNs: 1_000_003, count: 9 }))).toEqual([0]);
    expect(feed({ durationNs: 0 }).nextDueNs()).toBe(Infinity);
  });

  test('can be ended', () => {
    const made = feed();
    made.finish(0);
    expect(made.nextDueNs()).toBe(Infinity);
    expect(made.fill(dirtyBatch(8, 100), 1e15)).toBe(0);
    expect(made.skip(1e15)).toBe(0);
  });

  test('of nothing has ended', () => {
    expect(feed({ source: new MemorySource(new Uint8Array(0), { loop: true }) }).nextDueNs()).toBe(Infinity);
  });

  test('of half a record is a mistake of our own', () => {
    const cut = recordsOf(RECORDS.slice(0, 2));
    const made = feed({ source: new MemorySource(cut.subarray(0, cut.length - 1), { loop: false }) });
    expect(() => collect(made)).toThrow(/not whole/);
  });

  test('shares a batch with other feeds', () => {
    const payloadSlots = new PayloadSlots();
    const beside = new PayloadFeed({
      payload: Uint8Array.of(0xee, 0xee),
      sizeOctets: 2,
      packetsPerSecond: 1000,
      pattern: { kind: 'cbr' },
      count: 3,
      durationNs: null,
      startMonoNs: START_NS,
      seed: 1,
      destination: 0,
      payloadSlots,
    });
    const sent = collect(new MergedFeed([beside, feed({ payloadSlots, flowBase: 1 })]), { capacity: 2 });
    expect(sent.map((one) => `${one.flow} ${toHex(one.octets)}`)).toEqual([
      '0 eeee',
      '1 01',
      '0 eeee',
      '2 0202',
      '1 030303',
      '0 eeee',
      '2 ',
    ]);
  });

  test('hands each datagram to what writes its numbers anew', () => {
    const asked: string[] = [];
    const made = feed({
      source: sourceOfRecords(RECORDS.slice(0, 2), true),
      count: 3,
      resequence: {
        write: (bytes, view, at, octets, flow, pass) => {
          asked.push(`${view.getUint8(at)} ${octets} ${flow} ${pass}`);
          bytes[at] = 0x40 + pass;
        },
      },
    });
    expect(collect(made).map((one) => toHex(one.octets))).toEqual(['40', '4002', '41']);
    expect(asked).toEqual(['1 1 0 0', '2 2 1 0', '1 1 0 1']);
  });
});

describe('counts', () => {
  test('are kept by flow', () => {
    const made = feed();
    const flows = [0, 1].map((flow) => new ReplayFlow(made, flow));
    const batch = dirtyBatch(8, 100);
    made.fill(batch, 1e15);
    refuse(made, batch, 1);
    expect([made.scheduled, made.notSent]).toEqual([4, 1]);
    expect(flows.map(({ scheduled, notSent }) => [scheduled, notSent])).toEqual([
      [2, 0],
      [2, 1],
    ]);
  });

  test('what is skipped is not sent, and what follows keeps its time', () => {
    const made = feed();
    expect(made.skip(START_NS + 1_000_003)).toBe(1);
    expect(made.skip(START_NS + 1_000_004)).toBe(2);
    expect([...made.notSentOf]).toEqual([2, 1]);
    expect([...made.scheduledOf]).toEqual([2, 1]);
    expect(dueNs(made)).toEqual([7_654_321]);
    expect([made.scheduled, made.notSent]).toEqual([4, 3]);
  });
});

describe('a ring', () => {
  const POLL_NS = 1e6;
  const LARGEST = 64;

  function ringFeed(change: Partial<ReplayFeedOptions> = {}, passOctets: number | null = null) {
    const ring = new ByteRing(ByteRing.allocate(128, LARGEST));
    const put = (record: Recorded): void => {
      const octets = recordsOf([record]);
      const to = ring.claim(octets.length);
      expect(to).toBeGreaterThanOrEqual(0);
      ring.bytes.set(octets, to);
      ring.publish(octets.length);
    };
    return { ring, put, made: feed({ source: new RingSource(ring, { passOctets }), ...change }) };
  }

  test('that has nothing is polled every millisecond, and ends when it is closed', () => {
    const { ring, put, made } = ringFeed();
    const batch = dirtyBatch(8, 100);
    expect(made.nextDueNs()).toBe(START_NS);
    expect(made.fill(batch, START_NS)).toBe(0);
    expect(made.nextDueNs()).toBe(START_NS + POLL_NS);
    put({ ...RECORDS[0]!, offsetNs: 3 * POLL_NS });
    expect(made.fill(batch, START_NS + POLL_NS)).toBe(0);
    // It came in time.
    expect(made.nextDueNs()).toBe(START_NS + 3 * POLL_NS);
    expect(made.underruns).toBe(0);
    expect(made.fill(batch, START_NS + 3 * POLL_NS)).toBe(1);
    expect(made.nextDueNs()).toBe(START_NS + 4 * POLL_NS);
    ring.close();
    expect(made.fill(batch, START_NS + 4 * POLL_NS)).toBe(0);
    expect(made.nextDueNs()).toBe(Infinity);
  });

  test('that ran dry is an underrun, and moves nothing', () => {
    const { put, made } = ringFeed();
    put(RECORDS[0]!);
    const batch = dirtyBatch(8, 100);
    made.fill(batch, START_NS);
    made.fill(batch, START_NS + 5 * POLL_NS);
    put(RECORDS[1]!);
    put(RECORDS[2]!);
    expect(made.fill(batch, START_NS + 6 * POLL_NS)).toBe(2);
    expect(made.underruns).toBe(1);
    expect([1, 2].map((slot) => copySlot(batch, slot).dueNs - START_NS)).toEqual([1_000_003, 1_000_003]);
  });

  test('that ran dry ends with the duration all the same', () => {
    const { made } = ringFeed({ durationNs: 2 * POLL_NS });
    const batch = dirtyBatch(8, 100);
    made.fill(batch, START_NS + POLL_NS);
    expect(made.nextDueNs()).toBe(START_NS + 2 * POLL_NS);
    made.fill(batch, START_NS + 2 * POLL_NS);
    expect(made.nextDueNs()).toBe(Infinity);
  });

  test('brings records whole over its own end, pass after pass', () => {
    const once = RECORDS.slice(0, 3);
    const passOctets = recordsOf(once).length;
    const { put, made } = ringFeed({}, passOctets);
    const found: string[] = [];
    const batch = dirtyBatch(1, 100);
    for (let i = 0; i < 30; i++) {
      put(once[i % 3]!);
      batch.count = 0;
      made.fill(batch, 1e15);
      found.push(`${batch.dueMonoNs[0]! - START_NS} ${toHex(copySlot(batch, 0).octets)}`);
    }
    const expected = Array.from({ length: 30 }, (_, i) => {
      const { offsetNs, payload } = once[i % 3]!;
      return `${Math.floor(i / 3) * 10_000_000 + offsetNs} ${toHex(payload)}`;
    });
    expect(found).toEqual(expected);
    expect(made.passes).toBe(9);
  });
});
