/** What the doctor reads of a host, from texts and octets as Linux writes them. */
import { describe, expect, it } from 'vitest';
import type { NativeAddon } from '../../src/io/addon.js';
import { loadNative } from '../../src/io/addon.js';
import { judgeEnvironment, readEnvironmentSigns, type EnvironmentSigns } from '../../src/io/environment.js';
import { listInterfaces } from '../../src/io/interfaces.js';
import { readLinkShapes } from '../../src/io/linux/links.js';
import { MembershipListener } from '../../src/io/linux/membershipListener.js';
import { readMldCounters } from '../../src/io/linux/mldCounters.js';
import { askNetlink, attribute, attributes, takeMessages } from '../../src/io/linux/netlink.js';
import { lookUpRoute } from '../../src/io/linux/routeLookup.js';
import { sockaddr } from '../../src/io/linux/sockaddr.js';
import { parseStampAbilities, readStampAbilities } from '../../src/io/linux/stampAbilities.js';
import { readSysctl } from '../../src/io/linux/sysctl.js';
import { readFilterTexts } from '../../src/io/packetFilterText.js';
import { parseProcessorTime, readProcessorTime, stealShare } from '../../src/io/processors.js';
import { fromHex } from '../vectors/hex.js';
import { needs, needsThat } from '../require.js';

