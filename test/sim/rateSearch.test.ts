import { describe, expect, it } from 'vitest';
import { BinaryRateSearch } from '../../src/control/binaryRateSearch.js';
import { ContinuousRateSearch } from '../../src/control/continuousRateSearch.js';
import type { RateSearch, RateSearchOptions, RateSearchResult } from '../../src/control/rateSearch.js';
import { search, type Bottleneck, type SimulatedPath, type SimulatedReceiver } from './ratePath.js';

const MEGA = 1e6;
const SECOND = 1e9;
const ALL: readonly SimulatedReceiver[] = [{ name: 'a' }, { name: 'b', jitterNs: 300_000 }, { name: 'c' }];

/** As tbf is set up: a burst of some milliseconds, and so many of queue. */
function bucket(megabitPerSecond: number, queueMs: number, burstMs = 4): Bottleneck {
  const octetsPerMs = (megabitPerSecond * MEGA) / 8000;
  return {
    bitPerSecond: megabitPerSecond * MEGA,
    burstOctets: Math.max(3000, burstMs * octetsPerMs),
    queueOctets: queueMs * octetsPerMs + 3000,
  };
}

interface Case {
  readonly path: Partial<SimulatedPath>;
  readonly options?: Partial<RateSearchOptions>;
}

const METHODS = {
  binary: (options: RateSearchOptions): RateSearch => new BinaryRateSearch(options),
  continuous: (options: RateSearchOptions): RateSearch => new ContinuousRateSearch(options),
} as const;
type Method = keyof typeof METHODS;
const LIMIT_NS: Readonly<Record<Method, number>> = { binary: 60 * SECOND, continuous: 15 * SECOND };
const BOTH = Object.keys(METHODS) as Method[];

function run(method: Method, { path, options }: Case, seed = 1): RateSearchResult {
  const receivers = path.receivers ?? ALL;
  const searcher = METHODS[method]({
    lowestBitPerSecond: 0.5 * MEGA,
    highestBitPerSecond: 1000 * MEGA,
    receivers: receivers.map(({ name }) => name),
    maxLossShare: 0.001,
    limitNs: LIMIT_NS[method],
    ...options,
  });
  return search({ seed, octets: 1316, reportNs: 80e6, receivers, ...path }, searcher);
}

/** Off the truth, as a share. */
function off(result: RateSearchResult, megabitPerSecond: number): number {
  return Math.abs(result.rateBitPerSecond / (megabitPerSecond * MEGA) - 1);
}

