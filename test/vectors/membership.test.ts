import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { checkIgmp, readIgmp } from '../../src/wire/igmp.js';
import { checkMld, readMld } from '../../src/wire/mld.js';
import type { MembershipMessage } from '../../src/wire/membershipMessage.js';
import { WireStatus } from '../../src/wire/status.js';
import { surrounded } from '../fuzz/guard.js';
import { fromHex } from './hex.js';

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly message: MembershipMessage;
}

/** Written by hand by RFC 1112 appendix I, RFC 2236 section 2 and RFC 3376 section 4, with their checksums. */
const IGMP: readonly Vector[] = [
  {
    name: 'a query of version 1: no response code',
    hex: '11 00 eeff 00000000',
    message: { kind: 'query', version: 1, group: null, intervalSeconds: null },
  },
  {
    name: 'a query of version 2 for one group',
    hex: `11 64     # within 10 s
          fd96
          ef010203  # 239.1.2.3`,
    message: { kind: 'query', version: 2, group: '239.1.2.3', intervalSeconds: null },
  },
  {
    name: 'a general query of version 3',
    hex: `11 64
          ec1e
          00000000
          02 7d     # robustness 2, every 125 s
          0000      # no sources`,
    message: { kind: 'query', version: 3, group: null, intervalSeconds: 125 },
  },
  {
    name: 'a query of version 3 for a group, as a Linux bridge asks it',
    hex: '110aaf71efff4d07027d0000',
    message: { kind: 'query', version: 3, group: '239.255.77.7', intervalSeconds: 125 },
  },
  {
    name: 'a query interval in mantissa and exponent: (0x10 | 0xf) << (7 + 3)',
    hex: '11 64 eb9c 00000000 02 ff 0000',
    message: { kind: 'query', version: 3, group: null, intervalSeconds: 31_744 },
  },
  {
    name: 'a report of version 1',
    hex: '1200fefdef000001',
    message: { kind: 'report', version: 1, groups: ['239.0.0.1'] },
  },
  {
    name: 'a report of version 2',
    hex: '1600fafdef000001',
    message: { kind: 'report', version: 2, groups: ['239.0.0.1'] },
  },
  { name: 'a leave', hex: '1700f9fdef000001', message: { kind: 'leave', group: '239.0.0.1' } },
  {
    name: 'a report of version 3: joined, left, from one source, sources blocked',
    hex: `22 00 0bec 0000 0004
          04 00 0000 ef000001           # change to exclude nothing: joined
          03 00 0000 ef000002           # change to include nothing: left
          01 00 0001 e8010101 0a000001  # is include 10.0.0.1
          06 00 0001 e8010102 0a000001  # block 10.0.0.1`,
    message: { kind: 'report', version: 3, groups: ['239.0.0.1', '232.1.1.1'] },
  },
];

const GROUP = 'ff3e0000000000000000000080000001';
/** RFC 2710 section 3 and RFC 3810 section 5; the checksum is whoever's who delivered them. */
const MLD: readonly Vector[] = [
  {
    name: 'a general query of version 1',
    hex: `82 00 0000 2710 0000 ${'00'.repeat(16)}`,
    message: { kind: 'query', version: 1, group: null, intervalSeconds: null },
  },
  {
    name: 'a query of version 2 for a group',
    hex: `82 00 0000 03e8 0000 ${GROUP} 02 7d 0000`,
    message: { kind: 'query', version: 2, group: 'ff3e::8000:1', intervalSeconds: 125 },
  },
  {
    name: 'a report of version 1',
    hex: `83 00 0000 0000 0000 ${GROUP}`,
    message: { kind: 'report', version: 1, groups: ['ff3e::8000:1'] },
  },
  { name: 'a done', hex: `84 00 0000 0000 0000 ${GROUP}`, message: { kind: 'leave', group: 'ff3e::8000:1' } },
  {
    name: 'a report of version 2: auxiliary data of 4 octets and a source lie between its records',
    hex: `8f 00 0000 0000 0002
          05 01 0001 ${GROUP} fd000000000000000000000000000001 aaaaaaaa
          02 00 0000 ff150000000000000000000080000002`,
    message: { kind: 'report', version: 2, groups: ['ff3e::8000:1', 'ff15::8000:2'] },
  },
];

describe.each([
  ['IGMP', IGMP, checkIgmp, readIgmp],
  ['MLD', MLD, checkMld, readMld],
] as const)('%s', (_name, vectors, check, read) => {
  it.each(vectors)('$name', ({ hex, message }) => {
    const octets = fromHex(hex);
    expect(check(octets, 0, octets.length)).toBe(WireStatus.Ok);
    expect(read(surrounded(octets, 0xa5), 16, octets.length)).toEqual(message);
  });

  it('whatever comes never throws, and what stands around it does not matter', () => {
    const random = new Random(7);
    const valid = vectors.map(({ hex }) => fromHex(hex));
    for (let i = 0; i < 5000; i++) {
      const octets = Uint8Array.from(valid[i % valid.length]!);
      for (let changes = random.below(4); changes > 0; changes--) octets[random.below(octets.length)] = random.uint32();
      const length = 8 + random.below(octets.length - 7);
      const read1 = [0x00, 0xff].map((poison) => {
        const cut = surrounded(octets.subarray(0, length), poison);
        return check(cut, 16, length) === WireStatus.TooShort ? null : read(cut, 16, length);
      });
      expect(read1[0]).toEqual(read1[1]);
    }
  });
});

describe('what is refused', () => {
  it('IGMP that is short, or whose checksum is wrong, and messages of others', () => {
    expect(checkIgmp(fromHex('110000'), 0, 3)).toBe(WireStatus.TooShort);
    expect(checkIgmp(fromHex('1700f8fcef000001'), 0, 8)).toBe(WireStatus.BadChecksum);
    expect(readIgmp(fromHex('1300f8fcef000001'), 0, 8)).toBeNull();
    // Between the lengths of versions 2 and 3.
    expect(readIgmp(fromHex('1164ec1e0000000000'), 0, 9)).toBeNull();
  });

  it('MLD that is short, and other ICMPv6', () => {
    expect(checkMld(fromHex('82'), 0, 0)).toBe(WireStatus.TooShort);
    expect(checkMld(fromHex(`8200000027100000${'00'.repeat(15)}`), 0, 23)).toBe(WireStatus.TooShort);
    expect(checkMld(fromHex('8f000000000000'), 0, 7)).toBe(WireStatus.TooShort);
    expect(checkMld(fromHex(`88${'00'.repeat(30)}`), 0, 31)).toBe(WireStatus.UnknownType);
  });

  it('a report tells of 64 groups at most, however many it claims', () => {
    const record = '04000000ef000001';
    const octets = fromHex(`22000000 0000ffff ${record.repeat(100)}`);
    const message = readIgmp(octets, 0, octets.length);
    expect(message?.kind === 'report' && message.groups.length).toBe(64);
  });
});
