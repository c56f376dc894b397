import { describe, expect, it } from 'vitest';
import {
  checkRtp,
  rtpCodec,
  rtpExtensionElements,
  rtpHeaderOctets,
  rtpPaddingOctets,
  type RtpHeader,
} from '../../src/wire/rtp.js';
import { WireStatus } from '../../src/wire/status.js';
import { fromHex, toHex } from './hex.js';

const PLAIN: RtpHeader = {
  marker: false,
  payloadType: 33,
  sequence: 0x0102,
  timestamp: 0xfedc_ba98,
  ssrc: 0x89ab_cdef,
  csrcs: [],
  extension: null,
  payloadOctets: 0,
  paddingOctets: 0,
};

/** Headers by RFC 3550 section 5.1, written by hand; what stands behind them is payload. */
const VECTORS: readonly { readonly name: string; readonly header: RtpHeader; readonly hex: string }[] = [
  {
    name: 'the fixed header alone',
    header: PLAIN,
    hex: `80        # version 2, no padding, no extension, no contributing source
          21        # payload type 33 (MP2T)
          0102      # sequence
          fedcba98  # timestamp
          89abcdef  # SSRC`,
  },
  {
    name: 'marker, two contributing sources, payload',
    header: { ...PLAIN, marker: true, payloadType: 96, csrcs: [1, 0xffff_ffff], payloadOctets: 3 },
    hex: `82        # version 2, two contributing sources
          e0        # marker, payload type 96
          0102 fedcba98 89abcdef
          00000001  # contributing sources
          ffffffff
          aabbcc    # payload`,
  },
  {
    name: 'an extension of one-byte elements',
    header: {
      ...PLAIN,
      extension: { profile: 0xbede, octets: fromHex('37 0102030405060708 00 5001') },
      payloadOctets: 1,
    },
    hex: `90        # version 2, extension
          21 0102 fedcba98 89abcdef
          bede      # one-byte elements (RFC 8285 section 4.2)
          0003      # three words
          37        # id 3, eight octets
          0102030405060708
          00        # padding
          50        # id 5, one octet
          01
          aa        # payload`,
  },
  {
    name: 'padding, and an extension without octets',
    header: { ...PLAIN, extension: { profile: 0x1234, octets: new Uint8Array() }, payloadOctets: 2, paddingOctets: 3 },
    hex: `b0        # version 2, padding, extension
          21 0102 fedcba98 89abcdef
          1234 0000 # extension of a profile of its own
          aabb      # payload
          000003    # padding, which its last octet counts`,
  },
];

describe('RTP', () => {
  for (const { name, header, hex } of VECTORS) {
    const octets = fromHex(hex);

    it(`reads ${name}`, () => {
      const out = rtpCodec.create();
      expect(rtpCodec.parse(octets, 0, octets.length, out)).toBe(WireStatus.Ok);
      expect(out).toEqual(header);
      expect(rtpHeaderOctets(octets, 0)).toBe(octets.length - header.payloadOctets - header.paddingOctets);
      expect(rtpPaddingOctets(octets, 0, octets.length)).toBe(header.paddingOctets);
    });

    it(`writes ${name}, and nothing of what stood there remains`, () => {
      const bytes = new Uint8Array(100).fill(0xa5);
      const length = rtpCodec.write(bytes, 7, header);
      expect(length).toBe(rtpCodec.octets(header));
      expect(toHex(bytes.subarray(7, 7 + length))).toBe(toHex(octets.subarray(0, length)));
      expect(bytes.subarray(7 + length).every((octet) => octet === 0xa5)).toBe(true);
    });
  }

  it.each([
    ['shorter than its fixed header', '80 21 0102 fedcba98 89abcd', WireStatus.TooShort],
    ['of another version', '40 21 0102 fedcba98 89abcdef', WireStatus.BadVersion],
    ['shorter than its contributing sources', '82 21 0102 fedcba98 89abcdef 00000001', WireStatus.TooShort],
    ['without room for the extension', '90 21 0102 fedcba98 89abcdef be', WireStatus.TooShort],
    ['with an extension that is longer than itself', '90 21 0102 fedcba98 89abcdef bede 0001', WireStatus.BadLength],
    ['padded without padding', 'a0 21 0102 fedcba98 89abcdef 00', WireStatus.BadPadding],
    ['padded by more than its payload', 'a0 21 0102 fedcba98 89abcdef 02', WireStatus.BadPadding],
    ['padded with nothing behind the header', 'a0 21 0102 fedcba98 89abcd02', WireStatus.BadPadding],
  ])('refuses a packet %s', (_what, hex, status) => {
    const octets = fromHex(hex);
    expect(checkRtp(octets, 0, octets.length)).toBe(status);
  });

  it('describes itself in a line', () => {
    const lines = VECTORS.map(({ header }) => rtpCodec.describe(header));
    expect(lines).toEqual([
      'rtp ssrc 0x89abcdef sequence 258 timestamp 4275878552 payload-type 33 (MP2T) payload 0',
      'rtp ssrc 0x89abcdef sequence 258 timestamp 4275878552 payload-type 96 marker csrcs 0x00000001,0xffffffff payload 3',
      'rtp ssrc 0x89abcdef sequence 258 timestamp 4275878552 payload-type 33 (MP2T) extensions 3:8,5:1 payload 1',
      'rtp ssrc 0x89abcdef sequence 258 timestamp 4275878552 payload-type 33 (MP2T) extension 0x1234 0 payload 2 padding 3',
    ]);
  });
});

const elements = (profile: number, hex: string): unknown =>
  rtpExtensionElements({ profile, octets: fromHex(hex) })?.map(({ id, octets }) => [id, toHex(octets)]) ?? null;

describe('elements of an RTP header extension (RFC 8285)', () => {
  it.each([
    [
      'one octet and sixteen',
      0xbede,
      '10 aa 2f 000102030405060708090a0b0c0d0e0f',
      [
        [1, 'aa'],
        [2, '000102030405060708090a0b0c0d0e0f'],
      ],
    ],
    ['padding before and behind', 0xbede, '0000 10 aa 0000', [[1, 'aa']]],
    ['nothing behind the stop id', 0xbede, '10 aa f0 20 bb', [[1, 'aa']]],
    ['none that does not fit', 0xbede, '10 aa 21 bb', [[1, 'aa']]],
    [
      'two-byte ones, empty ones too',
      0x1005,
      '07 00 00 ff 02 aabb',
      [
        [7, ''],
        [255, 'aabb'],
      ],
    ],
    ['no two-byte one without its length', 0x1000, '07', []],
    ['those of no other profile', 0x2000, '10 aa', null],
  ])('are %s', (_what, profile, hex, expected) => {
    expect(elements(profile, hex)).toEqual(expected);
  });
});
