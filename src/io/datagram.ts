import type { ReceiveBatch, SendBatch } from '../core/batch.js';
import type { Clock, Nanos } from '../core/time.js';

/**
 * What an implementation can do. A metric that needs a missing capability is `null`, never 0.
 * `test/compliance` pins the list of each implementation.
 */
export interface IoCapabilities {
  /** Kernel receive stamps (SO_TIMESTAMPING). */
  readonly kernelTime: boolean;
  readonly hardwareTime: boolean;
  /** Transmit stamps through the error queue. */
  readonly transmitTime: boolean;
  /** The TOS or traffic-class octet of each datagram, and marking of sent ones. */
  readonly tos: boolean;
  /** TTL or hop limit of each datagram. */
  readonly receivedTtl: boolean;
  /** Source address restricted to the interface that was joined. */
  readonly arrivalInterface: boolean;
  /** SO_RXQ_OVFL. */
  readonly dropCounter: boolean;
  /** IPv4 joins by interface index, so also on interfaces without an IPv4 address. */
  readonly joinByIndex: boolean;
  /** Sends that the host's own queueing discipline refused are seen (IP_RECVERR). */
  readonly refusedSends: boolean;
  /** Deadlines finer than a millisecond. */
  readonly deadline: boolean;
  /** UDP_SEGMENT and UDP_GRO. */
  readonly offload: boolean;
  /** Departure time written into the datagram just before its system call. */
  readonly departureStamp: boolean;
  /** Joined state read back from the kernel per socket (MCAST_MSFILTER). */
  readonly filterReadBack: boolean;
}

export type AddressFamily = 4 | 6;

/** One kernel socket for one (group, port, interface): ENGINE rules in `docs/architecture.md`. */
export interface ReceiveSocketSpec {
  readonly family: AddressFamily;
  /** Group address, or with `unicast` the local address to bind to. No zone. */
  readonly group: string;
  readonly port: number;
  readonly unicast: boolean;
  readonly interfaceIndex: number;
  readonly interfaceName: string;
  /** Empty: any source. Never more than the kernel takes on one socket (10 in IPv4, 64 in IPv6 by default). */
  readonly sources: readonly string[];
  /** Receive buffer asked for, octets of kernel memory; 0 leaves the system's default. */
  readonly receiveBufferOctets: number;
  /** `auto`: hardware where offered, else kernel. */
  readonly timestamps: 'auto' | 'hardware' | 'kernel' | 'user';
  /** SO_BUSY_POLL, microseconds; 0 off. */
  readonly busyPollUs: number;
}

/** What the kernel says this socket has joined. */
export interface MembershipState {
  readonly group: string;
  readonly interfaceName: string;
  /** `include` with sources is source-specific, `exclude` without sources is any-source. `null`: not readable. */
  readonly mode: 'include' | 'exclude' | null;
  readonly sources: readonly string[];
  /** Host's mode on the interface, from /proc/net/igmp or the MLD equivalent; `null` where not readable (loopback). */
  readonly protocol: 'IGMPv1' | 'IGMPv2' | 'IGMPv3' | 'MLDv1' | 'MLDv2' | null;
  /** Where this was read, e.g. "MCAST_MSFILTER, /proc/net/mcfilter". */
  readonly evidence: string;
}

/** Indexes of {@link DatagramSource.counters} and {@link DatagramSink.counters}. */
export const SocketCounter = {
  Datagrams: 0,
  Octets: 1,
  SystemCalls: 2,
  /** Receive: datagrams that the kernel dropped at this socket, extended from SO_RXQ_OVFL or SO_MEMINFO. */
  KernelDrops: 3,
  Truncated: 4,
  ControlTruncated: 5,
  WouldBlock: 6,
  /** Send: datagrams refused with ENOBUFS. */
  NoBuffers: 7,
  TooLate: 8,
  Failed: 9,
  LastErrno: 10,
  /** ICMP errors drained from the error queue. */
  IcmpErrors: 11,
  TransmitStamps: 12,
  TransmitStampsMissing: 13,
  /** Paths that found no room in the path table. */
  PathOverflow: 14,
  /** Receive: datagrams that the kernel delivered and this implementation had no room for: application loss. */
  Discarded: 15,
  /** Send: super-packets that the kernel took. */
  SuperPackets: 16,
  /** Send: time spent spinning before deadlines, ns. */
  SpinNs: 17,
  /** Receive: system-call messages; a super-packet is one. */
  Messages: 18,
  Count: 24,
} as const;

