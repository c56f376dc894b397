import { describe, expect, test } from 'vitest';
import { PCR_MODULUS } from '../../src/wire/mpegts.js';
import { TRANSPORT_INDICATORS } from '../../src/metrics/transportIndicators.js';
import {
  type Damaged,
  addCat,
  addUnreferenced,
  blankPacket,
  breakAdaptation,
  corruptCrc,
  corruptSync,
  cutOctets,
  dropPacket,
  jumpPcr,
  offsetPcr,
  packetsOf,
  removePackets,
  removePcrs,
  removePts,
  repeatPacket,
  scramble,
  setTransportError,
  shiftCounter,
  stretchPcr,
  swapPackets,
  withTableId,
} from '../ts/faults.js';
import { makeTransportStream, packetsBetween } from '../ts/synthetic.js';
import { PACKET, RATE, arrive, fromFile, raised } from './mpegtsArrivals.js';

const PAT = 0;
const PMT = 0x1000;
const SDT = 0x11;
const VIDEO = 0x100;
const AUDIO = 0x101;

const clean = makeTransportStream({ seconds: 3 });
const between = (fromMs: number, toMs: number): { from: number; to: number } => packetsBetween(RATE, fromMs, toMs);
/** A packet of the PID that carries neither PCR nor the beginning of anything, from `ms` on. */
function plainPacket(pid: number, ms: number): number {
  return packetsOf(clean, pid, between(ms, 3000)).find((index) => {
    const at = index * PACKET;
    return (clean[at + 1]! & 0x40) === 0 && (clean[at + 3]! & 0x30) === 0x10;
  })!;
}
/** A packet that carries a PCR. */
function clockPacket(ms: number): number {
  return packetsOf(clean, VIDEO, between(ms, 3000)).find((index) => {
    const at = index * PACKET;
    return (clean[at + 3]! & 0x20) !== 0 && (clean[at + 5]! & 0x10) !== 0;
  })!;
}

describe('a clean stream raises nothing', () => {
  test.each([
    ['one program', {}],
    ['two programs', { programs: [{}, {}] }],
    ['over the wrap of PCR and PTS', { firstPcrTicks: PCR_MODULUS - 27_000_000 }],
    ['a PID for the PCR alone', { programs: [{ pcrPid: 0x1f0 }] }],
    ['an odd rate', { rateBitPerSecond: 3_456_789 }],
  ])('%s', (_name, options) => {
    const stream = makeTransportStream({ seconds: 3, ...options });
    const rateBitPerSecond = (options as { rateBitPerSecond?: number }).rateBitPerSecond ?? RATE;
    expect(raised(arrive(stream, { rateBitPerSecond }).snapshot())).toEqual({});
    expect(raised(arrive(stream, { rateBitPerSecond, isLossTold: false }).snapshot())).toEqual({});
    expect(raised(fromFile(stream).snapshot())).toEqual({});
  });

  test('over a seam where the PCR begins again, counters go on and the indicator is set', () => {
    const pids = new Set([PAT, PMT, SDT, VIDEO, AUDIO]);
    const twice = new Uint8Array(2 * clean.length);
    twice.set(clean);
    twice.set(clean, clean.length);
    let { stream } = jumpPcr(twice, VIDEO, clean.length / PACKET, 0, true);
    for (const pid of pids) {
      const counted = packetsOf(clean, pid).filter((index) => (clean[index * PACKET + 3]! & 0x10) !== 0).length;
      ({ stream } = shiftCounter(stream, pid, counted, { from: clean.length / PACKET, to: Infinity }));
    }
    const snapshot = arrive(stream).snapshot();
    expect(raised(snapshot)).toEqual({});
    expect(snapshot.pcr[0]!.discontinuities).toBe(1);
    expect(raised(fromFile(stream).snapshot())).toEqual({});
  });
});

type Fault = readonly [name: string, damaged: () => Damaged, expected: Record<string, number>];

