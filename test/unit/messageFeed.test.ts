import { describe, expect, it } from 'vitest';
import { SendBatch, SendFlag } from '../../src/core/batch.js';
import { splitNs } from '../../src/core/time.js';
import { LegSplitter } from '../../src/feed/legs.js';
import { MessageFeed, type MessageFeedOptions } from '../../src/feed/messageFeed.js';
import { FEED_STAMP_OCTETS, isDepartureStamp, isFeedStamp } from '../../src/wire/feedStamp.js';
import { type FeedFraming, FrameField, FrameKind } from '../../src/wire/framing.js';
import { mdp3Framing } from '../../src/wire/mdp3.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { WireStatus } from '../../src/wire/status.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { fromHex, toHex } from '../vectors/hex.js';
import { messages, StubSource } from './messageStub.js';

const START_NS = 5e9;
const MS = 1e6;
/** Unix time at the epoch of CLOCK_MONOTONIC: its lower half is about to be full. */
const UNIX_NS = (0x18d0_0000n << 32n) + 0xffff_fff0n;
const KINDS = Object.keys(FrameKind).map((name) => name.toLowerCase());

function feedOf(source: StubSource, options: Partial<MessageFeedOptions> = {}): MessageFeed {
  const framing = options.framing ?? moldUdp64Framing;
  return new MessageFeed({
    source,
    framing,
    session: framing.sessionWords(framing === moldUdp64Framing ? 'AB1' : '')!,
    firstSequence: { high: 0, low: 1 },
    mtuOctets: 100,
    mostMessages: 0xffff,
    flushAfterNs: 0,
    heartbeatNs: Infinity,
    stampNs: Infinity,
    stampsDeparture: true,
    unpaced: false,
    count: null,
    durationNs: null,
    startMonoNs: START_NS,
    unixAtMonoZero: splitNs(UNIX_NS),
    destination: 3,
    flowBase: 7,
    ...options,
  });
}

/** A datagram as it was put into a batch. */
interface Made {
  readonly kind: string;
  readonly dueMs: number;
  readonly number: bigint;
  readonly messages: number;
  readonly sentNs: bigint;
  readonly flags: number;
  readonly octets: Uint8Array;
  readonly stampAt: number;
}

function batchOf(slots = 64, octets = slots * 100): SendBatch {
  const batch = new SendBatch(slots, octets);
  for (const column of [batch.bytes, batch.flags, batch.stampAt, batch.outcome]) column.fill(0xa5);
  return batch;
}

function madeIn(batch: SendBatch, framing: FeedFraming): Made[] {
  const frame = new Uint32Array(FrameField.Count);
  return Array.from({ length: batch.count }, (_, slot) => {
    const at = batch.offset[slot]!;
    const length = batch.length[slot]!;
    expect(framing.read(batch.view, at, length, frame)).toBe(WireStatus.Ok);
    expect([batch.destination[slot], batch.flow[slot], batch.outcome[slot]]).toEqual([3, 7, 0]);
    const bits = (high: number, low: number): bigint => (BigInt(frame[high]!) << 32n) | BigInt(frame[low]!);
    return {
      kind: KINDS[frame[FrameField.Kind]!]!,
      dueMs: (batch.dueMonoNs[slot]! - START_NS) / MS,
      number: bits(FrameField.SequenceHigh, FrameField.SequenceLow),
      messages: frame[FrameField.Messages]!,
      sentNs: bits(FrameField.SentHigh, FrameField.SentLow),
      flags: batch.flags[slot]!,
      octets: batch.bytes.slice(at, at + length),
      stampAt: batch.stampAt[slot]!,
    };
  });
}

/** What is due until `untilMs` after the start. */
function filled(feed: MessageFeed, untilMs: number, framing: FeedFraming = moldUdp64Framing, slots = 64): Made[] {
  const batch = batchOf(slots);
  expect(feed.fill(batch, START_NS + untilMs * MS)).toBe(batch.count);
  expect(batch.nextDueNs).toBe(feed.nextDueNs());
  return madeIn(batch, framing);
}

