import { describe, expect, test } from 'vitest';
import { SendFlag } from '../../src/core/batch.js';
import { IperfFeed, type IperfFeedOptions } from '../../src/feed/iperfFeed.js';
import { NO_IMPAIRMENT } from '../../src/impair/spec.js';
import { ImpairedFeed } from '../../src/runtime/impairedFeed.js';
import { iperfCodec, type IperfHeader } from '../../src/wire/iperfCodec.js';
import { WireStatus } from '../../src/wire/status.js';
import { collect, copySlot, dirtyBatch, refuse, type Sent } from '../sim/collect.js';

const MS = 1e6;
const RUN = { threads: 2, port: 5001, sizeOctets: 200, durationNs: 10e9, tos: 0x88, rateBitPerSecond: 1.6e6 };
/** 2026-01-01T00:00:00.999999Z. */
const UNIX_NS = 1_767_225_600_999_999_000n;

function options(change: Partial<IperfFeedOptions>): IperfFeedOptions {
  return {
    run: RUN,
    sizeOctets: 200,
    seed: 1,
    packetsPerSecond: 1000,
    pattern: { kind: 'cbr' },
    count: 5,
    durationNs: null,
    startMonoNs: 5 * MS,
    destination: 2,
    flowBase: 9,
    sendTime: 'departure',
    unixAtMonoZero: { high: Number(UNIX_NS >> 32n), low: Number(UNIX_NS & 0xffff_ffffn) },
    inOrder: true,
    ...change,
  };
}

const feed = (change: Partial<IperfFeedOptions> = {}): IperfFeed => new IperfFeed(options(change));

function header({ octets }: Pick<Sent, 'octets'>): IperfHeader {
  const parsed = iperfCodec.create();
  expect(iperfCodec.parse(octets, 0, octets.length, parsed)).toBe(WireStatus.Ok);
  return parsed;
}

const numbers = (all: readonly Sent[]): number[] => all.map((sent) => Number(header(sent).number));

describe('a client of iperf', () => {
  test('numbers from 1 on schedule, and ends with the last of the count, five times', () => {
    const made = feed();
    const all = collect(made);
    expect(numbers(all)).toEqual([1, 2, 3, 4, -5, -5, -5, -5, -5]);
    expect(all.map((sent) => sent.dueNs / MS)).toEqual([5, 6, 7, 8, 9, 29, 49, 69, 89]);
    expect(all.map((sent) => sent.flags)).toEqual([
      ...new Array<number>(4).fill(0),
      SendFlag.End | SendFlag.Last,
      ...new Array<number>(4).fill(SendFlag.End),
    ]);
    expect(all.every((sent) => sent.stampAt === 4 && sent.flow === 9 && sent.destination === 2)).toBe(true);
    expect([made.scheduled, made.notSent]).toEqual([5, 0]);
    expect(made.nextDueNs()).toBe(Infinity);
  });

  test('tells of its run in every datagram, and fills it as iperf does', () => {
    for (const { octets } of collect(feed())) {
      const { flags, settings } = header({ octets });
      expect(flags).toBe(0x4801_0098);
      expect(settings).toMatchObject({ threads: 2, port: 5001, sizeOctets: 200, amount: -1000, tos: 0x88 });
      expect([...octets.subarray(76, 160)]).toEqual(new Array(84).fill(0));
      expect(new TextDecoder().decode(octets.subarray(160))).toBe('0123456789'.repeat(4));
    }
  });

  test('writes the time at which each is due where the sink cannot tell when it left', () => {
    const all = collect(feed({ sendTime: 'due' }));
    expect(all.every(({ stampAt }) => stampAt === 0)).toBe(true);
    const told = all.map((sent) => {
      const { seconds, microseconds } = header(sent);
      return BigInt(seconds) * 1_000_000_000n + BigInt(microseconds) * 1000n;
    });
    expect(told).toEqual(all.map(({ dueNs }) => UNIX_NS + BigInt(dueNs)));
  });

  test('makes the same octets whatever the batches', () => {
    const large = collect(feed({ count: 300, pattern: { kind: 'poisson' } }));
    const small = collect(feed({ count: 300, pattern: { kind: 'poisson' } }), {
      capacity: 3,
      slabOctets: 650,
      stepNs: 0.3 * MS,
      untilNs: 5000 * MS,
    });
    expect(small).toEqual(large);
    expect(numbers(large).slice(0, 299)).toEqual(Array.from({ length: 299 }, (_, i) => i + 1));
  });

  test('carries 64 bits of the number', () => {
    const made = feed({ count: null });
    const batch = dirtyBatch(4, 1000);
    made.fill(batch, 6 * MS);
    batch.view.setUint32(batch.offset[0]!, 0xffff_ffff);
    batch.view.setUint32(batch.offset[0]! + 12, 1);
    // What follows a refused one takes its number.
    refuse(made, batch, 0);
    expect(header(copySlot(batch, 1)).number).toBe(0x1_ffff_ffffn);
  });

  test('is small where it is asked to be', () => {
    for (const sizeOctets of [20, 75, 76]) {
      const all = collect(feed({ sizeOctets }));
      expect(all.map(({ octets }) => octets.length)).toEqual(new Array(9).fill(sizeOctets));
      expect(header(all[0]!).settings === null).toBe(sizeOctets < 76);
      expect(numbers(all).slice(0, 5)).toEqual([1, 2, 3, 4, -5]);
    }
  });
});

