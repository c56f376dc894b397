import { describe, expect, test } from 'vitest';
import { SendBatch, SendFlag } from '../../src/core/batch.js';
import { Random } from '../../src/core/random.js';
import { PROBE_CHECKED_RANGES, ProbeFeed } from '../../src/feed/probeFeed.js';
import type { ProbeFeedOptions } from '../../src/feed/probeOptions.js';
import { MergedFeed } from '../../src/feed/mergedFeed.js';
import { PayloadFeed } from '../../src/feed/payloadFeed.js';
import { PayloadSlots } from '../../src/feed/payloadSlots.js';
import { Impair } from '../../src/impair/impair.js';
import { type ImpairSpec, NO_IMPAIRMENT } from '../../src/impair/spec.js';
import { ImpairedFeed } from '../../src/runtime/impairedFeed.js';
import { checkProbe } from '../../src/wire/probe.js';
import { WireStatus } from '../../src/wire/status.js';
import { collect, copySlot, dirtyBatch, header, isData, refuse, type Sent } from '../sim/collect.js';

const MS = 1e6;

function probe(change: Partial<ProbeFeedOptions> = {}): ProbeFeed {
  return new ProbeFeed({
    flows: 1,
    runId: 1,
    seed: 7,
    sizeOctets: 100,
    packetsPerSecond: 1000,
    pattern: { kind: 'cbr' },
    count: 1000,
    durationNs: null,
    startMonoNs: 0,
    destination: 2,
    tos: 0,
    ttl: 4,
    sendTime: 'departure',
    unixAtMonoZero: { high: 0, low: 0 },
    superPackets: false,
    ...change,
  });
}

function impaired(spec: Partial<ImpairSpec>, change: Partial<ProbeFeedOptions> = {}, seed = 7): ImpairedFeed {
  return new ImpairedFeed({
    feed: probe(change),
    spec: { ...NO_IMPAIRMENT, ...spec },
    seed,
    sizeOctets: change.sizeOctets ?? 100,
    packetsPerSecond: change.packetsPerSecond ?? 1000,
  });
}

const PAYLOAD = {
  payload: new Uint8Array(3),
  sizeOctets: 3,
  seed: 1,
  packetsPerSecond: 1000,
  pattern: { kind: 'cbr' as const },
  durationNs: null,
  startMonoNs: 0,
  destination: 0,
};

/** Every datagram waits for later ones, which never go; the 20th is lost. */
const waiting = (count: number | null) =>
  new ImpairedFeed({
    feed: new PayloadFeed({ ...PAYLOAD, count }),
    spec: { ...NO_IMPAIRMENT, reorder: 1, lossList: [[19, 19]] },
    seed: 1,
    sizeOctets: 3,
    packetsPerSecond: 1000,
  });

const numbers = (sent: readonly Sent[]) => sent.filter(isData).map((one) => Number(header(one).sequence));
const present = (feed: ImpairedFeed) => new Set(numbers(collect(feed)));

describe('nothing asked for', () => {
  test('everything passes as it came', () => {
    const feed = impaired({}, { flows: 3, count: 50 });
    expect(collect(feed)).toEqual(collect(probe({ flows: 3, count: 50 })));
    const { offered, ...done } = feed.statistics();
    expect(offered).toBe(50);
    expect(Object.values(done).every((count) => count === 0)).toBe(true);
  });
});

/** Share of 60,000 datagrams that is lost, and the mean length of a run of losses. */
const lossRuns = (spec: Partial<ImpairSpec>) => {
  const feed = impaired(spec, { count: 60_000, packetsPerSecond: 1e5 });
  const left = present(feed);
  const bursts: number[] = [];
  let length = 0;
  for (let n = 0; n <= 60_000; n++) {
    if (n < 60_000 && !left.has(n)) {
      length++;
    } else if (length > 0) {
      bursts.push(length);
      length = 0;
    }
  }
  return { lost: feed.statistics().lost / 60_000, mean: bursts.reduce((sum, one) => sum + one, 0) / bursts.length };
};