/** nlmsghdr and body, as the kernel of a little-endian machine writes them. */
function message(type: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array((16 + body.length + 3) & ~3);
  const view = new DataView(out.buffer);
  view.setUint32(0, 16 + body.length, true);
  view.setUint16(4, type, true);
  out.set(body, 16);
  return out;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

const DONE = message(3, u32(0));

/** An addon whose netlink sockets answer with these replies, one for each reading; then nothing is there. */
function answering(...replies: readonly Uint8Array[]): { addon: NativeAddon; asked: Uint8Array[]; open: () => number } {
  const asked: Uint8Array[] = [];
  let [next, open] = [0, 0];
  const addon = {
    socket: () => (open++, 7),
    close: () => (open--, 0),
    sendTo: (_fd: number, octets: Uint8Array) => (asked.push(octets.slice()), octets.length),
    receiveFrom: (_fd: number, octets: Uint8Array, address: Uint8Array) => {
      const reply = replies[next++];
      if (reply === undefined) return -11;
      octets.set(reply);
      address.set(sockaddr(Uint8Array.of(10, 0, 0, 9), 0).subarray(0, address.length));
      return reply.length;
    },
    setOption: () => 0,
  };
  return { addon: addon as unknown as NativeAddon, asked, open: () => open };
}

function nothing(): void {}

/** struct rtmsg. */
function head(type: number): Uint8Array {
  return Uint8Array.of(2, 32, 0, 0, 254, 0, 0, type, 0, 0, 0, 0);
}

function ask(reply: Uint8Array): unknown {
  return lookUpRoute(answering(reply).addon, 4, '239.1.1.1');
}

describe('netlink', () => {
  it('hands on the messages of all replies, and closes its socket', () => {
    const { addon, open } = answering(message(16, u32(1)), joined(message(16, u32(2)), DONE));
    const seen: number[] = [];
    expect(askNetlink(addon, 18, u32(0), true, (type, view, from) => seen.push(type, view.getUint32(from, true)))).toBe(
      0,
    );
    expect(seen).toEqual([16, 1, 16, 2]);
    expect(open()).toBe(0);
  });

  it('says what the kernel refused, and where an answer is cut', () => {
    const refused = new Uint8Array(16);
    new DataView(refused.buffer).setInt32(0, -101, true);
    expect(askNetlink(answering(message(2, refused)).addon, 26, u32(0), false, nothing)).toBe(-101);
    expect(askNetlink(answering().addon, 26, u32(0), false, nothing)).toBe(-11);
    expect(askNetlink(answering(message(16, u32(1))).addon, 18, u32(0), true, nothing)).toBe(-11);
    expect(takeMessages(new Uint8Array(20), 20, nothing)).toBe(-71);
    const long = message(16, u32(1));
    new DataView(long.buffer).setUint32(0, 4000, true);
    expect(takeMessages(long, long.length, nothing)).toBe(-71);
  });

  it('reads attributes as far as they are whole', () => {
    const octets = joined(attribute(3, text('eth0')), attribute(0x8012, u32(9)), fromHex('ff000400'));
    const found = attributes(new DataView(octets.buffer), 0, octets.length);
    expect([...found]).toEqual([
      [3, { at: 4, octets: 5 }],
      [0x12, { at: 16, octets: 4 }],
    ]);
  });
});

describe('a route', () => {
  it('has an interface, a source and perhaps a router', () => {
    const [device, source, gateway] = [
      attribute(4, u32(3)),
      attribute(7, Uint8Array.of(10, 0, 0, 2)),
      attribute(5, Uint8Array.of(10, 0, 0, 1)),
    ];
    expect(ask(message(24, joined(head(5), device, source)))).toEqual({
      interfaceIndex: 3,
      source: '10.0.0.2',
      gateway: null,
    });
    expect(ask(message(24, joined(head(1), device, gateway)))).toEqual({
      interfaceIndex: 3,
      source: null,
      gateway: '10.0.0.1',
    });
  });

  it('may lead nowhere, or not be told', () => {
    const refusal = (errno: number): Uint8Array => {
      const body = new Uint8Array(20);
      new DataView(body.buffer).setInt32(0, -errno, true);
      return message(2, body);
    };
    expect(ask(message(24, joined(head(7), attribute(4, u32(1)))))).toBe('none');
    expect(ask(refusal(101))).toBe('none');
    expect(ask(refusal(1))).toBeNull();
    expect(ask(message(24, head(1).subarray(0, 4)))).toBeNull();
    expect(ask(message(24, joined(head(1), attribute(7, u32(1)))))).toBeNull();
    expect(lookUpRoute(answering().addon, 4, 'ff15::1')).toBeNull();
  });

  it('is asked for by address and, if one is named, by interface', () => {
    const { addon, asked } = answering();
    lookUpRoute(addon, 4, '239.1.1.1', 7);
    expect([...asked[0]!.subarray(16)]).toEqual([
      2,
      32,
      ...new Array(10).fill(0),
      8,
      0,
      1,
      0,
      239,
      1,
      1,
      1,
      8,
      0,
      4,
      0,
      7,
      0,
      0,
      0,
    ]);
  });
});

describe('interfaces', () => {
  it('may be bridges, and parts of them', () => {
    const link = (index: number, ...parts: readonly Uint8Array[]): Uint8Array =>
      message(16, joined(new Uint8Array(4), u32(index), new Uint8Array(8), ...parts));
    const settings = joined(attribute(23, Uint8Array.of(1)), attribute(25, Uint8Array.of(0)));
    const bridge = attribute(18, joined(attribute(1, text('bridge')), attribute(2, settings)));
    const reply = joined(
      link(1, attribute(3, text('lo'))),
      link(2, attribute(3, text('eth0')), attribute(10, u32(3))),
      link(3, attribute(3, text('br0')), bridge),
      DONE,
    );
    expect([...readLinkShapes(answering(reply).addon)!]).toEqual([
      [1, { name: 'lo', kind: null, master: 0, bridge: null }],
      [2, { name: 'eth0', kind: null, master: 3, bridge: null }],
      [3, { name: 'br0', kind: 'bridge', master: 0, bridge: { snooping: true, querier: false } }],
    ]);
    expect(readLinkShapes(answering().addon)).toBeNull();
  });

  it('say who stamps', () => {
    const info = new Uint8Array(44);
    const view = new DataView(info.buffer);
    view.setUint32(4, 0b1111, true);
    view.setInt32(8, 2, true);
    view.setUint32(28, 0b10, true);
    expect(parseStampAbilities(info)).toEqual({
      receiveSoftware: true,
      receiveHardware: true,
      transmitSoftware: true,
      hardwareAll: true,
      clock: 2,
    });
  });
});

describe('what members and queriers say', () => {
  it('is read as far as it is whole', () => {
    const header = fromHex('46c00024 00000000 0102 0000 0a000001 e0000001 94040000');
    const query = fromHex('1164ec1e00000000027d0000');
    const packets = [
      joined(header, query),
      joined(header, fromHex('1164ec1f00000000027d0000')),
      new Uint8Array(0),
      fromHex('41'),
    ];
    const { addon, open } = answering(...packets);
    const listener = new MembershipListener(addon, 4, 'eth0', 2);
    expect(listener.read()).toEqual([
      { source: '10.0.0.9', message: { kind: 'query', version: 3, group: null, intervalSeconds: 125 } },
    ]);
    listener.close();
    expect(open()).toBe(0);
  });
});

describe('the environment', () => {
  const plain: EnvironmentSigns = {
    kernelRelease: '6.1.0-18-amd64',
    markers: [],
    containerName: null,
    cgroup: '0::/init.scope',
    firmware: { sys_vendor: 'Dell Inc.', product_name: 'PowerEdge' },
  };

  it.each<[string, Partial<EnvironmentSigns>, object]>([
    ['a server', {}, { container: null, wsl: null, cloud: null }],
    ['docker', { markers: ['/.dockerenv'] }, { container: 'docker' }],
    ['podman', { markers: ['/run/.containerenv'] }, { container: 'podman' }],
    ['what systemd says', { containerName: 'lxc', markers: ['/.dockerenv'] }, { container: 'lxc' }],
    ['a control group', { cgroup: '0::/kubepods/pod1' }, { container: 'kubepods' }],
    ['WSL 1', { kernelRelease: '4.4.0-19041-Microsoft' }, { wsl: 1 }],
    ['WSL 2', { kernelRelease: '5.15.133.1-microsoft-standard-WSL2' }, { wsl: 2 }],
    ['EC2', { firmware: { sys_vendor: 'Amazon EC2' } }, { cloud: 'Amazon EC2' }],
    ['Google', { firmware: { product_name: 'Google Compute Engine' } }, { cloud: 'Google Cloud' }],
    [
      'Azure',
      { firmware: { sys_vendor: 'Microsoft Corporation', chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77' } },
      { cloud: 'Microsoft Azure' },
    ],
    ['Hyper-V of one’s own', { firmware: { sys_vendor: 'Microsoft Corporation' } }, { cloud: null }],
    [
      'nothing to be read',
      { kernelRelease: null, cgroup: null, firmware: {} },
      { container: null, wsl: null, cloud: null },
    ],
  ])('%s', (_name, signs, expected) => {
    expect(judgeEnvironment({ ...plain, ...signs })).toMatchObject(expected);
  });

  it('is read here without an error', () => {
    expect(Object.keys(judgeEnvironment(readEnvironmentSigns()))).toEqual(['container', 'wsl', 'cloud']);
  });
});

describe('processors', () => {
  it('what a hypervisor keeps back is its share of all time; guest time is within user time', () => {
    const before = parseProcessorTime('cpu  100 0 50 800 0 0 0 50 30 0\ncpu0 1 2 3\n');
    expect(before).toEqual({ total: 1000, steal: 50 });
    expect(stealShare(before, { total: 1100, steal: 60 })).toBe(0.1);
    expect([stealShare(null, before), stealShare(before, before), stealShare(before, null)]).toEqual([
      null,
      null,
      null,
    ]);
    expect(parseProcessorTime('cpu  1 2 3\n')).toBeNull();
    expect(parseProcessorTime('cpu  a b c d e f g h\n')).toBeNull();
  });
});

describe.runIf(needs('linux'))('this host', () => {
  it('tells its settings, its processors and its packet filters, or why not', async () => {
    expect(readSysctl('net/ipv4/igmp_max_memberships')).toBeTypeOf('number');
    expect(readSysctl('net/ipv4/none')).toBeNull();
    expect(readProcessorTime()?.total).toBeGreaterThan(0);
    expect(readMldCounters('none9')).toBeNull();
    const { texts, failures } = await readFilterTexts(process.env);
    expect(texts.length + failures.length).toBeGreaterThan(0);
    const elsewhere = await readFilterTexts({ PATH: '/nowhere' });
    expect(elsewhere.failures.length + elsewhere.texts.length).toBeGreaterThan(0);
  });

  it.runIf(needsThat(loadNative() !== null, 'the native layer is not built'))('tells its links and stamps', () => {
    const loopback = listInterfaces().find((one) => one.loopback)!;
    expect(readLinkShapes(loadNative()!)?.get(loopback.index)).toMatchObject({ name: loopback.name, master: 0 });
    expect(readStampAbilities(loadNative()!, loopback.name)).toMatchObject({ receiveSoftware: true });
    expect(readStampAbilities(loadNative()!, 'none9')).toBeNull();
    expect(lookUpRoute(loadNative()!, 4, '127.0.0.1')).toMatchObject({ interfaceIndex: loopback.index, gateway: null });
  });
});
