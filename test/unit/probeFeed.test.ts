import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SendFlag, SendOutcome } from '../../src/core/batch.js';
import { type FlowFeed, MergedFeed } from '../../src/feed/mergedFeed.js';
import { PayloadFeed } from '../../src/feed/payloadFeed.js';
import { PayloadSlots } from '../../src/feed/payloadSlots.js';
import { ProbeFeed } from '../../src/feed/probeFeed.js';
import type { ProbeFeedOptions } from '../../src/feed/probeOptions.js';
import { PROBE_SEND_TIME_AT, ProbeFlag } from '../../src/wire/probe.js';
import { probeCodec } from '../../src/wire/probeCodec.js';
import { collect, dirtyBatch, header, isData, refuse, type Sent } from '../sim/collect.js';

const MS = 1e6;

function options(change: Partial<ProbeFeedOptions> = {}): ProbeFeedOptions {
  return {
    flows: 1,
    runId: 0x89ab_cdef,
    seed: 7,
    sizeOctets: 64,
    packetsPerSecond: 1000,
    pattern: { kind: 'cbr' },
    count: 10,
    durationNs: null,
    startMonoNs: 5 * MS,
    destination: 3,
    tos: 0xb8,
    ttl: 4,
    sendTime: 'departure',
    unixAtMonoZero: { high: 0x1797_9cfe, low: 0xffff_fff0 },
    superPackets: false,
    ...change,
  };
}

const probe = (change: Partial<ProbeFeedOptions> = {}) => new ProbeFeed(options(change));
const kindOf = (sent: Sent) => header(sent).flags & (ProbeFlag.Start | ProbeFlag.End);
const ascending = (all: Sent[]) => all.every((sent, i) => i === 0 || sent.dueNs >= all[i - 1]!.dueNs);