function summary(made: readonly Made[]): string[] {
  return made.map(({ kind, dueMs, number, messages: count }) => `${dueMs} ${kind} ${number}+${count}`);
}

function twoMessages(): StubSource {
  return new StubSource(messages(2, 3, 0, 1_234_567));
}

describe('datagrams of a feed, octet for octet', () => {
  it('MoldUDP64', () => {
    const made = filled(feedOf(twoMessages(), { firstSequence: { high: 1, low: 0xffff_fffe } }), 2);
    expect(made.map(({ octets }) => toHex(octets))).toEqual([
      toHex(
        fromHex(`
          41 42 31 20 20 20 20 20 20 20   # session "AB1"
          00 00 00 01 ff ff ff fe         # sequence number
          00 02                           # message count
          00 03  01 01 02                 # message length, message
          00 03  02 11 12
        `),
      ),
      toHex(
        fromHex(`
          41 42 31 20 20 20 20 20 20 20   # session "AB1"
          00 00 00 02 00 00 00 00         # sequence number of the next message
          ff ff                           # end of session
        `),
      ),
    ]);
  });

  it('MDP 3.0', () => {
    const feed = feedOf(twoMessages(), { framing: mdp3Framing, firstSequence: { high: 0, low: 7 } });
    const sentNs = UNIX_NS + 5_001_234_567n;
    const time = new Uint8Array(new BigUint64Array([sentNs]).buffer);
    expect(toHex(filled(feed, 2, mdp3Framing)[0]!.octets)).toBe(
      toHex(
        fromHex(`
          07 00 00 00                     # MsgSeqNum
          ${toHex(time)}                  # SendingTime
          0d 00  03 00  01 00 4b 4d 00 00 # MsgSize, BlockLength, TemplateID, SchemaID, Version
          01 01 02
          0d 00  03 00  02 00 4b 4d 00 00
          02 11 12
        `),
      ),
    );
  });

  it('XDP', () => {
    const feed = feedOf(twoMessages(), { framing: xdpFraming, firstSequence: { high: 0, low: 7 } });
    const sentNs = UNIX_NS + 5_001_234_567n;
    const [seconds, nanoseconds] = [sentNs / 1_000_000_000n, sentNs % 1_000_000_000n].map((part) =>
      toHex(new Uint8Array(new Uint32Array([Number(part)]).buffer)),
    );
    expect(toHex(filled(feed, 2, xdpFraming)[0]!.octets)).toBe(
      toHex(
        fromHex(`
          1e 00  0b  02                   # PktSize, DeliveryFlag, NumberMsgs
          07 00 00 00                     # SeqNum
          ${seconds}  ${nanoseconds}      # SendTime, SendTimeNS
          07 00  01 00  01 01 02          # MsgSize, MsgType, message
          07 00  02 00  02 11 12
        `),
      ),
    );
  });
});

