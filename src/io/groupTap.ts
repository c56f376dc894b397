import { McastError } from '../core/errors.js';
import type { Nanos } from '../core/time.js';
import { loadNative, nativeFailure, type NativeAddon } from './addon.js';
import type { AddressFamily, Io } from './datagram.js';
import { groupFilter, PACKET_OUTGOING } from './linux/groupFilter.js';
import { addressOctets } from './linux/sockaddr.js';
import { RawSocket } from './linux/socket.js';
import { Domain, Level, LITTLE_ENDIAN, PacketOption, SocketOption, Timestamping } from './linux/sockopt.js';
import { stampsFlow } from './linux/stampProbe.js';
import { systemError } from './linux/systemError.js';

/** What is looked at below the sockets of an interface. */
export interface GroupTapSpec {
  readonly family: AddressFamily;
  /** Without a zone. */
  readonly group: string;
  readonly port: number;
  /** Only datagrams from these; empty: from any source. */
  readonly sources: readonly string[];
  readonly interfaceIndex: number;
}

/** Times are CLOCK_REALTIME since the epoch, ns: by the kernel where it stamps. */
export interface GroupTapReader {
  /** A datagram of the group came in, whoever is a member. */
  onDatagram(realNs: Nanos): void;
  /** This host has sent a report or leave that names the group. */
  onReport(realNs: Nanos): void;
}

/** Sees datagrams of a group on an interface, member or not, and what this host tells routers of it. */
export interface GroupTap {
  readonly notes: readonly string[];
  /** The last reading left something behind: silence is not known until all is read. */
  readonly isBehind: boolean;
  /** Hands on what came since the last reading, in its order. Returns how many it was; never blocks. */
  read(reader: GroupTapReader): number;
  /** Packets that found no room since the last call; `null`: not told. */
  dropped(): number | null;
  close(): void;
}

/** ETH_P_ALL, in the octets that it has in a sockaddr: what goes out is seen by sockets of all protocols alone. */
const ALL_PROTOCOLS = [0, 3] as const;
const SOCKADDR_LL_OCTETS = 20;
const PACKET_TYPE_AT = 10;
const PACKET_MR_MULTICAST = 0;
/** An Ethernet frame of a report. */
const PACKET_OCTETS = 2048;
const BUFFER_OCTETS = 8 << 20;
/** Of one reading, so that a stream that comes faster than it is read holds up nothing. */
const MOST_AT_ONCE = 4096;

/** Linux alone, with CAP_NET_RAW. */
class PacketTap implements GroupTap {
  readonly notes: readonly string[];
  isBehind = false;
  readonly #io: Io;
  readonly #addon: NativeAddon;
  readonly #socket: RawSocket;
  readonly #family: AddressFamily;
  readonly #group: Uint8Array;
  readonly #sources: readonly Uint8Array[];
  readonly #bytes = new Uint8Array(PACKET_OCTETS);
  readonly #from = new Uint8Array(SOCKADDR_LL_OCTETS);
  readonly #stamp = new BigInt64Array(1);

