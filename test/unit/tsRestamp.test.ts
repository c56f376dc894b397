import { describe, expect, test } from 'vitest';
import { MemorySource } from '../../src/core/byteSource.js';
import { TsRestamp } from '../../src/feed/tsRestamp.js';
import { TsStatus, TsStream } from '../../src/feed/tsStream.js';
import { PCR_MODULUS, PTS_MODULUS } from '../../src/wire/mpegts.js';
import { type SyntheticOptions, makeTransportStream } from '../ts/synthetic.js';
import { type Walked, counterBreaks, walk, walkPacket } from '../ts/tsWalk.js';
import { fromHex, toHex } from '../vectors/hex.js';

/** A packet of the given head; the rest is 0xff. */
function packet(hex: string): Uint8Array {
  const octets = new Uint8Array(188).fill(0xff);
  octets.set(fromHex(hex));
  return octets;
}

function stamped(offsetTicks: number, ...hex: string[]): { octets: Uint8Array[]; restamp: TsRestamp } {
  const restamp = new TsRestamp();
  restamp.offsetTicks = offsetTicks;
  const octets = hex.map((head) => packet(head));
  for (const one of octets) restamp.stamp(one, 0);
  return { octets, restamp };
}

const head = (octets: Uint8Array, length: number): string => toHex(octets.subarray(0, length));

/** A unit that begins in so many octets of payload, behind an adaptation field. */
const cut = (payload: number, pes: string): string =>
  `47 41 00 30 ${(183 - payload).toString(16).padStart(2, '0')} 00 ${'ff'.repeat(182 - payload)} ${pes.replace(/\s/g, '').slice(0, payload * 2)}`;

/** Counters of packets of these heads. */
const counters = (restamp: TsRestamp, heads: readonly string[]): number[] =>
  heads.map((hex) => {
    const octets = packet(hex);
    restamp.stamp(octets, 0);
    return octets[3]! & 15;
  });

describe('clocks of a packet', () => {
  test('PCR and OPCR', () => {
    // PCR base 1, extension 299, and OPCR base 2^33 - 1, extension 0; 301 ticks further on.
    const { octets } = stamped(
      301,
      `47 01 00 30   # sync, PID 0x100, field and payload
       0d 18         # 13 octets: PCR and OPCR
       00000000 ff2b # base 1, extension 0x12b
       ffffffff fe00 # base 2^33 - 1, extension 0`,
      '47 01 00 20  b7 08  00000000 fe01',
    );
    expect(head(octets[0]!, 18)).toBe('470100300d1800000001fe00000000007e01');
    expect(walkPacket(octets[0]!).pcr).toBe(900n);
    expect(walkPacket(octets[0]!).opcr).toBe(1n);
    // OPCR alone: base 1, extension 1, becomes base 2, extension 2.
    expect(head(octets[1]!, 12)).toBe(toHex(fromHex('47010020 b708 00000001 7e02')));
  });

  test('PTS and DTS move by the offset rounded to 90 kHz, and wrap', () => {
    const { octets } = stamped(
      450,
      `47 41 00 10          # a unit begins
       000001 e0 0000 80    # PES of video
       c0 0a                # PTS and DTS, ten octets
       21 0001 0005         # PTS 2
       1f ffff ffff         # DTS 2^33 - 1`,
    );
    const { pts, dts } = walkPacket(octets[0]!);
    expect([pts, dts]).toEqual([4n, 1n]);
    expect(head(octets[0]!, 23)).toBe(toHex(fromHex('47410010 000001e0000080 c00a 2100010009 1100010003')));
  });

  test('scrambled units are left but for their PCR, and counted', () => {
    const { octets, restamp } = stamped(
      300,
      '47 41 00 b0  07 10  00000000 fe00  000001 e0 0000 80 80 05  21 0001 0005',
      '47 41 00 90  000001 e0 0000 80 80 05  21 0001 0005',
    );
    expect(head(octets[0]!, 26)).toBe(toHex(fromHex('474100b0 0710 00000001 7e00 000001e00000808005 2100010005')));
    expect(octets[1]).toEqual(packet('47 41 00 90  000001 e0 0000 80 80 05  21 0001 0005'));
    expect(restamp.scrambledUnits).toBe(2);
  });

  test('headers that are cut are left and counted; other units are not cut', () => {
    const header = '000001 e0 0000 80 c0 0a 21 0001 0005 1f ffff ffff';
    for (const [payload, count] of [
      [2, 0],
      [3, 1],
      [8, 1],
      [9, 1],
      [18, 1],
      [19, 0],
    ] as const) {
      const { octets, restamp } = stamped(300, cut(payload, header));
      expect([payload, restamp.cutStamps]).toEqual([payload, count]);
      if (payload < 19) expect(octets[0]).toEqual(packet(cut(payload, header)));
      else expect(walkPacket(octets[0]!).pts).toBe(3n);
    }
    // PTS alone in fourteen octets, a padding stream, a section.
    expect(stamped(300, cut(14, '000001 e0 0000 80 80 05 21 0001 0005')).restamp.cutStamps).toBe(0);
    expect(stamped(300, '47 41 00 10 000001 be 0100', '47 40 00 10 00 00 b0 0d').restamp.cutStamps).toBe(0);
  });

  test('nothing moves without an offset', () => {
    const hex = '47 41 00 30  07 10  00000000 fe00  000001 e0 0000 80 80 05  21 0001 0005';
    const { octets, restamp } = stamped(0, hex, '47 41 00 90 000001');
    expect(octets[0]).toEqual(packet(hex));
    expect(restamp.scrambledUnits).toBe(0);
  });

  test('random octets do not throw, and stay within the packet', () => {
    let state = 1;
    const restamp = new TsRestamp();
    restamp.offsetTicks = 12_345_678;
    const octets = new Uint8Array(188 * 3).fill(0xa5);
    for (let round = 0; round < 20_000; round++) {
      for (let i = 188; i < 376; i++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        octets[i] = i < 188 + 30 ? state >>> 24 : 0xff;
      }
      restamp.stamp(octets, 188);
    }
    const around = [...octets.subarray(0, 188), ...octets.subarray(376)];
    expect(around.every((octet) => octet === 0xa5)).toBe(true);
  });
});

