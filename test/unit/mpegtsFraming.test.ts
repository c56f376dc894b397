import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startsIntraPicture } from '../../src/analysis/mpegts/randomAccess.js';
import { SyncFinder } from '../../src/analysis/mpegts/syncFinder.js';
import { TsAnalyzer } from '../../src/analysis/mpegts/tsAnalyzer.js';
import { Random } from '../../src/core/random.js';
import { corruptSync, cutInto } from '../ts/faults.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { DATAGRAM, PACKET, arrive, fromFile, raised } from './mpegtsArrivals.js';

const stream = makeTransportStream({ seconds: 1 });
const PACKETS = stream.length / PACKET;

/** Each packet with `before` octets before and `behind` behind it. */
function spaced(before: number, behind: number): Uint8Array {
  const stride = before + PACKET + behind;
  const made = new Uint8Array(PACKETS * stride).fill(0xee);
  for (let i = 0; i < PACKETS; i++) made.set(stream.subarray(i * PACKET, (i + 1) * PACKET), i * stride + before);
  return made;
}

describe('datagrams', () => {
  test('that are no whole number of packets: the packets in them are read, the rest is stray', () => {
    const analyzer = new TsAnalyzer();
    const datagram = new Uint8Array(5 + 3 * PACKET + 60).fill(1);
    datagram.set(stream.subarray(0, 3 * PACKET), 5);
    datagram[5 + 3 * PACKET] = 0x47;
    analyzer.onPayload(datagram, 0, datagram.length, 0, 0);
    analyzer.onPayload(stream, 3 * PACKET, 2 * PACKET, 1, 0);
    expect(analyzer.snapshot()).toMatchObject({ packets: 5, strayOctets: 65, oddDatagrams: 1, inSync: true });
  });

  test('with 204 octets per packet', () => {
    const analyzer = new TsAnalyzer();
    const long = spaced(0, 16);
    for (let at = 0, n = 0; at + 7 * 204 <= long.length; at += 7 * 204, n++) {
      analyzer.onPayload(long, at, 7 * 204, n * 2_632_000, 0);
    }
    const snapshot = analyzer.snapshot();
    expect(raised(snapshot)).toEqual({});
    expect(snapshot).toMatchObject({ packets: Math.floor(PACKETS / 7) * 7, oddDatagrams: 0, strayOctets: 0 });
  });

  test('of something else: stray, and nothing is judged', () => {
    const analyzer = new TsAnalyzer();
    const noise = new Uint8Array(DATAGRAM).fill(3);
    for (let n = 0; n < 1000; n++) analyzer.onPayload(noise, 0, DATAGRAM, n * 10e6, 0);
    analyzer.onPayload(noise, 0, 0, 11e9, 0);
    analyzer.onPayload(noise, 0, 100, 11e9, 0);
    const snapshot = analyzer.snapshot();
    expect(raised(snapshot)).toEqual({});
    expect(snapshot).toMatchObject({ packets: 0, inSync: false, strayOctets: 1000 * DATAGRAM + 100, oddDatagrams: 1 });
  });

  test('five packets with sync byte bring synchronisation back, over datagrams of one', () => {
    const { stream: damaged } = corruptSync(stream, 100, 3);
    const analyzer = new TsAnalyzer();
    const held: boolean[] = [];
    for (let i = 0; i < 120; i++) {
      analyzer.onPayload(damaged, i * PACKET, PACKET, i * 376_000, 0);
      held.push(analyzer.snapshot().inSync);
    }
    expect(held.indexOf(false)).toBe(101);
    expect(held.indexOf(true, 101)).toBe(107);
    expect(raised(analyzer.snapshot())).toEqual({ sync_byte_error: 2, ts_sync_loss: 1 });
  });
});

describe('octets of a file', () => {
  const expected = fromFile(stream).snapshot();

  test.each([1, 187, 188, 189, 4096, 1_000_000])('in chunks of %i are read alike', (chunk) => {
    const made = fromFile(stream, chunk).snapshot();
    expect(made).toEqual(expected);
    expect(made.packets).toBe(PACKETS);
  });

  test.each([
    ['parity behind each packet', 0, 16],
    ['a time stamp before each packet', 4, 0],
  ])('with %s', (_name, before, behind) => {
    const snapshot = fromFile(spaced(before, behind)).snapshot();
    expect(raised(snapshot)).toEqual({});
    expect(snapshot.packets).toBe(PACKETS);
    expect(snapshot.strayOctets).toBe(before);
  });

  test('that begin and end within a packet', () => {
    const snapshot = fromFile(stream.subarray(100, stream.length - 50)).snapshot();
    expect(raised(snapshot)).toEqual({});
    expect(snapshot).toMatchObject({ packets: PACKETS - 2, strayOctets: 88 + 138 });
  });

  test('of fewer packets than synchronisation takes', () => {
    expect(fromFile(stream.subarray(0, 3 * PACKET)).snapshot()).toMatchObject({ packets: 3, strayOctets: 0 });
    expect(fromFile(stream.subarray(0, 100)).snapshot()).toMatchObject({ packets: 0, strayOctets: 100 });
  });

  test('cut in the middle of tables and pictures', () => {
    expect(raised(fromFile(cutInto(stream, { from: 333, to: 2000 }).stream).snapshot())).toEqual({});
  });

  test('time is that of the program clock', () => {
    const { first, pcr, rateBitPerSecond, mdi } = expected;
    expect(first.packetMonoNs).toBe(0);
    expect(Math.abs(rateBitPerSecond - 4e6)).toBeLessThan(0.03 * 4e6);
    expect(pcr[0]!.arrival).toBeNull();
    expect(mdi).toBeNull();
  });

  test('the finder delivers each packet where it stands', () => {
    const finder = new SyncFinder();
    const found: number[] = [];
    const octets = Uint8Array.from([9, 9, 9, ...stream.subarray(0, 20 * PACKET)]);
    for (let at = 0; at < octets.length;) {
      at += finder.add(octets, at, Math.min(300, octets.length - at));
      while (finder.next()) found.push(finder.bytes[finder.at + 3]!);
    }
    expect(found).toEqual(Array.from({ length: 20 }, (_, i) => stream[i * PACKET + 3]!));
    expect(finder.strayOctets).toBe(3);
  });
});

