import { describe, expect, it } from 'vitest';
import { makeTransportStream, packetsBetween } from '../ts/synthetic.js';
import { walk } from '../ts/walk.js';

const PCR_WRAP = 2 ** 33 * 300;
const PTS_WRAP = 2 ** 33;

/** Seconds of the first octet of packet `index`. */
const secondsOf = (index: number, rate: number): number => (index * 1504) / rate;

function largestGap(packets: readonly number[], total: number, rate: number): number {
  const all = [...packets, packets[0]! + total];
  return Math.max(...all.slice(1).map((index, i) => secondsOf(index - all[i]!, rate)));
}

const STREAMS = {
  'one program': { rate: 4_000_000, options: {} },
  'two programs across a wrap of PCR and PTS': {
    rate: 10_000_000,
    options: {
      rateBitPerSecond: 10_000_000,
      seconds: 3,
      firstPcrTicks: PCR_WRAP - 27_000_000 * 1.25,
      programs: [{}, { name: 'Zweites', language: 'deu', firstPcrTicks: 7 }],
      seed: 5,
    },
  },
  'a rate that is no whole number of packets, PCRs on a PID of their own, no sound': {
    rate: 1_234_567,
    options: { rateBitPerSecond: 1_234_567, seconds: 2, programs: [{ pcrPid: 0x500, audioPid: null }] },
  },
};

for (const [name, { rate, options }] of Object.entries(STREAMS)) {
  describe(`a transport stream of ${name}`, () => {
    const stream = makeTransportStream(options);
    const seen = walk(stream);
    const total = stream.length / 188;

    it('is whole packets of the length asked for', () => {
      expect(total).toBe(Math.round((('seconds' in options ? options.seconds : 2) * rate) / 1504));
      expect(seen.badSync).toBe(0);
    });

    it('repeats PAT, PMT and SDT, each intact, at most 100 ms and 1 s apart, across its seam as well', () => {
      const tables = new Map<string, number[]>();
      for (const { pid, tableId, packet, isIntact } of seen.sections) {
        expect(isIntact).toBe(true);
        const key = `${pid} ${tableId}`;
        tables.set(key, [...(tables.get(key) ?? []), packet]);
      }
      const pmts = seen.pmtPids.map((pid) => `${pid} 2`);
      expect([...tables.keys()].toSorted()).toEqual(['0 0', '17 66', ...pmts].toSorted());
      for (const [key, packets] of tables) {
        expect(largestGap(packets, total, rate)).toBeLessThanOrEqual(key.startsWith('17 ') ? 1 : 0.1);
      }
    });

    it('has a PCR at least each 25 ms that tells the position of its octet to the tick', () => {
      expect(seen.pcrs.size).toBe(seen.pmtPids.length);
      for (const pcrs of seen.pcrs.values()) {
        expect(
          largestGap(
            pcrs.map(({ packet }) => packet),
            total,
            rate,
          ),
        ).toBeLessThanOrEqual(0.025);
        const first = pcrs[0]!;
        for (const { packet, ticks } of pcrs) {
          const ideal = ((packet - first.packet) * 188 * 8 * 27e6) / rate;
          const told = (((ticks - first.ticks) % PCR_WRAP) + PCR_WRAP) % PCR_WRAP;
          expect(Math.abs(told - ideal)).toBeLessThanOrEqual(1);
        }
      }
    });

    it('counts the packets with payload of each PID without a break', () => {
      expect(seen.continuityBreaks).toBe(0);
      expect(seen.nullPackets).toBeGreaterThan(0);
      expect(seen.pids.has(0x1fff)).toBe(true);
    });

    it('carries only PIDs that its tables name', () => {
      const named = new Set([0, 17, 0x1fff, ...seen.pmtPids, ...seen.elementaryPids, ...seen.pcrs.keys()]);
      expect([...seen.pids].filter((pid) => !named.has(pid))).toEqual([]);
      expect([...seen.elementaryPids].filter((pid) => !seen.pids.has(pid))).toEqual([]);
    });

    it('has pictures each 40 ms with decoding times in order, each before its decoding time is due', () => {
      for (const pid of seen.videoPids) {
        const units = seen.units.get(pid)!;
        expect(units.length).toBe(Math.floor((total * 1504 * 25) / rate + 0.01));
        const clock = seen.pcrs.get(pid) ?? [...seen.pcrs.values()][0]!;
        for (const [i, unit] of units.entries()) {
          const dts = unit.dts ?? unit.pts;
          const step = i === 0 ? 3600 : dts - (units[i - 1]!.dts ?? units[i - 1]!.pts);
          expect((step + PTS_WRAP) % PTS_WRAP).toBe(3600);
          expect([0, 3600, 10_800]).toContain((unit.pts - dts + PTS_WRAP) % PTS_WRAP);
          const arrival = clock[0]!.ticks / 300 + secondsOf(unit.lastPacket - clock[0]!.packet, rate) * 90_000;
          const ahead = (((dts - arrival) % PTS_WRAP) + PTS_WRAP) % PTS_WRAP;
          expect(ahead).toBeGreaterThan(0);
          expect(ahead).toBeLessThan(90_000);
          expect(unit.randomAccess).toBe(i % 25 === 0);
        }
        // All presentation times are different.
        expect(new Set(units.map(({ pts }) => pts)).size).toBe(units.length);
      }
    });

    it('has sound whose PES packets are as long as they say', () => {
      for (const pid of seen.audioPids) {
        for (const unit of seen.units.get(pid)!) {
          expect(unit.octets).toBe(unit.lengthField + 6);
          expect(unit.dts).toBe(null);
        }
      }
      expect(seen.audioPids.length).toBe(name.endsWith('no sound') ? 0 : seen.pmtPids.length);
    });

    it('has no start code within its fillers', () => {
      for (const pid of seen.videoPids) for (const unit of seen.units.get(pid)!) expect(unit.startCodes).toBe(3);
    });
  });
}

describe('makeTransportStream', () => {
  it('makes the same of the same seed, and another filling of another', () => {
    const stream = makeTransportStream({ seconds: 0.2, seed: 3 });
    expect(Buffer.compare(stream, makeTransportStream({ seconds: 0.2, seed: 3 }))).toBe(0);
    expect(Buffer.compare(stream, makeTransportStream({ seconds: 0.2, seed: 4 }))).not.toBe(0);
  });

  it('cuts sections that are longer than a packet', () => {
    const programs = Array.from({ length: 12 }, (_, i) => ({ name: `A service with a long name, number ${i}` }));
    const seen = walk(makeTransportStream({ rateBitPerSecond: 12_000_000, seconds: 0.5, programs, patIntervalMs: 90 }));
    const sdt = seen.sections.find(({ pid }) => pid === 17)!;
    expect(sdt.octets).toBeGreaterThan(184 * 3);
    expect(seen.sections.every(({ isIntact }) => isIntact)).toBe(true);
    expect(seen.continuityBreaks).toBe(0);
  });

  it('refuses programs that do not fit the rate', () => {
    expect(() => makeTransportStream({ programs: [{ videoBitPerSecond: 5_000_000 }] })).toThrow('too little');
  });

  it('finds packets by time', () => {
    expect(packetsBetween(1_504_000, 0, 10)).toEqual({ from: 0, to: 10 });
    expect(packetsBetween(1_504_000, 0.5, 1.5)).toEqual({ from: 1, to: 2 });
  });
});