describe('loss', () => {
  test('by list: exactly those ordinals, per flow', () => {
    const lossList = [
      [0, 0],
      [3, 5],
      [9, 100],
    ] as const;
    const feed = impaired({ lossList }, { flows: 2, count: 220 });
    const sent = collect(feed);
    for (const flow of [0, 1]) {
      expect(numbers(sent.filter((one) => one.flow === flow))).toEqual([
        1, 2, 6, 7, 8, 101, 102, 103, 104, 105, 106, 107, 108, 109,
      ]);
      expect(feed.statistics(flow).lost).toBe(96);
    }
    expect(feed.statistics().lost).toBe(192);
  });

  test('at random: as much as was asked for, and as much as is said', () => {
    const feed = impaired({ loss: 0.1 }, { count: 20_000, packetsPerSecond: 1e5 });
    const left = numbers(collect(feed)).length;
    expect(left).toBe(20_000 - feed.statistics().lost);
    expect(Math.abs(feed.statistics().lost / 20_000 - 0.1)).toBeLessThan(0.01);
    expect(numbers(collect(impaired({ loss: 1 })))).toEqual([]);
  });

  test('Gilbert-Elliott: share of loss p/(p+r), mean burst 1/r, and loss within the states', () => {
    const p = 0.02;
    const r = 0.25;
    const bursty = lossRuns({ gilbertElliott: { p, r, lossGood: 0, lossBad: 1 } });
    expect(Math.abs(bursty.lost / (p / (p + r)) - 1)).toBeLessThan(0.1);
    expect(Math.abs(bursty.mean * r - 1)).toBeLessThan(0.1);
    const mild = lossRuns({ gilbertElliott: { p, r, lossGood: 0.01, lossBad: 0.5 } });
    expect(Math.abs(mild.lost / ((0.01 * r + 0.5 * p) / (p + r)) - 1)).toBeLessThan(0.1);
  });

  test('a full queue: what a rate limit cannot carry is lost, the rest is late by its backlog', () => {
    // 100 octets each 1 ms offered, 400 kbit/s carried: half of it; the queue of 1000 octets is 20 ms long.
    const feed = impaired({ rateBitPerSecond: 400e3, queueOctets: 1000 });
    const data = collect(feed).filter(isData);
    const { lost, delayed, reordered } = feed.statistics();
    expect(Math.abs(lost - 495)).toBeLessThanOrEqual(5);
    expect([delayed, reordered]).toEqual([1000 - lost, 0]);
    for (const one of data) {
      const lateNs = one.dueNs - (3 * MS + Number(header(one).sequence) * MS);
      expect(lateNs).toBeGreaterThanOrEqual(2 * MS);
      expect(lateNs).toBeLessThanOrEqual(20 * MS);
    }
  });
});