describe.each(BOTH)('the %s search', (method) => {
  describe('finds the limit within 3 %, in its time, twice in a row the same, and says where it is', () => {
    const rates = [20, 100, 400].flatMap((rate) => [5, 50, 400].map((queueMs) => [rate, queueMs] as const));
    it.each(rates)('a token bucket of %d Mbit/s with a queue of %d ms', (rate, queueMs) => {
      for (const where of ['trunk', 'senderQueue'] as const) {
        const limited = { path: { [where]: bucket(rate, queueMs) } };
        const result = run(method, limited);
        expect(result).toMatchObject({ stop: 'resolution', isConfirmed: true, missing: [] });
        expect(off(result, rate)).toBeLessThan(0.03);
        expect(result.failingBitPerSecond! / result.rateBitPerSecond).toBeLessThan(1.03);
        expect(result.deliveredBitPerSecond! / result.rateBitPerSecond).toBeGreaterThan(0.99);
        expect(result.elapsedNs).toBeLessThan(LIMIT_NS[method]);
        // A queue does not hide what got through: the first rate that is held is the limit.
        if (method === 'continuous') {
          expect(result.elapsedNs).toBeLessThan(12 * SECOND);
          expect(result.trials.filter(({ purpose }) => purpose === 'hold')).toHaveLength(3);
        }
        if (where === 'senderQueue') {
          expect([result.obstacle, result.limiting]).toEqual(['sender', []]);
        } else {
          // Where the queue is so deep that nothing overflowed, all that is known is that it grew.
          expect(['network', 'queue']).toContain(result.obstacle);
          expect(result.limiting.map(({ receiver }) => receiver).toSorted()).toEqual(['a', 'b', 'c']);
        }
        for (const seed of method === 'continuous' ? [2, 3, 4] : [2]) {
          expect(run(method, limited, seed).rateBitPerSecond).toBe(result.rateBitPerSecond);
        }
      }
    });
  });

  it.each([
    [20, 0.001, 0.0005],
    [100, 0.001, 0.0005],
    [100, 0.01, 0.005],
  ])('of %d Mbit/s, with %d of loss allowed and %d that comes by chance', (rate, maxLossShare, loss) => {
    const receivers = ALL.map((one) => ({ ...one, loss }));
    for (let seed = 1; seed <= 5; seed++) {
      const result = run(method, { path: { trunk: bucket(rate, 50), receivers }, options: { maxLossShare } }, seed);
      expect(result.isConfirmed).toBe(true);
      expect(off(result, rate)).toBeLessThan(0.03);
    }
  });

  it('is not misled by jitter, nor by reports that are lost', () => {
    const receivers = ALL.map((one) => ({ ...one, jitterNs: 3e6, reportLoss: 0.02 }));
    for (let seed = 1; seed <= 3; seed++) {
      const result = run(method, { path: { trunk: bucket(100, 50), receivers } }, seed);
      expect(result).toMatchObject({ isConfirmed: true, obstacle: 'network' });
      expect(off(result, 100)).toBeLessThan(0.03);
    }
  });

  it('is not misled by queues of seconds', () => {
    for (const rate of [20, 100]) {
      const result = run(method, { path: { trunk: bucket(rate, 3000) } });
      expect(result.isConfirmed).toBe(true);
      expect(off(result, rate)).toBeLessThan(0.03);
    }
  });

  it.each([
    ['a branch that is slower', { branch: bucket(100, 20) }, 100, 'network'],
    ['a program that reads more slowly', { host: { packetsPerSecond: 8000, buffer: 500 } }, 84.2, 'socket_buffer'],
    ['one with a deep socket buffer', { host: { packetsPerSecond: 8000, buffer: 20_000 } }, 84.2, 'socket_buffer'],
  ])('names %s', (_what, slow, rate, obstacle) => {
    const path = { trunk: bucket(400, 50), receivers: [{ name: 'a' }, { name: 'slow', ...slow }, { name: 'c' }] };
    const all = run(method, { path });
    expect(off(all, rate)).toBeLessThan(0.03);
    expect(all).toMatchObject({ obstacle, isConfirmed: true, missing: [] });
    expect(all.limiting.map((one) => [one.receiver, one.obstacle])).toEqual([['slow', obstacle]]);
    // Two of three are enough: then it is only missing.
    const most = run(method, { path, options: { quorum: 2 } });
    expect(off(most, 400)).toBeLessThan(0.03);
    expect(most).toMatchObject({ obstacle: 'network', isConfirmed: true });
    expect(most.missing.map(({ receiver }) => receiver)).toEqual(['slow']);
  });

  it('says that the sender is too slow', () => {
    const result = run(method, { path: { senderPacketsPerSecond: 30_000 } });
    expect(result).toMatchObject({ obstacle: 'sender', limiting: [], isConfirmed: true });
    expect(off(result, (30_000 * 1316 * 8) / MEGA)).toBeLessThan(0.03);
  });

  it('ends at the highest rate that it may send', () => {
    const result = run(method, { path: { trunk: bucket(1200, 50) }, options: { highestBitPerSecond: 200 * MEGA } });
    expect(result).toMatchObject({ stop: 'highest', rateBitPerSecond: 200 * MEGA, failingBitPerSecond: null });
    expect(result).toMatchObject({ obstacle: null, limiting: [], isConfirmed: true });
  });

  it('finds no rate where loss does not depend on it, or nobody answers', () => {
    const receivers = [{ name: 'a' }, { name: 'b', discards: 0.2 }];
    const result = run(method, { path: { receivers } });
    expect(result).toMatchObject({ stop: 'lowest', rateBitPerSecond: 0, failingBitPerSecond: 0.5 * MEGA });
    expect(result).toMatchObject({ obstacle: 'application', deliveredBitPerSecond: null });
    expect(result.limiting.map(({ receiver }) => receiver)).toEqual(['b']);
    const silent = run(method, { path: { receivers: [{ name: 'a', reportLoss: 1 }, { name: 'b' }] } });
    expect(silent).toMatchObject({ rateBitPerSecond: 0, obstacle: 'silent' });
    expect(silent.limiting).toMatchObject([{ receiver: 'a', obstacle: 'silent' }]);
    const alone = run(method, { path: { receivers: [{ name: 'a', reportLoss: 1 }] } });
    expect(alone).toMatchObject({ rateBitPerSecond: 0, stop: method === 'binary' ? 'lowest' : 'no_reports' });
  });

  it('tells what it knows when its time is over', () => {
    const limitNs = 5 * SECOND;
    const result = run(method, { path: { trunk: bucket(400, 50) }, options: { limitNs } });
    expect(result).toMatchObject({ stop: 'time', isConfirmed: false });
    expect(result.elapsedNs).toBeLessThanOrEqual(limitNs);
    expect(result.rateBitPerSecond).toBeLessThan(412 * MEGA);
  });

  it('keeps what it did for a table and a plot', () => {
    const { trials, points, elapsedNs } = run(method, { path: { trunk: bucket(20, 50) } });
    for (const [i, { atNs, durationNs, rateBitPerSecond, passed, obstacle }] of trials.entries()) {
      expect(passed).toBe(obstacle === null);
      expect(rateBitPerSecond).toBeGreaterThan(0);
      if (i > 0) expect(atNs).toBeGreaterThan(trials[i - 1]!.atNs);
      expect(atNs + durationNs).toBeLessThanOrEqual(elapsedNs);
    }
    expect(points.length).toBeGreaterThanOrEqual(trials.length);
    for (let i = 1; i < points.length; i++) expect(points[i]!.atNs).toBeGreaterThan(points[i - 1]!.atNs);
    // What a queue of 50 ms and a burst let through on top.
    for (const { deliveredBitPerSecond: most } of points) expect(most).toBeLessThan(method === 'binary' ? 21e6 : 30e6);
  });
});

