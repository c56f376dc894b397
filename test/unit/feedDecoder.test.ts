import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/analysis/socketFaults.js';
import { ZoneClock } from '../../src/core/zone.js';
import { SlotFlag } from '../../src/core/batch.js';
import { StreamCounter } from '../../src/metrics/counters.js';
import { FEED_STAMP_OCTETS, putFeedStamp } from '../../src/wire/feedStamp.js';
import { FrameKind } from '../../src/wire/framing.js';
import { mdp3Framing } from '../../src/wire/mdp3.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { WireStatus } from '../../src/wire/status.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { type Datagram, Driver, EPOCH_NS } from '../sim/drive.js';
import { type FeedDatagram, feedOctets, short } from './feedDatagrams.js';

const MS = 1e6;
const S = 1e9;

function driverOf(scheme: 'mold' | 'mdp' | 'xdp' | 'udp' | null = 'mold', maxStreams = 64): Driver {
  return new Driver({ sockets: [{ scheme }], maxStreams });
}

/** Datagrams of a feed at so many ms; what is no field of the feed's is the socket's. */
function at(ms: number, feed: FeedDatagram, part: Partial<Datagram> = {}): Datagram {
  return { octets: feedOctets(feed), monoNs: ms * MS, ...part };
}

/** Figures of each stream, behind everything. */
function figures(driver: Driver): Record<string, unknown>[] {
  driver.measurement.finish(100 * S);
  return Array.from({ length: driver.measurement.streamCount }, (_, stream) => {
    const { counters, flow, feed } = driver.measurement.snapshot(stream);
    return {
      flow,
      ...feed,
      expected: counters[StreamCounter.Expected],
      received: counters[StreamCounter.Received],
      lost: counters[StreamCounter.Lost],
      duplicated: counters[StreamCounter.Duplicated],
    };
  });
}

function stampMessage(sentNs: bigint, isDeparture: boolean): Uint8Array {
  const octets = new Uint8Array(FEED_STAMP_OCTETS).fill(0xa5);
  putFeedStamp(new DataView(octets.buffer), 0, Number(sentNs >> 32n), Number(sentNs & 0xffff_ffffn), isDeparture);
  return octets;
}

describe('streams of feeds', () => {
  it('are named by their session, and count messages', () => {
    const driver = driverOf();
    driver.all([
      at(0, { number: 5, messages: short(3) }),
      at(1, { number: 8, messages: short(2) }),
      at(2, { number: 8, messages: short(2) }),
      at(3, { number: 12, messages: short(1) }),
    ]);
    const { format, unit, feed } = driver.measurement.snapshot(0);
    expect({ format, unit, feed }).toEqual({
      format: 'moldudp64',
      unit: 'message',
      feed: { messages: 8, heartbeats: 0, beginnings: 0 },
    });
    const common = { flow: 'SESSION1', messages: 8, heartbeats: 0, beginnings: 0 };
    expect(figures(driver)).toEqual([{ ...common, expected: 8, received: 6, lost: 2, duplicated: 2 }]);
    expect(driver.verdicts).toEqual(['New', 'New', 'Duplicate', 'New']);
  });

  it('are of their own for each session of a path, in any order', () => {
    const driver = driverOf();
    const sessions = ['A', 'B', 'SESSION1AB', 'A', 'B', 'A', 'SESSION1AB', 'B'];
    driver.all(
      sessions.map((session, i) =>
        at(i, { session, number: 1 + sessions.slice(0, i).filter((one) => one === session).length }),
      ),
    );
    expect(figures(driver).map(({ flow, received, lost }) => [flow, received, lost])).toEqual([
      ['A', 3, 0],
      ['B', 3, 0],
      ['SESSION1AB', 2, 0],
    ]);
  });

  it('are of their own for each path', () => {
    const driver = driverOf();
    driver.all([at(0, {}, { path: 1 }), at(0, {}, { path: 2 }), at(1, { number: 2 }, { path: 2 })]);
    expect(figures(driver).map(({ received, duplicated }) => [received, duplicated])).toEqual([
      [1, 0],
      [2, 0],
    ]);
  });

  it('have no name where the framing has none, and grow in number', () => {
    const driver = driverOf('mdp');
    driver.all(
      Array.from({ length: 40 }, (_, path) => at(path, { framing: mdp3Framing, number: 7 }, { path: path + 1 })),
    );
    const { flow, unit, format } = driver.measurement.snapshot(39);
    expect({ flow, unit, format }).toEqual({ flow: null, unit: 'packet', format: 'mdp3' });
    expect(figures(driver).every(({ received }) => received === 1)).toBe(true);
  });

  it('that find no room are one, however many sessions there are', () => {
    const driver = driverOf('mold', 2);
    driver.all(Array.from({ length: 20 }, (_, i) => at(i, { session: `S${i}` })));
    driver.all([at(30, { session: 'S0', number: 2 }), at(31, { session: 'S19', number: 2 })]);
    expect(driver.measurement.streamCount).toBe(3);
    expect(driver.measurement.snapshot(2).format).toBe('others');
    expect(figures(driver).map(({ received }) => received)).toEqual([2, 1, 0]);
  });
});

