import type { Socket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SendBatch, SendOutcome } from '../../src/core/batch.js';
import type { Destination, SendSocketSpec } from '../../src/io/datagram.js';
import { SocketCounter } from '../../src/io/datagram.js';
import { DgramSink, type Target } from '../../src/io/dgramSink.js';
import { PathTable } from '../../src/io/pathTable.js';
import { PortableClock } from '../../src/io/portableClock.js';

type Answer = (error: Error | null, octets: number) => void;

/** A socket of node:dgram that can be made to queue, and that answers when told to. */
class FakeSocket extends EventEmitter {
  readonly calls: string[] = [];
  readonly sent: { readonly octets: Uint8Array; readonly length: number; readonly answer: Answer }[] = [];
  queued = 0;
  queueing = false;

  setTTL(ttl: number): void {
    this.calls.push(`ttl ${ttl}`);
  }
  setMulticastTTL(ttl: number): void {
    this.calls.push(`multicast ttl ${ttl}`);
  }
  setMulticastInterface(name: string): void {
    this.calls.push(`interface ${name}`);
  }
  setMulticastLoopback(on: boolean): void {
    this.calls.push(`loopback ${on}`);
  }
  setSendBufferSize(): void {}
  getSendBufferSize(): number {
    return 100_000;
  }
  address() {
    return { address: '0.0.0.0', port: 4321, family: 'IPv4' };
  }
  getSendQueueCount(): number {
    return this.queued;
  }
  send(octets: Uint8Array, _offset: number, length: number, port: number, address: string, answer: Answer): void {
    if (this.queueing) this.queued++;
    this.calls.push(`${address}:${port}`);
    this.sent.push({ octets, length, answer });
  }
  close(): void {}
  answerAll(error: Error | null = null): void {
    this.queued = 0;
    for (const { length, answer } of this.sent.splice(0)) answer(error, length);
  }
}

const DESTINATION: Destination = {
  address: '239.1.1.1',
  port: 5001,
  interfaceIndex: 2,
  source: null,
  ttl: 4,
  tos: 0,
};

const SPEC: SendSocketSpec = {
  family: 4,
  destinations: [DESTINATION],
  interfaceName: 'e0',
  source: null,
  sourcePort: 0,
  loopback: false,
  sendBufferOctets: 0,
  stampFormat: 'unix-ns',
  transmitTimestamps: false,
  dontFragment: false,
};

function target(change: Partial<Target> = {}): Target {
  return { address: '239.1.1.1', port: 5001, multicast: true, interface: '10.0.0.1', ttl: 4, ...change };
}

function open(spec: Partial<SendSocketSpec> = {}, targets: readonly Target[] = [target()]) {
  const socket = new FakeSocket();
  const clock = new PortableClock();
  let writable = 0;
  const share = { clock, paths: new PathTable(), readable: () => {}, writable: () => writable++, closed: () => {} };
  const sink = new DgramSink(share, { ...SPEC, ...spec }, targets, socket as unknown as Socket);
  return { socket, sink, clock, writable: () => writable };
}

/** `count` datagrams of 20 octets, all of the slot's number. */
function batch(count: number): SendBatch {
  const made = new SendBatch(count, count * 20);
  for (let i = 0; i < count; i++) {
    made.offset[i] = i * 20;
    made.length[i] = 20;
    made.bytes.fill(i + 1, i * 20, i * 20 + 20);
  }
  made.count = count;
  return made;
}

