import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { serviceDescriptor, type Descriptor } from '../../src/wire/descriptors.js';
import { readCat, readPat, readPmt, writeCat, writePat, writePmt } from '../../src/wire/psi.js';
import { checkSection, hasCrc, isLongForm, sectionCrc, tableIdOf, writeSection } from '../../src/wire/psiSection.js';
import { readNit, readSdt, writeNit, writeSdt } from '../../src/wire/serviceInformation.js';
import { WireStatus } from '../../src/wire/status.js';
import { tableName } from '../../src/wire/tableIds.js';
import { guarded } from '../fuzz/guard.js';
import { slowCrc } from '../ts/walk.js';
import { fromHex, toHex } from './hex.js';

type Reader = (bytes: Uint8Array, at: number, length: number) => object | WireStatus;

const HEADER = { version: 0, isCurrent: true, sectionNumber: 0, lastSectionNumber: 0 };
const descriptor = (tag: number, hex: string): Descriptor => ({ tag, octets: fromHex(hex) });

interface Vector<T> {
  readonly name: string;
  readonly read: Reader;
  readonly write: (table: T) => Uint8Array;
  readonly table: T;
  readonly hex: string;
}

/** One vector, its types tied together. */
function vector<T extends object>(
  name: string,
  read: Reader,
  write: (table: T) => Uint8Array,
  table: T,
  hex: string,
): Vector<object> {
  return { name, read, write: write as (table: object) => Uint8Array, table, hex };
}

/** Sections by the clauses, written by hand. Their CRCs come from the bit by bit division of test/ts/walk.ts. */
const VECTORS: readonly Vector<object>[] = [
  vector(
    'PAT of one program',
    readPat,
    writePat,
    { ...HEADER, extension: 1, programs: [{ programNumber: 1, pmtPid: 0x1000 }], networkPid: null },
    `00        # table_id
     b00d      # long form, reserved ones, section_length 13
     0001      # transport_stream_id
     c1        # reserved ones, version 0, current
     00 00     # section 0 of 0
     0001 f000 # program 1: PMT on 0x1000
     2ab104b2  # CRC_32`,
  ),
  vector(
    'PAT with a network PID and the largest numbers, not yet current',
    readPat,
    writePat,
    {
      extension: 0xfffe,
      version: 31,
      isCurrent: false,
      sectionNumber: 2,
      lastSectionNumber: 3,
      programs: [
        { programNumber: 0xffff, pmtPid: 0x1ffe },
        { programNumber: 2, pmtPid: 0x20 },
      ],
      networkPid: 0x10,
    },
    `00 b015 fffe
     fe        # version 31, next
     02 03
     0000 e010 # program_number 0: network PID
     ffff fffe
     0002 e020
     {crc}`,
  ),
  vector(
    'PAT of nothing',
    readPat,
    writePat,
    { ...HEADER, extension: 7, programs: [], networkPid: null },
    `00 b009 0007 c1 00 00 {crc}`,
  ),
  vector(
    'CAT',
    readCat,
    writeCat,
    {
      ...HEADER,
      extension: 0xffff,
      version: 5,
      descriptors: [descriptor(0x09, '0b00 e1ff'), descriptor(0x09, '0500e200aa')],
    },
    `01 b016 ffff cb 00 00
     09 04 0b00 e1ff
     09 05 0500 e200 aa
     {crc}`,
  ),
  vector(
    'PMT of pictures and sound without descriptors',
    readPmt,
    writePmt,
    {
      ...HEADER,
      extension: 1,
      pcrPid: 0x100,
      descriptors: [],
      streams: [
        { streamType: 0x1b, pid: 0x100, descriptors: [] },
        { streamType: 0x0f, pid: 0x101, descriptors: [] },
      ],
    },
    `02 b017 0001 c1 00 00
     e100 f000    # PCR on 0x100, no descriptors
     1b e100 f000 # H.264
     0f e101 f000 # AAC
     2f44b99b     # CRC_32`,
  ),
  vector(
    'PMT with descriptors of the program and of its streams, without PCR',
    readPmt,
    writePmt,
    {
      ...HEADER,
      extension: 0x1234,
      version: 17,
      pcrPid: 0x1fff,
      descriptors: [descriptor(0x09, '0b00 e1fe'), descriptor(0x05, '48444d56')],
      streams: [
        { streamType: 0x06, pid: 0x1000, descriptors: [descriptor(0x6a, '00'), descriptor(0x0a, '64657500')] },
        { streamType: 0xff, pid: 0x1ffe, descriptors: [descriptor(0x52, '07'), descriptor(0x80, '')] },
      ],
    },
    `02 b031 1234 e3 00 00
     ffff f00c
     09 04 0b00 e1fe
     05 04 48444d56
     06 f000 f009 6a 01 00 0a 04 64657500
     ff fffe f005 52 01 07 80 00
     {crc}`,
  ),
  vector(
    'SDT',
    readSdt,
    writeSdt,
    {
      ...HEADER,
      extension: 1,
      version: 3,
      originalNetworkId: 0x233a,
      services: [
        {
          serviceId: 1,
          hasSchedule: false,
          hasPresentFollowing: true,
          runningStatus: 4,
          isScrambled: false,
          descriptors: [serviceDescriptor({ serviceType: 1, provider: 'Me', name: 'One' })],
        },
        {
          serviceId: 0xfffe,
          hasSchedule: true,
          hasPresentFollowing: false,
          runningStatus: 1,
          isScrambled: true,
          descriptors: [],
        },
      ],
    },
    `42 f020 0001 c7 00 00
     233a ff      # original_network_id, reserved
     0001 fd      # service 1: present and following
     800a         # running, free, 10 octets
     48 08 01 02 4d65 03 4f6e65
     fffe fe 3000 # service 0xfffe: schedule; not running, scrambled
     {crc}`,
  ),
  vector(
    'NIT',
    readNit,
    writeNit,
    {
      ...HEADER,
      extension: 0x3001,
      descriptors: [descriptor(0x40, '4e6574')],
      streams: [
        { transportStreamId: 1, originalNetworkId: 0x233a, descriptors: [] },
        { transportStreamId: 0xfffe, originalNetworkId: 2, descriptors: [descriptor(0x5a, '00')] },
      ],
    },
    `40 f021 3001 c1 00 00
     f005 40 03 4e6574
     f00f
     0001 233a f000
     fffe 0002 f003 5a 01 00
     {crc}`,
  ),
];