describe('copies', () => {
  test('duplicates follow, flagged, with the same octets', () => {
    const feed = impaired({ duplicate: 1 }, { count: 5 });
    const data = collect(feed).filter(isData);
    expect(data.map((one) => Number(header(one).sequence))).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    expect(data.map((one) => one.flags)).toEqual([0, 4, 0, 4, 0, 4, 0, 4, 0, 4]);
    expect(data[1]).toEqual({ ...data[0], flags: SendFlag.Copy });
    expect(feed.statistics().duplicated).toBe(5);
  });

  test('a corrupted copy is refused by every receiver, and still stamped', () => {
    const feed = impaired({ corrupt: 1 }, { count: 3000, packetsPerSecond: 1e5 });
    const touched = new Set<number>();
    const data = collect(feed).filter(isData);
    const intact = collect(probe({ count: 3000, packetsPerSecond: 1e5 })).filter(isData);
    for (const [i, one] of data.entries()) {
      expect(checkProbe(new DataView(one.octets.buffer), 0, one.octets.length)).not.toBe(WireStatus.Ok);
      expect([one.flags, one.stampAt]).toEqual([SendFlag.Corrupted, 28]);
      const changed = intact[i]!.octets.findIndex((octet, at) => octet !== one.octets[at]);
      touched.add(changed);
    }
    // Every octet that is checked, and no other.
    expect([...touched].sort((a, b) => a - b)).toEqual([
      ...Array.from({ length: 28 }, (_, i) => i),
      ...Array.from({ length: 16 }, (_, i) => 36 + i),
    ]);
    expect(feed.statistics()).toMatchObject({ lost: 3000, corrupted: 3000, duplicated: 0 });
  });

  test('a datagram is lost only when no copy of it is intact', () => {
    const feed = impaired({ corrupt: 0.5, duplicate: 1 }, { count: 2000, packetsPerSecond: 1e5 });
    const data = collect(feed).filter(isData);
    const intact = data.filter((one) => (one.flags & SendFlag.Corrupted) === 0);
    const distinct = new Set(numbers(intact)).size;
    const { lost, duplicated, corrupted } = feed.statistics();
    expect([lost, duplicated, corrupted]).toEqual([
      2000 - distinct,
      intact.length - distinct,
      data.length - intact.length,
    ]);
    expect(Math.abs(lost / 2000 - 0.25)).toBeLessThan(0.04);
  });

  test('any octet of a payload without a format may be hit', () => {
    const inner = new PayloadFeed({ ...PAYLOAD, count: 200 });
    const feed = new ImpairedFeed({
      feed: inner,
      spec: { ...NO_IMPAIRMENT, corrupt: 1, reorder: 1 },
      seed: 1,
      sizeOctets: 3,
      packetsPerSecond: 1000,
    });
    const hit = new Set(collect(feed).map((one) => one.octets.join()));
    expect(hit.size).toBe(24);
    expect(feed.statistics().corrupted).toBe(200);
  });
});

