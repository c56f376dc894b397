import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/core/bytes.js';
import { type SendBatch, SendOutcome } from '../../src/core/batch.js';
import { ManualClock } from '../../src/core/time.js';
import type { TsRtpHeader } from '../../src/feed/tsRtpHeader.js';
import type { DatagramSink } from '../../src/io/datagram.js';
import type { MediaOutput } from '../../src/runtime/mediaChannel.js';
import { FeedChannel, type FeedChannelOptions } from '../../src/runtime/feedChannel.js';
import { LegArbitration } from '../../src/runtime/legArbitration.js';
import { ForwardOutput } from '../../src/runtime/forwardOutput.js';
import { LegQueue } from '../../src/runtime/legQueue.js';
import { FEED_STAMP_OCTETS, putFeedStamp } from '../../src/wire/feedStamp.js';
import { type FeedFraming, FrameField, FrameKind } from '../../src/wire/framing.js';
import { mdp3Framing } from '../../src/wire/mdp3.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { toHex } from '../vectors/hex.js';
import { type FeedDatagram, feedOctets, short } from './feedDatagrams.js';

const MS = 1e6;

interface Taken {
  readonly hex: string;
  readonly lost: number;
}

function channelOf(options: Partial<FeedChannelOptions> = {}) {
  const taken: Taken[] = [];
  const put = (bytes: Uint8Array, at: number, length: number, lost: number): void => {
    taken.push({ hex: toHex(bytes.subarray(at, at + length)), lost });
  };
  const framing = options.framing ?? moldUdp64Framing;
  const channel = new FeedChannel({
    framing,
    holdNs: 20 * MS,
    mergeWindowNs: null,
    storePackets: 512,
    recovery: null,
    outputs: [{ put }],
    ...options,
  });
  const arrive = (number: number, messages: readonly Uint8Array[], timeMs: number, leg: 0 | 1 = 0): void => {
    const datagram = feedOctets({ framing, number, messages });
    // Somewhere in a slab.
    const bytes = new Uint8Array(datagram.length + 20).fill(0xa5);
    bytes.set(datagram, 10);
    const span = framing.unit === 'packet' ? 1 : messages.length;
    channel.onDatagram(bytes, viewOf(bytes), 10, datagram.length, number, span, Float64Array.of(timeMs * MS), 0, leg);
  };
  return { channel, taken, arrive };
}

function tick(channel: FeedChannel, ms: number): void {
  channel.onTime(ms * MS, ms * MS, ms * MS);
}

function stamp(): Uint8Array {
  const octets = new Uint8Array(FEED_STAMP_OCTETS);
  putFeedStamp(viewOf(octets), 0, 1, 2, false);
  return octets;
}

const FRAMINGS: readonly FeedFraming[] = [moldUdp64Framing, xdpFraming, mdp3Framing];

