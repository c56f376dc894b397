import type { Nanos } from './time.js';

/** Bits of {@link DatagramBatch.flags}. */
export const SlotFlag = {
  /** `timeRealNs` is the kernel's software receive stamp. */
  TimeKernel: 1 << 0,
  /** `timeRealNs` is the NIC's stamp. */
  TimeHardware: 1 << 1,
  /** No stamp came: `timeRealNs` is when the datagram was read. */
  TimeUser: 1 << 2,
  /** A further segment of a super-packet: its stamp is the first segment's and says nothing of its own. */
  TimeShared: 1 << 3,
  /** Longer than the slot; the octets beyond it are gone (MSG_TRUNC). */
  Truncated: 1 << 4,
  /** No TOS octet came with the datagram; `tos` is 0 and means nothing. */
  NoTos: 1 << 5,
  /** No TTL or hop limit came with the datagram; `ttl` is 0 and means nothing. */
  NoTtl: 1 << 6,
  /** The kernel could not deliver every control message (MSG_CTRUNC). */
  ControlTruncated: 1 << 7,
} as const;

/**
 * A block of datagrams: one slab of octets and parallel typed arrays. Allocated once, refilled for
 * ever, owned by one thread for ever. Slot `i` is `bytes[offset[i] .. offset[i] + length[i])`.
 *
 * Whoever filled it owns slots `[0, count)` until its next fill; nobody keeps a slot index or a view
 * beyond the call that handed the batch over.
 */
export class DatagramBatch {
  count = 0;
  readonly capacity: number;
  readonly bytes: Uint8Array;
  /** The same memory as `bytes`, from the same offset. */
  readonly view: DataView;
  readonly offset: Uint32Array;
  /** UDP payload octets in the slot. */
  readonly length: Uint32Array;
  /** Bits of {@link SlotFlag} in a receive batch, of {@link SendFlag} in a send batch. */
  readonly flags: Uint8Array;

  constructor(capacity: number, slabOctets: number) {
    const slab = new ArrayBuffer(slabOctets);
    this.capacity = capacity;
    this.bytes = new Uint8Array(slab);
    this.view = new DataView(slab);
    this.offset = new Uint32Array(capacity);
    this.length = new Uint32Array(capacity);
    this.flags = new Uint8Array(capacity);
  }
}

/** Largest UDP payload over IPv4, octets. */
export const MAX_UDP_PAYLOAD_OCTETS = 65_507;
/** Most segments Linux accepts in one UDP_SEGMENT super-packet (UDP_MAX_SEGMENTS, measured on 6.18). */
export const MAX_SEGMENTS = 128;
/**
 * Distance of two messages in a receive slab, octets: room for the largest datagram, and 64 more so
 * that the headers of neighbouring messages do not fall into the same cache sets.
 */
export const MESSAGE_STRIDE_OCTETS = 65_536 + 64;

/**
 * What arrived. `messages` system-call messages are read at most at once; with GRO one message may
 * hold up to {@link MAX_SEGMENTS} datagrams, whose slots point into it (nothing is copied).
 */
export class ReceiveBatch extends DatagramBatch {
  readonly messages: number;
  /** Arrival, CLOCK_REALTIME since the epoch, ns; `flags` says whose stamp it is. */
  readonly timeRealNs: Float64Array;
  /** Index of the path (source address and port, group, port, interface) in the source's path table. */
  readonly path: Uint32Array;
  /** Number of the socket that the datagram came through. */
  readonly socket: Uint16Array;
  /** The whole TOS or traffic-class octet: DSCP and ECN. */
  readonly tos: Uint8Array;
  /** TTL or hop limit as received. */
  readonly ttl: Uint8Array;
  /** SO_RXQ_OVFL of the socket at this datagram's arrival, 32 bits, wraps. */
  readonly drops: Uint32Array;
  /**
   * Slots behind this one that came in the same super-packet: path, TOS, TTL, drop counter and stamp are the same for
   * them, and their flags but for `TimeShared` and `Truncated`. 0 for the last one and for every plain datagram.
   */
  readonly following: Uint8Array;
  /** CLOCK_REALTIME and CLOCK_MONOTONIC since the epoch, read together once per receive call, ns. */
  readonly readClock = new Float64Array(2);

