import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReceiveBatch, SendBatch, SendOutcome, SlotFlag } from '../../src/core/batch.js';
import type { Io } from '../../src/io/datagram.js';
import { SocketCounter } from '../../src/io/datagram.js';
import {
  collect,
  collectNumbers,
  destination,
  freshPort,
  LOOPBACK_INDEX,
  nothingMore,
  numberAt,
  numbered,
  receiveSpec,
  sendAll,
  sendSpec,
  SUBJECTS,
} from './harness.js';

describe.each(SUBJECTS)('$name delivers', ({ open }) => {
  let io: Io;
  let port: number;
  beforeEach(async () => {
    io = await open();
    port = freshPort();
  });
  afterEach(() => io.close());

  it('every datagram of a group, in order, with its octets', async () => {
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    await sendAll(io, sink, numbered(300, 100));
    const numbers: number[] = [];
    await collect(io, source, 300, (batch) => {
      for (let slot = 0; slot < batch.count; slot++) {
        const at = batch.offset[slot]!;
        expect(batch.length[slot]).toBe(100);
        expect(batch.bytes.subarray(at + 4, at + 100).every((octet) => octet === 0x5a)).toBe(true);
        expect(batch.socket[slot]).toBe(source.index);
        expect(batch.following[slot]).toBe(0);
        numbers.push(batch.view.getUint32(at));
      }
    });
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, index) => index));
    expect(source.counters[SocketCounter.Datagrams]).toBe(300);
    expect(source.counters[SocketCounter.Octets]).toBe(30_000);
    expect(sink.counters[SocketCounter.Datagrams]).toBe(300);
    expect(sink.counters[SocketCounter.Octets]).toBe(30_000);
  });

  it('empty datagrams and the largest', async () => {
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)], { dontFragment: false }));
    const batch = new SendBatch(3, 65_600);
    batch.length.set([0, 65_507, 1]);
    batch.offset.set([0, 0, 65_507]);
    batch.bytes[65_506] = 77;
    batch.count = 3;
    await sendAll(io, sink, batch);
    const lengths: number[] = [];
    await collect(io, source, 3, (received) => {
      for (let slot = 0; slot < received.count; slot++) {
        const length = received.length[slot]!;
        if (length > 60_000) expect(received.bytes[received.offset[slot]! + 65_506]).toBe(77);
        expect(received.flags[slot]! & SlotFlag.Truncated).toBe(0);
        lengths.push(length);
      }
    });
    expect(lengths).toEqual([0, 65_507, 1]);
  });

  it('no more than a batch holds at once, and the rest with the next', async () => {
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    await sendAll(io, sink, numbered(10, 64));
    const batch = new ReceiveBatch(4);
    const sizes: number[] = [];
    await collect(io, source, 10, (filled) => sizes.push(filled.count), batch);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4);
    expect(source.receive(batch)).toBe(0);
    expect(batch.count).toBe(0);
  });

  it('what fits of a datagram longer than its slot, and says so', async () => {
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    await sendAll(io, sink, numbered(2, 200));
    const seen: [number, number][] = [];
    const batch = new ReceiveBatch(4, 4, 128);
    await collect(
      io,
      source,
      2,
      (filled) => {
        for (let slot = 0; slot < filled.count; slot++) {
          seen.push([filled.length[slot]!, filled.flags[slot]! & SlotFlag.Truncated]);
        }
      },
      batch,
    );
    expect(seen).toEqual([
      [128, SlotFlag.Truncated],
      [128, SlotFlag.Truncated],
    ]);
    expect(source.counters[SocketCounter.Truncated]).toBe(2);
  });

  it('two groups on one port to their own sockets only', async () => {
    const one = await io.openSource(receiveSpec(port));
    const two = await io.openSource(receiveSpec(port, { group: '239.192.7.2' }));
    const sink = await io.openSink(sendSpec([destination(port), destination(port, { address: '239.192.7.2' })]));
    const batch = numbered(20, 64);
    for (let slot = 0; slot < 20; slot++) batch.destination[slot] = slot % 2;
    await sendAll(io, sink, batch);
    expect(await collectNumbers(io, one, 10)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(await collectNumbers(io, two, 10)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    expect(await nothingMore(io, one)).toBe(true);
    expect(await nothingMore(io, two)).toBe(true);
  });

  it('the same datagram to two sockets of one group', async () => {
    const one = await io.openSource(receiveSpec(port));
    const two = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    await sendAll(io, sink, numbered(5, 64));
    expect(await collectNumbers(io, one, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(await collectNumbers(io, two, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(one.index).not.toBe(two.index);
  });

  it('the named source of a group, and no other', async () => {
    const group = '232.7.7.7';
    const wanted = await io.openSource(receiveSpec(port, { group, sources: ['127.0.0.1'] }));
    const other = await io.openSource(receiveSpec(port, { group, sources: ['127.0.0.9'] }));
    const both = await io.openSource(receiveSpec(port, { group, sources: ['127.0.0.9', '127.0.0.1'] }));
    const sink = await io.openSink(sendSpec([destination(port, { address: group })]));
    await sendAll(io, sink, numbered(5, 64));
    expect(await collectNumbers(io, wanted, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(await collectNumbers(io, both, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(await nothingMore(io, other)).toBe(true);
  });

  it('nothing after leave, on a socket that stays usable', async () => {
    const source = await io.openSource(receiveSpec(port));
    const witness = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    await sendAll(io, sink, numbered(3, 64));
    expect(await collectNumbers(io, source, 3)).toEqual([0, 1, 2]);
    source.leave();
    source.leave();
    await sendAll(io, sink, numbered(3, 64, 3));
    expect(await collectNumbers(io, witness, 6)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await nothingMore(io, source)).toBe(true);
  });

  it.each([
    [4, '127.0.0.1'],
    [6, '::1'],
  ] as const)('unicast of IPv%i', async (family, address) => {
    const source = await io.openSource(receiveSpec(port, { family, group: address, unicast: true }));
    const to = destination(port, { address, source: address });
    const sink = await io.openSink(sendSpec([to], { family }));
    await sendAll(io, sink, numbered(10, 64));
    const numbers: number[] = [];
    await collect(io, source, 10, (batch) => {
      for (let slot = 0; slot < batch.count; slot++) {
        numbers.push(numberAt(batch, slot));
        const { source: from, sourcePort, port: toPort } = io.path(batch.path[slot]!);
        expect([from, sourcePort, toPort]).toEqual([address, sink.sourcePort, port]);
      }
    });
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('names the addresses of a datagram by its path', async () => {
    const source = await io.openSource(receiveSpec(port));
    const first = await io.openSink(sendSpec([destination(port)]));
    const second = await io.openSink(sendSpec([destination(port, { source: '127.0.0.2' })]));
    const paths: number[] = [];
    const keep = (batch: ReceiveBatch): void => void paths.push(...batch.path.subarray(0, batch.count));
    for (const sink of [first, second, first]) {
      await sendAll(io, sink, numbered(2, 64));
      await collect(io, source, 2, keep);
    }
    expect(paths).toEqual([paths[0], paths[0], paths[2], paths[2], paths[0], paths[0]]);
    expect(paths[2]).not.toBe(paths[0]);
    const common = { group: '239.192.7.1', port, interfaceIndex: LOOPBACK_INDEX };
    expect(io.path(paths[0]!)).toEqual({ ...common, source: '127.0.0.1', sourcePort: first.sourcePort });
    expect(io.path(paths[2]!)).toEqual({ ...common, source: '127.0.0.2', sourcePort: second.sourcePort });
    expect(io.pathCount).toBe(3);
    expect(io.path(0).port).toBe(0);
  });

  it('no outcome but the one that happened', async () => {
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    const batch = numbered(8, 64);
    expect(sink.send(batch, 2, 5, 1)).toBe(5);
    expect([...batch.outcome]).toEqual([0, 0, 1, 1, 1, 0, 0, 0].map((sent) => (sent ? SendOutcome.Sent : 0)));
    expect(await collectNumbers(io, source, 3)).toEqual([2, 3, 4]);
  });
});
