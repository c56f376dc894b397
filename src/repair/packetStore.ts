import { copyOctets } from '../core/bytes.js';
import type { Nanos } from '../core/time.js';

/** What became of a packet that was to be put into the store. */
export const PutOutcome = {
  Stored: 0,
  /** Stored, but its number had been given up before. */
  Late: 1,
  /** The number is there: the first copy stays. */
  Duplicate: 2,
  /** Behind the window: whether it is late or a duplicate is no longer known. */
  TooOld: 3,
  /** Longer than a slot. */
  TooLong: 4,
} as const;
export type PutOutcome = (typeof PutOutcome)[keyof typeof PutOutcome];

/** In place of a leg: recovered from FEC. */
export const RECOVERED_LEG = 255;

/**
 * Whole packets by number: the newest `capacity` numbers, one slot each, in one slab that is allocated once. The
 * window moves with the highest number put; what it passes is gone. Numbers are integers below 2^53, negative ones
 * included. Owns its octets: those of a number stay where they are until the window passes it.
 */
export class PacketStore {
  readonly capacity: number;
  readonly slotOctets: number;
  readonly bytes: Uint8Array;
  /** The same memory as `bytes`. */
  readonly view: DataView;
  /** The highest number put, which is always there; means nothing while {@link isEmpty}. */
  newest = 0;
  isEmpty = true;
  /** All numbers below have been read or given up: written by the one reader of the store. */
  releasedTo = -Infinity;

  /** Put, `late` and recovered ones included. */
  stored = 0;
  recovered = 0;
  /** Of the recovered ones, those that arrived then: they were not lost, FEC was only read earlier. */
  cameAfterAll = 0;
  late = 0;
  duplicates = 0;
  tooOld = 0;
  tooLong = 0;
  /** Stored ones that the window passed before they were released. */
  passed = 0;

  readonly #mask: number;
  /** The number in a slot; NaN: none. */
  readonly #number: Float64Array;
  readonly #length: Uint32Array;
  readonly #timeMonoNs: Float64Array;
  readonly #leg: Uint8Array;

  /** `capacity`: packets, a power of two up to 2^20. */
  constructor(capacity: number, slotOctets: number) {
    const isPowerOfTwo = Number.isInteger(capacity) && capacity >= 1 && (capacity & (capacity - 1)) === 0;
    if (!isPowerOfTwo || capacity > 2 ** 20 || !(slotOctets >= 1)) {
      throw new Error(`a store of ${capacity} slots of ${slotOctets}`);
    }
    this.capacity = capacity;
    this.slotOctets = slotOctets;
    const slab = new ArrayBuffer(capacity * slotOctets);
    this.bytes = new Uint8Array(slab);
    this.view = new DataView(slab);
    this.#mask = capacity - 1;
    this.#number = new Float64Array(capacity).fill(NaN);
    this.#length = new Uint32Array(capacity);
    this.#timeMonoNs = new Float64Array(capacity);
    this.#leg = new Uint8Array(capacity);
  }

  /** Lowest number of the window. */
  get oldest(): number {
    return this.newest - this.capacity + 1;
  }

  /** Copies `view[at .. at + length)`; `leg`: 0 .. 254, or {@link RECOVERED_LEG}. Hot. */
  put(sequence: number, view: DataView, at: number, length: number, timeMonoNs: Nanos, leg: number): PutOutcome {
    // The lower bits of the number, exact for every integer below 2^53 and for negative ones.
    const slot = sequence & this.#mask;
    if (!this.isEmpty && sequence <= this.newest - this.capacity) {
      this.tooOld++;
      return PutOutcome.TooOld;
    }
    if (this.#number[slot] === sequence) {
      this.duplicates++;
      if (this.#leg[slot] === RECOVERED_LEG && leg !== RECOVERED_LEG) {
        this.#leg[slot] = leg;
        this.#timeMonoNs[slot] = timeMonoNs;
        this.cameAfterAll++;
      }
      return PutOutcome.Duplicate;
    }
    if (length > this.slotOctets) {
      this.tooLong++;
      return PutOutcome.TooLong;
    }
    if (this.isEmpty) {
      this.isEmpty = false;
      this.newest = sequence;
    } else if (sequence > this.newest) {
      this.#advance(sequence);
    }
    copyOctets(view, at, length, this.view, slot * this.slotOctets);
    this.#number[slot] = sequence;
    this.#length[slot] = length;
    this.#timeMonoNs[slot] = timeMonoNs;
    this.#leg[slot] = leg;
    this.stored++;
    if (leg === RECOVERED_LEG) this.recovered++;
    if (sequence >= this.releasedTo) return PutOutcome.Stored;
    this.late++;
    return PutOutcome.Late;
  }

  has(sequence: number): boolean {
    return this.#number[sequence & this.#mask] === sequence;
  }

  /** Where the octets of a number that is there begin. */
  offsetOf(sequence: number): number {
    return (sequence & this.#mask) * this.slotOctets;
  }

  lengthOf(sequence: number): number {
    return this.#length[sequence & this.#mask]!;
  }

  /** When it was put, as its caller said. */
  timeMonoNs(sequence: number): Nanos {
    return this.#timeMonoNs[sequence & this.#mask]!;
  }

  legOf(sequence: number): number {
    return this.#leg[sequence & this.#mask]!;
  }

  isRecovered(sequence: number): boolean {
    return this.#leg[sequence & this.#mask] === RECOVERED_LEG;
  }

  #advance(newest: number): void {
    const from = this.oldest;
    // Of a jump beyond the whole window every slot is passed once.
    const end = Math.min(newest - this.capacity + 1, from + this.capacity);
    for (let n = from; n < end; n++) {
      const slot = n & this.#mask;
      if (this.#number[slot] !== n) continue;
      this.#number[slot] = NaN;
      if (n >= this.releasedTo) this.passed++;
    }
    this.newest = newest;
  }
}