describe('numbers of a feed', () => {
  it.each([
    // 64 bits carry; of 32 bits the lower ones count, and begin anew.
    ['MoldUDP64', moldUdp64Framing, 0xffff_fffen, [0xffff_fffen, 0x1_0000_0000n, 0x1_0000_0002n]],
    ['XDP', xdpFraming, 0xffff_fffen, [0xffff_fffen, 0n, 2n]],
    ['MDP 3.0', mdp3Framing, 0xffff_fffen, [0xffff_fffen, 0xffff_ffffn, 0n]],
  ] as const)('%s wrap', (_name, framing, first, numbers) => {
    const feed = feedOf(new StubSource(messages(6, 3, MS / 2)), {
      framing,
      firstSequence: { high: Number(first >> 32n), low: Number(first & 0xffff_ffffn) },
      mostMessages: 2,
      flushAfterNs: MS,
    });
    const made = filled(feed, 10, framing).filter(({ kind }) => kind === 'data');
    expect(made.map(({ number }) => number)).toEqual(numbers);
  });

  it('go on through any portions, as slots and octets have room', () => {
    const whole = filled(feedOf(new StubSource(messages(20, 30, MS))), 20).map(({ octets }) => toHex(octets));
    expect(whole).toHaveLength(21);
    const feed = feedOf(new StubSource(messages(20, 30, MS)));
    const parts: string[] = [];
    for (let i = 0; i < 40; i++) {
      // Room for two of 52 octets, or for one slot.
      const batch = i % 2 === 0 ? batchOf(8, 130) : batchOf(1);
      feed.fill(batch, START_NS + 20 * MS);
      parts.push(...madeIn(batch, moldUdp64Framing).map(({ octets }) => toHex(octets)));
    }
    expect(parts).toEqual(whole);
  });

  it('are taken by what was not sent: refused, or skipped', () => {
    const feed = feedOf(new StubSource(messages(10, 3, MS)), { heartbeatNs: 0.6 * MS });
    const batch = batchOf();
    feed.fill(batch, START_NS + 1 * MS);
    expect(summary(madeIn(batch, moldUdp64Framing))).toEqual(['0 data 1+1', '0.6 heartbeat 2+0', '1 data 2+1']);
    feed.refuse(batch, 0);
    feed.refuse(batch, 1);
    expect([feed.scheduled, feed.notSent, feed.markers]).toEqual([2, 1, 1]);
    expect(feed.skip(START_NS + 4 * MS)).toBe(2);
    expect([feed.scheduled, feed.notSent]).toEqual([4, 3]);
    // The heartbeat that was late is due now; 3 and 4 are gone.
    expect(summary(filled(feed, 4))).toEqual(['4 data 5+1']);
    expect(feed.skip(START_NS + 4.5 * MS)).toBe(0);
  });

  it('are skipped so many at once, as each has to be made for it', () => {
    const feed = feedOf(new StubSource(messages(600, 3, 1000)), { durationNs: MS });
    const skips = [1, 2, 3, 4].map(() => feed.skip(START_NS + 50 * MS));
    expect(skips).toEqual([256, 256, 88, 0]);
    expect(summary(filled(feed, 50))).toEqual(['50 end 601+0']);
  });

  it('are skipped on a line so many at once', () => {
    const origin = feedOf(new StubSource(messages(600, 3, 1000)));
    const line = new LegSplitter(origin, 1024, 100).leg({ flowBase: 0, destination: 0 });
    expect([1, 2, 3].map(() => line.skip(START_NS + 50 * MS))).toEqual([256, 256, 88]);
  });

  it('packets are skipped by one number each', () => {
    const feed = feedOf(new StubSource(messages(8, 3, MS / 2)), { framing: mdp3Framing, flushAfterNs: MS / 2 });
    expect(feed.skip(START_NS + 2 * MS)).toBe(2);
    expect(summary(filled(feed, 2.5, mdp3Framing))).toEqual(['2.5 data 3+2']);
    expect(feed.messages).toBe(6);
  });
});

describe('send times', () => {
  it.each([mdp3Framing, xdpFraming])('stand in the header, to the nanosecond: $format', (framing) => {
    const feed = feedOf(new StubSource(messages(3, 3, 1_234_567)), { framing, heartbeatNs: 1_000_001 });
    const made = filled(feed, 10, framing);
    expect(made.map(({ sentNs }) => sentNs - UNIX_NS - 5_000_000_000n)).toEqual([
      0n,
      1_000_001n,
      1_234_567n,
      2_234_568n,
      2_469_134n,
      // The first one of the end.
      2_469_134n,
    ]);
  });
});

