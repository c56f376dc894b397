/** In which order ranges are asked for, what goes with what is not there any more, and what servers that are down are asked. */
import { describe, expect, it } from 'vitest';
import { Recovery } from '../../src/control/recovery.js';
import { cycleNs, type RecoveryOptions } from '../../src/control/recoveryOptions.js';
import { listed, requestsDue } from './recoveryDrive.js';

const MS = 1e6;

const OPTIONS: RecoveryOptions = {
  ranges: 64,
  listed: 16,
  delayNs: 0,
  timeoutNs: 100 * MS,
  longestTimeoutNs: 400 * MS,
  restNs: 10 * MS,
  tries: 4,
  servers: 1,
  outstandingRequests: 3,
  requestMessages: 100,
};

function client(options: Partial<RecoveryOptions> = {}): Recovery {
  return new Recovery({ ...OPTIONS, ...options });
}

/** A server that has the numbers from `oldestAt(nowMs)` on, and answers at once; runs until nothing is missing. */
function serve(recovery: Recovery, oldestAt: (nowMs: number) => number, beginMs: number): number {
  let nowMs = beginMs;
  for (let turns = 0; recovery.dueNs < Infinity; turns++) {
    if (turns > 5000) throw new Error('no end');
    nowMs = Math.max(nowMs, recovery.dueNs / MS);
    for (const [sequence, count] of requestsDue(recovery, nowMs)) {
      const from = Math.max(sequence, oldestAt(nowMs));
      if (from < sequence + count) recovery.answered(from, sequence + count, nowMs * MS);
    }
  }
  return nowMs;
}

/** At which of these times what everything waits for is expected. */
function expectedAt(recovery: Recovery, times: readonly number[]): number[] {
  return times.filter((ms) => {
    requestsDue(recovery, ms);
    return recovery.isFirstExpected;
  });
}

describe('short gaps', () => {
  it('are asked for before what is missing in bulk, which leaves a place for them', () => {
    const recovery = client();
    recovery.missing(1, 1001, 0);
    expect(requestsDue(recovery, 0)).toEqual([
      [1, 100],
      [101, 100],
    ]);
    recovery.missing(2000, 2001, 1 * MS);
    recovery.missing(2010, 2011, 1 * MS);
    expect(requestsDue(recovery, 1)).toEqual([[2000, 1]]);
    recovery.answered(2000, 2001, 2 * MS);
    expect(requestsDue(recovery, 2)).toEqual([[2010, 1]]);
    recovery.answered(2010, 2011, 3 * MS);
    // The place stays theirs.
    expect(requestsDue(recovery, 3)).toEqual([]);
    recovery.answered(1, 101, 4 * MS);
    expect(requestsDue(recovery, 4)).toEqual([[201, 100]]);
  });

  it('that are new go before those asked for in vain, of which the one asked longest ago comes first', () => {
    const recovery = client({ outstandingRequests: 2 });
    recovery.missing(10, 11, 0);
    recovery.missing(20, 21, 10 * MS);
    expect(requestsDue(recovery, 0)).toEqual([[10, 1]]);
    expect(requestsDue(recovery, 10)).toEqual([[20, 1]]);
    recovery.missing(30, 31, 50 * MS);
    // Both places are taken until the first time-out.
    expect(requestsDue(recovery, 50)).toEqual([]);
    expect(recovery.dueNs).toBe(100 * MS);
    expect(requestsDue(recovery, 100)).toEqual([[30, 1]]);
    recovery.answered(30, 31, 101 * MS);
    recovery.missing(40, 41, 110 * MS);
    expect(requestsDue(recovery, 110)).toEqual([[40, 1]]);
    recovery.answered(40, 41, 111 * MS);
    expect(requestsDue(recovery, 111)).toEqual([[10, 1]]);
    // It waits for 200 ms, and has its place for the first 100 alone.
    expect(requestsDue(recovery, 112)).toEqual([]);
    expect(requestsDue(recovery, 211)).toEqual([[20, 1]]);
  });

  it('are asked of who answers, though they were found before it was known', () => {
    const recovery = client({ servers: 2, outstandingRequests: 2, delayNs: 0 });
    const asked = (nowMs: number): [number, number][] => {
      const made: [number, number][] = [];
      recovery.step(nowMs * MS);
      while (recovery.nextRequest()) made.push([recovery.requestSequence, recovery.requestServer]);
      return made;
    };
    for (let n = 0; n < 50; n += 10) recovery.missing(n, n + 1, n);
    expect(asked(1)).toEqual([
      [0, 0],
      [10, 0],
    ]);
    expect(asked(101)).toEqual([
      [0, 1],
      [20, 0],
    ]);
    recovery.answered(0, 1, 102 * MS);
    expect(asked(102)).toEqual([[30, 1]]);
  });

  it('far from what everything waits for are not asked for where there is no room for them', () => {
    const recovery = client();
    recovery.missing(1, 301, 0);
    recovery.missing(400, 401, 0);
    recovery.hasRoom = false;
    expect(requestsDue(recovery, 0)).toEqual([[1, 100]]);
    recovery.answered(1, 101, 1 * MS);
    expect(requestsDue(recovery, 1)).toEqual([[101, 100]]);
    recovery.hasRoom = true;
    expect(requestsDue(recovery, 2)).toEqual([[400, 1]]);
    recovery.answered(101, 201, 3 * MS);
    expect(requestsDue(recovery, 3)).toEqual([[201, 100]]);
    // It came all the same, and found none: it is there, and asked for again.
    recovery.refused(201, 211, 4 * MS);
    expect([recovery.underWay, recovery.recovered]).toEqual([1, 200]);
    expect(requestsDue(recovery, 13)).toEqual([]);
    expect(requestsDue(recovery, 14)).toEqual([[201, 100]]);
    expect(recovery).toMatchObject({ timeouts: 0, retries: 0 });
  });
});