/** The octets, {crc} being what the division leaves. */
function octetsOf(hex: string): Uint8Array {
  if (!hex.includes('{crc}')) return fromHex(hex);
  const open = fromHex(hex.replace('{crc}', ''));
  return fromHex(
    toHex(open) +
      slowCrc([...open])
        .toString(16)
        .padStart(8, '0'),
  );
}

/** Changed, and with a CRC that fits again. */
function closed(octets: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = octets.slice();
  change(bytes);
  new DataView(bytes.buffer).setUint32(bytes.length - 4, slowCrc([...bytes.subarray(0, -4)]));
  return bytes;
}

for (const { name, read, write, table, hex } of VECTORS) {
  describe(`a ${name}`, () => {
    const octets = octetsOf(hex);

    it('is read', () => {
      const slot = new Uint8Array(octets.length + 9).fill(0xa5);
      slot.set(octets, 4);
      expect(read(slot, 4, octets.length)).toEqual(table);
    });

    it('is written', () => expect(toHex(write(table))).toBe(toHex(octets)));

    it('is refused cut, longer, or with a bit changed', () => {
      expect(read(octets, 0, octets.length - 1)).toBe(WireStatus.BadLength);
      expect(read(new Uint8Array([...octets, 0]), 0, octets.length + 1)).toBe(WireStatus.BadLength);
      const random = new Random(5);
      for (let i = 0; i < 30; i++) {
        const bytes = octets.slice();
        bytes[3 + random.below(octets.length - 3)]! ^= 1 << random.below(8);
        expect(read(bytes, 0, bytes.length)).toBe(WireStatus.BadChecksum);
      }
    });

    it('is refused as another table, or in the short form', () => {
      const other = closed(octets, (bytes) => (bytes[0] = bytes[0]! ^ 0x10));
      expect(read(other, 0, other.length)).toBe(WireStatus.UnknownType);
      const shortForm = octets.slice();
      shortForm[1]! &= 0x7f;
      expect(read(shortForm, 0, shortForm.length)).toBe(WireStatus.UnknownType);
    });

    it('is a table or a status whatever stands in its body, and nothing outside of it is read', () => {
      const random = new Random(6);
      const statuses: readonly unknown[] = Object.values(WireStatus);
      for (let i = 0; i < 300; i++) {
        const bytes = closed(octets, (body) => {
          for (let n = random.below(5); n >= 0; n--) body[3 + random.below(body.length - 7)] = random.uint32();
        });
        const slot = new Uint8Array(bytes.length + 8).fill(0xff);
        slot.set(bytes, 4);
        const result = read(guarded(slot, 4, bytes.length), 4, bytes.length);
        expect(typeof result === 'object' || statuses.includes(result)).toBe(true);
        expect(result).not.toBe(WireStatus.Ok);
      }
    });
  });
}

/** A section of this body, its CRC right. */
function closedBody(tableId: number, isPrivate: boolean, hex: string): Uint8Array {
  return writeSection(tableId, isPrivate, { ...HEADER, extension: 1 }, fromHex(hex));
}