describe('one flow', () => {
  test('three start markers, the data, five end markers, each at its time', () => {
    const all = collect(probe());
    expect(all.map((sent) => sent.dueNs / MS)).toEqual([
      5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 38, 58, 78, 98,
    ]);
    expect(all.map(kindOf)).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2]);
    expect(all.map((sent) => sent.flags)).toEqual(all.map((sent) => [0, SendFlag.Start, SendFlag.End][kindOf(sent)]));
    const headers = all.map(header);
    expect(headers.map((h) => Number(h.sequence))).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10, 10]);
    expect(headers.map((h) => Number(h.total))).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10, 10, 10]);
    expect(headers.every((h) => h.notSent === 0 && h.runId === 0x89ab_cdef && h.flow === 0)).toBe(true);
    expect(headers.every((h) => h.tos === 0xb8 && h.ttl === 4 && h.sendTimeNs === 0n)).toBe(true);
    expect(all.every((sent) => sent.destination === 3 && sent.stampAt === PROBE_SEND_TIME_AT)).toBe(true);
  });

  test('goes on across 2^32 numbers, in slots filled before, with some refused on the way', () => {
    const rate = 1e9;
    const feed = probe({ packetsPerSecond: rate, count: null, sizeOctets: 60 });
    const batch = dirtyBatch(64, 64 * 60);
    const fill = (untilNs: number): number => {
      batch.count = 0;
      return feed.fill(batch, untilNs);
    };
    for (let ns = 5 * MS; ns < feed.firstDataNs; ns += MS) fill(ns);
    expect(fill(feed.firstDataNs + 63)).toBe(64);
    // A datagram per ns: behind this skip comes number 2^32 - 100.
    const skipped = 2 ** 32 - 100 - 64;
    feed.skip(feed.firstDataNs + 64 + skipped);
    let next = 2 ** 32 - 100;
    let refused = skipped;
    for (let round = 0; round < 5; round++) {
      expect(fill(feed.firstDataNs + next + 63)).toBe(64);
      for (let slot = 0; slot < 64; slot++, next++) {
        const at = batch.offset[slot]!;
        const read = probeCodec.create();
        expect(probeCodec.parse(batch.bytes, at, 60, read)).toBe(0);
        expect(read).toMatchObject({ sequence: BigInt(next), total: BigInt(next + 1 - refused), notSent: refused });
        expect([at, batch.length[slot], batch.destination[slot], batch.flags[slot]]).toEqual([slot * 60, 60, 3, 0]);
        expect([batch.outcome[slot], batch.flow[slot], batch.stampAt[slot]]).toEqual([0, 0, PROBE_SEND_TIME_AT]);
        expect(batch.dueMonoNs[slot]).toBe(feed.firstDataNs + next);
      }
      batch.outcome.fill(SendOutcome.Sent);
      if (round !== 1) continue;
      batch.outcome[63] = SendOutcome.NoBuffers;
      feed.refuse(batch, 63);
      refused++;
    }
  });

  test('the payload is its own position, and nothing is left over from the slot', () => {
    for (const sizeOctets of [52, 53, 64, 1316]) {
      for (const sent of collect(probe({ sizeOctets }))) {
        expect(sent.octets.length).toBe(sizeOctets);
        expect(sent.octets.subarray(52).every((octet, i) => octet === ((52 + i) & 0xff))).toBe(true);
      }
    }
  });

  test('start markers of one flow keep 1 ms, end markers 20 ms at high rates; slow data do not stretch them beyond 2 and 50 ms', () => {
    const fast = collect(probe({ packetsPerSecond: 1e6 }));
    expect(fast.slice(0, 4).map((sent) => sent.dueNs / MS)).toEqual([5, 6, 7, 8]);
    expect(fast.slice(-6).map((sent) => sent.dueNs / MS)).toEqual([8.009, 9.009, 29.009, 49.009, 69.009, 89.009]);
    const slow = collect(probe({ packetsPerSecond: 2, count: 2 }));
    expect(slow.map((sent) => sent.dueNs / MS)).toEqual([5, 7, 9, 11, 511, 561, 611, 661, 711, 761]);
  });

  test('a duration offers what is due within it, and ends with it', () => {
    const feed = probe({ count: null, durationNs: 20 * MS });
    expect(feed.firstDataNs).toBe(8 * MS);
    const all = collect(feed);
    expect(all.filter(isData)).toHaveLength(20);
    expect(all.at(-5)!.dueNs).toBe(28 * MS);
    expect(collect(probe({ count: 3, durationNs: 20 * MS })).filter(isData)).toHaveLength(3);
    expect(collect(probe({ count: 30, durationNs: 20 * MS })).filter(isData)).toHaveLength(20);
    expect(collect(probe({ count: 0 })).map(kindOf)).toEqual([1, 1, 1, 2, 2, 2, 2, 2]);
  });

  test('the due time is carried where the sink cannot stamp', () => {
    const all = collect(probe({ sendTime: 'due' }));
    const zero = (0x1797_9cfen << 32n) | 0xffff_fff0n;
    for (const sent of all) {
      expect(header(sent).sendTimeNs).toBe(zero + BigInt(sent.dueNs));
      expect(header(sent).flags & ProbeFlag.DueTime).toBe(ProbeFlag.DueTime);
      expect(sent.stampAt).toBe(0);
    }
  });

  test('super-packets are announced in every datagram', () => {
    const all = collect(probe({ superPackets: true }));
    expect(all.every((sent) => (header(sent).flags & ProbeFlag.SuperPacket) !== 0)).toBe(true);
  });

  test('every slot column is written, and slots of one size are contiguous', () => {
    const batch = dirtyBatch(20, 20 * 64);
    probe().fill(batch, 1e12);
    expect(batch.count).toBe(18);
    for (let i = 0; i < batch.count; i++) {
      expect(batch.offset[i]).toBe(i * 64);
      expect(batch.length[i]).toBe(64);
      expect(batch.outcome[i]).toBe(SendOutcome.Pending);
    }
  });

  test('a batch ends with its slots or with its slab', () => {
    const slots = dirtyBatch(4, 10_000);
    expect(probe().fill(slots, 1e12)).toBe(4);
    const slab = dirtyBatch(100, 5 * 64 + 63);
    const feed = probe();
    expect(feed.fill(slab, 1e12)).toBe(5);
    expect(feed.fill(slab, 1e12)).toBe(0);
    expect(feed.nextDueNs()).toBe(10 * MS);
  });
});