describe('sequences that begin anew', () => {
  it('are another stream from the second datagram in a row on that is far behind', () => {
    const driver = driverOf();
    driver.all([
      at(0, { number: 100_000 }),
      at(1, { number: 100_001 }),
      at(2, { number: 1, messages: short(2) }),
      at(3, { number: 3 }),
      at(4, { number: 4 }),
    ]);
    expect(driver.measurement.socketSnapshot(0).malformed[Fault.UnconfirmedJump]).toBe(1);
    expect(figures(driver).map(({ received, lost, beginnings }) => [received, lost, beginnings])).toEqual([
      [2, 0, 0],
      [2, 0, 1],
    ]);
  });

  it('as often as they do', () => {
    const driver = driverOf();
    driver.all([200_000, 200_001, 100_000, 100_001, 100_002, 1, 2, 3].map((number, i) => at(i, { number })));
    expect(figures(driver).map(({ received, beginnings }) => [received, beginnings])).toEqual([
      [2, 0],
      [2, 1],
      [2, 2],
    ]);
  });

  it('are none by one stray datagram, nor by several that do not follow each other', () => {
    const driver = driverOf();
    const numbers = [100_000, 100_001, 1, 100_002, 7, 100_003, 8, 100_004, 3, 9, 100_005];
    driver.all(numbers.map((number, i) => at(i, { number })));
    expect(driver.measurement.socketSnapshot(0).malformed[Fault.UnconfirmedJump]).toBe(5);
    expect(figures(driver)).toMatchObject([{ received: 6, lost: 0, duplicated: 0 }]);
  });

  it('are none by what is only a little behind: 65,536 numbers', () => {
    const driver = driverOf();
    driver.all([70_000, 70_001, 70_002 - 65_536, 70_003 - 65_536].map((number, i) => at(i, { number })));
    expect(figures(driver)).toMatchObject([{ received: 2 }]);
    const other = driverOf();
    other.all([70_000, 70_001, 70_001 - 65_536, 70_002 - 65_536].map((number, i) => at(i, { number })));
    expect(figures(other)).toHaveLength(2);
  });

  it('are none by a datagram far ahead that no other confirms', () => {
    const driver = driverOf();
    driver.all([1, 2, 2 ** 40, 3, 4, 5].map((number, i) => at(i, { number })));
    expect(figures(driver)).toMatchObject([{ received: 5, lost: 0 }]);
    const other = driverOf();
    other.all([1, 2, 2 ** 40, 2 ** 40 + 1, 3, 4].map((number, i) => at(i, { number })));
    expect(figures(other)).toHaveLength(2);
  });

  it('behind a silence are believed however near they are', () => {
    const driver = driverOf();
    driver.all([at(0, { number: 1 }), at(1, { number: 2 }), at(3002, { number: 1 }), at(3003, { number: 2 })]);
    expect(figures(driver).map(({ received }) => received)).toEqual([2, 1]);
    // 3 s are none yet.
    const other = driverOf();
    other.all([at(0, { number: 1 }), at(1, { number: 2 }), at(3001, { number: 1 }), at(3001, { number: 2 })]);
    expect(figures(other)).toMatchObject([{ received: 2, duplicated: 2 }]);
  });

  it('are none behind heartbeats: those are no silence', () => {
    const driver = driverOf();
    driver.all([
      at(0, { number: 5 }),
      ...[2000, 4000, 6000].map((ms) => at(ms, { number: 6, messages: [] })),
      at(6001, { number: 5 }),
      at(6002, { number: 6 }),
    ]);
    expect(figures(driver)).toMatchObject([{ received: 2, duplicated: 1, heartbeats: 3 }]);
    // Nor where a heartbeat was heard first, however long the run has lasted.
    const other = driverOf();
    other.all([at(10_000, { number: 6, messages: [] }), at(10_001, { number: 5 }), at(10_002, { number: 6 })]);
    expect(other.measurement.streamCount).toBe(1);
    expect(other.measurement.socketSnapshot(0).malformed[Fault.UnconfirmedJump]).toBe(0);
  });

  it('are so at once where the framing says so, and a further copy of that is one', () => {
    const driver = driverOf('xdp');
    const framing = xdpFraming;
    const reset = { framing, number: 1, kind: FrameKind.Reset, sentNs: EPOCH_NS + 5n };
    driver.all([
      at(0, { framing, number: 70 }),
      at(1, reset),
      at(2, reset),
      at(3, { framing, number: 2 }),
      at(4, { ...reset, sentNs: EPOCH_NS + 9n }),
      at(5, { framing, number: 2 }),
    ]);
    expect(figures(driver).map(({ received, duplicated, beginnings }) => [received, duplicated, beginnings])).toEqual([
      [1, 0, 0],
      [2, 1, 1],
      [2, 0, 2],
    ]);
    // What begins with one does not begin anew; behind a heartbeat it does.
    const other = driverOf('xdp');
    other.all([at(0, reset), at(1, { framing, number: 2 })]);
    expect(figures(other)).toMatchObject([{ received: 2, beginnings: 0 }]);
    const idle = driverOf('xdp');
    idle.all([at(0, { framing, number: 70, messages: [] }), at(1, reset), at(2, { framing, number: 2 })]);
    expect(figures(idle).map(({ received }) => received)).toEqual([0, 2]);
  });

  it('that find no room go on among the others', () => {
    const driver = driverOf('xdp', 1);
    const framing = xdpFraming;
    driver.all([
      at(0, { framing, number: 70 }),
      at(1, { framing, number: 1, kind: FrameKind.Reset, sentNs: 5n }),
      at(2, { framing, number: 71 }),
    ]);
    expect(figures(driver).map(({ received }) => received)).toEqual([2, 0]);
    const mold = driverOf('mold', 1);
    mold.all([at(0, { number: 100_000 }), at(1, { number: 1 }), at(2, { number: 2 })]);
    expect(mold.measurement.snapshot(1).format).toBe('others');
  });
});

