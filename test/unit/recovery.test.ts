import { describe, expect, it } from 'vitest';
import { Recovery } from '../../src/control/recovery.js';
import { MOST_REQUEST_MESSAGES, type RecoveryOptions } from '../../src/control/recoveryOptions.js';

const MS = 1e6;

const OPTIONS: RecoveryOptions = {
  ranges: 64,
  listed: 8,
  delayNs: 5 * MS,
  timeoutNs: 100 * MS,
  longestTimeoutNs: 400 * MS,
  restNs: 10 * MS,
  tries: 3,
  servers: 1,
  outstandingRequests: 3,
  requestMessages: 100,
};

function client(options: Partial<RecoveryOptions> = {}): Recovery {
  return new Recovery({ ...OPTIONS, ...options });
}

/** Requests that are due at `nowMs`: first number, count, server. */
function due(recovery: Recovery, nowMs: number): [number, number, number][] {
  const made: [number, number, number][] = [];
  recovery.step(nowMs * MS);
  while (recovery.nextRequest()) {
    made.push([recovery.requestSequence, recovery.requestCount, recovery.requestServer]);
  }
  return made;
}

function listed({ unrecovered }: Recovery): [number, number][] {
  return Array.from({ length: unrecovered.length }, (_, i) => [unrecovered.from[i]!, unrecovered.to[i]!]);
}

describe('a gap', () => {
  it('waits for the other line before it is asked for', () => {
    const recovery = client();
    expect(recovery.dueNs).toBe(Infinity);
    recovery.missing(10, 13, 0);
    expect(recovery.dueNs).toBe(5 * MS);
    expect(due(recovery, 4.9)).toEqual([]);
    expect(recovery.arrived(10, 13, 4.9 * MS)).toBe(3);
    expect(due(recovery, 5)).toEqual([]);
    expect(recovery).toMatchObject({ missed: 3, came: 3, recovered: 0, requests: 0, closedGaps: 1, dueNs: Infinity });
    expect(recovery.recoveryNs.count).toBe(0);
  });

  it('is asked for, filled, and timed from when it was found', () => {
    const recovery = client();
    recovery.missing(2 ** 40, 2 ** 40 + 3, 1 * MS);
    expect(due(recovery, 6)).toEqual([[2 ** 40, 3, 0]]);
    expect([recovery.underWay, recovery.dueNs]).toEqual([1, 106 * MS]);
    expect(due(recovery, 105)).toEqual([]);
    expect(recovery.answered(2 ** 40, 2 ** 40 + 3, 105 * MS)).toBe(3);
    expect(recovery).toMatchObject({ missed: 3, came: 0, recovered: 3, stillMissing: 0, timeouts: 0, closedGaps: 1 });
    expect([recovery.recoveryNs.count, recovery.recoveryNs.max]).toEqual([1, 104 * MS]);
    expect([recovery.underWay, recovery.pendingRanges, due(recovery, 500)]).toEqual([0, 0, []]);
    expect(recovery.answered(2 ** 40, 2 ** 40 + 3, 600 * MS)).toBe(0);
  });

  it('is asked for again with longer and longer time-outs, then given up and listed', () => {
    const recovery = client({ tries: 5 });
    recovery.missing(10, 13, 0);
    expect(due(recovery, 5)).toEqual([[10, 3, 0]]);
    expect(due(recovery, 104.9)).toEqual([]);
    expect(due(recovery, 105)).toEqual([[10, 3, 0]]);
    expect(recovery.dueNs).toBe(305 * MS);
    expect(due(recovery, 304)).toEqual([]);
    expect(due(recovery, 305)).toEqual([[10, 3, 0]]);
    expect(due(recovery, 705)).toEqual([[10, 3, 0]]);
    // Not 800: the longest.
    expect(recovery.dueNs).toBe(1105 * MS);
    expect(due(recovery, 1105)).toEqual([[10, 3, 0]]);
    expect(listed(recovery)).toEqual([]);
    expect(due(recovery, 1505)).toEqual([]);
    expect(listed(recovery)).toEqual([[10, 13]]);
    expect(recovery).toMatchObject({ requests: 5, retries: 4, timeouts: 5, tornGaps: 1, closedGaps: 0, underWay: 0 });
    expect([recovery.stillMissing, recovery.unrecovered.numbers, recovery.dueNs]).toEqual([0, 3, Infinity]);
    expect([recovery.recoveryNs.count, recovery.answered(10, 13, 1506 * MS)]).toEqual([0, 0]);
  });

  it('is asked of every server before a time-out grows', () => {
    const recovery = client({ servers: 2, tries: 5 });
    recovery.missing(10, 13, 0);
    const asked = [5, 105, 205, 405, 605].map((ms) => due(recovery, ms));
    expect(asked.map((requests) => requests[0]![2])).toEqual([0, 1, 0, 1, 0]);
    expect(asked.every((requests) => requests.length === 1)).toBe(true);
    expect(recovery.dueNs).toBe(1005 * MS);
  });

  it('is asked of the server first that answered last', () => {
    const recovery = client({ servers: 2 });
    recovery.missing(10, 13, 0);
    due(recovery, 5);
    expect(due(recovery, 105)).toEqual([[10, 3, 1]]);
    recovery.answered(10, 13, 110 * MS);
    recovery.missing(20, 21, 110 * MS);
    expect(due(recovery, 115)).toEqual([[20, 1, 1]]);
    // And after it the other one.
    expect(due(recovery, 215)).toEqual([[20, 1, 0]]);
    recovery.answered(20, 21, 220 * MS);
    recovery.missing(30, 33, 300 * MS);
    due(recovery, 305);
    due(recovery, 405);
    // Part of an answer is one too.
    recovery.answered(30, 31, 406 * MS);
    recovery.missing(40, 41, 406 * MS);
    expect(due(recovery, 411)).toEqual([[40, 1, 1]]);
  });
});

