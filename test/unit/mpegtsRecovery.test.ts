import { describe, expect, test } from 'vitest';
import { ProgramClock } from '../../src/analysis/mpegts/programClock.js';
import { TsAnalyzer } from '../../src/analysis/mpegts/tsAnalyzer.js';
import type { TransportSnapshot } from '../../src/metrics/transportSnapshot.js';
import { hasPcr } from '../../src/wire/mpegts.js';
import { writePat, writePmt } from '../../src/wire/psi.js';
import { writeSection } from '../../src/wire/psiSection.js';
import { breakAdaptation, packetsOf } from '../ts/faults.js';
import { putPacket, sectionPayloads } from '../ts/packet.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { PACKET, arrive, fromFile, raised } from './mpegtsArrivals.js';

const HEADER = { version: 0, isCurrent: true, sectionNumber: 0, lastSectionNumber: 0 };
const VIDEO = 0x50;
/** Begin of a PES packet of video with a PTS. */
const PES = Uint8Array.from([0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1, ...new Uint8Array(170)]);

/** Sends packets of its own making to an analyzer. */
class Sender {
  readonly analyzer = new TsAnalyzer();
  nowNs = 0;
  readonly #counters = new Map<number, number>();

  /** One packet, `change`d before it is sent, or lost. */
  send(pid: number, startsUnit: boolean, payload: Uint8Array, change?: (packet: Uint8Array) => boolean): void {
    const counter = this.#counters.get(pid) ?? 0;
    this.#counters.set(pid, counter + 1);
    const packet = new Uint8Array(PACKET);
    putPacket(packet, 0, { pid, startsUnit, counter }, payload, 0);
    if (change?.(packet) !== false) this.analyzer.onPayload(packet, 0, PACKET, this.nowNs, 0);
  }

  pat(version: number, hasProgram: boolean): void {
    const programs = hasProgram ? [{ programNumber: 5, pmtPid: 0x40 }] : [];
    this.send(0, true, sectionPayloads(writePat({ ...HEADER, version, extension: 1, programs, networkPid: null }))[0]!);
  }

  pmt(): void {
    const streams = [{ streamType: 0x1b, pid: VIDEO, descriptors: [] }];
    const section = writePmt({ ...HEADER, extension: 5, pcrPid: 0x1fff, descriptors: [], streams });
    this.send(0x40, true, sectionPayloads(section)[0]!);
  }

  get snapshot(): TransportSnapshot {
    return this.analyzer.snapshot();
  }
}

describe('a packet that cannot be read', () => {
  const stream = makeTransportStream({ seconds: 2, pcrIntervalMs: 30 });
  const clocks = packetsOf(stream, 0x100).filter((index) => hasPcr(stream, index * PACKET));

  test('with its whole header destroyed is one error, wherever it belonged', () => {
    for (const index of [clocks[30]!, packetsOf(stream, 0x100)[900]!, packetsOf(stream, 0)[10]!]) {
      const damaged = stream.slice();
      damaged.fill(0xff, index * PACKET, index * PACKET + 4);
      expect(raised(arrive(damaged).snapshot())).toEqual({ sync_byte_error: 1 });
      expect(raised(fromFile(damaged).snapshot())).toEqual({ sync_byte_error: 1 });
    }
  });

  test('because its adaptation field does not fit: the PCR in it is not called late', () => {
    const snapshot = arrive(breakAdaptation(stream, clocks[30]!).stream).snapshot();
    expect(raised(snapshot)).toEqual({});
    expect(snapshot.malformedPackets).toBe(1);
  });

  test('has the reserved adaptation_field_control: it is no packet of its PID', () => {
    const damaged = stream.slice();
    damaged[packetsOf(stream, 0x1fff)[100]! * PACKET + 1] = 0x01;
    damaged[packetsOf(stream, 0x1fff)[100]! * PACKET + 2] = 0x00;
    damaged[packetsOf(stream, 0x1fff)[100]! * PACKET + 3] = 0x07;
    const snapshot = arrive(damaged).snapshot();
    expect(raised(snapshot)).toEqual({});
    expect(snapshot.malformedPackets).toBe(1);
  });
});

describe('a PID that the tables no longer name', () => {
  test('owes no PTS, and is unreferenced each time', () => {
    const sender = new Sender();
    const play = (version: number, hasProgram: boolean): void => {
      for (let n = 0; n < 15; n++) {
        sender.pat(version, hasProgram);
        if (hasProgram) sender.pmt();
        sender.send(VIDEO, hasProgram, PES);
        sender.nowNs += 100e6;
      }
    };
    play(0, true);
    play(1, false);
    expect(raised(sender.snapshot)).toEqual({ unreferenced_pid: 1 });
    play(2, true);
    play(3, false);
    expect(raised(sender.snapshot)).toEqual({ unreferenced_pid: 2 });
  });
});

