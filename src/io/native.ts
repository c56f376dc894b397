import type { ReceiveBatch, SendBatch } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import type { Clock, Nanos, RunEpoch } from '../core/time.js';
import type { NativeAddon, NativeLoop, NativeReceiveBatch, NativeSendBatch } from './addon.js';
import { loadNative, nativeFailure } from './addon.js';
import { readEpoch } from './clocks.js';
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
import { addressText } from './linux/sockaddr.js';
import { LITTLE_ENDIAN } from './linux/sockopt.js';
import { systemError } from './linux/systemError.js';
import { registerReceiveBatch, registerSendBatch } from './nativeBatch.js';
import { NativePort } from './nativePort.js';
import { NativeSink } from './nativeSink.js';
import { NativeSource } from './nativeSource.js';
import { MAX_PATHS } from './pathTable.js';

const CAPABILITIES: IoCapabilities = {
  kernelTime: true,
  hardwareTime: true,
  transmitTime: true,
  tos: true,
  receivedTtl: true,
  arrivalInterface: true,
  dropCounter: true,
  joinByIndex: true,
  refusedSends: true,
  deadline: true,
  offload: true,
  departureStamp: true,
  filterReadBack: true,
};

/** Most sources that one `wait` names; the others are named by the next. */
const READY_CAPACITY = 256;
const SOURCES_MAX = 65_536;
/** `struct path_key` of `native/mcast.h`. */
const PathField = { Source: 0, Group: 16, Interface: 32, SourcePort: 36, Port: 38, Octets: 40 } as const;
const NO_PATH: Path = { source: '', sourcePort: 0, group: '', port: 0, interfaceIndex: 0 };

/** The native implementation: one wait for all sockets of the calling thread. */
class NativeIo implements Io {
  readonly name = 'native';
  readonly capabilities = CAPABILITIES;
  readonly clock: Clock;
  readonly ready = new Int32Array(READY_CAPACITY);
  readonly wakeHandle: number;
  readonly addon: NativeAddon;
  readonly loop: NativeLoop;
  /** CLOCK_REALTIME, CLOCK_MONOTONIC and the arguments of wait: the addon reads and writes it. */
  readonly #clockCells = new Float64Array(4);
  readonly #sockets = new Set<DatagramSource | DatagramSink | DatagramPort>();
  readonly #receiveBatches = new WeakMap<ReceiveBatch, NativeReceiveBatch>();
  readonly #sendBatches = new WeakMap<SendBatch, NativeSendBatch>();
  /** Those that were asked for: an index keeps its meaning. */
  readonly #paths: Path[] = [];
  #nextIndex = 0;
  #open = true;

  constructor(addon: NativeAddon, epoch: RunEpoch) {
    const cells = this.#clockCells;
    const loop = addon.loopOpen(epoch.realtimeNs, epoch.monotonicNs, this.ready, cells, MAX_PATHS);
    if (typeof loop === 'number') throw systemError('no loop could be opened', loop);
    this.addon = addon;
    this.loop = loop;
    this.wakeHandle = addon.loopHandle(loop);
    this.clock = {
      epoch,
      monoNs: () => {
        addon.loopClock(loop);
        return cells[1]!;
      },
      realNs: () => {
        addon.loopClock(loop);
        return cells[0]!;
      },
    };
  }

  openSource(spec: ReceiveSocketSpec): DatagramSource {
    if (this.#nextIndex === SOURCES_MAX) {
      throw new McastError('ERR_SOCKET', `more than ${SOURCES_MAX} receive sockets were opened in one run`);
    }
    const source = new NativeSource(this, spec, this.#nextIndex++);
    this.#sockets.add(source);
    return source;
  }

  openSink(spec: SendSocketSpec): DatagramSink {
    const sink = new NativeSink(this, spec);
    this.#sockets.add(sink);
    return sink;
  }

  openPort(spec: PortSpec): DatagramPort {
    const port = new NativePort(this, spec);
    this.#sockets.add(port);
    return port;
  }

  realNs(): Nanos {
    return this.clock.realNs();
  }

  receiveBatch(batch: ReceiveBatch): NativeReceiveBatch {
    const known = this.#receiveBatches.get(batch);
    if (known !== undefined) return known;
    const fresh = registerReceiveBatch(this.addon, batch);
    this.#receiveBatches.set(batch, fresh);
    return fresh;
  }

  sendBatch(batch: SendBatch): NativeSendBatch {
    const known = this.#sendBatches.get(batch);
    if (known !== undefined) return known;
    const fresh = registerSendBatch(this.addon, batch);
    this.#sendBatches.set(batch, fresh);
    return fresh;
  }

  closed(socket: object): void {
    this.#sockets.delete(socket as DatagramSource | DatagramSink | DatagramPort);
  }

  get pathCount(): number {
    return this.addon.pathCount(this.loop);
  }

  path(index: number): Path {
    const known = this.#paths[index];
    if (known !== undefined) return known;
    const octets = new Uint8Array(PathField.Octets);
    if (this.addon.path(this.loop, index, octets) < 0) return NO_PATH;
    const view = new DataView(octets.buffer);
    return (this.#paths[index] = {
      source: addressText(octets, PathField.Source, 6),
      sourcePort: view.getUint16(PathField.SourcePort, LITTLE_ENDIAN),
      group: addressText(octets, PathField.Group, 6),
      port: view.getUint16(PathField.Port, LITTLE_ENDIAN),
      interfaceIndex: view.getUint32(PathField.Interface, LITTLE_ENDIAN),
    });
  }

  wait(untilMonoNs: Nanos, gatherNs: Nanos): number {
    if (!this.#open) return 0;
    this.#clockCells[2] = untilMonoNs;
    this.#clockCells[3] = gatherNs;
    const count = this.addon.loopWait(this.loop);
    if (count < 0) throw systemError('waiting for sockets failed', count);
    return count;
  }

  wake(): void {
    if (this.#open) this.addon.wake(this.wakeHandle);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const socket of this.#sockets) socket.close();
    this.addon.loopClose(this.loop);
  }
}

/**
 * The native implementation for the calling thread. `epoch`: the run's; threads of one run share it.
 * Throws ERR_NATIVE_UNAVAILABLE where the addon is not there.
 */
export function openNativeIo(epoch?: RunEpoch, addon: NativeAddon | null = loadNative()): Io {
  if (addon === null) throw new McastError('ERR_NATIVE_UNAVAILABLE', nativeFailure());
  return new NativeIo(addon, epoch ?? readEpoch(addon));
}