describe('an answer', () => {
  it('that is shorter than asked for is waited for a little, and the rest asked for again', () => {
    const recovery = client();
    recovery.missing(10, 100, 0);
    due(recovery, 5);
    expect(recovery.answered(10, 40, 20 * MS)).toBe(30);
    expect(recovery.dueNs).toBe(30 * MS);
    // More of it, in time.
    expect(due(recovery, 29)).toEqual([]);
    recovery.answered(40, 50, 29 * MS);
    expect(due(recovery, 38)).toEqual([]);
    expect(due(recovery, 39)).toEqual([[50, 50, 0]]);
    expect(recovery).toMatchObject({ shortAnswers: 1, timeouts: 0, retries: 0, requests: 2, recovered: 40 });
    // Its time-out is that of a first request.
    expect(recovery.dueNs).toBe(139 * MS);
  });

  it('resets the tries', () => {
    const recovery = client();
    recovery.missing(10, 20, 0);
    due(recovery, 5);
    expect(due(recovery, 105)).toEqual([[10, 10, 0]]);
    expect(due(recovery, 305)).toEqual([[10, 10, 0]]);
    recovery.answered(10, 11, 306 * MS);
    expect(due(recovery, 316)).toEqual([[11, 9, 0]]);
    expect(due(recovery, 416)).toEqual([[11, 9, 0]]);
    expect(due(recovery, 616)).toEqual([[11, 9, 0]]);
    expect(due(recovery, 1016)).toEqual([]);
    expect(listed(recovery)).toEqual([[11, 20]]);
    expect(recovery.recovered).toBe(1);
  });

  it('that loses its middle leaves two ranges', () => {
    const recovery = client();
    recovery.missing(10, 20, 0);
    due(recovery, 5);
    recovery.answered(13, 15, 10 * MS);
    expect([recovery.pendingRanges, recovery.underWay]).toEqual([2, 2]);
    expect(due(recovery, 20)).toEqual([
      [10, 3, 0],
      [15, 5, 0],
    ]);
    recovery.answered(15, 20, 30 * MS);
    expect([recovery.closedGaps, recovery.underWay]).toEqual([0, 1]);
    recovery.answered(10, 13, 40 * MS);
    // One gap, filled when its last part came.
    expect([recovery.closedGaps, recovery.recoveryNs.count, recovery.recoveryNs.max]).toEqual([1, 1, 40 * MS]);
    expect(recovery.recovered).toBe(10);
  });

  it('about several ranges fills them all', () => {
    const recovery = client();
    recovery.missing(10, 12, 0);
    recovery.missing(14, 16, 0);
    recovery.missing(18, 20, 0);
    expect(recovery.arrived(11, 19, 1 * MS)).toBe(4);
    expect(due(recovery, 5)).toEqual([
      [10, 1, 0],
      [19, 1, 0],
    ]);
    expect([recovery.closedGaps, recovery.came, recovery.pendingRanges]).toEqual([1, 4, 2]);
  });

  it('that comes behind the time-out is taken', () => {
    const recovery = client();
    recovery.missing(10, 20, 0);
    due(recovery, 5);
    recovery.step(105 * MS);
    expect(recovery.underWay).toBe(0);
    recovery.answered(10, 15, 105 * MS);
    expect(due(recovery, 105)).toEqual([[15, 5, 0]]);
    expect(recovery.recovered).toBe(5);
  });
});

