import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReceiveBatch, SlotFlag } from '../../src/core/batch.js';
import type { DatagramSource, Io } from '../../src/io/datagram.js';
import { SocketCounter } from '../../src/io/datagram.js';
import { collect, destination, freshPort, numbered, receiveSpec, sendAll, sendSpec, SUBJECTS } from './harness.js';

const NO_STAMP = SlotFlag.TimeUser;
const ANY_TIME = SlotFlag.TimeKernel | SlotFlag.TimeHardware | SlotFlag.TimeUser;

describe.each(SUBJECTS)('$name says of a datagram', ({ open }) => {
  let io: Io;
  let port: number;
  beforeEach(async () => {
    io = await open();
    port = freshPort();
  });
  afterEach(() => io.close());

  async function markedPair(source: DatagramSource, to: Parameters<typeof sendSpec>[0], family: 4 | 6 = 4) {
    const sink = await io.openSink(sendSpec(to, { family }));
    const batch = numbered(to.length * 2, 64);
    for (let slot = 0; slot < batch.count; slot++) batch.destination[slot] = slot % to.length;
    await sendAll(io, sink, batch);
    const marks: [tos: number, ttl: number, flags: number][] = [];
    await collect(io, source, batch.count, (received) => {
      for (let slot = 0; slot < received.count; slot++) {
        marks.push([received.tos[slot]!, received.ttl[slot]!, received.flags[slot]! & ~ANY_TIME]);
      }
    });
    return marks;
  }

  it('TOS and TTL as they were sent, or that it does not know them', async () => {
    const source = await io.openSource(receiveSpec(port));
    const marks = await markedPair(source, [destination(port, { ttl: 7, tos: 0xb8 })]);
    const { tos, receivedTtl } = io.capabilities;
    const unknown = (tos ? 0 : SlotFlag.NoTos) | (receivedTtl ? 0 : SlotFlag.NoTtl);
    const mark = [tos ? 0xb8 : 0, receivedTtl ? 7 : 0, unknown];
    expect(marks).toEqual([mark, mark]);
  });

  it('the marks of each destination of one socket', async ({ skip }) => {
    if (!io.capabilities.tos) skip('capability tos');
    const source = await io.openSource(receiveSpec(port));
    const marks = await markedPair(source, [
      destination(port, { ttl: 1, tos: 0 }),
      destination(port, { ttl: 255, tos: 0xff & ~3 }),
      destination(port, { ttl: 31, tos: 0x22 }),
    ]);
    const expected = [
      [0, 1, 0],
      [0xfc, 255, 0],
      [0x22, 31, 0],
    ];
    expect(marks).toEqual([...expected, ...expected]);
  });

  it.for([1, 2])('hop limit and traffic class of IPv6, %i destination(s) on the socket', async (count, { skip }) => {
    if (!io.capabilities.tos) skip('capability tos');
    const source = await io.openSource(receiveSpec(port, { family: 6, group: '::1', unicast: true }));
    const to = destination(port, { address: '::1', source: '::1', ttl: 9, tos: 0x88 });
    const marks = await markedPair(source, new Array(count).fill(to), 6);
    expect(marks).toEqual(Array.from({ length: 2 * count }, () => [0x88, 9, 0]));
  });

  it('the interface it came in through', async ({ skip }) => {
    if (!io.capabilities.arrivalInterface) skip('capability arrivalInterface');
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    await sendAll(io, sink, numbered(1, 64));
    await collect(io, source, 1, (batch) => expect(io.path(batch.path[0]!).interfaceIndex).toBe(1));
  });

  it('when it arrived: after it left, before it was read, in order', async () => {
    const source = await io.openSource(receiveSpec(port));
    expect(source.timeSource).toBe(io.capabilities.kernelTime ? 'kernel' : 'user');
    expect(source.notes).toEqual([]);
    const sink = await io.openSink(sendSpec([destination(port)]));
    const sent = numbered(40, 64);
    const beforeNs = io.clock.realNs();
    await sendAll(io, sink, sent);
    const times: number[] = [];
    await collect(io, source, 40, (batch) => {
      for (let slot = 0; slot < batch.count; slot++) {
        const own = batch.flags[slot]! & ANY_TIME;
        expect(own).toBe(io.capabilities.kernelTime ? SlotFlag.TimeKernel : SlotFlag.TimeUser);
        expect(batch.timeRealNs[slot]).toBeLessThanOrEqual(batch.readRealNs);
        times.push(batch.timeRealNs[slot]! + batch.realToMonoNs);
      }
    });
    const slackNs = io.capabilities.kernelTime ? 0 : 2e6;
    expect(times[0]).toBeGreaterThan(beforeNs - slackNs);
    for (const [index, time] of times.entries()) {
      expect(time).toBeGreaterThanOrEqual(sent.departureMonoNs[index]! - slackNs);
      if (index > 0) expect(time).toBeGreaterThanOrEqual(times[index - 1]! - slackNs);
    }
    // Stamps of their own: datagrams that left one after the other do not arrive at one instant.
    if (io.capabilities.kernelTime) expect(new Set(times).size).toBeGreaterThan(20);
  });

  it('that its time is only that of reading, where no stamp was asked for', async () => {
    const source = await io.openSource(receiveSpec(port, { timestamps: 'user' }));
    expect(source.timeSource).toBe('user');
    const sink = await io.openSink(sendSpec([destination(port)]));
    await sendAll(io, sink, numbered(2, 64));
    await collect(io, source, 2, (batch) => {
      expect(batch.flags[0]! & ANY_TIME).toBe(NO_STAMP);
      if (io.capabilities.kernelTime) expect(batch.timeRealNs[0]).toBe(batch.readRealNs);
    });
  });

  it('how many the kernel had dropped before it, exactly', async ({ skip }) => {
    if (!io.capabilities.dropCounter) skip('capability dropCounter');
    const source = await io.openSource(receiveSpec(port, { receiveBufferOctets: 8192 }));
    const sink = await io.openSink(sendSpec([destination(port)]));
    await sendAll(io, sink, numbered(100, 64));
    const batch = new ReceiveBatch(200);
    const kept = source.receive(batch);
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(100);
    expect([...batch.drops.subarray(0, kept)]).toEqual(new Array(kept).fill(0));
    // Nothing has arrived since, so only the socket itself can tell.
    expect(source.counters[SocketCounter.KernelDrops]).toBe(0);
    expect(source.readDrops()).toBe(100 - kept);
    expect(source.counters[SocketCounter.KernelDrops]).toBe(100 - kept);
    await sendAll(io, sink, numbered(2, 64));
    await collect(io, source, 2, (later) => expect(later.drops[0]).toBe(100 - kept));
    expect(source.counters[SocketCounter.KernelDrops]).toBe(100 - kept);
  });

  it('nothing of drops where it cannot know', async ({ skip }) => {
    if (io.capabilities.dropCounter) skip('capability dropCounter');
    const source = await io.openSource(receiveSpec(port));
    expect(source.readDrops()).toBeNull();
    const sink = await io.openSink(sendSpec([destination(port)]));
    await sendAll(io, sink, numbered(1, 64));
    await collect(io, source, 1, (batch) => expect(batch.drops[0]).toBe(0));
  });

  it('the receive buffer that it got', async () => {
    const source = await io.openSource(receiveSpec(port, { receiveBufferOctets: 262_144 }));
    if (source.receiveBufferOctets === null) return;
    expect(source.receiveBufferOctets).toBeGreaterThanOrEqual(262_144);
    expect(source.notes).toEqual([]);
  });
});