/** The addresses behind a path index. */
export interface Path {
  readonly source: string;
  readonly sourcePort: number;
  readonly group: string;
  readonly port: number;
  readonly interfaceIndex: number;
}

export interface DatagramSource {
  /** Number written into `ReceiveBatch.socket`. */
  readonly index: number;
  readonly counters: Float64Array;
  /** Receive buffer as the kernel granted it, octets; `null` where not readable. */
  readonly receiveBufferOctets: number | null;
  readonly timeSource: 'hardware' | 'kernel' | 'user';
  /** What was asked for and could not be had, in words for the result. */
  readonly notes: readonly string[];
  /** CLOCK_REALTIME since the epoch just before the join, ns. */
  readonly joinRealNs: Nanos;
  /** Non-blocking. Refills the batch from slot 0 and returns `batch.count`; 0: nothing there. */
  receive(batch: ReceiveBatch): number;
  /** SO_MEMINFO drops: what SO_RXQ_OVFL has not yet told because nothing arrived since. 32 bits, wraps. */
  readDrops(): number | null;
  /** Switches UDP_GRO on. It is never switched off on a live socket. Returns whether it is on. */
  enableOffload(): boolean;
  /**
   * Sends `bytes[0 .. octets)` from the address and port that a unicast source is bound to. Never blocks. false: it did not
   * leave.
   */
  answer(bytes: Uint8Array, octets: number, address: string, port: number): boolean;
  membership(): MembershipState;
  /** Leaves the group; the socket stays open. */
  leave(): void;
  close(): void;
}

export interface Destination {
  readonly address: string;
  readonly port: number;
  readonly interfaceIndex: number;
  /** Local address to send from; `null`: the kernel's choice for the interface. */
  readonly source: string | null;
  readonly ttl: number;
  /** Whole TOS or traffic-class octet. */
  readonly tos: number;
}

/** How the departure time is written at `SendBatch.stampAt`; `unix-us`: seconds and microseconds, 32 bits each. */
export type StampFormat = 'unix-ns' | 'unix-us' | 'ntp-64';

export interface SendSocketSpec {
  readonly family: AddressFamily;
  readonly destinations: readonly Destination[];
  readonly interfaceName: string;
  /** Local address to bind to; `null`: any. */
  readonly source: string | null;
  /** 0: chosen by the system. */
  readonly sourcePort: number;
  /** IP_MULTICAST_LOOP: receivers on this host get a copy. */
  readonly loopback: boolean;
  /** SO_SNDBUF asked for, octets of kernel memory; 0 leaves the default. */
  readonly sendBufferOctets: number;
  readonly stampFormat: StampFormat;
  /** Kernel transmit stamps through the error queue. */
  readonly transmitTimestamps: boolean;
  /** Don't-fragment (IP_PMTUDISC_DO); off lets the kernel fragment. */
  readonly dontFragment: boolean;
}

