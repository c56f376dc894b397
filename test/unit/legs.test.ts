/** One feed on two legs: the same datagrams, whoever asks first. */
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SendBatch } from '../../src/core/batch.js';
import { LegSplitter, type Leg } from '../../src/feed/legs.js';
import { MergedFeed } from '../../src/feed/mergedFeed.js';
import { PayloadFeed } from '../../src/feed/payloadFeed.js';

const SIZE = 4;

function splitter(count: number, capacity = 64): LegSplitter {
  const payload = Uint8Array.from({ length: 400 }, (_, i) => i);
  const feed = new PayloadFeed({
    packetsPerSecond: 1000,
    pattern: { kind: 'cbr' },
    count,
    durationNs: null,
    startMonoNs: 0,
    seed: 0,
    sizeOctets: SIZE,
    destination: 0,
    payload,
  });
  return new LegSplitter(feed, capacity, SIZE);
}

/** Of a feed that is always due, of so many datagrams or until `durationNs`; 256 are kept. */
function unpaced(count: number | null, durationNs: number | null): LegSplitter {
  const feed = new PayloadFeed({
    packetsPerSecond: Infinity,
    pattern: { kind: 'cbr' },
    count,
    durationNs,
    startMonoNs: 0,
    seed: 0,
    sizeOctets: SIZE,
    destination: 0,
    payload: Uint8Array.from({ length: 400 }, (_, i) => i),
  });
  return new LegSplitter(feed, 256, SIZE);
}

function drawn(leg: Leg, untilNs: number, slots = 8): string[] {
  const batch = new SendBatch(slots, slots * SIZE);
  const made = leg.fill(batch, untilNs);
  return Array.from({ length: made }, (_, i) => {
    const octets = [...batch.bytes.subarray(batch.offset[i]!, batch.offset[i]! + batch.length[i]!)].join('.');
    return `${batch.dueMonoNs[i]}:${batch.destination[i]}/${batch.flow[i]}:${octets}`;
  });
}

