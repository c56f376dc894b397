import type { ReceiveBatch } from '../core/batch.js';
import type { ErrorCode } from '../core/errors.js';
import { McastError } from '../core/errors.js';
import type { Nanos } from '../core/time.js';
import type { NativeAddon, NativeLoop, NativeReceiveBatch, NativeReceiver } from './addon.js';
import type { DatagramSource, MembershipState, ReceiveSocketSpec } from './datagram.js';
import { SocketCounter } from './datagram.js';
import { readHardwareClock, stampsAllReceived } from './linux/hardwareTime.js';
import { groupRequest, groupSourceRequest, parseSourceFilter, sourceFilterRequest } from './linux/join.js';
import { forcedMldVersion, readInterfaceMembership } from './linux/membership.js';
import { addressOctets, mappedOctets, sockaddr } from './linux/sockaddr.js';
import { RawSocket } from './linux/socket.js';
import { IpOption, Ipv6Option, Level, MembershipOption, SocketOption, Timestamping } from './linux/sockopt.js';
import { Errno, systemError } from './linux/systemError.js';
import { stampsFlow } from './linux/stampProbe.js';

/** What all sockets of one native Io share. */
export interface NativeShare {
  readonly addon: NativeAddon;
  readonly loop: NativeLoop;
  /** Registers the batch with the addon, once. */
  receiveBatch(batch: ReceiveBatch): NativeReceiveBatch;
  realNs(): Nanos;
  closed(socket: object): void;
}

/** A hardware clock further than this from whole seconds of CLOCK_REALTIME is free-running. */
const HARDWARE_BOUND_NS = 1_000_000;

const JOIN_ERRORS: Readonly<Record<number, ErrorCode>> = {
  [Errno.ENOBUFS]: 'ERR_MEMBERSHIP',
  [Errno.ENOMEM]: 'ERR_MEMBERSHIP',
  [Errno.EADDRNOTAVAIL]: 'ERR_MEMBERSHIP',
};

interface TimePlan {
  source: DatagramSource['timeSource'];
  /** Whole seconds that the hardware clock is ahead of CLOCK_REALTIME; taken off its stamps. */
  hardwareSeconds: number;
}

function parseAddress(text: string, what: string): Uint8Array {
  const octets = addressOctets(text);
  if (octets === null) throw new McastError('ERR_USAGE', `${what} ${text} is not an IP address`);
  return octets;
}

/** Metadata that the kernel is to deliver with every datagram. */
function askForMetadata(socket: RawSocket, spec: ReceiveSocketSpec): void {
  if (spec.family === 4) {
    socket.wish(Level.Ip, IpOption.ReceiveTtl, 1, 'no TTL of datagrams');
    socket.wish(Level.Ip, IpOption.ReceiveTos, 1, 'no TOS of datagrams');
  } else {
    socket.wish(Level.Ipv6, Ipv6Option.ReceiveHopLimit, 1, 'no hop limit of datagrams');
    socket.wish(Level.Ipv6, Ipv6Option.ReceiveTrafficClass, 1, 'no traffic class of datagrams');
  }
  socket.wish(Level.Socket, SocketOption.ReceiveOverflow, 1, 'no drop counter');
  if (spec.busyPollUs > 0) {
    socket.wish(Level.Socket, SocketOption.BusyPoll, spec.busyPollUs, 'busy polling refused');
    const granted = socket.read(Level.Socket, SocketOption.BusyPoll);
    socket.notes.push(`busy polling reads back as ${granted ?? 'unreadable'} us; its effect is not known here`);
  }
}

function chooseHardware(share: NativeShare, socket: RawSocket, spec: ReceiveSocketSpec): TimePlan | null {
  if (spec.timestamps !== 'auto' && spec.timestamps !== 'hardware') return null;
  const demanded = spec.timestamps === 'hardware';
  if (!stampsAllReceived(share.addon, socket.fd, spec.interfaceName)) {
    if (demanded) {
      socket.notes.push(
        `${spec.interfaceName} does not stamp what it receives; where its driver can: hwstamp_ctl -i ${spec.interfaceName} -r 1`,
      );
    }
    return null;
  }
  const clock = readHardwareClock(share.addon, spec.interfaceName);
  const near = clock !== null && Math.abs(clock.offsetNs) + clock.uncertaintyNs <= HARDWARE_BOUND_NS;
  if (near) {
    const scale = clock.wholeSeconds === 0 ? 'UTC' : `${clock.wholeSeconds} s ahead, as TAI is, taken off`;
    socket.notes.push(
      `hardware clock of ${spec.interfaceName}: ${Math.round(clock.offsetNs)} ns +- ${clock.uncertaintyNs} ns off CLOCK_REALTIME (${scale})`,
    );
    return { source: 'hardware', hardwareSeconds: clock.wholeSeconds };
  }
  const why = clock === null ? 'cannot be read' : `is ${Math.round(clock.offsetNs)} ns off CLOCK_REALTIME`;
  socket.notes.push(
    `the hardware clock of ${spec.interfaceName} ${why}: ${demanded ? 'its stamps do not serve one-way delay' : 'kernel stamps are used'}`,
  );
  return demanded ? { source: 'hardware', hardwareSeconds: 0 } : null;
}

