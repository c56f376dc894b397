import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/core/bytes.js';
import { FeedChannel, type FeedChannelOptions } from '../../src/runtime/feedChannel.js';
import { LegArbitration } from '../../src/runtime/legArbitration.js';
import { LegQueue } from '../../src/runtime/legQueue.js';
import { FEED_STAMP_OCTETS, putFeedStamp } from '../../src/wire/feedStamp.js';
import { type FeedFraming } from '../../src/wire/framing.js';
import { mdp3Framing } from '../../src/wire/mdp3.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { toHex } from '../vectors/hex.js';
import { feedOctets, short } from './feedDatagrams.js';

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

describe('outputs of a feed', () => {
  const FRAMINGS: readonly FeedFraming[] = [moldUdp64Framing, xdpFraming, mdp3Framing];

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
    queue.push(0, 10, 5, 100);
    queue.push(0, 15, 1, 300);
    queue.push(1, 10, 2, 200);
    const taken: number[][] = [];
    while (queue.next(300)) taken.push([queue.leg, queue.number, queue.span, queue.timeNs[0]!]);
    expect(taken).toEqual([
      [0, 10, 5, 100],
      [1, 10, 2, 200],
    ]);
    expect(queue.next(301)).toBe(true);
    expect([queue.number, queue.span]).toEqual([15, 1]);
  });

  it('keeps the newest of each', () => {
    const queue = new LegQueue(2);
    for (let i = 0; i < 3; i++) queue.push(1, i, 7 + i, i);
    expect(queue.dropped).toBe(1);
    expect(queue.next(Infinity)).toBe(true);
    expect([queue.number, queue.span]).toEqual([1, 8]);
  });
});

describe('arbitration of two lines', () => {
  it('takes skews as they come, however many there are between two reads', () => {
    const arbitration = new LegArbitration(2 ** 14, 2 ** 14, 1e9);
    for (let number = 0; number < 10_000; number++) {
      arbitration.push(0, number, 1, number * 100);
      arbitration.push(1, number, 1, number * 100 + 40);
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
