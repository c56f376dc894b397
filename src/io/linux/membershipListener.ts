import type { MembershipMessage } from '../../wire/membershipMessage.js';
import { checkIgmp, readIgmp } from '../../wire/igmp.js';
import { checkMld, MldType, readMld } from '../../wire/mld.js';
import { WireStatus } from '../../wire/status.js';
import type { NativeAddon } from '../addon.js';
import type { AddressFamily } from '../datagram.js';
import { groupRequest } from './join.js';
import { addressOctets, sockaddr, sockaddrAddress } from './sockaddr.js';
import { RawSocket } from './socket.js';
import { Level, LITTLE_ENDIAN, MembershipOption, SocketOption, SocketType } from './sockopt.js';

const IPPROTO_IGMP = 2;
const IPPROTO_ICMPV6 = 58;
/** linux/icmpv6.h: a bit for each type that is not wanted. */
const ICMPV6_FILTER = 1;
/** Where reports of the newest version go (RFC 3376 section 4.2.14, RFC 3810 section 5.2.14). */
const REPORTS = { 4: '224.0.0.22', 6: 'ff02::16' } as const;
const MESSAGE_OCTETS = 2048;
/** Messages of one reading. */
const MOST_AT_ONCE = 256;

export interface HeardMessage {
  /** Who sent it, without a zone. */
  readonly source: string;
  readonly message: MembershipMessage;
}

/**
 * Hears what queriers and members say on an interface: IGMP or MLD, as far as the packet filters of this host let it
 * through. Needs CAP_NET_RAW; sends nothing but the report that it has joined the group of reports.
 */
export class MembershipListener {
  readonly #addon: NativeAddon;
  readonly #family: AddressFamily;
  readonly #socket: RawSocket;
  readonly #bytes = new Uint8Array(MESSAGE_OCTETS);
  readonly #sender: Uint8Array;
  readonly #stamp = new BigInt64Array(1);

  /** Throws McastError; ERR_PERMISSION where the privilege is missing. */
  constructor(addon: NativeAddon, family: AddressFamily, interfaceName: string, interfaceIndex: number) {
    this.#addon = addon;
    this.#family = family;
    this.#socket = new RawSocket(addon, family, SocketType.Raw, family === 4 ? IPPROTO_IGMP : IPPROTO_ICMPV6);
    const any = family === 4 ? new Uint8Array(4) : new Uint8Array(16);
    this.#sender = sockaddr(any, 0);
    try {
      const device = new TextEncoder().encode(`${interfaceName}\0`);
      this.#socket.demand(Level.Socket, SocketOption.BindToDevice, device, `cannot listen on ${interfaceName}`);
      if (family === 6) this.#socket.demand(IPPROTO_ICMPV6, ICMPV6_FILTER, icmpFilter(), 'ICMPv6 filter');
      const level = family === 4 ? Level.Ip : Level.Ipv6;
      const request = groupRequest(addressOctets(REPORTS[family])!, interfaceIndex);
      this.#socket.wish(level, MembershipOption.JoinGroup, request, 'reports of others');
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** What came since the last reading; malformed messages are passed over. */
  read(): HeardMessage[] {
    const heard: HeardMessage[] = [];
    for (let i = 0; i < MOST_AT_ONCE; i++) {
      const octets = this.#addon.receiveFrom(this.#socket.fd, this.#bytes, this.#sender, this.#stamp);
      if (octets < 0) break;
      const message = this.#family === 4 ? igmpOf(this.#bytes, octets) : mldOf(this.#bytes, octets);
      if (message !== null) heard.push({ source: sockaddrAddress(this.#sender), message });
    }
    return heard;
  }

  close(): void {
    this.#socket.close();
  }
}

/** A raw socket of IPv4 gives the whole packet, whose header tells its own length. */
function igmpOf(bytes: Uint8Array, octets: number): MembershipMessage | null {
  const header = octets > 0 ? (bytes[0]! & 0x0f) * 4 : 0;
  const length = octets - header;
  if (header < 20 || checkIgmp(bytes, header, length) !== WireStatus.Ok) return null;
  return readIgmp(bytes, header, length);
}

function mldOf(bytes: Uint8Array, octets: number): MembershipMessage | null {
  return checkMld(bytes, 0, octets) === WireStatus.Ok ? readMld(bytes, 0, octets) : null;
}

function icmpFilter(): Uint8Array {
  const out = new Uint8Array(32).fill(0xff);
  const view = new DataView(out.buffer);
  for (const type of Object.values(MldType)) {
    const at = (type >>> 5) * 4;
    view.setUint32(at, view.getUint32(at, LITTLE_ENDIAN) & ~(1 << (type & 31)), LITTLE_ENDIAN);
  }
  return out;
}