describe('the continuous search', () => {
  it('takes late reports and other intervals', () => {
    const path = { trunk: bucket(400, 50), reportNs: 300e6 };
    const receivers = ALL.map(({ name }) => name);
    for (const intervalNs of [20e6, 100e6, 200e6]) {
      const searcher = new ContinuousRateSearch({
        lowestBitPerSecond: MEGA,
        highestBitPerSecond: 1000 * MEGA,
        receivers,
        maxLossShare: 0.001,
        limitNs: 25 * SECOND,
        intervalNs,
      });
      const result = search({ seed: 1, octets: 1316, receivers: ALL, ...path }, searcher);
      expect(result.isConfirmed).toBe(true);
      expect(off(result, 400)).toBeLessThan(0.03);
    }
  });

  it('starts where it is told, even far above the limit', () => {
    const searcher = new ContinuousRateSearch({
      lowestBitPerSecond: MEGA,
      highestBitPerSecond: 1000 * MEGA,
      startBitPerSecond: 200 * MEGA,
      receivers: ['a', 'b', 'c'],
      maxLossShare: 0.001,
      limitNs: 15 * SECOND,
    });
    const result = search({ seed: 1, octets: 1316, receivers: ALL, trunk: bucket(20, 50), reportNs: 80e6 }, searcher);
    expect(result.isConfirmed).toBe(true);
    expect(off(result, 20)).toBeLessThan(0.03);
  });
});

describe('the search by trials', () => {
  it('sees through a policer whose bucket lets a tenth of a second pass', () => {
    const result = run('binary', { path: { trunk: bucket(100, 0, 100) } });
    expect(result.isConfirmed).toBe(true);
    expect(off(result, 100)).toBeLessThan(0.03);
  });
});