describe('many flows', () => {
  test('take turns on one schedule, each with markers and numbers of its own', () => {
    const all = collect(probe({ flows: 3, count: 10, flowBase: 20, firstFlow: 7 }));
    const data = all.filter(isData);
    expect(data.map((sent) => sent.dueNs / MS)).toEqual([14, 15, 16, 17, 18, 19, 20, 21, 22, 23]);
    expect(data.map((sent) => sent.flow)).toEqual([20, 21, 22, 20, 21, 22, 20, 21, 22, 20]);
    expect(data.map((sent) => header(sent).flow)).toEqual([7, 8, 9, 7, 8, 9, 7, 8, 9, 7]);
    expect(data.map((sent) => Number(header(sent).sequence))).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
    for (const [flow, total] of [
      [20, 4],
      [21, 3],
      [22, 3],
    ] as const) {
      const own = all.filter((sent) => sent.flow === flow);
      expect(own.map(kindOf).filter((kind) => kind === ProbeFlag.Start)).toHaveLength(3);
      const ends = own.filter((sent) => kindOf(sent) === ProbeFlag.End);
      expect(ends).toHaveLength(5);
      expect(
        ends.every((sent) => Number(header(sent).total) === total && Number(header(sent).sequence) === total),
      ).toBe(true);
    }
    expect(ascending(all)).toBe(true);
  });

  test('10,000 flows open and close at the pace of the data, never 5 at once', () => {
    const all = collect(probe({ flows: 10_000, packetsPerSecond: 100_000, count: 20_000 }), { capacity: 1000 });
    expect(all).toHaveLength(10_000 * 8 + 20_000);
    let least = Infinity;
    for (let i = 1; i < all.length; i++) least = Math.min(least, all[i]!.dueNs - all[i - 1]!.dueNs);
    expect(least).toBe(10_000);
    expect(all.at(-1)!.dueNs - all[0]!.dueNs).toBe(999_990_000);
  });
});

test('many slow flows open and close in rounds of 2 s, or at 10,000 a second', () => {
  for (const [flows, roundNs] of [
    [10_000, 2e9],
    [40_000, 4e9],
  ] as const) {
    const all = collect(probe({ flows, packetsPerSecond: 100, count: 1 }), { capacity: 1000 });
    const starts = all.filter((sent) => kindOf(sent) === ProbeFlag.Start).map(({ dueNs }) => dueNs);
    const ends = all.filter((sent) => kindOf(sent) === ProbeFlag.End).map(({ dueNs }) => dueNs);
    expect([starts.length, ends.length]).toEqual([3 * flows, 5 * flows]);
    for (const markers of [starts, ends]) {
      expect(markers[flows]! - markers[0]!).toBe(roundNs);
      expect(markers[1]! - markers[0]!).toBe(roundNs / flows);
    }
  }
});

const own = (change: Partial<ProbeFeedOptions> = {}) =>
  probe({ flows: 5, flowBase: 20, firstFlow: 7, flowRates: { kind: 'zipf', exponent: 1 }, count: 60, ...change });

