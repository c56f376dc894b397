/** What a decoder found in a slot: {@link DecodedBatch.kind}. */
export const SlotKind = {
  /** Not one of this decoder's; it belongs to no stream. */
  Malformed: 0,
  Data: 1,
  /** The sender's announcement that a flow begins; `next` is its first number. */
  Start: 2,
  /** Heartbeat: tells what is next, carries no data. */
  Heartbeat: 3,
  /** The flow is over; `next` is the number after its last. */
  End: 4,
  /** Data that this program cannot use (truncated): an arrival of no stream, its numbers are lost by the application. */
  Discarded: 5,
} as const;

/** What the sequence analyzer found: {@link DecodedBatch.verdict}. */
export const Arrival = {
  /** Not data, or of a format without a sequence. */
  None: 0,
  /** A first copy, in time. Only these enter time metrics. */
  New: 1,
  Duplicate: 2,
  /** Behind the reorder window: declared lost before it came. */
  Late: 3,
  /** First copy of some of its sequence units. */
  PartlyNew: 4,
} as const;

/** `DecodedBatch.stream` of a slot that belongs to none. */
export const NO_STREAM = 0xffff_ffff;

/**
 * Columns that a decoder fills for the slots of one receive batch and analyzers read; the meaning of
 * the octets stops here. Owned by the thread that owns the batch.
 */
export class DecodedBatch {
  /** {@link SlotKind}. */
  readonly kind: Uint8Array;
  /** Index in the stream table; {@link NO_STREAM} where `kind` is malformed. */
  readonly stream: Uint32Array;
  /**
   * First sequence number covered, counted from the stream's origin (the first number heard or
   * announced; negative before it): exact where the wire's 64-bit number would not be. NaN where there
   * is none, and in all slots that are not data.
   */
  readonly sequence: Float64Array;
  /** Numbers covered: 1 for a packet, messages in a message stream, 0 for markers. */
  readonly span: Uint32Array;
  /** Of slots without data: number after the highest that the sender had numbered by then, from the origin; NaN: not told. */
  readonly next: Float64Array;
  /** Sender's running count of numbers that never left it; NaN: not told. */
  readonly notSent: Float64Array;
  /** Of the first slot of a run: the end (exclusive) of slots known to be of one stream. Of all others: meaningless. */
  readonly runEnd: Uint32Array;
  /** Carried send time, CLOCK_REALTIME since the epoch, ns; NaN: none. */
  readonly sentRealNs: Float64Array;
  /**
   * The sender's own clock as the datagram tells it, from any origin, ns; for formats whose clock is not the send time
   * (RTP), written for those alone.
   */
  readonly senderNs: Float64Array;
  /** Arrival moved to CLOCK_MONOTONIC since the epoch, ns. Written by the measurement before any analyzer reads. */
  readonly timeMonoNs: Float64Array;
  /** {@link Arrival}, written by the sequence analyzer. */
  readonly verdict: Uint8Array;

  constructor(capacity: number) {
    this.kind = new Uint8Array(capacity);
    this.stream = new Uint32Array(capacity);
    this.sequence = new Float64Array(capacity);
    this.span = new Uint32Array(capacity);
    this.next = new Float64Array(capacity);
    this.notSent = new Float64Array(capacity);
    this.sentRealNs = new Float64Array(capacity);
    this.senderNs = new Float64Array(capacity);
    this.runEnd = new Uint32Array(capacity);
    this.timeMonoNs = new Float64Array(capacity);
    this.verdict = new Uint8Array(capacity);
  }
}

/** Writes the columns of a slot that is malformed and belongs to no stream. */
export function clearSlot(out: DecodedBatch, i: number): void {
  out.kind[i] = SlotKind.Malformed;
  out.stream[i] = NO_STREAM;
  out.sequence[i] = NaN;
  out.span[i] = 0;
  out.next[i] = NaN;
  out.notSent[i] = NaN;
  out.sentRealNs[i] = NaN;
}
