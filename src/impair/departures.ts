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
  /** When it came in. Written before {@link add}. */
  readonly cameNs: Float64Array;
  /** Copies in line; not those of which nothing that they wait for has gone. `dueNs` is written before {@link add}. */
  readonly line: DueHeap;
  /** By flow: the latest due time so far, waiting copies apart. */
  readonly #lastNs: Float64Array;
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
    this.line = new DueHeap(copies);
    this.#freeCopies = Int32Array.from({ length: copies }, (_, i) => i);
    this.#ownNs = new Float64Array(copies);
    this.#waits = new Uint8Array(copies);
    this.#nextWaiting = new Int32Array(copies);
    this.#firstWaiting = new Int32Array(flows).fill(-1);
  }

  /** The copy that leaves first. */
  get first(): number {
    return this.line.first;
  }

  /** The copy that {@link add} will add. {@link free} must not be 0. */
  get next(): number {
    return this.#freeCopies[this.free - 1]!;
  }

  /**
   * A copy of the datagram in `slot` came in, {@link next}, and is due, or with `waits` above 0 not before
   * so many later copies. Copies of a flow come in its order. Hot: times are handed over in columns.
   */
  add(flow: number, slot: number, bit: number, waits: number): void {
    const copy = this.#freeCopies[--this.free]!;
    this.slot[copy] = slot;
    this.bit[copy] = bit;
    this.#waits[copy] = waits;
    if (waits > 0) {
      this.#ownNs[copy] = this.line.dueNs[copy]!;
      this.#nextWaiting[copy] = this.#firstWaiting[flow]!;
      this.#firstWaiting[flow] = copy;
      return;
    }
    this.#place(flow, copy);
    if (this.#firstWaiting[flow]! >= 0) this.#overtake(flow, copy);
  }

  /**
   * Nothing more comes of the flow: its waiting copies leave behind all others, not before `fromNs`.
   * Returns when the last one is due, -Infinity when there was none.
   */
  flush(flow: number, fromNs: Nanos): Nanos {
    for (let copy = this.#firstWaiting[flow]!; copy >= 0; copy = this.#nextWaiting[copy]!) {
      this.#waits[copy] = 0;
      this.#ownNs[copy] = Math.max(this.#ownNs[copy]!, this.#lastNs[flow]!, fromNs);
      this.#settle(flow, copy);
    }
    this.#firstWaiting[flow] = -1;
    return this.#lastNs[flow]!;
  }

  /** Puts {@link first} off until `dueNs`. */
  postponeFirst(dueNs: Nanos): void {
    this.line.place(this.line.first, dueNs);
  }

  /** Takes {@link first} of this flow out. */
  removeFirst(flow: number): void {
    const copy = this.line.first;
    if (this.#waits[copy]! > 0) this.#unlink(flow, copy);
    this.line.removeFirst();
    this.#freeCopies[this.free++] = copy;
  }

  #place(flow: number, copy: number): void {
    if (this.line.dueNs[copy]! > this.#lastNs[flow]!) this.#lastNs[flow] = this.line.dueNs[copy]!;
    this.line.placeDue(copy);
  }

  /** A copy that waited is due at its `#ownNs`, unless it is in line for an earlier time: then it keeps its place. */
  #settle(flow: number, copy: number): void {
    const { dueNs } = this.line;
    if (this.line.has(copy) && dueNs[copy]! <= this.#ownNs[copy]!) {
      if (dueNs[copy]! > this.#lastNs[flow]!) this.#lastNs[flow] = dueNs[copy]!;
      return;
    }
    dueNs[copy] = this.#ownNs[copy]!;
    this.#place(flow, copy);
  }

  /** The later copy `by` is in line: those that wait are one nearer, and bounded by the first. */
  #overtake(flow: number, by: number): void {
    const { dueNs } = this.line;
    let before = -1;
    for (let copy = this.#firstWaiting[flow]!; copy >= 0;) {
      const next = this.#nextWaiting[copy]!;
      const behindNs = Math.max(this.#ownNs[copy]!, dueNs[by]!);
      if (--this.#waits[copy]! === 0) {
        if (before < 0) this.#firstWaiting[flow] = next;
        else this.#nextWaiting[before] = next;
        this.#ownNs[copy] = behindNs;
        this.#settle(flow, copy);
      } else {
        before = copy;
        if (!this.line.has(copy)) {
          dueNs[copy] = behindNs + REORDER_HOLD_NS;
          this.line.placeDue(copy);
        }
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