function askForStamps(share: NativeShare, socket: RawSocket, spec: ReceiveSocketSpec): TimePlan {
  if (spec.timestamps === 'user') return { source: 'user', hardwareSeconds: 0 };
  const hardware = chooseHardware(share, socket, spec);
  const software = Timestamping.RxSoftware | Timestamping.Software;
  const wanted = hardware === null ? software : software | Timestamping.RxHardware | Timestamping.RawHardware;
  if (!socket.wish(Level.Socket, SocketOption.Timestamping, wanted, 'no kernel receive stamps'))
    return { source: 'user', hardwareSeconds: 0 };
  const refusal = stampsFlow(share.addon);
  if (refusal !== null) {
    socket.notes.push(refusal);
    if (hardware === null) return { source: 'user', hardwareSeconds: 0 };
  }
  return hardware ?? { source: 'kernel', hardwareSeconds: 0 };
}

/**
 * Binds to the group and the interface. Where that is not possible the kernel is asked to say of each datagram where it
 * arrived, which costs the host a look into its routes for every one of them.
 */
function bindToGroup(share: NativeShare, socket: RawSocket, spec: ReceiveSocketSpec, group: Uint8Array): void {
  const inet6 = spec.family === 6;
  let isBoundToInterface = false;
  if (inet6) socket.demand(Level.Ipv6, Ipv6Option.V6Only, 1, 'IPv6 only');
  if (!spec.unicast) {
    socket.demand(Level.Socket, SocketOption.ReuseAddress, 1, 'sharing of the port');
    // Without it a socket gets what any other socket of this host has joined.
    if (inet6) socket.wish(Level.Ipv6, Ipv6Option.MulticastAll, 0, 'IPV6_MULTICAST_ALL stays on');
    else socket.wish(Level.Ip, IpOption.MulticastAll, 0, 'IP_MULTICAST_ALL stays on');
    // IPv6 membership does not filter by interface: two legs on one group would each get both.
    const bound = socket.set(
      Level.Socket,
      SocketOption.BindToDevice,
      new TextEncoder().encode(`${spec.interfaceName}\0`),
    );
    if (bound === -Errno.EPERM) socket.notes.push(`the socket is not restricted to ${spec.interfaceName}: EPERM`);
    else if (bound < 0) throw systemError(`cannot receive on interface ${spec.interfaceName}`, bound);
    isBoundToInterface = bound >= 0;
  }
  if (!isBoundToInterface) {
    if (inet6) socket.wish(Level.Ipv6, Ipv6Option.ReceivePacketInfo, 1, 'no arrival interface');
    else socket.wish(Level.Ip, IpOption.PacketInfo, 1, 'no arrival interface');
  }
  const result = share.addon.bind(socket.fd, sockaddr(group, spec.port, spec.interfaceIndex));
  const where = inet6 ? `[${spec.group}]:${spec.port}` : `${spec.group}:${spec.port}`;
  if (result < 0)
    throw systemError(`cannot receive on ${where}`, result, { [Errno.EADDRNOTAVAIL]: 'ERR_SOURCE_ADDRESS' });
}

/** One kernel socket of the native implementation that receives. */
export class NativeSource implements DatagramSource {
  readonly index: number;
  readonly counters = new Float64Array(SocketCounter.Count);
  readonly receiveBufferOctets: number | null;
  readonly timeSource: DatagramSource['timeSource'];
  readonly notes: readonly string[];
  readonly joinRealNs: Nanos;
  readonly #share: NativeShare;
  readonly #addon: NativeAddon;
  readonly #spec: ReceiveSocketSpec;
  readonly #group: Uint8Array;
  readonly #sources: readonly Uint8Array[];
  readonly #receiver: NativeReceiver;
  readonly #fd: number;
  readonly #level: number;
  #joined = false;
  #open = true;
  #batch: ReceiveBatch | null = null;
  #batchHandle: NativeReceiveBatch | null = null;

