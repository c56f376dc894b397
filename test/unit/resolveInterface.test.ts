import { describe, expect, it } from 'vitest';
import type { McastError } from '../../src/core/errors.js';
import type { NetworkInterface } from '../../src/io/interfaces.js';
import {
  namedInterface,
  resolveInterface,
  resolveInterfaces,
  routedInterface,
  sourceAddress,
  withoutZone,
} from '../../src/io/resolveInterface.js';
import { routeDevice } from '../../src/io/route.js';

function iface(name: string, index: number, addresses: string[], change: Partial<NetworkInterface> = {}) {
  return {
    index,
    name,
    addresses: addresses.map((address) => ({
      family: address.includes(':') ? (6 as const) : (4 as const),
      address,
      prefixBits: 24,
    })),
    up: true,
    carrier: true,
    multicast: true,
    loopback: false,
    mtuOctets: 1500,
    linkMbitPerSecond: null,
    ...change,
  };
}

const LO = iface('lo', 1, ['127.0.0.1', '::1'], { loopback: true, multicast: false });
const ETH0 = iface('eth0', 2, ['192.0.2.2', 'fe80::2', 'fd00::2']);
const ETH1 = iface('eth1', 3, ['10.0.0.2', 'fe80::3']);
const TUN0 = iface('tun0', 5, []);
const DOWN = iface('eth9', 9, [], { up: false });
const HOST = [LO, ETH0, ETH1, TUN0, DOWN];

function refusal(call: () => unknown): McastError {
  try {
    call();
  } catch (error) {
    return error as McastError;
  }
  throw new Error('nothing was thrown');
}

describe('namedInterface', () => {
  it.each([
    ['eth0', ETH0],
    ['3', ETH1],
    ['10.0.0.2', ETH1],
    ['fd00:0::2', ETH0],
    ['fe80::3%eth1', ETH1],
    ['fe80::3%3', ETH1],
    ['lo', LO],
  ])('finds %s', (text, expected) => {
    const chosen = namedInterface(text, HOST);
    expect(chosen.interface).toBe(expected);
    expect(chosen.reason).toMatch(/asked for/);
    expect(chosen.reason.includes('nothing leaves this host')).toBe(expected === LO);
  });

  it('takes a name before an index', () => {
    const odd = iface('2', 7, []);
    expect(namedInterface('2', [...HOST, odd]).interface).toBe(odd);
  });

  it('lists what there is when there is none such', () => {
    const error = refusal(() => namedInterface('eht0', HOST));
    expect(error.code).toBe('ERR_INTERFACE');
    expect(error.message).toContain('eth0 (192.0.2.2, fe80::2, fd00::2)');
    expect(error.message).toContain('eth9 (down)');
    expect(error.message).toContain('did you mean eth0');
    expect(refusal(() => namedInterface('99', HOST)).message).toContain('no interface 99');
    expect(refusal(() => namedInterface('10.9.9.9', HOST)).message).toContain('no interface has the address 10.9.9.9');
    expect(refusal(() => namedInterface('fe80::3%eth0', HOST)).code).toBe('ERR_INTERFACE');
  });

  it('refuses one that is down, and an address that two have', () => {
    const down = refusal(() => namedInterface('eth9', HOST));
    expect([down.code, down.message]).toEqual(['ERR_INTERFACE', 'interface eth9 is down']);
    expect(down.hint).toContain('ip link set eth9 up');
    const twice = refusal(() => namedInterface('fe80::2', [...HOST, iface('eth4', 4, ['fe80::2'])]));
    expect(twice.message).toContain('eth0 and eth4');
  });
});

