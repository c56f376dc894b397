import { describe, expect, it } from 'vitest';
import { ReceiveBatch, SendBatch, SendOutcome, SlotFlag } from '../../src/core/batch.js';
import { ManualClock } from '../../src/core/time.js';
import type { Destination, ReceiveSocketSpec, SendSocketSpec } from '../../src/io/datagram.js';
import { SocketCounter } from '../../src/io/datagram.js';
import { MemoryIo } from '../../src/io/memory.js';

const DESTINATION: Destination = {
  address: '239.1.1.1',
  port: 5001,
  interfaceIndex: 2,
  source: null,
  ttl: 4,
  tos: 0xb8,
};

function receiveSpec(change: Partial<ReceiveSocketSpec> = {}): ReceiveSocketSpec {
  return {
    family: 4,
    group: '239.1.1.1',
    port: 5001,
    unicast: false,
    interfaceIndex: 2,
    interfaceName: 'mem0',
    sources: [],
    receiveBufferOctets: 0,
    timestamps: 'auto',
    busyPollUs: 0,
    ...change,
  };
}

function sendSpec(change: Partial<SendSocketSpec> = {}): SendSocketSpec {
  return {
    family: 4,
    destinations: [DESTINATION],
    interfaceName: 'mem0',
    source: '10.0.0.1',
    sourcePort: 4000,
    loopback: true,
    sendBufferOctets: 0,
    stampFormat: 'unix-ns',
    transmitTimestamps: false,
    dontFragment: true,
    ...change,
  };
}

/** `count` datagrams of `octets`, numbered in their first octet, due `periodNs` apart from `fromNs`. */
function sendBatch(count: number, fromNs = 0, periodNs = 0, octets = 20, firstNumber = 0): SendBatch {
  const batch = new SendBatch(count, count * octets);
  for (let i = 0; i < count; i++) {
    batch.offset[i] = i * octets;
    batch.length[i] = octets;
    batch.bytes[i * octets] = firstNumber + i;
    batch.dueMonoNs[i] = fromNs + i * periodNs;
  }
  batch.count = count;
  return batch;
}

function numbers(batch: ReceiveBatch): number[] {
  return Array.from({ length: batch.count }, (_, i) => batch.bytes[batch.offset[i]!]!);
}