describe('heartbeats', () => {
  it('come while there is nothing to send, and bear the next number', () => {
    const source = new StubSource(messages(3, 3, 25 * MS, 25 * MS));
    const feed = feedOf(source, { heartbeatNs: 10 * MS });
    const made = filled(feed, 60);
    expect(summary(made)).toEqual([
      '10 heartbeat 1+0',
      '20 heartbeat 1+0',
      '25 data 1+1',
      '35 heartbeat 2+0',
      '45 heartbeat 2+0',
      '50 data 2+1',
      '60 heartbeat 3+0',
    ]);
    expect(made.map(({ flags }) => flags)).toEqual([1, 1, 0, 1, 1, 0, 1].map((flag) => flag * SendFlag.Start));
    expect(made[0]!.octets).toHaveLength(20);
    expect([feed.scheduled, feed.markers]).toEqual([2, 5]);
  });

  it('of MDP take a number, and are a message that says nothing', () => {
    const feed = feedOf(new StubSource(messages(2, 3, 25 * MS)), { framing: mdp3Framing, heartbeatNs: 10 * MS });
    const made = filled(feed, 24, mdp3Framing);
    expect(summary(made)).toEqual(['0 data 1+1', '10 heartbeat 2+0', '20 heartbeat 3+0']);
    // MsgSize, BlockLength, TemplateID 12, SchemaID 1, Version.
    expect(toHex(made[1]!.octets.subarray(12))).toBe('0a0000000c0001000900');
  });

  it('come while the source is dry', () => {
    const feed = feedOf(new StubSource(messages(2, 3, MS), 1), { heartbeatNs: 10 * MS });
    expect(summary(filled(feed, 25))).toEqual(['0 data 1+1', '10 heartbeat 2+0', '20 heartbeat 2+0']);
    // It is looked at again before the next one is due.
    expect(feed.nextDueNs()).toBe(START_NS + 26 * MS);
  });

  it('move on when they are late', () => {
    const feed = feedOf(new StubSource(messages(1, 3, 0, 100 * MS)), { heartbeatNs: 10 * MS });
    expect(feed.skip(START_NS + 55 * MS)).toBe(0);
    expect(summary(filled(feed, 70))).toEqual(['55 heartbeat 1+0', '65 heartbeat 1+0']);
  });
});

describe('stamps', () => {
  const options = { stampNs: 10 * MS, heartbeatNs: 8 * MS };

  it('are messages of their own datagrams, and have room for the time of departure', () => {
    const feed = feedOf(new StubSource(messages(2, 3, 25 * MS)), options);
    const made = filled(feed, 26);
    expect(summary(made)).toEqual([
      '0 data 1+1',
      '8 heartbeat 2+0',
      '10 data 2+1',
      '18 heartbeat 3+0',
      '20 data 3+1',
      '25 data 4+1',
      '25 end 5+0',
    ]);
    const [, , stamp, , , data] = made;
    // The header, the length, and four octets of the stamp.
    expect([stamp!.stampAt, stamp!.flags, data!.stampAt]).toEqual([20 + 2 + 4, 0, 0]);
    expect(stamp!.octets).toHaveLength(20 + 2 + FEED_STAMP_OCTETS);
    const view = new DataView(stamp!.octets.buffer);
    expect([isFeedStamp(view, 22, FEED_STAMP_OCTETS), isDepartureStamp(view, 22)]).toEqual([true, true]);
    expect(view.getBigUint64(26)).toBe(UNIX_NS + 5_010_000_000n);
    expect([feed.scheduled, feed.messages]).toEqual([4, 2]);
  });

  it('are passed over together when they are late, however many', () => {
    const source = new StubSource(messages(1, 3, 0, 1e15));
    const feed = feedOf(source, { stampNs: 3, heartbeatNs: 1 });
    // Some 10^14: one by one this would take days.
    expect(feed.skip(START_NS + 5e14)).toBe(0);
    expect(feed.nextDueNs()).toBe(START_NS + 5e14);
    const [heartbeat, stamp] = filled(feed, 5e8 + 1e-5);
    expect([heartbeat!.kind, stamp!.kind, stamp!.messages]).toEqual(['heartbeat', 'data', 1]);
  });

  it('bear the time when they are due on two lines, which carry the same octets', () => {
    const feed = feedOf(new StubSource(messages(2, 3, 25 * MS)), { ...options, stampsDeparture: false });
    const stamp = filled(feed, 10).at(-1)!;
    const view = new DataView(stamp.octets.buffer);
    expect([stamp.stampAt, isFeedStamp(view, 22, 12), isDepartureStamp(view, 22)]).toEqual([0, true, false]);
    expect(view.getBigUint64(26)).toBe(UNIX_NS + 5_010_000_000n);
  });

  it('that are late are left out, and take no number', () => {
    const feed = feedOf(new StubSource(messages(1, 3, 0, 100 * MS)), { stampNs: 10 * MS });
    expect(feed.skip(START_NS + 35 * MS)).toBe(0);
    expect(summary(filled(feed, 45))).toEqual(['40 data 1+1']);
  });

  it('count as datagrams', () => {
    // The second stamp is the fourth datagram.
    const feed = feedOf(new StubSource(messages(100, 3, 9 * MS)), { stampNs: 10 * MS, count: 4 });
    expect(summary(filled(feed, 1000)).slice(0, 5)).toEqual([
      '0 data 1+1',
      '9 data 2+1',
      '10 data 3+1',
      '18 data 4+1',
      '18 end 5+0',
    ]);
    const other = feedOf(new StubSource(messages(100, 3, 9 * MS)), { stampNs: 10 * MS, count: 3 });
    expect(summary(filled(other, 1000)).slice(2, 4)).toEqual(['10 data 3+1', '10 end 4+0']);
  });
});