/** The same whether it arrives or is read from a file. */
const FAULTS: readonly Fault[] = [
  ['a sync byte', () => corruptSync(clean, plainPacket(VIDEO, 1000)), { sync_byte_error: 1 }],
  ['a sync byte of a packet with PCR', () => corruptSync(clean, clockPacket(1000)), { sync_byte_error: 1 }],
  ['a sync byte of a null packet', () => corruptSync(clean, packetsOf(clean, 0x1fff)[500]!), { sync_byte_error: 1 }],
  ['two sync bytes apart', () => both(corruptSync, 1000, 1200), { sync_byte_error: 2 }],
  ['five sync bytes in a row', () => corruptSync(clean, 2000, 5), { sync_byte_error: 2, ts_sync_loss: 1 }],
  ['no PAT for 1.28 s', () => removePackets(clean, PAT, sixteen(PAT, 400)), { pat_error: 2 }],
  ['another table in the place of a PAT', () => withTableId(clean, PAT, 5, 0x42), { pat_error: 1 }],
  ['three PAT packets scrambled', () => scramble(clean, PAT, between(500, 740)), { pat_error: 3 }],
  ['a lost packet', () => dropPacket(clean, plainPacket(VIDEO, 1000)), { continuity_count_error: 1 }],
  ['a blanked packet', () => blankPacket(clean, plainPacket(VIDEO, 1000)), { continuity_count_error: 1 }],
  ['a blanked packet with PCR', () => blankPacket(clean, clockPacket(1000)), { continuity_count_error: 1 }],
  ['a PAT packet lost', () => blankPacket(clean, packetsOf(clean, PAT)[7]!), { continuity_count_error: 1 }],
  ['a packet twice', () => repeatPacket(clean, VIDEO, 1), {}],
  ['a packet three times', () => repeatPacket(clean, VIDEO, 2), { continuity_count_error: 1 }],
  ['a packet four times', () => repeatPacket(clean, VIDEO, 3), { continuity_count_error: 2 }],
  ['two packets swapped', () => swapPackets(clean, VIDEO, 2000), { continuity_count_error: 3 }],
  ['counters that jump', () => shiftCounter(clean, AUDIO, 5, between(1000, 9000)), { continuity_count_error: 1 }],
  ['no PMT for 1.28 s', () => removePackets(clean, PMT, sixteen(PMT, 400)), { pmt_error: 2 }],
  ['two PMT packets scrambled', () => scramble(clean, PMT, between(500, 660)), { pmt_error: 2 }],
  ['an erroneous packet', () => setTransportError(clean, plainPacket(VIDEO, 1000)), { transport_error: 1 }],
  ['an erroneous packet with PCR', () => setTransportError(clean, clockPacket(1000)), { transport_error: 1 }],
  ['an erroneous PAT packet', () => setTransportError(clean, packetsOf(clean, PAT)[9]!), { transport_error: 1 }],
  ['a wrong CRC of the PAT', () => corruptCrc(clean, PAT, 4), { crc_error: 1 }],
  ['a wrong CRC of the first PMT', () => corruptCrc(clean, PMT, 0), { crc_error: 1 }],
  ['a wrong CRC of the SDT', () => corruptCrc(clean, SDT, 1), { crc_error: 1 }],
  ['three PCRs less', () => removePcrs(clean, VIDEO, between(1000, 1060)), { pcr_repetition_error: 1 }],
  ['every third PCR', () => stretchPcr(clean, VIDEO, 3), { pcr_repetition_error: 49 }],
  ['a PCR jump', () => jumpPcr(clean, VIDEO, 3000, 5_400_000, false), { pcr_discontinuity_indicator_error: 1 }],
  ['a PCR jump back', () => jumpPcr(clean, VIDEO, 3000, -2_700_000, false), { pcr_discontinuity_indicator_error: 1 }],
  ['an announced PCR jump', () => jumpPcr(clean, VIDEO, 3000, -27_000_000, true), {}],
  ['a PCR 519 ns off', () => offsetPcr(clean, VIDEO, 80, 14), { pcr_accuracy_error: 1 }],
  ['a PCR 519 ns early, soon', () => offsetPcr(clean, VIDEO, 5, -14), { pcr_accuracy_error: 1 }],
  ['a PCR 481 ns off', () => offsetPcr(clean, VIDEO, 80, 13), {}],
  ['PCRs that step by 10 us', () => jumpPcr(clean, VIDEO, 4000, 270, false), { pcr_accuracy_error: 1 }],
  ['no PTS for 800 ms', () => removePts(clean, VIDEO, between(1000, 1800)), { pts_error: 1 }],
  ['no PTS for 1.5 s', () => removePts(clean, AUDIO, between(1000, 2500)), { pts_error: 2 }],
  ['scrambled without CAT', () => scramble(clean, AUDIO, between(1000, 2300)), { cat_error: 2 }],
  ['another table in the place of a CAT', () => addCat(clean, 4000, 0x1ffe, 0x02), { cat_error: 2 }],
  ['a PID that nothing names', () => addUnreferenced(clean, 0x321, 1500, between(500, 3000)), { unreferenced_pid: 1 }],
  ['another table in the place of an SDT', () => withTableId(clean, SDT, 1, 0x50), { sdt_error: 1 }],
  ['an adaptation field that does not fit', () => breakAdaptation(clean, clockPacket(1000)), {}],
];

/** Twice the same damage, at two times. */
function both(damage: (stream: Uint8Array, packet: number) => Damaged, ms: number, otherMs: number): Damaged {
  return damage(damage(clean, plainPacket(VIDEO, ms)).stream, plainPacket(VIDEO, otherMs));
}

/** As many packets of the PID from `ms` on that the counter does not show it. */
function sixteen(pid: number, ms: number): { from: number; to: number } {
  const packets = packetsOf(clean, pid, between(ms, 3000));
  return { from: packets[0]!, to: packets[15]! + 1 };
}

const arrivalOf = (packet: number): number => 1e9 + (Math.floor(packet / 7) + 1) * 7 * PACKET * 2000;