describe('ranges', () => {
  it('that overlap are missing once', () => {
    const recovery = client({ delayNs: 0 });
    recovery.missing(10, 20, 0);
    recovery.missing(15, 25, 1 * MS);
    recovery.missing(5, 12, 2 * MS);
    recovery.missing(10, 20, 2 * MS);
    recovery.missing(30, 30, 2 * MS);
    recovery.missing(30, 29, 2 * MS);
    expect([recovery.missed, recovery.pendingRanges]).toEqual([20, 3]);
    recovery.missing(1, 40, 3 * MS);
    expect([recovery.missed, recovery.pendingRanges]).toEqual([39, 5]);
    // What was found at one time is one gap, and what was known keeps its time.
    recovery.answered(1, 40, 10 * MS);
    expect([recovery.closedGaps, recovery.recoveryNs.count]).toEqual([4, 4]);
    expect([recovery.recoveryNs.min, recovery.recoveryNs.max, recovery.recoveryNs.sum]).toEqual([7e6, 10e6, 34e6]);
  });

  it('that adjoin and were found at one time are one', () => {
    const recovery = client();
    for (let n = 10; n < 20; n++) recovery.missing(n, n + 1, 0);
    expect(recovery.pendingRanges).toBe(1);
    // Found later, asked for later.
    recovery.missing(20, 22, 1 * MS);
    expect(recovery.pendingRanges).toBe(2);
    expect(due(recovery, 5)).toEqual([[10, 10, 0]]);
    expect(due(recovery, 6)).toEqual([[20, 2, 0]]);
    recovery.answered(10, 22, 7 * MS);
    expect([recovery.closedGaps, recovery.missed]).toEqual([2, 12]);
  });

  it('that adjoin one that is asked for do not join it', () => {
    const recovery = client({ delayNs: 0 });
    recovery.missing(10, 20, 0);
    due(recovery, 0);
    recovery.missing(20, 21, 0);
    expect(due(recovery, 0)).toEqual([[20, 1, 0]]);
  });

  it('longer than a request are asked for in parts, a bounded number at a time, in order of numbers', () => {
    const recovery = client();
    recovery.missing(1000, 1250, 0);
    recovery.missing(500, 501, 1 * MS);
    expect(due(recovery, 6)).toEqual([
      [500, 1, 0],
      [1000, 100, 0],
    ]);
    expect(due(recovery, 50)).toEqual([]);
    recovery.answered(1000, 1100, 50 * MS);
    expect(due(recovery, 50)).toEqual([[1100, 100, 0]]);
    recovery.answered(500, 501, 50 * MS);
    expect(due(recovery, 50)).toEqual([[1200, 50, 0]]);
    recovery.answered(1100, 1250, 60 * MS);
    expect([recovery.closedGaps, recovery.missed, recovery.recovered, recovery.retries]).toEqual([2, 251, 251, 0]);
    expect(recovery.recoveryNs.max).toBe(60 * MS);
  });

  it('ask for at most what a count holds', () => {
    const recovery = client({ requestMessages: MOST_REQUEST_MESSAGES, delayNs: 0 });
    recovery.missing(1, 100_001, 0);
    expect(due(recovery, 0)).toEqual([
      [1, 65_535, 0],
      [65_536, 34_465, 0],
    ]);
  });

  it('are asked for in parts one by one where there is little room', () => {
    const recovery = client({ ranges: 1, delayNs: 0, tries: 2 });
    recovery.missing(0, 250, 0);
    expect(due(recovery, 0)).toEqual([[0, 100, 0]]);
    recovery.answered(0, 60, 1 * MS);
    expect(due(recovery, 11)).toEqual([[60, 100, 0]]);
    // All that was asked for: no waiting.
    recovery.answered(60, 160, 12 * MS);
    expect([recovery.underWay, recovery.dueNs]).toEqual([0, 12 * MS]);
    expect(due(recovery, 12)).toEqual([[160, 90, 0]]);
    expect(due(recovery, 112)).toEqual([[160, 90, 0]]);
    expect(due(recovery, 312)).toEqual([]);
    expect(listed(recovery)).toEqual([[160, 250]]);
    // Only what was asked for is given up, as long as servers answer with anything.
    recovery.answered(0, 1, 400 * MS);
    recovery.missing(1000, 1250, 400 * MS);
    due(recovery, 400);
    due(recovery, 500);
    recovery.answered(0, 1, 600 * MS);
    expect(due(recovery, 700)).toEqual([[1100, 100, 0]]);
    expect([...listed(recovery), recovery.stillMissing]).toEqual([[160, 250], [1000, 1100], 150]);
    expect(recovery.dueNs).toBe(800 * MS);
  });

  it('cut by what comes where nobody asked yet are not under way', () => {
    const recovery = client({ ranges: 2, delayNs: 0 });
    recovery.missing(0, 1000, 0);
    recovery.missing(2000, 2001, 0);
    recovery.answered(2000, 2001, 0);
    recovery.missing(-10, -9, 0);
    expect(due(recovery, 0)).toEqual([
      [-10, 1, 0],
      [0, 100, 0],
    ]);
    recovery.answered(-10, -9, 1 * MS);
    recovery.answered(500, 600, 1 * MS);
    expect([recovery.pendingRanges, recovery.underWay]).toEqual([2, 1]);
    expect(due(recovery, 1)).toEqual([[600, 100, 0]]);
    expect(due(recovery, 11)).toEqual([[0, 100, 0]]);
  });

  it('without room are given up, and counted', () => {
    const recovery = client({ ranges: 2 });
    recovery.missing(10, 20, 0);
    recovery.missing(30, 40, 0);
    recovery.missing(50, 55, 0);
    expect(recovery).toMatchObject({ withoutRoom: 5, missed: 25, stillMissing: 20, tornGaps: 1 });
    // The smaller part of what is cut.
    expect(recovery.arrived(13, 15, 0)).toBe(2);
    expect(recovery.arrived(36, 38, 0)).toBe(2);
    expect(listed(recovery)).toEqual([
      [50, 55],
      [10, 13],
      [38, 40],
    ]);
    expect([recovery.withoutRoom, recovery.came, recovery.stillMissing]).toEqual([10, 4, 11]);
    recovery.arrived(0, 100, 0);
    expect(recovery).toMatchObject({ closedGaps: 0, tornGaps: 3, came: 15, stillMissing: 0, pendingRanges: 0 });
    // Of one gap, the part that found no room tears it.
    const other = client({ ranges: 3 });
    other.missing(20, 21, 0);
    other.missing(30, 31, 1);
    other.missing(10, 40, 2);
    expect(listed(other)).toEqual([
      [21, 30],
      [31, 40],
    ]);
    other.answered(10, 20, 3);
    expect([other.closedGaps, other.tornGaps]).toEqual([0, 1]);
    other.answered(20, 31, 3);
    expect([other.closedGaps, other.tornGaps]).toEqual([2, 1]);
  });

  it('that find room again are as good as any', () => {
    const recovery = client({ ranges: 1 });
    for (let n = 0; n < 100; n += 10) {
      recovery.missing(n, n + 1, 0);
      expect(recovery.answered(n, n + 1, 0)).toBe(1);
    }
    expect(recovery).toMatchObject({ closedGaps: 10, withoutRoom: 0 });
    // Gaps do not run out, and are not mixed up.
    const other = client({ ranges: 2 });
    for (let n = 0; n < 100; n += 10) {
      other.missing(n, n + 1, n);
      other.missing(n + 2, n + 3, n + 1);
      other.answered(n, n + 1, n + 5);
      expect(other.closedGaps).toBe(n / 5 + 1);
      other.answered(n + 2, n + 3, n + 5);
    }
    expect([other.closedGaps, other.recoveryNs.min, other.recoveryNs.max, other.recoveryNs.sum]).toEqual([
      20, 4, 5, 90,
    ]);
  });

  it('asked for in part while there was no room have all their tries when there is', () => {
    const recovery = client({ ranges: 4 });
    recovery.missing(0, 150, 0);
    recovery.missing(200, 201, 1);
    expect(due(recovery, 5)).toEqual([[0, 100, 0]]);
    recovery.answered(200, 201, 6 * MS);
    expect(due(recovery, 105)).toEqual([
      [0, 100, 0],
      [100, 50, 0],
    ]);
    expect([recovery.requests, recovery.retries, recovery.dueNs]).toEqual([3, 1, 205 * MS]);
  });

  it('leave half of the room for gaps to come', () => {
    const recovery = client({ ranges: 8, outstandingRequests: 8, delayNs: 0, requestMessages: 1 });
    recovery.missing(0, 1000, 0);
    expect(due(recovery, 0).map(([sequence]) => sequence)).toEqual([0, 1, 2, 3]);
    expect(recovery.pendingRanges).toBe(4);
    recovery.missing(2000, 2001, 1);
    recovery.missing(3000, 3001, 2);
    recovery.missing(4000, 4001, 3);
    recovery.missing(5000, 5001, 4);
    expect([recovery.pendingRanges, recovery.withoutRoom]).toEqual([8, 0]);
  });
});

