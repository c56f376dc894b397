import { describe, expect, it } from 'vitest';
import {
  parseSchedstat,
  parseStat,
  readThreadTimes,
  threadTimesGrowth,
  type ThreadTime,
} from '../../src/io/threadTimes.js';
import { needs } from '../require.js';

function thread(id: number, cpuNs: number, waitingNs: number): ThreadTime {
  return { id, role: 'x', cpuNs, waitingNs, realtime: false };
}

/** `stat` as Linux 6.18 writes it. */
function line(name: string, policy: number): string {
  return `77 (${name}) R ${'0 '.repeat(36)}1 ${policy} 0 0 0 4096 8192 1 2 3 4 5 6 0\n`;
}

describe('schedstat', () => {
  it('tells time on a processor, then time spent waiting for one', () => {
    expect(parseSchedstat('270766259 51430366 224\n')).toEqual({ cpuNs: 270_766_259, waitingNs: 51_430_366 });
  });

  it('is nothing where the kernel does not count', () => {
    expect(parseSchedstat('')).toBeNull();
    expect(parseSchedstat('on off\n')).toBeNull();
  });
});

describe('stat', () => {
  it('tells the name, whatever is in it, and whether a thread goes before ordinary ones', () => {
    expect(parseStat(line('node', 0))).toEqual({ name: 'node', realtime: false });
    expect(parseStat(line('a) R (b', 1))).toEqual({ name: 'a) R (b', realtime: true });
    expect(parseStat(line('x', 2)).realtime).toBe(true);
    // SCHED_BATCH and SCHED_IDLE.
    for (const policy of [3, 5]) expect(parseStat(line('x', policy)).realtime).toBe(false);
  });

  it('is nothing of a thread that has ended', () => {
    expect(parseStat('')).toEqual({ name: 'unknown', realtime: false });
  });
});

describe('the threads of a process', () => {
  it.runIf(needs('linux'))('are told apart: this one works, and its time grows by as much', () => {
    const began = performance.now();
    // The kernel brings a thread's time up to date at ticks and when the thread leaves its processor: without a sleep
    // the first reading is up to a tick behind, and the growth holds time from before it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    const before = readThreadTimes();
    const works = performance.now();
    while (performance.now() - works < 30);
    const used = threadTimesGrowth(before, readThreadTimes());
    const wentByNs = (performance.now() - began) * 1e6;
    const own = used.filter(({ role }) => role === 'measuring');
    expect(own).toHaveLength(1);
    expect(own[0]!.cpuNs).toBeGreaterThan(0);
    // A thread has no more of a processor than time went by.
    expect(own[0]!.cpuNs).toBeLessThanOrEqual(wentByNs);
    const ids = before.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const isMain = before.some(({ id, role }) => id === process.pid && role === 'measuring');
    expect(before.filter(({ role }) => role === 'command')).toHaveLength(isMain ? 0 : 1);
  });

  it('count from their beginning if they began in between, and are left out if they did nothing', () => {
    const growth = threadTimesGrowth(
      [thread(1, 100, 10), thread(2, 7, 7)],
      [thread(1, 150, 30), thread(2, 7, 7), thread(3, 5, 1)],
    );
    expect(growth).toEqual([thread(1, 50, 20), thread(3, 5, 1)]);
  });
});