describe('routedInterface', () => {
  const none = { source: null, zone: null };
  const TABLE = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
tun0	000000E0	00000000	0001	0	0	100	000000F0	0	0	0
eth1	000000E0	00000000	0001	0	0	200	000000F0	0	0	0
eth1	000000EF	00000000	0000	0	0	0	000000FF	0	0	0
*	000000E8	00000000	0200	0	0	0	000000FF	0	0	0
`;

  it('is the one that has the source address the kernel would take', () => {
    const chosen = routedInterface({ source: '10.0.0.2', zone: null }, 4, '239.1.1.1', HOST, '');
    expect(chosen).toEqual({ interface: ETH1, reason: 'the route to 239.1.1.1 leads there' });
    expect(routedInterface({ source: 'fe80::3', zone: 'eth1' }, 6, 'ff15::1', HOST, '').interface).toBe(ETH1);
  });

  it('is one without an address of its own when the routing table says so', () => {
    expect(routeDevice(TABLE, '239.1.1.1')).toBe('tun0');
    expect(routedInterface({ source: '192.0.2.2', zone: null }, 4, '239.1.1.1', HOST, TABLE).interface).toBe(TUN0);
    // The main table says tun0, but the kernel answered for a numbered one that is not it: a rule.
    const numbered = [LO, ETH0, ETH1, iface('tun0', 5, ['10.8.0.1'])];
    expect(routedInterface({ source: '10.0.0.2', zone: null }, 4, '239.1.1.1', numbered, TABLE).interface).toBe(ETH1);
  });

  it('decides by the table between two that share the address', () => {
    const twin = iface('eth4', 4, ['10.0.0.2']);
    const shared = TABLE.replaceAll('tun0', 'eth4');
    expect(routedInterface({ source: '10.0.0.2', zone: null }, 4, '239.1.1.1', [...HOST, twin], shared).interface).toBe(
      twin,
    );
  });

  it('says so when the route leads to loopback, or nothing else is up', () => {
    const looped = TABLE.replaceAll('tun0', 'lo');
    expect(routedInterface({ source: '10.0.0.2', zone: null }, 4, '239.1.1.1', HOST, looped).interface).toBe(LO);
    expect(routedInterface({ source: '127.0.0.1', zone: null }, 4, '239.1.1.1', HOST, '').reason).toContain(
      'nothing leaves this host',
    );
    const alone = routedInterface(none, 4, '239.1.1.1', [LO, DOWN], '');
    expect(alone).toEqual({ interface: LO, reason: 'no other interface is up; nothing leaves this host' });
    expect(refusal(() => routedInterface(none, 4, '239.1.1.1', [DOWN], '')).code).toBe('ERR_INTERFACE');
  });

  it('refuses when no route leads there, and says what to do', () => {
    const error = refusal(() => routedInterface(none, 4, '239.1.1.1', HOST, ''));
    expect(error.code).toBe('ERR_NO_ROUTE');
    expect(error.message).toContain('eth1 (10.0.0.2, fe80::3)');
    expect(error.message).not.toContain('lo (');
    expect(error.hint).toContain('ip route add 224.0.0.0/4 dev eth0');
    expect(refusal(() => routedInterface(none, 6, 'ff15::1', HOST, '')).hint).toContain('ff00::/8');
    expect(refusal(() => routedInterface({ source: '10.7.7.7', zone: null }, 4, '239.1.1.1', HOST, '')).code).toBe(
      'ERR_NO_ROUTE',
    );
  });
});

function line(name: string, destination: string, mask: string, metric: number, flags = '0001'): string {
  return `${name}\t${destination}\t00000000\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0`;
}

function table(...lines: readonly string[]): string {
  return ['Iface ...', ...lines].join('\n');
}

describe('routeDevice', () => {
  it('takes the longest prefix, then the lowest metric, and no route that is down or rejects', () => {
    expect(routeDevice(table(line('a0', '00000000', '00000000', 0)), '239.1.1.1')).toBe('a0');
    expect(
      routeDevice(table(line('a0', '000000E0', '000000F0', 0), line('b0', '000101EF', '00FFFFFF', 9)), '239.1.1.1'),
    ).toBe('b0');
    expect(
      routeDevice(table(line('a0', '000000E0', '000000F0', 5), line('b0', '000000E0', '000000F0', 4)), '239.1.1.1'),
    ).toBe('b0');
    expect(routeDevice(table(line('a0', '000000E0', '000000F0', 5, '0200')), '239.1.1.1')).toBeNull();
    expect(routeDevice(table(line('a0', '0000010A', '0000FFFF', 5)), '239.1.1.1')).toBeNull();
    expect(routeDevice('', '239.1.1.1')).toBeNull();
    expect(routeDevice(table(line('a0', '00000000', '00000000', 0)), 'ff15::1')).toBeNull();
  });
});

describe('resolveInterface', () => {
  it('asks the kernel of this host when none is named', async () => {
    // The loopback network has a route on every host.
    const chosen = await resolveInterface(null, 4, '127.0.0.1');
    expect(chosen.interface.loopback).toBe(true);
    expect(chosen.reason).toBe('the route to 127.0.0.1 leads there; nothing leaves this host');
  });

  it('takes the only one for a link-local group, and asks for a name between several', async () => {
    expect((await resolveInterface(null, 6, 'ff12::1', [LO, ETH0, DOWN])).interface).toBe(ETH0);
    expect((await resolveInterface(null, 6, 'ff12::1', [LO])).interface).toBe(LO);
    await expect(resolveInterface(null, 6, 'ff02::1:3', HOST)).rejects.toMatchObject({
      code: 'ERR_INTERFACE',
      message: expect.stringContaining('eth1 (10.0.0.2, fe80::3)'),
    });
    expect((await resolveInterface('eth1', 6, 'ff12::1', HOST)).interface).toBe(ETH1);
  });

  it('takes all that are up but loopback, for `all`', async () => {
    const chosen = await resolveInterfaces('all', 4, '239.1.1.1', HOST);
    expect(chosen.map((each) => each.interface)).toEqual([ETH0, ETH1, TUN0]);
    expect((await resolveInterfaces('all', 4, '239.1.1.1', [LO, DOWN]))[0]!.interface).toBe(LO);
    expect((await resolveInterfaces('eth0', 4, '239.1.1.1', HOST)).map((each) => each.interface)).toEqual([ETH0]);
    const named = iface('all', 8, []);
    expect((await resolveInterfaces('all', 4, '239.1.1.1', [...HOST, named]))[0]!.interface).toBe(named);
  });
});

describe('withoutZone', () => {
  it('takes the zone of the interface, by name or index, and refuses another', () => {
    expect(withoutZone('ff12::1%eth0', ETH0)).toBe('ff12::1');
    expect(withoutZone('ff12::1%2', ETH0)).toBe('ff12::1');
    expect(withoutZone('239.1.1.1', ETH0)).toBe('239.1.1.1');
    const error = refusal(() => withoutZone('fe80::1%eth1', ETH0));
    expect([error.code, error.message]).toEqual([
      'ERR_INTERFACE',
      'fe80::1%eth1 is of interface eth1, but eth0 is to be used',
    ]);
  });
});

describe('sourceAddress', () => {
  it("is what was asked for if the interface has it, else the interface's first", () => {
    expect(sourceAddress('192.0.2.2', 4, ETH0, HOST)).toBe('192.0.2.2');
    expect(sourceAddress('FD00::2', 6, ETH0, HOST)).toBe('fd00::2');
    expect(sourceAddress(null, 6, ETH0, HOST)).toBe('fd00::2');
    expect(sourceAddress(null, 6, ETH1, HOST)).toBe('fe80::3');
    expect(sourceAddress(null, 4, TUN0, HOST)).toBeNull();
  });

  it('refuses one of another host, with the list, and one of another interface, with its name', () => {
    const foreign = refusal(() => sourceAddress('203.0.113.1', 4, ETH0, HOST));
    expect(foreign.code).toBe('ERR_SOURCE_ADDRESS');
    expect(foreign.message).toContain('eth1 (10.0.0.2, fe80::3)');
    const other = refusal(() => sourceAddress('10.0.0.2', 4, ETH0, HOST));
    expect(other.message).toBe('10.0.0.2 is an address of eth1, but eth0 is to be used');
    expect(other.hint).toContain('--iface eth1');
  });
});
