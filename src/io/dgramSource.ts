import type { RemoteInfo, Socket } from 'node:dgram';
import type { ReceiveBatch } from '../core/batch.js';
import { SlotFlag } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import type { Nanos } from '../core/time.js';
import type { DatagramSource, MembershipState, ReceiveSocketSpec } from './datagram.js';
import { SocketCounter } from './datagram.js';
import { DatagramRing } from './datagramRing.js';
import { bound, bufferRequest, dgramError, interfaceArgument, numericSocket, zonedAddress } from './dgramSocket.js';
import { readInterfaceMembership } from './linux/membership.js';
import type { PathScope, PathTable } from './pathTable.js';
import { pathScope } from './pathTable.js';
import type { PortableClock } from './portableClock.js';

/** What all sockets of one portable Io share. */
export interface DgramShare {
  readonly clock: PortableClock;
  readonly paths: PathTable;
  /** A source has become readable. */
  readable(): void;
  /** A sink that would have blocked has become writable. */
  writable(): void;
  closed(socket: object): void;
}

/** Datagrams and octets that one source keeps until they are read: 30 ms at the most that Node delivers. */
const RING_DATAGRAMS = 4096;
const RING_OCTETS = 8_388_608;

const JOIN_ERRORS = { ENOBUFS: 'ERR_MEMBERSHIP', ENOMEM: 'ERR_MEMBERSHIP', EADDRNOTAVAIL: 'ERR_MEMBERSHIP' } as const;

/** Binds, sets the receive buffer and joins. */
export async function openDgramSource(share: DgramShare, index: number, spec: ReceiveSocketSpec): Promise<DgramSource> {
  const { family, group, port, unicast, interfaceIndex, interfaceName } = spec;
  const address = zonedAddress(family, group, unicast ? 'address' : 'group', interfaceIndex, interfaceName);
  const iface = unicast ? '' : interfaceArgument(family, interfaceIndex, interfaceName);
  const socket = numericSocket(family, { reuseAddr: !unicast });
  try {
    // Windows binds to no group: there, what else comes to the port is filtered by nobody.
    await bound(socket, port, process.platform === 'win32' && !unicast ? undefined : address);
  } catch (error) {
    socket.close();
    const where = family === 6 ? `[${group}]:${port}` : `${group}:${port}`;
    throw dgramError(`cannot receive on ${where}`, error, { EADDRNOTAVAIL: 'ERR_SOURCE_ADDRESS' });
  }
  try {
    return new DgramSource(share, index, spec, socket, iface);
  } catch (error) {
    socket.close();
    throw error instanceof McastError ? error : dgramError('the socket was refused', error);
  }
}

/** One receiving socket of node:dgram. Node hands datagrams over one by one; they wait in a ring. */
export class DgramSource implements DatagramSource {
  readonly index: number;
  readonly counters = new Float64Array(SocketCounter.Count);
  readonly receiveBufferOctets: number | null;
  readonly timeSource = 'user';
  readonly notes: readonly string[];
  readonly joinRealNs: Nanos;
  readonly #share: DgramShare;
  readonly #spec: ReceiveSocketSpec;
  readonly #socket: Socket;
  readonly #scope: PathScope;
  readonly #ring = new DatagramRing(RING_DATAGRAMS, RING_OCTETS);
  /** As node:dgram takes it. */
  readonly #interface: string;
  #joined = false;
  #open = true;

