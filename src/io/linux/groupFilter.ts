import type { AddressFamily } from '../datagram.js';
import { LITTLE_ENDIAN } from './sockopt.js';

/** Classic BPF (linux/bpf_common.h, linux/filter.h): one instruction is a struct sock_filter of 8 octets. */
const LoadWord = 0x20;
const LoadHalf = 0x28;
const LoadOctet = 0x30;
const LoadHalfBehindHeader = 0x48;
/** X: four times the low half of an octet, which is the length of an IPv4 header. */
const LoadHeaderLength = 0xb1;
const JumpIfEqual = 0x15;
const JumpIfAnySet = 0x45;
const Return = 0x06;
/** What the kernel knows beside the octets. */
const ProtocolAt = 0xfffff000;
const PacketTypeAt = 0xfffff004;

export const PACKET_OUTGOING = 4;
const EtherType = { 4: 0x0800, 6: 0x86dd } as const;
const UDP = 17;
const IGMP = 2;
const HOP_BY_HOP = 0;
const ICMPV6 = 58;
const FRAGMENT_OFFSET = 0x1fff;
/** Headers of a datagram; of a report all. */
const HEADER_OCTETS = 128;
const WHOLE_OCTETS = 0x40000;

type Target = 'next' | 'report' | 'pass' | 'whole' | 'drop';
interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly yes: Target;
  readonly no: Target;
}

const plain = (code: number, k: number): Instruction => ({ code, k, yes: 'next', no: 'next' });
const onlyIf = (k: number): Instruction => ({ code: JumpIfEqual, k, yes: 'next', no: 'drop' });

/**
 * What an AF_PACKET socket that gives packets from their IP header on is to let through: datagrams that come in for the
 * group and port, and IGMP or MLD that goes out. Fragments beyond the first, and IPv6 datagrams with extension headers,
 * have no port where it is looked for and are left out.
 */
export function groupFilter(family: AddressFamily, group: Uint8Array, port: number): Uint8Array {
  const words = new DataView(group.buffer, group.byteOffset, group.length);
  const destination = Array.from({ length: group.length / 4 }, (_, i) => [
    plain(LoadWord, (family === 4 ? 16 : 24) + 4 * i),
    onlyIf(words.getUint32(4 * i)),
  ]).flat();
  const head = [
    plain(LoadWord, ProtocolAt),
    onlyIf(EtherType[family]),
    plain(LoadWord, PacketTypeAt),
    { code: JumpIfEqual, k: PACKET_OUTGOING, yes: 'report', no: 'next' },
  ] as const;
  const datagram: readonly Instruction[] =
    family === 4
      ? [
          plain(LoadOctet, 9),
          onlyIf(UDP),
          plain(LoadHalf, 6),
          { code: JumpIfAnySet, k: FRAGMENT_OFFSET, yes: 'drop', no: 'next' },
          ...destination,
          plain(LoadHeaderLength, 0),
          plain(LoadHalfBehindHeader, 2),
        ]
      : [plain(LoadOctet, 6), onlyIf(UDP), ...destination, plain(LoadHalf, 42)];
  const report: readonly Instruction[] =
    family === 4
      ? [plain(LoadOctet, 9), { code: JumpIfEqual, k: IGMP, yes: 'whole', no: 'drop' }]
      : [
          plain(LoadOctet, 6),
          onlyIf(HOP_BY_HOP),
          plain(LoadOctet, 40),
          { code: JumpIfEqual, k: ICMPV6, yes: 'whole', no: 'drop' },
        ];
  const ofPort: Instruction = { code: JumpIfEqual, k: port, yes: 'pass', no: 'drop' };
  return assemble([...head, ...datagram, ofPort], report);
}

function assemble(datagram: readonly Instruction[], report: readonly Instruction[]): Uint8Array {
  const returns = [HEADER_OCTETS, WHOLE_OCTETS, 0].map((k) => plain(Return, k));
  const all = [...datagram, ...report, ...returns];
  const end = datagram.length + report.length;
  const labels = { report: datagram.length, pass: end, whole: end + 1, drop: end + 2 } as const;
  const out = new Uint8Array(all.length * 8);
  const view = new DataView(out.buffer);
  for (const [at, { code, k, yes, no }] of all.entries()) {
    const jump = (target: Target): number => (target === 'next' ? 0 : labels[target] - at - 1);
    view.setUint16(8 * at, code, LITTLE_ENDIAN);
    view.setUint8(8 * at + 2, jump(yes));
    view.setUint8(8 * at + 3, jump(no));
    view.setUint32(8 * at + 4, k, LITTLE_ENDIAN);
  }
  return out;
}
