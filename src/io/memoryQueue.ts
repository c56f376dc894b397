import type { ReceiveBatch, SendBatch } from '../core/batch.js';
import { SlotFlag } from '../core/batch.js';
import type { Nanos } from '../core/time.js';

/** A datagram on the simulated link with what the receiver would be told about it. Reused: copy what you keep. */
export interface Transit {
  /** How long it takes, ns; negative: the network loses it. */
  delayNs: Nanos;
  /** The receive stamp minus the true arrival, ns: a wrong or drifting receiver clock. */
  stampErrorNs: Nanos;
  /** No stamp comes with it: it gets the read time and `TimeUser`. */
  unstamped: boolean;
  ttl: number;
  tos: number;
}

/**
 * One socket's side of the memory link: datagrams under way in order of arrival, and those that have
 * arrived and wait to be read. As in a kernel, an arrival that finds the receive buffer full is dropped
 * and counted, and every datagram carries the count at its own arrival.
 */
export class MemoryQueue {
  /** Datagrams that may wait to be read. */
  readonly capacity: number;
  readonly slotOctets: number;
  /** Datagrams dropped because the receive buffer was full. */
  drops = 0;
  readonly #slots: number;
  readonly #bytes: Uint8Array;
  readonly #length: Uint32Array;
  readonly #wireLength: Uint32Array;
  readonly #arrivalMonoNs: Float64Array;
  readonly #stampRealNs: Float64Array;
  readonly #flags: Uint8Array;
  readonly #path: Uint32Array;
  readonly #tos: Uint8Array;
  readonly #ttl: Uint8Array;
  readonly #dropsAtArrival: Uint32Array;
  /** Slots not in use, as a stack. */
  readonly #free: Uint32Array;
  #freeCount: number;
  /** Rings of slots: under way, sorted by arrival, and arrived. */
  readonly #flying: Uint32Array;
  #flyingHead = 0;
  #flyingCount = 0;
  readonly #waiting: Uint32Array;
  #waitingHead = 0;
  #waitingCount = 0;

  constructor(capacity: number, inFlight: number, slotOctets: number) {
    const slots = capacity + inFlight;
    this.capacity = capacity;
    this.slotOctets = slotOctets;
    this.#slots = slots;
    this.#bytes = new Uint8Array(slots * slotOctets);
    this.#length = new Uint32Array(slots);
    this.#wireLength = new Uint32Array(slots);
    this.#arrivalMonoNs = new Float64Array(slots);
    this.#stampRealNs = new Float64Array(slots);
    this.#flags = new Uint8Array(slots);
    this.#path = new Uint32Array(slots);
    this.#tos = new Uint8Array(slots);
    this.#ttl = new Uint8Array(slots);
    this.#dropsAtArrival = new Uint32Array(slots);
    this.#free = new Uint32Array(slots);
    this.#flying = new Uint32Array(slots);
    this.#waiting = new Uint32Array(slots);
    this.#freeCount = slots;
    for (let i = 0; i < slots; i++) this.#free[i] = i;
  }

