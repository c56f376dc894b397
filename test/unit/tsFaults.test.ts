import { describe, expect, it } from 'vitest';
import * as faults from '../ts/faults.js';
import { makeTransportStream, packetsBetween } from '../ts/synthetic.js';
import { walk } from '../ts/walk.js';

const RATE = 4_000_000;
const VIDEO = 0x100;
const AUDIO = 0x101;
const PMT = 0x1000;
const clean = makeTransportStream({ rateBitPerSecond: RATE, seconds: 1 });
const pristine = clean.slice();
const before = walk(clean);
const packets = clean.length / 188;
const at = (stream: Uint8Array, index: number): number[] => [...stream.subarray(index * 188, index * 188 + 188)];

/** The packets in which two streams of one length differ. */
function differences(one: Uint8Array, other: Uint8Array): number[] {
  expect(one.length).toBe(other.length);
  return Array.from({ length: one.length / 188 }, (_, index) => index).filter(
    (index) =>
      Buffer.compare(one.subarray(index * 188, index * 188 + 188), other.subarray(index * 188, index * 188 + 188)) !==
      0,
  );
}

/** The damaged stream differs in as many packets as it says, and the clean one is what it was. */
function damaged({ stream, touched }: faults.Damaged): { stream: Uint8Array; packets: number[] } {
  const different = differences(clean, stream);
  expect(different.length).toBe(touched);
  expect(touched).toBeGreaterThan(0);
  expect(Buffer.compare(clean, pristine)).toBe(0);
  return { stream, packets: different };
}

describe('faults of packets', () => {
  it('corruptSync', () => {
    const { stream, packets: touched } = damaged(faults.corruptSync(clean, 40, 3));
    expect(touched).toEqual([40, 41, 42]);
    expect(walk(stream).badSync).toBe(3);
  });

  it('cutOctets shifts what follows', () => {
    const { stream, touched } = faults.cutOctets(clean, 10, 5);
    expect(touched).toBe(1);
    expect(stream.length).toBe(clean.length - 5);
    expect([...stream.subarray(11 * 188 - 5)]).toEqual([...clean.subarray(11 * 188)]);
    expect([...stream.subarray(0, 1900)]).toEqual([...clean.subarray(0, 1900)]);
  });

  it('dropPacket makes it shorter', () => {
    const [packet] = faults.packetsOf(clean, VIDEO, { from: 100, to: 200 });
    const { stream, touched } = faults.dropPacket(clean, packet!);
    expect([touched, stream.length]).toEqual([1, clean.length - 188]);
    expect(walk(stream).continuityBreaks).toBe(1);
    expect(faults.dropPacket(clean, packet!, 4).stream.length).toBe(clean.length - 4 * 188);
  });

  it('blankPacket leaves a null packet', () => {
    const [packet] = faults.packetsOf(clean, AUDIO);
    const { stream, packets: touched } = damaged(faults.blankPacket(clean, packet!));
    expect(touched).toEqual([packet]);
    expect(walk(stream).nullPackets).toBe(before.nullPackets + 1);
  });

  it('removePackets takes a PID out for a time', () => {
    const range = packetsBetween(RATE, 200, 700);
    const { stream, packets: touched } = damaged(faults.removePackets(clean, 0, range));
    expect(touched).toEqual(faults.packetsOf(clean, 0, range));
    expect(faults.packetsOf(stream, 0, range)).toEqual([]);
    expect(faults.packetsOf(stream, 0).length).toBeGreaterThan(0);
  });

  it('repeatPacket puts copies before the next of the PID', () => {
    const { stream, packets: touched } = damaged(faults.repeatPacket(clean, AUDIO, 2, 300));
    const sent = faults.packetsOf(stream, AUDIO);
    const first = sent.indexOf(touched[0]!) - 1;
    expect(sent.slice(first + 1, first + 3)).toEqual(touched);
    for (const copy of touched) expect(at(stream, copy)).toEqual(at(clean, sent[first]!));
    expect(sent[first]).toBeGreaterThanOrEqual(300);
    expect(() => faults.repeatPacket(clean, AUDIO, 100_000)).toThrow('null packets behind');
  });

  it('swapPackets exchanges two of a PID', () => {
    const { stream, packets: touched } = damaged(faults.swapPackets(clean, AUDIO, 200));
    expect(touched.length).toBe(2);
    expect(at(stream, touched[0]!)).toEqual(at(clean, touched[1]!));
    expect(at(stream, touched[1]!)).toEqual(at(clean, touched[0]!));
    expect(walk(stream).continuityBreaks).toBe(3);
  });

  it('shiftCounter', () => {
    const { stream } = damaged(faults.shiftCounter(clean, VIDEO, 5, { from: 500, to: Infinity }));
    expect(walk(stream).continuityBreaks).toBe(1);
  });

  it('setTransportError', () => {
    const { stream, packets: touched } = damaged(faults.setTransportError(clean, 77));
    expect(touched).toEqual([77]);
    expect(at(stream, 77)[1]! & 0x80).toBe(0x80);
  });

  it('addUnreferenced', () => {
    const { stream, packets: touched } = damaged(faults.addUnreferenced(clean, 0x777, 20));
    expect(touched.length).toBe(20);
    const seen = walk(stream);
    expect(seen.pids.has(0x777)).toBe(true);
    expect(seen.continuityBreaks).toBe(0);
    expect(seen.nullPackets).toBe(before.nullPackets - 20);
  });

  it('breakAdaptation', () => {
    const packet = before.pcrs.get(VIDEO)![3]!.packet;
    const { stream } = damaged(faults.breakAdaptation(clean, packet));
    expect(at(stream, packet)[4]).toBe(184);
    expect(() => faults.breakAdaptation(clean, 0)).toThrow('no adaptation field');
  });

  it('cutInto', () => {
    const { stream, touched } = faults.cutInto(clean, { from: 3, to: packets - 2 });
    expect([touched, stream.length / 188]).toEqual([5, packets - 5]);
    expect(at(stream, 0)).toEqual(at(clean, 3));
  });
});

