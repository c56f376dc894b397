import { FrameStatus, LinkType } from '../../src/wire/ip.js';

/** A frame, and what is to be found in it: by us (test/vectors) and by tshark (test/interop). */
export interface Frame {
  readonly name: string;
  readonly linkType: number;
  readonly hex: string;
  readonly status: FrameStatus;
  /** Of `Udp` frames. Default: the datagram of {@link UDP}. */
  readonly payload?: string;
  readonly interfaceIndex?: number;
  readonly six?: boolean;
}

/** What is the same in all frames that carry a datagram. */
export const EXPECTED = {
  source4: '10.0.0.1',
  group4: '239.1.1.1',
  source6: 'fe80::1',
  group6: 'ff15::7',
  sourcePort: 0x1234,
  port: 5001,
  tos: 0xb8,
  ttl: 5,
  payload: '48692e',
} as const;

/** UDP of three octets. */
const UDP = `
  1234 1389         # ports 4660 > 5001
  000b 0000         # length 11, no checksum
  48692e            # "Hi."
`;
/** The same with a right checksum over IPv6. */
const UDP6 = `
  1234 1389         # ports
  000b 6613         # length 11, checksum
  48692e            # "Hi."
`;
const ADDRESSES4 = `
  0a000001          # 10.0.0.1
  ef010101          # 239.1.1.1
`;
const ADDRESSES6 = `
  fe800000000000000000000000000001
  ff150000000000000000000000000007
`;
const IPV4 = `
  45 b8 001f        # version 4, 20 octets; EF; total length 31
  0000 4000         # identification, don't fragment
  05 11 7b13        # TTL 5, UDP, checksum
  ${ADDRESSES4}
`;
/** Version, traffic class EF, flow label 0x12345; payload length and next header follow. */
const IPV6 = '6b8 12345';

function ipv6(payloadOctets: number, nextHeader: string): string {
  const length = payloadOctets.toString(16).padStart(4, '0');
  return `${IPV6} ${length} ${nextHeader} 05 ${ADDRESSES6}`;
}

const ETHERNET = '01005e010101 020000000001';
const MF_IPV4 = `45 b8 001f 0001 2000 05 11 9b12 ${ADDRESSES4}`;
const LATER_IPV4 = `45 b8 001f 0001 0002 05 11 bb10 ${ADDRESSES4}`;

export const FRAMES: readonly Frame[] = [
  { name: 'Ethernet, IPv4', linkType: LinkType.Ethernet, hex: `${ETHERNET} 0800 ${IPV4} ${UDP}`, status: 0 },
  {
    name: 'Ethernet, padded to its minimum',
    linkType: LinkType.Ethernet,
    hex: `${ETHERNET} 0800 ${IPV4} ${UDP} ${'00'.repeat(15)}`,
    status: 0,
  },
  {
    name: 'Ethernet, 802.1Q',
    linkType: LinkType.Ethernet,
    hex: `${ETHERNET} 8100 6007 0800 ${IPV4} ${UDP}`,
    status: 0,
  },
  {
    name: 'Ethernet, 802.1ad and 802.1Q',
    linkType: LinkType.Ethernet,
    hex: `${ETHERNET} 88a8 0064 8100 6007 86dd ${ipv6(11, '11')} ${UDP6}`,
    status: 0,
    six: true,
  },
  {
    name: 'Ethernet, ARP',
    linkType: LinkType.Ethernet,
    hex: `${ETHERNET} 0806 0001080006040001 020000000001 0a000001 000000000000 0a000002`,
    status: FrameStatus.NotIp,
  },
  { name: 'raw, IPv4', linkType: LinkType.Raw, hex: `${IPV4} ${UDP}`, status: 0 },
  { name: 'raw, IPv6', linkType: LinkType.Raw, hex: `${ipv6(11, '11')} ${UDP6}`, status: 0, six: true },
  { name: 'IPv4 alone', linkType: LinkType.Ipv4, hex: `${IPV4} ${UDP}`, status: 0 },
  { name: 'IPv6 alone', linkType: LinkType.Ipv6, hex: `${ipv6(11, '11')} ${UDP6}`, status: 0, six: true },
  { name: 'BSD loopback, little-endian', linkType: LinkType.Null, hex: `02000000 ${IPV4} ${UDP}`, status: 0 },
  { name: 'BSD loopback, big-endian', linkType: LinkType.Null, hex: `00000002 ${IPV4} ${UDP}`, status: 0 },
  {
    name: 'BSD loopback, IPv6 of Darwin',
    linkType: LinkType.Null,
    hex: `1e000000 ${ipv6(11, '11')} ${UDP6}`,
    status: 0,
    six: true,
  },
  { name: 'OpenBSD loopback', linkType: LinkType.Loop, hex: `00000002 ${IPV4} ${UDP}`, status: 0 },
  {
    name: 'Linux cooked, version 1',
    linkType: LinkType.LinuxSll,
    hex: `0002 0001 0006 0200000000010000 0800 ${IPV4} ${UDP}`,
    status: 0,
  },
  {
    name: 'Linux cooked, version 2',
    linkType: LinkType.LinuxSll2,
    hex: `0800 0000 00000003 0001 02 06 0200000000010000 ${IPV4} ${UDP}`,
    status: 0,
    interfaceIndex: 3,
  },
  {
    name: 'IPv4 with options',
    linkType: LinkType.Raw,
    hex: `
      46 b8 0023 0000 4000 05 11 e60a ${ADDRESSES4}
      94 04 00 00     # router alert
      ${UDP}`,
    status: 0,
  },
  {
    name: 'IPv6 with hop-by-hop and destination options',
    linkType: LinkType.Raw,
    hex: `${ipv6(35, '00')}
      3c 00 05020000 0100           # hop-by-hop: router alert, padding; next: destination options
      11 01 010c 000000000000000000000000  # destination options: 16 octets of padding; next: UDP
      ${UDP6}`,
    status: 0,
    six: true,
  },
  {
    name: 'IPv6, a whole datagram in a fragment header',
    linkType: LinkType.Raw,
    hex: `${ipv6(19, '2c')} 11 00 0000 00000001 ${UDP6}`,
    status: 0,
    six: true,
  },
  {
    name: 'IPv6, first fragment',
    linkType: LinkType.Raw,
    hex: `${ipv6(19, '2c')} 11 00 0001 00000001 ${UDP6}`,
    status: FrameStatus.Fragment,
  },
  { name: 'IPv4, first fragment', linkType: LinkType.Raw, hex: `${MF_IPV4} ${UDP}`, status: FrameStatus.Fragment },
  { name: 'IPv4, later fragment', linkType: LinkType.Raw, hex: `${LATER_IPV4} ${UDP}`, status: FrameStatus.Fragment },
  {
    name: 'IPv4, IGMP',
    linkType: LinkType.Raw,
    hex: `45 c0 001c 0000 4000 01 02 7f1d ${ADDRESSES4} 16 00 f9fc ef010101`,
    status: FrameStatus.NotUdp,
  },
  {
    name: 'UDP without payload',
    linkType: LinkType.Raw,
    hex: `45 b8 001c 0000 4000 05 11 7b16 ${ADDRESSES4} 1234 1389 0008 0000`,
    status: 0,
    payload: '',
  },
];
