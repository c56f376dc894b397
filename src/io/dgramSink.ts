import type { Socket } from 'node:dgram';
import { constants } from 'node:os';
import type { SendBatch } from '../core/batch.js';
import { MAX_UDP_PAYLOAD_OCTETS, SendOutcome } from '../core/batch.js';
import { isMulticast, parseAddress } from '../core/address.js';
import { McastError } from '../core/errors.js';
import type { Nanos } from '../core/time.js';
import type { DatagramSink, SendSocketSpec } from './datagram.js';
import { SocketCounter } from './datagram.js';
import { DepartureStamp, STAMP_OCTETS } from './departureStamp.js';
import { bound, bufferRequest, dgramError, interfaceArgument, numericSocket, zonedAddress } from './dgramSocket.js';
import type { DgramShare } from './dgramSource.js';

/** A destination as node:dgram takes it. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly multicast: boolean;
  /** For `setMulticastInterface`; empty for unicast. */
  readonly interface: string;
  readonly ttl: number;
}

/** Binds and checks that every destination can be sent to as asked. */
export async function openDgramSink(share: DgramShare, spec: SendSocketSpec): Promise<DgramSink> {
  const targets = spec.destinations.map((destination): Target => {
    const { address, interfaceIndex, port, ttl } = destination;
    const multicast = isGroup(address);
    return {
      address: zonedAddress(spec.family, address, 'destination', interfaceIndex, spec.interfaceName),
      port,
      multicast,
      interface: multicast ? interfaceArgument(spec.family, interfaceIndex, spec.interfaceName) : '',
      ttl,
    };
  });
  const source = spec.source ?? spec.destinations[0]?.source ?? null;
  const index = spec.destinations[0]?.interfaceIndex ?? 0;
  const local = source === null ? undefined : zonedAddress(spec.family, source, 'source', index, spec.interfaceName);
  const socket = numericSocket(spec.family, {});
  try {
    await bound(socket, spec.sourcePort, local);
  } catch (error) {
    socket.close();
    throw dgramError(`cannot send from ${source ?? 'this host'} port ${spec.sourcePort}`, error, {
      EADDRNOTAVAIL: 'ERR_SOURCE_ADDRESS',
    });
  }
  try {
    refuseSources(spec, source);
    return new DgramSink(share, spec, targets, socket);
  } catch (error) {
    socket.close();
    if (error instanceof McastError) throw error;
    throw dgramError(`cannot send on ${spec.interfaceName}`, error, { EADDRNOTAVAIL: 'ERR_INTERFACE' });
  }
}

/** A socket of node:dgram has one address for all destinations. */
function refuseSources(spec: SendSocketSpec, bound: string | null): void {
  const other = spec.destinations.find(({ source }) => source !== null && source !== bound)?.source;
  if (other === undefined) return;
  throw new McastError('ERR_UNSUPPORTED', `--io dgram sends from one address only: ${bound}, not ${other} as well`);
}

/**
 * One sending socket of node:dgram. `socket.send` makes the system call before it returns (the lookup is
 * ours, and Node tries at once), so a stamp written just before it is the departure. What the call
 * answered is told only afterwards: {@link SendBatch.outcome} says `Sent` for what was handed over, and
 * refusals show in the counters alone.
 */
export class DgramSink implements DatagramSink {
  readonly counters = new Float64Array(SocketCounter.Count);
  readonly sourcePort: number;
  readonly notes: readonly string[];
  readonly #share: DgramShare;
  readonly #socket: Socket;
  readonly #targets: readonly Target[];
  readonly #stamp: DepartureStamp;
  /** Node keeps a reference to what it could not send at once; a slot of the batch would be refilled meanwhile. */
  #staging = Buffer.allocUnsafeSlow(MAX_UDP_PAYLOAD_OCTETS);
  readonly #answered = (error: Error | null, octets: number): void => this.#account(error, octets);
  /** Options as the socket has them. */
  #interface = '';
  #multicastTtl = -1;
  #unicastTtl = -1;
  #blocked = false;
  #open = true;

