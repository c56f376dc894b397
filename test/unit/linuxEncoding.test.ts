import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSystemOffset } from '../../src/io/linux/hardwareTime.js';
import { groupRequest, groupSourceRequest, parseSourceFilter, sourceFilterRequest } from '../../src/io/linux/join.js';
import { parseIgmp, parseIgmp6, parseSourceFilters } from '../../src/io/linux/membership.js';
import {
  addressOctets,
  addressText,
  isMulticast,
  needsZone,
  sockaddr,
  sockaddrAddress,
  sockaddrPort,
} from '../../src/io/linux/sockaddr.js';
import { LITTLE_ENDIAN } from '../../src/io/linux/sockopt.js';
import { errnoText, systemError } from '../../src/io/linux/systemError.js';

const text = (hex: string): string => addressText(Buffer.from(hex, 'hex'), 0, 6);
const zone = (address: string): boolean => needsZone(addressOctets(address)!);

/** Three system readings around two of the hardware, as PTP_SYS_OFFSET lays them out. */
function reading(times: readonly (readonly [seconds: bigint, ns: number])[]): Uint8Array {
  const octets = new Uint8Array(16 + 51 * 16);
  const view = new DataView(octets.buffer);
  view.setUint32(0, (times.length - 1) / 2, LITTLE_ENDIAN);
  for (const [index, [seconds, ns]] of times.entries()) {
    view.setBigInt64(16 + index * 16, seconds, LITTLE_ENDIAN);
    view.setUint32(16 + index * 16 + 8, ns, LITTLE_ENDIAN);
  }
  return octets;
}

describe('addresses', () => {
  it.each([
    ['0.0.0.0', '00000000'],
    ['239.1.2.255', 'ef0102ff'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['ff3e::8000:1', 'ff3e0000000000000000000080000001'],
    ['fd00:0:0:1::', 'fd000000000000010000000000000000'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:10.1.2.3', '00000000000000000000ffff0a010203'],
  ])('%s has its octets', (text, hex) => {
    expect(Buffer.from(addressOctets(text)!).toString('hex')).toBe(hex);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4.5',
    'x',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '12345::',
    'fe80::1%lo',
  ])('refuses %j', (text) => {
    expect(addressOctets(text)).toBeNull();
  });

  it('writes IPv6 in the canonical form of RFC 5952', () => {
    // Section 4.2.2: a single 16-bit 0 is not shortened; 4.2.3: the longest run, the first of equals.
    expect(text('20010db8000000010001000100010001')).toBe('2001:db8:0:1:1:1:1:1');
    expect(text('20010000000000010000000000000001')).toBe('2001:0:0:1::1');
    expect(text('20010db8000000000001000000000001')).toBe('2001:db8::1:0:0:1');
    expect(text('00000000000000000000000000000000')).toBe('::');
    expect(text('00000000000000000000ffffc0000201')).toBe('192.0.2.1');
  });

  it('round-trips', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
        // An IPv4-mapped address is written as IPv4.
        fc.pre(octets.subarray(0, 12).some((octet, index) => octet !== (index < 10 ? 0 : 0xff)));
        expect(addressOctets(addressText(octets, 0, 6))).toEqual(octets);
        expect(addressOctets(addressText(octets, 3, 4))).toEqual(octets.slice(3, 7));
      }),
    );
  });

  it('know which need a zone and which are groups', () => {
    expect(['ff02::1', 'ff12::7', 'ff01::1', 'ff31::1', 'fe80::1', 'febf::1'].map(zone)).toEqual(
      new Array(6).fill(true),
    );
    expect(['ff05::1', 'ff1e::1', 'fd00::1', 'fec0::1', '::1', '224.0.0.1'].map(zone)).toEqual(
      new Array(6).fill(false),
    );
    expect(['224.0.0.0', '239.255.255.255', 'ff00::'].map((text) => isMulticast(addressOctets(text)!))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['223.255.255.255', '240.0.0.0', 'fe80::'].map((text) => isMulticast(addressOctets(text)!))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('become what the kernel takes, with the zone where it has a meaning', () => {
    const local = sockaddr(addressOctets('ff02::1:2')!, 0x1234, 7);
    expect(local).toHaveLength(28);
    expect(sockaddrPort(local)).toBe(0x1234);
    expect(sockaddrAddress(local)).toBe('ff02::1:2');
    expect(new DataView(local.buffer).getUint32(24, LITTLE_ENDIAN)).toBe(7);
    const wide = sockaddr(addressOctets('ff1e::1:2')!, 1, 7);
    expect(new DataView(wide.buffer).getUint32(24, LITTLE_ENDIAN)).toBe(0);
    expect(sockaddrAddress(sockaddr(addressOctets('239.1.2.3')!, 1))).toBe('239.1.2.3');
  });
});

describe('membership requests', () => {
  const group = addressOctets('232.1.2.3')!;
  const source = addressOctets('10.0.0.9')!;

  it('name interface, group and source', () => {
    const join = groupRequest(group, 5);
    expect(new DataView(join.buffer).getUint32(0, LITTLE_ENDIAN)).toBe(5);
    expect(join).toHaveLength(8 + 128);
    expect(sockaddrAddress(join, 8)).toBe('232.1.2.3');
    const specific = groupSourceRequest(group, source, 5);
    expect(specific).toHaveLength(8 + 256);
    expect(sockaddrAddress(specific, 8)).toBe('232.1.2.3');
    expect(sockaddrAddress(specific, 8 + 128)).toBe('10.0.0.9');
  });

  it('read back what the kernel filled in, and no more than there was room for', () => {
    const filter = sourceFilterRequest(group, 5, 2);
    const view = new DataView(filter.buffer);
    view.setUint32(136, 1, LITTLE_ENDIAN);
    view.setUint32(140, 1, LITTLE_ENDIAN);
    filter.set(sockaddr(source, 0), 144);
    expect(parseSourceFilter(filter)).toEqual({ mode: 'include', sources: ['10.0.0.9'] });
    view.setUint32(136, 0, LITTLE_ENDIAN);
    view.setUint32(140, 9, LITTLE_ENDIAN);
    filter.set(sockaddr(addressOctets('10.0.0.10')!, 0), 144 + 128);
    expect(parseSourceFilter(filter)).toEqual({ mode: 'exclude', sources: ['10.0.0.9', '10.0.0.10'] });
  });
});

describe('/proc/net', () => {
  it('igmp: interfaces with their version, groups in host order', () => {
    const address = LITTLE_ENDIAN ? ['010000E0', '010101EF'] : ['E0000001', 'EF010101'];
    const text = [
      'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter',
      '1\tlo        :     1      V3',
      `\t\t\t\t${address[0]}     1 0:00000000\t\t0`,
      '2\teth0      :     2      V2',
      `\t\t\t\t${address[1]}     3 0:00000000\t\t1`,
      'something of another kernel',
      '',
    ].join('\n');
    expect(parseIgmp(text)).toEqual([
      { interfaceIndex: 1, interfaceName: 'lo', group: '224.0.0.1', users: 1, protocol: 'IGMPv3', asked: false },
      { interfaceIndex: 2, interfaceName: 'eth0', group: '239.1.1.1', users: 3, protocol: 'IGMPv2', asked: true },
    ]);
  });

  it('igmp6: index, device, group, users', () => {
    const text = '4    eth0            ff3e0000000000000000000080000001     2 0000000C 0\nshort line\n';
    expect(parseIgmp6(text)).toEqual([
      { interfaceIndex: 4, interfaceName: 'eth0', group: 'ff3e::8000:1', users: 2, protocol: null, asked: null },
    ]);
  });

  it('mcfilter and mcfilter6: sources with their counts', () => {
    const four = 'Idx Device        MCA        SRC    INC    EXC\n  2 e0 0xe8010101 0x0a010001      1      0\n';
    expect(parseSourceFilters(four, 4)).toEqual([
      { interfaceIndex: 2, interfaceName: 'e0', group: '232.1.1.1', source: '10.1.0.1', include: 1, exclude: 0 },
    ]);
    const six =
      'Idx Device                Multicast Address                   Source Address    INC    EXC\n' +
      '  2     e0 ff3e0000000000000000000080000001 fd010000000000000000000000000001      1      2\n';
    expect(parseSourceFilters(six, 6)).toEqual([
      { interfaceIndex: 2, interfaceName: 'e0', group: 'ff3e::8000:1', source: 'fd01::1', include: 1, exclude: 2 },
    ]);
  });

  it('of any content is read without an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 300 }), (text) => {
        parseIgmp(text);
        parseIgmp6(text);
        parseSourceFilters(text, 4);
        parseSourceFilters(text, 6);
      }),
    );
  });
});