describe('outputs of a feed', () => {
  it.each(FRAMINGS)('get messages behind their lengths, in order: $format', (framing) => {
    const { channel, taken, arrive } = channelOf({ framing });
    const next = framing.unit === 'packet' ? 2 : 3;
    arrive(1, short(2), 0);
    arrive(next + 1, [Uint8Array.of(9)], 1);
    arrive(next, [Uint8Array.of(7, 8)], 2);
    expect(taken).toEqual([
      { hex: '000141000142', lost: 0 },
      { hex: '00020708', lost: 0 },
      { hex: '000109', lost: 0 },
    ]);
    expect(channel.repair()).toMatchObject({ givenUp: 0, late: 0, fec: null, arbitration: null });
  });

  it.each(FRAMINGS)(
    'get no stamps of our own, and what was lost before one is told with what follows: $format',
    (framing) => {
      const { channel, taken, arrive } = channelOf({ framing });
      arrive(1, short(1), 0);
      arrive(4, [stamp()], 1);
      tick(channel, 21);
      expect(taken).toHaveLength(1);
      arrive(5, short(1), 22);
      // One among others is a message of the source.
      arrive(6, [stamp(), ...short(1)], 23);
      expect(taken.slice(1).map(({ hex, lost }) => [hex.length / 2, lost])).toEqual([
        [3, 2],
        [2 + FEED_STAMP_OCTETS + 3, 0],
      ]);
    },
  );

  it('get no heartbeats of MDP', () => {
    const { channel, taken, arrive } = channelOf({ framing: mdp3Framing });
    arrive(1, short(1), 0);
    arrive(3, [], 1);
    tick(channel, 30);
    arrive(4, [Uint8Array.of(5), new Uint8Array(0), Uint8Array.of(6)], 31);
    expect(taken).toEqual([
      { hex: '000141', lost: 0 },
      { hex: '000105000106', lost: 1 },
    ]);
    expect(channel.repair()).toMatchObject({ expected: 4, released: 3, givenUp: 1 });
  });

  it('get messages that are longer than anything before', () => {
    const { taken, arrive } = channelOf({ framing: xdpFraming });
    const long = Uint8Array.from({ length: 5000 }, (_, i) => i * 3);
    arrive(1, [long, ...short(1)], 0);
    expect(taken).toEqual([{ hex: `1388${toHex(long)}000141`, lost: 0 }]);
  });

  it('are all handed the same, and without any nothing is written', () => {
    const one: number[] = [];
    const other: number[] = [];
    const outputs = [one, other].map((all) => ({
      put: (_bytes: Uint8Array, _at: number, length: number): void => void all.push(length),
    }));
    const { arrive } = channelOf({ outputs });
    arrive(1, short(2), 0);
    expect([one, other]).toEqual([[6], [6]]);
    const none = channelOf({ outputs: [] });
    none.arrive(1, short(2), 0);
    expect(none.channel.repair()).toMatchObject({ expected: 2, released: 2, octets: 6 });
  });
});