describe('a section of three packets', () => {
  const parts = sectionPayloads(writeSection(0x46, true, { ...HEADER, extension: 1 }, new Uint8Array(400).fill(7)));

  test.each<[string, (packet: Uint8Array) => boolean, object]>([
    ['is lost', () => false, { continuity_count_error: 1 }],
    [
      'is erroneous',
      (packet) => {
        packet[1]! |= 0x80;
        return true;
      },
      { transport_error: 1 },
    ],
  ])('of which the second %s is dropped, and nothing joined', (_name, change, expected) => {
    const sender = new Sender();
    sender.pat(0, false);
    for (const pass of [0, 1]) {
      for (const [i, part] of parts.entries()) {
        sender.send(0x11, i === 0, part, pass === 0 && i === 1 ? change : undefined);
      }
    }
    expect(parts.length).toBe(3);
    expect(raised(sender.snapshot)).toEqual(expected);
    expect(sender.snapshot.malformedSections).toBe(0);
  });

  test('with synchronisation lost in it', () => {
    const sender = new Sender();
    sender.pat(0, false);
    sender.send(0x11, true, parts[0]!);
    sender.analyzer.onPayload(new Uint8Array(7 * PACKET), 0, 7 * PACKET, sender.nowNs, 0);
    for (let n = 0; n < 5; n++) sender.send(0x1fff, false, new Uint8Array(184));
    sender.send(0x11, false, parts[2]!);
    for (const [i, part] of parts.entries()) sender.send(0x11, i === 0, part);
    expect(raised(sender.snapshot)).toEqual({ sync_byte_error: 2, ts_sync_loss: 1 });
    expect(sender.snapshot.malformedSections).toBe(0);
  });
});

describe('synchronisation', () => {
  test('lost for 3 s: no time-out ran meanwhile, and they begin anew', () => {
    const sender = new Sender();
    sender.pat(0, true);
    sender.pmt();
    sender.send(VIDEO, true, PES);
    for (let n = 0; n < 30; n++) {
      sender.nowNs += 100e6;
      sender.analyzer.onPayload(new Uint8Array(7 * PACKET), 0, 7 * PACKET, sender.nowNs, 0);
    }
    for (let n = 0; n < 5; n++) sender.send(0x1fff, false, new Uint8Array(184));
    sender.nowNs += 400e6;
    sender.send(0x1fff, false, new Uint8Array(184));
    expect(raised(sender.snapshot)).toEqual({ sync_byte_error: 2, ts_sync_loss: 1 });
    sender.analyzer.onTime(sender.nowNs + 200e6);
    expect(raised(sender.snapshot)).toMatchObject({ pat_error: 1, pmt_error: 1 });
  });
});

describe('time of a file', () => {
  const TICKS = 540_000;

  test('stands until the second PCR, then goes by octets and corrects itself at each PCR', () => {
    const clock = new ProgramClock();
    expect(clock.at(5000)).toBe(0);
    expect(clock.onPcr(1, 1000, 10_000, false)).toBe(0);
    expect(clock.at(15_000)).toBe(0);
    expect(clock.onPcr(1, 1000 + TICKS, 20_000, false)).toBe(20e6);
    expect(clock.at(25_000)).toBe(30e6);
    // Twice as many octets: by the rate before it was 60 ms, by the PCR it is 40. Time does not go back.
    expect(clock.at(40_000)).toBe(60e6);
    expect(clock.onPcr(1, 1000 + 2 * TICKS, 40_000, false)).toBe(60e6);
    expect(clock.at(40_000)).toBe(60e6);
    expect(clock.at(60_000)).toBe(60e6);
    expect(clock.at(70_000)).toBe(70e6);
  });

  test('goes on by octets across a jump, announced or not', () => {
    for (const isAnnounced of [false, true]) {
      const clock = new ProgramClock();
      clock.onPcr(1, 0, 0, false);
      clock.onPcr(1, TICKS, 10_000, false);
      expect(clock.onPcr(1, 50 * TICKS, 20_000, isAnnounced)).toBe(40e6);
      expect(clock.onPcr(1, 51 * TICKS, 30_000, false)).toBe(60e6);
      expect(clock.onPcr(1, 7, 40_000, isAnnounced)).toBe(80e6);
    }
  });

  test('follows another PID when the reference has gone', () => {
    const clock = new ProgramClock();
    clock.onPcr(1, 0, 0, false);
    clock.onPcr(1, TICKS, 10_000, false);
    let atHalf = 0;
    for (let n = 1; n <= 200; n++) {
      const ns = clock.onPcr(2, 77 + n * TICKS, 10_000 + n * 5000, false);
      if (n === 150) atHalf = ns;
    }
    expect(clock.at(10_000 + 200 * 5000) - atHalf).toBeCloseTo(50 * 20e6, 0);
  });
});