describe('numbers', () => {
  it.each([
    ['XDP', xdpFraming, 'xdp'],
    ['MDP 3.0', mdp3Framing, 'mdp'],
  ] as const)('of 32 bits go on over their end, and back: %s', (_name, framing, scheme) => {
    const driver = driverOf(scheme);
    // In disorder around the wrap, one lost, and one copy from before it.
    const numbers = [0xffff_fffd, 0xffff_fffe, 0, 0xffff_ffff, 1, 3, 0xffff_fffe];
    driver.all(numbers.map((number, i) => at(i, { framing, number })));
    expect(figures(driver)).toMatchObject([{ expected: 7, received: 6, lost: 1, duplicated: 1 }]);
  });

  it('of 32 bits begin with any, also those that were sent before the first one heard', () => {
    const driver = driverOf('xdp');
    driver.all([0, 0xffff_ffff, 1].map((number, i) => at(i, { framing: xdpFraming, number })));
    expect(figures(driver)).toMatchObject([{ expected: 2, received: 2, lost: 0 }]);
    expect(driver.verdicts).toEqual(['New', 'Late', 'New']);
  });

  it('of 64 bits are exact over the end of a half', () => {
    const driver = driverOf();
    const first = 0x1_ffff_fffen;
    driver.all([0n, 1n, 2n, 4n].map((more, i) => at(i, { number: first + more })));
    expect(figures(driver)).toMatchObject([{ expected: 5, received: 4, lost: 1 }]);
  });
});

