import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReceiveBatch, SendBatch } from '../../src/core/batch.js';
import type { DatagramSink, Destination, Io, ReceiveSocketSpec } from '../../src/io/datagram.js';
import { SocketCounter } from '../../src/io/datagram.js';
import { openDgramIo } from '../../src/io/dgram.js';
import { needs } from '../require.js';

const GROUP = '239.192.77.1';
let port = 30_000 + (process.pid % 2000) * 8;

function receiveSpec(change: Partial<ReceiveSocketSpec> = {}): ReceiveSocketSpec {
  return {
    family: 4,
    group: GROUP,
    port,
    unicast: false,
    interfaceIndex: 1,
    interfaceName: 'lo',
    sources: [],
    receiveBufferOctets: 4_194_304,
    timestamps: 'auto',
    busyPollUs: 0,
    ...change,
  };
}

async function openSink(io: Io, change: Partial<Destination> = {}, family: 4 | 6 = 4): Promise<DatagramSink> {
  const destination = { address: GROUP, port, interfaceIndex: 1, source: null, ttl: 1, tos: 0, ...change };
  return io.openSink({
    family,
    destinations: [destination],
    interfaceName: 'lo',
    source: null,
    sourcePort: 0,
    loopback: true,
    sendBufferOctets: 0,
    stampFormat: 'unix-ns',
    transmitTimestamps: false,
    dontFragment: false,
  });
}

function datagrams(count: number, octets: number): SendBatch {
  const batch = new SendBatch(count, octets);
  batch.length.fill(octets);
  batch.count = count;
  return batch;
}

describe.runIf(needs('linux'))('openDgramIo on loopback', () => {
  let io: Io;
  beforeEach(() => {
    port++;
    io = openDgramIo();
  });
  afterEach(() => io.close());

  it('has sent before send returns: the departure stamp is the departure', async () => {
    await io.openSource(receiveSpec());
    const sink = await openSink(io);
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    const queued = (): number => {
      const line = readFileSync('/proc/net/udp', 'utf8').match(new RegExp(`:${hex} [^\\n]*`))![0];
      return Number.parseInt(/:([0-9A-F]{8}) /.exec(line.slice(line.indexOf(' 07 ')))![1]!, 16);
    };
    expect(queued()).toBe(0);
    expect(sink.send(datagrams(1, 500), 0, 1, 1)).toBe(1);
    // Nothing was awaited: it is in the receiver's kernel buffer already.
    expect(queued()).toBeGreaterThan(500);
  });

  it('counts what Node handed over and it had no room for', async () => {
    const source = await io.openSource(receiveSpec());
    const sink = await openSink(io);
    const batch = datagrams(100, 10);
    // More than the ring holds, in portions that the kernel's buffer holds.
    for (let portion = 0; portion < 50; portion++) {
      sink.send(batch, 0, 100, 1);
      const handedOver = (): number => source.counters[SocketCounter.SystemCalls]!;
      for (let turn = 0; handedOver() < 100 * (portion + 1) && turn < 1000; turn++) {
        await io.wait(io.clock.monoNs() + 1e6, 1e6);
      }
    }
    const discarded = source.counters[SocketCounter.Discarded]!;
    expect(discarded).toBe(5000 - 4096);
    const received = new ReceiveBatch(256, 256, 64);
    let count = 0;
    while (source.receive(received) > 0) count += received.count;
    expect(count).toBe(4096);
    expect(source.counters[SocketCounter.Datagrams]).toBe(4096);
  });

  it('reads many arrivals in one wait', async () => {
    const source = await io.openSource(receiveSpec());
    const sink = await openSink(io);
    sink.send(datagrams(20, 10), 0, 20, 1);
    expect(await io.wait(io.clock.monoNs() + 2e9, 0)).toBe(1);
    // Node reads up to 32 datagrams of a socket in one turn; once per datagram would give 1.
    expect(source.receive(new ReceiveBatch(64))).toBe(20);
  });

  it('carries IPv6 unicast, with addresses that have no zone', async () => {
    const source = await io.openSource(receiveSpec({ family: 6, group: '::1', unicast: true }));
    const sink = await openSink(io, { address: '::1' }, 6);
    sink.send(datagrams(1, 10), 0, 1, 1);
    await io.wait(io.clock.monoNs() + 2e9, 0);
    const received = new ReceiveBatch(1);
    expect(source.receive(received)).toBe(1);
    expect(io.path(received.path[0]!)).toMatchObject({ source: '::1', group: '::1', sourcePort: sink.sourcePort });
  });

  it('says what it was asked for and cannot do', async () => {
    const asked = await io.openSource(receiveSpec({ timestamps: 'hardware', busyPollUs: 50 }));
    expect(asked.notes.join('\n')).toMatch(/no hardware receive stamps[^]*no busy polling/);
    const six = await io.openSource(receiveSpec({ family: 6, group: 'ff15::77' }));
    expect(six.notes.join('\n')).toContain('not restricted to lo');
    const greedy = await io.openSource(receiveSpec({ receiveBufferOctets: 2 ** 31 - 2 }));
    expect(greedy.notes[0]).toMatch(/receive buffer: asked for 2147483646 octets, the system granted \d+/);
  });
});