describe('flows that send by themselves', () => {
  test('each number their own datagrams from 0, whoever sends next, and open and close like all others', () => {
    const all = collect(own(), { capacity: 7 });
    expect(ascending(all)).toBe(true);
    const data = all.filter(isData);
    expect(data).toHaveLength(60);
    expect(data[0]!.dueNs).toBeGreaterThanOrEqual(own().firstDataNs);
    // Not in turn.
    expect(data.map(({ flow }) => flow)).not.toEqual(data.map((_, i) => 20 + (i % 5)));
    const counts: number[] = [];
    for (let flow = 20; flow < 25; flow++) {
      const mine = all.filter((sent) => sent.flow === flow);
      const numbers = mine.filter(isData).map((sent) => Number(header(sent).sequence));
      expect(numbers).toEqual([...numbers.keys()]);
      expect(mine.every((sent) => header(sent).flow === flow - 13)).toBe(true);
      const ends = mine.filter((sent) => kindOf(sent) === ProbeFlag.End).map((sent) => Number(header(sent).total));
      expect(ends).toEqual(Array(5).fill(numbers.length));
      counts.push(numbers.length);
    }
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(counts[0]).toBeGreaterThan(3 * counts[4]!);
  });

  test('number what is passed over, each its own', () => {
    const whole = collect(own()).filter(isData);
    const feed = own();
    const before = collect(feed, { untilNs: whole[19]!.dueNs }).filter(isData);
    const skipped = feed.skip(whole[40]!.dueNs);
    const rest = collect(feed);
    const data = rest.filter(isData);
    expect([before.length, skipped, data.length]).toEqual([20, 20, 20]);
    expect([feed.scheduled, feed.notSent]).toEqual([60, 20]);
    expect(data.map(({ flow, dueNs }) => [flow, dueNs])).toEqual(
      whole.slice(40).map(({ flow, dueNs }) => [flow, dueNs]),
    );
    expect(data.map((sent) => header(sent).sequence)).toEqual(whole.slice(40).map((sent) => header(sent).sequence));
    for (const sent of rest) {
      const passed = whole.slice(20, 40).filter(({ flow }) => flow === sent.flow).length;
      expect(header(sent).notSent).toBe(passed);
    }
  });

  test('end with the duration', () => {
    const feed = own({ count: null, durationNs: 50 * MS });
    const all = collect(feed).filter(isData);
    expect(all.every(({ dueNs }) => dueNs < feed.firstDataNs + 50 * MS)).toBe(true);
    expect(Math.abs(all.length - 50)).toBeLessThanOrEqual(5);
  });
});

