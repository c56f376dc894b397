import type { ReceiveBatch } from '../core/batch.js';
import { SlotFlag } from '../core/batch.js';
import type { Nanos } from '../core/time.js';

/** What the portable implementation cannot know of a datagram. */
const UNKNOWN = SlotFlag.TimeUser | SlotFlag.NoTos | SlotFlag.NoTtl;

/**
 * Datagrams that Node has handed over and that nobody has read yet: octets one behind the other in a
 * slab, in order of arrival, the rest in parallel arrays. Bounded; everything is allocated at the start.
 */
export class DatagramRing {
  readonly #capacity: number;
  readonly #slab: Uint8Array;
  readonly #offset: Uint32Array;
  readonly #length: Uint32Array;
  readonly #timeRealNs: Float64Array;
  readonly #path: Uint32Array;
  #head = 0;
  #count = 0;
  /** Where the next datagram goes. At or behind the oldest one's start, unless the slab has wrapped. */
  #writeAt = 0;

  constructor(capacity: number, slabOctets: number) {
    this.#capacity = capacity;
    this.#slab = new Uint8Array(slabOctets);
    this.#offset = new Uint32Array(capacity);
    this.#length = new Uint32Array(capacity);
    this.#timeRealNs = new Float64Array(capacity);
    this.#path = new Uint32Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Copies the datagram; false: there is no room for it. */
  push(octets: Uint8Array, timeRealNs: Nanos, path: number): boolean {
    if (this.#count === this.#capacity) return false;
    const length = octets.length;
    const at = this.#place(length);
    if (at < 0) return false;
    const slot = (this.#head + this.#count++) % this.#capacity;
    this.#slab.set(octets, at);
    this.#writeAt = at + length;
    this.#offset[slot] = at;
    this.#length[slot] = length;
    this.#timeRealNs[slot] = timeRealNs;
    this.#path[slot] = path;
    return true;
  }

  /** Where `length` octets fit in one piece; -1: nowhere. */
  #place(length: number): number {
    if (this.#count === 0) return length <= this.#slab.length ? 0 : -1;
    const readAt = this.#offset[this.#head]!;
    // One octet always stays free behind a wrapped end, so that a full slab is not taken for an empty one.
    if (this.#writeAt < readAt) return length < readAt - this.#writeAt ? this.#writeAt : -1;
    if (length <= this.#slab.length - this.#writeAt) return this.#writeAt;
    return length < readAt ? 0 : -1;
  }

  /** Refills the batch from slot 0, every column but `readClock`; returns `batch.count`. */
  take(batch: ReceiveBatch, socket: number): number {
    const stride = Math.floor(batch.bytes.length / batch.messages);
    const count = Math.min(batch.messages, batch.capacity, this.#count);
    for (let i = 0; i < count; i++) {
      const slot = this.#head;
      const whole = this.#length[slot]!;
      const length = Math.min(whole, stride);
      const from = this.#offset[slot]!;
      const to = i * stride;
      for (let k = 0; k < length; k++) batch.bytes[to + k] = this.#slab[from + k]!;
      batch.offset[i] = to;
      batch.length[i] = length;
      batch.flags[i] = length < whole ? UNKNOWN | SlotFlag.Truncated : UNKNOWN;
      batch.timeRealNs[i] = this.#timeRealNs[slot]!;
      batch.path[i] = this.#path[slot]!;
      batch.socket[i] = socket;
      batch.tos[i] = 0;
      batch.ttl[i] = 0;
      batch.drops[i] = 0;
      batch.following[i] = 0;
      this.#head = (this.#head + 1) % this.#capacity;
      this.#count--;
    }
    batch.count = count;
    return count;
  }
}