describe('bodies that do not fit', () => {
  const CASES: readonly (readonly [string, Reader, Uint8Array, WireStatus])[] = [
    ['a PAT with half of an entry', readPat, closedBody(0x00, false, '0001f0000002'), WireStatus.BadLength],
    ['a PMT without its PCR PID', readPmt, closedBody(0x02, false, 'e100f0'), WireStatus.TooShort],
    ['program_info beyond the end', readPmt, closedBody(0x02, false, 'e100 f001'), WireStatus.BadLength],
    ['half of a stream', readPmt, closedBody(0x02, false, 'e100 f000 1be100f0'), WireStatus.BadLength],
    ['ES_info beyond the end', readPmt, closedBody(0x02, false, 'e100 f000 1b e100 f001'), WireStatus.BadLength],
    ['an SDT without its network', readSdt, closedBody(0x42, true, '233a'), WireStatus.TooShort],
    ['half of a service', readSdt, closedBody(0x42, true, '233aff 0001fd80'), WireStatus.BadLength],
    ['a service beyond the end', readSdt, closedBody(0x42, true, '233aff 0001 fd 8001'), WireStatus.BadLength],
    ['a NIT without its loop', readNit, closedBody(0x40, true, 'f000f0'), WireStatus.TooShort],
    ['network descriptors beyond the end', readNit, closedBody(0x40, true, 'f001 f000'), WireStatus.BadLength],
    ['a loop that is not the rest', readNit, closedBody(0x40, true, 'f000 f000 00'), WireStatus.BadLength],
    ['half of a transport stream', readNit, closedBody(0x40, true, 'f000 f005 00010002f0'), WireStatus.BadLength],
    [
      'a transport stream beyond the end',
      readNit,
      closedBody(0x40, true, 'f000 f006 0001 0002 f001'),
      WireStatus.BadLength,
    ],
  ];
  for (const [name, read, octets, status] of CASES) {
    it(name, () => expect(read(octets, 0, octets.length)).toBe(status));
  }

  it('descriptors that do not fit end their list, and the table is read', () => {
    const octets = closedBody(0x02, false, 'e100 f003 520107 1b e100 f005 520108 0502 0f e101 f000');
    expect(readPmt(octets, 0, octets.length)).toEqual({
      ...HEADER,
      extension: 1,
      pcrPid: 0x100,
      descriptors: [descriptor(0x52, '07')],
      streams: [
        { streamType: 0x1b, pid: 0x100, descriptors: [descriptor(0x52, '08')] },
        { streamType: 0x0f, pid: 0x101, descriptors: [] },
      ],
    });
  });

  it('what a table holds is a copy', () => {
    const octets = octetsOf(VECTORS[3]!.hex);
    const cat = readCat(octets, 0, octets.length);
    octets.fill(0);
    expect(cat).toEqual(VECTORS[3]!.table);
  });
});

function check(hex: string): WireStatus {
  const octets = octetsOf(hex);
  return checkSection(octets, 0, octets.length);
}

describe('checkSection', () => {
  it('takes the short form without a CRC, but for the TOT', () => {
    expect(check('70 7005 e8ff123456')).toBe(WireStatus.Ok);
    expect(check('72 3000')).toBe(WireStatus.Ok);
    expect(check('73 700b e8ff123456 f000 {crc}')).toBe(WireStatus.Ok);
    expect(check('73 700b e8ff123456 f000 00000000')).toBe(WireStatus.BadChecksum);
    expect(check('73 7003 e8ff12')).toBe(WireStatus.TooShort);
  });

  it('refuses what is too short for its form', () => {
    expect(check('')).toBe(WireStatus.TooShort);
    expect(check('00b0')).toBe(WireStatus.TooShort);
    expect(check('00 b008 0001c10000 aabbcc')).toBe(WireStatus.TooShort);
    expect(check('00 b009 0001c10000 {crc}')).toBe(WireStatus.Ok);
  });

  it('looks at twelve bits of the length', () => {
    expect(check('70 3005 e8ff123456')).toBe(WireStatus.Ok);
    expect(check('70 7105 e8ff123456')).toBe(WireStatus.BadLength);
  });
});

describe('the head of a section', () => {
  it('tells form, table and CRC', () => {
    const pat = octetsOf(VECTORS[0]!.hex);
    expect([tableIdOf(pat, 0), isLongForm(pat, 0), hasCrc(pat, 0)]).toEqual([0, true, true]);
    expect(sectionCrc(pat, 0, pat.length)).toBe(0x2ab1_04b2);
    const tdt = fromHex('70 7005 e8ff123456');
    expect([tableIdOf(tdt, 0), isLongForm(tdt, 0), hasCrc(tdt, 0)]).toEqual([0x70, false, false]);
    expect(hasCrc(fromHex('73 700b'), 0)).toBe(true);
  });
});

describe('tableName', () => {
  const NAMES: readonly (readonly [number, string])[] = [
    [0x00, 'PAT'],
    [0x02, 'PMT'],
    [0x42, 'SDT actual'],
    [0x4e, 'EIT p/f actual'],
    [0x50, 'EIT schedule actual'],
    [0x5f, 'EIT schedule actual'],
    [0x60, 'EIT schedule other'],
    [0x6f, 'EIT schedule other'],
    [0x70, 'TDT'],
    [0x73, 'TOT'],
    [0x0a, 'table 0x0a'],
    [0x90, 'table 0x90'],
  ];
  for (const [tableId, name] of NAMES) it(`of 0x${tableId.toString(16)}`, () => expect(tableName(tableId)).toBe(name));
});
