import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReceiveBatch, SendBatch, SendOutcome, SlotFlag } from '../../src/core/batch.js';
import { sinceEpochNs, splitNs } from '../../src/core/time.js';
import type { Io } from '../../src/io/datagram.js';
import { SocketCounter } from '../../src/io/datagram.js';
import {
  collect,
  collectNumbers,
  destination,
  freshPort,
  numberAt,
  numbered,
  receiveSpec,
  sendAll,
  sendSpec,
  SUBJECTS,
} from './harness.js';

const octetsOf = (batch: ReceiveBatch, slot: number): Uint8Array =>
  batch.bytes.subarray(batch.offset[slot]! + 20, batch.offset[slot]! + 28);

describe.each(SUBJECTS)('$name sends', ({ name, open }) => {
  let io: Io;
  let port: number;
  beforeEach(async () => {
    io = await open();
    port = freshPort();
  });
  afterEach(() => io.close());

  it('from the port it tells, chosen or given', async () => {
    const chosen = await io.openSink(sendSpec([destination(port)]));
    expect(chosen.sourcePort).toBeGreaterThan(0);
    const given = freshPort();
    const fixed = await io.openSink(sendSpec([destination(port)], { sourcePort: given }));
    expect(fixed.sourcePort).toBe(given);
  });

  it('to each destination of one socket what is meant for it', async () => {
    const ports = [port, freshPort(), freshPort()];
    const sources = [];
    for (const own of ports) sources.push(await io.openSource(receiveSpec(own)));
    const sink = await io.openSink(sendSpec(ports.map((own) => destination(own))));
    const batch = numbered(30, 64);
    for (let slot = 0; slot < 30; slot++) batch.destination[slot] = (slot * 2) % 3;
    await sendAll(io, sink, batch);
    for (const [index, source] of sources.entries()) {
      const expected = Array.from({ length: 30 }, (_, slot) => slot).filter((slot) => (slot * 2) % 3 === index);
      expect(await collectNumbers(io, source, 10)).toEqual(expected);
    }
  });

  it('with the departure time in the datagram, as unix-ns', async ({ skip }) => {
    if (!io.capabilities.departureStamp) skip('capability departureStamp');
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    const sent = numbered(40, 64);
    sent.stampAt.fill(20);
    sent.stampAt[39] = 0;
    const beforeNs = io.clock.monoNs();
    await sendAll(io, sink, sent);
    const epoch = splitNs(io.clock.epoch.realtimeNs);
    await collect(io, source, 40, (batch) => {
      for (let slot = 0; slot < batch.count; slot++) {
        const number = numberAt(batch, slot);
        if (number === 39) {
          expect(octetsOf(batch, slot).every((octet) => octet === 0x5a)).toBe(true);
          continue;
        }
        const at = batch.offset[slot]! + 20;
        const stampNs = sinceEpochNs(batch.view.getUint32(at), batch.view.getUint32(at + 4), epoch);
        expect(Math.abs(stampNs + batch.realToMonoNs - sent.departureMonoNs[number]!)).toBeLessThan(2000);
        // Neither the octets before nor those behind are touched.
        expect([batch.bytes[at - 1], batch.bytes[at + 8]]).toEqual([0x5a, 0x5a]);
      }
    });
    for (let slot = 0; slot < 40; slot++) {
      expect(sent.departureMonoNs[slot]).toBeGreaterThanOrEqual(
        slot === 0 ? beforeNs : sent.departureMonoNs[slot - 1]!,
      );
    }
  });

  it('with the departure time as an NTP timestamp', async ({ skip }) => {
    if (!io.capabilities.departureStamp) skip('capability departureStamp');
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)], { stampFormat: 'ntp-64' }));
    const sent = numbered(1, 64);
    sent.stampAt[0] = 8;
    await sendAll(io, sink, sent);
    await collect(io, source, 1, (batch) => {
      const at = batch.offset[0]! + 8;
      const seconds = BigInt(batch.view.getUint32(at)) - 2_208_988_800n;
      const ns = (BigInt(batch.view.getUint32(at + 4)) * 1_000_000_000n) >> 32n;
      const realNs = Number(seconds * 1_000_000_000n + ns - io.clock.epoch.realtimeNs);
      expect(Math.abs(realNs + batch.realToMonoNs - sent.departureMonoNs[0]!)).toBeLessThan(2000);
    });
  });

  it('with the departure time as seconds and microseconds', async ({ skip }) => {
    if (!io.capabilities.departureStamp) skip('capability departureStamp');
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)], { stampFormat: 'unix-us' }));
    const sent = numbered(1, 64);
    sent.stampAt[0] = 8;
    await sendAll(io, sink, sent);
    await collect(io, source, 1, (batch) => {
      const at = batch.offset[0]! + 8;
      const microseconds = batch.view.getUint32(at + 4);
      expect(microseconds).toBeLessThan(1_000_000);
      const ns = BigInt(batch.view.getUint32(at)) * 1_000_000_000n + BigInt(microseconds) * 1000n;
      const realNs = Number(ns - io.clock.epoch.realtimeNs);
      expect(Math.abs(realNs + batch.realToMonoNs - sent.departureMonoNs[0]!)).toBeLessThan(3000);
    });
  });

  it('no departure time where it does not fit into the datagram', async () => {
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    const sent = numbered(2, 16);
    sent.stampAt[0] = 9;
    sent.stampAt[1] = 8;
    await sendAll(io, sink, sent);
    await collect(io, source, 2, (batch) => {
      for (let slot = 0; slot < batch.count; slot++) {
        const rest = batch.bytes.subarray(batch.offset[slot]! + 4, batch.offset[slot]! + 16);
        expect(rest.every((octet) => octet === 0x5a)).toBe(numberAt(batch, slot) === 0);
      }
    });
  });

  it('not before the last of them is due', async () => {
    const sink = await io.openSink(sendSpec([destination(port)]));
    const batch = numbered(4, 64);
    const dueNs = io.clock.monoNs() + 3e5;
    batch.dueMonoNs.fill(dueNs - 1e5);
    batch.dueMonoNs[3] = dueNs;
    await sendAll(io, sink, batch);
    for (const departureNs of batch.departureMonoNs) expect(departureNs).toBeGreaterThanOrEqual(dueNs);
  });

  it('super-packets that arrive as the datagrams they were', async ({ skip }) => {
    if (!io.capabilities.offload) skip('capability offload');
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    const sent = numbered(300, 100);
    sent.stampAt.fill(8);
    await sendAll(io, sink, sent, 128);
    expect(sink.counters[SocketCounter.Datagrams]).toBe(300);
    expect(sink.counters[SocketCounter.SystemCalls]).toBe(3);
    expect(new Set(sent.departureMonoNs).size).toBe(3);
    expect(await collectNumbers(io, source, 300)).toEqual(Array.from({ length: 300 }, (_, index) => index));
    expect(sink.notes).toEqual([]);
  });

  it.for([1, 2])('super-packets read whole: %i destination(s)', async (count, { skip }) => {
    if (!io.capabilities.offload) skip('capability offload');
    const source = await io.openSource(receiveSpec(port));
    expect(source.enableOffload()).toBe(true);
    expect(source.enableOffload()).toBe(true);
    const sink = await io.openSink(sendSpec(new Array(count).fill(destination(port, { tos: 0x88, ttl: 3 }))));
    await sendAll(io, sink, numbered(300, 100), 128);
    const batch = new ReceiveBatch(2, 256);
    const following: number[] = [];
    let next = 0;
    await collect(
      io,
      source,
      300,
      (filled) => {
        for (let slot = 0; slot < filled.count; slot++, next++) {
          const flags = filled.flags[slot]!;
          following.push(filled.following[slot]!);
          expect(numberAt(filled, slot)).toBe(next);
          expect(filled.length[slot]).toBe(100);
          expect((flags & SlotFlag.TimeShared) !== 0).toBe(slot > 0 && filled.following[slot - 1]! > 0);
          expect(flags & ~SlotFlag.TimeShared).toBe(SlotFlag.TimeKernel);
          expect([filled.tos[slot], filled.ttl[slot], filled.drops[slot]]).toEqual([0x88, 3, 0]);
          expect(filled.path[slot]).toBe(filled.path[0]);
        }
      },
      batch,
    );
    const packet = Array.from({ length: 128 }, (_, index) => 127 - index);
    expect(following).toEqual([...packet, ...packet, ...packet.slice(84)]);
    expect(source.counters[SocketCounter.Datagrams]).toBe(300);
    expect(source.counters[SocketCounter.Octets]).toBe(30_000);
  });

  it('super-packets only of neighbours of one destination and length, within both limits', async ({ skip }) => {
    if (!io.capabilities.offload) skip('capability offload');
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port), destination(port)]));
    const calls = async (batch: SendBatch, segments: number): Promise<number> => {
      const before = sink.counters[SocketCounter.SystemCalls]!;
      await sendAll(io, sink, batch, segments);
      await collectNumbers(io, source, batch.count);
      return sink.counters[SocketCounter.SystemCalls]! - before;
    };
    expect(await calls(numbered(12, 64), 4)).toBe(3);
    const turn = numbered(12, 64);
    turn.destination.set([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]);
    expect(await calls(turn, 128)).toBe(3);
    const lengths = numbered(8, 64);
    lengths.length[3] = 60;
    expect(await calls(lengths, 128)).toBe(3);
    const gap = numbered(8, 64);
    gap.offset.copyWithin(4, 3, 7);
    expect(await calls(gap, 128)).toBe(2);
    // 50 of 1400 octets are more than a datagram of 65,507 can hold: 46 and 4.
    expect(await calls(numbered(50, 1400), 128)).toBe(2);
  });

  it('without segmentation what no device would take segmented', async ({ skip }) => {
    if (!io.capabilities.offload) skip('capability offload');
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    // Over the limit of one super-packet with two: nothing to join.
    await sendAll(io, sink, numbered(3, 40_000), 128);
    expect(await collectNumbers(io, source, 3)).toEqual([0, 1, 2]);
  });

  it('what cannot be sent as failed, with its errno, and goes on behind it', async () => {
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    const batch = new SendBatch(3, 66_000);
    batch.length.set([64, 65_999, 64]);
    batch.view.setUint32(0, 7);
    batch.count = 3;
    await sendAll(io, sink, batch);
    if (name === 'native') {
      expect([...batch.outcome]).toEqual([SendOutcome.Sent, SendOutcome.Failed, SendOutcome.Sent]);
      expect(sink.counters[SocketCounter.Failed]).toBe(1);
      // EMSGSIZE
      expect(sink.counters[SocketCounter.LastErrno]).toBe(90);
    }
    expect(await collectNumbers(io, source, 2)).toEqual([7, 7]);
    expect(sink.counters[SocketCounter.Datagrams]).toBe(2);
  });

  it('and stops behind a slot that was refused', async ({ skip }) => {
    if (!io.capabilities.refusedSends) skip('capability refusedSends');
    const sink = await io.openSink(sendSpec([destination(port)]));
    const batch = new SendBatch(3, 66_000);
    batch.length.set([64, 65_999, 64]);
    expect(sink.send(batch, 0, 3, 1)).toBe(2);
    expect([...batch.outcome]).toEqual([SendOutcome.Sent, SendOutcome.Failed, SendOutcome.Pending]);
    expect(sink.send(batch, 2, 3, 1)).toBe(3);
    expect(sink.send(batch, 3, 3, 1)).toBe(3);
  });

  it('whatever ICMP answers to it, and counts the answers', async ({ skip }) => {
    if (!io.capabilities.refusedSends) skip('capability refusedSends');
    const nobody = destination(port, { address: '127.0.0.1', interfaceIndex: 0 });
    for (const to of [[nobody], [nobody, nobody]]) {
      const sink = await io.openSink(sendSpec(to));
      for (let round = 0; round < 5; round++) await sendAll(io, sink, numbered(4, 64));
      expect(sink.counters[SocketCounter.Datagrams]).toBe(20);
      expect(sink.counters[SocketCounter.Failed]).toBe(0);
      const untilNs = io.clock.monoNs() + 2e9;
      while (sink.counters[SocketCounter.IcmpErrors] === 0 && io.clock.monoNs() < untilNs) sink.drainErrors();
      expect(sink.counters[SocketCounter.IcmpErrors]).toBeGreaterThan(0);
      // A pending error must not make the wait spin.
      const startNs = io.clock.monoNs();
      expect(await io.wait(startNs + 3e6, 0)).toBe(0);
      expect(io.clock.monoNs() - startNs).toBeGreaterThanOrEqual(3e6);
      sink.close();
    }
  });

  it.for([1, 2])('kernel stamps of what left: %i destination(s)', async (count, { skip }) => {
    if (!io.capabilities.transmitTime) skip('capability transmitTime');
    const to = new Array(count).fill(destination(port));
    const sink = await io.openSink(sendSpec(to, { transmitTimestamps: true }));
    expect(sink.notes).toEqual([]);
    const batch = numbered(700, 64);
    await sendAll(io, sink, batch);
    await sendAll(io, sink, numbered(300, 64), 100);
    const untilNs = io.clock.monoNs() + 2e9;
    // 700 datagrams and three super-packets.
    while (sink.counters[SocketCounter.TransmitStamps]! < 703 && io.clock.monoNs() < untilNs) {
      await io.wait(io.clock.monoNs() + 1e5, 0);
      sink.drainErrors();
    }
    expect(sink.counters[SocketCounter.TransmitStamps]).toBe(703);
    expect(sink.counters[SocketCounter.TransmitStampsMissing]).toBe(0);
    const stamps = sink.transmitStamps!;
    for (let pair = 0; pair < 703; pair++) {
      if (pair < 700) expect(stamps[2 * pair]).toBe(batch.departureMonoNs[pair]);
      expect(stamps[2 * pair + 1]).toBeGreaterThan(0);
      expect(stamps[2 * pair + 1]).toBeLessThan(1e9);
    }
    expect(sink.drainErrors()).toBe(0);
  });
});