describe('datagrams without messages', () => {
  it('announce what was lost before them, at the end too', () => {
    const driver = driverOf();
    driver.all([
      at(0, { number: 1 }),
      at(1, { number: 4, messages: [] }),
      at(2, { number: 4 }),
      at(3, { number: 8, kind: FrameKind.End, messages: [] }),
    ]);
    expect(figures(driver)).toMatchObject([{ expected: 7, received: 2, lost: 5, heartbeats: 2, messages: 2 }]);
    expect(driver.measurement.snapshot(0).counters[StreamCounter.Markers]).toBe(2);
  });

  it('begin a stream', () => {
    const driver = driverOf();
    driver.all([at(0, { number: 4, messages: [] }), at(1, { number: 6 })]);
    expect(figures(driver)).toMatchObject([{ expected: 3, received: 1, lost: 2 }]);
  });

  it('of MDP take a number, and are counted as what they are', () => {
    const driver = driverOf('mdp');
    const framing = mdp3Framing;
    driver.all([
      at(0, { framing, number: 1 }),
      at(1, { framing, number: 2, messages: [] }),
      at(2, { framing, number: 4, messages: short(2) }),
    ]);
    expect(figures(driver)).toMatchObject([{ expected: 4, received: 3, lost: 1, heartbeats: 1, messages: 3 }]);
  });
});

describe('send times', () => {
  it.each([
    ['xdp', xdpFraming],
    ['mdp', mdp3Framing],
  ] as const)('come with the header: %s', (scheme, framing) => {
    const driver = driverOf(scheme);
    driver.all([0, 1, 2].map((i) => at(i, { framing, number: 1 + i, sentNs: EPOCH_NS + BigInt(i * MS - 700) })));
    const { sendTime, histograms } = driver.measurement.snapshot(0);
    expect(sendTime).toBe('due');
    expect([histograms!.one_way_delay_ns.count, histograms!.one_way_delay_ns.min]).toEqual([3, 700]);
  });

  it.each([
    ['departure', true],
    ['due', false],
  ])('come in messages of our own: %s', (name, isDeparture) => {
    const driver = driverOf();
    expect(driver.measurement.streamCount).toBe(0);
    driver.all([at(0, { number: 1 })]);
    expect(driver.measurement.snapshot(0).sendTime).toBeNull();
    driver.all([
      at(1, { number: 2, messages: [stampMessage(EPOCH_NS + BigInt(MS - 300), isDeparture)] }),
      // Not alone: no time of this datagram.
      at(2, { number: 3, messages: [stampMessage(EPOCH_NS, isDeparture), ...short(1)] }),
      // Of another length.
      at(3, { number: 5, messages: [stampMessage(EPOCH_NS, isDeparture).subarray(0, 11)] }),
    ]);
    const { sendTime, histograms } = driver.measurement.snapshot(0);
    expect(sendTime).toBe(name);
    expect([histograms!.one_way_delay_ns.count, histograms!.one_way_delay_ns.min]).toEqual([1, 300]);
  });
});

