import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/core/address.js';
import { isGlobalSapGroup, sapGroupFor, sapGroups, sapIpv6Group } from '../../src/wire/sapGroups.js';

const isGlobal = (group: string): boolean => isGlobalSapGroup(parseAddress(group)!);

describe('where a session is announced (RFC 2974 section 3)', () => {
  it.each([
    ['224.2.128.1', '224.2.127.254'],
    ['232.1.1.1', '224.2.127.254'],
    ['224.0.1.0', '224.2.127.254'],
    ['224.0.0.5', '224.0.0.255'],
    ['239.255.1.1', '239.255.255.255'],
    ['239.192.0.0', '239.195.255.255'],
    ['239.195.255.254', '239.195.255.255'],
    ['239.191.255.255', '239.255.255.255'],
    ['239.196.0.0', '239.255.255.255'],
    ['239.1.1.1', '239.255.255.255'],
    ['ff15::1', 'ff05::2:7ffe'],
    ['ff3e::8000:1', 'ff0e::2:7ffe'],
    ['ff02::1', 'ff02::2:7ffe'],
    ['10.0.0.1', null],
    ['2001:db8::1', null],
    ['news', null],
  ])('%s', (group, expected) => {
    expect(sapGroupFor(group)).toBe(expected);
  });

  it('a listener joins the group of every scope', () => {
    expect(sapGroups(4)).toEqual(['224.2.127.254', '239.255.255.255', '239.195.255.255', '224.0.0.255']);
    expect(sapGroups(6)).toEqual(['ff02::2:7ffe', 'ff04::2:7ffe', 'ff05::2:7ffe', 'ff08::2:7ffe', 'ff0e::2:7ffe']);
    expect(sapIpv6Group(0xf)).toBe('ff0f::2:7ffe');
  });

  it('only the global scope leaves the organization', () => {
    expect([...sapGroups(4), ...sapGroups(6)].filter(isGlobal)).toEqual(['224.2.127.254', 'ff0e::2:7ffe']);
  });
});
