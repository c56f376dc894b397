import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { DEFAULT_SOURCE_LIMITS, planSockets, readSourceLimits } from '../../src/io/sourcePlan.js';
import type { Subscription } from '../../src/io/sourcePlan.js';

const FEED: Subscription = { family: 4, group: '232.1.1.1', port: 5004, interfaceIndex: 2, sources: [] };

function sources(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}`);
}

describe('sockets for subscriptions', () => {
  it('take one per group, port and interface', () => {
    const planned = planSockets([
      FEED,
      { ...FEED, port: 5005 },
      { ...FEED, interfaceIndex: 3 },
      { ...FEED, group: '232.1.1.2' },
      FEED,
    ]);
    expect(planned.map(({ serves }) => serves)).toEqual([[0, 4], [1], [2], [3]]);
  });

  it('take a further one per ten sources, each source on exactly one', () => {
    const planned = planSockets([
      { ...FEED, sources: sources(21) },
      { ...FEED, sources: ['10.0.0.21', '10.0.0.22', '10.0.0.3'] },
    ]);
    expect(planned.map((socket) => socket.sources.length)).toEqual([10, 10, 2]);
    expect(planned.map(({ serves }) => serves)).toEqual([[0, 1], [0], [0, 1]]);
    expect(planned.flatMap((socket) => socket.sources)).toEqual(sources(22));
  });

  it('know one address in two spellings', () => {
    const planned = planSockets([
      { family: 6, group: 'ff3e::1', port: 1, interfaceIndex: 1, sources: ['fd00::1', 'FD00:0:0::1'] },
      { family: 6, group: 'FF3E:0::1', port: 1, interfaceIndex: 1, sources: ['fd00::2'] },
    ]);
    expect(planned).toHaveLength(1);
    expect(planned[0]!.sources).toEqual(['fd00::1', 'fd00::2']);
  });

  it('follow the limits of the family', () => {
    const many = Array.from({ length: 65 }, (_, index) => `fd00::${(index + 1).toString(16)}`);
    const wanted: Subscription = { family: 6, group: 'ff3e::1', port: 1, interfaceIndex: 1, sources: many };
    expect(planSockets([wanted]).map((socket) => socket.sources.length)).toEqual([64, 1]);
    expect(planSockets([wanted], { ipv4: 10, ipv6: 30 }).map((socket) => socket.sources.length)).toEqual([30, 30, 5]);
  });

  it.each([[[FEED, { ...FEED, sources: ['10.0.0.1'] }]], [[{ ...FEED, sources: ['10.0.0.1'] }, FEED]]])(
    'refuse any source and a source for one group, %#',
    (wanted) => {
      expect(() => planSockets(wanted)).toThrow(McastError);
      expect(() => planSockets(wanted)).toThrow(/232\.1\.1\.1 port 5004 is asked for with and without a source/);
    },
  );

  it('read limits that are at least as strict as what the kernel was built for', () => {
    const limits = readSourceLimits();
    expect(limits.ipv4).toBeGreaterThan(0);
    expect(limits.ipv6).toBeGreaterThan(0);
    expect(DEFAULT_SOURCE_LIMITS).toEqual({ ipv4: 10, ipv6: 64 });
  });
});