describe('the end of a feed', () => {
  it('is told five times where there is a word for it, with the next number', () => {
    const feed = feedOf(new StubSource(messages(2, 3, MS)), { heartbeatNs: 10 * MS });
    const made = filled(feed, 1000);
    expect(summary(made)).toEqual([
      '0 data 1+1',
      '1 data 2+1',
      '1 end 3+0',
      '21 end 3+0',
      '41 end 3+0',
      '61 end 3+0',
      '81 end 3+0',
    ]);
    expect(made.slice(2).map(({ flags }) => flags)).toEqual(Array.from({ length: 5 }, () => SendFlag.End));
    expect(feed.nextDueNs()).toBe(Infinity);
    expect(filled(feed, 2000)).toEqual([]);
    expect([feed.scheduled, feed.markers, feed.messages]).toEqual([2, 5, 2]);
  });

  it.each([
    // Heartbeats of MDP take numbers, those of XDP bear the next one.
    [mdp3Framing, [3, 4, 5, 6, 7]],
    [xdpFraming, [3, 3, 3, 3, 3]],
  ] as const)('is five heartbeats where there is none: $format', (framing, numbers) => {
    const feed = feedOf(new StubSource(messages(2, 3, MS)), { framing, heartbeatNs: 10 * MS });
    const made = filled(feed, 1000, framing);
    expect(summary(made)).toEqual([
      '0 data 1+1',
      '1 data 2+1',
      ...numbers.map((number, i) => `${1 + 20 * i} heartbeat ${number}+0`),
    ]);
    expect(made.slice(2).map(({ flags }) => flags)).toEqual(numbers.map(() => SendFlag.End));
    expect(feed.nextDueNs()).toBe(Infinity);
    expect([feed.scheduled, feed.markers]).toEqual([2, 5]);
  });

  it('is the last datagram where there are no heartbeats either', () => {
    const feed = feedOf(new StubSource(messages(2, 3, MS)), { framing: xdpFraming, heartbeatNs: Infinity });
    expect(filled(feed, 1000, xdpFraming).map(({ kind }) => kind)).toEqual(['data', 'data']);
    expect(feed.nextDueNs()).toBe(Infinity);
  });

  it('comes with so many datagrams', () => {
    const feed = feedOf(new StubSource(messages(100, 3, MS)), { count: 3 });
    expect(summary(filled(feed, 2.5)).at(-1)).toBe('2 end 4+0');
    expect(filled(feed, 1000)).toHaveLength(4);
    expect(feed.scheduled).toBe(3);
    const none = feedOf(new StubSource(messages(100, 3, MS)), { count: 0 });
    expect(summary(filled(none, 10))).toEqual(['0 end 1+0']);
    // Skipped ones count.
    const skipping = feedOf(new StubSource(messages(100, 3, MS)), { count: 3 });
    expect(skipping.skip(START_NS + 50 * MS)).toBe(3);
    expect(summary(filled(skipping, 50))).toEqual(['50 end 4+0']);
  });

  it('comes with the duration: what is due then is not sent', () => {
    const feed = feedOf(new StubSource(messages(100, 3, MS)), { durationNs: 3 * MS });
    expect(summary(filled(feed, 3))).toEqual(['0 data 1+1', '1 data 2+1', '2 data 3+1', '2 end 4+0']);
    const none = feedOf(new StubSource(messages(100, 3, MS)), { durationNs: 0 });
    expect(summary(filled(none, 10))).toEqual(['0 end 1+0']);
  });

  it('comes when it is told, without what was gathered', () => {
    const feed = feedOf(new StubSource(messages(100, 3, MS)), { flushAfterNs: 10 * MS });
    expect(filled(feed, 5)).toEqual([]);
    feed.finish(START_NS + 6 * MS);
    feed.finish(START_NS + 9 * MS);
    expect(summary(filled(feed, 6))).toEqual(['6 end 1+0']);
    const silent = feedOf(new StubSource(messages(100, 3, MS)), { framing: xdpFraming });
    silent.finish(START_NS);
    expect(filled(silent, 10, xdpFraming)).toEqual([]);
  });

  it('that is late moves on', () => {
    const feed = feedOf(new StubSource(messages(1, 3, MS)));
    filled(feed, 0);
    expect(feed.skip(START_NS + 50 * MS)).toBe(0);
    expect(summary(filled(feed, 100))).toEqual(['50 end 2+0', '70 end 2+0', '90 end 2+0']);
  });
});

