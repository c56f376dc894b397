import { copyOctets } from '../core/bytes.js';
import { LONGEST_MESSAGE_OCTETS, type MessageMemory } from '../core/messageMemory.js';

/** One for each sixteen octets of the largest store. */
export const MOST_STORED_MESSAGES = 2 ** 27;

/** Positions in the array of exact figures. */
const OLDEST = 0;
const NEXT = 1;
const POSITION = 2;

/**
 * The newest messages in memory that is allocated once: octets one behind the other in a slab, each message in one
 * piece, and two columns by number. What finds no room pushes the oldest out.
 */
export class MessageStore implements MessageMemory {
  readonly messages: number;
  readonly octets: number;
  readonly view: DataView;
  readonly #mask: number;
  /** By number: where it begins in the slab, and octets. */
  readonly #offset: Uint32Array;
  readonly #length: Uint16Array;
  /** By number: octets put before it, those left free at the end of a lap included. */
  readonly #position: Float64Array;
  readonly #exact: Float64Array;
  /** Where the next message goes. */
  #writeAt = 0;

  /** `messages`: a power of two up to {@link MOST_STORED_MESSAGES}; `octets`: room for the longest message up to 2^31 - 1; `first` number. */
  constructor(messages: number, octets: number, first = 1) {
    const isPowerOfTwo = Number.isInteger(messages) && messages >= 1 && (messages & (messages - 1)) === 0;
    if (!isPowerOfTwo || messages > MOST_STORED_MESSAGES || !(octets >= LONGEST_MESSAGE_OCTETS && octets < 2 ** 31)) {
      throw new Error(`a store of ${messages} messages in ${octets} octets`);
    }
    this.messages = messages;
    this.octets = octets;
    this.view = new DataView(new ArrayBuffer(octets));
    this.#mask = messages - 1;
    this.#offset = new Uint32Array(messages);
    this.#length = new Uint16Array(messages);
    this.#position = new Float64Array(messages);
    this.#exact = new Float64Array([first, first, 0]);
  }

  get oldest(): number {
    return this.#exact[OLDEST]!;
  }

  get end(): number {
    return this.#exact[NEXT]!;
  }

  get next(): number {
    return this.#exact[NEXT]!;
  }

  /** Hot. */
  put(view: DataView, at: number, octets: number): number {
    if (!(octets <= LONGEST_MESSAGE_OCTETS)) throw new Error(`a message of ${octets} octets`);
    const exact = this.#exact;
    const sequence = exact[NEXT]!;
    const free = this.octets - this.#writeAt;
    if (octets > free) {
      exact[POSITION]! += free;
      this.#writeAt = 0;
    }
    const position = exact[POSITION]!;
    // All that begins more than one lap behind the end of this one is overwritten, in part or whole.
    const floor = position + octets - this.octets;
    let oldest = exact[OLDEST]!;
    if (sequence - oldest === this.messages) oldest++;
    while (oldest < sequence && this.#position[oldest & this.#mask]! < floor) oldest++;
    exact[OLDEST] = oldest;
    const slot = sequence & this.#mask;
    this.#offset[slot] = this.#writeAt;
    this.#length[slot] = octets;
    this.#position[slot] = position;
    copyOctets(view, at, octets, this.view, this.#writeAt);
    this.#writeAt += octets;
    exact[POSITION] = position + octets;
    exact[NEXT] = sequence + 1;
    return sequence;
  }

  has(sequence: number): boolean {
    return sequence >= this.#exact[OLDEST]! && sequence < this.#exact[NEXT]!;
  }

  lengthOf(sequence: number): number {
    return this.#length[sequence & this.#mask]!;
  }

  offsetOf(sequence: number): number {
    return this.#offset[sequence & this.#mask]!;
  }
}