  constructor(share: DgramShare, spec: SendSocketSpec, targets: readonly Target[], socket: Socket) {
    this.#share = share;
    this.#socket = socket;
    this.#targets = targets;
    this.#stamp = new DepartureStamp(spec.stampFormat, share.clock.epoch);
    this.sourcePort = socket.address().port;
    const notes = lackingNotes(spec);
    if (spec.sendBufferOctets > 0) socket.setSendBufferSize(bufferRequest(spec.sendBufferOctets));
    const granted = socket.getSendBufferSize();
    if (granted < spec.sendBufferOctets) {
      notes.push(`send buffer: asked for ${spec.sendBufferOctets} octets, the system granted ${granted}`);
    }
    this.notes = notes;
    socket.setMulticastLoopback(spec.loopback);
    for (const target of targets) this.#aim(target);
    socket.on('error', (error) => this.#account(error, 0));
  }

  /** Sets what node:dgram knows only per socket, where it differs from the last destination's. */
  #aim(target: Target): void {
    if (!target.multicast) {
      if (target.ttl !== this.#unicastTtl) this.#socket.setTTL(Math.max(1, target.ttl));
      this.#unicastTtl = target.ttl;
      return;
    }
    if (target.interface !== this.#interface) this.#socket.setMulticastInterface(target.interface);
    this.#interface = target.interface;
    if (target.ttl !== this.#multicastTtl) this.#socket.setMulticastTTL(target.ttl);
    this.#multicastTtl = target.ttl;
  }

  send(batch: SendBatch, from: number, to: number, _segments: number): number {
    if (!this.#open || from >= to) return from;
    const { clock } = this.#share;
    const socket = this.#socket;
    const dueNs = batch.dueMonoNs[to - 1]!;
    // Looks at the realtime clock: a step shows in the stamps of this call at the latest.
    clock.realNs();
    for (let i = from; i < to; i++) {
      if (socket.getSendQueueCount() > 0) {
        this.counters[SocketCounter.WouldBlock]!++;
        this.#blocked = true;
        return i;
      }
      const length = batch.length[i]!;
      if (length > MAX_UDP_PAYLOAD_OCTETS) {
        batch.departureMonoNs[i] = clock.monoNs();
        batch.outcome[i] = SendOutcome.Failed;
        this.counters[SocketCounter.Failed]!++;
        this.counters[SocketCounter.LastErrno] = constants.errno.EMSGSIZE;
        return i + 1;
      }
      const target = this.#targets[batch.destination[i]!]!;
      this.#aim(target);
      const offset = batch.offset[i]!;
      const stampAt = batch.stampAt[i]!;
      const stamped = stampAt !== 0 && stampAt + STAMP_OCTETS <= length;
      const staging = this.#staging;
      for (let k = 0; k < length; k++) staging[k] = batch.bytes[offset + k]!;
      const nowNs = this.#spinUntil(dueNs);
      batch.departureMonoNs[i] = nowNs;
      if (stamped) {
        this.#stamp.write(batch.view, offset + stampAt, clock.realAtNs(nowNs));
        for (let k = stampAt; k < stampAt + STAMP_OCTETS; k++) staging[k] = batch.bytes[offset + k]!;
      }
      this.counters[SocketCounter.SystemCalls]!++;
      socket.send(staging, 0, length, target.port, target.address, this.#answered);
      batch.outcome[i] = SendOutcome.Sent;
      if (socket.getSendQueueCount() > 0) this.#staging = Buffer.allocUnsafeSlow(MAX_UDP_PAYLOAD_OCTETS);
    }
    return to;
  }

  /** Returns the time, at or after `dueNs`. */
  #spinUntil(dueNs: Nanos): Nanos {
    const { clock } = this.#share;
    const beganNs = clock.monoNs();
    if (beganNs >= dueNs) return beganNs;
    let nowNs = beganNs;
    while (nowNs < dueNs) nowNs = clock.monoNs();
    this.counters[SocketCounter.SpinNs]! += nowNs - beganNs;
    return nowNs;
  }

  #account(error: Error | null, octets: number): void {
    const counters = this.counters;
    if (error === null) {
      counters[SocketCounter.Datagrams]!++;
      counters[SocketCounter.Octets]! += octets;
    } else {
      const { code, errno = 0 } = error as NodeJS.ErrnoException;
      counters[code === 'ENOBUFS' ? SocketCounter.NoBuffers : SocketCounter.Failed]!++;
      counters[SocketCounter.LastErrno] = Math.abs(errno);
    }
    if (this.#blocked && this.#open && this.#socket.getSendQueueCount() === 0) {
      this.#blocked = false;
      this.#share.writable();
    }
  }

  drainErrors(): number {
    return 0;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.close();
    this.#share.closed(this);
  }
}

/** What this socket was asked for and node:dgram cannot do. */
function lackingNotes(spec: SendSocketSpec): string[] {
  const notes: string[] = [];
  if (spec.destinations.some(({ tos }) => tos !== 0)) notes.push('DSCP and ECN cannot be set: sent as 0');
  if (spec.destinations.some(({ ttl, address }) => ttl === 0 && !isGroup(address))) {
    notes.push('TTL 0 is not possible for unicast: sent with 1');
  }
  if (spec.transmitTimestamps) notes.push('no transmit stamps');
  if (spec.dontFragment) notes.push("don't-fragment cannot be set: datagrams above the MTU are fragmented");
  return notes;
}

function isGroup(address: string): boolean {
  const octets = parseAddress(address);
  return octets !== null && isMulticast(octets);
}