  /** When it can be read: at or before `nowMonoNs` when something waits; Infinity when nothing comes. */
  readableAtNs(nowMonoNs: Nanos): Nanos {
    this.admit(nowMonoNs);
    if (this.#waitingCount > 0) return this.#arrivalMonoNs[this.#waiting[this.#waitingHead]!]!;
    return this.#flyingCount > 0 ? this.#arrivalMonoNs[this.#flying[this.#flyingHead]!]! : Infinity;
  }

  /** Copies the slot and sets it on its way; it arrives `transit.delayNs` after `nowMonoNs`. */
  offer(
    batch: SendBatch,
    slot: number,
    transit: Readonly<Transit>,
    nowMonoNs: Nanos,
    monoToRealNs: Nanos,
    path: number,
  ): void {
    this.admit(nowMonoNs);
    if (this.#freeCount === 0) throw new Error(`more than ${this.#slots} datagrams under way on the memory link`);
    const at = this.#free[--this.#freeCount]!;
    const length = batch.length[slot]!;
    const kept = Math.min(length, this.slotOctets);
    const from = batch.offset[slot]!;
    const to = at * this.slotOctets;
    for (let i = 0; i < kept; i++) this.#bytes[to + i] = batch.bytes[from + i]!;
    const arrivalNs = nowMonoNs + transit.delayNs;
    this.#length[at] = kept;
    this.#wireLength[at] = length;
    this.#arrivalMonoNs[at] = arrivalNs;
    this.#stampRealNs[at] = arrivalNs + monoToRealNs + transit.stampErrorNs;
    this.#flags[at] = transit.unstamped ? SlotFlag.TimeUser : SlotFlag.TimeKernel;
    this.#path[at] = path;
    this.#tos[at] = transit.tos;
    this.#ttl[at] = transit.ttl;
    // Sorted insertion from the tail: one step unless the network reorders.
    let position = this.#flyingCount++;
    while (position > 0) {
      const before = this.#flying[(this.#flyingHead + position - 1) % this.#slots]!;
      if (this.#arrivalMonoNs[before]! <= arrivalNs) break;
      this.#flying[(this.#flyingHead + position) % this.#slots] = before;
      position--;
    }
    this.#flying[(this.#flyingHead + position) % this.#slots] = at;
    this.admit(nowMonoNs);
  }

  /** Moves what has arrived by `nowMonoNs` into the receive buffer, and drops what finds it full. */
  admit(nowMonoNs: Nanos): void {
    while (this.#flyingCount > 0) {
      const at = this.#flying[this.#flyingHead]!;
      if (this.#arrivalMonoNs[at]! > nowMonoNs) return;
      this.#flyingHead = (this.#flyingHead + 1) % this.#slots;
      this.#flyingCount--;
      if (this.#waitingCount >= this.capacity) {
        this.drops++;
        this.#free[this.#freeCount++] = at;
        continue;
      }
      this.#dropsAtArrival[at] = this.drops;
      this.#waiting[(this.#waitingHead + this.#waitingCount++) % this.#slots] = at;
    }
  }

  /** Refills the batch's slots from 0 with what waits; returns `batch.count`. Flags and stamps are the kernel's. */
  take(batch: ReceiveBatch, nowMonoNs: Nanos): number {
    this.admit(nowMonoNs);
    const stride = Math.floor(batch.bytes.length / batch.messages);
    const count = Math.min(batch.messages, batch.capacity, this.#waitingCount);
    for (let i = 0; i < count; i++) {
      const at = this.#waiting[this.#waitingHead]!;
      this.#waitingHead = (this.#waitingHead + 1) % this.#slots;
      this.#waitingCount--;
      const length = Math.min(this.#length[at]!, stride);
      const from = at * this.slotOctets;
      const to = i * stride;
      for (let k = 0; k < length; k++) batch.bytes[to + k] = this.#bytes[from + k]!;
      batch.offset[i] = to;
      batch.length[i] = length;
      batch.timeRealNs[i] = this.#stampRealNs[at]!;
      batch.flags[i] = this.#flags[at]! | (length < this.#wireLength[at]! ? SlotFlag.Truncated : 0);
      batch.path[i] = this.#path[at]!;
      batch.tos[i] = this.#tos[at]!;
      batch.ttl[i] = this.#ttl[at]!;
      batch.drops[i] = this.#dropsAtArrival[at]!;
      batch.following[i] = 0;
      this.#free[this.#freeCount++] = at;
    }
    batch.count = count;
    return count;
  }

  /** Forgets what is under way and what waits. */
  clear(): void {
    this.#freeCount = this.#slots;
    for (let i = 0; i < this.#slots; i++) this.#free[i] = i;
    this.#flyingCount = 0;
    this.#waitingCount = 0;
  }
}
