import type { SendBatch } from '../core/batch.js';
import type { ErrorCode } from '../core/errors.js';
import { McastError } from '../core/errors.js';
import type { NativeAddon, NativeLoop, NativeSendBatch, NativeSender } from './addon.js';
import type { DatagramSink, SendSocketSpec } from './datagram.js';
import { SocketCounter } from './datagram.js';
import type { EncodedDestination } from './linux/destination.js';
import { destinationTable } from './linux/destination.js';
import { addressOctets, isMulticast, sockaddr, sockaddrPort } from './linux/sockaddr.js';
import { RawSocket } from './linux/socket.js';
import {
  intOption,
  IpOption,
  Ipv6Option,
  Level,
  LITTLE_ENDIAN,
  MtuDiscover,
  SocketOption,
  Timestamping,
} from './linux/sockopt.js';
import { Errno, systemError } from './linux/systemError.js';

export interface NativeSinkShare {
  readonly addon: NativeAddon;
  readonly loop: NativeLoop;
  /** Registers the batch with the addon, once. */
  sendBatch(batch: SendBatch): NativeSendBatch;
  closed(socket: object): void;
}

/** Bits of the flags of `NativeAddon.senderOpen`. */
const SenderFlag = { Connected: 1, Ntp: 2, Stamped: 4, Micro: 8 } as const;

/** Transmit stamps queue in the receive buffer; with the system's default the queue stops at 255. */
const ERROR_QUEUE_OCTETS = 8_388_608;
/** Pairs kept in {@link DatagramSink.transmitStamps}. */
const TRANSMIT_STAMPS = 4096;

const ADDRESS_ERRORS: Readonly<Record<number, ErrorCode>> = {
  [Errno.EADDRNOTAVAIL]: 'ERR_SOURCE_ADDRESS',
};

function parseAddress(text: string, family: 4 | 6, what: string): Uint8Array {
  const octets = addressOctets(text);
  if (octets === null || (octets.length === 4) !== (family === 4)) {
    throw new McastError('ERR_USAGE', `${what} ${text} is not an IPv${family} address`);
  }
  return octets;
}

/** IP_MULTICAST_IF by index: struct ip_mreqn, whose last field it is; IPV6_MULTICAST_IF: an int. */
function multicastInterface(socket: RawSocket, family: 4 | 6, interfaceIndex: number): number {
  if (family === 6) return socket.set(Level.Ipv6, Ipv6Option.MulticastInterface, intOption(interfaceIndex));
  const request = new Uint8Array(12);
  new DataView(request.buffer).setUint32(8, interfaceIndex, LITTLE_ENDIAN);
  return socket.set(Level.Ip, IpOption.MulticastInterface, request);
}

function configure(socket: RawSocket, spec: SendSocketSpec): void {
  const discover = spec.dontFragment ? MtuDiscover.Do : MtuDiscover.Dont;
  const loop = spec.loopback ? 1 : 0;
  // Without RECVERR a datagram that the host's own queueing discipline dropped would count as sent.
  if (spec.family === 4) {
    socket.demand(Level.Ip, IpOption.ReceiveErrors, 1, 'refused sends would not be seen');
    socket.demand(Level.Ip, IpOption.MtuDiscover, discover, 'IP_MTU_DISCOVER');
    socket.demand(Level.Ip, IpOption.MulticastLoop, loop, 'IP_MULTICAST_LOOP');
  } else {
    socket.demand(Level.Ipv6, Ipv6Option.V6Only, 1, 'IPv6 only');
    socket.demand(Level.Ipv6, Ipv6Option.ReceiveErrors, 1, 'refused sends would not be seen');
    socket.demand(Level.Ipv6, Ipv6Option.MtuDiscover, discover, 'IPV6_MTU_DISCOVER');
    socket.demand(Level.Ipv6, Ipv6Option.MulticastLoop, loop, 'IPV6_MULTICAST_LOOP');
  }
  const { SendBuffer, SendBufferForce, ReceiveBuffer, ReceiveBufferForce } = SocketOption;
  socket.buffer(Level.Socket, SendBuffer, SendBufferForce, spec.sendBufferOctets, 'send buffer');
  if (!spec.transmitTimestamps) return;
  socket.buffer(Level.Socket, ReceiveBuffer, ReceiveBufferForce, ERROR_QUEUE_OCTETS, 'queue of transmit stamps');
}