describe('counters', () => {
  const PASS = ['47010013', '47010013', '47010024', '47010014', '47020017', '471fff15', '47010017'];

  test('go on per PID; duplicates, breaks and packets without payload stay what they are', () => {
    const restamp = new TsRestamp();
    // A packet without payload has the counter of the one before (here one too many: it stays so).
    expect(counters(restamp, PASS)).toEqual([3, 3, 4, 4, 7, 5, 7]);
    restamp.beginPass();
    expect(counters(restamp, PASS)).toEqual([8, 8, 9, 9, 8, 5, 12]);
    restamp.beginPass();
    expect(counters(restamp, PASS)).toEqual([13, 13, 14, 14, 9, 5, 1]);
  });

  test('of a pass that begins without payload', () => {
    const restamp = new TsRestamp();
    const pass = ['4701002f', '47010010', '47010011'];
    expect(counters(restamp, pass)).toEqual([15, 0, 1]);
    restamp.beginPass();
    expect(counters(restamp, pass)).toEqual([1, 2, 3]);
  });

  test('of a PID that was not there before are left', () => {
    const restamp = new TsRestamp();
    counters(restamp, ['47010013']);
    restamp.beginPass();
    expect(counters(restamp, ['47020017', '47020018', '47010013'])).toEqual([7, 8, 4]);
    restamp.beginPass();
    expect(counters(restamp, ['47020017', '47010013'])).toEqual([9, 5]);
  });
});

/** `packets` of a stream that repeats itself, and the time of each. */
function looped(
  bytes: Uint8Array,
  packets: number,
  options: { startOctet?: number; pcrPid?: number } = {},
): { all: Walked[]; octets: Uint8Array; ticks: number[]; stream: TsStream } {
  const { startOctet = 0, pcrPid = null } = options;
  const stream = new TsStream({
    source: new MemorySource(bytes, { loop: true, startOctet }),
    pcrPid,
    muxRateBitPerSecond: null,
  });
  const octets = new Uint8Array(packets * 188);
  const ticks: number[] = [];
  for (let i = 0; i < packets; i++) {
    if (stream.advance(1) !== TsStatus.Ready) throw new Error(`packet ${i} is not there`);
    const at = stream.reader.octetOf(stream.next);
    octets.set(stream.reader.bytes.subarray(at, at + 188), i * 188);
    ticks.push(stream.clock.ticks[stream.next & (stream.clock.ticks.length - 1)]!);
    stream.take(1);
  }
  return { all: walk(octets), octets, ticks, stream };
}

const M = BigInt(PCR_MODULUS);
const P = BigInt(PTS_MODULUS);

/** 2000 packets/s, 13,500 ticks each: positions are whole ticks. */
const RATE = 3_008_000;
const TICKS = 13_500n;

function clocks(packets: readonly Walked[], pid: number): { index: number; pcr: bigint }[] {
  return packets.flatMap((one, index) => (one.pid === pid && one.pcr !== null ? [{ index, pcr: one.pcr }] : []));
}

