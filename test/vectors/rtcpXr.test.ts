import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLossRle, encodeLossRle, rleSequences } from '../../src/wire/lossRle.js';
import { rtcpCodec, rtcpFault } from '../../src/wire/rtcp.js';
import type { RtcpCompound } from '../../src/wire/rtcp.js';
import type { RtcpExtendedReport, XrBlock, XrStatisticsSummary } from '../../src/wire/rtcpXr.js';
import { XrTtlKind } from '../../src/wire/rtcpXr.js';
import { WireStatus } from '../../src/wire/status.js';
import { fromHex, toHex } from './hex.js';

const RR_HEX = '80 c9 0001 01020304';
const EMPTY_RR = { kind: 'rr', ssrc: 0x0102_0304, blocks: [], extension: new Uint8Array() } as const;

const STATISTICS: XrStatisticsSummary = {
  kind: 'statistics',
  ssrc: 0x89ab_cdef,
  hasLoss: true,
  hasDuplicates: true,
  hasJitter: true,
  ttlKind: XrTtlKind.Ipv6HopLimit,
  reserved: 0,
  beginSequence: 0xfffe,
  endSequence: 3,
  lostPackets: 1,
  duplicatePackets: 0xffff_ffff,
  minJitter: 4,
  maxJitter: 0x8000_0000,
  meanJitter: 6,
  devJitter: 7,
  minTtl: 8,
  maxTtl: 255,
  meanTtl: 10,
  devTtl: 11,
};

interface Vector {
  readonly name: string;
  readonly blocks: readonly XrBlock[];
  /** 0: none. */
  readonly reserved?: number;
  readonly hex: string;
  readonly text: string;
}

