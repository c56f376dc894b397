import { copyOctets } from './bytes.js';
import { copyBytes } from './copyBytes.js';

/** Positions in the control words. Both counts run modulo 2^32. */
const WRITTEN = 0;
const READ = 1;
const CLOSED = 2;
const CAPACITY = 3;
const BROKEN_OFF = 4;
const CONTROL_OCTETS = 64;

/**
 * Single-producer single-consumer ring of octets over shared memory: one thread claims and publishes,
 * one other (or the same) reads. Neither ever waits. Behind the ring lies room for one claim, so that
 * every claim is one piece; what lies there is moved to the front when it is published.
 */
export class ByteRing {
  readonly shared: SharedArrayBuffer;
  /** Where claims are written: `[claim, claim + octets)`. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly capacity: number;
  readonly #control: Int32Array;

  /** Zeroed memory for a ring; `capacity` and `largestClaim` in octets, `capacity` a power of two up to 2^30. */
  static allocate(capacity: number, largestClaim: number): SharedArrayBuffer {
    if (capacity > 2 ** 30 || 31 - Math.clz32(capacity) !== Math.log2(capacity) || largestClaim > capacity) {
      throw new Error(`a ring of ${capacity} octets with claims of ${largestClaim}`);
    }
    const shared = new SharedArrayBuffer(CONTROL_OCTETS + capacity + largestClaim);
    new Int32Array(shared, 0, CONTROL_OCTETS / 4)[CAPACITY] = capacity;
    return shared;
  }

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#control = new Int32Array(shared, 0, CONTROL_OCTETS / 4);
    this.capacity = this.#control[CAPACITY]!;
    this.bytes = new Uint8Array(shared, CONTROL_OCTETS);
    this.view = new DataView(shared, CONTROL_OCTETS);
  }

  /** Producer: where the next `octets` may be written, or -1 when there is no room. Claiming again replaces the claim. */
  claim(octets: number): number {
    const written = Atomics.load(this.#control, WRITTEN);
    const used = (written - Atomics.load(this.#control, READ)) >>> 0;
    if (octets > this.capacity - used) return -1;
    return written & (this.capacity - 1);
  }

  /** Producer: makes the first `octets` of the claim readable. */
  publish(octets: number): void {
    const written = Atomics.load(this.#control, WRITTEN);
    const at = written & (this.capacity - 1);
    const beyond = at + octets - this.capacity;
    if (beyond > 0) copyOctets(this.view, this.capacity, beyond, this.view, 0);
    Atomics.store(this.#control, WRITTEN, (written + octets) | 0);
  }

  /** Producer: nothing more will come. */
  close(): void {
    Atomics.store(this.#control, CLOSED, 1);
  }

  /** Producer, before it closes: what should have come is damaged. */
  breakOff(): void {
    Atomics.store(this.#control, BROKEN_OFF, 1);
  }

  /** Consumer, behind the end: whether it was none. */
  get isBrokenOff(): boolean {
    return Atomics.load(this.#control, BROKEN_OFF) === 1;
  }

  /** Consumer: octets read into `into`; 0: nothing yet; -1: nothing more will come. */
  read(into: Uint8Array): number {
    return this.readInto(into, 0, into.length);
  }

  /** Consumer: as {@link read}, up to `octets` into `into[at ..]`. */
  readInto(into: Uint8Array, at: number, octets: number): number {
    // Closed is read first: whatever was published before it is then seen below.
    const closed = Atomics.load(this.#control, CLOSED) === 1;
    const read = Atomics.load(this.#control, READ);
    const used = (Atomics.load(this.#control, WRITTEN) - read) >>> 0;
    if (used === 0) return closed ? -1 : 0;
    const from = read & (this.capacity - 1);
    const copied = Math.min(used, octets, this.capacity - from);
    copyBytes(this.bytes, from, copied, into, at);
    Atomics.store(this.#control, READ, (read + copied) | 0);
    return copied;
  }

  /** Consumer: octets that are there to be read. */
  readable(): number {
    return (Atomics.load(this.#control, WRITTEN) - Atomics.load(this.#control, READ)) >>> 0;
  }
}
