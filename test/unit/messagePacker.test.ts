import { describe, expect, it } from 'vitest';
import { MessagePacker, Packed, type PackingOptions } from '../../src/feed/messagePacker.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { mdp3Framing } from '../../src/wire/mdp3.js';
import { toHex } from '../vectors/hex.js';
import { messages, type StubMessage, StubSource } from './messageStub.js';

const START_NS = 5e9;
/** Header of MoldUDP64, and what stands before each message. */
const HEADER = 20;
const LENGTH = 2;

function packerOf(source: StubSource, options: Partial<PackingOptions> = {}, endNs = Infinity): MessagePacker {
  const packer = new MessagePacker(
    source,
    moldUdp64Framing,
    { mtuOctets: 100, mostMessages: 0xffff, flushAfterNs: 1e9, ...options },
    START_NS,
    endNs,
  );
  new Uint8Array(packer.view.buffer).fill(0xa5);
  return packer;
}

function gathered(packer: MessagePacker, nowNs: number): Packed {
  packer.nowNs[0] = nowNs;
  return packer.gather();
}

interface Datagram {
  readonly dueNs: number;
  readonly messages: number;
  readonly octets: number;
}

/** All datagrams until the source has nothing, and what it came to then. */
function drained(packer: MessagePacker, nowNs = START_NS): [Datagram[], Packed] {
  const all: Datagram[] = [];
  for (;;) {
    const packed = gathered(packer, nowNs);
    if (packed !== Packed.Ready) return [all, packed];
    all.push({ dueNs: packer.dueNs - START_NS, messages: packer.messages, octets: packer.octets });
    packer.clear();
  }
}

