import { describe, expect, test } from 'vitest';
import { TsClock, type TsClockOptions, TsMark } from '../../src/feed/tsClock.js';
import { PCR_HZ, PCR_MODULUS } from '../../src/wire/mpegts.js';
import { putPacket } from '../ts/packet.js';

const PID = 0x100;
const PAYLOAD = new Uint8Array(184).fill(0x55);

interface Packet {
  readonly pcr?: number;
  readonly pid?: number;
  /** discontinuity_indicator. */
  readonly broken?: boolean;
  readonly pass?: boolean;
}

function put(bytes: Uint8Array, { pcr, pid = PID, broken = false }: Packet): void {
  putPacket(bytes, 0, { pid, counter: 0, randomAccess: broken, pcr: pcr ?? null }, PAYLOAD, 0);
  // Beside the random_access_indicator, which was there to make an adaptation field.
  if (broken) bytes[5] = (bytes[5]! & ~0x40) | 0x80;
}

interface Timed {
  readonly clock: TsClock;
  readonly ticks: number[];
  readonly offsets: number[];
  readonly marked: number[];
}

function timesOf(clock: TsClock, packets: number): Timed {
  const all = Array.from({ length: packets }, (_, i) => i);
  return {
    clock,
    ticks: [...clock.ticks.subarray(0, clock.timed)],
    offsets: [...clock.offset.subarray(0, clock.timed)],
    marked: all.filter((i) => (clock.marks[i]! & TsMark.Discontinuity) !== 0),
  };
}

/** Packet k is `packets[k]`. */
function run(packets: readonly Packet[], options: Partial<TsClockOptions> = {}, settle = true): Timed {
  const clock = new TsClock({ packets: 256, muxRateBitPerSecond: null, ...options });
  clock.pid = PID;
  clock.passPackets = 10;
  const bytes = new Uint8Array(188);
  for (const [index, packet] of packets.entries()) {
    put(bytes, packet);
    clock.scan(bytes, 0, index, packet.pass ?? false);
  }
  if (settle) clock.settle(packets.length);
  return timesOf(clock, packets.length);
}

/** `count` packets of which those named carry a PCR. */
function packets(count: number, pcrs: Readonly<Record<number, number>>): Packet[] {
  return Array.from({ length: count }, (_, i) => (pcrs[i] === undefined ? {} : { pcr: pcrs[i] }));
}

const linear = (from: number, count: number, first: number, slope: number): number[] =>
  Array.from({ length: count }, (_, i) => first + (from + i) * slope);

describe('time', () => {
  test('runs linearly between PCRs, at the neighbouring rate before the first and behind the last', () => {
    const { ticks } = run(packets(14, { 3: 1000, 6: 1300, 8: 1900, 10: 1902 }));
    expect(ticks).toEqual([0, 100, 200, 300, 400, 500, 600, 900, 1200, 1201, 1202, 1203, 1204, 1205]);
  });

  test('of a packet is known when the next PCR is', () => {
    const { clock } = run(packets(9, { 2: 100, 5: 400 }), {}, false);
    expect(clock.timed).toBe(5);
    expect([clock.nextTicks, clock.rate]).toEqual([500, 100]);
    expect(run(packets(9, { 2: 100 }), {}, false).clock.timed).toBe(0);
  });

  test('goes on where the PCR wraps', () => {
    const { ticks, marked } = run(packets(6, { 0: PCR_MODULUS - 300, 3: 0, 5: 200 }));
    expect(ticks).toEqual(linear(0, 6, 0, 100));
    expect(marked).toEqual([]);
  });

  test('takes no notice of other PIDs, nor of a PCR that stands still', () => {
    const all: Packet[] = packets(9, { 0: 0, 2: 200, 4: 200, 6: 600, 8: 800 });
    all[1] = { pid: 0x101, pcr: 5_000_000 };
    all[3] = { pid: 0x101, broken: true };
    const { ticks, clock } = run(all);
    expect(ticks).toEqual(linear(0, 9, 0, 100));
    expect(clock.discontinuities).toBe(0);
  });

  test('may be a second from PCR to PCR, and no tick more', () => {
    expect(run(packets(3, { 0: 0, 1: 100, 2: 100 + PCR_HZ })).ticks).toEqual([0, 100, 100 + PCR_HZ]);
    const { ticks, marked } = run(packets(3, { 0: 0, 1: 100, 2: 101 + PCR_HZ }));
    expect(ticks).toEqual([0, 100, 200]);
    expect(marked).toEqual([2]);
  });
});