describe('time', () => {
  test('delay moves all alike, jitter within its bounds, both as they say', () => {
    const still = impaired({ delayNs: 5 * MS }, { count: 100 });
    const data = collect(still).filter(isData);
    expect(data.map((one) => one.dueNs)).toEqual(Array.from({ length: 100 }, (_, n) => 3 * MS + n * MS + 5 * MS));
    expect(still.statistics()).toMatchObject({ delayed: 100, reordered: 0, lost: 0 });
    const moving = impaired({ delayNs: 5 * MS, jitterNs: 4 * MS }, { count: 2000 });
    const delays = collect(moving)
      .filter(isData)
      .map((one) => one.dueNs - 3 * MS - Number(header(one).sequence) * MS);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(1 * MS);
    expect(Math.max(...delays)).toBeLessThanOrEqual(9 * MS);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(7.5 * MS);
    expect(moving.statistics().reordered).toBeGreaterThan(500);
  });

  test('reorder lets 1 to 3 later ones go first, whatever their times', () => {
    for (const pattern of [{ kind: 'cbr' }, { kind: 'burst', datagrams: 50, periodNs: 100 * MS }] as const) {
      const feed = impaired({ reorder: 0.05 }, { count: 5000, pattern });
      const order = numbers(collect(feed));
      const displaced = order.map((n, i) => i - n).filter((by) => by > 0);
      expect(new Set(order).size).toBe(5000);
      expect(Math.max(...displaced)).toBeLessThanOrEqual(4);
      expect(Math.abs(feed.statistics().reordered / 5000 - 0.05)).toBeLessThan(0.01);
      expect(feed.statistics().lost).toBe(0);
    }
  });

  test('what waits for later ones leaves within 50 ms of the first, or before the end markers', () => {
    const slow = impaired({ reorder: 1 }, { count: 3, packetsPerSecond: 2, flows: 1 });
    const sent = collect(slow);
    expect(new Set(numbers(sent)).size).toBe(3);
    expect(sent.slice(-5).every((one) => (one.flags & SendFlag.End) !== 0)).toBe(true);
    const mixed = impaired({ reorder: 0.2 }, { count: 400, packetsPerSecond: 5 });
    let latestNs = 0;
    let next = 0;
    for (const one of collect(mixed).filter(isData)) {
      const number = Number(header(one).sequence);
      if (number >= next) {
        next = number + 1;
        latestNs = one.dueNs;
      } else {
        expect(one.dueNs - latestNs).toBeLessThanOrEqual(50 * MS);
      }
    }
    expect(mixed.statistics().reordered).toBeGreaterThan(30);
  });

  test('end markers move back together behind what is delayed, start markers do not move', () => {
    const sent = collect(impaired({ delayNs: 300 * MS }, { count: 10 }));
    expect(sent.slice(0, 3).map((one) => one.dueNs / MS)).toEqual([0, 1, 2]);
    expect(sent.slice(-6).map((one) => one.dueNs / MS)).toEqual([312, 312, 332, 352, 372, 392]);
  });

  test('a feed without markers that is finished lets go what waits, behind all that left', () => {
    const feed = waiting(null);
    expect(collect(feed, { untilNs: 20.5 * MS })).toEqual([]);
    feed.finish(20.5 * MS);
    const rest = collect(feed, { untilNs: 21 * MS });
    expect(rest).toHaveLength(20);
    expect(rest.every((one) => one.dueNs === 20.5 * MS)).toBe(true);
    const some = new ImpairedFeed({
      feed: new PayloadFeed({ ...PAYLOAD, count: null }),
      spec: { ...NO_IMPAIRMENT, reorder: 0.5, jitterNs: 10 * MS },
      seed: 1,
      sizeOctets: 3,
      packetsPerSecond: 1000,
    });
    const before = collect(some, { untilNs: 300.5 * MS });
    some.finish(300.5 * MS);
    const after = collect(some);
    expect(before.length + after.length).toBe(301);
    expect(after[0]!.dueNs).toBeGreaterThanOrEqual(before.at(-1)!.dueNs);
    expect(after.every((one) => one.dueNs > 300 * MS)).toBe(true);
  });

  test('at a rate of Infinity delays count from the time of the fill', () => {
    const feed = impaired({ delayNs: 5 * MS, loss: 0.5 }, { packetsPerSecond: Infinity, count: 300 });
    const batch = dirtyBatch(1000, 100_000);
    feed.fill(batch, 2 * MS);
    batch.count = 0;
    expect(feed.fill(batch, 10 * MS)).toBe(0);
    expect(feed.nextDueNs()).toBeLessThanOrEqual(15 * MS);
    feed.fill(batch, 15 * MS);
    // And the first end marker.
    expect(batch.count).toBe(300 - feed.statistics().lost + 1);
    expect(batch.dueMonoNs.subarray(0, batch.count).every((due) => due === 15 * MS)).toBe(true);
  });
});

test('feeds beside it in the same batch keep their payload', () => {
  const payloadSlots = new PayloadSlots();
  const merged = new MergedFeed([
    new ImpairedFeed({
      feed: probe({ flowBase: 0, packetsPerSecond: 700 }),
      spec: { ...NO_IMPAIRMENT, delayNs: 100 * MS, jitterNs: 90 * MS },
      seed: 2,
      sizeOctets: 100,
      packetsPerSecond: 700,
      payloadSlots,
    }),
    probe({ flowBase: 1, payloadSlots, sizeOctets: 60 }),
  ]);
  for (const one of collect(merged, { capacity: 9, stepNs: 3 * MS, untilNs: 3e9 })) {
    expect(one.octets.subarray(52).every((octet, i) => octet === 52 + i)).toBe(true);
  }
});

const slow = () =>
  impaired({ reorder: 0.5, duplicate: 0.2 }, { count: 200, packetsPerSecond: 9, pattern: { kind: 'poisson' } });