  constructor(share: DgramShare, index: number, spec: ReceiveSocketSpec, socket: Socket, iface: string) {
    this.#share = share;
    this.index = index;
    this.#spec = spec;
    this.#socket = socket;
    this.#interface = iface;
    this.#scope = pathScope(spec.group, spec.port, spec.interfaceIndex);
    const notes = lackingNotes(spec);
    if (spec.receiveBufferOctets > 0) socket.setRecvBufferSize(bufferRequest(spec.receiveBufferOctets));
    const granted = socket.getRecvBufferSize();
    if (granted < spec.receiveBufferOctets) {
      notes.push(`receive buffer: asked for ${spec.receiveBufferOctets} octets, the system granted ${granted}`);
    }
    this.receiveBufferOctets = granted;
    this.notes = notes;
    socket.on('message', (octets, from) => this.#arrived(octets, from));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.counters[SocketCounter.Failed]!++;
      this.counters[SocketCounter.LastErrno] = Math.abs(error.errno ?? 0);
    });
    this.joinRealNs = share.clock.realNs();
    if (!spec.unicast) this.#join();
  }

  #join(): void {
    const { group, sources, interfaceName } = this.#spec;
    const what = `cannot join ${group} on ${interfaceName}`;
    try {
      if (sources.length === 0) this.#socket.addMembership(group, this.#interface);
      for (const source of sources) this.#socket.addSourceSpecificMembership(source, group, this.#interface);
    } catch (error) {
      throw dgramError(what, error, JOIN_ERRORS);
    }
    this.#joined = true;
  }

  #arrived(octets: Uint8Array, from: RemoteInfo): void {
    // Without IP_MULTICAST_ALL off, which Node cannot set, a socket gets what any other here has joined.
    if (!this.#joined && !this.#spec.unicast) return;
    const counters = this.counters;
    counters[SocketCounter.SystemCalls]!++;
    const path = this.#share.paths.intern(this.#scope, from.address, from.port);
    if (path === 0) counters[SocketCounter.PathOverflow]!++;
    if (!this.#ring.push(octets, this.#share.clock.realNs(), path)) counters[SocketCounter.Discarded]!++;
    this.#share.readable();
  }

  get readable(): boolean {
    return this.#ring.count > 0;
  }

  receive(batch: ReceiveBatch): number {
    if (!this.#open) return (batch.count = 0);
    const { clock } = this.#share;
    // Looks at the realtime clock: a step shows here at the latest.
    clock.realNs();
    const monoNs = clock.monoNs();
    batch.readClock[0] = clock.realAtNs(monoNs);
    batch.readClock[1] = monoNs;
    const count = this.#ring.take(batch, this.index);
    const counters = this.counters;
    counters[SocketCounter.Datagrams]! += count;
    counters[SocketCounter.Messages]! += count;
    for (let i = 0; i < count; i++) {
      counters[SocketCounter.Octets]! += batch.length[i]!;
      if ((batch.flags[i]! & SlotFlag.Truncated) !== 0) counters[SocketCounter.Truncated]!++;
    }
    return count;
  }

  readDrops(): number | null {
    return null;
  }

  enableOffload(): boolean {
    return false;
  }

  answer(bytes: Uint8Array, octets: number, address: string, port: number): boolean {
    if (!this.#open || address.includes(':') !== (this.#spec.family === 6)) return false;
    // Node may keep what it could not send at once, and the caller's octets are the caller's again.
    this.#socket.send(Buffer.from(bytes.subarray(0, octets)), 0, octets, port, address, () => {});
    return true;
  }

  membership(): MembershipState {
    const { family, group, interfaceIndex, interfaceName, unicast } = this.#spec;
    const unknown = { group, interfaceName, mode: null, sources: [], protocol: null };
    if (unicast) return { ...unknown, evidence: 'unicast: nothing to join' };
    if (!this.#open) return { ...unknown, evidence: 'closed' };
    const found = readInterfaceMembership(family, group, interfaceIndex);
    if (found.evidence.length === 0) return { ...unknown, evidence: 'not readable through node:dgram' };
    // What the interface has joined for all programs; of this socket alone nothing can be read.
    const protocol = interfaceName === 'lo' ? null : found.protocol;
    return { ...unknown, protocol, evidence: `${found.evidence.join(', ')} (of all programs)` };
  }

  leave(): void {
    if (!this.#open || !this.#joined) return;
    this.#joined = false;
    const { group, sources } = this.#spec;
    try {
      if (sources.length === 0) this.#socket.dropMembership(group, this.#interface);
      for (const source of sources) this.#socket.dropSourceSpecificMembership(source, group, this.#interface);
    } catch {
      // The interface has gone, and the membership with it.
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.removeAllListeners('message');
    this.#socket.close();
    this.#share.closed(this);
  }
}

/** What this socket was asked for and node:dgram cannot do. */
function lackingNotes(spec: ReceiveSocketSpec): string[] {
  const notes: string[] = [];
  if (spec.timestamps === 'kernel' || spec.timestamps === 'hardware') {
    notes.push(`no ${spec.timestamps} receive stamps: times are read when Node hands a datagram over`);
  }
  if (spec.busyPollUs > 0) notes.push('no busy polling');
  if (spec.family === 6 && !spec.unicast) {
    notes.push(
      `not restricted to ${spec.interfaceName}: in IPv6 the group arrives from every interface that joined it`,
    );
  }
  return notes;
}