describe('what is missing in bulk', () => {
  it.each([1, 4321, 9999, 19_950])('is found where it begins to be there, at %i', (oldest) => {
    const recovery = client();
    recovery.missing(1, 20_001, 0);
    const endMs = serve(recovery, () => oldest, 0);
    expect(recovery.recovered).toBe(20_001 - oldest);
    expect(recovery.unrecovered.numbers).toBe(oldest - 1);
    expect(listed(recovery).every(([, to]) => to <= oldest)).toBe(true);
    expect(recovery).toMatchObject({ stillMissing: 0, tornGaps: oldest === 1 ? 0 : 1 });
    // Halving takes a time-out each time, all tries of the last one 1.1 s.
    expect(endMs).toBeLessThanOrEqual(oldest === 1 ? 0 : 2500);
  });

  it('is asked for up to its end before it is given up, by a server that goes on answering others', () => {
    const recovery = client();
    recovery.missing(1, 20_001, 0);
    const asked: number[] = [];
    let endMs = 0;
    for (; recovery.firstMissing < 20_001; endMs += 10) {
      for (const [sequence] of requestsDue(recovery, endMs)) {
        if (sequence > 20_000) recovery.answered(sequence, sequence + 1, endMs * MS);
        else asked.push(sequence);
      }
      recovery.missing(30_000 + endMs, 30_001 + endMs, endMs * MS);
    }
    expect(listed(recovery).every(([, to]) => to <= 20_001)).toBe(true);
    expect(recovery.unrecovered.numbers).toBe(20_000);
    expect(Math.max(...asked)).toBeGreaterThan(19_800);
    // Each of some places is asked for as often as there are tries, not each part of it.
    expect(asked.length).toBeLessThan(50);
    expect(endMs).toBeLessThan(2500);
    expect(recovery.recovered).toBeGreaterThan(100);
  });

  it('is asked for in order behind the first part that comes late', () => {
    const recovery = client();
    recovery.missing(1, 1001, 0);
    expect(requestsDue(recovery, 0)).toEqual([
      [1, 100],
      [101, 100],
    ]);
    // Both were lost: half of the rest may be there, and what is below hangs on the second one.
    expect(requestsDue(recovery, 100)).toEqual([
      [601, 100],
      [101, 100],
    ]);
    expect(recovery.isFirstExpected).toBe(false);
    recovery.answered(101, 201, 101 * MS);
    recovery.answered(601, 701, 101 * MS);
    expect(recovery.isFirstExpected).toBe(true);
    expect(requestsDue(recovery, 101)).toEqual([
      [1, 100],
      [201, 100],
    ]);
    recovery.answered(1, 101, 102 * MS);
    recovery.answered(201, 301, 102 * MS);
    expect(requestsDue(recovery, 102)).toEqual([
      [301, 100],
      [401, 100],
    ]);
  });
});

