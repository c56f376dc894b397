import { describe, expect, test } from 'vitest';
import { TsAnalyzer } from '../../src/analysis/mpegts/tsAnalyzer.js';
import { writePat } from '../../src/wire/psi.js';
import { writeSection } from '../../src/wire/psiSection.js';
import { putPacket, sectionPayloads } from '../ts/packet.js';
import { PACKET, raised } from './mpegtsArrivals.js';

const HEADER = { version: 0, isCurrent: true, sectionNumber: 0, lastSectionNumber: 0 };
const PAT = writePat({ ...HEADER, extension: 1, programs: [], networkPid: null });

/** A section in the long form, or a TDT in the short one (EN 300 468 section 5.2.5). */
function section(tableId: number, extension = 1, sectionNumber = 0): Uint8Array {
  if (tableId === 0x70) return Uint8Array.of(0x70, 0x70, 0x05, 0xe0, 0x00, 0x12, 0x34, 0x56);
  return writeSection(tableId, true, { ...HEADER, sectionNumber, lastSectionNumber: 1, extension }, [1, 2, 3]);
}

type Sent = readonly [atMs: number, pid: number, octets: Uint8Array];

/** The sections at their times among PATs every 100 ms, until `untilMs`. */
function play(sections: readonly Sent[], untilMs: number): Record<string, number> {
  const analyzer = new TsAnalyzer();
  const pats = Array.from({ length: Math.floor(untilMs / 100) + 1 }, (_, n): Sent => [n * 100, 0, PAT]);
  const counters = new Map<number, number>();
  const packet = new Uint8Array(PACKET);
  for (const [atMs, pid, octets] of [...pats, ...sections].sort((a, b) => a[0] - b[0])) {
    const counter = counters.get(pid) ?? 0;
    counters.set(pid, counter + 1);
    putPacket(packet, 0, { pid, startsUnit: true, counter }, sectionPayloads(octets)[0]!, 0);
    analyzer.onPayload(packet, 0, PACKET, atMs * 1e6, 0);
  }
  return raised(analyzer.snapshot());
}

describe('each full time without its table', () => {
  test.each([
    ['NIT', 0x10, 0x40, 10_000, 'nit_error'],
    ['SDT', 0x11, 0x42, 2000, 'sdt_error'],
    ['EIT p/f', 0x12, 0x4e, 2000, 'eit_error'],
    ['TDT', 0x14, 0x70, 30_000, 'tdt_error'],
  ])('%s', (_name, pid, tableId, limitMs, id) => {
    const octets = section(tableId);
    const sent: Sent[] = [
      [50, pid, octets],
      [50 + limitMs, pid, octets],
    ];
    expect(play(sent, 1.9 * limitMs)).toEqual({});
    expect(play(sent, 2.1 * limitMs)).toEqual({ [id]: 1 });
    expect(play([...sent, [50 + 3.5 * limitMs, pid, octets]], 3.6 * limitMs)).toEqual({ [id]: 2 });
  });
});

describe('a table that does not belong there', () => {
  test.each([
    ['NIT', 0x10, 0x42, 'nit_error'],
    ['SDT', 0x11, 0x40, 'sdt_error'],
    ['EIT', 0x12, 0x70, 'eit_error'],
    ['RST', 0x13, 0x70, 'rst_error'],
    ['TDT', 0x14, 0x4e, 'tdt_error'],
  ])('on the PID of the %s', (_name, pid, tableId, id) => {
    expect(play([[50, pid, section(tableId)]], 200)).toEqual({ [id]: 1 });
  });

  test.each([
    [0x10, [0x40, 0x41, 0x72]],
    [0x11, [0x42, 0x46, 0x4a, 0x72]],
    [0x12, [0x4e, 0x4f, 0x50, 0x6f, 0x72]],
    [0x13, [0x71, 0x72]],
    [0x14, [0x70, 0x73, 0x72]],
  ])('what belongs to PID %i raises nothing', (pid, tableIds) => {
    expect(
      play(
        tableIds.map((tableId, n) => [n * 30, pid, section(tableId)]),
        200,
      ),
    ).toEqual({});
  });
});

describe('repetition', () => {
  test('the same section again within 25 ms', () => {
    expect(
      play(
        [
          [50, 0x11, section(0x42)],
          [70, 0x11, section(0x42)],
        ],
        200,
      ),
    ).toEqual({ si_repetition_error: 1 });
    expect(
      play(
        [
          [50, 0x11, section(0x42)],
          [75, 0x11, section(0x42)],
        ],
        200,
      ),
    ).toEqual({});
  });

  test('others may follow at once: another number, another service, another stream', () => {
    const sections: Sent[] = [
      [50, 0x12, section(0x4e, 1, 0)],
      [51, 0x12, section(0x4e, 1, 1)],
      [52, 0x12, section(0x4e, 2, 0)],
      [53, 0x11, section(0x46, 1)],
      [54, 0x11, section(0x46, 1)],
    ];
    expect(play(sections, 200)).toEqual({});
  });
});

const broken = (tableId: number): Uint8Array => {
  const octets = section(tableId);
  octets[octets.length - 1]! ^= 1;
  return octets;
};

const count = (pid: number, tableId: number): number => play([[50, pid, broken(tableId)]], 200)['crc_error'] ?? 0;

test('a wrong CRC counts in the tables that the report names, and in others does not', () => {
  expect([0x40, 0x41].map((id) => count(0x10, id))).toEqual([1, 1]);
  expect([0x42, 0x46, 0x4a].map((id) => count(0x11, id))).toEqual([1, 1, 1]);
  expect([0x4e, 0x6f].map((id) => count(0x12, id))).toEqual([1, 1]);
  expect(count(0x13, 0x71)).toBe(0);
  expect(count(1, 1)).toBe(1);
});