describe('a fault raises its indicator, exactly as often', () => {
  test.each(FAULTS)('%s', (_name, damaged, expected) => {
    const { stream } = damaged();
    expect(raised(arrive(stream).snapshot())).toEqual(expected);
    expect(raised(fromFile(stream).snapshot())).toEqual(expected);
  });

  test('a PID that does not come for 2.5 s with a time-out of 1 s, beside the jump of its counter', () => {
    const options = { pidTimeoutNs: 1e9 };
    const { stream } = removePackets(clean, AUDIO, between(500, 2950));
    const counts = raised(arrive(stream, { options }).snapshot());
    expect(counts['pid_error']).toBe(2);
    expect(Object.keys(counts).filter((id) => id !== 'continuity_count_error')).toEqual(['pid_error']);
  });

  test('octets cut out of a file: synchronisation is found again, nothing else is judged', () => {
    const { stream } = cutOctets(clean, 2500, 77);
    const snapshot = fromFile(stream).snapshot();
    expect(raised(snapshot)).toEqual({ sync_byte_error: 2, ts_sync_loss: 1 });
    expect(snapshot.inSync).toBe(true);
    // The packet that was cut was read whole, into the next one.
    expect(snapshot.strayOctets).toBe(PACKET - 77);
    expect(snapshot.packets * PACKET + snapshot.strayOctets).toBe(stream.length);
  });

  test('the time and PID of the first and last one are told', () => {
    const { stream } = setTransportError(setTransportError(clean, plainPacket(VIDEO, 1000)).stream, 3000);
    const first = plainPacket(VIDEO, 1000);
    const indicator = arrive(stream)
      .snapshot()
      .indicators.find(({ id }) => id === 'transport_error')!;
    expect(indicator.firstMonoNs).toBeCloseTo(arrivalOf(first));
    expect(indicator.lastMonoNs).toBeCloseTo(arrivalOf(3000));
    expect(indicator.pid).toBe(((clean[3000 * PACKET + 1]! & 0x1f) << 8) | clean[3000 * PACKET + 2]!);
  });
});

describe('when nothing comes', () => {
  test('each full time-out of PAT and PMT counts, and no PID before 5 s', () => {
    const analyzer = arrive(clean);
    const lastNs = 1e9 + clean.length * 2000;
    analyzer.onTime(lastNs + 1.3e9);
    expect(raised(analyzer.snapshot())).toEqual({ pat_error: 2, pmt_error: 2 });
    analyzer.onTime(lastNs + 5.2e9);
    expect(raised(analyzer.snapshot())).toMatchObject({ pat_error: 10, pmt_error: 10, pid_error: 2, sdt_error: 2 });
  });

  test('before the first packet nothing is expected', () => {
    const analyzer = arrive(new Uint8Array());
    analyzer.onTime(60e9);
    expect(raised(analyzer.snapshot())).toEqual({});
  });

  test('a stream without PAT: each full 0.5 s from the first packet on', () => {
    const { stream } = removePackets(clean, PAT);
    const snapshot = arrive(stream).snapshot();
    expect(raised(snapshot)).toEqual({ pat_error: 5 });
    expect(snapshot.first.patMonoNs).toBeNaN();
    expect(snapshot.services).toEqual([]);
  });

  test('without synchronisation nothing else counts', () => {
    const analyzer = arrive(corruptSync(clean, 1000, clean.length / PACKET - 1000).stream);
    analyzer.onTime(100e9);
    expect(raised(analyzer.snapshot())).toEqual({ sync_byte_error: 2, ts_sync_loss: 1 });
    expect(analyzer.snapshot().inSync).toBe(false);
  });
});

const applied = (stream: Uint8Array): string[] =>
  arrive(stream)
    .snapshot()
    .indicators.filter(({ applies, priority }) => applies && priority === 3)
    .map(({ id }) => id);

describe('priority 3 is for tables that came', () => {
  test('SDT alone', () => {
    expect(applied(clean)).toEqual(['si_repetition_error', 'unreferenced_pid', 'sdt_error']);
  });

  test('no service information at all', () => {
    const { stream } = removePackets(clean, SDT);
    expect(raised(arrive(stream).snapshot())).toEqual({});
    expect(applied(stream)).toEqual(['unreferenced_pid']);
  });

  test('an SDT that stops', () => {
    const long = makeTransportStream({ seconds: 6 });
    const { stream } = removePackets(long, SDT, between(1000, 9000));
    expect(raised(arrive(stream).snapshot())).toEqual({ sdt_error: 2 });
  });
});

test('all indicators have what a reader needs', () => {
  expect(new Set(TRANSPORT_INDICATORS.map(({ id }) => id)).size).toBe(TRANSPORT_INDICATORS.length);
  for (const { id, clause, definition } of TRANSPORT_INDICATORS) {
    expect(id).toMatch(/^[a-z_]+$/u);
    expect(clause).toMatch(/^5\.2\.[123], [123]\.\d/u);
    expect(definition.length).toBeGreaterThan(20);
  }
});