describe('limits', () => {
  test('a duration: the final datagram leaves when it is over', () => {
    const all = collect(feed({ count: null, durationNs: 3 * MS }));
    expect(numbers(all).slice(0, 5)).toEqual([1, 2, 3, -4, -4]);
    expect(all[3]!.dueNs).toBe(8 * MS);
  });

  test('count and duration, whichever comes first', () => {
    expect(feed({ count: 2, durationNs: 9 * MS }).nextDueNs()).toBe(5 * MS);
    expect(numbers(collect(feed({ count: 2, durationNs: 9 * MS }))).slice(0, 3)).toEqual([1, -2, -2]);
    expect(numbers(collect(feed({ count: 9, durationNs: 2 * MS }))).slice(0, 4)).toEqual([1, 2, -3, -3]);
  });

  test('a stop: the final datagram is due at once, and none where nothing has begun', () => {
    const made = feed({ count: null });
    const batch = dirtyBatch(10, 3000);
    made.fill(batch, 6 * MS);
    made.finish(20 * MS);
    expect(made.nextDueNs()).toBe(20 * MS);
    batch.count = 0;
    made.fill(batch, 20 * MS);
    expect([batch.count, header(copySlot(batch, 0)).number]).toEqual([1, -3n]);
    const idle = feed();
    idle.finish(1 * MS);
    expect(idle.nextDueNs()).toBe(Infinity);
    expect(collect(idle)).toEqual([]);
  });

  test('without a rate: data are always due, and the duration ends with the fill that reaches it', () => {
    const made = feed({ packetsPerSecond: Infinity, count: null, durationNs: 10 * MS });
    const batch = dirtyBatch(500, 100_000);
    expect(made.fill(batch, 6 * MS)).toBe(128);
    expect(batch.dueMonoNs[127]).toBe(6 * MS);
    batch.count = 0;
    made.fill(batch, 15 * MS);
    expect(batch.count).toBe(1);
    expect(header(copySlot(batch, 0)).number).toBe(-129n);
  });
});