describe('what never left', () => {
  test('a refused datagram keeps its number, and what follows in the batch is corrected', () => {
    const feed = probe({ flows: 2, count: 12 });
    const batch = dirtyBatch(40, 40 * 64);
    feed.fill(batch, feed.firstDataNs + 7.5 * MS);
    const first = 6;
    expect(batch.count).toBe(first + 8);
    for (const slot of [1, first + 2, first + 3, first + 4]) refuse(feed, batch, slot);
    const rest = collect(feed);
    const kept: Sent[] = [];
    for (let i = first; i < batch.count; i++) {
      const at = batch.offset[i]!;
      kept.push({ ...rest[0]!, octets: batch.bytes.slice(at, at + 64), flow: batch.flow[i]!, flags: 0 });
    }
    const told = [...kept, ...rest].map((sent) => Object.assign(header(sent), { kind: kindOf(sent) }));
    const flow0 = told.filter((h) => h.flow === 0);
    expect(flow0.map((h) => Number(h.sequence))).toEqual([0, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6]);
    expect(flow0.map((h) => h.notSent)).toEqual([0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
    const flow1 = told.filter((h) => h.flow === 1);
    expect(flow1.map((h) => h.notSent)).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    // Of the refused ones themselves nothing counts; all others: numbers given = offered + not sent.
    for (const h of told) expect(Number(h.total) + h.notSent).toBe(Number(h.sequence) + (h.kind === 0 ? 1 : 0));
    expect([feed.scheduled, feed.notSent, feed.markers]).toEqual([12, 3, 16]);
  });

  test('a skip gives up data, never markers', () => {
    const feed = probe({ flows: 3, count: 30 });
    const before = collect(feed, { untilNs: feed.firstDataNs + 3.5 * MS });
    expect(before).toHaveLength(9 + 4);
    expect(feed.skip(feed.firstDataNs + 8 * MS)).toBe(4);
    const rest = collect(feed);
    const data = rest.filter(isData).map(header);
    expect(rest[0]!.dueNs).toBe(feed.firstDataNs + 8 * MS);
    expect(data.slice(0, 3).map((h) => [h.flow, Number(h.sequence), h.notSent])).toEqual([
      [2, 2, 1],
      [0, 3, 1],
      [1, 3, 2],
    ]);
    expect(data).toHaveLength(22);
    expect([feed.scheduled, feed.notSent]).toEqual([30, 4]);
    expect(feed.skip(1e15)).toBe(0);
  });

  test('an opening or an end that comes too late begins later', () => {
    const late = probe();
    expect(late.skip(100 * MS)).toBe(0);
    const all = collect(late, { untilNs: 104 * MS });
    expect(all.map((sent) => sent.dueNs / MS)).toEqual([100, 101, 102, 103, 104]);
    expect(late.skip(1000 * MS)).toBe(8);
    const end = collect(late);
    expect(end.map(kindOf)).toEqual([2, 2, 2, 2, 2]);
    expect(end[0]!.dueNs).toBeGreaterThanOrEqual(1000 * MS);
    const closing = probe({ count: 0 });
    collect(closing, { untilNs: 9 * MS });
    closing.skip(500 * MS);
    expect(collect(closing).map((sent) => sent.dueNs / MS)).toEqual([500, 520, 540, 560]);
  });

  test('a finish leads to the end markers at once', () => {
    const feed = probe({ count: null });
    collect(feed, { untilNs: 12 * MS });
    feed.finish(40 * MS);
    const end = collect(feed);
    expect(end.map(kindOf)).toEqual([2, 2, 2, 2, 2]);
    expect(end.map((sent) => sent.dueNs / MS)).toEqual([40, 60, 80, 100, 120]);
    expect(Number(header(end[0]!).total)).toBe(5);
    expect(feed.nextDueNs()).toBe(Infinity);
    const ahead = probe({ count: null });
    collect(ahead, { untilNs: 12 * MS });
    ahead.finish(10 * MS);
    expect(collect(ahead)[0]!.dueNs).toBe(13 * MS);
    const never = probe();
    never.finish(1);
    expect(never.nextDueNs()).toBe(Infinity);
    expect(collect(never)).toEqual([]);
  });
});

describe('as fast as can be', () => {
  test('data are due at the time of the fill, 128 at most per fill; the duration ends it', () => {
    const feed = probe({ packetsPerSecond: Infinity, count: null, durationNs: 10 * MS });
    const batch = dirtyBatch(1000, 64_000);
    feed.fill(batch, 7 * MS);
    expect(batch.count).toBe(3);
    expect(feed.nextDueNs()).toBe(8 * MS);
    batch.count = 0;
    expect(feed.fill(batch, 9 * MS)).toBe(128);
    expect(batch.dueMonoNs.subarray(0, 128).every((due) => due === 9 * MS)).toBe(true);
    expect(feed.nextDueNs()).toBe(9 * MS);
    expect(feed.fill(batch, 17 * MS)).toBe(128);
    batch.count = 0;
    expect(feed.fill(batch, 18 * MS)).toBe(1);
    expect(batch.flags[0]).toBe(SendFlag.End);
    expect(collect(feed)).toHaveLength(4);
  });

  test('several such feeds take turns beside a paced one', () => {
    const slots = new PayloadSlots();
    const fast = { packetsPerSecond: Infinity, payloadSlots: slots };
    const merged = new MergedFeed([
      probe({ ...fast, flowBase: 0 }),
      probe({ packetsPerSecond: 1000, payloadSlots: slots, flowBase: 1, count: 3 }),
      probe({ ...fast, flowBase: 2 }),
    ]);
    const batch = dirtyBatch(400, 64_000);
    merged.fill(batch, 7.5 * MS);
    batch.count = 0;
    merged.fill(batch, 9 * MS);
    const counts = [0, 0, 0];
    for (let i = 0; i < batch.count; i++) counts[batch.flow[i]!]!++;
    expect(counts).toEqual([10, 2, 10]);
  });
});

const unlike = (slots: PayloadSlots): FlowFeed[] => [
  probe({
    payloadSlots: slots,
    flows: 3,
    flowBase: 6,
    count: 40,
    flowRates: { kind: 'uniform', ratio: 4 },
    pattern: { kind: 'telemetry', jitter: 0.2, alarms: 0.2, burst: 3 },
  }),
  probe({ payloadSlots: slots, flows: 3, flowBase: 0, count: 40, packetsPerSecond: 1500 }),
  probe({ payloadSlots: slots, flowBase: 3, count: 30, sizeOctets: 200, pattern: { kind: 'poisson' } }),
  new PayloadFeed({
    ...options(),
    payloadSlots: slots,
    flowBase: 4,
    payload: Uint8Array.from([1, 2, 3]),
    sizeOctets: 8,
  }),
  probe({ payloadSlots: slots, flowBase: 5, count: 25, pattern: { kind: 'burst', datagrams: 5, periodNs: 5 * MS } }),
];

describe('many feeds', () => {
  test('are one schedule, and each sends what it would have sent alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1e5, max: 1e8 }), (capacity, stepNs) => {
        const merged = new MergedFeed(unlike(new PayloadSlots()));
        const all = collect(merged, { capacity, stepNs, untilNs: 1e9 });
        expect(ascending(all)).toBe(true);
        const flowsOf = [[6, 7, 8], [0, 1, 2], [3], [4], [5]];
        unlike(new PayloadSlots()).forEach((feed, index) => {
          const alone = collect(feed, { untilNs: 1e9 });
          expect(all.filter((sent) => flowsOf[index]!.includes(sent.flow))).toEqual(alone);
        });
      }),
      { numRuns: 20 },
    );
  });

  test('together: what is due of a feed up to the end of a fill is one run, and nothing else changes', () => {
    const merged = new MergedFeed(unlikeFeeds(), true);
    const first = flowsUpTo(merged, 20 * MS);
    const changes = first.filter((flow, slot) => flow !== first[slot - 1]);
    expect(changes).toEqual([0, 1, 2]);
    expect(first.toSorted()).toEqual(flowsUpTo(new MergedFeed(unlikeFeeds()), 20 * MS).toSorted());
    const all = collect(new MergedFeed(unlikeFeeds(), true), { stepNs: 7 * MS });
    expect(byFlow(all)).toEqual(byFlow(collect(new MergedFeed(unlikeFeeds()), { stepNs: 7 * MS })));
    // A batch that is full of one feed holds the others up for no longer than that.
    const narrow = collect(new MergedFeed(unlikeFeeds(), true), { capacity: 3, stepNs: 7 * MS });
    expect(byFlow(narrow)).toEqual(byFlow(all));
  });

  test('a skip and a finish change what is next', () => {
    const merged = new MergedFeed([probe({ count: null }), probe({ count: null, flowBase: 1, packetsPerSecond: 100 })]);
    collect(merged, { untilNs: 20 * MS });
    expect(merged.skip(100.5 * MS)).toBe(80 + 8);
    expect(merged.nextDueNs()).toBe(101 * MS);
    merged.finish(200 * MS);
    expect(merged.nextDueNs()).toBe(200 * MS);
    expect(collect(merged)).toHaveLength(10);
    expect(merged.nextDueNs()).toBe(Infinity);
  });

  test('a refusal reaches the feed of its flow alone', () => {
    const feeds = [probe({ flowBase: 4, sizeOctets: 64 }), probe({ flowBase: 2, flows: 2, sizeOctets: 64 })];
    const merged = new MergedFeed(feeds);
    const batch = dirtyBatch(100, 6400);
    merged.fill(batch, 20 * MS);
    const slot = Array.from({ length: batch.count }, (_, i) => i).find(
      (i) => batch.flow[i] === 3 && batch.flags[i] === 0,
    );
    refuse(merged, batch, slot!);
    expect(feeds.map((feed) => feed.notSent)).toEqual([0, 1]);
    merged.finish(20 * MS);
    expect(collect(merged)).toHaveLength(4 + 10);
  });
});

test('same options, same octets, whatever the batches', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1e4, max: 1e8 }), (capacity, stepNs) => {
      const change = { flows: 4, count: 100, pattern: { kind: 'poisson' as const } };
      expect(collect(probe(change), { capacity, stepNs })).toEqual(collect(probe(change)));
    }),
    { numRuns: 15 },
  );
});

function unlikeFeeds(): ProbeFeed[] {
  return [probe({}), probe({ flowBase: 1, packetsPerSecond: 300 }), probe({ flowBase: 2 })];
}

function flowsUpTo(merged: MergedFeed, untilNs: number): number[] {
  const batch = dirtyBatch(200, 200 * 1316);
  merged.fill(batch, untilNs);
  return [...batch.flow.subarray(0, batch.count)];
}

function byFlow<T extends { readonly flow: number }>(made: readonly T[]): T[] {
  return made.toSorted((a, b) => a.flow - b.flow);
}
