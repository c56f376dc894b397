import { describe, expect, it } from 'vitest';
import { checkRtcp, rtcpCodec, rtcpFault } from '../../src/wire/rtcp.js';
import type { RtcpCompound, RtcpPacket } from '../../src/wire/rtcp.js';
import { receiverReports } from '../../src/wire/rtcpReports.js';
import type { RtcpReportBlock, RtcpReceiverReport } from '../../src/wire/rtcpReports.js';
import { SdesType, sdesItem, sdesOctets } from '../../src/wire/rtcpSdes.js';
import { WireStatus } from '../../src/wire/status.js';
import { fromHex, toHex } from './hex.js';

const NONE = new Uint8Array();
const text = (characters: string): Uint8Array => new TextEncoder().encode(characters);

const BLOCK: RtcpReportBlock = {
  ssrc: 0x89ab_cdef,
  fractionLost: 0,
  cumulativeLost: 0,
  extendedHighestSequence: 0x0001_ffff,
  jitter: 0x0000_0123,
  lastSr: 0xb705_2000,
  delaySinceLastSr: 0x0005_4000,
};
const EMPTY_RR: RtcpReceiverReport = { kind: 'rr', ssrc: 0x0102_0304, blocks: [], extension: NONE };
/** The shortest packet that may come first, for those that may not. */
const RR_HEX = '80 c9 0001 01020304';

interface Vector {
  readonly name: string;
  readonly packets: readonly RtcpPacket[];
  readonly padding?: string;
  readonly hex: string;
  readonly line: string;
}