describe('what a line brings though it was asked for', () => {
  it('is not recovered, and says nothing of servers', () => {
    const recovery = client({ servers: 2 });
    recovery.missing(10, 20, 0);
    due(recovery, 5);
    expect(due(recovery, 105)).toEqual([[10, 10, 1]]);
    expect(recovery.arrived(10, 13, 106 * MS)).toBe(3);
    expect(recovery.arrived(15, 16, 107 * MS)).toBe(1);
    // The rest is waited for as long as before, and its tries count on.
    expect(due(recovery, 204)).toEqual([]);
    expect(due(recovery, 205)).toEqual([
      [13, 2, 0],
      [16, 4, 0],
    ]);
    expect(recovery).toMatchObject({ came: 4, recovered: 0, shortAnswers: 0, underWay: 2 });
    recovery.arrived(13, 20, 206 * MS);
    expect(recovery).toMatchObject({ came: 10, recovered: 0, closedGaps: 1, underWay: 0 });
    expect(recovery.recoveryNs.count).toBe(0);
    // It answered nothing: nobody is asked first because of it.
    recovery.missing(30, 31, 210 * MS);
    expect(due(recovery, 215)).toEqual([[30, 1, 0]]);
  });

  it('does not lengthen the time in which answers brought the others', () => {
    const recovery = client();
    recovery.missing(10, 20, 0);
    due(recovery, 5);
    recovery.answered(10, 15, 7 * MS);
    recovery.arrived(15, 20, 9 * MS);
    expect(recovery).toMatchObject({ came: 5, recovered: 5, closedGaps: 1 });
    expect([recovery.recoveryNs.count, recovery.recoveryNs.max]).toEqual([1, 7 * MS]);
  });

  it('ends a request for nothing else', () => {
    const recovery = client({ ranges: 1, delayNs: 0 });
    recovery.missing(0, 250, 0);
    expect(due(recovery, 0)).toEqual([[0, 100, 0]]);
    recovery.arrived(0, 120, 1 * MS);
    expect([recovery.underWay, recovery.dueNs]).toEqual([0, 1 * MS]);
    expect(due(recovery, 1)).toEqual([[120, 100, 0]]);
    expect(recovery).toMatchObject({ retries: 0, timeouts: 0 });
  });
});