describe('outputs that take a feed as it is', () => {
  const ORIGIN = 2 ** 32 - 3;

  /** A channel whose number 0 is {@link ORIGIN} on the wire, and what leaves it as datagrams and as messages. */
  function forwarding(framing: FeedFraming, options: Partial<FeedChannelOptions> = {}) {
    const sent: string[] = [];
    const lost: number[] = [];
    const messages: string[] = [];
    const octets = new Uint8Array(65_507).fill(0xa5);
    const sink = {
      send(batch: SendBatch): void {
        octets.set(batch.bytes.subarray(0, batch.length[0]));
        sent.push(toHex(octets.subarray(0, batch.length[0])));
        batch.outcome[0] = SendOutcome.Sent;
      },
      close: () => {},
    } as unknown as DatagramSink;
    const forward = new ForwardOutput(0, 'forward', sink, new ManualClock(), null);
    const noting: MediaOutput = {
      put: () => {},
      putFeed: (_framing, _frame, _bytes, _from, _to, missing) => void lost.push(missing),
    };
    const plain: MediaOutput = {
      put: (bytes, at, length) => void messages.push(toHex(bytes.subarray(at, at + length))),
    };
    const { channel } = channelOf({ framing, outputs: [forward, noting, plain], ...options });
    const arrive = (number: number, feed: FeedDatagram, timeMs: number, leg: 0 | 1 = 0): string => {
      const datagram = feedOctets({ framing, number: ORIGIN + number, ...feed });
      const bytes = new Uint8Array(datagram.length + 20).fill(0xa5);
      bytes.set(datagram, 10);
      const frame = new Uint32Array(FrameField.Count);
      framing.read(viewOf(datagram), 0, datagram.length, frame);
      const span = frame[FrameField.Span]!;
      if (span === 0)
        channel.onMarker(viewOf(bytes), 10, datagram.length, number, Float64Array.of(timeMs * MS), 0, leg);
      else {
        const times = Float64Array.of(timeMs * MS);
        channel.onDatagram(bytes, viewOf(bytes), 10, datagram.length, number, span, times, 0, leg);
      }
      return toHex(datagram);
    };
    return { channel, sent, lost, messages, arrive, forward };
  }

  it.each(FRAMINGS)('get the very datagrams, in order, over the wrap of numbers: $format', (framing) => {
    const { channel, sent, lost, messages, arrive, forward } = forwarding(framing);
    const sentNs = framing.carriesSendTime ? 1_767_225_600_123_456_789n : 0n;
    const isPacket = framing.unit === 'packet';
    const a = arrive(0, { messages: short(2), sentNs }, 0);
    const [second, third, fifth] = isPacket ? [1, 2, 4] : [2, 5, 7];
    const c = arrive(third, { messages: [stamp()], sentNs: sentNs && sentNs + 2n }, 1);
    const b = arrive(second, { messages: short(3), sentNs: sentNs && sentNs + 1n }, 2);
    const e = arrive(fifth, { messages: short(1), sentNs: sentNs && sentNs + 4n }, 3);
    tick(channel, 30);
    // A stamp is a number, too, and so goes on; whoever takes messages gets none.
    expect(sent).toEqual([a, b, c, e]);
    expect(lost).toEqual([0, 0, 0, 1]);
    expect(messages).toHaveLength(3);
    expect([forward.datagrams, forward.octets, forward.dropped]).toEqual([4, (a + b + c + e).length / 2, 0]);
  });

  it.each([
    ['that wait together', Array.from({ length: 40 }, (_, i) => 41 - i), 512],
    ['more than may wait, one before all others', [...Array.from({ length: 20 }, (_, i) => 10 + i), 5], 20],
  ])('get each with its own send time: %s', (_name, order, storePackets) => {
    const { channel, sent, arrive } = forwarding(xdpFraming, { storePackets });
    const came = [0, ...order].map((number, i) => {
      const hex = arrive(number, { messages: short(1), sentNs: BigInt(1000 + number * 7) }, i / 1000);
      return { number, hex };
    });
    tick(channel, 100);
    const sorted = came.toSorted((a, b) => a.number - b.number);
    expect(sent).toEqual(sorted.map(({ hex }) => hex));
  });

  it('get only what is new of a datagram, with its number', () => {
    const { sent, arrive } = forwarding(moldUdp64Framing);
    arrive(0, { messages: short(2) }, 0);
    arrive(1, { messages: short(4) }, 1);
    expect(sent[1]).toBe(toHex(feedOctets({ number: ORIGIN + 2, messages: short(4).slice(1) })));
  });

  it('get a reset as a reset, but not what another packs behind it', () => {
    const { sent, arrive } = forwarding(xdpFraming);
    const first = arrive(4, { kind: FrameKind.Reset, messages: short(1) }, 0);
    arrive(4, { kind: FrameKind.Reset, messages: short(2) }, 1);
    const rest = feedOctets({ framing: xdpFraming, number: ORIGIN + 5, messages: short(2).slice(1) });
    expect(sent).toEqual([first, toHex(rest)]);
  });

  it('get what MDP numbers without messages as it came', () => {
    const { sent, arrive } = forwarding(mdp3Framing);
    const came = [arrive(0, { messages: short(1) }, 0), arrive(1, { messages: [] }, 1)];
    expect(sent).toEqual(came);
  });

  it('get heartbeats and the end of either line once, behind what they announce', () => {
    const { channel, sent, arrive } = forwarding(moldUdp64Framing, { mergeWindowNs: 10 * MS });
    const early = arrive(0, { messages: [] }, 0, 0);
    arrive(0, { messages: [] }, 1, 1);
    expect(sent).toEqual([early]);
    const a = arrive(0, { messages: short(2) }, 2, 0);
    // It has not begun: what waits is not to be announced.
    arrive(2, { messages: [] }, 3, 0);
    tick(channel, 12);
    expect(sent.slice(1)).toEqual([a]);
    const beat = arrive(2, { messages: [] }, 13, 0);
    expect(sent.slice(2)).toEqual([beat]);
    // The end of A, which has lost the last one; B brings it.
    const end = arrive(3, { kind: FrameKind.End, messages: [] }, 14, 0);
    tick(channel, 15);
    expect(sent).toHaveLength(3);
    const b = arrive(2, { messages: short(1) }, 16, 1);
    tick(channel, 17);
    expect(sent.slice(3)).toEqual([b, end]);
    channel.finish(30 * MS);
    expect(sent).toHaveLength(5);
  });

  it('get the end at the latest when the run ends', () => {
    const { channel, sent, arrive } = forwarding(moldUdp64Framing);
    arrive(0, { messages: short(1) }, 0);
    const end = arrive(4, { kind: FrameKind.End, messages: [] }, 1);
    channel.finish(2 * MS);
    expect(sent.slice(1)).toEqual([end]);
    channel.finish(3 * MS);
    expect(sent).toHaveLength(2);
  });

  it('drop it where it would be behind RTP headers', () => {
    const header = { pass: () => {}, put: () => {} } as unknown as TsRtpHeader;
    const output = new ForwardOutput(0, '', {} as DatagramSink, new ManualClock(), header);
    output.putFeed(moldUdp64Framing, new Uint32Array(FrameField.Count), new Uint8Array(3), 0, 3);
    expect([output.datagrams, output.dropped]).toEqual([0, 1]);
  });
});