describe('faults of tables', () => {
  it('corruptCrc spoils one section', () => {
    for (const pid of [0, PMT, 0x11]) {
      const { stream } = damaged(faults.corruptCrc(clean, pid, 1));
      const broken = walk(stream).sections.filter(({ isIntact }) => !isIntact);
      expect(broken.map((section) => section.pid)).toEqual([pid]);
    }
  });

  it('withTableId changes the table alone', () => {
    const { stream, packets: touched } = damaged(faults.withTableId(clean, 0, 2, 0x42));
    const others = walk(stream).sections.filter(({ pid, tableId }) => pid === 0 && tableId !== 0);
    expect(others).toMatchObject([{ tableId: 0x42, isIntact: true, packet: touched[0] }]);
  });

  it('scramble spoils the payload, or only says so', () => {
    const range = { from: 100, to: 400 };
    for (const keepPayload of [false, true]) {
      const { stream, packets: touched } = damaged(faults.scramble(clean, VIDEO, range, keepPayload));
      for (const packet of touched) {
        const [now, then] = [at(stream, packet), at(clean, packet)];
        expect(now[3]! >> 6).toBe(2);
        expect(now[3]! & 0x3f).toBe(then[3]);
        expect(now[187] === then[187]).toBe(keepPayload);
      }
      // What has no payload stays in clear; the counters and PCRs are as they were.
      const seen = walk(stream);
      expect(seen.continuityBreaks).toBe(0);
      expect(seen.pcrs).toEqual(before.pcrs);
    }
  });

  it('addCat', () => {
    const { stream } = damaged(faults.addCat(clean, 100));
    const sent = faults.packetsOf(stream, 1);
    expect(sent.length).toBeGreaterThan(packets / 110);
    // Reserved ones, EMMs on 0x1ffe.
    expect(at(stream, sent[0]!).slice(5, 19)).toEqual([1, 0xb0, 15, 0xff, 0xff, 0xc1, 0, 0, 9, 4, 11, 0, 0xff, 0xfe]);
    expect(at(faults.addCat(clean, 100, 0x1ffe, 0x42).stream, sent[0]!)[5]).toBe(0x42);
    expect(walk(stream).continuityBreaks).toBe(0);
  });
});