describe('what never leaves', () => {
  test('takes no number: those behind a refused one move up', () => {
    const made = feed({ count: 8 });
    const batch = dirtyBatch(10, 3000);
    made.fill(batch, 9 * MS);
    expect(batch.count).toBe(5);
    // The second and the third are refused, as a sink does, one after the other.
    refuse(made, batch, 1);
    refuse(made, batch, 2);
    const left = [0, 3, 4].map((slot) => header(copySlot(batch, slot)).number);
    batch.count = 0;
    made.fill(batch, 1e12);
    const rest = Array.from({ length: batch.count }, (_, slot) => header(copySlot(batch, slot)).number);
    expect([...left, ...rest.slice(0, 3)]).toEqual([1n, 2n, 3n, 4n, 5n, -6n]);
    expect([made.scheduled, made.notSent]).toEqual([8, 2]);
  });

  test('several at once, the final datagram among those that move up', () => {
    const made = feed({ count: 5 });
    const batch = dirtyBatch(10, 3000);
    made.fill(batch, 9 * MS);
    expect(batch.count).toBe(5);
    made.refuse(batch, 1);
    made.refuse(batch, 2);
    for (const slot of [3, 4]) made.update(batch, slot);
    expect([0, 3, 4].map((slot) => header(copySlot(batch, slot)).number)).toEqual([1n, 2n, -3n]);
    batch.count = 0;
    made.fill(batch, 1e12);
    expect(header(copySlot(batch, 0)).number).toBe(-3n);
  });

  test('a refused final datagram leaves its place to the next one', () => {
    const made = feed({ count: 3 });
    const batch = dirtyBatch(10, 3000);
    made.fill(batch, 7 * MS);
    expect([batch.count, batch.flags[2]]).toEqual([3, SendFlag.End | SendFlag.Last]);
    refuse(made, batch, 2);
    batch.count = 0;
    made.fill(batch, 1e12);
    expect([batch.flags[0], batch.flags[1]]).toEqual([SendFlag.End | SendFlag.Last, SendFlag.End]);
    expect([header(copySlot(batch, 0)).number, made.scheduled, made.notSent]).toEqual([-3n, 4, 1]);
    // Of further copies nobody keeps count.
    refuse(made, batch, 1);
    expect(made.notSent).toBe(1);
  });

  test('skipped ones are counted, and leave no gap', () => {
    const made = feed({ count: 8 });
    expect(made.skip(8 * MS)).toBe(3);
    const all = collect(made);
    expect(numbers(all).slice(0, 5)).toEqual([1, 2, 3, 4, -5]);
    expect([made.scheduled, made.notSent]).toEqual([8, 3]);
  });

  test('the final datagram is not skipped', () => {
    const made = feed({ count: 2 });
    collect(made, { untilNs: 5 * MS, stepNs: MS });
    expect(made.skip(100 * MS)).toBe(0);
    expect(made.nextDueNs()).toBe(100 * MS);
  });

  test('where datagrams leave in another order each keeps its number', () => {
    const made = feed({ count: 8, inOrder: false });
    const batch = dirtyBatch(10, 3000);
    made.fill(batch, 9 * MS);
    refuse(made, batch, 1);
    expect([0, 2, 3].map((slot) => header(copySlot(batch, slot)).number)).toEqual([1n, 3n, 4n]);
    expect(made.notSent).toBe(1);
  });
});

function impaired(loss: number): { feed: ImpairedFeed; inner: IperfFeed } {
  const inner = feed({ count: 50, inOrder: false });
  return {
    inner,
    feed: new ImpairedFeed({
      feed: inner,
      spec: { ...NO_IMPAIRMENT, loss },
      seed: 3,
      sizeOctets: 200,
      packetsPerSecond: null,
    }),
  };
}

describe('behind an impairment', () => {
  test('the final datagram passes, and is one of those that were sent', () => {
    const { feed: all, inner } = impaired(1);
    const left = collect(all);
    expect(numbers(left)).toEqual([-50, -50, -50, -50, -50]);
    expect(left.map(({ flags }) => flags & SendFlag.Last)).toEqual([SendFlag.Last, 0, 0, 0, 0]);
    expect([all.statistics().lost, inner.scheduled]).toEqual([49, 50]);
  });

  test('a refused one is not sent', () => {
    const { feed: all, inner } = impaired(1);
    const batch = dirtyBatch(10, 3000);
    all.fill(batch, 1e12);
    all.refuse(batch, 0);
    expect(inner.notSent).toBe(1);
    all.refuse(batch, 1);
    expect(inner.notSent).toBe(1);
  });
});