/** By RFC 3550 section 6, written by hand. */
const VECTORS: readonly Vector[] = [
  {
    name: 'a sender report without blocks',
    packets: [
      {
        kind: 'sr',
        ssrc: 0x0102_0304,
        ntp: 0xed00_3780_8000_0000n,
        rtpTimestamp: 0xfedc_ba98,
        packetCount: 0xffff_ffff,
        octetCount: 0x8000_0001,
        blocks: [],
        extension: NONE,
      },
    ],
    hex: `80 c8 0006          # version 2, no block, SR, 7 words
          01020304            # SSRC of the sender
          ed003780 80000000   # 2026-01-01T00:00:00.5Z
          fedcba98            # RTP timestamp
          ffffffff            # packets
          80000001            # octets`,
    line: 'rtcp sr ssrc 0x01020304 ntp 2026-01-01T00:00:00.500000000Z timestamp 4275878552 packets 4294967295 octets 2147483649',
  },
  {
    name: 'a receiver report of three blocks, whose cumulative losses are signed',
    packets: [
      {
        ...EMPTY_RR,
        blocks: [
          { ...BLOCK, fractionLost: 255, cumulativeLost: -1 },
          { ...BLOCK, cumulativeLost: 0x7f_ffff },
          { ...BLOCK, fractionLost: 128, cumulativeLost: -0x80_0000 },
        ],
        extension: fromHex('cafe0001'),
      },
    ],
    hex: `83 c9 0014 01020304 # version 2, three blocks, RR, 21 words
          89abcdef            # SSRC of the source
          ff ffffff           # fraction 255/256, cumulative -1
          0001ffff 00000123   # highest sequence: one cycle and 65535; jitter
          b7052000 00054000   # LSR, DLSR: 5.25 s
          89abcdef 00 7fffff 0001ffff 00000123 b7052000 00054000
          89abcdef 80 800000 0001ffff 00000123 b7052000 00054000
          cafe0001            # profile-specific extension`,
    line:
      'rtcp rr ssrc 0x01020304' +
      ' block 0x89abcdef fraction 255/256 lost -1 highest 131071 jitter 291 lsr 0xb7052000 dlsr 344064' +
      ' block 0x89abcdef fraction 0/256 lost 8388607 highest 131071 jitter 291 lsr 0xb7052000 dlsr 344064' +
      ' block 0x89abcdef fraction 128/256 lost -8388608 highest 131071 jitter 291 lsr 0xb7052000 dlsr 344064' +
      ' extension 4',
  },
  {
    name: 'source descriptions: filled words, a chunk without items',
    packets: [
      EMPTY_RR,
      {
        kind: 'sdes',
        chunks: [
          { ssrc: 1, items: [{ type: SdesType.Cname, octets: text('a@b.c') }] },
          { ssrc: 2, items: [] },
          {
            ssrc: 3,
            items: [
              { type: SdesType.Name, octets: text('é\u001b') },
              { type: SdesType.Tool, octets: NONE },
              { type: 200, octets: text('x') },
            ],
          },
        ],
      },
    ],
    hex: `${RR_HEX}
          83 ca 0009          # three chunks, SDES, 10 words
          00000001
          01 05 6140622e63    # CNAME of five octets
          00                  # end of the chunk
          00000002
          00000000            # end, and the rest of its word
          00000003
          02 03 c3a91b        # NAME
          06 00               # TOOL without text
          c8 01 78            # a type that is not known
          0000                # end`,
    line: 'rtcp rr ssrc 0x01020304 + sdes 0x00000001 cname "a@b.c" 0x00000002 0x00000003 name "é?" tool "" 200 "x"',
  },
  {
    name: 'a BYE of two sources with a reason',
    packets: [EMPTY_RR, { kind: 'bye', ssrcs: [5, 0xffff_ffff], reason: text('gone') }],
    hex: `${RR_HEX}
          82 cb 0004          # two sources, BYE, 5 words
          00000005 ffffffff
          04 676f6e65 000000  # four octets, null octets to the end of the word`,
    line: 'rtcp rr ssrc 0x01020304 + bye 0x00000005 0xffffffff reason "gone"',
  },
  {
    name: 'a BYE whose reason ends with its word, one of nobody without a reason, one with an empty one',
    packets: [
      EMPTY_RR,
      { kind: 'bye', ssrcs: [5], reason: text('end') },
      { kind: 'bye', ssrcs: [], reason: null },
      { kind: 'bye', ssrcs: [6], reason: NONE },
    ],
    hex: `${RR_HEX}
          81 cb 0002 00000005 03 656e64
          80 cb 0000
          81 cb 0002 00000006 00 000000`,
    line: 'rtcp rr ssrc 0x01020304 + bye 0x00000005 reason "end" + bye + bye 0x00000006 reason ""',
  },
  {
    name: 'an APP packet, one of an unknown type, and padding',
    packets: [
      EMPTY_RR,
      { kind: 'app', subtype: 31, ssrc: 7, name: 'tes\u00ff', data: fromHex('00112233') },
      { kind: 'other', fault: WireStatus.Ok, type: 205, count: 1, octets: fromHex('00000007') },
    ],
    padding: 'a1b2c3d4 00000008',
    hex: `${RR_HEX}
          9f cc 0003          # subtype 31, APP, 4 words
          00000007
          746573ff            # name
          00112233            # data
          a1 cd 0003          # version 2, padding, RTPFB (RFC 4585), 4 words
          00000007
          a1b2c3d4 00000008   # padding, which its last octet counts`,
    line: 'rtcp rr ssrc 0x01020304 + app ssrc 0x00000007 name "tes?" subtype 31 data 4 + type-205 octets 4 padding 8',
  },
];

function parsed(hex: string): RtcpCompound {
  const octets = fromHex(hex);
  const out = rtcpCodec.create();
  expect(rtcpCodec.parse(octets, 0, octets.length, out)).toBe(WireStatus.Ok);
  return out;
}

/** The line of a sender report with this NTP timestamp. */
function srLine(ntp: string): string {
  return rtcpCodec.describe(parsed(`80 c8 0006 00000001 ${ntp} 00000000 00000000 00000000`));
}