describe('discontinuity', () => {
  test.each([
    ['backwards', { pcr: 50 }],
    ['far ahead', { pcr: 2 * PCR_HZ }],
    ['announced', { pcr: 450, broken: true }],
  ])('%s: goes on at the rate of before and is anchored anew', (_name, packet) => {
    const all: Packet[] = packets(10, { 0: 0, 2: 200, 7: packet.pcr + 60 });
    all[4] = packet;
    const { ticks, marked, clock } = run(all);
    expect(ticks).toEqual([0, 100, 200, 300, 400, 420, 440, 460, 480, 500]);
    expect(marked).toEqual([4]);
    expect(clock.discontinuities).toBe(1);
  });

  test('may be announced before the PCR that it is about', () => {
    const all: Packet[] = packets(8, { 0: 0, 2: 200, 5: 260, 7: 460 });
    all[3] = { broken: true };
    const { ticks, marked } = run(all);
    expect(ticks).toEqual([0, 100, 200, 300, 400, 500, 600, 700]);
    expect(marked).toEqual([5]);
  });

  test('before any rate is known', () => {
    const { ticks, marked } = run(packets(8, { 1: 5000, 3: 100, 5: 300, 7: 900 }));
    expect(ticks).toEqual([0, 100, 200, 300, 400, 500, 800, 1100]);
    expect(marked).toEqual([3]);
  });
});

describe('without a next PCR', () => {
  test('the last rate goes on, and later PCRs are caught up with', () => {
    const clock = new TsClock({ packets: 256, muxRateBitPerSecond: null });
    clock.pid = PID;
    const all = packets(12, { 0: 0, 2: 200, 8: 1000, 10: 1200 });
    const bytes = new Uint8Array(188);
    for (let i = 0; i < 12; i++) {
      put(bytes, all[i]!);
      clock.scan(bytes, 0, i, false);
      if (i === 5) expect(clock.settle(6)).toBe(true);
    }
    clock.settle(12);
    expect(timesOf(clock, 12).ticks).toEqual([0, 100, 200, 300, 400, 500, 600, 800, 1000, 1100, 1200, 1300]);
    expect(clock.discontinuities).toBe(0);
  });

  test('what went ahead of the clock is a discontinuity, and time never goes back', () => {
    const clock = new TsClock({ packets: 256, muxRateBitPerSecond: null });
    clock.pid = PID;
    const all = packets(11, { 0: 0, 2: 200, 8: 300, 10: 320 });
    const bytes = new Uint8Array(188);
    for (let i = 0; i < 11; i++) {
      put(bytes, all[i]!);
      clock.scan(bytes, 0, i, false);
      if (i === 5) clock.settle(6);
    }
    // 100 ticks in six packets is the rate from PCR 8 on.
    const { ticks, marked } = timesOf(clock, 11);
    expect(ticks.slice(0, 7)).toEqual([0, 100, 200, 300, 400, 500, 600]);
    expect(ticks.every((tick, i) => i === 0 || tick >= ticks[i - 1]!)).toBe(true);
    expect(ticks[8]).toBeCloseTo(600 + 2 * (100 / 6), 6);
    expect(marked).toEqual([8]);
  });

  test('and without a rate nothing is timed', () => {
    const { clock } = run(packets(5, { 1: 100 }));
    expect(clock.timed).toBe(0);
    expect(clock.settle(5)).toBe(false);
  });
});

describe('a given rate', () => {
  // 188 x 8 x 27e6 / 40,608,000 = 1000 ticks.
  const muxRateBitPerSecond = 40_608_000;

  test('serves where there is no PCR', () => {
    expect(run(packets(5, {}), { muxRateBitPerSecond }).ticks).toEqual(linear(0, 5, 0, 1000));
  });

  test('is not asked where there are PCRs, unless it decides', () => {
    const all = packets(5, { 0: 0, 2: 200, 3: 300 });
    expect(run(all, { muxRateBitPerSecond }).ticks).toEqual(linear(0, 5, 0, 100));
    const decided = run(all, { muxRateBitPerSecond, muxRateDecides: true }, false);
    expect(decided.ticks).toEqual(linear(0, 5, 0, 1000));
  });
});

