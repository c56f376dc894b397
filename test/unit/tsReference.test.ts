import { describe, expect, test } from 'vitest';
import { TsReference } from '../../src/feed/tsReference.js';
import { writePat, writePmt } from '../../src/wire/psi.js';
import { putPacket, sectionPayloads } from '../ts/packet.js';
import { makeTransportStream } from '../ts/synthetic.js';

const HEADER = { version: 0, isCurrent: true, sectionNumber: 0, lastSectionNumber: 0 };

function table(pid: number, section: Uint8Array): Uint8Array[] {
  return sectionPayloads(section).map((payload, i) => {
    const octets = new Uint8Array(188);
    putPacket(octets, 0, { pid, startsUnit: i === 0, counter: i }, payload, 0);
    return octets;
  });
}

const pat = (numbers: readonly number[], change: Partial<typeof HEADER> = {}): Uint8Array[] =>
  table(
    0,
    writePat({
      ...HEADER,
      ...change,
      extension: 1,
      networkPid: null,
      programs: numbers.map((programNumber) => ({ programNumber, pmtPid: 0x1000 + programNumber })),
    }),
  );
const pmt = (programNumber: number, pcrPid: number, isCurrent = true): Uint8Array[] =>
  table(
    0x1000 + programNumber,
    writePmt({ ...HEADER, isCurrent, extension: programNumber, pcrPid, descriptors: [], streams: [] }),
  );
const pcr = (pid: number, ticks = 0): Uint8Array[] => {
  const octets = new Uint8Array(188);
  putPacket(octets, 0, { pid, counter: 0, pcr: ticks }, new Uint8Array(), 0);
  return [octets];
};

/** The choice after each group of packets, and after it was demanded. */
function choices(...groups: Uint8Array[][]): number[] {
  const reference = new TsReference();
  const made = groups.map((packets) => {
    for (const octets of packets) reference.look(octets, 0);
    return reference.pid;
  });
  reference.decide();
  return [...made, reference.pid];
}

describe('the PID of the reference clock', () => {
  test('is that of the lowest program that has one', () => {
    expect(
      choices(pcr(0x30), pat([3, 2, 1]), pmt(3, 0x33), pmt(2, 0x32), pmt(1, 0x1fff), pcr(0x33), pcr(0x32)),
    ).toEqual([-1, -1, -1, -1, -1, -1, 0x32, 0x32]);
    expect(choices(pcr(0x31), pat([1, 2]), pmt(1, 0x31))).toEqual([-1, -1, 0x31, 0x31]);
  });

  test('waits for a lower program until it has to decide', () => {
    expect(choices(pat([1, 2]), pmt(2, 0x32), pcr(0x40), pcr(0x32))).toEqual([-1, -1, -1, -1, 0x32]);
    expect(choices(pat([1, 2]), pmt(1, 0x31), pmt(2, 0x32), pcr(0x32))).toEqual([-1, -1, -1, -1, 0x32]);
  });

  test('without tables, or where they name none, is the first with a PCR', () => {
    expect(choices(pcr(0x50), pcr(0x51))).toEqual([-1, -1, 0x50]);
    expect(choices(pat([1]), pmt(1, 0x1fff), pcr(0x50))).toEqual([-1, -1, -1, 0x50]);
    expect(choices(pat([1]), pmt(1, 0x31))).toEqual([-1, -1, -1]);
  });

  test('is decided after a second of the first clock', () => {
    expect(
      choices(pcr(0x50, 0), pcr(0x51, 5), pcr(0x51, 27_000_005), pcr(0x50, 27_000_000), pcr(0x50, 27_000_001)),
    ).toEqual([-1, -1, -1, -1, 0x50, 0x50]);
  });

  test('does not follow tables that are not valid yet', () => {
    expect(choices(pcr(0x31), pat([1], { isCurrent: false }), pmt(1, 0x31), pat([1]), pmt(1, 0x31, false))).toEqual([
      -1, -1, -1, -1, -1, 0x31,
    ]);
  });

  test('needs all sections of the association', () => {
    const [first, second] = [pat([2], { lastSectionNumber: 1 }), pat([1], { sectionNumber: 1, lastSectionNumber: 1 })];
    expect(choices(first, pmt(2, 0x32), pcr(0x32), second, pmt(1, 0x32))).toEqual([-1, -1, -1, -1, 0x32, 0x32]);
  });

  test('is found in a stream whose clock has a PID of its own', () => {
    const bytes = makeTransportStream({
      seconds: 0.2,
      programs: [{ programNumber: 9 }, { programNumber: 4, pcrPid: 0x200 }],
    });
    const reference = new TsReference();
    for (let at = 0; at < bytes.length && reference.pid < 0; at += 188) reference.look(bytes, at);
    expect(reference.pid).toBe(0x200);
  });
});
