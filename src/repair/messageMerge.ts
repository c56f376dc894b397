import { copyOctets } from '../core/bytes.js';
import type { Nanos } from '../core/time.js';
import { type FeedFraming, FrameKind } from '../wire/framing.js';

/** Where messages go once they are in order. */
export interface MessageSink {
  /**
   * Message blocks of the feed's framing in `bytes[from .. to)`, `view` being the same memory; valid during the call
   * alone. `lost` messages are missing before them.
   */
  blocks(bytes: Uint8Array, view: DataView, from: number, to: number, messages: number, lost: number): void;
}

export interface MessageMergeOptions {
  /** Most datagrams that wait for what is missing before them. */
  readonly mostWaiting: number;
  /** Longest wait for a missing message, ns. */
  readonly holdNs: Nanos;
  /** How long the first datagram waits for earlier ones, ns: of two lines one may be ahead, or read first. */
  readonly beginHoldNs: Nanos;
}

/** Columns of {@link MessageMerge.header}. */
export const MergeHeader = {
  /** {@link FrameKind}; of blocks that are handed on `Data` or `Reset`. */
  Kind: 0,
  /** Send time as in the framing's header. */
  SentHigh: 1,
  SentLow: 2,
  Count: 3,
} as const;

const FIRST_SLOTS = 16;
const FIRST_SLOT_OCTETS = 1536;

/**
 * Datagrams that cover ranges of messages, from both lines of a feed and from recovery -> each message once, in order.
 * What goes on where the last one ended is handed on as it lies, without a copy; what is ahead waits in a store of its own
 * until what is missing has come or is given up.
 */
export class MessageMerge {
  /** May change while it runs: what recovery may still bring is worth waiting for. */
  holdNs: Nanos;
  /** [0]: when what is put next came, ns. A typed array: a double as an argument costs an object. */
  readonly arrivedNs = new Float64Array(1);
  /** What the header of what is put next says, {@link MergeHeader}: who wants none of it leaves it alone. */
  readonly header = new Uint32Array(MergeHeader.Count);
  /** Likewise of the datagram that the blocks which are being handed on came in. */
  readonly handedHeader = new Uint32Array(MergeHeader.Count);
  /** Messages handed on, and octets of their blocks. */
  released = 0;
  octets = 0;
  /** Messages given up. */
  givenUp = 0;
  readonly #framing: FeedFraming;
  readonly #sink: MessageSink;
  readonly #mostWaiting: number;
  #slotOctets = FIRST_SLOT_OCTETS;
  #bytes = new Uint8Array(FIRST_SLOTS * FIRST_SLOT_OCTETS);
  #view = new DataView(this.#bytes.buffer);
  /** By slot: what waits there. */
  #number = new Float64Array(FIRST_SLOTS);
  #span = new Uint32Array(FIRST_SLOTS);
  #length = new Uint32Array(FIRST_SLOTS);
  #timeNs = new Float64Array(FIRST_SLOTS);
  #headers = new Uint32Array(FIRST_SLOTS * MergeHeader.Count);
  /** Slots in order of their numbers, the first `#waiting` of them; behind them the free ones. */
  #order = Uint32Array.from({ length: FIRST_SLOTS }, (_, slot) => slot);
  #waiting = 0;
  /** Scratch of {@link #free}. */
  #freed = new Uint32Array(FIRST_SLOTS);
  readonly #beginHoldNs: Nanos;
  #begun = false;
  /** The number that is handed on next. */
  #next = 0;
  #announced = -Infinity;
  #lost = 0;

  constructor(framing: FeedFraming, sink: MessageSink, options: MessageMergeOptions) {
    this.#framing = framing;
    this.#sink = sink;
    this.#mostWaiting = options.mostWaiting;
    this.holdNs = options.holdNs;
    this.#beginHoldNs = options.beginHoldNs;
  }

  /** Messages between the first one and the highest that is known of, but for what is still open. */
  get expected(): number {
    return this.released + this.givenUp;
  }

  get nextNumber(): number {
    return this.#next;
  }