describe('two legs', () => {
  it('offer the same octets at the same times, in whatever portions they are asked', () => {
    const steps = array(record({ leg: constantFrom(0, 1), byNs: integer({ min: 0, max: 9e6 }) }), {
      maxLength: 40,
    });
    assert(
      property(steps, (asked) => {
        const split = splitter(30);
        const legs = [split.leg({ flowBase: 3, destination: 1 }), split.leg({ flowBase: 3, destination: 1 })];
        const got: string[][] = [[], []];
        const untilNs = [0, 0];
        for (const { leg, byNs } of asked) {
          untilNs[leg]! += byNs;
          got[leg]!.push(...drawn(legs[leg]!, untilNs[leg]!));
        }
        for (const [index, leg] of legs.entries()) {
          for (let more = ['']; more.length > 0;) got[index]!.push(...(more = drawn(leg, 1e9)));
          expect(leg.nextDueNs()).toBe(Infinity);
          expect({ scheduled: leg.scheduled, notSent: leg.notSent }).toEqual({ scheduled: 30, notSent: 0 });
        }
        expect(got[0]).toEqual(got[1]);
        expect(got[0]).toHaveLength(30);
        expect(got[0]![7]).toBe('7000000:1/3:28.29.30.31');
      }),
    );
  });

  it('a leg that lags loses what is no longer kept, and counts it', () => {
    const split = splitter(100, 16);
    const [a, b] = [split.leg({ flowBase: 0, destination: 0 }), split.leg({ flowBase: 0, destination: 0 })];
    for (let i = 0; i < 20; i++) drawn(a, 1e9);
    expect(a.scheduled).toBe(100);
    const rest: string[] = [];
    for (let more = ['']; more.length > 0;) rest.push(...(more = drawn(b, 1e9)));
    expect(rest).toHaveLength(16);
    expect({ scheduled: b.scheduled, notSent: b.notSent }).toEqual({ scheduled: 100, notSent: 84 });
    expect(rest[0]!.startsWith('84000000:')).toBe(true);
  });

  it('a leg skips by itself, and ends for both', () => {
    const split = splitter(100);
    const [a, b] = [split.leg({ flowBase: 0, destination: 0 }), split.leg({ flowBase: 0, destination: 0 })];
    expect(a.skip(10e6)).toBe(10);
    expect(a.nextDueNs()).toBe(10e6);
    expect(drawn(b, 2e6)).toHaveLength(3);
    a.finish(11e6);
    // What was made is still sent, on both.
    expect(split.made).toBe(11);
    expect(drawn(b, 1e9)).toHaveLength(8);
    expect(drawn(a, 1e9)).toHaveLength(1);
    expect([a.nextDueNs(), b.nextDueNs()]).toEqual([Infinity, Infinity]);
  });

  it('of a feed that is always due take turns, and come to its end together', () => {
    const split = unpaced(null, 1e6);
    const legs = [split.leg({ flowBase: 0, destination: 0 }), split.leg({ flowBase: 1, destination: 1 })];
    const merged = new MergedFeed(legs);
    expect(merged.unpaced).toBe(true);
    const batch = new SendBatch(512, 512 * SIZE);
    expect(merged.fill(batch, 0.5e6)).toBe(512);
    expect([0, 127, 128, 255, 256].map((slot) => batch.flow[slot])).toEqual([0, 0, 1, 1, 0]);
    // In batches that one turn fills, too.
    const small = new SendBatch(128, 128 * SIZE);
    const first = Array.from({ length: 4 }, () => {
      small.count = 0;
      merged.fill(small, 0.6e6);
      return small.flow[0];
    });
    expect(first).toEqual([0, 1, 0, 1]);
    expect(legs.map(({ notSent }) => notSent)).toEqual([0, 0]);
    batch.count = 0;
    expect(merged.fill(batch, 1e6)).toBe(0);
    expect(merged.nextDueNs()).toBe(Infinity);
  });

  it('of a feed that is always due are complete, also in batches that cut a turn', () => {
    const split = unpaced(5000, null);
    const legs = [split.leg({ flowBase: 0, destination: 0 }), split.leg({ flowBase: 1, destination: 1 })];
    const merged = new MergedFeed(legs);
    const batch = new SendBatch(183, 183 * SIZE);
    const sent = [0, 0];
    let furthest = 0;
    for (let made = 1; made > 0;) {
      batch.count = 0;
      made = merged.fill(batch, 1e6);
      for (let slot = 0; slot < made; slot++) sent[batch.flow[slot]!]!++;
      furthest = Math.max(furthest, Math.abs(sent[0]! - sent[1]!));
    }
    expect(sent).toEqual([5000, 5000]);
    expect(legs.map(({ notSent }) => notSent)).toEqual([0, 0]);
    // Neither is ahead by more than a turn.
    expect(furthest).toBeLessThanOrEqual(128);
  });

  it('of a feed that is always due go as fast as the slower one', () => {
    const split = unpaced(2000, null);
    const [a, b] = [split.leg({ flowBase: 0, destination: 0 }), split.leg({ flowBase: 0, destination: 0 })];
    const got: string[][] = [[], []];
    // On sinks of their own the first could be through before the other begins.
    for (let i = 0; i < 300; i++) got[0]!.push(...drawn(a, 1e6));
    expect(got[0]!.length).toBe(256);
    expect(a.nextDueNs()).toBeLessThanOrEqual(1e6);
    while (got[1]!.length < 2000) {
      const more = [drawn(b, 1e6, 5), drawn(a, 1e6, 8)];
      expect(more[0]!.length).toBeGreaterThan(0);
      got[1]!.push(...more[0]!);
      got[0]!.push(...more[1]!);
    }
    got[0]!.push(...drawn(a, 1e6, 256));
    const octets = got.map((all) => all.map((one) => one.split(':')[2]));
    expect(octets[0]).toEqual(octets[1]);
    expect([a.scheduled, b.scheduled, a.notSent, b.notSent]).toEqual([2000, 2000, 0, 0]);
    expect([a.nextDueNs(), b.nextDueNs()]).toEqual([Infinity, Infinity]);
  });
});