describe('a list of what was not recovered', () => {
  it('joins what adjoins, within a session, and says what it had no room for', () => {
    const recovery = client({ listed: 2 });
    recovery.missing(10, 20, 0);
    recovery.missing(20, 30, 1);
    recovery.reset();
    recovery.missing(30, 40, 2);
    recovery.missing(50, 60, 3);
    recovery.reset();
    recovery.missing(60, 70, 4);
    recovery.close();
    expect(listed(recovery)).toEqual([
      [10, 30],
      [30, 40],
    ]);
    expect([...recovery.unrecovered.session]).toEqual([0, 1]);
    expect(recovery.unrecovered).toMatchObject({ numbers: 50, unlisted: 20 });
    // Not even what adjoins the last one that is listed: it is no longer the last.
    recovery.missing(40, 41, 5);
    recovery.close();
    expect(recovery.unrecovered).toMatchObject({ length: 2, numbers: 51, unlisted: 21 });
  });
});

describe('a sequence that begins anew', () => {
  it('ends what is asked for of the old one', () => {
    const recovery = client();
    recovery.missing(10, 20, 0);
    recovery.missing(30, 40, 0);
    due(recovery, 5);
    recovery.answered(33, 34, 6 * MS);
    recovery.joinFrom(1);
    recovery.reset();
    expect(listed(recovery)).toEqual([
      [10, 20],
      [30, 33],
      [34, 40],
    ]);
    expect(recovery).toMatchObject({ session: 1, underWay: 0, pendingRanges: 0, dueNs: Infinity, tornGaps: 2 });
    expect(due(recovery, 1000)).toEqual([]);
    // Nobody joins the new one.
    recovery.arrived(5, 6, 7 * MS);
    expect(recovery.stillMissing).toBe(0);
    recovery.missing(10, 20, 7 * MS);
    expect(due(recovery, 1007)).toEqual([[10, 10, 0]]);
    expect(recovery.answered(10, 20, 1008 * MS)).toBe(10);
    expect(recovery.closedGaps).toBe(1);
  });
});