  get hasBegun(): boolean {
    return this.#begun;
  }

  /** Datagrams that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The first number behind the present gap; Infinity: nothing waits. */
  get gapEnd(): number {
    return this.#waiting === 0 ? Infinity : this.#number[this.#order[0]!]!;
  }

  /** The feed begins at `number`: later calls mean nothing. */
  begin(number: number): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#next = number;
  }

  /** Blocks of the messages `number .. number + span` in `bytes[from .. to)`, which came at `arrivedNs`. Hot. */
  put(bytes: Uint8Array, view: DataView, from: number, to: number, number: number, span: number): void {
    if (!this.#begun && this.#beginHoldNs === 0) this.begin(number);
    if (this.#begun && number + span <= this.#next) return;
    if (!this.#begun || number > this.#next) {
      this.#wait(view, from, to, number, span);
      return;
    }
    this.#takeHeader(this.header, 0);
    this.#handOn(bytes, view, from, to, number, span);
    if (this.#waiting > 0) this.#drain();
  }

  /** A line says that `next` is the next number: those below were sent. */
  announce(next: number): void {
    if (this.#beginHoldNs === 0) this.begin(next);
    if (next > this.#announced) this.#announced = next;
  }

  /** Time passes: gives up what is missing before what has waited too long. */
  onTime(nowNs: Nanos): void {
    if (!this.#begun) {
      if (this.#waiting === 0 || this.#oldestNs() + this.#beginHoldNs > nowNs) return;
      this.begin(this.gapEnd);
      this.#drain();
    }
    if (this.holdNs === Infinity) return;
    while (this.#waiting > 0 && this.#oldestNs() + this.holdNs <= nowNs) {
      this.#giveUpTo(this.gapEnd);
      this.#drain();
    }
  }

  /** Gives up all numbers below `number` that have not come. */
  giveUpTo(number: number): void {
    while (this.#waiting > 0 && this.gapEnd < number) {
      this.#giveUpTo(this.gapEnd);
      this.#drain();
    }
    if (this.#next >= number) return;
    this.#giveUpTo(number);
    this.#drain();
  }

  /** Nothing more will come. */
  finish(): void {
    if (!this.#begun) {
      if (this.#waiting === 0) return;
      this.begin(this.gapEnd);
      this.#drain();
    }
    while (this.#waiting > 0) {
      this.#giveUpTo(this.gapEnd);
      this.#drain();
    }
    if (this.#announced > this.#next) this.#giveUpTo(this.#announced);
  }

  #giveUpTo(number: number): void {
    const missing = number - this.#next;
    this.givenUp += missing;
    this.#lost += missing;
    this.#next = number;
  }

  /** What is new of a datagram that begins at or before the next number. */
  #handOn(bytes: Uint8Array, view: DataView, from: number, to: number, number: number, span: number): void {
    let at = from;
    for (let known = this.#next - number; known > 0; known--) at += this.#framing.blockOctets(view, at);
    const fresh = number + span - this.#next;
    // Of a reset only its first message is one.
    if (fresh < span) this.handedHeader[MergeHeader.Kind] = FrameKind.Data;
    this.#next = number + span;
    this.released += fresh;
    this.octets += to - at;
    const lost = this.#lost;
    this.#lost = 0;
    this.#sink.blocks(bytes, view, at, to, fresh, lost);
  }

  #takeHeader(from: Uint32Array, at: number): void {
    const { handedHeader } = this;
    for (let i = 0; i < MergeHeader.Count; i++) handedHeader[i] = from[at + i]!;
  }

  #drain(): void {
    const order = this.#order;
    let handed = 0;
    for (; handed < this.#waiting; handed++) {
      const slot = order[handed]!;
      const number = this.#number[slot]!;
      if (number > this.#next) break;
      const span = this.#span[slot]!;
      const at = slot * this.#slotOctets;
      if (number + span <= this.#next) continue;
      this.#takeHeader(this.#headers, slot * MergeHeader.Count);
      this.#handOn(this.#bytes, this.#view, at, at + this.#length[slot]!, number, span);
    }
    this.#free(handed);
  }

  /** The slots of the first so many that wait are free: all of them at once, for very many may be behind. */
  #free(slots: number): void {
    const order = this.#order;
    const free = this.#freed;
    for (let i = 0; i < slots; i++) free[i] = order[i]!;
    order.copyWithin(0, slots, this.#waiting);
    this.#waiting -= slots;
    for (let i = 0; i < slots; i++) order[this.#waiting + i] = free[i]!;
  }

  #wait(view: DataView, from: number, to: number, number: number, span: number): void {
    const place = this.#placeOf(number);
    if (place < this.#waiting && this.#number[this.#order[place]!] === number) {
      if (this.#span[this.#order[place]!]! >= span) return;
    }
    if (this.#waiting === this.#mostWaiting) {
      const first = Math.min(this.gapEnd, number);
      if (this.#begun) this.#giveUpTo(first);
      else this.begin(first);
      this.#drain();
      // Before all that waits, it is what comes next; what was handed on by now may cover it.
      if (number > this.#next) this.#wait(view, from, to, number, span);
      else if (number + span > this.#next) this.#copyAside(view, from, to, number, span);
      return;
    }
    const octets = to - from;
    if (this.#waiting === this.#order.length || octets > this.#slotOctets) this.#grow(octets);
    const slot = this.#order[this.#waiting]!;
    this.#order.copyWithin(place + 1, place, this.#waiting);
    this.#order[place] = slot;
    this.#waiting++;
    this.#number[slot] = number;
    this.#span[slot] = span;
    this.#length[slot] = octets;
    this.#timeNs[slot] = this.arrivedNs[0]!;
    for (let i = 0; i < MergeHeader.Count; i++) this.#headers[slot * MergeHeader.Count + i] = this.header[i]!;
    copyOctets(view, from, octets, this.#view, slot * this.#slotOctets);
  }

  /** Hands on a datagram whose octets are only known by their view. */
  #copyAside(view: DataView, from: number, to: number, number: number, span: number): void {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#takeHeader(this.header, 0);
    this.#handOn(bytes, view, from, to, number, span);
    this.#drain();
  }

  /** Where in the order a datagram of this number belongs: datagrams mostly come behind all that wait. */
  #placeOf(number: number): number {
    let low = 0;
    let high = this.#waiting;
    if (high > 0 && this.#number[this.#order[high - 1]!]! < number) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#number[this.#order[middle]!]! < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Arrival of what has waited longest. */
  #oldestNs(): Nanos {
    let oldestNs = Infinity;
    // What waits first has mostly come first; all of them are looked at only where that has not waited long enough.
    for (let i = 0; i < this.#waiting; i++) oldestNs = Math.min(oldestNs, this.#timeNs[this.#order[i]!]!);
    return oldestNs;
  }

  #grow(octets: number): void {
    const slots = this.#order.length;
    const more = this.#waiting === slots ? Math.min(2 * slots, this.#mostWaiting) : slots;
    let slotOctets = this.#slotOctets;
    while (slotOctets < octets) slotOctets *= 2;
    const bytes = new Uint8Array(more * slotOctets);
    for (let slot = 0; slot < slots; slot++) {
      const at = slot * this.#slotOctets;
      bytes.set(this.#bytes.subarray(at, at + this.#slotOctets), slot * slotOctets);
    }
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#slotOctets = slotOctets;
    this.#number = grown(this.#number, new Float64Array(more));
    this.#span = grown(this.#span, new Uint32Array(more));
    this.#length = grown(this.#length, new Uint32Array(more));
    this.#timeNs = grown(this.#timeNs, new Float64Array(more));
    this.#headers = grown(this.#headers, new Uint32Array(more * MergeHeader.Count));
    const order = new Uint32Array(more);
    for (let slot = 0; slot < more; slot++) order[slot] = slot < slots ? this.#order[slot]! : slot;
    this.#order = order;
    this.#freed = new Uint32Array(more);
  }
}

function grown<T extends Float64Array | Uint32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
