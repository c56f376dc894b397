/** Run by `io.test.ts` on a host of a lab with e0 (IPv4, IPv6) and e1 (IPv6 only) to a neighbour. */
import { execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SendOutcome } from '../../src/core/batch.js';
import type { Io } from '../../src/io/datagram.js';
import { SocketCounter } from '../../src/io/datagram.js';
import {
  collect,
  collectNumbers,
  destination,
  freshPort,
  nothingMore,
  numbered,
  receiveSpec,
  sendAll,
  sendSpec,
  SUBJECTS,
} from '../compliance/harness.js';
import { until } from './lab.js';

function run(command: string): string {
  const [program, ...args] = command.split(' ');
  return execFileSync(program!, args, { encoding: 'utf8' });
}

function indexOf(name: string): number {
  return Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8'));
}

/** The part of a receive socket's description that names an interface. */
function on(interfaceName: string): { readonly interfaceName: string; readonly interfaceIndex: number } {
  return { interfaceName, interfaceIndex: indexOf(interfaceName) };
}

function dropped(name: string): number {
  return Number(/dropped (\d+)/.exec(run(`tc -s qdisc show dev ${name} root`))![1]);
}

describe.runIf(process.env['MCAST_LAB'] === 'inside').each(SUBJECTS)('$name on veth', ({ open }) => {
  let io: Io;
  let port: number;
  beforeEach(async () => {
    io = await open();
    port = freshPort();
  });
  afterEach(() => io.close());

  const group4 = '239.192.11.1';
  const group6 = 'ff15::77';
  const to4 = () => destination(port, { address: group4, interfaceIndex: indexOf('e0'), source: '10.77.1.1' });

  it('counts every send that the queueing discipline refused, and no other', async ({ skip }) => {
    if (!io.capabilities.refusedSends) skip('capability refusedSends');
    run('sysctl -qw net.ipv6.conf.e0.disable_ipv6=1');
    // The burst must hold a super-packet: tbf cuts a larger one up, and calls it taken when one segment was.
    run('tc qdisc replace dev e0 root tbf rate 20mbit burst 45000 limit 60000');
    try {
      for (const to of [[to4()], [to4(), to4()]]) {
        for (const segments of [1, 40]) {
          const sink = await io.openSink(sendSpec(to, { interfaceName: 'e0' }));
          const batch = numbered(2000, 1000);
          const before = dropped('e0');
          // What the round before has left must not be in the way of the first super-packet.
          await until(() => run('tc -s qdisc show dev e0 root').includes('backlog 0b'), 'an empty queue');
          await sendAll(io, sink, batch, segments);
          const refused = batch.outcome.filter((outcome) => outcome === SendOutcome.NoBuffers).length;
          const sent = batch.outcome.filter((outcome) => outcome === SendOutcome.Sent).length;
          expect(refused).toBeGreaterThan(500);
          expect(sent).toBeGreaterThan(0);
          expect(refused + sent).toBe(2000);
          expect((dropped('e0') - before) * segments).toBe(refused);
          expect(sink.counters[SocketCounter.NoBuffers]).toBe(refused);
          expect(sink.counters[SocketCounter.Datagrams]).toBe(sent);
          sink.close();
        }
      }
    } finally {
      run('tc qdisc del dev e0 root');
      run('sysctl -qw net.ipv6.conf.e0.disable_ipv6=0');
    }
  });

  it('waits while the send buffer is full, and loses nothing', async ({ skip }) => {
    if (!io.capabilities.refusedSends) skip('capability refusedSends');
    run('tc qdisc replace dev e0 root tbf rate 4mbit burst 5000 limit 10000000');
    try {
      for (const to of [[to4()], [to4(), to4()]]) {
        const sink = await io.openSink(sendSpec(to, { interfaceName: 'e0', sendBufferOctets: 40_000 }));
        const batch = numbered(120, 1000);
        const first = sink.send(batch, 0, 120, 1);
        expect(first).toBeLessThan(120);
        expect(batch.outcome[first]).toBe(SendOutcome.Pending);
        expect(sink.counters[SocketCounter.WouldBlock]).toBeGreaterThan(0);
        let [at, waits] = [first, 0];
        for (; at < 120 && waits < 1000; waits++) {
          // Ends by writability, long before the deadline.
          const startNs = io.clock.monoNs();
          await io.wait(startNs + 10e9, 0);
          expect(io.clock.monoNs() - startNs).toBeLessThan(5e9);
          at = sink.send(batch, at, 120, 1);
        }
        expect(at).toBe(120);
        // Each wait was for room, not a look that found none.
        expect(waits).toBeLessThan(60);
        expect(batch.outcome.every((outcome) => outcome === SendOutcome.Sent)).toBe(true);
        expect(sink.counters[SocketCounter.NoBuffers]).toBe(0);
        // Nothing wants to be written any more: the wait goes to its end.
        const startNs = io.clock.monoNs();
        expect(await io.wait(startNs + 3e6, 0)).toBe(0);
        expect(io.clock.monoNs() - startNs).toBeGreaterThanOrEqual(3e6);
        sink.close();
      }
    } finally {
      run('tc qdisc del dev e0 root');
    }
  });

  it('gives receivers of this host a copy only where loopback is on', async () => {
    const source = await io.openSource(receiveSpec(port, { group: group4, ...on('e0') }));
    const silent = await io.openSink(sendSpec([to4()], { interfaceName: 'e0', loopback: false }));
    const loud = await io.openSink(sendSpec([to4()], { interfaceName: 'e0' }));
    await sendAll(io, silent, numbered(3, 64));
    await sendAll(io, loud, numbered(1, 64, 99));
    expect(await collectNumbers(io, source, 1)).toEqual([99]);
  });

  it('reads the version of IGMP that is spoken', async () => {
    const source = await io.openSource(receiveSpec(port, { group: group4, ...on('e0') }));
    expect(source.membership().protocol).toBe('IGMPv3');
    run('sysctl -qw net.ipv4.conf.e0.force_igmp_version=2');
    try {
      expect(source.membership().protocol).toBe('IGMPv2');
    } finally {
      run('sysctl -qw net.ipv4.conf.e0.force_igmp_version=0');
    }
  });

  it('joins by index an interface without an IPv4 address', async ({ skip }) => {
    if (!io.capabilities.joinByIndex) skip('capability joinByIndex');
    expect(networkInterfaces()['e1']!.some(({ family }) => family === 'IPv4')).toBe(false);
    const source = await io.openSource(receiveSpec(port, { group: group4, ...on('e1') }));
    expect(source.membership().mode).toBe('exclude');
    expect(source.membership().interfaceName).toBe('e1');
  });

  it('keeps two legs of one group apart, both families', async ({ skip }) => {
    if (!io.capabilities.arrivalInterface) skip('capability arrivalInterface');
    const one = await io.openSource(receiveSpec(port, { family: 6, group: group6, ...on('e0') }));
    const two = await io.openSource(receiveSpec(port, { family: 6, group: group6, ...on('e1') }));
    const to = ['e0', 'e1'].map((name) =>
      destination(port, { address: group6, interfaceIndex: indexOf(name), source: null, ttl: 3, tos: 0x88 }),
    );
    for (const spread of [false, true]) {
      // As two destinations of one socket, and as two sockets of one.
      const sinks = [];
      for (const list of spread ? to.map((one_) => [one_]) : [to]) {
        sinks.push(await io.openSink(sendSpec(list, { family: 6, interfaceName: 'e0' })));
      }
      const batch = numbered(10, 64);
      if (spread) {
        await sendAll(io, sinks[0]!, numbered(5, 64, 0));
        await sendAll(io, sinks[1]!, numbered(5, 64, 5));
      } else {
        batch.destination.fill(1, 5);
        await sendAll(io, sinks[0]!, batch);
      }
      for (const [index, source] of [one, two].entries()) {
        await collect(io, source, 5, (received) => {
          for (let slot = 0; slot < received.count; slot++) {
            expect(io.path(received.path[slot]!).interfaceIndex).toBe(to[index]!.interfaceIndex);
            expect([received.tos[slot], received.ttl[slot]]).toEqual([0x88, 3]);
            expect(Math.floor(received.view.getUint32(received.offset[slot]!) / 5)).toBe(index);
          }
        });
        expect(await nothingMore(io, source)).toBe(true);
      }
    }
  });

  it.each(['ff02::7777', 'ff12::7777'])('reaches the link-local group %s by its interface', async (group) => {
    const source = await io.openSource(receiveSpec(port, { family: 6, group, ...on('e0') }));
    const to = destination(port, { address: group, interfaceIndex: indexOf('e0'), source: null });
    const sink = await io.openSink(sendSpec([to], { family: 6, interfaceName: 'e0' }));
    await sendAll(io, sink, numbered(3, 64));
    expect(await collectNumbers(io, source, 3)).toEqual([0, 1, 2]);
  });

  it('carries IPv6 groups over lo, of any source and of a named one', async () => {
    const any = await io.openSource(receiveSpec(port, { family: 6, group: group6 }));
    const named = await io.openSource(receiveSpec(port, { family: 6, group: 'ff35::77', sources: ['::1'] }));
    const other = await io.openSource(receiveSpec(port, { family: 6, group: 'ff35::77', sources: ['fd00::9'] }));
    const to = [group6, 'ff35::77'].map((address) => destination(port, { address, source: '::1' }));
    for (const [index, source] of [any, named].entries()) {
      const sink = await io.openSink(sendSpec([to[index]!], { family: 6 }));
      await sendAll(io, sink, numbered(4, 64));
      expect(await collectNumbers(io, source, 4)).toEqual([0, 1, 2, 3]);
    }
    expect(await nothingMore(io, other)).toBe(true);
  });

  it('sends no super-packet larger than the MTU, and says that it did not', async ({ skip }) => {
    if (!io.capabilities.offload) skip('capability offload');
    const source = await io.openSource(receiveSpec(port, { group: group4, ...on('e0') }));
    const sink = await io.openSink(sendSpec([to4()], { interfaceName: 'e0', dontFragment: false }));
    await sendAll(io, sink, numbered(10, 2000), 32);
    expect(await collectNumbers(io, source, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sink.notes.join()).toMatch(/UDP_SEGMENT was refused for 1 destination/);
    expect(sink.counters[SocketCounter.Failed]).toBe(0);
  });

  it('fails what is larger than the MTU when it may not be fragmented', async ({ skip }) => {
    if (!io.capabilities.refusedSends) skip('capability refusedSends');
    for (const to of [[to4()], [to4(), to4()]]) {
      const sink = await io.openSink(sendSpec(to, { interfaceName: 'e0' }));
      const batch = numbered(20, 1000);
      batch.length[9] = 1473;
      batch.offset[9] = 0;
      await sendAll(io, sink, batch);
      const outcomes = Array.from({ length: 20 }, (_, slot) => (slot === 9 ? SendOutcome.Failed : SendOutcome.Sent));
      expect([...batch.outcome]).toEqual(outcomes);
    }
  });

  it('says that nothing routes there', async ({ skip }) => {
    if (!io.capabilities.refusedSends) skip('capability refusedSends');
    const away = destination(port, { address: '203.0.113.9', interfaceIndex: 0, source: null });
    await expect(Promise.resolve().then(async () => io.openSink(sendSpec([away])))).rejects.toMatchObject({
      code: 'ERR_NO_ROUTE',
    });
  });

  it('says when stamps could not be verified', async ({ skip }) => {
    if (!io.capabilities.kernelTime) skip('capability kernelTime');
    run('ip link set lo down');
    try {
      const source = await io.openSource(receiveSpec(port, { group: group4, ...on('e0') }));
      expect(source.notes.join()).toMatch(/could not be verified: none came with 0 datagrams/);
      expect(source.timeSource).toBe('user');
    } finally {
      run('ip link set lo up');
      run('ip -6 route replace local ff00::/8 dev lo table local');
    }
  });
});