describe('RTCP', () => {
  for (const { name, packets, padding, hex, line } of VECTORS) {
    const octets = fromHex(hex);
    const compound: RtcpCompound = { packets, padding: fromHex(padding ?? '') };

    it(`reads ${name}`, () => {
      const slab = new Uint8Array(octets.length + 20).fill(0xa5);
      slab.set(octets, 7);
      const out = rtcpCodec.create();
      expect(rtcpCodec.parse(slab, 7, octets.length, out)).toBe(WireStatus.Ok);
      expect(out).toEqual(compound);
      expect(rtcpFault(out)).toBe(WireStatus.Ok);
    });

    it(`writes ${name}, and nothing of what stood there remains`, () => {
      const bytes = new Uint8Array(200).fill(0xa5);
      const length = rtcpCodec.write(bytes, 7, compound);
      expect(length).toBe(rtcpCodec.octets(compound));
      expect(toHex(bytes.subarray(7, 7 + length))).toBe(toHex(octets));
      expect([...bytes.subarray(0, 7), ...bytes.subarray(7 + length)].every((octet) => octet === 0xa5)).toBe(true);
    });

    it(`describes ${name}`, () => {
      expect(rtcpCodec.describe(compound)).toBe(line);
    });
  }

  it.each([
    ['nothing', '', WireStatus.TooShort],
    ['shorter than any report', '80 c9 0000 0102 03', WireStatus.TooShort],
    ['of another version', '40 c9 0001 01020304', WireStatus.BadVersion],
    ['of another version in the second packet', `${RR_HEX} 40 cb 0000`, WireStatus.BadVersion],
    ['that begins with no report', '80 cb 0000 80 c9 0001 01020304', WireStatus.UnknownType],
    ['that begins with a type next to the reports', '80 c7 0001 01020304', WireStatus.UnknownType],
    ['longer than its datagram', '80 c9 0002 01020304', WireStatus.BadLength],
    ['with octets left over', `${RR_HEX} 80 cb 00`, WireStatus.BadLength],
    ['with a second packet longer than its datagram', `${RR_HEX} 81 cb 0002 00000001`, WireStatus.BadLength],
    ['padded in its first packet', 'a0 c9 0002 01020304 00000004', WireStatus.BadPadding],
    ['padded before its last packet', `${RR_HEX} a0 cb 0001 00000004 80 cb 0000`, WireStatus.BadPadding],
    ['padded without a body', `${RR_HEX} a0 cb 0000`, WireStatus.BadPadding],
    ['padded by nothing', `${RR_HEX} a0 cb 0001 00000000`, WireStatus.BadPadding],
    ['padded by no whole word', `${RR_HEX} a0 cb 0001 00000003`, WireStatus.BadPadding],
    ['padded by more than its body', `${RR_HEX} a0 cb 0001 00000008`, WireStatus.BadPadding],
  ])('refuses a compound %s', (_what, hex, status) => {
    const octets = fromHex(hex);
    expect(checkRtcp(octets, 0, octets.length)).toBe(status);
    const out = rtcpCodec.create();
    expect(rtcpCodec.parse(octets, 0, octets.length, out)).toBe(status);
    expect(out).toEqual(rtcpCodec.create());
  });

  it('takes a body that is all padding', () => {
    expect(parsed(`${RR_HEX} a0 cb 0001 00000004`)).toEqual({
      packets: [EMPTY_RR, { kind: 'bye', ssrcs: [], reason: null }],
      padding: fromHex('00000004'),
    });
  });

  const nothing = '';
  it.each([
    ['an RR of more blocks than it has', '81 c9 0001 01020304', nothing, WireStatus.BadLength],
    [
      'an SR without all of its sender info',
      '80 c8 0005 01020304 00000000 00000000 00000000 00000000',
      nothing,
      WireStatus.BadLength,
    ],
    ['an RR without an SSRC', RR_HEX, '80 c9 0000', WireStatus.BadLength],
    ['an SDES of more chunks than it has', RR_HEX, '82 ca 0002 00000001 00000000', WireStatus.BadLength],
    ['an SDES with octets left over', RR_HEX, '81 ca 0003 00000001 00000000 00000000', WireStatus.BadLength],
    ['an SDES chunk that nothing ends', RR_HEX, '81 ca 0002 00000001 01 02 6162', WireStatus.BadLength],
    ['an SDES item longer than its packet', RR_HEX, '81 ca 0002 00000001 01 03 6162', WireStatus.BadLength],
    ['an SDES item without a length', RR_HEX, '81 ca 0002 00000001 01 01 61 01', WireStatus.BadLength],
    ['an SDES chunk filled with anything', RR_HEX, '81 ca 0002 00000001 00 00 00 01', WireStatus.BadPadding],
    ['a BYE of more sources than it has', RR_HEX, '82 cb 0001 00000001', WireStatus.BadLength],
    ['a BYE with a reason longer than its packet', RR_HEX, '81 cb 0002 00000001 04 616263', WireStatus.BadLength],
    ['a BYE with a word behind its reason', RR_HEX, '81 cb 0003 00000001 03 616263 00000000', WireStatus.BadLength],
    ['a BYE with a reason filled with anything', RR_HEX, '81 cb 0002 00000001 02 6162 01', WireStatus.BadPadding],
    ['an APP without a name', RR_HEX, '80 cc 0001 00000001', WireStatus.BadLength],
  ])('keeps %s as octets, and tells its fault', (_what, before, hex, fault) => {
    const broken = fromHex(hex === nothing ? before : hex);
    const octets = fromHex(before + hex + '80 cb 0000');
    const compound = parsed(toHex(octets));
    expect(compound.packets.at(-2)).toEqual({
      kind: 'other',
      fault,
      type: broken[1]!,
      count: broken[0]! & 0x1f,
      octets: broken.slice(4),
    });
    expect(compound.packets.at(-1)).toEqual({ kind: 'bye', ssrcs: [], reason: null });
    expect(rtcpFault(compound)).toBe(fault);
    expect(rtcpCodec.describe(compound)).toContain(`type-${broken[1]!} malformed octets ${broken.length - 4}`);
    const written = new Uint8Array(octets.length).fill(0xa5);
    rtcpCodec.write(written, 0, compound);
    expect(toHex(written)).toBe(toHex(octets));
  });

  it('says that a sender has no wallclock, and shows one of before 1970', () => {
    expect(srLine('0000000000000000')).toContain(' ntp none ');
    expect(srLine('8000000000000000')).toContain(' ntp 0x8000000000000000 ');
  });
});

