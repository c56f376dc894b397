import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { checkSap, sapCodec, sapHeaderOctets, sapPacket, type SapHeader } from '../../src/wire/sap.js';
import { WireStatus } from '../../src/wire/status.js';
import { guarded, surrounded } from '../fuzz/guard.js';
import { fromHex, toHex } from './hex.js';

const PLAIN: SapHeader = {
  isDeletion: false,
  isEncrypted: false,
  isCompressed: false,
  isReservedSet: false,
  messageIdHash: 0x1234,
  originatingSource: fromHex('0a000001'),
  authentication: new Uint8Array(),
  payloadType: null,
  payloadOctets: 0,
};
const TYPE = '6170706c69636174696f6e2f736470 00 # "application/sdp", ended by 0';
const IPV6 = '20010db8 00000000 00000000 00000001';

/** Packets by RFC 2974 section 6, written by hand. */
const VECTORS: readonly { readonly name: string; readonly header: SapHeader; readonly hex: string }[] = [
  {
    name: 'an announcement without a payload type',
    header: { ...PLAIN, payloadOctets: 5 },
    hex: `20        # version 1, IPv4, announcement, in clear
          00        # no authentication
          1234      # message id hash
          0a000001  # originating source
          763d300d0a # payload "v=0"`,
  },
  {
    name: 'an announcement with its payload type',
    header: { ...PLAIN, payloadType: 'application/sdp', payloadOctets: 3 },
    hex: `20 00 1234 0a000001
          ${TYPE}
          763d30    # payload`,
  },
  {
    name: 'a deletion over IPv6, authenticated',
    header: {
      ...PLAIN,
      isDeletion: true,
      messageIdHash: 0xffff,
      originatingSource: fromHex(IPV6),
      authentication: fromHex('2000aabb ccddeeff'),
      payloadOctets: 4,
    },
    hex: `34        # version 1, IPv6, deletion
          02        # two words of authentication
          ffff
          ${IPV6}   # originating source
          2000aabb ccddeeff
          6f3d2d0a  # payload "o=-"`,
  },
  {
    name: 'an encrypted and compressed one, the reserved bit set',
    header: { ...PLAIN, isEncrypted: true, isCompressed: true, isReservedSet: true, payloadOctets: 2 },
    hex: `2b        # version 1, R, E, C
          00 1234 0a000001
          789c      # payload`,
  },
];

describe('SAP', () => {
  for (const { name, header, hex } of VECTORS) {
    const octets = fromHex(hex);

    it(`reads ${name}`, () => {
      const bytes = surrounded(octets, 0xa5);
      const out = sapCodec.create();
      expect(sapCodec.parse(bytes, 16, octets.length, out)).toBe(WireStatus.Ok);
      expect(out).toEqual(header);
      expect(sapHeaderOctets(bytes, 16, octets.length)).toBe(octets.length - header.payloadOctets);
    });

    it(`writes ${name}, and nothing of what stood there remains`, () => {
      const bytes = new Uint8Array(100).fill(0xa5);
      const length = sapCodec.write(bytes, 7, header);
      expect(length).toBe(sapCodec.octets(header));
      expect(toHex(bytes.subarray(7, 7 + length))).toBe(toHex(octets.subarray(0, length)));
      expect(bytes.subarray(7 + length).every((octet) => octet === 0xa5)).toBe(true);
      expect(toHex(sapPacket(header, octets.subarray(length)))).toBe(toHex(octets));
    });
  }

  it.each([
    ['nothing', '', WireStatus.TooShort],
    ['of version 0, alone', '00', WireStatus.BadVersion],
    ['of version 2', '40 00 1234 0a000001 763d30', WireStatus.BadVersion],
    ['cut off in its source', '20 00 1234 0a0000', WireStatus.TooShort],
    ['cut off in its IPv6 source', `30 00 1234 ${IPV6.slice(0, 33)}`, WireStatus.BadLength],
    ['with authentication that is longer than itself', '20 01 1234 0a000001 763d30', WireStatus.BadLength],
    ['without a payload', '20 00 1234 0a000001', WireStatus.TooShort],
    ['without a payload behind its authentication', '20 01 1234 0a000001 00000000', WireStatus.TooShort],
    ['without a payload behind its type', `20 00 1234 0a000001 ${TYPE}`, WireStatus.TooShort],
    ['with a type that does not end', '20 00 1234 0a000001 612f62', WireStatus.UnknownType],
    ['with a type without a slash', '20 00 1234 0a000001 6162 00 763d30', WireStatus.UnknownType],
    ['with a type that is no text', '20 00 1234 0a000001 612f1f 00 763d30', WireStatus.UnknownType],
    ['with a type beyond ASCII', '20 00 1234 0a000001 612f7f 00 763d30', WireStatus.UnknownType],
    ['with a type that is too long', `20 00 1234 0a000001 2f${'61'.repeat(127)} 00 763d30`, WireStatus.UnknownType],
    ['with the longest type', `20 00 1234 0a000001 2f${'61'.repeat(126)} 00 763d30`, WireStatus.Ok],
    ['that begins as a type of one letter would', '20 00 1234 0a000001 763d', WireStatus.Ok],
    ['of a single octet', '20 00 1234 0a000001 76', WireStatus.UnknownType],
  ])('judges a packet %s', (_what, hex, status) => {
    const octets = fromHex(hex);
    expect(checkSap(octets, 0, octets.length)).toBe(status);
    expect(sapCodec.parse(octets, 0, octets.length, sapCodec.create())).toBe(status);
  });

  it('describes itself in a line', () => {
    expect(VECTORS.map(({ header }) => sapCodec.describe(header))).toEqual([
      'sap announcement source 10.0.0.1 hash 0x1234 payload 5',
      'sap announcement source 10.0.0.1 hash 0x1234 payload-type application/sdp payload 3',
      'sap deletion source 2001:db8::1 hash 0xffff authentication 8 payload 4',
      'sap announcement source 10.0.0.1 hash 0x1234 encrypted compressed payload 2',
    ]);
  });

  it('takes whatever comes as a status, reads nothing outside of it, and writes it back as it was', () => {
    const random = new Random(7);
    const statuses: readonly number[] = Object.values(WireStatus);
    let parsed = 0;
    for (let i = 0; i < 3000; i++) {
      const octets = Uint8Array.from({ length: i % 3 === 0 ? random.below(80) : 1 + random.below(60) }, () =>
        random.uint32(),
      );
      const valid = fromHex(VECTORS[i % VECTORS.length]!.hex);
      if (i % 3 > 0) octets.set(valid.subarray(0, octets.length));
      if (i % 3 === 2) octets[random.below(octets.length)] = random.uint32();
      const status = checkSap(guarded(surrounded(octets, 0x2f), 16, octets.length), 16, octets.length);
      expect(statuses).toContain(status);
      const header = sapCodec.create();
      expect(sapCodec.parse(surrounded(octets, 0), 16, octets.length, header)).toBe(status);
      if (status !== WireStatus.Ok) continue;
      parsed++;
      const written = new Uint8Array(sapCodec.octets(header)).fill(0xa5);
      expect(sapCodec.write(written, 0, header)).toBe(written.length);
      expect(toHex(written)).toBe(toHex(octets.subarray(0, written.length)));
      expect(written.length + header.payloadOctets).toBe(octets.length);
      expect(sapCodec.describe(header)).toMatch(/^sap [ -~]+$/);
    }
    expect(parsed).toBeGreaterThan(500);
  });
});