describe('two lines', () => {
  it('bring each message once, and each line is measured', () => {
    const { channel, taken, arrive } = channelOf({ mergeWindowNs: 10 * MS });
    // A lost 3 and 4, B 5; both 7. B packs otherwise, 1 ms later.
    arrive(1, short(2), 0, 0);
    arrive(1, short(4), 1, 1);
    arrive(5, short(2), 2, 0);
    arrive(6, short(1), 3, 1);
    arrive(8, short(1), 4, 0);
    arrive(8, short(1), 5, 1);
    tick(channel, 13);
    // The first ones have waited: the other line might have begun earlier.
    expect(taken.map(({ hex }) => hex.length / 6)).toEqual([4, 2]);
    tick(channel, 14);
    expect(taken.at(-1)).toEqual({ hex: '000141', lost: 1 });
    channel.announce(10, 20 * MS, 0);
    channel.finish(30 * MS);
    const { expected, released, givenUp, arbitration } = channel.repair();
    expect({ expected, released, givenUp }).toEqual({ expected: 9, released: 7, givenUp: 2 });
    const { legs, onlyA, onlyB, both, neither, open, skewNs } = arbitration!;
    expect({ onlyA, onlyB, both, neither, open }).toEqual({ onlyA: 1, onlyB: 2, both: 4, neither: 2, open: 0 });
    expect(legs.map(({ received, lost, duplicates, late }) => [received, lost, duplicates, late])).toEqual([
      [5, 2, 0, 0],
      [6, 1, 0, 0],
    ]);
    expect([skewNs.count, skewNs.min, skewNs.max]).toEqual([4, MS, MS]);
  });

  it('are told apart in the order of arrival, though one is read behind the other, and announcements with them', () => {
    const { channel, arrive } = channelOf({ mergeWindowNs: 10 * MS });
    // All of A at once, its heartbeat included, then all of B.
    for (let number = 1; number <= 20; number++) arrive(number, short(1), number, 0);
    channel.announce(21, 21 * MS, 0);
    for (let number = 1; number <= 20; number++) arrive(number, short(1), number + 0.5, 1);
    channel.announce(21, 21.5 * MS, 1);
    tick(channel, 100);
    channel.finish(100 * MS);
    const { legs, both } = channel.repair().arbitration!;
    expect([both, legs[0].received, legs[1].received, legs[1].late, channel.repair().late]).toEqual([20, 20, 20, 0, 0]);
  });

  it('leave out of the figures what came before the end of the warm-up', () => {
    const { channel, arrive } = channelOf({ mergeWindowNs: 10 * MS });
    for (let number = 1; number <= 90; number++) {
      if (number % 10 !== 0) arrive(number, short(1), number, 0);
      if (number % 15 !== 0) arrive(number, short(1), number + 0.25, 1);
      tick(channel, number + 0.5);
      if (number === 50) channel.restart();
    }
    expect(channel.isWarm).toBe(true);
    channel.finish(200 * MS);
    const { expected, released, givenUp, octets, late, arbitration } = channel.repair();
    expect({ expected, released, givenUp, octets, late }).toEqual({
      expected: 39,
      released: 38,
      givenUp: 1,
      octets: 38 * 3,
      late: 0,
    });
    const { legs, onlyA, onlyB, both, neither } = arbitration!;
    for (const { received, lost } of legs) expect(received + lost + neither).toBe(onlyA + onlyB + both + neither);
    // 60: 30 was decided before, and of 90 nobody knows.
    expect(neither).toBe(1);
  });

  it('count as late what comes behind the window', () => {
    const { channel, arrive } = channelOf({ mergeWindowNs: 10 * MS });
    arrive(1, short(1), 0, 0);
    arrive(2, short(1), 1, 0);
    tick(channel, 20);
    arrive(1, short(1), 21, 1);
    tick(channel, 30);
    channel.finish(40 * MS);
    expect(channel.repair().late).toBe(1);
    expect(channel.transport()).toBeNull();
  });
});

