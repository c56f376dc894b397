import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Io } from '../../src/io/datagram.js';
import { parseIgmp, readInterfaceMembership } from '../../src/io/linux/membership.js';
import { planSockets, readSourceLimits } from '../../src/io/sourcePlan.js';
import { freshPort, LOOPBACK_INDEX, receiveSpec, SUBJECTS } from './harness.js';

/** Its own for every case: what the case before it joined may still be being closed. */
function groupOf(port: number): string {
  return `232.${100 + (port >> 14)}.${(port >> 7) & 127}.${1 + (port & 127)}`;
}

/** The kernel lists no sources while another program's any-source group is the last that was joined: tried until it is not. */
async function unhidden(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout: 10_000, interval: 5 });
}

describe.each(SUBJECTS)('$name joins', ({ open }) => {
  let io: Io;
  let port: number;
  let specific: string;
  beforeEach(async () => {
    io = await open();
    port = freshPort();
    specific = groupOf(port);
  });
  afterEach(() => io.close());

  it('any source, and the kernel says so', async () => {
    const source = await io.openSource(receiveSpec(port, { group: '239.192.8.1' }));
    const state = source.membership();
    expect(state.group).toBe('239.192.8.1');
    expect(state.interfaceName).toBe('lo');
    expect(state.mode).toBe(io.capabilities.filterReadBack ? 'exclude' : null);
    expect(state.sources).toEqual([]);
    // No IGMP is spoken on the loopback interface.
    expect(state.protocol).toBeNull();
    if (io.capabilities.filterReadBack) expect(state.evidence).toBe('MCAST_MSFILTER, /proc/net/igmp');
    const joined = parseIgmp(readFileSync('/proc/net/igmp', 'utf8')).map(({ group }) => group);
    expect(joined).toContain('239.192.8.1');
  });

  it('named sources, and the kernel lists them', async () => {
    const sources = ['127.0.0.9', '127.0.0.1', '127.0.0.5'];
    const source = await io.openSource(receiveSpec(port, { group: specific, sources }));
    if (io.capabilities.filterReadBack) {
      const state = source.membership();
      expect(state.mode).toBe('include');
      expect([...state.sources].sort()).toEqual([...sources].sort());
    }
    await unhidden(() => {
      if (io.capabilities.filterReadBack) {
        expect(source.membership().evidence).toBe('MCAST_MSFILTER, /proc/net/igmp, /proc/net/mcfilter');
      }
      const { sources: seen } = readInterfaceMembership(4, specific, LOOPBACK_INDEX);
      expect(seen.map((entry) => entry.source).sort()).toEqual([...sources].sort());
    });
  });

  it('named sources of IPv6', async () => {
    const spec = { family: 6, group: 'ff3e::8000:77', sources: ['fd00::1', 'fd00::2'] } as const;
    const source = await io.openSource(receiveSpec(port, spec));
    if (io.capabilities.filterReadBack) {
      const state = source.membership();
      expect(state.mode).toBe('include');
      expect([...state.sources].sort()).toEqual(['fd00::1', 'fd00::2']);
      await unhidden(() =>
        expect(source.membership().evidence).toBe('MCAST_MSFILTER, /proc/net/igmp6, /proc/net/mcfilter6'),
      );
    }
    expect(readInterfaceMembership(6, 'ff3e::8000:77', LOOPBACK_INDEX).joined).toBe(true);
  });

  it('no longer what was left, nor what was closed', async () => {
    const source = await io.openSource(receiveSpec(port, { group: specific, sources: ['127.0.0.1'] }));
    const other = await io.openSource(receiveSpec(port, { group: '239.192.8.2' }));
    source.leave();
    other.close();
    expect(source.membership().mode).toBeNull();
    expect(other.membership().mode).toBeNull();
    expect(readInterfaceMembership(4, specific, LOOPBACK_INDEX).joined).toBe(false);
    const untilNs = io.clock.monoNs() + 2e9;
    let joined = true;
    while (joined && io.clock.monoNs() < untilNs) {
      joined = readInterfaceMembership(4, '239.192.8.2', LOOPBACK_INDEX).joined;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(joined).toBe(false);
  });

  it('nothing for unicast', async () => {
    const source = await io.openSource(receiveSpec(port, { group: '127.0.0.1', unicast: true }));
    expect(source.membership().mode).toBeNull();
    expect(source.membership().sources).toEqual([]);
    source.leave();
  });

  it('as many sources as the plan puts on one socket, and no more', async () => {
    const limits = readSourceLimits();
    const sources = Array.from({ length: limits.ipv4 + 1 }, (_, index) => `127.0.1.${index + 1}`);
    const planned = planSockets(
      [{ family: 4, group: specific, port, interfaceIndex: LOOPBACK_INDEX, sources }],
      limits,
    );
    expect(planned.map((socket) => socket.sources.length)).toEqual([limits.ipv4, 1]);
    for (const socket of planned) await io.openSource(receiveSpec(port, { group: specific, sources: socket.sources }));
    await unhidden(() => {
      const { sources: seen } = readInterfaceMembership(4, specific, LOOPBACK_INDEX);
      expect(seen.map((entry) => [entry.source, entry.include]).sort()).toEqual(
        sources.map((source) => [source, 1]).sort(),
      );
    });
    const tooMany = receiveSpec(port, { group: '232.7.8.10', sources });
    await expect(Promise.resolve().then(async () => io.openSource(tooMany))).rejects.toMatchObject({
      code: 'ERR_MEMBERSHIP',
    });
  });

  it('more groups than one socket could hold', async () => {
    for (let index = 1; index <= 30; index++) {
      await io.openSource(receiveSpec(port, { group: `239.192.8.${index}`, receiveBufferOctets: 0 }));
    }
    const joined = new Set(parseIgmp(readFileSync('/proc/net/igmp', 'utf8')).map(({ group }) => group));
    for (let index = 1; index <= 30; index++) expect(joined).toContain(`239.192.8.${index}`);
  });
});
