import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { crc32Mpeg } from '../../src/wire/crc32Mpeg.js';
import { LARGEST_SECTION_OCTETS, SectionAssembler } from '../../src/wire/section.js';
import { guarded } from '../fuzz/guard.js';
import { slowCrc } from '../ts/walk.js';
import { fromHex, toHex } from './hex.js';

describe('crc32Mpeg', () => {
  it('is the check value of CRC-32/MPEG-2', () => {
    const bytes = new TextEncoder().encode('x123456789x');
    expect(crc32Mpeg(bytes, 1, 9)).toBe(0x0376_e6e7);
    expect(crc32Mpeg(bytes, 1, 0)).toBe(0xffff_ffff);
  });

  it('is the bit by bit division, and 0 with the CRC behind it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
        const crc = crc32Mpeg(octets, 0, octets.length);
        expect(crc).toBe(slowCrc([...octets]));
        const closed = new Uint8Array([...octets, crc >>> 24, crc >>> 16, crc >>> 8, crc]);
        expect(crc32Mpeg(closed, 0, closed.length)).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

/** A packet of PID 0x100 whose payload begins so; the rest of it is `fill`. */
function packet(isStart: boolean, payload: Uint8Array | readonly number[], fill = 0xff): Uint8Array {
  const bytes = new Uint8Array(188).fill(fill);
  bytes.set([0x47, isStart ? 0x41 : 0x01, 0x00, 0x10]);
  bytes.set(payload, 4);
  return bytes;
}

/** The first octet behind the header is an adaptation field's length. */
function withField(bytes: Uint8Array): Uint8Array {
  bytes[3] = 0x30;
  return bytes;
}

/** A section of `octets` with this table_id, its body telling the place of each octet. */
function section(tableId: number, octets: number): Uint8Array {
  const bytes = Uint8Array.from({ length: octets }, (_, i) => (i * 7 + tableId) & 0xff);
  bytes[0] = tableId;
  bytes[1] = 0xb0 | ((octets - 3) >> 8);
  bytes[2] = (octets - 3) & 0xff;
  return bytes;
}

function taken(assembler: SectionAssembler): string[] {
  const sections: string[] = [];
  while (assembler.next()) {
    const { bytes, sectionAt, sectionOctets } = assembler;
    sections.push(toHex(bytes.slice(sectionAt, sectionAt + sectionOctets)));
  }
  return sections;
}

/** What comes out of each packet. */
function assembled(packets: readonly Uint8Array[], assembler = new SectionAssembler()): string[][] {
  return packets.map((bytes) => {
    // Not at the beginning of its buffer.
    const slot = new Uint8Array(190);
    slot.set(bytes, 1);
    assembler.add(slot, 1);
    return taken(assembler);
  });
}

const short = section(0x42, 20);
const other = section(0x46, 33);
const long = section(0x00, 250);

describe('SectionAssembler', () => {
  it('takes a section within a packet, stuffing behind it', () => {
    expect(assembled([packet(true, [0, ...short])])).toEqual([[toHex(short)]]);
  });

  it('takes a section of three octets, which has no body', () => {
    expect(assembled([packet(true, [0, 0x72, 0x30, 0x00])])).toEqual([['723000']]);
  });

  it('takes several sections of one packet', () => {
    expect(assembled([packet(true, [0, ...short, ...other, ...short])])).toEqual([
      [toHex(short), toHex(other), toHex(short)],
    ]);
  });

  it('takes one section after the other, each with stuffing behind it', () => {
    const packets = [packet(true, [0, ...short]), packet(true, [0, ...other]), packet(true, [0, ...short])];
    expect(assembled(packets)).toEqual([[toHex(short)], [toHex(other)], [toHex(short)]]);
  });

  it('skips what the pointer skips where nothing is begun', () => {
    expect(assembled([packet(true, [5, 1, 2, 3, 4, 5, ...short])])).toEqual([[toHex(short)]]);
  });

  it('joins a section of two packets, and takes the next one behind it', () => {
    expect(
      assembled([
        packet(true, [0, ...long.subarray(0, 183)]),
        packet(true, [67, ...long.subarray(183), ...short, ...other]),
      ]),
    ).toEqual([[], [toHex(long), toHex(short), toHex(other)]]);
  });

  it('joins a section of two packets of which the second begins none', () => {
    expect(assembled([packet(true, [0, ...long.subarray(0, 183)]), packet(false, long.subarray(183))])).toEqual([
      [],
      [toHex(long)],
    ]);
  });

  it('joins a section whose head is cut, and one begun behind another', () => {
    const first = section(0x40, 181);
    expect(
      assembled([
        packet(true, [0, ...first, ...long.subarray(0, 2)]),
        packet(false, long.subarray(2, 186)),
        packet(true, [64, ...long.subarray(186), ...short]),
      ]),
    ).toEqual([[toHex(first)], [], [toHex(long), toHex(short)]]);
  });

  it('takes the largest sections of 23 packets, behind an adaptation field as well', () => {
    const largest = section(0x4e, LARGEST_SECTION_OCTETS);
    const packets = [packet(true, [0, ...largest.subarray(0, 183)])];
    let at = 183;
    const field = withField(packet(false, [9, 0]));
    field.set(largest.subarray(at, at + 174), 4 + 10);
    packets.push(field);
    for (at += 174; at < largest.length; at += 184) packets.push(packet(false, largest.subarray(at, at + 184)));
    expect(assembled(packets).at(-1)).toEqual([toHex(largest)]);
  });

  it('takes nothing after stuffing, and nothing that begins without being announced', () => {
    const assembler = new SectionAssembler();
    expect(assembled([packet(true, [0, 0xff, ...short]), packet(false, short)], assembler)).toEqual([[], []]);
    expect(assembler.malformed).toBe(0);
    expect(
      assembled(
        [
          packet(true, [0, ...long.subarray(0, 183)]),
          packet(false, [...long.subarray(183), ...short]),
          packet(false, short),
        ],
        assembler,
      ),
    ).toEqual([[], [toHex(long)], []]);
  });

  it('counts a pointer out of the packet, and drops what was begun', () => {
    const assembler = new SectionAssembler();
    const packets = [
      packet(true, [0, ...long.subarray(0, 183)]),
      packet(true, [183, ...long.subarray(183)]),
      packet(false, long.subarray(183)),
    ];
    expect(assembled(packets, assembler)).toEqual([[], [], []]);
    expect(assembler.malformed).toBe(1);
    expect(assembled([packet(true, [182, ...new Uint8Array(182), 0x72])], assembler)).toEqual([[]]);
    expect(assembler.malformed).toBe(1);
    expect(assembled([packet(false, [0x30, 0])], assembler)).toEqual([['723000']]);
  });

  it('counts a section that goes on where the pointer says that another begins', () => {
    const assembler = new SectionAssembler();
    const packets = [
      packet(true, [0, ...long.subarray(0, 183)]),
      packet(true, [66, ...long.subarray(183, 249), ...short]),
    ];
    expect(assembled(packets, assembler)).toEqual([[], [toHex(short)]]);
    expect(assembler.malformed).toBe(1);
  });

  it('counts a head that does not go on', () => {
    const assembler = new SectionAssembler();
    const first = section(0x40, 181);
    const packets = [packet(true, [0, ...first, 0x02, 0xb0]), packet(true, [0, ...short])];
    expect(assembled(packets, assembler)).toEqual([[toHex(first)], [toHex(short)]]);
    expect(assembler.malformed).toBe(1);
  });

  const LIMITS: readonly (readonly [number, number])[] = [
    [0x00, 1024],
    [0x02, 1024],
    [0x42, 1024],
    [0x4a, 1024],
    [0x3a, 4096],
    [0x4e, 4096],
    [0xfc, 4096],
  ];
  for (const [tableId, most] of LIMITS) {
    it(`allows table 0x${tableId.toString(16)} sections of ${most} octets`, () => {
      const assembler = new SectionAssembler();
      const head = (octets: number): Uint8Array => packet(true, [0, ...section(tableId, octets).subarray(0, 183)]);
      assembled([head(most)], assembler);
      expect(assembler.malformed).toBe(0);
      assembler.reset();
      expect(assembler.dropped).toBe(1);
      if (most === 4096) {
        // section_length of 4094 and 4095 can be written, but is not allowed.
        const bytes = head(most);
        bytes[7] = 0xfe;
        assembled([bytes], assembler);
      } else assembled([head(most + 1)], assembler);
      expect(assembler.malformed).toBe(1);
      expect(assembled([packet(true, [0, ...short])], assembler)).toEqual([[toHex(short)]]);
    });
  }

  it('finds a length out of range in the rest of a head, and goes on behind it', () => {
    for (const isStart of [true, false]) {
      const assembler = new SectionAssembler();
      const begun = packet(true, [0, ...section(0x40, 182), 0x02]);
      const rest = isStart ? packet(true, [2, 0xbf, 0xff, ...short]) : packet(false, [0xbf, 0xff]);
      expect(assembled([begun, rest], assembler)[1]).toEqual(isStart ? [toHex(short)] : []);
      expect(assembler.malformed).toBe(1);
    }
  });

  it('drops what is begun on reset', () => {
    const assembler = new SectionAssembler();
    assembled([packet(true, [0, ...long.subarray(0, 183)])], assembler);
    assembler.reset();
    expect(assembler.dropped).toBe(1);
    expect(assembled([packet(true, [67, ...long.subarray(183), ...short])], assembler)).toEqual([[toHex(short)]]);
    assembler.reset();
    expect([assembler.dropped, assembler.malformed]).toEqual([1, 0]);
  });

  it('does not count as dropped what was complete', () => {
    const assembler = new SectionAssembler();
    assembler.add(packet(true, [0, ...short]), 0);
    assembler.reset();
    expect([assembler.dropped, assembler.next()]).toEqual([0, false]);
  });

  it('does not need to be asked for what it completed', () => {
    const assembler = new SectionAssembler();
    assembler.add(packet(true, [0, ...short, ...other, ...long.subarray(0, 183 - 53)]), 0);
    assembler.add(packet(false, long.subarray(183 - 53)), 0);
    expect(taken(assembler)).toEqual([toHex(long)]);
  });

  it('leaves packets without payload aside', () => {
    const bare = packet(false, [183, 0]);
    bare[3] = 0x20;
    expect(assembled([packet(true, [0, ...long.subarray(0, 183)]), bare, packet(false, long.subarray(183))])).toEqual([
      [],
      [],
      [toHex(long)],
    ]);
  });

  it('takes whatever sequence of sections, however they are cut into packets', () => {
    const sizes = fc.array(fc.integer({ min: 3, max: 700 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, (octetCounts) => {
        const sections = octetCounts.map((octets, i) => section(0x80 + i, octets));
        const stream = new Uint8Array(sections.flatMap((one) => [...one]));
        const starts = new Set(octetCounts.map((_, i) => octetCounts.slice(0, i).reduce((sum, one) => sum + one, 0)));
        const packets: Uint8Array[] = [];
        for (let at = 0; at < stream.length;) {
          const next = [...starts].find((start) => start >= at && start < at + 183);
          // A section that would begin in the last octet has to wait for the next packet.
          const part = stream.subarray(at, next === undefined && !starts.has(at + 183) ? at + 184 : at + 183);
          if (next !== undefined) packets.push(packet(true, [next - at, ...part]));
          else if (part.length === 183) packets.push(withField(packet(false, [0, ...part])));
          else packets.push(packet(false, part));
          at += part.length;
        }
        const assembler = new SectionAssembler();
        expect(assembled(packets, assembler).flat()).toEqual(sections.map(toHex));
        expect(assembler.malformed).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it("stays within bounds whatever comes, its own and the packet's", () => {
    const random = new Random(21);
    const assembler = new SectionAssembler();
    let sections = 0;
    for (let i = 0; i < 4000; i++) {
      const bytes = Uint8Array.from({ length: 198 }, () => random.uint32());
      bytes[6] = random.below(2) * 0x40;
      bytes[8] = 0x10 | (random.below(8) === 0 ? 0x20 : 0);
      if (random.below(2) === 0) bytes[9] = random.below(8);
      assembler.add(guarded(bytes, 5, 188), 5);
      for (; assembler.next(); sections++) {
        const { sectionAt, sectionOctets } = assembler;
        expect(sectionOctets).toBeGreaterThanOrEqual(3);
        expect(sectionAt + sectionOctets).toBeLessThanOrEqual(assembler.bytes.length);
      }
      if (random.below(50) === 0) assembler.reset();
    }
    expect(sections).toBeGreaterThan(100);
    expect(assembler.malformed).toBeGreaterThan(100);
  });
});

describe('the octets of a section', () => {
  it('are those that fromHex reads', () => expect(toHex(section(0x42, 5))).toBe(toHex(fromHex('42 b002 57 5e'))));
});
