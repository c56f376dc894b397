import type { Nanos, RunEpoch } from '../core/time.js';
import { McastError } from '../core/errors.js';
import type {
  DatagramPort,
  DatagramSink,
  DatagramSource,
  Io,
  IoCapabilities,
  Path,
  PortSpec,
  ReceiveSocketSpec,
  SendSocketSpec,
} from './datagram.js';
import { openDgramPort } from './dgramPort.js';
import { openDgramSink } from './dgramSink.js';
import type { DgramShare, DgramSource } from './dgramSource.js';
import { openDgramSource } from './dgramSource.js';
import { PathTable } from './pathTable.js';
import { PortableClock } from './portableClock.js';

/** What node:dgram offers no call for. Departure stamps are honest: see `dgramSink.ts`. */
const CAPABILITIES: IoCapabilities = {
  kernelTime: false,
  hardwareTime: false,
  transmitTime: false,
  tos: false,
  receivedTtl: false,
  arrivalInterface: false,
  dropCounter: false,
  joinByIndex: false,
  refusedSends: false,
  deadline: false,
  offload: false,
  departureStamp: true,
  filterReadBack: false,
};

/** Sources of one Io: their numbers are 16 bits wide. */
const SOURCES_MAX = 65_536;
/** Longest time-out that Node takes, ms. */
const TIMEOUT_MAX_MS = 2_147_483_647;
const NS_PER_MS = 1e6;

/**
 * The portable implementation, over Node's event loop: {@link wait} returns a promise, and nothing
 * arrives between two waits. It needs no compiler and runs wherever Node does.
 */
class DgramIo implements Io {
  readonly name = 'dgram';
  readonly capabilities = CAPABILITIES;
  readonly clock: PortableClock;
  /** A thread that waits here runs its event loop: a message to it, whose handler calls {@link wake}, is enough. */
  readonly wakeHandle = -1;
  readonly ready = new Int32Array(SOURCES_MAX);
  readonly #paths = new PathTable();
  readonly #sources = new Map<number, DgramSource>();
  readonly #sockets = new Set<DatagramSource | DatagramSink | DatagramPort>();
  readonly #share: DgramShare;
  #nextIndex = 0;
  #open = true;
  #woken = false;
  /** Of the present wait; `null`: there is none. */
  #resolve: ((ready: number) => void) | null = null;
  #untilNs: Nanos = 0;
  #gatherNs: Nanos = 0;
  /** The wait is about to end, or to end when arrivals have gathered: further ones change nothing. */
  #ending = false;
  #timeout: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(epoch: RunEpoch | undefined) {
    this.clock = new PortableClock(epoch);
    this.#share = {
      clock: this.clock,
      paths: this.#paths,
      readable: () => this.#readable(),
      writable: () => this.#writable(),
      closed: (socket) => this.#closed(socket as DatagramSource | DatagramSink),
    };
  }

  get pathCount(): number {
    return this.#paths.count;
  }

  path(index: number): Path {
    return this.#paths.path(index);
  }

  async openSource(spec: ReceiveSocketSpec): Promise<DatagramSource> {
    if (this.#nextIndex === SOURCES_MAX) {
      throw new McastError('ERR_SOCKET', `more than ${SOURCES_MAX} receive sockets were opened in one run`);
    }
    const source = await openDgramSource(this.#share, this.#nextIndex++, spec);
    this.#sources.set(source.index, source);
    this.#sockets.add(source);
    return source;
  }

  async openSink(spec: SendSocketSpec): Promise<DatagramSink> {
    const sink = await openDgramSink(this.#share, spec);
    this.#sockets.add(sink);
    return sink;
  }

  async openPort(spec: PortSpec): Promise<DatagramPort> {
    const port = await openDgramPort((closed) => this.#sockets.delete(closed as DatagramPort), spec, this.clock);
    this.#sockets.add(port);
    return port;
  }

  /**
   * Always lets the event loop turn at least once. Below a millisecond Node has no timer: the rest of
   * the way the event loop turns without sleeping.
   */
  wait(untilMonoNs: Nanos, gatherNs: Nanos): Promise<number> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#untilNs = untilMonoNs;
      this.#gatherNs = gatherNs;
      this.#ending = false;
      if (this.#woken || !this.#open) this.#end();
      else if (this.#anyReadable()) this.#readable();
      else this.#sleep();
    });
  }

  wake(): void {
    if (this.#resolve === null) this.#woken = true;
    else this.#end();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const socket of this.#sockets) socket.close();
    if (this.#resolve !== null) this.#end();
  }

  #anyReadable(): boolean {
    for (const source of this.#sources.values()) if (source.readable) return true;
    return false;
  }

  #sleep(): void {
    const restNs = this.#untilNs - this.clock.monoNs();
    if (restNs <= 0) {
      this.#end();
    } else if (restNs >= NS_PER_MS) {
      const forMs = Math.min(Math.floor(restNs / NS_PER_MS), TIMEOUT_MAX_MS);
      this.#timeout = setTimeout(() => this.#sleep(), forMs);
    } else {
      this.#immediate = setImmediate(() => this.#sleep());
    }
  }

  #readable(): void {
    if (this.#resolve === null || this.#ending) return;
    const restNs = Math.min(this.#untilNs - this.clock.monoNs(), this.#gatherNs);
    if (restNs <= 0) {
      this.#end();
      return;
    }
    this.#ending = true;
    this.#cancel();
    this.#timeout = setTimeout(() => this.#finish(), Math.ceil(restNs / NS_PER_MS));
  }

  #writable(): void {
    if (this.#resolve !== null) this.#end();
  }

  /** Ends the wait when the event loop has delivered what it holds: not once per datagram. */
  #end(): void {
    this.#ending = true;
    this.#cancel();
    this.#immediate = setImmediate(() => this.#finish());
  }

  #finish(): void {
    this.#cancel();
    const resolve = this.#resolve!;
    this.#resolve = null;
    this.#woken = false;
    let count = 0;
    for (const source of this.#sources.values()) if (source.readable) this.ready[count++] = source.index;
    resolve(count);
  }

  #cancel(): void {
    clearTimeout(this.#timeout);
    clearImmediate(this.#immediate);
  }

  #closed(socket: DatagramSource | DatagramSink): void {
    this.#sockets.delete(socket);
    if ('index' in socket) this.#sources.delete(socket.index);
  }
}

/** The portable implementation. `epoch`: the run's; threads of one run share it. */
export function openDgramIo(epoch?: RunEpoch): Io {
  return new DgramIo(epoch);
}