  constructor(share: NativeShare, spec: ReceiveSocketSpec, index: number) {
    this.index = index;
    this.#share = share;
    this.#addon = share.addon;
    this.#spec = spec;
    this.#group = parseAddress(spec.group, 'group');
    this.#sources = spec.sources.map((source) => parseAddress(source, 'source'));
    this.#level = spec.family === 4 ? Level.Ip : Level.Ipv6;
    const socket = new RawSocket(share.addon, spec.family);
    this.#fd = socket.fd;
    this.notes = socket.notes;
    let receiver: NativeReceiver | null = null;
    try {
      askForMetadata(socket, spec);
      this.receiveBufferOctets = socket.buffer(
        Level.Socket,
        SocketOption.ReceiveBuffer,
        SocketOption.ReceiveBufferForce,
        spec.receiveBufferOctets,
        'receive buffer',
      );
      const time = askForStamps(share, socket, spec);
      this.timeSource = time.source;
      bindToGroup(share, socket, spec, this.#group);
      const opened = share.addon.receiverOpen(
        share.loop,
        socket.fd,
        index,
        spec.port,
        time.source === 'hardware' ? 1 : 0,
        time.hardwareSeconds,
        this.counters,
        mappedOctets(this.#group),
        spec.interfaceIndex,
      );
      if (typeof opened === 'number') throw systemError('the socket could not be waited for', opened);
      receiver = opened;
      socket.handOver();
      this.joinRealNs = share.realNs();
      if (!spec.unicast) this.#join();
    } catch (error) {
      socket.close();
      if (receiver !== null) share.addon.receiverClose(receiver);
      throw error;
    }
    this.#receiver = receiver;
  }

  #join(): void {
    const { group, interfaceName, interfaceIndex } = this.#spec;
    const what = `cannot join ${group} on ${interfaceName}`;
    if (this.#sources.length === 0) {
      const request = groupRequest(this.#group, interfaceIndex);
      const result = this.#addon.setOption(this.#fd, this.#level, MembershipOption.JoinGroup, request);
      if (result < 0) throw systemError(what, result, JOIN_ERRORS);
    }
    for (const [index, source] of this.#sources.entries()) {
      const request = groupSourceRequest(this.#group, source, interfaceIndex);
      const result = this.#addon.setOption(this.#fd, this.#level, MembershipOption.JoinSourceGroup, request);
      if (result < 0) throw systemError(`${what} from source ${this.#spec.sources[index]}`, result, JOIN_ERRORS);
    }
    this.#joined = true;
  }

  receive(batch: ReceiveBatch): number {
    if (!this.#open) return 0;
    if (batch !== this.#batch) {
      this.#batchHandle = this.#share.receiveBatch(batch);
      this.#batch = batch;
    }
    return (batch.count = this.#addon.receive(this.#receiver, this.#batchHandle!));
  }

  readDrops(): number | null {
    if (!this.#open) return null;
    const drops = this.#addon.readDrops(this.#receiver);
    return drops < 0 ? null : drops;
  }

  enableOffload(): boolean {
    return this.#open && this.#addon.receiverOffload(this.#receiver) >= 0;
  }

  answer(bytes: Uint8Array, octets: number, address: string, port: number): boolean {
    const to = this.#open ? addressOctets(address) : null;
    if (to === null || (to.length === 4) !== (this.#spec.family === 4)) return false;
    const name = sockaddr(to, port, this.#spec.interfaceIndex);
    return this.#addon.sendTo(this.#fd, bytes.subarray(0, octets), name) >= 0;
  }

  membership(): MembershipState {
    const { family, group, interfaceIndex, interfaceName, unicast } = this.#spec;
    const unknown = { group, interfaceName, mode: null, sources: [], protocol: null };
    if (unicast) return { ...unknown, evidence: 'unicast: nothing to join' };
    if (!this.#open) return { ...unknown, evidence: 'closed' };
    // Room for one more than was joined shows a source that should not be there.
    const request = sourceFilterRequest(this.#group, interfaceIndex, this.#sources.length + 1);
    const result = this.#addon.getOption(this.#fd, this.#level, MembershipOption.SourceFilter, request);
    const net = readInterfaceMembership(family, group, interfaceIndex);
    // Loopback keeps the state, but no IGMP or MLD is spoken there.
    const spoken = interfaceName === 'lo' ? null : family === 4 ? net.protocol : forcedMldVersion(interfaceName);
    if (result < 0) {
      const evidence = [`MCAST_MSFILTER: ${systemError('not a member', result).message}`, ...net.evidence].join(', ');
      return { ...unknown, protocol: spoken, evidence };
    }
    const filter = parseSourceFilter(request);
    const evidence = ['MCAST_MSFILTER', ...net.evidence].join(', ');
    return { group, interfaceName, mode: filter.mode, sources: filter.sources, protocol: spoken, evidence };
  }

  leave(): void {
    if (!this.#open || !this.#joined) return;
    this.#joined = false;
    const { interfaceIndex } = this.#spec;
    if (this.#sources.length === 0) {
      const request = groupRequest(this.#group, interfaceIndex);
      this.#addon.setOption(this.#fd, this.#level, MembershipOption.LeaveGroup, request);
    }
    for (const source of this.#sources) {
      const request = groupSourceRequest(this.#group, source, interfaceIndex);
      this.#addon.setOption(this.#fd, this.#level, MembershipOption.LeaveSourceGroup, request);
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#addon.receiverClose(this.#receiver);
    this.#share.closed(this);
  }
}