export interface DatagramSink {
  readonly counters: Float64Array;
  /**
   * Ring of transmit stamps, in pairs: `departureMonoNs` of a message (a datagram or a super-packet),
   * and how much later the kernel stamped it, ns. Pair `k` of the run is at `2 * (k % (length / 2))`;
   * the counter `TransmitStamps` says how many there were. Absent where the capability is.
   */
  readonly transmitStamps?: Float64Array;
  readonly sourcePort: number;
  readonly notes: readonly string[];
  /**
   * Sends slots `[from, to)` in order, all of which may leave once `dueMonoNs[to - 1]` has come:
   * spins until then, writes `departureMonoNs`, the stamp and `outcome` of every slot handled, and
   * returns the index after the last slot handled. It returns early behind a slot that was refused
   * (the feed may have to correct what follows) and where the socket would block (the slot is still
   * `Pending`: wait for writability, or give it up as `TooLate`).
   *
   * `segments`: most neighbouring slots of one destination and one length that may leave as one
   * UDP_SEGMENT super-packet; 1 never does. Such slots must be contiguous in the slab.
   */
  send(batch: SendBatch, from: number, to: number, segments: number): number;
  /** Drains the error queue: transmit stamps and ICMP errors. Returns how many records were read. */
  drainErrors(): number;
  close(): void;
}

/** One unicast socket for the few datagrams beside the streams of a run: questions and answers. */
export interface PortSpec {
  readonly family: AddressFamily;
  /** Local address to bind to, without a zone; `null`: any. */
  readonly address: string | null;
  /** 0: chosen by the system. */
  readonly port: number;
  /** Index of the interface that link-local addresses are of; 0: of none. Default 0. */
  readonly interfaceIndex?: number;
  /** The kernel is asked to stamp what comes. Default: it is not. */
  readonly stamps?: boolean;
}

/** Sends and receives, whomever with. Nothing wakes a loop for it: its owner looks when it is time to. */
export interface DatagramPort {
  readonly port: number;
  readonly notes: readonly string[];
  /** Who sent the datagram that was received last, without a zone; empty and 0 before the first. */
  readonly sourceAddress: string;
  readonly sourcePort: number;
  /** When the datagram that was received last came, CLOCK_REALTIME since the epoch, ns: by the kernel where it stamps, else when it was read. */
  readonly receivedRealNs: Nanos;
  /** Never blocks. Octets of the next datagram, which is cut where `bytes` ends; -1: there is none. */
  receive(bytes: Uint8Array): number;
  /**
   * Sends `bytes[0 .. octets)`, and copies what the system does not take at once. Whoever sent the last one received is
   * reached by the address it has, zone included. false: it did not leave.
   */
  send(bytes: Uint8Array, octets: number, address: string, port: number): boolean;
  close(): void;
}

export interface Io {
  readonly name: 'native' | 'dgram' | 'memory';
  readonly capabilities: IoCapabilities;
  readonly clock: Clock;
  openSource(spec: ReceiveSocketSpec): DatagramSource | Promise<DatagramSource>;
  openSink(spec: SendSocketSpec): DatagramSink | Promise<DatagramSink>;
  openPort(spec: PortSpec): DatagramPort | Promise<DatagramPort>;
  /** The addresses behind `ReceiveBatch.path`. Index 0 means that the table was full. */
  path(index: number): Path;
  readonly pathCount: number;
  /**
   * The only call that blocks: until a source is readable, a sink that would block is writable,
   * {@link wake} was called, or CLOCK_MONOTONIC since the epoch has reached `untilMonoNs`.
   * Afterwards {@link ready} holds the indexes of the readable sources.
   * With `gatherNs` above 0 it goes on sleeping that long after the first source became readable (never
   * beyond `untilMonoNs`, {@link wake} still ends it), and then says what is readable: the kernel has
   * stamped the arrivals, so reading late bends no figure and costs far fewer wake-ups.
   * The dgram implementation returns a promise, the native one does not.
   */
  wait(untilMonoNs: Nanos, gatherNs: Nanos): number | Promise<number>;
  /** Indexes of readable sources, in ready order; the first `wait()` result of them are valid. */
  readonly ready: Int32Array;
  /** What another thread passes to {@link wakeLoop} to end a `wait` here; -1 when this implementation needs none. */
  readonly wakeHandle: number;
  /** Ends the present {@link wait}, or the next one when none is under way. For the thread that owns this Io. */
  wake(): void;
  close(): void;
}
