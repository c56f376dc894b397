import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { dts, hasDts, hasPts, pesAt, pts, putDts, putPts } from '../../src/wire/pes.js';
import { fromHex } from './hex.js';

const AT = 5;
/** A packet that ends its buffer; what is not written is 0xa5. */
function packet(hex: string): Uint8Array {
  const bytes = new Uint8Array(AT + 188).fill(0xa5);
  bytes.set(fromHex(hex), AT);
  return bytes;
}

/** An adaptation field that leaves so many octets of payload, which begin as written. */
function endingIn(payloadOctets: number, hex: string): Uint8Array {
  const bytes = packet(`47 4100 30 ${(183 - payloadOctets).toString(16).padStart(2, '0')} 00`);
  bytes.set(fromHex(hex).subarray(0, payloadOctets), AT + 188 - payloadOctets);
  return bytes;
}

const READ: readonly {
  readonly name: string;
  readonly hex: string;
  readonly offset?: number;
  readonly pts: number | null;
  readonly dts: number | null;
}[] = [
  {
    name: 'without stamps',
    hex: `47 4100 10
          000001 e0  # start code, video stream 0
          0000       # PES_packet_length: unbounded
          80 00 00   # '10'; no stamps; no header data`,
    pts: null,
    dts: null,
  },
  {
    name: 'with the forbidden stamp flags',
    hex: '47 4100 10 000001 e0 0000 80 40 05 1111111111',
    pts: null,
    dts: null,
  },
  {
    name: 'with a PTS of all 33 bits',
    hex: `47 4100 10 000001 c0 0248 80
          80 05
          2f         # '0010', 111, marker
          ffff       # 15 bits, marker
          ffff`,
    pts: 2 ** 33 - 1,
    dts: null,
  },
  {
    name: 'with PTS and DTS of distinct octets',
    hex: `47 4100 10 000001 bd 0000 84
          c0 0a
          39         # '0011', 100, marker: 4 x 2^30
          2469       # 0x1234: x 2^15
          ace1       # 0x5670
          13         # '0001', 001, marker: 2^30
          0003       # 1: 2^15
          0005       # 2`,
    pts: 4 * 2 ** 30 + 0x1234 * 2 ** 15 + 0x5670,
    dts: 2 ** 30 + 2 ** 15 + 2,
  },
  {
    name: 'behind an adaptation field',
    hex: '47 4100 30 01 00 000001 e0 0000 80 80 05 2100010003',
    offset: 6,
    pts: 1,
    dts: null,
  },
];

describe('a PES header', () => {
  for (const { name, hex, offset, pts: presentation, dts: decoding } of READ) {
    it(name, () => {
      const bytes = packet(hex);
      const pes = pesAt(bytes, AT);
      expect(pes).toBe(AT + (offset ?? 4));
      expect(hasPts(bytes, pes)).toBe(presentation !== null);
      expect(hasDts(bytes, pes)).toBe(decoding !== null);
      if (presentation !== null) expect(pts(bytes, pes)).toBe(presentation);
      if (decoding !== null) expect(dts(bytes, pes)).toBe(decoding);
    });
  }

  const PTS_AND_DTS = '000001 e0 0000 80 c0 0a 3100010001 1100010001';
  it('that just fits its packet', () => {
    expect(pesAt(endingIn(19, PTS_AND_DTS), AT)).toBe(AT + 188 - 19);
    expect(pesAt(endingIn(14, '000001 e0 0000 80 80 05 2100010001'), AT)).toBe(AT + 188 - 14);
    expect(pesAt(endingIn(9, '000001 e0 0000 80 00 00'), AT)).toBe(AT + 188 - 9);
  });

  const NONE: readonly (readonly [string, Uint8Array])[] = [
    ['where no unit begins', packet('47 0100 10 000001 e0 0000 80 00 00')],
    ['where there is no payload', packet('47 4100 20 b7 00')],
    ['where the adaptation field is broken', packet('47 4100 30 b7 00')],
    ['without its start code', packet('47 4100 10 000002 e0 0000 80 00 00')],
    ['with another first octet', packet('47 4100 10 010001 e0 0000 80 00 00')],
    ['with another second octet', packet('47 4100 10 000101 e0 0000 80 00 00')],
    ['whose flags do not begin with 10', packet('47 4100 10 000001 e0 0000 40 00 00')],
    ['whose stamps do not fit its header data', packet(`47 4100 10 000001 e0 0000 80 c0 09 3100010001 11000100`)],
    ['whose stamps are cut by the packet', endingIn(18, PTS_AND_DTS)],
    ['whose fixed part is cut', endingIn(8, PTS_AND_DTS)],
    ...[0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff].map(
      (id) =>
        [
          `of stream_id ${id.toString(16)}, which has none`,
          packet(`47 4100 10 000001 ${id.toString(16)} 0000 80 00 00`),
        ] as const,
    ),
  ];
  for (const [name, bytes] of NONE) it(`is none ${name}`, () => expect(pesAt(bytes, AT)).toBe(-1));
});

describe('writing stamps', () => {
  const VALUES: readonly (readonly [number, string])[] = [
    [0, '31 0001 0001'],
    [2 ** 33 - 1, '3f ffff ffff'],
    [2 ** 32, '39 0001 0001'],
    [2 ** 30 + 2 ** 15, '33 0003 0001'],
    [0x5670, '31 0001 ace1'],
    [0x7fff * 2 ** 15, '31 ffff 0001'],
  ];
  for (const [ticks, hex] of VALUES) {
    it(`${ticks}, over another one`, () => {
      // All bits set but for the prefixes '0011' and '0001'.
      const bytes = packet('47 4100 10 000001 e0 0000 80 c0 0a 3fffffffff 1fffffffff');
      const pes = pesAt(bytes, AT);
      putPts(bytes, pes, ticks);
      expect(pts(bytes, pes)).toBe(ticks);
      expect(dts(bytes, pes)).toBe(2 ** 33 - 1);
      expect(bytes).toEqual(packet(`47 4100 10 000001 e0 0000 80 c0 0a ${hex} 1fffffffff`));
      putDts(bytes, pes, ticks);
      expect(bytes).toEqual(packet(`47 4100 10 000001 e0 0000 80 c0 0a ${hex} 1${hex.slice(1)}`));
      expect(dts(bytes, pes)).toBe(ticks);
    });
  }
});

describe('random octets', () => {
  it('give a header that lies whole within the packet, or none', () => {
    const random = new Random(12);
    let found = 0;
    for (let i = 0; i < 4000; i++) {
      const payloadOctets = random.below(30);
      const stamps = Uint8Array.from({ length: 40 }, () => random.uint32());
      stamps.set([0, 0, 1]);
      const bytes = endingIn(payloadOctets, '');
      bytes.set(stamps.subarray(0, payloadOctets), AT + 188 - payloadOctets);
      const pes = pesAt(bytes, AT);
      if (pes < 0) continue;
      found++;
      const end = pes + 9 + (hasDts(bytes, pes) ? 10 : hasPts(bytes, pes) ? 5 : 0);
      expect(end).toBeLessThanOrEqual(AT + 188);
      if (hasPts(bytes, pes)) expect(pts(bytes, pes)).toBeLessThan(2 ** 33);
    }
    expect(found).toBeGreaterThan(100);
  });
});
