import { describe, expect, it } from 'vitest';
import { Recovery } from '../../src/control/recovery.js';
import { listed, requestsDue } from './recoveryDrive.js';

const MS = 1e6;

function client(): Recovery {
  return new Recovery({
    ranges: 16,
    listed: 8,
    delayNs: 0,
    timeoutNs: 100 * MS,
    longestTimeoutNs: 400 * MS,
    restNs: 10 * MS,
    tries: 3,
    servers: 1,
    outstandingRequests: 3,
    requestMessages: 5,
  });
}

function balance({ missed, came, recovered, unrecovered, stillMissing }: Recovery): void {
  expect(missed).toBe(came + recovered + unrecovered.numbers + stillMissing);
}

describe('what there is no room to wait for', () => {
  it('is the lowest that is missing', () => {
    const recovery = client();
    expect(recovery.firstMissing).toBe(Infinity);
    recovery.missing(20, 22, 0);
    recovery.missing(10, 12, 0);
    expect(recovery.firstMissing).toBe(10);
    recovery.answered(10, 11, 0);
    expect(recovery.firstMissing).toBe(11);
  });

  it('is given up below a number, and no further', () => {
    const recovery = client();
    recovery.missing(10, 12, 0);
    recovery.missing(20, 30, 0);
    recovery.giveUpTo(10);
    expect(listed(recovery)).toEqual([]);
    recovery.giveUpTo(25);
    expect(listed(recovery)).toEqual([
      [10, 12],
      [20, 25],
    ]);
    expect(recovery).toMatchObject({ firstMissing: 25, stillMissing: 5, tornGaps: 1, pendingRanges: 1 });
    balance(recovery);
    expect(requestsDue(recovery, 1)).toEqual([[25, 5]]);
    expect(recovery.answered(20, 30, 2 * MS)).toBe(5);
    // Torn all the same.
    expect(recovery).toMatchObject({ tornGaps: 2, closedGaps: 0, pendingRanges: 0 });
    balance(recovery);
  });

  it('is no request under way any more: others may be made', () => {
    const recovery = client();
    recovery.missing(0, 20, 0);
    expect(requestsDue(recovery, 0)).toEqual([
      [0, 5],
      [5, 5],
    ]);
    expect(recovery.underWay).toBe(2);
    // All of the first request, and some of what the second asks for, for which it goes on waiting.
    recovery.giveUpTo(7);
    expect(recovery.underWay).toBe(1);
    expect(requestsDue(recovery, 1)).toEqual([[10, 5]]);
    expect(recovery.answered(7, 10, 2 * MS)).toBe(3);
    expect(requestsDue(recovery, 3)).toEqual([[15, 5]]);
    recovery.close();
    expect(recovery).toMatchObject({ underWay: 0, dueNs: Infinity, stillMissing: 0, recovered: 3 });
    balance(recovery);
  });

  it('does not keep waiting for an answer about numbers that were given up', () => {
    const recovery = new Recovery({
      ranges: 2,
      listed: 8,
      delayNs: 0,
      timeoutNs: 100 * MS,
      longestTimeoutNs: 400 * MS,
      restNs: 10 * MS,
      tries: 3,
      servers: 1,
      outstandingRequests: 1,
      requestMessages: 5,
    });
    // No room to cut it: the rest is asked for afterwards.
    recovery.missing(0, 3, 0);
    recovery.missing(10, 20, 0);
    expect(requestsDue(recovery, 0)).toEqual([[0, 3]]);
    recovery.answered(0, 3, 0);
    expect(requestsDue(recovery, 1)).toEqual([[10, 5]]);
    recovery.giveUpTo(16);
    expect(recovery).toMatchObject({ underWay: 0, firstMissing: 16, timeouts: 0 });
    expect(requestsDue(recovery, 500)).toEqual([[16, 4]]);
    expect(recovery.timeouts).toBe(0);
    balance(recovery);
  });
});