describe('the next pass', () => {
  test('goes on at the last rate, with an offset that continues the PCR', () => {
    const pass = packets(10, { 2: 1000, 4: 1200, 8: 1800 });
    const again: Packet[] = [{ pass: true }, ...pass.slice(1)];
    const { ticks, offsets, clock } = run([...pass, ...again, ...again]);
    // From PCR 8 of a pass to PCR 2 of the next one: four packets of 150 ticks.
    expect(ticks.slice(8, 15)).toEqual([800 + 200, 1150, 1300, 1450, 1600, 1700, 1800]);
    expect(offsets.slice(0, 10)).toEqual(new Array(10).fill(0));
    expect(offsets.slice(10, 20)).toEqual(new Array(10).fill(1400));
    expect(offsets.slice(20, 30)).toEqual(new Array(10).fill(2800));
    expect(clock.discontinuities).toBe(0);
  });

  test('keeps the offset of before where its first PCR is not waited for', () => {
    const pass = packets(10, { 2: 1000, 4: 1200, 8: 1800 });
    const clock = new TsClock({ packets: 256, muxRateBitPerSecond: null });
    clock.pid = PID;
    const bytes = new Uint8Array(188);
    for (let i = 0; i < 20; i++) {
      put(bytes, pass[i % 10]!);
      clock.scan(bytes, 0, i, i === 10);
      if (i === 11) clock.settle(11);
    }
    clock.settle(20);
    expect(timesOf(clock, 20).offsets.slice(9)).toEqual([0, 0, ...new Array(9).fill(1400)]);
  });

  test('has an offset below the modulus', () => {
    const from = PCR_MODULUS - 500;
    const pass = packets(10, { 2: from, 4: from + 200, 8: 100 });
    const again: Packet[] = [{ pass: true }, ...pass.slice(1)];
    expect(run([...pass, ...again]).offsets[10]).toBe(1000);
    const back = packets(10, { 0: 5000, 5: 5500, 7: 100, 9: 300 });
    const { offsets, marked } = run([...back, { pcr: 5000, pass: true }, ...back.slice(1)]);
    // 100 further than 300: the clock went back within the source, and here it goes on.
    expect(offsets[10]).toBe(PCR_MODULUS - 4600);
    expect(marked).toEqual([7, 17]);
  });

  test('is no discontinuity even when the source says so at its beginning', () => {
    const pass: Packet[] = [{ pcr: 1000, broken: true }, {}, { pcr: 1200 }, {}];
    const { marked } = run([...pass, { ...pass[0], pass: true }, ...pass.slice(1)]);
    expect(marked).toEqual([]);
  });

  test('is where the stream begins when the first one, cut off, was too short to have a clock', () => {
    const pass = packets(10, { 2: 1000, 4: 1200, 8: 1800 });
    const { clock } = run([...pass.slice(8), { pass: true }, ...pass.slice(1)], { isFirstPassPartial: true }, false);
    expect([clock.first, clock.timed]).toEqual([2, 10]);
    expect([...clock.ticks.subarray(2, 10)]).toEqual([0, 100, 200, 300, 400, 550, 700, 850]);
    expect([...clock.offset.subarray(2, 10)]).toEqual(new Array(8).fill(0));
    expect(clock.marks[2]).toBe(0);
  });

  test('is hopeless when a whole one has no clock', () => {
    const { clock } = run([...packets(3, { 1: 5 }), { pass: true }], {}, false);
    expect(clock.isHopeless).toBe(true);
  });

  test('by a given rate follows by its length, or by its only PCR', () => {
    const muxRateBitPerSecond = 40_608_000;
    const none = run([...packets(10, {}), { pass: true }, ...packets(9, {}), { pass: true }], { muxRateBitPerSecond });
    expect(none.ticks).toEqual(linear(0, 21, 0, 1000));
    expect([none.offsets[9], none.offsets[10], none.offsets[20]]).toEqual([0, 10_000, 20_000]);
    const one = run([...packets(10, { 4: 77 }), { pass: true }, ...packets(10, { 3: 77 })], { muxRateBitPerSecond });
    expect(one.offsets[9]).toBe(0);
    expect(one.offsets[10]).toBe(10_000);
    expect(one.ticks).toEqual(linear(0, 21, 0, 1000));
  });
});

test('columns grow and keep what they hold', () => {
  const clock = new TsClock({ packets: 8, muxRateBitPerSecond: 40_608_000, muxRateDecides: true });
  const bytes = new Uint8Array(188);
  put(bytes, {});
  for (let i = 0; i < 13; i++) clock.scan(bytes, 0, i, i === 9);
  clock.resize(16, 5, 13);
  expect(Array.from({ length: 8 }, (_, i) => clock.ticks[5 + i])).toEqual(linear(5, 8, 0, 1000));
  expect(clock.marks[9]).toBe(TsMark.Pass);
  expect([clock.offset.length, clock.marks.length]).toEqual([16, 16]);
});
