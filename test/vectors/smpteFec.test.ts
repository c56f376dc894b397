import { describe, expect, it } from 'vitest';
import {
  checkSmpteFec,
  fecAssociated,
  fecIsRow,
  fecOffset,
  fecShapeFits,
  fecSnBase,
  smpteFecCodec,
  type SmpteFecHeader,
} from '../../src/wire/smpteFec.js';
import { Random } from '../../src/core/random.js';
import { WireStatus } from '../../src/wire/status.js';
import { fromHex, toHex } from './hex.js';

/** FEC packets by SMPTE ST 2022-1, written by hand. */
const VECTORS: readonly {
  readonly name: string;
  readonly header: SmpteFecHeader;
  readonly text: string;
  readonly hex: string;
}[] = [
  {
    name: 'a column',
    header: {
      flagsRecovery: 0,
      markerRecovery: false,
      payloadType: 96,
      sequence: 0x0102,
      timestamp: 0xfedc_ba98,
      ssrc: 0,
      snBase: 0xfffe,
      lengthRecovery: 0x0524,
      payloadTypeRecovery: 33,
      timestampRecovery: 0x8000_0001,
      isRow: false,
      offset: 10,
      associated: 5,
      payloadOctets: 3,
    },
    text:
      'smpte-2022-1 column of 5 from 65534, every 10 sequence 258 timestamp 4275878552 payload-type 96' +
      ' length-recovery 1316 pt-recovery 33 ts-recovery 2147483649 payload 3',
    hex: `80        # version 2; P, X and CC combined: none
          60        # M combined: 0; payload type 96
          0102      # sequence
          fedcba98  # timestamp
          00000000  # SSRC
          fffe      # SNBase low bits
          0524      # length recovery
          a1        # E, PT recovery 33
          000000    # mask
          80000001  # TS recovery
          00        # N 0, D 0: column, type 0: exclusive or, index 0
          0a        # offset: L
          05        # NA: D
          00        # SNBase ext bits
          aabbcc    # payload`,
  },
  {
    name: 'a row, with flags and marker',
    header: {
      flagsRecovery: 0x31,
      markerRecovery: true,
      payloadType: 127,
      sequence: 0xffff,
      timestamp: 1,
      ssrc: 0x89ab_cdef,
      snBase: 0,
      lengthRecovery: 0xffff,
      payloadTypeRecovery: 0,
      timestampRecovery: 0,
      isRow: true,
      offset: 1,
      associated: 20,
      payloadOctets: 0,
    },
    text:
      'smpte-2022-1 row of 20 from 0 sequence 65535 timestamp 1 payload-type 127 ssrc 0x89abcdef' +
      ' length-recovery 65535 pt-recovery 0 ts-recovery 0 flags-recovery 0x31 marker-recovery payload 0',
    hex: `b1        # version 2; P, X and CC combined: padding, extension, one source
          ff        # M combined: 1; payload type 127
          ffff 00000001 89abcdef 0000 ffff
          80        # E, PT recovery 0
          000000 00000000
          40        # D 1: row
          01        # offset
          14        # NA: L
          00`,
  },
];

function changed(octets: Uint8Array, at: number, value: number): Uint8Array {
  return octets.map((octet, i) => (i === at ? value : octet));
}