describe('a hardware clock', () => {
  it('is compared by the narrowest of its readings, whole seconds apart', () => {
    const offset = parseSystemOffset(
      reading([
        [1_000n, 0],
        [1_037n, 9_000],
        [1_000n, 10_000],
        [1_037n, 10_700],
        [1_000n, 11_000],
      ]),
    );
    expect(offset).toEqual({ offsetNs: 200, wholeSeconds: 37, uncertaintyNs: 500 });
  });

  it('may lie behind', () => {
    const offset = parseSystemOffset(
      reading([
        [1_000n, 500],
        [999n, 999_999_000],
        [1_000n, 1_500],
      ]),
    );
    expect(offset).toEqual({ offsetNs: -2_000, wholeSeconds: 0, uncertaintyNs: 500 });
  });
});

describe('what the system refused', () => {
  it('says the call, the name of the errno, and has the code of its meaning', () => {
    expect(errnoText(-98)).toBe('EADDRINUSE (address already in use)');
    expect(errnoText(98)).toBe('EADDRINUSE (address already in use)');
    expect(errnoText(4000)).toBe('errno 4000');
    expect(systemError('cannot bind', -98).code).toBe('ERR_PORT_IN_USE');
    expect(systemError('cannot bind', -13).code).toBe('ERR_PERMISSION');
    expect(systemError('cannot join', -105, { 105: 'ERR_MEMBERSHIP' }).code).toBe('ERR_MEMBERSHIP');
    expect(systemError('cannot send', -105).code).toBe('ERR_SOCKET');
    expect(systemError('cannot bind', -98).message).toBe('cannot bind: EADDRINUSE (address already in use)');
  });
});
