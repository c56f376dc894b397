import { describe, expect, it } from 'vitest';
import { MessageMerge, type MessageMergeOptions } from '../../src/repair/messageMerge.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { NumberSink, put } from './mergeFixture.js';

function mergeOf(first: number, options: Partial<MessageMergeOptions> = {}, longest = 20) {
  const sink = new NumberSink(moldUdp64Framing, first, longest);
  const merge = new MessageMerge(moldUdp64Framing, sink, { mostWaiting: 64, holdNs: 100, beginHoldNs: 0, ...options });
  const arrive = (number: number, span: number, timeNs = 0): void =>
    put(merge, moldUdp64Framing, number, span, timeNs, longest);
  return { sink, merge, arrive };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

describe('merging of messages', () => {
  it.each([0, -5, 2 ** 32 - 2, 2 ** 47])('hands on what goes on, once, from number %d on', (first) => {
    const { sink, merge, arrive } = mergeOf(first);
    arrive(first, 3);
    arrive(first, 3);
    arrive(first + 1, 1);
    // What is new of it.
    arrive(first + 1, 4);
    arrive(first - 4, 2);
    expect(sink.released).toEqual(range(first, first + 5));
    expect([merge.released, merge.octets, merge.givenUp, merge.expected, merge.nextNumber]).toEqual([
      5,
      sink.octets,
      0,
      5,
      first + 5,
    ]);
  });

  it('keeps what is ahead until what is missing has come', () => {
    const { sink, merge, arrive } = mergeOf(0);
    arrive(0, 2);
    arrive(8, 2);
    arrive(5, 2);
    arrive(4, 2);
    expect(sink.released).toEqual([0, 1]);
    expect([merge.waiting, merge.gapEnd]).toEqual([3, 4]);
    arrive(2, 2);
    expect(sink.released).toEqual(range(0, 7));
    expect([merge.waiting, merge.gapEnd]).toEqual([1, 8]);
    arrive(7, 1);
    expect(sink.released).toEqual(range(0, 10));
    expect([merge.waiting, merge.gapEnd, merge.givenUp]).toEqual([0, Infinity, 0]);
  });

  it('gives up what is missing before what has waited long enough', () => {
    const { sink, merge, arrive } = mergeOf(0);
    arrive(0, 1, 0);
    arrive(9, 1, 20);
    arrive(5, 1, 40);
    merge.onTime(119);
    expect(sink.released).toEqual([0]);
    // 9 has waited since 20: 5, before it, goes along.
    merge.onTime(120);
    expect(sink.released).toEqual([0, 5, 9]);
    expect(sink.givenUp).toEqual([1, 2, 3, 4, 6, 7, 8]);
    expect([merge.givenUp, merge.expected]).toEqual([7, 10]);
    // Too late.
    arrive(3, 1, 130);
    expect(sink.released).toEqual([0, 5, 9]);
  });

  it('waits as long as it is told by then', () => {
    const { sink, merge, arrive } = mergeOf(0);
    arrive(0, 1, 0);
    arrive(2, 1, 0);
    merge.holdNs = 500;
    merge.onTime(499);
    expect(sink.released).toEqual([0]);
    merge.onTime(500);
    expect(sink.released).toEqual([0, 2]);
  });

  it('holds a bounded number of datagrams, and gives up the first gap for another one', () => {
    const { sink, merge, arrive } = mergeOf(0, { mostWaiting: 3 });
    arrive(0, 1);
    for (const number of [10, 20, 30]) arrive(number, 5);
    // The last one is the lowest.
    arrive(5, 2);
    expect(sink.released).toEqual([0, 5, 6]);
    arrive(40, 1);
    expect(sink.released).toEqual([0, 5, 6, ...range(10, 15)]);
    // It is within what is handed on for it.
    arrive(22, 2);
    expect(sink.released).toEqual([0, 5, 6, ...range(10, 15), ...range(20, 25)]);
    // Partly.
    arrive(50, 1);
    arrive(33, 7);
    expect(sink.released.slice(-11)).toEqual(range(30, 41));
    expect([merge.waiting, merge.givenUp]).toEqual([1, 4 + 3 + 5 + 5]);
    merge.finish();
    expect(merge.released + merge.givenUp).toBe(51);
  });

  it('grows: as many and as large datagrams as there may be', () => {
    const { sink, merge, arrive } = mergeOf(0, { mostWaiting: 200 }, 2000);
    arrive(0, 1);
    for (let i = 0; i < 200; i++) arrive(2 + 10 * (199 - i), 10);
    expect([merge.waiting, merge.gapEnd]).toEqual([200, 2]);
    arrive(1, 1);
    expect(sink.released).toEqual(range(0, 2002));
    expect(merge.waiting).toBe(0);
  });

  it('keeps of one number the longest', () => {
    const { sink, merge, arrive } = mergeOf(0);
    arrive(0, 1);
    arrive(4, 2);
    arrive(4, 1);
    arrive(4, 2);
    expect(merge.waiting).toBe(1);
    arrive(4, 5);
    arrive(1, 3);
    expect(sink.released).toEqual(range(0, 9));
  });

  it('gives up all numbers below the one that it is told', () => {
    const { sink, merge, arrive } = mergeOf(0);
    arrive(0, 1);
    arrive(3, 2);
    arrive(10, 2);
    arrive(20, 1);
    merge.giveUpTo(4);
    expect(sink.released).toEqual([0, 3, 4]);
    merge.giveUpTo(10);
    expect(sink.released).toEqual([0, 3, 4, 10, 11]);
    merge.giveUpTo(15);
    merge.giveUpTo(2);
    expect([merge.nextNumber, merge.givenUp, merge.waiting]).toEqual([15, 2 + 5 + 3, 1]);
    arrive(15, 5);
    expect(sink.released.slice(-6)).toEqual(range(15, 21));
  });

  it('ends with what waits, and with what a line said was sent', () => {
    const { sink, merge, arrive } = mergeOf(0);
    arrive(0, 1);
    arrive(3, 1);
    arrive(5, 1);
    merge.announce(8);
    merge.announce(7);
    expect(merge.expected).toBe(1);
    merge.finish();
    expect([sink.released, sink.givenUp]).toEqual([
      [0, 3, 5],
      [1, 2, 4],
    ]);
    expect([merge.released, merge.givenUp, merge.expected]).toEqual([3, 5, 8]);
    merge.finish();
    expect(merge.expected).toBe(8);
  });

  it('begins with what is heard first, be it an announcement, or where it is told', () => {
    const { sink, merge, arrive } = mergeOf(7);
    expect(merge.hasBegun).toBe(false);
    merge.announce(7);
    expect(merge.hasBegun).toBe(true);
    arrive(5, 3);
    expect(sink.released).toEqual([7]);
    const other = mergeOf(3);
    other.merge.begin(3);
    other.merge.begin(9);
    other.arrive(5, 1);
    expect([other.merge.gapEnd, other.sink.released]).toEqual([5, []]);
  });

  it('hands on blocks with the lengths of their framing', () => {
    const sink = new NumberSink(xdpFraming, 0);
    const merge = new MessageMerge(xdpFraming, sink, { mostWaiting: 4, holdNs: 1, beginHoldNs: 0 });
    put(merge, xdpFraming, 0, 3, 0);
    put(merge, xdpFraming, 2, 3, 0);
    put(merge, xdpFraming, 4, 2, 0);
    expect(sink.released).toEqual(range(0, 6));
  });
});