describe('SMPTE 2022-1 FEC packets', () => {
  for (const { name, header, text, hex } of VECTORS) {
    const octets = fromHex(hex);

    it(`reads ${name}`, () => {
      const out = smpteFecCodec.create();
      expect(smpteFecCodec.parse(octets, 0, octets.length, out)).toBe(WireStatus.Ok);
      expect(out).toEqual(header);
      expect(smpteFecCodec.describe(out)).toBe(text);
      const view = new DataView(octets.buffer);
      expect([fecIsRow(view, 0), fecSnBase(view, 0), fecOffset(view, 0), fecAssociated(view, 0)]).toEqual([
        header.isRow,
        header.snBase,
        header.offset,
        header.associated,
      ]);
    });

    it(`writes ${name} onto a used slot`, () => {
      const bytes = new Uint8Array(40).fill(0xa5);
      expect(smpteFecCodec.octets(header)).toBe(28);
      expect(smpteFecCodec.write(bytes, 5, header)).toBe(28);
      expect(toHex(bytes.subarray(5, 33))).toBe(toHex(octets.subarray(0, 28)));
      expect(toHex(bytes.subarray(0, 5)) + toHex(bytes.subarray(33))).toBe('a5'.repeat(12));
    });
  }

  const row = fromHex(VECTORS[1]!.hex);
  const column = fromHex(VECTORS[0]!.hex);
  it.each([
    ['the header alone', row, WireStatus.Ok],
    ['one octet less', row.subarray(0, 27), WireStatus.TooShort],
    ['version 1', changed(row, 0, 0x40), WireStatus.BadVersion],
    ['a static payload type', changed(row, 1, 33), WireStatus.UnknownType],
    ['payload type 95', changed(row, 1, 95), WireStatus.UnknownType],
    ['payload type 96', changed(row, 1, 96), WireStatus.Ok],
    ['no extended header', changed(row, 16, 0x21), WireStatus.BadReserved],
    ['nothing but zeros there', changed(row, 16, 0), WireStatus.BadReserved],
    ['a mask, first octet', changed(row, 17, 1), WireStatus.BadReserved],
    ['a mask, last octet', changed(row, 19, 1), WireStatus.BadReserved],
    ['N', changed(row, 24, 0xc0), WireStatus.BadReserved],
    ['an index', changed(row, 24, 0x41), WireStatus.BadReserved],
    ['type 1', changed(row, 24, 0x48), WireStatus.UnknownType],
    ['type 4', changed(row, 24, 0x60), WireStatus.UnknownType],
    ['more than 16 bits of SNBase', changed(row, 27, 1), WireStatus.BadReserved],
    ['a row of every other number', changed(row, 25, 2), WireStatus.BadLength],
    ['a row of 21', changed(row, 26, 21), WireStatus.BadLength],
    ['a row of none', changed(row, 26, 0), WireStatus.BadLength],
    ['a row of one', changed(row, 26, 1), WireStatus.Ok],
    ['a column of none', changed(column, 26, 0), WireStatus.BadLength],
    ['a column of offset 0', changed(column, 25, 0), WireStatus.BadLength],
    ['20 columns of 5', changed(column, 25, 20), WireStatus.Ok],
    ['20 columns of 6', changed(changed(column, 25, 20), 26, 6), WireStatus.BadLength],
    ['21 columns', changed(changed(column, 25, 21), 26, 4), WireStatus.BadLength],
    ['21 rows', changed(changed(column, 25, 4), 26, 21), WireStatus.BadLength],
    ['20 rows', changed(changed(column, 25, 5), 26, 20), WireStatus.Ok],
  ])('%s: status', (_name, octets, status) => {
    expect(checkSmpteFec(new DataView(octets.buffer), 0, octets.length)).toBe(status);
    const out = smpteFecCodec.create();
    expect(smpteFecCodec.check(octets, 0, octets.length)).toBe(status);
    expect(smpteFecCodec.parse(octets, 0, octets.length, out)).toBe(status);
    if (status !== WireStatus.Ok) expect(out).toEqual(smpteFecCodec.create());
  });

  it.each([
    [1, 4, false, true],
    [1, 4, true, false],
    [4, 4, true, true],
    [3, 4, true, false],
    [0, 4, false, false],
    [4, 3, false, false],
    [20, 5, true, true],
    [20, 6, true, false],
    [21, 4, false, false],
    [5, 20, true, true],
    [4, 21, true, false],
  ])('%d columns of %d, with rows %s: may be sent %s', (columns, rows, withRows, fits) => {
    expect(fecShapeFits(columns, rows, withRows)).toBe(fits);
  });

  it('random octets are a status, and nothing is read beside them', () => {
    const random = new Random(3);
    const statuses: readonly number[] = Object.values(WireStatus);
    for (let i = 0; i < 5000; i++) {
      const octets =
        i % 2 === 0
          ? Uint8Array.from({ length: random.below(60) }, () => random.uint32())
          : changed(i % 4 === 1 ? row : column, random.below(28), random.below(256)).slice(0, 20 + random.below(12));
      const out = smpteFecCodec.create();
      const status = smpteFecCodec.parse(octets, 0, octets.length, out);
      expect(statuses).toContain(status);
      if (status !== WireStatus.Ok) continue;
      const written = new Uint8Array(28).fill(0xa5);
      smpteFecCodec.write(written, 0, out);
      expect(written).toEqual(octets.subarray(0, 28));
    }
  });
});