describe('source descriptions', () => {
  it('are found by source and type', () => {
    const description = VECTORS[2]!.packets[1]!;
    if (description.kind !== 'sdes') throw new Error('not a source description');
    expect(sdesOctets(description, 1, SdesType.Cname)).toEqual(text('a@b.c'));
    expect(sdesOctets(description, 3, SdesType.Cname)).toBeNull();
    expect(sdesOctets(description, 4, SdesType.Cname)).toBeNull();
  });

  it('cut a text before the character that does not fit', () => {
    expect(sdesItem(SdesType.Tool, 'mcast')).toEqual({ type: 6, octets: text('mcast') });
    expect(sdesItem(SdesType.Note, 'x'.repeat(254) + 'é')).toEqual({ type: 7, octets: text('x'.repeat(254)) });
    expect(sdesItem(SdesType.Note, 'x'.repeat(300)).octets.length).toBe(255);
  });
});

describe('receiver reports', () => {
  it('hold 31 blocks each, and there is always one', () => {
    const counts = (blocks: number): number[] =>
      receiverReports(9, Array<RtcpReportBlock>(blocks).fill(BLOCK)).map((report) => report.blocks.length);
    expect(counts(0)).toEqual([0]);
    expect(counts(31)).toEqual([31]);
    expect(counts(63)).toEqual([31, 31, 1]);
    expect(receiverReports(9, [BLOCK])).toEqual([{ kind: 'rr', ssrc: 9, blocks: [BLOCK], extension: NONE }]);
  });
});
