import { describe, expect, it } from 'vitest';
import {
  addToAddress,
  explainAddress,
  formatAddress,
  isLinkLocalControl,
  isLoopback,
  isMulticast,
  isSsmRange,
  isUnspecified,
  multicastScope,
  needsZone,
  parseAddress,
} from '../../src/core/address.js';

const at = (text: string) => parseAddress(text)!;

describe('text of an address', () => {
  it.each([
    '0.0.0.0',
    '239.255.255.255',
    '::',
    '::1',
    '1::',
    'ff15::4:1',
    '2001:db8::1:0:0:1',
    '1:2:3:4:5:6:7:8',
    '::ffff:10.0.0.1',
  ])('%s stays as it is', (text) => {
    expect(formatAddress(at(text))).toBe(text);
  });

  // RFC 5952 section 4: lower case, no leading zeros, the first longest run, never one group alone.
  it.each([
    ['FF15:0:0:0:0:0:4:1', 'ff15::4:1'],
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['::10.0.0.1', '::a00:1'],
    ['::ffff:a00:1', '::ffff:10.0.0.1'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
  ])('%s becomes %s', (text, canonical) => expect(formatAddress(at(text))).toBe(canonical));

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.0x4',
    '1.2.3.',
    ' 1.2.3.4',
    '1e1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    ':1:2:3:4:5:6:7',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    'ff02::1%eth0',
    '[::1]',
  ])('"%s" is none', (text) => {
    expect(parseAddress(text)).toBe(null);
  });

  it.each([
    ['239.001.001.010', 'written with leading zeros, which some programs read as octal; probably 239.1.1.10'],
    ['0xef010101', 'hexadecimal, which programs read differently; probably 239.1.1.1'],
    ['0xef.1.1.1', 'partly hexadecimal, which programs read differently; probably 239.1.1.1'],
    ['0xef.1.1', 'partly hexadecimal, which programs read differently'],
    ['4009820417', 'one decimal number, which programs read differently; probably 239.1.1.1'],
    ['99999999999', 'not an IPv4 address'],
    ['239', 'an IPv4 address of one part; write all four'],
    ['239.1', 'an IPv4 address of 2 parts, which programs fill up differently; write all four'],
    ['239.1.1.1.1', '5 parts long; an IPv4 address has four'],
    ['239.1.1.256', 'not an IPv4 address: 256 is above 255'],
    ['239..1.1', 'an IPv4 address with an empty part'],
    ['ff15::1::2', 'not an IPv6 address'],
    ['news.example', null],
  ])('%s: %s', (text, why) => expect(explainAddress(text)).toBe(why));
});

describe('kinds of addresses', () => {
  it.each([
    ['223.255.255.255', false],
    ['224.0.0.0', true],
    ['239.255.255.255', true],
    ['240.0.0.0', false],
    ['feff::', false],
    ['ff00::', true],
  ])('%s multicast: %s', (text, multicast) => expect(isMulticast(at(text))).toBe(multicast));

  it.each([
    ['231.255.255.255', false],
    ['232.0.0.0', true],
    ['232.255.255.255', true],
    ['233.0.0.0', false],
    ['ff35::1', true],
    ['ff35:1::1', false],
    ['ff15::1', false],
  ])('%s source-specific range: %s', (text, ssm) => expect(isSsmRange(at(text))).toBe(ssm));

  it.each([
    ['224.0.0.255', true],
    ['224.0.1.0', false],
    ['ff02::1', true],
    ['ff12::1', false],
    ['ff05::2', false],
  ])('%s reserved to the link: %s', (text, reserved) => expect(isLinkLocalControl(at(text))).toBe(reserved));

  it.each([
    ['224.0.0.1', 'link'],
    ['224.0.1.1', 'global'],
    ['232.1.1.1', 'global'],
    ['239.192.0.1', 'organization'],
    ['239.195.255.255', 'organization'],
    ['239.196.0.0', 'admin'],
    ['239.255.0.1', 'site'],
    ['ff01::1', 'interface'],
    ['ff02::1', 'link'],
    ['ff14::1', 'admin'],
    ['ff15::1', 'site'],
    ['ff38::1', 'organization'],
    ['ff0e::1', 'global'],
    ['ff03::1', 'reserved'],
    ['10.0.0.1', null],
  ])('scope of %s: %s', (text, scope) => expect(multicastScope(at(text))).toBe(scope));

  it('knows loopback, unspecified and what needs a zone', () => {
    expect(['127.0.0.1', '127.1.2.3', '::1'].every((text) => isLoopback(at(text)))).toBe(true);
    expect(['128.0.0.1', '::2', '1::1', '::'].some((text) => isLoopback(at(text)))).toBe(false);
    expect(['0.0.0.0', '::'].every((text) => isUnspecified(at(text)))).toBe(true);
    expect(isUnspecified(at('0.0.0.1'))).toBe(false);
    expect(['ff02::1', 'ff01::1', 'ff12::1', 'fe80::1', 'febf::1'].every((text) => needsZone(at(text)))).toBe(true);
    expect(['ff05::1', 'fec0::1', '2001:db8::1', '169.254.1.1'].some((text) => needsZone(at(text)))).toBe(false);
  });
});

describe('the address n further on', () => {
  it.each([
    ['239.1.1.1', 0, '239.1.1.1'],
    ['239.1.1.255', 1, '239.1.2.0'],
    ['239.1.255.255', 1, '239.2.0.0'],
    ['231.255.255.255', 1, '232.0.0.0'],
    ['239.255.255.255', 1, null],
    ['224.0.0.0', 0x0fff_ffff, '239.255.255.255'],
    ['224.0.0.0', 0x1000_0000, null],
    ['223.255.255.255', 1, null],
    ['255.255.255.255', 1, null],
    ['ff15::ffff', 1, 'ff15::1:0'],
    ['ff15::ffff:ffff', 1, null],
    ['ff15::', 0xffff_ffff, 'ff15::ffff:ffff'],
  ])('%s + %d = %s', (text, by, expected) => {
    const before = at(text);
    const next = addToAddress(before, by);
    expect(next === null ? null : formatAddress(next)).toBe(expected);
    expect(formatAddress(before)).toBe(text);
  });
});