describe('the dice', () => {
  test('same seed, same octets, whatever the batches; another seed, another run', () => {
    const spec = {
      loss: 0.1,
      duplicate: 0.1,
      reorder: 0.1,
      corrupt: 0.1,
      jitterNs: 5 * MS,
      rateBitPerSecond: 1e6,
      queueOctets: 3000,
    };
    const make = (seed: number) => impaired(spec, { flows: 3, count: 200, pattern: { kind: 'poisson' } }, seed);
    const whole = collect(make(3));
    for (let i = 0; i < 5; i++) {
      expect(collect(make(3), { capacity: 1 + 15 * i, stepNs: (3 + i * i) * MS, untilNs: 3e9 })).toEqual(whole);
    }
    expect(collect(make(4))).not.toEqual(whole);
  });

  test('nor does it matter how far ahead a slow flow is looked at', () => {
    expect(collect(slow(), { stepNs: 7 * MS, untilNs: 60e9 })).toEqual(collect(slow(), { untilNs: 60e9 }));
    expect(collect(waiting(20), { stepNs: 0.3 * MS, untilNs: 60 * MS })).toEqual(collect(waiting(20)));
  });

  test('what is lost does not depend on what else is asked for', () => {
    const more = { duplicate: 0.3, reorder: 0.2, delayNs: MS, jitterNs: MS };
    expect(present(impaired({ loss: 0.2, ...more }))).toEqual(present(impaired({ loss: 0.2 })));
    const ge = { gilbertElliott: { p: 0.05, r: 0.3, lossGood: 0, lossBad: 1 } };
    expect(present(impaired({ ...ge, ...more }))).toEqual(present(impaired(ge)));
  });
});

function filled(supply: ProbeFeed): SendBatch {
  const batch = new SendBatch(200, 20_000);
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a feed is no array
  supply.fill(batch, 1e12);
  return batch;
}

describe('bounds', () => {
  const options = {
    seed: 1,
    flowBase: 0,
    flows: 1,
    checkedRanges: PROBE_CHECKED_RANGES,
    storeDatagrams: 32,
    slotOctets: 100,
  };

  test('more on its way than there is room for is lost and counted; markers are not', () => {
    const impair = new Impair({ ...NO_IMPAIRMENT, delayNs: 900 * MS }, options);
    const batch = filled(probe({ count: 100 }));
    expect(impair.take(batch, 0)).toBe(108);
    expect(impair.statistics()).toMatchObject({ offered: 100, lost: 87, storeFull: 87 });
    const out = new SendBatch(200, 20_000);
    expect(impair.release(out, 1e12)).toBe(3 + 13 + 5);
    // Nothing but markers: when even those find no room, they wait for what leaves.
    const full = new Impair({ ...NO_IMPAIRMENT, delayNs: 900 * MS }, { ...options, flows: 20, storeDatagrams: 32 });
    const many = filled(probe({ flows: 20, count: 0 }));
    expect(full.take(many, 0)).toBe(32);
    many.count = 160;
    out.count = 0;
    expect(full.release(out, 1e12)).toBe(32);
    expect(full.take(many, 32)).toBe(64);
  });

  test('markers without room hold up what comes, and all get through', () => {
    const feed = new ImpairedFeed({
      feed: probe({ flows: 2000, count: 2000, packetsPerSecond: 1e5 }),
      spec: { ...NO_IMPAIRMENT, delayNs: 900 * MS },
      seed: 2,
      sizeOctets: 100,
      // Not so: there is room for a tenth of what will be on its way.
      packetsPerSecond: 1,
    });
    const sent = collect(feed);
    expect(sent.filter((one) => one.flags === SendFlag.Start)).toHaveLength(6000);
    expect(sent.filter((one) => one.flags === SendFlag.End)).toHaveLength(10_000);
    const { offered, lost, storeFull } = feed.statistics();
    expect([offered, lost]).toEqual([2000, storeFull]);
    expect(sent.filter(isData)).toHaveLength(2000 - lost);
  });

  test('behind the reorder window by number: late, and lost when nothing else of it came', () => {
    const spec = { ...NO_IMPAIRMENT, delayNs: 0, jitterNs: 900 * MS, beyondWindow: true };
    const feed = new ImpairedFeed({
      feed: probe({ count: 150_000, packetsPerSecond: 1e6, sizeOctets: 52 }),
      spec,
      seed: 2,
      sizeOctets: 52,
      packetsPerSecond: 100_000,
    });
    let highest = -1;
    let late = 0;
    for (const one of collect(feed, { capacity: 1000, slabOctets: 52_000 }).filter(isData)) {
      const number = (one.octets[25]! << 16) | (one.octets[26]! << 8) | one.octets[27]!;
      if (highest - number >= 65_536) late++;
      highest = Math.max(highest, number);
    }
    const told = feed.statistics();
    expect(late).toBeGreaterThan(100);
    expect(told.late).toBe(late);
    expect(told.lost).toBe(late + told.storeFull);
  });

  test('delays beyond the window are refused unless told', () => {
    expect(() => impaired({ delayNs: 1000 * MS })).toThrow(/reorder window of 1s/);
    expect(() => impaired({ delayNs: 1000 * MS, beyondWindow: true })).not.toThrow();
    expect(() => impaired({ jitterNs: 500 * MS }, { packetsPerSecond: 2e5 })).toThrow(/65536/);
  });
});

