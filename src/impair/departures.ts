import type { Nanos } from '../core/time.js';
import { DueHeap } from './dueHeap.js';
import { REORDER_HOLD_NS } from './spec.js';

/**
 * Copies on their way out, by due time, and per flow those that wait for later datagrams to go first.
 * A copy is a number; its columns are valid from {@link add} until {@link removeFirst}.
 */
export class Departures {
  /** Copies that can still be added. */
  free: number;
  /** Slot of the store. */
  readonly slot: Int32Array;
  /** Bit to flip, from the first octet's highest; -1: none. */
  readonly bit: Int32Array;
  /** When it came in. */
  readonly cameNs: Float64Array;
  /** By flow: the latest due time so far, waiting copies apart. */
  readonly #lastNs: Float64Array;
  readonly #heap: DueHeap;
  readonly #freeCopies: Int32Array;
  /** Of waiting copies: when it would have left by itself, how many are to go first, the flow's next one. */
  readonly #ownNs: Float64Array;
  readonly #waits: Uint8Array;
  readonly #nextWaiting: Int32Array;
  /** By flow, -1: none. */
  readonly #firstWaiting: Int32Array;

  constructor(copies: number, flows: number) {
    this.free = copies;
    this.slot = new Int32Array(copies);
    this.bit = new Int32Array(copies);
    this.cameNs = new Float64Array(copies);
    this.#lastNs = new Float64Array(flows).fill(-Infinity);
    this.#heap = new DueHeap(copies);
    this.#freeCopies = Int32Array.from({ length: copies }, (_, i) => i);
    this.#ownNs = new Float64Array(copies);
    this.#waits = new Uint8Array(copies);
    this.#nextWaiting = new Int32Array(copies);
    this.#firstWaiting = new Int32Array(flows).fill(-1);
  }

  /** Infinity when none is in line; a copy is not while nothing has gone before it that it waits for. */
  get firstNs(): Nanos {
    return this.#heap.firstNs;
  }

  /** The copy that leaves first. */
  get first(): number {
    return this.#heap.first;
  }

  /**
   * A copy of the datagram in `slot` came in and is due at `dueNs`, or with `waits` above 0 not before
   * so many later copies. {@link free} must not be 0. Copies of a flow come in its order.
   */
  add(flow: number, slot: number, bit: number, cameNs: Nanos, dueNs: Nanos, waits: number): void {
    const copy = this.#freeCopies[--this.free]!;
    this.slot[copy] = slot;
    this.bit[copy] = bit;
    this.cameNs[copy] = cameNs;
    this.#waits[copy] = waits;
    if (waits > 0) {
      this.#ownNs[copy] = dueNs;
      this.#nextWaiting[copy] = this.#firstWaiting[flow]!;
      this.#firstWaiting[flow] = copy;
      return;
    }
    this.#place(flow, copy, dueNs);
    if (this.#firstWaiting[flow]! >= 0) this.#overtake(flow, dueNs);
  }

  /**
   * Nothing more comes of the flow: its waiting copies leave behind all others, not before `fromNs`.
   * Returns when the last one is due, -Infinity when there was none.
   */
  flush(flow: number, fromNs: Nanos): Nanos {
    for (let copy = this.#firstWaiting[flow]!; copy >= 0; copy = this.#nextWaiting[copy]!) {
      this.#waits[copy] = 0;
      this.#settle(flow, copy, Math.max(this.#ownNs[copy]!, this.#lastNs[flow]!, fromNs));
    }
    this.#firstWaiting[flow] = -1;
    return this.#lastNs[flow]!;
  }

  /** Puts {@link first} off until `dueNs`. */
  postponeFirst(dueNs: Nanos): void {
    this.#heap.place(this.#heap.first, dueNs);
  }

  /** Takes {@link first} of this flow out; returns when it was due. */
  removeFirst(flow: number): Nanos {
    const copy = this.#heap.first;
    if (this.#waits[copy]! > 0) this.#unlink(flow, copy);
    this.#heap.removeFirst();
    this.#freeCopies[this.free++] = copy;
    return this.#heap.dueNs[copy]!;
  }

  #place(flow: number, copy: number, dueNs: Nanos): void {
    if (dueNs > this.#lastNs[flow]!) this.#lastNs[flow] = dueNs;
    this.#heap.place(copy, dueNs);
  }

  /** A copy that waited is due at `dueNs`, unless it is in line for an earlier time: then it keeps its place. */
  #settle(flow: number, copy: number, dueNs: Nanos): void {
    const isEarlier = this.#heap.has(copy) && this.#heap.dueNs[copy]! <= dueNs;
    if (!isEarlier) this.#place(flow, copy, dueNs);
    else this.#lastNs[flow] = Math.max(this.#lastNs[flow]!, this.#heap.dueNs[copy]!);
  }

  /** A later copy is due at `dueNs`: those that wait are one nearer, and bounded by the first. */
  #overtake(flow: number, dueNs: Nanos): void {
    let before = -1;
    for (let copy = this.#firstWaiting[flow]!; copy >= 0;) {
      const next = this.#nextWaiting[copy]!;
      const behindNs = Math.max(this.#ownNs[copy]!, dueNs);
      if (--this.#waits[copy]! === 0) {
        if (before < 0) this.#firstWaiting[flow] = next;
        else this.#nextWaiting[before] = next;
        this.#settle(flow, copy, behindNs);
      } else {
        before = copy;
        if (!this.#heap.has(copy)) this.#heap.place(copy, behindNs + REORDER_HOLD_NS);
      }
      copy = next;
    }
  }

  #unlink(flow: number, copy: number): void {
    const next = this.#nextWaiting[copy]!;
    let before = this.#firstWaiting[flow]!;
    if (before === copy) {
      this.#firstWaiting[flow] = next;
      return;
    }
    while (this.#nextWaiting[before] !== copy) before = this.#nextWaiting[before]!;
    this.#nextWaiting[before] = next;
  }
}
