import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  composeInterfaces,
  describeInterfaces,
  firstAddress,
  isSameNamespace,
  LinkFlag,
  listInterfaces,
  parseNamespaceLinks,
  type LinkFacts,
} from '../../src/io/interfaces.js';

const { Up, Loopback, Multicast } = LinkFlag;

function link(name: string, index: number, change: Partial<LinkFacts> = {}): LinkFacts {
  return { name, index, flags: Up | Multicast, carrier: true, mtuOctets: 1500, linkMbitPerSecond: 1000, ...change };
}

function info(family: 'IPv4' | 'IPv6', cidr: string, scopeid = 0): NetworkInterfaceInfo {
  const common = { address: cidr.split('/')[0]!, netmask: '', mac: '02:00:00:00:00:01', internal: false, cidr };
  return family === 'IPv4' ? { ...common, family } : { ...common, family, scopeid };
}

describe('composeInterfaces', () => {
  it('joins links and addresses, and sorts by index', () => {
    const all = composeInterfaces(
      [
        link('eth1', 3, { flags: Multicast, carrier: null, linkMbitPerSecond: null }),
        link('lo', 1, { flags: Up | Loopback }),
        link('eth0', 2),
      ],
      {
        eth0: [info('IPv4', '192.0.2.2/24'), info('IPv6', 'fe80::1/64', 2), info('IPv6', 'fd00::2/64')],
        lo: [info('IPv4', '127.0.0.1/8')],
      },
    );
    expect(all.map(({ name }) => name)).toEqual(['lo', 'eth0', 'eth1']);
    expect(all[0]).toMatchObject({ loopback: true, multicast: false, up: true });
    expect(all[1]).toEqual({
      index: 2,
      name: 'eth0',
      addresses: [
        { family: 4, address: '192.0.2.2', prefixBits: 24 },
        { family: 6, address: 'fe80::1', prefixBits: 64 },
        { family: 6, address: 'fd00::2', prefixBits: 64 },
      ],
      up: true,
      carrier: true,
      multicast: true,
      loopback: false,
      mtuOctets: 1500,
      linkMbitPerSecond: 1000,
    });
    expect(all[2]).toMatchObject({ up: false, addresses: [], linkMbitPerSecond: null });
    expect(firstAddress(all[1]!, 6)).toBe('fd00::2');
    expect(firstAddress(all[2]!, 4)).toBeNull();
    expect(describeInterfaces(all)).toBe('lo (127.0.0.1), eth0 (192.0.2.2, fe80::1, fd00::2), eth1 (down)');
  });

  it('gives the addresses of a label to its interface', () => {
    const all = composeInterfaces([link('eth0', 2)], {
      eth0: [info('IPv4', '192.0.2.2/24')],
      'eth0:7': [info('IPv4', '192.0.2.9/32')],
    });
    expect(all.map(({ addresses }) => addresses.map((own) => own.address))).toEqual([['192.0.2.2', '192.0.2.9']]);
  });

  it('makes do with addresses alone, where a system tells no more', () => {
    const all = composeInterfaces([], {
      en0: [info('IPv6', 'fe80::5/64', 7), info('IPv4', '192.0.2.3/24')],
      lo0: [{ ...info('IPv4', '127.0.0.1/8'), internal: true }],
    });
    expect(all[0]).toMatchObject({ name: 'lo0', index: 0, loopback: true, up: true, multicast: null, mtuOctets: null });
    expect(all[1]).toMatchObject({ name: 'en0', index: 7, loopback: false, up: true, carrier: null });
  });
});

const FILES = {
  dev: `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0
  eth0:343946851 8539 0 0 0 0 0 3 101318764 266718 0 0 0 0 0 0
 wlan0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
`,
  devMcast: '4    eth0            1     0     333300000001\n',
  ifInet6: `fd000000000000000000000000000002 04 40 00 82     eth0
00000000000000000000000000000001 01 80 10 80       lo
fe8000000000000000fc00fffe000001 1f 40 20 80    wlan0
`,
  igmp: `Idx	Device    : Count Querier	Group    Users Timer	Reporter
1	lo        :     1      V3
				010000E0     1 0:00000000		0
`,
};

describe('parseNamespaceLinks', () => {
  const namespace = parseNamespaceLinks(FILES);

  it('reads names and indexes, with and without a space behind the colon', () => {
    expect(namespace.names).toEqual(['lo', 'eth0', 'wlan0']);
    expect([...namespace.indexes].sort()).toEqual([
      ['eth0', 4],
      ['lo', 1],
      ['wlan0', 31],
    ]);
  });

  it('shows when /sys is of another namespace', () => {
    const same = [link('lo', 1), link('eth0', 4), link('wlan0', 31)];
    expect(isSameNamespace(same, namespace)).toBe(true);
    expect(isSameNamespace(same.slice(1), namespace)).toBe(false);
    expect(isSameNamespace([link('lo', 1), link('eth0', 5), link('wlan0', 31)], namespace)).toBe(false);
    expect(isSameNamespace([link('lo', 1), link('eth1', 4), link('wlan0', 31)], namespace)).toBe(false);
    expect(isSameNamespace([], parseNamespaceLinks({ dev: '', devMcast: '', ifInet6: '', igmp: '' }))).toBe(true);
  });
});

describe('listInterfaces', () => {
  it('knows the loopback interface of this host', () => {
    const loopback = listInterfaces().find((iface) => iface.loopback);
    expect(loopback).toBeDefined();
    expect(loopback!.up).toBe(true);
    expect(loopback!.addresses).toContainEqual({ family: 4, address: '127.0.0.1', prefixBits: 8 });
    if (process.platform === 'linux') expect(loopback).toMatchObject({ name: 'lo', index: 1 });
  });
});