describe('what everything waits for is expected, when there is no room to wait,', () => {
  it('once somebody has answered, until as many requests as may be under way were in vain', () => {
    const recovery = client();
    expect(recovery.isFirstExpected).toBe(false);
    recovery.missing(1, 2, 0);
    expect(expectedAt(recovery, [0, 99, 100])).toEqual([]);
    recovery.answered(1, 2, 101 * MS);
    for (const n of [3, 5, 7]) recovery.missing(n, n + 1, 200 * MS);
    expect(expectedAt(recovery, [200, 299, 300, 301])).toEqual([200, 299]);
    recovery.answered(5, 6, 302 * MS);
    expect(expectedAt(recovery, [302])).toEqual([302]);
  });

  it('before that where it is much, until every server was asked for it', () => {
    for (const servers of [1, 2]) {
      const recovery = client({ servers });
      recovery.missing(1, 1001, 0);
      const times = [0, 99, 100, 199, 200, 300];
      expect(expectedAt(recovery, times)).toEqual(times.filter((ms) => ms < 100 * servers));
      recovery.giveUpTo(1001);
      expect(recovery.isFirstExpected).toBe(false);
    }
  });

  it('and after it for two time-outs', () => {
    const recovery = client();
    recovery.missing(1, 1001, 0);
    requestsDue(recovery, 0);
    recovery.answered(1, 101, 10 * MS);
    recovery.answered(101, 201, 10 * MS);
    expect(expectedAt(recovery, [10, 100, 110, 309, 310])).toEqual([10, 100, 110, 309]);
  });
});

describe('servers that are down', () => {
  const downMs = cycleNs(OPTIONS) / MS;

  it('are taken as that after all tries of one range without any answer', () => {
    expect(downMs).toBe(100 + 200 + 400 + 400);
    expect(cycleNs({ ...OPTIONS, servers: 2, tries: 5 })).toBe((100 + 100 + 200 + 200 + 400) * MS);
  });

  it('keep every gap no longer than one, however many there are, and are asked now and then', () => {
    const recovery = client({ ranges: 2048, listed: 2048 });
    const asked: number[] = [];
    for (let ms = 0; ms < 10_000; ms++) {
      if (ms < 6000 && ms % 5 === 0) recovery.missing(10 * ms, 10 * ms + 1, ms * MS);
      const made = requestsDue(recovery, ms);
      if (made.length > 0) asked.push(ms);
      const oldest = recovery.firstMissing / 10;
      if (oldest <= ms - downMs) throw new Error(`gap of ${oldest} ms at ${ms} ms`);
    }
    expect(recovery.unrecovered.numbers).toBe(1200);
    expect(recovery.dueNs).toBe(Infinity);
    // One for each of the longest time-outs.
    const rare = asked.filter((ms) => ms > 2 * downMs);
    expect(rare.length).toBeGreaterThan(8);
    expect(rare.slice(1).every((ms, i) => ms - rare[i]! >= 400)).toBe(true);
  });

  it('are asked for the newest, each in turn, and for all again when one answers', () => {
    const recovery = client({ servers: 2 });
    const places: [number, number][] = [];
    let ms = 0;
    for (; ms < 4000; ms++) {
      if (ms % 50 === 0) recovery.missing(10 * ms, 10 * ms + 1, ms * MS);
      recovery.step(ms * MS);
      while (recovery.nextRequest()) if (ms > 2000) places.push([recovery.requestSequence, recovery.requestServer]);
    }
    expect(places.length).toBeGreaterThan(3);
    expect(places.slice(1).every(([, server], i) => server !== places[i]![1])).toBe(true);
    expect(places.slice(1).every(([sequence], i) => sequence > places[i]![0])).toBe(true);
    const given = recovery.unrecovered.numbers;
    const [sequence] = places.at(-1)!;
    expect(recovery.answered(sequence, sequence + 1, ms * MS)).toBe(1);
    expect(requestsDue(recovery, ms).length).toBe(3);
    const endMs = serve(recovery, () => 0, ms);
    expect(endMs).toBeLessThan(ms + 1000);
    expect(recovery).toMatchObject({ stillMissing: 0, recovered: recovery.missed - given });
    expect(recovery.unrecovered.numbers).toBe(given);
  });

  it('are not those that have little', () => {
    const recovery = client();
    for (let ms = 0; ms < 5000; ms++) {
      if (ms % 20 === 0) recovery.missing(10 * ms, 10 * ms + 1, ms * MS);
      for (const [sequence] of requestsDue(recovery, ms)) {
        // Of the last 50 ms; each tenth request is lost.
        if (sequence > 10 * (ms - 50) && (sequence / 200) % 10 !== 0)
          recovery.answered(sequence, sequence + 1, ms * MS);
      }
    }
    // All but those whose first request was lost.
    expect(recovery.recovered).toBeGreaterThanOrEqual(225);
  });
});
