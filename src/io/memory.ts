import { type ReceiveBatch, SendBatch, SendOutcome, SlotFlag } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';
import { ManualClock } from '../core/time.js';
import type { Nanos } from '../core/time.js';
import type {
  DatagramSink,
  DatagramSource,
  Io,
  IoCapabilities,
  MembershipState,
  Path,
  PortSpec,
  ReceiveSocketSpec,
  SendSocketSpec,
} from './datagram.js';
import { SocketCounter } from './datagram.js';
import { DepartureStamp } from './departureStamp.js';
import { MemoryPort } from './memoryPort.js';
import type { Transit } from './memoryQueue.js';
import { MemoryQueue } from './memoryQueue.js';
import { PathTable, pathScope } from './pathTable.js';

export interface MemoryOptions {
  /** Shared by everything that is to live in the same simulated time. */
  readonly clock?: ManualClock;
  /** Source address of sinks that name none. */
  readonly address?: string;
  /** Datagrams that one socket's receive buffer holds. */
  readonly queueDatagrams?: number;
  /** Datagrams that may be under way to one socket at a time. */
  readonly inFlightDatagrams?: number;
  /** Largest datagram that the link carries without cutting it, octets. */
  readonly slotOctets?: number;
  /** Takes capabilities away, to see which figures become `null`. */
  readonly capabilities?: Partial<IoCapabilities>;
  /** What the network does with slot `slot`, the `ordinal`th datagram (from 0) that was to be sent. Default: nothing. */
  readonly network?: (transit: Transit, ordinal: number, batch: SendBatch, slot: number) => void;
  /** What it does with the `ordinal`th datagram that a port sends, which slot 0 holds. Default: nothing. */
  readonly unicast?: (transit: Transit, ordinal: number, batch: SendBatch) => void;
  /**
   * What the sender's own host does with it: {@link SendOutcome} `Sent`, `NoBuffers`, `Failed`, or
   * `Pending` while its send buffer is full (asked again with the same ordinal). Default: `Sent`.
   */
  readonly host?: (ordinal: number, nowMonoNs: Nanos, batch: SendBatch, slot: number) => number;
}

/** The simulated link is without fault in all but offload and what only a NIC can do. */
const CAPABILITIES: IoCapabilities = {
  kernelTime: true,
  hardwareTime: false,
  transmitTime: false,
  tos: true,
  receivedTtl: true,
  arrivalInterface: true,
  dropCounter: true,
  joinByIndex: true,
  refusedSends: true,
  deadline: true,
  offload: false,
  departureStamp: true,
  filterReadBack: true,
};

/** Sources of one Io: their numbers are 16 bits wide. */
const SOURCES_MAX = 65_536;
const DEFAULT_SOURCE_PORT = 49_152;
/** The first of the ports that the system chooses. */
const CHOSEN_PORT = 60_000;
/** Datagrams that wait at a port, and that are under way to it. */
const PORT_DATAGRAMS = 1024;

/**
 * A network inside the process, in simulated time: what a sink sends arrives at every source that
 * joined its group, port and interface. {@link wait} advances the clock to the next event instead of
 * sleeping, so a run of an hour takes as long as its arithmetic. Nothing is allocated per datagram.
 */
export class MemoryIo implements Io {
  readonly name = 'memory';
  readonly capabilities: IoCapabilities;
  readonly clock: ManualClock;
  readonly wakeHandle = -1;
  readonly ready = new Int32Array(SOURCES_MAX);
  readonly #options: MemoryOptions;
  readonly #sources: MemorySource[] = [];
  readonly #ports: MemoryPort[] = [];
  readonly #paths = new PathTable();
  readonly #transit: Transit = { delayNs: 0, stampErrorNs: 0, unstamped: false, ttl: 0, tos: 0 };
  #sinkCount = 0;
  #ordinal = 0;
  #portCount = 0;
  #portOrdinal = 0;
  #woken = false;