describe('faults of clocks', () => {
  const pcrs = before.pcrs.get(VIDEO)!;
  const after = (stream: Uint8Array): { packet: number; ticks: number }[] => walk(stream).pcrs.get(VIDEO)!;

  it('removePcrs leaves the packets', () => {
    const range = packetsBetween(RATE, 300, 500);
    const { stream } = damaged(faults.removePcrs(clean, VIDEO, range));
    expect(after(stream)).toEqual(pcrs.filter(({ packet }) => packet < range.from || packet >= range.to));
    expect(walk(stream).continuityBreaks).toBe(0);
  });

  it('stretchPcr leaves every third', () => {
    const { stream } = damaged(faults.stretchPcr(clean, VIDEO, 3));
    expect(after(stream)).toEqual(pcrs.filter((_, i) => i % 3 === 0));
  });

  it('jumpPcr moves all from there on, either way', () => {
    for (const ticks of [27_000_000, -27_000_000]) {
      const from = pcrs[10]!.packet;
      const { stream } = damaged(faults.jumpPcr(clean, VIDEO, from, ticks, true));
      expect(after(stream)).toEqual(pcrs.map((pcr, i) => (i < 10 ? pcr : { ...pcr, ticks: pcr.ticks + ticks })));
      expect(pcrs.map(({ packet }) => at(stream, packet)[5]! >> 7)).toEqual(pcrs.map((_, i) => (i === 10 ? 1 : 0)));
      const silent = faults.jumpPcr(clean, VIDEO, from, ticks, false).stream;
      expect(differences(stream, silent)).toEqual([from]);
    }
  });

  it('offsetPcr moves one, and over the wrap', () => {
    const { stream } = damaged(faults.offsetPcr(clean, VIDEO, 5, -20));
    expect(after(stream)).toEqual(pcrs.map((pcr, i) => (i === 5 ? { ...pcr, ticks: pcr.ticks - 20 } : pcr)));
    const late = makeTransportStream({ seconds: 0.1, firstPcrTicks: 0 });
    const [first] = walk(late).pcrs.get(VIDEO)!;
    const moved = walk(faults.offsetPcr(late, VIDEO, 0, -first!.ticks - 1).stream).pcrs.get(VIDEO)![0]!;
    expect(moved.ticks).toBe(2 ** 33 * 300 - 1);
  });

  it('offsetPts moves PTS and DTS', () => {
    const units = before.units.get(VIDEO)!;
    const { stream } = damaged(faults.offsetPts(clean, VIDEO, 90_000));
    expect(walk(stream).units.get(VIDEO)).toEqual(
      units.map((unit) => ({ ...unit, pts: unit.pts + 90_000, dts: unit.dts === null ? null : unit.dts + 90_000 })),
    );
  });

  it('removePts leaves PES headers without stamps', () => {
    const range = packetsBetween(RATE, 0, 500);
    const { stream, packets: touched } = damaged(faults.removePts(clean, VIDEO, range));
    expect(touched.length).toBe(13);
    for (const packet of touched) {
      const octets = at(stream, packet);
      const from = octets.findIndex((octet, i) => octet === 0 && octets[i + 1] === 0 && octets[i + 2] === 1);
      expect(octets[from + 7]).toBe(0);
      expect([5, 10]).toContain(octets[from + 8]);
      const stamps = octets.slice(from + 9, from + 9 + octets[from + 8]!);
      expect(stamps.every((octet) => octet === 0xff)).toBe(true);
      // What stands behind is what stood there.
      expect(octets.slice(from + 9 + octets[from + 8]!)).toEqual(at(clean, packet).slice(from + 9 + octets[from + 8]!));
    }
  });
});