describe('MemoryIo', () => {
  it('carries octets, addresses, marks and stamps from a sink to a source', () => {
    const io = new MemoryIo({ network: (transit) => void (transit.delayNs = 250_000) });
    const source = io.openSource(receiveSpec());
    const sink = io.openSink(sendSpec());
    const batch = sendBatch(2, 1000, 500);
    batch.stampAt[1] = 8;
    expect(sink.send(batch, 0, 1, 1)).toBe(1);
    expect(sink.send(batch, 1, 2, 1)).toBe(2);
    expect([...batch.departureMonoNs]).toEqual([1000, 1500]);
    expect([...batch.outcome]).toEqual([SendOutcome.Sent, SendOutcome.Sent]);
    expect(batch.view.getBigUint64(20 + 8)).toBe(io.clock.epoch.realtimeNs + 1500n);

    const received = new ReceiveBatch(8);
    expect(source.receive(received)).toBe(0);
    expect(io.wait(Infinity, 0)).toBe(1);
    expect(io.ready[0]).toBe(source.index);
    expect(io.clock.monoNs()).toBe(251_000);
    expect(io.wait(Infinity, 1e6)).toBe(1);
    expect(io.clock.monoNs()).toBe(1_251_000);
    expect(source.receive(received)).toBe(2);
    expect(numbers(received)).toEqual([0, 1]);
    expect([...received.timeRealNs.subarray(0, 2)]).toEqual([251_000, 251_500]);
    expect([...received.flags.subarray(0, 2)]).toEqual([SlotFlag.TimeKernel, SlotFlag.TimeKernel]);
    expect([...received.tos.subarray(0, 2)]).toEqual([0xb8, 0xb8]);
    expect([...received.ttl.subarray(0, 2)]).toEqual([4, 4]);
    expect(received.readMonoNs).toBe(1_251_000);
    expect(io.path(received.path[0]!)).toEqual({
      source: '10.0.0.1',
      sourcePort: 4000,
      group: '239.1.1.1',
      port: 5001,
      interfaceIndex: 2,
    });
    expect(io.pathCount).toBe(2);
    expect(source.counters[SocketCounter.Datagrams]).toBe(2);
    expect(source.counters[SocketCounter.Octets]).toBe(40);
    expect(sink.counters[SocketCounter.Datagrams]).toBe(2);
  });

  it('delivers to those who joined that group, port, interface and source, and to nobody else', () => {
    const io = new MemoryIo();
    const hits = [
      io.openSource(receiveSpec()),
      io.openSource(receiveSpec({ sources: ['10.0.0.7', '10.0.0.1'] })),
      io.openSource(receiveSpec({ unicast: true })),
    ];
    const misses = [
      io.openSource(receiveSpec({ group: '239.1.1.2' })),
      io.openSource(receiveSpec({ port: 5002 })),
      io.openSource(receiveSpec({ interfaceIndex: 3 })),
      io.openSource(receiveSpec({ sources: ['10.0.0.7'] })),
    ];
    const left = io.openSource(receiveSpec());
    left.leave();
    io.openSink(sendSpec()).send(sendBatch(1), 0, 1, 1);
    const received = new ReceiveBatch(1);
    for (const source of hits) expect(source.receive(received)).toBe(1);
    for (const source of [...misses, left]) expect(source.receive(received)).toBe(0);
    expect(hits[0]!.membership().mode).toBe('exclude');
    expect(hits[1]!.membership()).toMatchObject({ mode: 'include', sources: ['10.0.0.7', '10.0.0.1'] });
  });

  it('loses, delays and reorders as told, and reads in order of arrival', () => {
    const delays = [5000, 1000, -1, 1000, 3000];
    const io = new MemoryIo({ network: (transit, ordinal) => void (transit.delayNs = delays[ordinal]!) });
    const source = io.openSource(receiveSpec());
    const sink = io.openSink(sendSpec());
    sink.send(sendBatch(5, 100), 0, 5, 1);
    const received = new ReceiveBatch(8);
    const seen: number[] = [];
    while (seen.length < 4) {
      io.wait(1e9, 0);
      source.receive(received);
      seen.push(...numbers(received));
    }
    expect(seen).toEqual([1, 3, 4, 0]);
    expect(io.clock.monoNs()).toBe(5100);
    expect(io.wait(1e9, 0)).toBe(0);
    expect(io.clock.monoNs()).toBe(1e9);
  });

  it('drops what finds the buffer full, and each datagram carries the count at its own arrival', () => {
    const io = new MemoryIo({ queueDatagrams: 3 });
    const source = io.openSource(receiveSpec());
    const sink = io.openSink(sendSpec());
    sink.send(sendBatch(5), 0, 5, 1);
    const received = new ReceiveBatch(2);
    expect(source.receive(received)).toBe(2);
    expect([...received.drops]).toEqual([0, 0]);
    sink.send(sendBatch(1, 0, 0, 20, 5), 0, 1, 1);
    expect(source.receive(received)).toBe(2);
    expect(numbers(received)).toEqual([2, 5]);
    expect([...received.drops]).toEqual([0, 2]);
    expect(source.counters[SocketCounter.KernelDrops]).toBe(2);
    sink.send(sendBatch(4), 0, 4, 1);
    expect(source.readDrops()).toBe(3);
  });

  it('cuts what is longer than the slot and says so, with a reused slot holding nothing else', () => {
    const io = new MemoryIo();
    const source = io.openSource(receiveSpec());
    const sink = io.openSink(sendSpec());
    sink.send(sendBatch(2, 0, 0, 80), 0, 1, 1);
    const received = new ReceiveBatch(4, 4, 64);
    expect(source.receive(received)).toBe(1);
    expect(received.length[0]).toBe(64);
    expect(received.flags[0]! & SlotFlag.Truncated).not.toBe(0);
    expect(source.counters[SocketCounter.Truncated]).toBe(1);
    sink.send(sendBatch(1, 0, 0, 10), 0, 1, 1);
    source.receive(received);
    expect([received.length[0], received.flags[0]]).toEqual([10, SlotFlag.TimeKernel]);
  });

  it('says what the host of the sender refused, and stops behind it', () => {
    const outcomes = [SendOutcome.Sent, SendOutcome.NoBuffers, SendOutcome.Sent, SendOutcome.Failed];
    let full = true;
    const io = new MemoryIo({ host: (ordinal) => (ordinal === 2 && full ? SendOutcome.Pending : outcomes[ordinal]!) });
    const source = io.openSource(receiveSpec());
    const sink = io.openSink(sendSpec());
    const batch = sendBatch(4);
    expect(sink.send(batch, 0, 4, 1)).toBe(2);
    expect(sink.send(batch, 2, 4, 1)).toBe(2);
    expect([...batch.outcome]).toEqual([SendOutcome.Sent, SendOutcome.NoBuffers, SendOutcome.Pending, 0]);
    full = false;
    expect(sink.send(batch, 2, 4, 1)).toBe(4);
    expect([...batch.outcome]).toEqual(outcomes);
    const { Datagrams, NoBuffers, Failed, WouldBlock } = SocketCounter;
    expect([Datagrams, NoBuffers, Failed, WouldBlock].map((key) => sink.counters[key])).toEqual([2, 1, 1, 1]);
    const received = new ReceiveBatch(8);
    source.receive(received);
    expect(numbers(received)).toEqual([0, 2]);
  });

  it('lacks what it is told to lack, with defined values in the columns', () => {
    const io = new MemoryIo({
      capabilities: { kernelTime: false, tos: false, receivedTtl: false, dropCounter: false },
      queueDatagrams: 1,
    });
    const source = io.openSource(receiveSpec());
    io.openSink(sendSpec()).send(sendBatch(3, 700), 0, 3, 1);
    io.clock.advance(300);
    const received = new ReceiveBatch(4);
    source.receive(received);
    expect(received.flags[0]).toBe(SlotFlag.TimeUser | SlotFlag.NoTos | SlotFlag.NoTtl);
    expect([received.tos[0], received.ttl[0], received.drops[0], received.timeRealNs[0]]).toEqual([0, 0, 0, 1000]);
    expect(source.timeSource).toBe('user');
    expect(source.readDrops()).toBeNull();
  });

  it('stamps with the realtime clock of the arrival, a step and a wrong clock included', () => {
    const io = new MemoryIo({
      network: (transit, ordinal) => {
        transit.stampErrorNs = ordinal === 1 ? 40 : 0;
        transit.unstamped = ordinal === 2;
      },
    });
    const source = io.openSource(receiveSpec());
    const sink = io.openSink(sendSpec());
    sink.send(sendBatch(1, 100), 0, 1, 1);
    io.clock.step(1e9);
    sink.send(sendBatch(2, 200), 0, 2, 1);
    const received = new ReceiveBatch(4);
    io.clock.advance(50);
    source.receive(received);
    expect([...received.timeRealNs.subarray(0, 3)]).toEqual([100, 1e9 + 240, 1e9 + 250]);
    expect(received.flags[2]).toBe(SlotFlag.TimeUser);
    expect(received.realToMonoNs).toBe(-1e9);
  });

  it('ends a wait when woken, and refuses one that nothing could ever end', () => {
    const clock = new ManualClock();
    const io = new MemoryIo({ clock });
    io.openSource(receiveSpec());
    io.wake();
    expect(io.wait(1e9, 0)).toBe(0);
    expect(clock.monoNs()).toBe(0);
    expect(io.wait(1e9, 1e6)).toBe(0);
    expect(clock.monoNs()).toBe(1e9);
    expect(() => io.wait(Infinity, 0)).toThrow(/can ever end/);
  });

  it('goes round its slots for ever', () => {
    const io = new MemoryIo({ queueDatagrams: 3, inFlightDatagrams: 2 });
    const source = io.openSource(receiveSpec());
    const sink = io.openSink(sendSpec());
    const received = new ReceiveBatch(2);
    for (let i = 0; i < 100; i++) {
      sink.send(sendBatch(2, 0, 0, 20, i), 0, 2, 1);
      source.receive(received);
      expect(numbers(received)).toEqual([i, i + 1]);
    }
    source.close();
    sink.send(sendBatch(1), 0, 1, 1);
    expect(source.receive(received)).toBe(0);
  });
});