/** By RFC 3611, written by hand; the body behind the SSRC. */
const VECTORS: readonly Vector[] = [
  { name: 'no block', blocks: [], hex: '80 cf 0001 0a0b0c0d', text: '' },
  {
    name: 'Loss RLE',
    blocks: [
      {
        kind: 'loss-rle',
        ssrc: 0x89ab_cdef,
        reserved: 0,
        thinning: 0,
        beginSequence: 0xfff0,
        endSequence: 0x0010,
        chunks: [0x4010, 0xbfff, 0x0001, 0],
      },
      {
        kind: 'loss-rle',
        ssrc: 1,
        reserved: 5,
        thinning: 15,
        beginSequence: 0,
        endSequence: 0xffff,
        chunks: [],
      },
    ],
    reserved: 1,
    hex: `81 cf 0009 0a0b0c0d
          01 00 0004    # Loss RLE, no thinning, five words
          89abcdef      # SSRC of the source
          fff0 0010     # from 65520 to before 16
          4010          # a run of 16 that came
          bfff          # a vector: one lost, 14 came
          0001          # a run of one lost
          0000          # terminating null chunk
          01 5f 0002    # thinning 15, reserved bits that are not 0
          00000001 0000 ffff`,
    text: ' loss-rle 0x89abcdef [65520,16) chunks 4 loss-rle 0x00000001 [0,65535) thinning 15 chunks 0',
  },
  {
    name: 'Receiver Reference Time and DLRR',
    blocks: [
      { kind: 'reference-time', reserved: 0, ntp: 0xed00_3780_8000_0000n },
      {
        kind: 'dlrr',
        reserved: 1,
        subBlocks: [
          { ssrc: 2, lastRr: 0xb705_2000, delaySinceLastRr: 0x0005_4000 },
          { ssrc: 3, lastRr: 0, delaySinceLastRr: 0 },
        ],
      },
    ],
    hex: `80 cf 000b 0a0b0c0d
          04 00 0002 ed003780 80000000  # 2026-01-01T00:00:00.5Z
          05 01 0006                    # DLRR of two sub-blocks
          00000002 b7052000 00054000    # SSRC, LRR, DLRR
          00000003 00000000 00000000`,
    text:
      ' reference-time 2026-01-01T00:00:00.500000000Z' +
      ' dlrr 0x00000002 lrr 0xb7052000 delay 344064 0x00000003 lrr 0x00000000 delay 0',
  },
  {
    name: 'Statistics Summary',
    blocks: [
      STATISTICS,
      { ...STATISTICS, hasDuplicates: false, hasJitter: false, ttlKind: XrTtlKind.None, reserved: 7 },
      { ...STATISTICS, hasLoss: false, hasJitter: false, ttlKind: XrTtlKind.Ipv4Ttl },
      { ...STATISTICS, hasLoss: false, hasDuplicates: false, ttlKind: XrTtlKind.None },
    ],
    hex: `80 cf 0029 0a0b0c0d
          06 f0 0009          # all flags, hop limits
          89abcdef            # SSRC of the source
          fffe 0003           # from 65534 to before 3
          00000001 ffffffff   # lost, duplicate
          00000004 80000000   # least and greatest jitter
          00000006 00000007   # mean and standard deviation
          08 ff 0a 0b         # the same of the hop limit
          06 87 0009 89abcdef fffe0003 00000001 ffffffff 00000004 80000000 00000006 00000007 08ff0a0b
          06 48 0009 89abcdef fffe0003 00000001 ffffffff 00000004 80000000 00000006 00000007 08ff0a0b
          06 20 0009 89abcdef fffe0003 00000001 ffffffff 00000004 80000000 00000006 00000007 08ff0a0b`,
    text:
      ' statistics 0x89abcdef [65534,3) lost 1 duplicate 4294967295' +
      ' jitter 4/6/2147483648 deviation 7 ttl 8/10/255 deviation 11' +
      ' statistics 0x89abcdef [65534,3) lost 1' +
      ' statistics 0x89abcdef [65534,3) duplicate 4294967295 ttl 8/10/255 deviation 11' +
      ' statistics 0x89abcdef [65534,3) jitter 4/6/2147483648 deviation 7',
  },
  {
    name: 'blocks of another type, or with another length than their type has',
    blocks: [
      { kind: 'other', type: 7, specific: 0xab, octets: fromHex('00000001') },
      { kind: 'other', type: 1, specific: 0, octets: fromHex('00000001') },
      { kind: 'other', type: 4, specific: 0, octets: fromHex('00000001 00000002 00000003') },
      { kind: 'other', type: 5, specific: 0, octets: fromHex('00000001') },
      { kind: 'other', type: 6, specific: 0, octets: new Uint8Array() },
    ],
    hex: `80 cf 000c 0a0b0c0d
          07 ab 0001 00000001
          01 00 0001 00000001
          04 00 0003 00000001 00000002 00000003
          05 00 0001 00000001
          06 00 0000`,
    text: ' block-7 octets 4 block-1 octets 4 block-4 octets 12 block-5 octets 4 block-6 octets 0',
  },
];

describe('RTCP XR', () => {
  for (const { name, blocks, reserved, hex, text } of VECTORS) {
    const octets = fromHex(RR_HEX + hex);
    const report: RtcpExtendedReport = { kind: 'xr', ssrc: 0x0a0b_0c0d, reserved: reserved ?? 0, blocks };
    const compound: RtcpCompound = { packets: [EMPTY_RR, report], padding: new Uint8Array() };

    it(`reads ${name}`, () => {
      const out = rtcpCodec.create();
      expect(rtcpCodec.parse(octets, 0, octets.length, out)).toBe(WireStatus.Ok);
      expect(out).toEqual(compound);
    });

    it(`writes ${name}, and nothing of what stood there remains`, () => {
      const bytes = new Uint8Array(300).fill(0xa5);
      const length = rtcpCodec.write(bytes, 3, compound);
      expect(length).toBe(rtcpCodec.octets(compound));
      expect(toHex(bytes.subarray(3, 3 + length))).toBe(toHex(octets));
      expect([...bytes.subarray(0, 3), ...bytes.subarray(3 + length)].every((octet) => octet === 0xa5)).toBe(true);
    });

    it(`describes ${name}`, () => {
      expect(rtcpCodec.describe(compound)).toBe(`rtcp rr ssrc 0x01020304 + xr ssrc 0x0a0b0c0d${text}`);
    });
  }

  it.each([
    ['without an SSRC', '80 cf 0000'],
    ['with a block longer than itself', '80 cf 0002 0a0b0c0d 04 00 0001'],
  ])('tells the fault of one %s', (_what, hex) => {
    const octets = fromHex(RR_HEX + hex);
    const out = rtcpCodec.create();
    expect(rtcpCodec.parse(octets, 0, octets.length, out)).toBe(WireStatus.Ok);
    expect(rtcpFault(out)).toBe(WireStatus.BadLength);
  });
});