  constructor(io: Io, addon: NativeAddon, spec: GroupTapSpec) {
    this.#io = io;
    this.#addon = addon;
    this.#family = spec.family;
    this.#group = addressOctets(spec.group)!;
    this.#sources = spec.sources.map((source) => addressOctets(source)!);
    const socket = new RawSocket(addon, 'packet');
    this.#socket = socket;
    this.notes = socket.notes;
    try {
      const { ReceiveBuffer, ReceiveBufferForce } = SocketOption;
      socket.buffer(Level.Socket, ReceiveBuffer, ReceiveBufferForce, BUFFER_OCTETS, 'buffer of the packet socket');
      const wanted = Timestamping.RxSoftware | Timestamping.Software;
      socket.wish(Level.Socket, SocketOption.Timestamping, wanted, 'no kernel stamps on the packet socket');
      const refusal = stampsFlow(addon);
      if (refusal !== null) socket.notes.push(refusal);
      const filtered = addon.attachFilter(socket.fd, groupFilter(spec.family, this.#group, spec.port));
      if (filtered < 0) throw systemError('no filter on the packet socket', filtered);
      // Before it leaves, a NIC lets in what the group's Ethernet address is on; that it goes on doing so tells no router.
      const keep = packetRequest(spec.interfaceIndex, ethernetAddress(this.#group));
      socket.wish(Level.Packet, PacketOption.AddMembership, keep, 'the NIC may hide what comes behind a leave');
      const address = new Uint8Array(SOCKADDR_LL_OCTETS);
      const view = new DataView(address.buffer);
      view.setUint16(0, Domain.Packet, LITTLE_ENDIAN);
      address.set(ALL_PROTOCOLS, 2);
      view.setInt32(4, spec.interfaceIndex, LITTLE_ENDIAN);
      const bound = addon.bind(socket.fd, address);
      if (bound < 0) throw systemError('the packet socket could not be bound', bound);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  read(reader: GroupTapReader): number {
    const bytes = this.#bytes;
    const { epoch } = this.#io.clock;
    this.isBehind = false;
    for (let packets = 0; packets < MOST_AT_ONCE; packets++) {
      const octets = this.#addon.receiveFrom(this.#socket.fd, bytes, this.#from, this.#stamp);
      if (octets < 0) return packets;
      const stamp = this.#stamp[0]!;
      const realNs = stamp === 0n ? this.#io.clock.realNs() : Number(stamp - epoch.realtimeNs);
      if (this.#from[PACKET_TYPE_AT] === PACKET_OUTGOING) {
        if (namesGroup(bytes, octets, this.#group)) reader.onReport(realNs);
      } else if (this.#isWanted()) reader.onDatagram(realNs);
    }
    this.isBehind = true;
    return MOST_AT_ONCE;
  }

  dropped(): number | null {
    // struct tpacket_stats; reading it sets it back.
    const stats = new Uint8Array(8);
    const got = this.#addon.getOption(this.#socket.fd, Level.Packet, PacketOption.Statistics, stats);
    return got < stats.length ? null : new DataView(stats.buffer).getUint32(4, LITTLE_ENDIAN);
  }

  close(): void {
    this.#socket.close();
  }

  #isWanted(): boolean {
    const at = this.#family === 4 ? 12 : 8;
    if (this.#sources.length === 0) return true;
    return this.#sources.some((source) => source.every((octet, i) => octet === this.#bytes[at + i]));
  }
}

/** Whether a report, packet from its IP header on, has the group's address; every version has it on a boundary of 4 octets. */
export function namesGroup(bytes: Uint8Array, octets: number, group: Uint8Array): boolean {
  // The destination in the header is that of a report of the older versions, which name their group again behind it.
  const header = group.length === 4 ? (bytes[0]! & 0x0f) * 4 : 40;
  for (let at = header + 4; at + group.length <= octets; at += 4) {
    let i = 0;
    while (i < group.length && bytes[at + i] === group[i]) i++;
    if (i === group.length) return true;
  }
  return false;
}

/** RFC 1112 section 6.4, RFC 2464 section 7. */
function ethernetAddress(group: Uint8Array): readonly number[] {
  if (group.length === 4) return [0x01, 0x00, 0x5e, group[1]! & 0x7f, group[2]!, group[3]!];
  return [0x33, 0x33, ...group.subarray(12)];
}

/** struct packet_mreq. */
function packetRequest(interfaceIndex: number, address: readonly number[]): Uint8Array {
  const out = new Uint8Array(16);
  const view = new DataView(out.buffer);
  view.setInt32(0, interfaceIndex, LITTLE_ENDIAN);
  view.setUint16(4, PACKET_MR_MULTICAST, LITTLE_ENDIAN);
  view.setUint16(6, address.length, LITTLE_ENDIAN);
  out.set(address, 8);
  return out;
}

/** Or in words why there is none. The caller closes it. */
export function openGroupTap(io: Io, spec: GroupTapSpec, addon: NativeAddon | null = loadNative()): GroupTap | string {
  if (addon === null) return `packets of left groups are not seen: ${nativeFailure()}`;
  try {
    return new PacketTap(io, addon, spec);
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    if (error.code !== 'ERR_PERMISSION') return error.message;
    return 'seeing packets of a group that was left needs CAP_NET_RAW (root)';
  }
}