describe('ten passes', () => {
  const cases: [string, SyntheticOptions][] = [
    ['of one program', {}],
    ['over the wraps of PCR and PTS', { firstPcrTicks: PCR_MODULUS - 50_000_000 }],
    ['of two programs', { programs: [{}, { audioPid: null }] }],
  ];

  test.each(cases)('%s are one stream', (_name, options) => {
    const bytes = makeTransportStream({ rateBitPerSecond: RATE, seconds: 0.5, ...options });
    const source = bytes.slice();
    const passPackets = bytes.length / 188;
    expect(passPackets).toBe(1000);
    const { all, octets, ticks, stream } = looped(bytes, 10 * passPackets);
    // The source is not touched, and the first pass is the source.
    expect(Buffer.compare(bytes, source)).toBe(0);
    expect(Buffer.compare(octets.subarray(0, bytes.length), source)).toBe(0);
    expect(counterBreaks(all)).toEqual([]);
    for (const pid of options.programs === undefined ? [0x100] : [0x100, 0x110]) {
      const pcrs = clocks(all, pid);
      expect(pcrs.length).toBe(250);
      const first = pcrs[0]!;
      expect(pcrs.filter(({ index, pcr }) => pcr !== (first.pcr + BigInt(index - first.index) * TICKS) % M)).toEqual(
        [],
      );
    }
    const wrong = all.filter(({ pts, dts }, index) => {
      const before = all[index % passPackets]!;
      const moved = BigInt(Math.floor(index / passPackets)) * 45_000n;
      const after = (stamp: bigint | null): bigint | null => (stamp === null ? null : (stamp + moved) % P);
      return pts !== after(before.pts) || dts !== after(before.dts);
    });
    expect(wrong).toEqual([]);
    expect(all.filter(({ pts }) => pts !== null).length).toBeGreaterThan(100);
    expect(ticks.filter((tick, i) => tick !== i * 13_500)).toEqual([]);
    expect(stream.restamp!.cutStamps + stream.restamp!.scrambledUnits).toBe(0);
  });

  test('whose length is no multiple of a tick: within two ticks each, PCR and PTS together', () => {
    const bytes = makeTransportStream({ rateBitPerSecond: 3_999_999, seconds: 0.1 });
    const passPackets = bytes.length / 188;
    const { all } = looped(bytes, 20 * passPackets);
    const pcrs = clocks(all, 0x100);
    const exact = (188 * 8 * 27e6) / 3_999_999;
    for (const { index, pcr } of pcrs) {
      const error = Number(pcr - pcrs[0]!.pcr) - (index - pcrs[0]!.index) * exact;
      // A tick of the PCR; for each pass a tick of its last interval, and half a one of rounding.
      expect(Math.abs(error)).toBeLessThan(1 + 1.5 * Math.ceil(index / passPackets));
    }
    // Within a pass PCR and PTS move by the same, to half a tick of 90 kHz.
    const firstPts = all.findIndex((one) => one.pts !== null);
    for (let pass = 0; pass < 20; pass++) {
      const pcrMoved = pcrs[pass * (pcrs.length / 20)]!.pcr - pcrs[0]!.pcr;
      const ptsMoved = all[firstPts + pass * passPackets]!.pts! - all[firstPts]!.pts!;
      expect(Math.abs(Number(ptsMoved) - Number(pcrMoved) / 300)).toBeLessThanOrEqual(0.5);
    }
  });

  test('from anywhere within the source', () => {
    const bytes = makeTransportStream({ rateBitPerSecond: RATE, seconds: 0.5 });
    for (const startPacket of [1, 500, 950, 999]) {
      const { all, ticks, stream } = looped(bytes, 3000, { startOctet: startPacket * 188 - 10 });
      const pcrs = clocks(all, 0x100);
      const first = pcrs[0]!;
      expect(pcrs.filter(({ index, pcr }) => pcr - first.pcr !== BigInt(index - first.index) * TICKS)).toEqual([]);
      expect(counterBreaks(all)).toEqual([]);
      expect(ticks.filter((tick, i) => tick !== i * 13_500)).toEqual([]);
      expect(stream.clock.discontinuities).toBe(0);
      // Behind the last PCR but one there is no clock: the stream begins with the next pass.
      if (startPacket === 999) expect(all[0]).toEqual(walkPacket(bytes.slice(0, 188)));
    }
  });

  test('of a source shorter than the interval of its tables: by the first PID with a PCR', () => {
    const bytes = makeTransportStream({ rateBitPerSecond: RATE, seconds: 0.5 }).slice(10 * 188, 100 * 188);
    const { all, stream } = looped(bytes, 500);
    expect(stream.clock.pid).toBe(0x100);
    const pcrs = clocks(all, 0x100);
    const first = pcrs[0]!;
    expect(pcrs.filter(({ index, pcr }) => pcr - first.pcr !== BigInt(index - first.index) * TICKS)).toEqual([]);
    expect(counterBreaks(all)).toEqual([]);
  });
});