  constructor(options: MemoryOptions = {}) {
    this.#options = options;
    this.clock = options.clock ?? new ManualClock();
    this.capabilities = { ...CAPABILITIES, ...options.capabilities };
  }

  get pathCount(): number {
    return this.#paths.count;
  }

  path(index: number): Path {
    return this.#paths.path(index);
  }

  openSource(spec: ReceiveSocketSpec): MemorySource {
    const { queueDatagrams = 4096, inFlightDatagrams = 4096, slotOctets = 2048 } = this.#options;
    const queue = new MemoryQueue(queueDatagrams, inFlightDatagrams, slotOctets);
    const source = new MemorySource(this, this.#sources.length, spec, queue);
    this.#sources.push(source);
    return source;
  }

  openSink(spec: SendSocketSpec): MemorySink {
    const address = spec.source ?? this.#options.address ?? (spec.family === 4 ? '192.0.2.1' : '2001:db8::1');
    const port = spec.sourcePort === 0 ? DEFAULT_SOURCE_PORT + this.#sinkCount : spec.sourcePort;
    this.#sinkCount++;
    return new MemorySink(this, spec, address, port);
  }

  /** The address asked for is this host's; nothing wakes a wait for what arrives at a port. */
  openPort(spec: PortSpec): MemoryPort {
    const address = spec.address ?? this.#options.address ?? (spec.family === 4 ? '192.0.2.1' : '2001:db8::1');
    const port = spec.port === 0 ? CHOSEN_PORT + this.#portCount++ : spec.port;
    if (this.#ports.some((open) => open.address === address && open.port === port)) {
      throw new McastError('ERR_PORT_IN_USE', `cannot use ${formatHostPort(address, port)}: it is in use`);
    }
    const queue = new MemoryQueue(PORT_DATAGRAMS, PORT_DATAGRAMS, this.#options.slotOctets ?? 2048);
    const made = new MemoryPort(
      {
        monoNs: () => this.clock.monoNs(),
        realNs: () => this.clock.realNs(),
        path: (index) => this.path(index),
        carry: (from, batch, to, toPort) => this.carry(from, batch, to, toPort),
        closed: (closed) => void this.#ports.splice(this.#ports.indexOf(closed), 1),
      },
      address,
      port,
      queue,
    );
    this.#ports.push(made);
    return made;
  }

  wait(untilMonoNs: Nanos, gatherNs: Nanos): number {
    const woken = this.#woken;
    this.#woken = false;
    const nowNs = this.clock.monoNs();
    if (!woken) {
      let nextNs = Infinity;
      for (const source of this.#sources) nextNs = Math.min(nextNs, source.queue.readableAtNs(nowNs));
      const targetNs = Math.min(untilMonoNs, Math.max(nextNs, nowNs) + gatherNs);
      if (targetNs === Infinity) throw new Error('nothing on this memory link can ever end this wait');
      if (targetNs > nowNs) this.clock.advance(targetNs - nowNs);
    }
    let count = 0;
    for (const source of this.#sources) {
      if (source.queue.readableAtNs(this.clock.monoNs()) <= this.clock.monoNs()) this.ready[count++] = source.index;
    }
    return count;
  }

  wake(): void {
    this.#woken = true;
  }

  close(): void {
    for (const source of this.#sources) source.close();
    while (this.#ports.length > 0) this.#ports[0]!.close();
  }

  /** Slot 0, to a port. */
  carry(
    from: { readonly address: string; readonly port: number },
    batch: SendBatch,
    address: string,
    port: number,
  ): void {
    const nowNs = this.clock.monoNs();
    const transit = this.#transit;
    transit.delayNs = 0;
    transit.stampErrorNs = 0;
    transit.unstamped = false;
    transit.ttl = 0;
    transit.tos = 0;
    this.#options.unicast?.(transit, this.#portOrdinal++, batch);
    if (transit.delayNs < 0) return;
    const to = this.#ports.find((open) => open.address === address && open.port === port);
    if (to === undefined) return;
    const path = this.#paths.intern(to.scope, from.address, from.port);
    to.queue.offer(batch, 0, transit, nowNs, this.clock.realNs() - nowNs, path);
  }

  /** What the sender's host does with a slot: {@link SendOutcome}. */
  offer(sink: MemorySink, batch: SendBatch, slot: number): number {
    const nowNs = this.clock.monoNs();
    const ordinal = this.#ordinal;
    const outcome = this.#options.host?.(ordinal, nowNs, batch, slot) ?? SendOutcome.Sent;
    if (outcome !== SendOutcome.Pending) this.#ordinal++;
    if (outcome !== SendOutcome.Sent) return outcome;
    const destination = sink.spec.destinations[batch.destination[slot]!]!;
    const transit = this.#transit;
    transit.delayNs = 0;
    transit.stampErrorNs = 0;
    transit.unstamped = !this.capabilities.kernelTime;
    transit.ttl = destination.ttl;
    transit.tos = destination.tos;
    this.#options.network?.(transit, ordinal, batch, slot);
    if (transit.delayNs < 0) return outcome;
    for (const source of this.#sources) {
      const spec = source.spec;
      if (spec.port !== destination.port || spec.group !== destination.address) continue;
      if (spec.interfaceIndex !== destination.interfaceIndex || !source.accepts(sink.address)) continue;
      const path = this.#paths.intern(source.scope, sink.address, sink.sourcePort);
      if (path === 0) source.counters[SocketCounter.PathOverflow]!++;
      source.queue.offer(batch, slot, transit, nowNs, this.clock.realNs() - nowNs, path);
    }
    return outcome;
  }
}

class MemorySource implements DatagramSource {
  readonly index: number;
  readonly spec: ReceiveSocketSpec;
  readonly queue: MemoryQueue;
  readonly scope;
  readonly counters = new Float64Array(SocketCounter.Count);
  readonly receiveBufferOctets: number;
  readonly timeSource: 'kernel' | 'user';
  readonly notes: readonly string[] = [];
  readonly joinRealNs: Nanos;
  readonly #io: MemoryIo;
  #joined = true;

  constructor(io: MemoryIo, index: number, spec: ReceiveSocketSpec, queue: MemoryQueue) {
    this.#io = io;
    this.index = index;
    this.spec = spec;
    this.queue = queue;
    this.scope = pathScope(spec.group, spec.port, spec.interfaceIndex);
    this.receiveBufferOctets = queue.capacity * queue.slotOctets;
    this.timeSource = io.capabilities.kernelTime && spec.timestamps !== 'user' ? 'kernel' : 'user';
    this.joinRealNs = io.clock.realNs();
  }

  /** Whether a datagram from `address` gets in: joined, and any source or one of those asked for. */
  accepts(address: string): boolean {
    return this.#joined && (this.spec.sources.length === 0 || this.spec.sources.includes(address));
  }

  receive(batch: ReceiveBatch): number {
    const { clock, capabilities } = this.#io;
    const counters = this.counters;
    const monoNs = clock.monoNs();
    batch.readClock[0] = clock.realNs();
    batch.readClock[1] = monoNs;
    const count = this.queue.take(batch, monoNs);
    counters[SocketCounter.SystemCalls]!++;
    counters[SocketCounter.KernelDrops] = this.queue.drops;
    for (let i = 0; i < count; i++) {
      batch.socket[i] = this.index;
      if (!capabilities.tos) batch.tos[i] = 0;
      if (!capabilities.receivedTtl) batch.ttl[i] = 0;
      if (!capabilities.dropCounter) batch.drops[i] = 0;
      let flags = batch.flags[i]! | (capabilities.tos ? 0 : SlotFlag.NoTos);
      if (!capabilities.receivedTtl) flags |= SlotFlag.NoTtl;
      if (this.timeSource === 'user' || (flags & SlotFlag.TimeUser) !== 0) {
        flags = (flags & ~SlotFlag.TimeKernel) | SlotFlag.TimeUser;
        batch.timeRealNs[i] = batch.readClock[0]!;
      }
      batch.flags[i] = flags;
      if ((flags & SlotFlag.Truncated) !== 0) counters[SocketCounter.Truncated]!++;
      counters[SocketCounter.Octets]! += batch.length[i]!;
    }
    counters[SocketCounter.Datagrams]! += count;
    counters[SocketCounter.Messages]! += count;
    return count;
  }

  readDrops(): number | null {
    this.queue.admit(this.#io.clock.monoNs());
    this.counters[SocketCounter.KernelDrops] = this.queue.drops;
    return this.#io.capabilities.dropCounter ? this.queue.drops >>> 0 : null;
  }

  enableOffload(): boolean {
    return false;
  }

  answer(bytes: Uint8Array, octets: number, address: string, port: number): boolean {
    if (!this.#joined || address.includes(':') !== (this.spec.family === 6)) return false;
    const batch = new SendBatch(1, octets);
    batch.bytes.set(bytes.subarray(0, octets));
    batch.length[0] = octets;
    batch.count = 1;
    this.#io.carry({ address: this.spec.group, port: this.spec.port }, batch, address, port);
    return true;
  }

  membership(): MembershipState {
    const specific = this.spec.sources.length > 0;
    return {
      group: this.spec.group,
      interfaceName: this.spec.interfaceName,
      mode: this.#joined && !specific ? 'exclude' : 'include',
      sources: this.#joined ? this.spec.sources : [],
      protocol: null,
      evidence: 'memory link',
    };
  }

  leave(): void {
    this.#joined = false;
  }

  close(): void {
    this.#joined = false;
    this.queue.clear();
  }
}

class MemorySink implements DatagramSink {
  readonly spec: SendSocketSpec;
  readonly address: string;
  readonly sourcePort: number;
  readonly counters = new Float64Array(SocketCounter.Count);
  readonly notes: readonly string[] = [];
  readonly #io: MemoryIo;
  readonly #stamp: DepartureStamp;
  #closed = false;

  constructor(io: MemoryIo, spec: SendSocketSpec, address: string, sourcePort: number) {
    this.#io = io;
    this.spec = spec;
    this.address = address;
    this.sourcePort = sourcePort;
    this.#stamp = new DepartureStamp(spec.stampFormat, io.clock.epoch);
  }

  send(batch: SendBatch, from: number, to: number, _segments: number): number {
    if (this.#closed || from >= to) return from;
    const { clock } = this.#io;
    const counters = this.counters;
    const dueNs = batch.dueMonoNs[to - 1]!;
    if (clock.monoNs() < dueNs) clock.advance(dueNs - clock.monoNs());
    for (let i = from; i < to; i++) {
      batch.departureMonoNs[i] = clock.monoNs();
      const stampAt = batch.stampAt[i]!;
      if (stampAt !== 0) this.#stamp.write(batch.view, batch.offset[i]! + stampAt, clock.realNs());
      const outcome = this.#io.offer(this, batch, i);
      counters[SocketCounter.SystemCalls]!++;
      if (outcome === SendOutcome.Pending) {
        counters[SocketCounter.WouldBlock]!++;
        return i;
      }
      batch.outcome[i] = outcome;
      if (outcome === SendOutcome.Sent) {
        counters[SocketCounter.Datagrams]!++;
        counters[SocketCounter.Octets]! += batch.length[i]!;
        continue;
      }
      counters[outcome === SendOutcome.NoBuffers ? SocketCounter.NoBuffers : SocketCounter.Failed]!++;
      return i + 1;
    }
    return to;
  }

  drainErrors(): number {
    return 0;
  }

  close(): void {
    this.#closed = true;
  }
}