const trace = (bits: string): Uint8Array => Uint8Array.from(bits, Number);
const hexOf = (chunks: readonly number[]): string => chunks.map((c) => c.toString(16).padStart(4, '0')).join(' ');

describe('Loss RLE', () => {
  it.each([
    ['nothing', '', ''],
    ['one that came', '1', '4001 0000'],
    ['15 and more alike', '0'.repeat(15) + '1'.repeat(20), '000f 4014'],
    ['a mixture', '1010101010101010', 'd555 0001'],
    ['a run of 14, then others', '1'.repeat(14) + '01', 'fffe 4001'],
    ['a vector that goes beyond the end', '1'.repeat(4) + '00', 'f800 0000'],
    ['the longest run and one more', '1'.repeat(16_384), '7fff 4001'],
  ])('chunks of %s', (_what, bits, chunks) => {
    const encoded = encodeLossRle(trace(bits));
    expect(hexOf(encoded)).toBe(chunks);
    const decoded = new Uint8Array(bits.length).fill(9);
    expect(decodeLossRle(encoded, decoded)).toBe(bits.length);
    expect(decoded).toEqual(trace(bits));
  });

  it.each([
    ['too few', [0x4002], 2, '11999'],
    ['a null chunk before the end', [0x0001, 0, 0x4004], 1, '09999'],
    ['a run of nothing', [0x4000, 0x4004], 0, '99999'],
    ['more than there is room for', [0x4003, 0x3fff, 0xffff], 5, '11100'],
    ['a vector beyond the end', [0xffff], 5, '11111'],
  ])('decoded from %s', (_what, chunks, told, bits) => {
    const out = new Uint8Array(5).fill(9);
    expect(decodeLossRle(chunks, out)).toBe(told);
    expect([...out].join('')).toBe(bits);
  });

  it('is lossless', () => {
    const runs = fc.array(fc.tuple(fc.nat(1), fc.oneof(fc.nat(20), fc.nat(40_000))), { maxLength: 20 });
    fc.assert(
      fc.property(runs, (lengths) => {
        const whole = Uint8Array.from(lengths.flatMap(([bit, length]) => Array<number>(length).fill(bit)));
        const chunks = encodeLossRle(whole);
        expect(chunks.length % 2).toBe(0);
        const out = new Uint8Array(whole.length).fill(9);
        expect(decodeLossRle(chunks, out)).toBe(whole.length);
        expect(Buffer.compare(out, whole)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    [0, 0, 0, 0],
    [10, 20, 0, 10],
    [0xfff0, 0x0010, 0, 32],
    [0xfff1, 0x0011, 4, 2],
    [0xffff, 0x0001, 15, 1],
    [1, 0, 15, 1],
    [0, 0xffff, 15, 2],
  ])('of [%i, %i) thinned by 2^%i reports %i numbers', (begin, end, thinning, count) => {
    expect(rleSequences(begin, end, thinning)).toBe(count);
    let slow = 0;
    for (let sequence = begin; sequence !== end; sequence = (sequence + 1) % 65_536) {
      if (sequence % 2 ** thinning === 0) slow++;
    }
    expect(slow).toBe(count);
  });
});