describe('random octets never throw', () => {
  test('in datagrams', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(400), (octets, every) => {
        const analyzer = arrive(stream.subarray(0, 20 * DATAGRAM));
        analyzer.onPayload(octets, 0, octets.length, 2e9, NaN);
        const mixed = stream.slice(20 * DATAGRAM, 40 * DATAGRAM);
        for (let i = 0; i < octets.length; i++) mixed[(i * (every + 1)) % mixed.length] = octets[i]!;
        for (let at = 0; at < mixed.length; at += DATAGRAM) analyzer.onPayload(mixed, at, DATAGRAM, 2.1e9 + at, at % 3);
        analyzer.onTime(9e9);
        analyzer.closeInterval();
        analyzer.snapshot();
      }),
      { numRuns: 100 },
    );
  });

  test('packets with a right sync byte, and nothing else right', () => {
    const random = new Random(11, 0);
    const analyzer = new TsAnalyzer();
    const octets = new Uint8Array(DATAGRAM);
    for (let n = 0; n < 3000; n++) {
      for (let i = 0; i < DATAGRAM; i++) octets[i] = i % PACKET === 0 ? 0x47 : random.below(256);
      // PIDs of tables among them.
      for (let i = 0; i < DATAGRAM; i += PACKET) if (n % 2 === 0) octets[i + 1]! &= 0x40;
      for (let i = 0; i < DATAGRAM; i += PACKET) if (n % 2 === 0) octets[i + 2]! &= 0x13;
      analyzer.onPayload(octets, 0, DATAGRAM, n * 1e6, 0);
    }
    expect(analyzer.snapshot().packets).toBe(21_000);
    expect(raised(analyzer.snapshot())['transport_error']).toBeGreaterThan(0);
  });

  test('in files', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.integer({ min: 1, max: 900 }), (octets, chunk) => {
        const mixed = new Uint8Array(octets.length + 30 * PACKET);
        mixed.set(octets);
        mixed.set(stream.subarray(0, 30 * PACKET), octets.length);
        const { packets, strayOctets } = fromFile(mixed, chunk).snapshot();
        expect(packets).toBeGreaterThanOrEqual(29);
        expect(packets * PACKET + strayOctets).toBe(mixed.length);
      }),
      { numRuns: 60 },
    );
  });
});

/** A packet in which a PES packet with PTS begins with `units`. */
function packet(units: number[]): Uint8Array {
  const made = new Uint8Array(PACKET).fill(0x55);
  made.set([0x47, 0x41, 0x00, 0x10, 0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1, ...units]);
  return made;
}

describe('beginning of an intra picture', () => {
  test.each([
    ['H.264 IDR behind a delimiter', 0x1b, [0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x65], true],
    ['H.264, another slice', 0x1b, [0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41], false],
    ['H.265 CRA', 0x24, [0, 0, 1, 21 << 1, 1], true],
    ['H.265 trailing', 0x24, [0, 0, 1, 1 << 1, 1], false],
    ['H.265, reserved 22', 0x24, [0, 0, 1, 22 << 1, 1], false],
    ['H.266 IDR', 0x33, [0, 0, 1, 0, (7 << 3) | 1], true],
    ['H.266 trailing', 0x33, [0, 0, 1, 0, 1], false],
    ['MPEG-2 sequence header', 0x02, [0, 0, 1, 0xb3], true],
    ['MPEG-2 I picture', 0x02, [0, 0, 1, 0, 0, 1 << 3], true],
    ['MPEG-2 P picture', 0x02, [0, 0, 1, 0, 0, 2 << 3], false],
    ['a codec that is not known', 0x06, [0, 0, 1, 0x65], false],
  ])('%s', (_name, streamType, units, expected) => {
    expect(startsIntraPicture(packet(units), 0, streamType)).toBe(expected);
  });

  test('a start code at the end of the packet is not read beyond it', () => {
    const made = new Uint8Array(PACKET + 3).fill(0x55);
    made.set(packet([]));
    made.set([0, 0, 1, 0x65], PACKET - 3);
    expect(startsIntraPicture(made, 0, 0x1b)).toBe(false);
    made.set([0, 0, 1, 0, 0x55, 1 << 3], PACKET - 5);
    expect(startsIntraPicture(made, 0, 0x02)).toBe(false);
  });
});