describe('a queue of two lines', () => {
  it('takes ranges in the order of their stamps', () => {
    const queue = new LegQueue(4);
    const push = (leg: 0 | 1, number: number, span: number, timeNs: number): boolean => {
      queue.arrivedNs[0] = timeNs;
      return queue.push(leg, number, span);
    };
    push(0, 10, 5, 100);
    push(0, 15, 1, 300);
    push(1, 10, 2, 200);
    const taken: number[][] = [];
    queue.beforeNs[0] = 300;
    while (queue.next()) taken.push([queue.leg, queue.number, queue.span, queue.timeNs[0]!]);
    expect(taken).toEqual([
      [0, 10, 5, 100],
      [1, 10, 2, 200],
    ]);
    queue.beforeNs[0] = 301;
    expect(queue.next()).toBe(true);
    expect([queue.number, queue.span]).toEqual([15, 1]);
  });

  it('grows in the middle of what it holds, and says when it may no more', () => {
    const queue = new LegQueue(2, 8);
    const taken: number[] = [];
    let pushed = 0;
    const push = (): boolean => {
      queue.arrivedNs[0] = pushed;
      return queue.push(1, pushed, 7 + pushed++);
    };
    queue.beforeNs[0] = 50;
    for (let i = 0; i < 2; i++) push();
    expect(queue.next()).toBe(true);
    taken.push(queue.number);
    for (let i = 0; i < 7; i++) expect(push()).toBe(true);
    queue.arrivedNs[0] = 99;
    expect(queue.push(1, 99, 1)).toBe(false);
    expect(queue.push(0, 99, 1)).toBe(true);
    while (queue.next()) taken.push(queue.number);
    expect(taken).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect([queue.span, queue.timeNs[0]]).toEqual([15, 8]);
  });
});

describe('arbitration of two lines', () => {
  it.each([
    ['one line is read long before the other', 2 ** 20],
    ['more than it may hold was read of one line', 2 ** 13],
  ])('loses nothing when %s', (_, most) => {
    const arbitration = new LegArbitration(2 ** 14, 2 ** 12, 1e9, most);
    const count = 12_000;
    for (const leg of [0, 1] as const) {
      for (let number = 0; number < count; number++) {
        arbitration.arrivedNs[0] = number * 1000 + leg * 10;
        arbitration.push(leg, number, 1);
      }
    }
    arbitration.finish();
    const { legs, neither, both, skewNs } = arbitration.snapshot();
    expect(legs.map(({ received, lost }) => [received, lost])).toEqual([
      [count, 0],
      [count, 0],
    ]);
    expect([neither, both]).toEqual([0, count]);
    expect(skewNs.count).toBe(count);
    if (most > count) expect([legs[0].wins, skewNs.max]).toEqual([count, 10]);
  });

  it('takes skews as they come, however many there are between two reads', () => {
    const arbitration = new LegArbitration(2 ** 14, 2 ** 14, 1e9);
    for (let number = 0; number < 10_000; number++) {
      for (const leg of [0, 1] as const) {
        arbitration.arrivedNs[0] = number * 100 + leg * 40;
        arbitration.push(leg, number, 1);
      }
    }
    arbitration.onTime(2e6);
    const { skewNs, skewsDropped, open } = arbitration.snapshot();
    expect([skewNs.count, skewNs.max, skewsDropped, open]).toEqual([10_000, 40, 0, 10_000]);
    const [a] = arbitration.decided().legs;
    expect(a.received).toBe(0);
    arbitration.restart();
    arbitration.finish();
    const over = arbitration.snapshot();
    expect([over.skewNs.count, over.both, over.open]).toEqual([0, 10_000, 0]);
  });
});