/** Source and route of every destination, tried on a socket that sends nothing. */
function checkDestinations(
  addon: NativeAddon,
  spec: SendSocketSpec,
  destinations: readonly EncodedDestination[],
): void {
  const sources = new Set<string>();
  const scratch = new RawSocket(addon, spec.family);
  try {
    for (const destination of destinations) {
      const name = `${destination.address} on ${spec.interfaceName}`;
      const { addressOctets: address, sourceOctets, interfaceIndex } = destination;
      if (isMulticast(address) && interfaceIndex !== 0) {
        const result = multicastInterface(scratch, spec.family, interfaceIndex);
        if (result < 0) throw systemError(`cannot send to ${name}`, result, { [Errno.EADDRNOTAVAIL]: 'ERR_INTERFACE' });
      }
      const route = addon.connect(scratch.fd, sockaddr(address, destination.port, interfaceIndex));
      if (route < 0) throw noWay(destination.address, spec, route);
      if (sourceOctets === null || sources.has(destination.source!)) continue;
      sources.add(destination.source!);
      const probe = new RawSocket(addon, spec.family);
      const bound = addon.bind(probe.fd, sockaddr(sourceOctets, 0, interfaceIndex));
      probe.close();
      if (bound < 0) throw systemError(`cannot send from ${destination.source}`, bound, ADDRESS_ERRORS);
    }
  } finally {
    scratch.close();
  }
}

/** One socket of the native implementation that sends, to one or to many destinations. */
export class NativeSink implements DatagramSink {
  readonly counters = new Float64Array(SocketCounter.Count);
  readonly transmitStamps: Float64Array;
  readonly sourcePort: number;
  readonly #share: NativeSinkShare;
  readonly #addon: NativeAddon;
  readonly #sender: NativeSender;
  readonly #notes: readonly string[];
  #open = true;
  #batch: SendBatch | null = null;
  #batchHandle: NativeSendBatch | null = null;

