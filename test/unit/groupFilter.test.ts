/** The filter of the packet socket, run by an interpreter of classic BPF over packets octet by octet. */
import { describe, expect, it } from 'vitest';
import { namesGroup } from '../../src/io/groupTap.js';
import { groupFilter, PACKET_OUTGOING } from '../../src/io/linux/groupFilter.js';
import { addressOctets } from '../../src/io/linux/sockaddr.js';
import { LITTLE_ENDIAN } from '../../src/io/linux/sockopt.js';

const MULTICAST = 2;
const EtherType = { 4: 0x0800, 6: 0x86dd } as const;

/** bpf(4): octets that the program lets through; a load beyond the packet ends it with 0, as in the kernel. */
function run(program: Uint8Array, packet: Uint8Array, protocol: number, packetType: number): number {
  const code = new DataView(program.buffer);
  const data = new DataView(packet.buffer, packet.byteOffset, packet.length);
  let [a, x] = [0, 0];
  for (let at = 0; at < program.length; at += 8) {
    const k = code.getUint32(at + 4, LITTLE_ENDIAN);
    try {
      switch (code.getUint16(at, LITTLE_ENDIAN)) {
        case 0x20:
          a = k === 0xfffff000 ? protocol : k === 0xfffff004 ? packetType : data.getUint32(k);
          break;
        case 0x28:
          a = data.getUint16(k);
          break;
        case 0x30:
          a = data.getUint8(k);
          break;
        case 0x48:
          a = data.getUint16(x + k);
          break;
        case 0xb1:
          x = (data.getUint8(k) & 0xf) * 4;
          break;
        case 0x15:
          at += 8 * (a === k ? program[at + 2]! : program[at + 3]!);
          break;
        case 0x45:
          at += 8 * ((a & k) !== 0 ? program[at + 2]! : program[at + 3]!);
          break;
        case 0x06:
          return k;
        default:
          throw new Error(`no such instruction at ${at / 8}`);
      }
    } catch (error) {
      if (error instanceof RangeError) return 0;
      throw error;
    }
  }
  throw new Error('the program does not end');
}

interface Fields {
  readonly group?: string;
  readonly port?: number;
  readonly protocol?: number;
  readonly fragment?: number;
  readonly optionWords?: number;
}

function ipv4({ group = '239.1.2.3', port = 5001, protocol = 17, fragment = 0, optionWords = 0 }: Fields): Uint8Array {
  const packet = new Uint8Array(20 + 4 * optionWords + 8);
  const view = new DataView(packet.buffer);
  packet[0] = 0x45 + optionWords;
  view.setUint16(6, fragment);
  packet[9] = protocol;
  packet.set(addressOctets(group)!, 16);
  view.setUint16(20 + 4 * optionWords + 2, port);
  return packet;
}

function ipv6({ group = 'ff1e::1:2:3', port = 5001, protocol = 17 }: Fields): Uint8Array {
  const packet = new Uint8Array(48);
  packet[0] = 0x60;
  packet[6] = protocol;
  packet.set(addressOctets(group)!, 24);
  new DataView(packet.buffer).setUint16(42, port);
  return packet;
}

/** Of a host, with the alert option of IGMP or the hop-by-hop header of MLD before it. */
function report(group: string): Uint8Array {
  const octets = addressOctets(group)!;
  const head = octets.length === 4 ? [0x46, ...new Array<number>(8).fill(0), 2] : [0x60, 0, 0, 0, 0, 0, 0];
  const at = octets.length === 4 ? 24 : 48;
  const packet = new Uint8Array(at + 12 + octets.length);
  packet.set(head);
  if (octets.length === 16) packet[40] = 58;
  packet[at] = octets.length === 4 ? 0x22 : 143;
  packet.set(octets, at + 12);
  return packet;
}

describe.each([
  [4, '239.1.2.3', ipv4],
  [6, 'ff1e::1:2:3', ipv6],
] as const)('the filter of an IPv%d group', (family, group, packet) => {
  const program = groupFilter(family, addressOctets(group)!, 5001);
  const passes = (octets: Uint8Array, type = MULTICAST, protocol: number = EtherType[family]): boolean =>
    run(program, octets, protocol, type) > 0;

  it('lets its datagrams in', () => {
    expect(passes(packet({}))).toBe(true);
    if (family === 4) expect(passes(ipv4({ optionWords: 2 }))).toBe(true);
  });

  it.each<[string, Fields]>([
    ['another port', { port: 5002 }],
    ['another protocol', { protocol: 6 }],
    ['another group', { group: family === 4 ? '239.1.2.4' : 'ff1e::1:2:4' }],
    ['a group that ends alike', { group: family === 4 ? '239.2.2.3' : 'ff1e::2:2:3' }],
  ])('but not %s', (_, fields) => {
    expect(passes(packet(fields))).toBe(false);
  });

  it('nor what goes out, another family, a further fragment, or half a packet', () => {
    expect(passes(packet({}), PACKET_OUTGOING)).toBe(false);
    expect(passes(packet({}), MULTICAST, EtherType[family === 4 ? 6 : 4])).toBe(false);
    if (family === 4) expect(passes(ipv4({ fragment: 0x2001 }))).toBe(false);
    for (let octets = 0; octets < 22; octets++) expect(passes(packet({}).subarray(0, octets))).toBe(false);
  });

  it('lets whole reports out, and none in', () => {
    expect(run(program, report(group), EtherType[family], PACKET_OUTGOING)).toBeGreaterThan(60_000);
    expect(passes(report(group))).toBe(false);
  });
});

it.each(['239.1.2.3', 'ff1e::1:2:3'])('a report names its group (%s), and no other', (group) => {
  const octets = addressOctets(group)!;
  const packet = report(group);
  expect(namesGroup(packet, packet.length, octets)).toBe(true);
  expect(namesGroup(packet, packet.length - 1, octets)).toBe(false);
  const other = Uint8Array.from(octets);
  other[other.length - 1]!++;
  expect(namesGroup(packet, packet.length, other)).toBe(false);
});
