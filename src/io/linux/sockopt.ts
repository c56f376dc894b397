import { endianness } from 'node:os';

/**
 * Numbers of Linux's generic socket interface (include/uapi/asm-generic/socket.h, linux/in.h,
 * linux/in6.h, linux/udp.h, linux/sockios.h), as on x86-64, arm64, arm, riscv64. The one table of them.
 */
export const Domain = { Unspecified: 0, Inet: 2, Inet6: 10, Packet: 17 } as const;

export const SocketType = { Datagram: 2, Raw: 3 } as const;

export const Level = { Socket: 1, Ip: 0, Ipv6: 41, Udp: 17, Packet: 263 } as const;

export const SocketOption = {
  ReuseAddress: 2,
  SendBuffer: 7,
  ReceiveBuffer: 8,
  BindToDevice: 25,
  SendBufferForce: 32,
  ReceiveBufferForce: 33,
  Timestamping: 37,
  ReceiveOverflow: 40,
  BusyPoll: 46,
  MemoryInfo: 55,
} as const;

export const IpOption = {
  Tos: 1,
  Ttl: 2,
  PacketInfo: 8,
  MtuDiscover: 10,
  ReceiveErrors: 11,
  ReceiveTtl: 12,
  ReceiveTos: 13,
  MulticastInterface: 32,
  MulticastTtl: 33,
  MulticastLoop: 34,
  MulticastAll: 49,
} as const;

export const Ipv6Option = {
  UnicastHops: 16,
  MulticastInterface: 17,
  MulticastHops: 18,
  MulticastLoop: 19,
  MtuDiscover: 23,
  ReceiveErrors: 25,
  V6Only: 26,
  MulticastAll: 29,
  ReceivePacketInfo: 49,
  ReceiveHopLimit: 51,
  ReceiveTrafficClass: 66,
  TrafficClass: 67,
} as const;

/** Of level IPPROTO_IP and IPPROTO_IPV6 alike. */
export const MembershipOption = {
  JoinGroup: 42,
  LeaveGroup: 45,
  JoinSourceGroup: 46,
  LeaveSourceGroup: 47,
  SourceFilter: 48,
} as const;

/** Of level SOL_PACKET (linux/if_packet.h). */
export const PacketOption = { AddMembership: 1, Statistics: 6 } as const;

export const MtuDiscover = { Dont: 0, Do: 2 } as const;

/** SOF_TIMESTAMPING_... (linux/net_tstamp.h). */
export const Timestamping = {
  TxHardware: 1 << 0,
  TxSoftware: 1 << 1,
  RxHardware: 1 << 2,
  RxSoftware: 1 << 3,
  Software: 1 << 4,
  RawHardware: 1 << 6,
  OptionId: 1 << 7,
  OptionTimeOnly: 1 << 11,
} as const;

/** ioctl(2) requests on an interface. */
export const InterfaceRequest = { Ethtool: 0x8946, HardwareTimestampConfig: 0x89b1 } as const;

export const LITTLE_ENDIAN = endianness() === 'LE';

/** struct sockaddr_storage is aligned like a pointer, which moves what follows a 32-bit field before it. */
export const POINTER_OCTETS = ['arm', 'ia32', 'mips', 'mipsel', 'ppc', 's390'].includes(process.arch) ? 4 : 8;

/** A C int, as most options take it. */
export function intOption(value: number): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setInt32(0, value, LITTLE_ENDIAN);
  return octets;
}

/** A C int as the kernel wrote it. */
export function readInt(octets: Uint8Array, at = 0): number {
  return new DataView(octets.buffer, octets.byteOffset).getInt32(at, LITTLE_ENDIAN);
}