  constructor(share: NativeSinkShare, spec: SendSocketSpec) {
    this.#share = share;
    this.#addon = share.addon;
    const destinations = spec.destinations.map((destination) => ({
      ...destination,
      addressOctets: parseAddress(destination.address, spec.family, 'destination'),
      sourceOctets: destination.source === null ? null : parseAddress(destination.source, spec.family, 'source'),
    }));
    checkDestinations(share.addon, spec, destinations);
    const socket = new RawSocket(share.addon, spec.family);
    this.#notes = socket.notes;
    try {
      configure(socket, spec);
      const first = destinations[0];
      this.sourcePort = bindSource(share.addon, socket, spec, destinations);
      const connected = first !== undefined && destinations.length === 1 && connectTo(share.addon, socket, spec, first);
      if (!connected && spec.family === 4 && destinations.some(({ ttl }) => ttl === 0)) {
        // The control message refuses 0; all others carry their own value there.
        socket.demand(Level.Ip, IpOption.MulticastTtl, 0, 'TTL 0');
      }
      const stamped = spec.transmitTimestamps && askForTransmitStamps(socket);
      this.transmitStamps = new Float64Array(stamped ? 2 * TRANSMIT_STAMPS : 2);
      const sender = share.addon.senderOpen(
        share.loop,
        socket.fd,
        (connected ? SenderFlag.Connected : 0) |
          (spec.stampFormat === 'ntp-64' ? SenderFlag.Ntp : 0) |
          (spec.stampFormat === 'unix-us' ? SenderFlag.Micro : 0) |
          (stamped ? SenderFlag.Stamped : 0),
        destinationTable(destinations),
        this.counters,
        this.transmitStamps,
      );
      if (typeof sender === 'number') throw systemError('the socket could not be waited for', sender);
      socket.handOver();
      this.#sender = sender;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  get notes(): readonly string[] {
    const refused = this.#open ? this.#addon.unsegmented(this.#sender) : 0;
    if (refused === 0) return this.#notes;
    return [...this.#notes, `UDP_SEGMENT was refused for ${refused} destination(s): sent one by one`];
  }

  send(batch: SendBatch, from: number, to: number, segments: number): number {
    if (!this.#open) return from;
    if (batch !== this.#batch) {
      this.#batchHandle = this.#share.sendBatch(batch);
      this.#batch = batch;
    }
    return this.#addon.send(this.#sender, this.#batchHandle!, from, to, segments);
  }

  drainErrors(): number {
    return this.#open ? this.#addon.drainErrors(this.#sender) : 0;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#addon.senderClose(this.#sender);
    this.#share.closed(this);
  }
}

/** Binds at once, so that the port is known and stays; returns it. */
function bindSource(
  addon: NativeAddon,
  socket: RawSocket,
  spec: SendSocketSpec,
  destinations: readonly EncodedDestination[],
): number {
  const only = destinations.length === 1 ? destinations[0]! : null;
  const source = spec.source ?? only?.source ?? null;
  const octets =
    source === null ? new Uint8Array(spec.family === 4 ? 4 : 16) : parseAddress(source, spec.family, 'source');
  const result = addon.bind(socket.fd, sockaddr(octets, spec.sourcePort, destinations[0]?.interfaceIndex ?? 0));
  const what = `cannot send from ${source ?? 'any address'}, port ${spec.sourcePort === 0 ? 'of choice' : spec.sourcePort}`;
  if (result < 0) throw systemError(what, result, ADDRESS_ERRORS);
  const local = new Uint8Array(28);
  addon.localAddress(socket.fd, local);
  return sockaddrPort(local);
}

/**
 * A socket of one destination is connected, with TTL, marking and interface as its own options: the
 * kernel then looks up no route per datagram (17 % of a send to a group on loopback). Not done where
 * the interface of a unicast destination has to be named, which only control messages do everywhere.
 */
function connectTo(
  addon: NativeAddon,
  socket: RawSocket,
  spec: SendSocketSpec,
  destination: EncodedDestination,
): boolean {
  const { addressOctets: address, interfaceIndex, ttl, tos } = destination;
  const group = isMulticast(address);
  if (!group && interfaceIndex !== 0) return false;
  if (group && interfaceIndex !== 0) multicastInterface(socket, spec.family, interfaceIndex);
  if (spec.family === 4) {
    socket.demand(Level.Ip, group ? IpOption.MulticastTtl : IpOption.Ttl, ttl, `TTL ${ttl}`);
    socket.demand(Level.Ip, IpOption.Tos, tos, `TOS ${tos}`);
  } else {
    socket.demand(Level.Ipv6, group ? Ipv6Option.MulticastHops : Ipv6Option.UnicastHops, ttl, `hop limit ${ttl}`);
    socket.demand(Level.Ipv6, Ipv6Option.TrafficClass, tos, `traffic class ${tos}`);
  }
  const result = addon.connect(socket.fd, sockaddr(address, destination.port, interfaceIndex));
  if (result < 0) throw noWay(destination.address, spec, result);
  return true;
}

function noWay(address: string, { family, interfaceName }: SendSocketSpec, result: number): McastError {
  // Over loopback an IPv6 group is delivered only by a route of type local.
  const type = interfaceName === 'lo' ? 'local ' : '';
  const hint = `Add a route: ip -6 route replace ${type}ff00::/8 dev ${interfaceName} table local.`;
  const codes = { [Errno.EADDRNOTAVAIL]: 'ERR_NO_ROUTE' } as const;
  return systemError(
    `no way to send to ${address} on ${interfaceName}`,
    result,
    codes,
    family === 6 ? hint : undefined,
  );
}

function askForTransmitStamps(socket: RawSocket): boolean {
  const flags = Timestamping.TxSoftware | Timestamping.Software | Timestamping.OptionId | Timestamping.OptionTimeOnly;
  return socket.wish(Level.Socket, SocketOption.Timestamping, flags, 'no transmit stamps');
}