describe('a feed without a pace', () => {
  it('has always more, due when it is asked for, some at a time', () => {
    const feed = feedOf(new StubSource(messages(1000, 3, 0)), { unpaced: true, mostMessages: 2 });
    expect(feed.unpaced).toBe(true);
    const first = filled(feed, 3, moldUdp64Framing, 256);
    expect(first).toHaveLength(128);
    expect(new Set(first.map(({ dueMs }) => dueMs))).toEqual(new Set([3]));
    const second = filled(feed, 4, moldUdp64Framing, 8);
    expect(summary(second).at(-1)).toBe('4 data 271+2');
  });

  it('ends with its duration', () => {
    const feed = feedOf(new StubSource(messages(1000, 3, 0)), { unpaced: true, durationNs: 10 * MS, mostMessages: 1 });
    expect(filled(feed, 0, moldUdp64Framing, 4)).toHaveLength(4);
    expect(filled(feed, 9.9, moldUdp64Framing, 4)).toHaveLength(4);
    expect(summary(filled(feed, 20)).slice(0, 2)).toEqual(['10 end 9+0']);
  });

  it('has stamps and heartbeats in between', () => {
    const source = new StubSource(messages(6, 3, 0), 2);
    const feed = feedOf(source, { unpaced: true, mostMessages: 2, stampNs: 10 * MS, heartbeatNs: 4 * MS });
    expect(summary(filled(feed, 5))).toEqual(['4 heartbeat 1+0', '5 data 1+2']);
    expect(summary(filled(feed, 11))).toEqual(['9 heartbeat 3+0', '10 data 3+1']);
    source.available = 6;
    expect(summary(filled(feed, 12)).slice(0, 2)).toEqual(['12 data 4+2', '12 data 6+2']);
  });
});

it('both lines of a feed carry the same octets, and markers are markers on both', () => {
  const feed = feedOf(new StubSource(messages(3, 3, MS)), { heartbeatNs: 0.6 * MS, stampsDeparture: false });
  const splitter = new LegSplitter(feed, 16, 100);
  const lines = [0, 1].map(() => {
    const leg = splitter.leg({ flowBase: 7, destination: 3 });
    const batch = batchOf();
    leg.fill(batch, START_NS + 10 * MS);
    return { made: madeIn(batch, moldUdp64Framing), leg };
  });
  expect(lines[0]!.made).toEqual(lines[1]!.made);
  const { made, leg } = lines[0]!;
  expect(made.map(({ flags }) => flags)).toEqual([0, 1, 0, 1, 0, 2]);
  expect([leg.scheduled, leg.notSent]).toEqual([3, 0]);
  const batch = batchOf();
  batch.count = 2;
  batch.flags.set([0, SendFlag.Start]);
  leg.refuse(batch, 0);
  leg.refuse(batch, 1);
  expect(leg.notSent).toBe(1);
});