describe('formats', () => {
  it('other than the demanded one are malformed, by what is wrong, and named', () => {
    const driver = driverOf('mold');
    const mdp = feedOctets({ framing: mdp3Framing, number: 1, sentNs: EPOCH_NS });
    driver.all([
      at(0, { number: 1 }),
      { octets: new Uint8Array(5), monoNs: 1 },
      { octets: mdp, monoNs: 2 },
      { octets: feedOctets({ number: 2 }).subarray(0, 24), monoNs: 3 },
      at(4, { number: 2 }),
    ]);
    const { malformed, instead } = driver.measurement.socketSnapshot(0);
    expect([WireStatus.TooShort, WireStatus.BadMagic, WireStatus.BadLength].map((status) => malformed[status])).toEqual(
      [1, 1, 1],
    );
    expect(instead).toBe('unknown');
    expect(figures(driver)).toMatchObject([{ received: 2, lost: 0 }]);
    const other = driverOf('mold');
    other.all([{ octets: mdp, monoNs: 2 }]);
    expect(other.measurement.socketSnapshot(0).instead).toBe('mdp3');
  });

  it.each([
    ['moldudp64', moldUdp64Framing],
    ['mdp3', mdp3Framing],
    ['xdp', xdpFraming],
  ] as const)('are recognised without a scheme: %s', (format, framing) => {
    for (const scheme of [null, 'udp'] as const) {
      const driver = driverOf(scheme);
      const text = new TextEncoder().encode('nothing of the kind');
      driver.all([
        ...[1, 2, 4].map((number) => at(number, { framing, number, sentNs: EPOCH_NS })),
        { octets: text, monoNs: 9 },
      ]);
      expect(driver.measurement.snapshot(0).format).toBe(format);
      expect(figures(driver)[0]).toMatchObject({ received: 3, lost: 1, messages: 3 });
      // What else comes by that path is a stream of its own.
      const plain = driver.measurement.snapshot(1);
      expect(plain).toMatchObject({ format: 'unknown', feed: null });
      expect(plain.counters[StreamCounter.PacketsReceived]).toBe(1);
    }
  });

  it('that were cut off are faults of the socket, whatever is left', () => {
    const driver = driverOf('mdp');
    const framing = mdp3Framing;
    const flags = SlotFlag.TimeKernel | SlotFlag.Truncated;
    driver.all([
      at(0, { framing, number: 1 }),
      // Up to the end of a message, and within one.
      at(1, { framing, number: 2, messages: short(2) }, { flags }),
      { octets: feedOctets({ framing, number: 3 }).subarray(0, 20), monoNs: 2, flags },
      at(3, { framing, number: 4 }),
    ]);
    expect(driver.measurement.socketSnapshot(0).malformed[Fault.Truncated]).toBe(2);
    expect(figures(driver)).toMatchObject([{ received: 2, lost: 2 }]);
  });
});

const HOUR_NS = 3_600_000_000_000;

/** An order is deleted: 19 octets, with its time of day. */
function deletion(sinceMidnightNs: number): Uint8Array {
  const octets = new Uint8Array(19);
  const view = new DataView(octets.buffer);
  view.setUint8(0, 0x44);
  view.setUint16(5, Math.floor(sinceMidnightNs / 2 ** 32));
  view.setUint32(7, sinceMidnightNs % 2 ** 32);
  return octets;
}

/** What clocks of New York show at the epoch of the tests. */
const epochOfDayNs = (): number => new ZoneClock('America/New_York', EPOCH_NS).sinceMidnightNs(0);

function delays(zone: string | null, ...messages: Uint8Array[]) {
  const driver = new Driver({ sockets: [{ scheme: 'mold' }], messageTimeZone: zone });
  driver.all([at(8, { number: 1, messages })]);
  const { sendTime, histograms } = driver.measurement.snapshot(0);
  const { count, min } = histograms!.one_way_delay_ns;
  return { sendTime, count, leastNs: count === 0 ? null : min };
}

describe('times of day in messages', () => {
  it('are when the datagram was sent, the last one of it, where the zone is told', () => {
    const [first, last] = [deletion(epochOfDayNs() + 2 * MS), deletion(epochOfDayNs() + 5 * MS)];
    const told = delays('America/New_York', first, last);
    expect(told).toMatchObject({ sendTime: 'due', count: 1 });
    expect(told.leastNs!).toBeCloseTo(3 * MS, -5);
    // By the clocks of another zone it would be hours ago, or ahead.
    const hours = Math.abs(delays('UTC', first, last).leastNs! / HOUR_NS);
    expect(hours).toBeCloseTo(5, 4);
    expect(delays(null, first, last)).toEqual({ sendTime: null, count: 0, leastNs: null });
  });

  it('are none where the last message is no message of ITCH', () => {
    const order = deletion(epochOfDayNs());
    expect(delays('America/New_York', order, order.slice(0, 18)).count).toBe(0);
    expect(delays('America/New_York', order, Uint8Array.of(1, 2)).count).toBe(0);
    expect(delays('America/New_York', order, new Uint8Array()).count).toBe(0);
  });
});