describe('DgramSink', () => {
  it('stops while the socket queues, keeps the octets of what is queued, and says when it goes on', () => {
    const { socket, sink, writable } = open();
    const slots = batch(4);
    socket.queueing = true;
    expect(sink.send(slots, 0, 4, 1)).toBe(1);
    expect([...slots.outcome]).toEqual([SendOutcome.Sent, 0, 0, 0]);
    // The feed refills the slots meanwhile, and a further try changes nothing.
    slots.bytes.fill(0xee);
    expect(sink.send(slots, 1, 4, 1)).toBe(1);
    expect(sink.counters[SocketCounter.WouldBlock]).toBe(2);
    expect(socket.sent).toHaveLength(1);
    expect(writable()).toBe(0);
    socket.queueing = false;
    const first = socket.sent[0]!;
    socket.answerAll();
    expect(writable()).toBe(1);
    expect(sink.send(slots, 1, 4, 1)).toBe(4);
    expect([...first.octets.subarray(0, 20)]).toEqual(Array(20).fill(1));
    expect(socket.sent).toHaveLength(3);
  });

  it('counts what was sent when it is known to be, and what was refused with its errno', () => {
    const { socket, sink, writable } = open();
    expect(sink.send(batch(3), 0, 3, 1)).toBe(3);
    expect(sink.counters[SocketCounter.Datagrams]).toBe(0);
    const [first, second, third] = socket.sent;
    first!.answer(null, 20);
    second!.answer(Object.assign(new Error('no buffers'), { code: 'ENOBUFS', errno: -105 }), 0);
    expect(sink.counters[SocketCounter.LastErrno]).toBe(105);
    third!.answer(Object.assign(new Error('unreachable'), { code: 'ENETUNREACH', errno: -101 }), 0);
    const { Datagrams, Octets, NoBuffers, Failed, LastErrno, SystemCalls } = SocketCounter;
    const counts = [Datagrams, Octets, NoBuffers, Failed, LastErrno, SystemCalls].map((key) => sink.counters[key]);
    expect(counts).toEqual([1, 20, 1, 1, 101, 3]);
    expect(writable()).toBe(0);
  });

  it('sets TTL and interface of each destination, only where they change', () => {
    const targets = [
      target(),
      target({ address: '239.1.1.2', ttl: 9, interface: '10.0.1.1' }),
      target({ address: '10.9.9.9', multicast: false, interface: '', ttl: 7 }),
    ];
    const { socket, sink } = open({ destinations: [DESTINATION, DESTINATION, DESTINATION] }, targets);
    socket.calls.length = 0;
    const slots = batch(6);
    slots.destination.set([0, 0, 1, 2, 1, 2]);
    sink.send(slots, 0, 6, 1);
    expect(socket.calls).toEqual([
      'interface 10.0.0.1',
      'multicast ttl 4',
      '239.1.1.1:5001',
      '239.1.1.1:5001',
      'interface 10.0.1.1',
      'multicast ttl 9',
      '239.1.1.2:5001',
      '10.9.9.9:5001',
      '239.1.1.2:5001',
      '10.9.9.9:5001',
    ]);
  });

  it('writes the departure into what is sent and into the slot, from one reading', () => {
    const { socket, sink, clock } = open();
    const slots = batch(2);
    slots.stampAt.set([8, 13]);
    sink.send(slots, 0, 1, 1);
    const sent = socket.sent[0]!.octets;
    const view = new DataView(sent.buffer, sent.byteOffset);
    const stampNs = Number(view.getBigUint64(8) - clock.epoch.realtimeNs);
    expect(slots.view.getBigUint64(8)).toBe(view.getBigUint64(8));
    expect(stampNs).toBe(clock.realAtNs(slots.departureMonoNs[0]!));
    expect([sent[7], sent[16]]).toEqual([1, 1]);
    // At octet 13 of 20 there is no room for it.
    sink.send(slots, 1, 2, 1);
    expect([...socket.sent[1]!.octets.subarray(0, 20)]).toEqual(Array(20).fill(2));
  });

  it('refuses what no datagram can hold, and goes on behind it', () => {
    const { socket, sink } = open();
    const slots = batch(2);
    slots.length[0] = 65_508;
    expect(sink.send(slots, 0, 2, 1)).toBe(1);
    expect(slots.outcome[0]).toBe(SendOutcome.Failed);
    expect(sink.send(slots, 1, 2, 1)).toBe(2);
    expect(socket.sent).toHaveLength(1);
  });

  it('says what it was asked for and cannot do, and nothing else', () => {
    expect(open().sink.notes).toEqual([]);
    const asked = open({
      destinations: [{ ...DESTINATION, tos: 0xb8 }],
      sendBufferOctets: 200_000,
      transmitTimestamps: true,
      dontFragment: true,
    });
    const notes = asked.sink.notes.join('\n');
    for (const word of ['DSCP', 'granted 100000', 'transmit stamps', 'fragment']) expect(notes).toContain(word);
    expect(open({ destinations: [{ ...DESTINATION, address: '10.0.0.9', ttl: 0 }] }).sink.notes[0]).toContain('TTL 0');
  });
});