describe('a late joiner', () => {
  it('asks for everything before the first live number', () => {
    const recovery = client();
    recovery.joinFrom(1);
    expect(due(recovery, 0)).toEqual([]);
    expect(recovery.arrived(1001, 1004, 10 * MS)).toBe(0);
    expect(recovery).toMatchObject({ missed: 1000, stillMissing: 1000 });
    expect(due(recovery, 15)).toEqual([
      [1, 100, 0],
      [101, 100, 0],
    ]);
    recovery.answered(1010, 1011, 15 * MS);
    expect(recovery.missed).toBe(1000);
    let nowMs = 20;
    while (recovery.underWay > 0) {
      const from = recovery.recovered + 1;
      recovery.answered(from, from + 100, nowMs * MS);
      due(recovery, nowMs++);
    }
    expect(recovery).toMatchObject({ recovered: 1000, closedGaps: 1, retries: 0, requests: 10 });
  });

  it.each([
    ['a gap', 20, 30, 29],
    ['a heartbeat', 20, 20, 19],
  ])('learns where the sequence is from %s too', (_what, from, to, missed) => {
    const recovery = client();
    recovery.joinFrom(1);
    recovery.missing(from, to, 0);
    expect([recovery.missed, recovery.pendingRanges]).toEqual([missed, 1]);
    recovery.missing(40, 41, 1);
    expect(recovery.missed).toBe(missed + 1);
  });

  it('that comes in time misses nothing, even when the line begins before what it wants', () => {
    for (const first of [1, 5]) {
      const recovery = client();
      recovery.joinFrom(first);
      recovery.arrived(1, 6, 0);
      recovery.arrived(100, 101, 0);
      expect(recovery.missed).toBe(0);
    }
  });
});

it('bounds that cannot be kept are refused', () => {
  const wrong: Partial<RecoveryOptions>[] = [
    { ranges: 0 },
    { ranges: 65_536 },
    { tries: 0 },
    { tries: 256 },
    { servers: 0 },
    { servers: 256 },
    { requestMessages: 0 },
    { requestMessages: 65_536 },
    { requestMessages: 1.5 },
    { outstandingRequests: 0 },
  ];
  for (const options of wrong) expect(() => client(options)).toThrow();
  expect(() => client({ ranges: 65_535, tries: 255, servers: 255, requestMessages: 65_535 })).not.toThrow();
});