describe('what does not leave after all', () => {
  test("refused copies are taken back; only a datagram that is wholly unsent is the feed's", () => {
    const inner = probe({ count: 400, packetsPerSecond: 1e5 });
    const spec = { ...NO_IMPAIRMENT, duplicate: 0.5, corrupt: 0.3, loss: 0.1, delayNs: MS, jitterNs: MS };
    const feed = new ImpairedFeed({ feed: inner, spec, seed: 5, sizeOctets: 100, packetsPerSecond: 1e5 });
    const dice = new Random(5);
    const batch = dirtyBatch(20, 2000);
    const left: Sent[] = [];
    for (let nowNs = 0; feed.nextDueNs() !== Infinity; nowNs += 20_000) {
      batch.count = 0;
      feed.fill(batch, nowNs);
      for (let slot = 0; slot < batch.count; slot++) {
        if (dice.unit() < 0.3) refuse(feed, batch, slot);
        else left.push(copySlot(batch, slot));
      }
    }
    const data = left.filter(isData);
    const intact = data.filter((one) => (one.flags & SendFlag.Corrupted) === 0);
    const distinct = new Set(numbers(intact)).size;
    const { lost, duplicated, corrupted } = feed.statistics();
    expect(inner.notSent).toBeGreaterThan(20);
    expect([duplicated, corrupted]).toEqual([intact.length - distinct, data.length - intact.length]);
    expect(lost + inner.notSent).toBe(400 - distinct);
    expect(header(left.at(-1)!).notSent).toBe(inner.notSent);
  });

  test('behind the schedule: delayed copies are given up and lost, markers leave late', () => {
    const inner = probe({ count: 100 });
    const feed = new ImpairedFeed({
      feed: inner,
      spec: { ...NO_IMPAIRMENT, delayNs: 40 * MS },
      seed: 5,
      sizeOctets: 100,
      packetsPerSecond: 1000,
    });
    const before = collect(feed, { untilNs: 60 * MS });
    expect(before.filter(isData)).toHaveLength(18);
    feed.skip(80 * MS);
    const after = collect(feed);
    expect(inner.notSent).toBe(19);
    expect(feed.statistics()).toMatchObject({ offered: 81, lost: 19, givenUp: 19 });
    expect(after.filter(isData)).toHaveLength(81 - 18 - 19);
    const late = impaired({ delayNs: 40 * MS }, { count: 1 });
    collect(late, { untilNs: 42 * MS });
    late.skip(700 * MS);
    expect(collect(late).map((one) => one.flags)).toEqual([2, 2, 2, 2, 2]);
  });
});