describe('message packer', () => {
  it('writes each message behind its length, and leaves room for the header', () => {
    const packer = packerOf(new StubSource(messages(2, 3, 10)));
    expect(gathered(packer, START_NS)).toBe(Packed.Ready);
    const octets = new Uint8Array(packer.view.buffer, 0, packer.octets + 1);
    // Nothing of the header, two messages of three octets, nothing behind them.
    expect(toHex(octets)).toBe(`${'a5'.repeat(HEADER)}${'0003010102'}${'0003021112'}a5`);
    expect({ messages: packer.messages, firstType: packer.firstType, taken: packer.taken }).toEqual({
      messages: 2,
      firstType: 1,
      taken: 2,
    });
  });

  it('ends a datagram before the message that does not fit, when that one is due', () => {
    // Two of 38 with their lengths are 100 octets with the header: exactly full.
    const [all, packed] = drained(packerOf(new StubSource(messages(5, 38, 10))));
    expect(all).toEqual([
      { dueNs: 20, messages: 2, octets: 100 },
      { dueNs: 40, messages: 2, octets: 100 },
      { dueNs: 40, messages: 1, octets: 60 },
    ]);
    expect(packed).toBe(Packed.Ended);
    // One octet more, and the second one does not fit.
    expect(drained(packerOf(new StubSource(messages(2, 39, 10))))[0]).toEqual([
      { dueNs: 10, messages: 1, octets: 61 },
      { dueNs: 10, messages: 1, octets: 61 },
    ]);
  });

  it('ends it with as many messages as it may hold, at once', () => {
    const [all] = drained(packerOf(new StubSource(messages(5, 1, 10)), { mostMessages: 2 }));
    expect(all.map(({ dueNs, messages: count }) => [dueNs, count])).toEqual([
      [10, 2],
      [30, 2],
      [40, 1],
    ]);
  });

  it('holds no more than the framing can count', () => {
    // A header and 300 messages of ten octets and none of their own.
    const source = new StubSource(messages(300, 0, 0));
    const most = { mtuOctets: 9000, mostMessages: 100_000, flushAfterNs: 0 };
    const framing = { ...mdp3Framing, maxMessages: 255 };
    const packer = new MessagePacker(source, framing, most, START_NS, Infinity);
    expect(drained(packer)[0].map(({ messages: count }) => count)).toEqual([255, 45]);
  });

  it('ends it when its first message has waited long enough', () => {
    const [all] = drained(packerOf(new StubSource(messages(6, 1, 10)), { flushAfterNs: 25 }));
    expect(all.map(({ dueNs, messages: count }) => [dueNs, count])).toEqual([
      [25, 3],
      [50, 3],
    ]);
    const together = [...messages(2, 1, 0, 7), ...messages(1, 1, 0, 8)];
    const [atOnce] = drained(packerOf(new StubSource(together), { flushAfterNs: 0 }));
    expect(atOnce.map(({ dueNs, messages: count }) => [dueNs, count])).toEqual([
      [7, 2],
      [8, 1],
    ]);
  });

  it('waits for a source that is dry, and no longer than the first message may', () => {
    const source = new StubSource(messages(4, 1, 10), 2);
    const packer = packerOf(source, { flushAfterNs: 5e6 });
    expect(gathered(packer, START_NS + 100)).toBe(Packed.Waiting);
    // To be asked again after a millisecond.
    expect(packer.dueNs).toBe(START_NS + 100 + 1e6);
    expect(packer.messages).toBe(2);
    expect(gathered(packer, START_NS + 4.5e6)).toBe(Packed.Waiting);
    expect(packer.dueNs).toBe(START_NS + 5e6);
    expect(gathered(packer, START_NS + 5e6 - 1)).toBe(Packed.Waiting);
    expect(gathered(packer, START_NS + 5e6)).toBe(Packed.Ready);
    expect(packer.dueNs).toBe(START_NS + 5e6);
    packer.clear();
    // Empty, it waits for as long as it takes.
    expect(gathered(packer, START_NS + 60e9)).toBe(Packed.Waiting);
    expect(packer.dueNs).toBe(START_NS + 60e9 + 1e6);
    source.available = 4;
    expect(gathered(packer, START_NS + 60e9)).toBe(Packed.Ready);
    expect([packer.messages, packer.taken]).toEqual([2, 4]);
    packer.clear();
    expect(gathered(packer, START_NS + 60e9)).toBe(Packed.Ended);
  });

  it.each<[string, readonly StubMessage[], number[]]>([
    ['alone', messages(1, 79, 0), []],
    ['first', [...messages(1, 79, 0), ...messages(2, 4, 0)], [2]],
    ['between others', [...messages(2, 4, 0), ...messages(1, 79, 0), ...messages(3, 4, 0)], [2, 3]],
  ])('leaves out a message that no datagram holds: %s', (_name, all, datagrams) => {
    const packer = packerOf(new StubSource(all));
    const [packed] = drained(packer);
    expect(packed.map(({ messages: count }) => count)).toEqual(datagrams);
    expect([packer.tooLong, packer.taken]).toEqual([1, all.length - 1]);
  });

  it('leaves out a message that the framing has no length for', () => {
    const source = new StubSource(messages(3, 5, 0));
    const options = { mtuOctets: 100, mostMessages: 10, flushAfterNs: 0 };
    const packer = new MessagePacker(source, { ...moldUdp64Framing, maxMessageOctets: 4 }, options, START_NS, Infinity);
    expect(gathered(packer, START_NS)).toBe(Packed.Ended);
    expect([packer.tooLong, source.next]).toEqual([3, 3]);
  });

  it('ends before what is due at the end, with what it has at once', () => {
    const packer = packerOf(new StubSource(messages(10, 1, 10)), {}, START_NS + 50);
    const [all, packed] = drained(packer);
    expect(all).toEqual([{ dueNs: 40, messages: 5, octets: HEADER + 5 * (LENGTH + 1) }]);
    expect(packed).toBe(Packed.Ended);
    expect(gathered(packer, START_NS + 1e9)).toBe(Packed.Ended);
  });

  it('takes messages of no octets', () => {
    const packer = packerOf(new StubSource(messages(2, 0, 0)));
    expect(gathered(packer, START_NS)).toBe(Packed.Ready);
    expect([packer.octets, packer.messages, packer.firstType]).toEqual([HEADER + 2 * LENGTH, 2, 0]);
  });
});