  constructor(messages: number, capacity = messages, strideOctets = MESSAGE_STRIDE_OCTETS) {
    super(capacity, messages * strideOctets);
    this.messages = messages;
    this.timeRealNs = new Float64Array(capacity);
    this.path = new Uint32Array(capacity);
    this.socket = new Uint16Array(capacity);
    this.tos = new Uint8Array(capacity);
    this.ttl = new Uint8Array(capacity);
    this.drops = new Uint32Array(capacity);
    this.following = new Uint8Array(capacity);
  }

  /** Forgets the first `slots` slots: what followed moves to the front. Costs a copy of the columns, not of octets. */
  dropFirst(slots: number): void {
    for (const column of [
      this.offset,
      this.length,
      this.flags,
      this.timeRealNs,
      this.path,
      this.socket,
      this.tos,
      this.ttl,
      this.drops,
      this.following,
    ]) {
      column.copyWithin(0, slots, this.count);
    }
    this.count -= slots;
  }

  get readRealNs(): Nanos {
    return this.readClock[0]!;
  }

  get readMonoNs(): Nanos {
    return this.readClock[1]!;
  }

  /** Adding this to a realtime stamp of the batch moves it to the monotonic domain. */
  get realToMonoNs(): Nanos {
    return this.readClock[1]! - this.readClock[0]!;
  }
}

/** What became of a slot handed to a sink: {@link SendBatch.outcome}. */
export const SendOutcome = {
  Pending: 0,
  /** The kernel took it. */
  Sent: 1,
  /** ENOBUFS: the host's own queueing discipline refused it. Not retried. */
  NoBuffers: 2,
  /** EAGAIN until it was too late: the socket's send buffer stayed full. */
  TooLate: 3,
  /** Any other error; the sink keeps the last errno. */
  Failed: 4,
} as const;

/** Bits of {@link SendBatch.flags}. */
export const SendFlag = {
  /** Start marker: no data, passes by impairment. */
  Start: 1 << 0,
  /** End marker: likewise, and leaves after everything else of its flow. */
  End: 1 << 1,
  /** Impairment: a further copy of a datagram, not a number of its own. */
  Copy: 1 << 2,
  /** Impairment: every receiver will refuse it. */
  Corrupted: 1 << 3,
  /** Of an end marker: it is a datagram with data all the same, and counts as one. */
  Last: 1 << 4,
} as const;

/** What is to be sent, in order of `dueMonoNs`; `flags` are bits of {@link SendFlag}. */
export class SendBatch extends DatagramBatch {
  /** What is handed over per run of datagrams in fields, because a number as argument or result may cost an object: `FlowFeed.fillRun`. */
  untilNs: Nanos = Infinity;
  nextDueNs: Nanos = Infinity;
  /** When it is due, CLOCK_MONOTONIC since the epoch, ns. */
  readonly dueMonoNs: Float64Array;
  /** When it left: CLOCK_MONOTONIC read just before its system call. Written by the sink. */
  readonly departureMonoNs: Float64Array;
  /** Index into the sink's destination table. */
  readonly destination: Uint16Array;
  /** Octet within the slot where the sink writes the departure time; 0: nowhere. */
  readonly stampAt: Uint16Array;
  /** The feed's own number of the flow; opaque to all others. */
  readonly flow: Uint32Array;
  /** {@link SendOutcome}, written by the sink; the feed sets it to `Pending`. */
  readonly outcome: Uint8Array;

  constructor(capacity: number, slabOctets: number) {
    super(capacity, slabOctets);
    this.dueMonoNs = new Float64Array(capacity);
    this.departureMonoNs = new Float64Array(capacity);
    this.destination = new Uint16Array(capacity);
    this.stampAt = new Uint16Array(capacity);
    this.flow = new Uint32Array(capacity);
    this.outcome = new Uint8Array(capacity);
  }
}
