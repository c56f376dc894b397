import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

declare const handleKind: unique symbol;
/** Something that the addon owns, or that it keeps references to; freed by garbage collection. */
export interface NativeHandle<Kind extends string> {
  readonly [handleKind]: Kind;
}
export type NativeLoop = NativeHandle<'loop'>;
export type NativeReceiver = NativeHandle<'receiver'>;
export type NativeSender = NativeHandle<'sender'>;
export type NativeReceiveBatch = NativeHandle<'receiveBatch'>;
export type NativeSendBatch = NativeHandle<'sendBatch'>;

/**
 * The calls of `src/native`. Each returns what the system call returned, or the negative errno; a
 * wrong argument throws. Sockets are plain descriptors until a receiver or sender takes them over.
 */
export interface NativeAddon {
  socket(domain: number, type: number, protocol: number): number;
  close(fd: number): number;
  bind(fd: number, address: Uint8Array): number;
  connect(fd: number, address: Uint8Array): number;
  /** Writes the socket's own address and returns its octets. */
  localAddress(fd: number, out: Uint8Array): number;
  setOption(fd: number, level: number, name: number, octets: Uint8Array): number;
  /** `octets` is read and written; returns how many were written. */
  getOption(fd: number, level: number, name: number, octets: Uint8Array): number;
  /** ioctl(2) with `octets` as its argument. */
  control(fd: number, request: number, octets: Uint8Array): number;
  /** ioctl(2) on an interface, with `octets` as its ifr_data. */
  interfaceControl(fd: number, request: number, interfaceName: string, octets: Uint8Array): number;
  /** SO_ATTACH_FILTER with an array of `struct sock_filter`, at most 256. */
  attachFilter(fd: number, program: Uint8Array): number;
  sendTo(fd: number, octets: Uint8Array, address: Uint8Array): number;
  /**
   * Writes the address of the sender, as far as `address` has room, and when the kernel stamped the datagram, ns since
   * 1970; 0: it did not.
   */
  receiveFrom(fd: number, octets: Uint8Array, address: Uint8Array, stamp: BigInt64Array): number;

  /** Writes REALTIME, MONOTONIC, MONOTONIC_RAW of one instant and half of the time the reading took, all ns. */
  clocks(out: BigInt64Array): void;
  /** adjtimex(2), reading only: state, status, offset, frequency, maximum error, estimated error, TAI - UTC. */
  adjustment(out: Float64Array): number;
  /** Of the calling thread, ns. */
  timerSlack(ns: number): number;
  /** Binds the calling thread to one processor. */
  affinity(cpu: number): number;
  /** SCHED_FIFO for the calling thread alone, priority 1 to 99. */
  realtime(priority: number): number;

  /** `clock` holds REALTIME, MONOTONIC (both written, ns since the epoch) and both arguments of `loopWait`. */
  loopOpen(
    epochRealNs: bigint,
    epochMonoNs: bigint,
    ready: Int32Array,
    clock: Float64Array,
    pathCapacity: number,
  ): NativeLoop | number;
  loopHandle(loop: NativeLoop): number;
  loopClock(loop: NativeLoop): void;
  loopWait(loop: NativeLoop): number;
  loopClose(loop: NativeLoop): void;
  /** Takes the number that `loopHandle` gave, in any thread. */
  wake(handle: number): number;
  pathCount(loop: NativeLoop): number;
  path(loop: NativeLoop, index: number, out: Uint8Array): number;

  receiverOpen(
    loop: NativeLoop,
    fd: number,
    index: number,
    port: number,
    hardware: number,
    hardwareSeconds: number,
    counters: Float64Array,
    group: Uint8Array,
    interfaceIndex: number,
  ): NativeReceiver | number;
  receiverOffload(receiver: NativeReceiver): number;
  receiverClose(receiver: NativeReceiver): void;
  readDrops(receiver: NativeReceiver): number;
  receive(receiver: NativeReceiver, batch: NativeReceiveBatch): number;
  receiveBatch(
    messages: number,
    strideOctets: number,
    capacity: number,
    bytes: Uint8Array,
    offset: Uint32Array,
    length: Uint32Array,
    flags: Uint8Array,
    timeRealNs: Float64Array,
    path: Uint32Array,
    socket: Uint16Array,
    tos: Uint8Array,
    ttl: Uint8Array,
    drops: Uint32Array,
    following: Uint8Array,
    readClock: Float64Array,
  ): NativeReceiveBatch | number;

  senderOpen(
    loop: NativeLoop,
    fd: number,
    flags: number,
    destinations: Uint8Array,
    counters: Float64Array,
    transmitStamps: Float64Array,
  ): NativeSender | number;
  senderClose(sender: NativeSender): void;
  send(sender: NativeSender, batch: NativeSendBatch, from: number, to: number, segments: number): number;
  drainErrors(sender: NativeSender): number;
  /** Destinations that took no super-packet. */
  unsegmented(sender: NativeSender): number;
  sendBatch(
    capacity: number,
    bytes: Uint8Array,
    offset: Uint32Array,
    length: Uint32Array,
    dueMonoNs: Float64Array,
    departureMonoNs: Float64Array,
    destination: Uint16Array,
    stampAt: Uint16Array,
    outcome: Uint8Array,
  ): NativeSendBatch | number;
}

let loaded: NativeAddon | null | undefined;
let failure = '';

/** The native layer, or `null`: {@link nativeFailure} then says why. Never throws; tried once per thread. */
export function loadNative(): NativeAddon | null {
  if (loaded !== undefined) return loaded;
  loaded = null;
  if (process.platform !== 'linux') {
    failure = `the native layer needs Linux, this is ${process.platform}`;
    return null;
  }
  // Beside the compiled files; from the sources, where the build put it; last, what the package brought.
  const places = [
    '../native/mcast.node',
    '../../dist/native/mcast.node',
    `../../prebuilds/linux-${process.arch}/mcast.node`,
  ];
  failure = 'the native layer was not built (npm run build:native)';
  for (const place of places) {
    const file = fileURLToPath(new URL(place, import.meta.url));
    if (!existsSync(file)) continue;
    try {
      loaded = createRequire(import.meta.url)(file) as NativeAddon;
      failure = '';
      return loaded;
    } catch (error) {
      failure = `${file} did not load: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return null;
}

/** Why {@link loadNative} gave `null`, for people; empty when it did not. */
export function nativeFailure(): string {
  loadNative();
  return failure;
}

/** Ends the `wait` of the loop with this `Io.wakeHandle`, from any thread. -1 has none: nothing happens. */
export function wakeLoop(handle: number): void {
  if (handle >= 0) loadNative()?.wake(handle);
}
