import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { copyOctets } from '../core/bytes.js';
import { McastError } from '../core/errors.js';
import { LONGEST_MESSAGE_OCTETS, type MessageMemory } from '../core/messageMemory.js';
import { fileError } from './fileError.js';

/** In front of each message in the file: its length. */
const HEAD_OCTETS = 2;
/** Read at a time, and gathered for one write: room for the longest message. */
const WINDOW_OCTETS = 128 * 1024;
const TAIL_OCTETS = 256 * 1024;
/** Places of every so many messages are known at first; twice as many whenever there are too many places. */
const FIRST_STRIDE = 32;
const MOST_PLACES = 65_536;

/** Positions in the array of exact figures. */
const OLDEST = 0;
const END = 1;
const NEXT = 2;
const KEPT_OCTETS = 3;
const WRITTEN_OCTETS = 4;

export interface MessageFileOptions {
  /** Number of the first message; 1 by default. */
  readonly first?: number;
  /** Told once, when the system refused a read or a write: ERR_FILE. */
  readonly onError: (error: unknown) => void;
  /** Places kept, an even number; for tests. */
  readonly places?: number;
}

/**
 * All messages of a session, in a file that is new and goes with it. What is put is gathered in memory and written in
 * large pieces; reads are of large pieces too. The calls of the system are synchronous and take as long as the disk
 * does: not for a thread that keeps a schedule.
 *
 * Where the system refuses a write, what was put so far stays, what comes later is not kept; where it refuses a read,
 * nothing is there any more. In memory: some 400 kbyte, and a place for every so many messages, bounded.
 */
export class MessageFile implements MessageMemory {
  /** First the octets read last, then those not written yet. */
  readonly view: DataView;
  readonly #bytes: Uint8Array;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #first: number;
  readonly #onError: (error: unknown) => void;
  /** Position in the file of every `#stride`th message. */
  readonly #places: Float64Array;
  #placeCount = 0;
  #stride = FIRST_STRIDE;
  readonly #exact: Float64Array;
  #isFailed = false;
  #isOpen = true;
  /** What of the file is in the window. */
  #windowFrom = 0;
  #windowTo = 0;
  /** The message found last, its position, where its octets are, and how many; NaN: none. */
  #found = NaN;
  #foundPosition = 0;
  #foundAt = 0;
  #foundOctets = 0;

  /** Makes the file, which must not be there yet, readable for its owner alone. Throws ERR_FILE. */
  constructor(path: string, options: MessageFileOptions) {
    try {
      this.#descriptor = openSync(path, 'wx+', 0o600);
    } catch (error) {
      throw fileError(path, 'written', error);
    }
    this.#path = path;
    this.#onError = options.onError;
    this.#first = options.first ?? 1;
    this.#exact = new Float64Array([this.#first, this.#first, this.#first, 0, 0]);
    this.#places = new Float64Array(options.places ?? MOST_PLACES);
    this.#bytes = new Uint8Array(WINDOW_OCTETS + TAIL_OCTETS);
    this.view = new DataView(this.#bytes.buffer);
  }

  get oldest(): number {
    return this.#exact[OLDEST]!;
  }

  get end(): number {
    return this.#exact[END]!;
  }

  get next(): number {
    return this.#exact[NEXT]!;
  }

  /** Octets kept, with a length in front of each message; those in the file. */
  get octets(): number {
    return this.#exact[KEPT_OCTETS]!;
  }

  get writtenOctets(): number {
    return this.#exact[WRITTEN_OCTETS]!;
  }

  put(view: DataView, at: number, octets: number): number {
    if (!(octets <= LONGEST_MESSAGE_OCTETS)) throw new Error(`a message of ${octets} octets`);
    const exact = this.#exact;
    const sequence = exact[NEXT]!;
    exact[NEXT] = sequence + 1;
    if (this.#isFailed) return sequence;
    const whole = HEAD_OCTETS + octets;
    if (this.octets - this.writtenOctets + whole > TAIL_OCTETS && !this.#write()) return sequence;
    if ((sequence - this.#first) % this.#stride === 0) this.#addPlace();
    const tailAt = WINDOW_OCTETS + this.octets - this.writtenOctets;
    this.view.setUint16(tailAt, octets);
    copyOctets(view, at, octets, this.view, tailAt + HEAD_OCTETS);
    exact[KEPT_OCTETS]! += whole;
    exact[END] = sequence + 1;
    return sequence;
  }

  has(sequence: number): boolean {
    return sequence >= this.#exact[OLDEST]! && sequence < this.#exact[END]!;
  }

  lengthOf(sequence: number): number {
    return this.#find(sequence) ? this.#foundOctets : Infinity;
  }

  offsetOf(sequence: number): number {
    return this.#find(sequence) ? this.#foundAt : 0;
  }

  /** Closes and deletes the file: nothing is there any more. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#isFailed = true;
    this.#exact[OLDEST] = this.end;
    closeSync(this.#descriptor);
    rmSync(this.#path, { force: true });
  }

  /** What was gathered goes into the file. */
  #write(): boolean {
    const end = WINDOW_OCTETS + this.octets - this.writtenOctets;
    let at = WINDOW_OCTETS;
    try {
      // At a position of its own: what a write that failed half-way left is not counted.
      while (at < end) {
        const position = this.writtenOctets + at - WINDOW_OCTETS;
        at += writeSync(this.#descriptor, this.#bytes, at, end - at, position);
      }
    } catch (error) {
      this.#isFailed = true;
      this.#onError(fileError(this.#path, 'written', error));
      return false;
    }
    this.#exact[WRITTEN_OCTETS] = this.octets;
    this.#found = NaN;
    return true;
  }

  #addPlace(): void {
    if (this.#placeCount === this.#places.length) {
      for (let i = 0; 2 * i < this.#placeCount; i++) this.#places[i] = this.#places[2 * i]!;
      this.#placeCount /= 2;
      this.#stride *= 2;
    }
    // After an even number of places this message is one of every twice as many, too.
    this.#places[this.#placeCount++] = this.octets;
  }

  /** Brings a message that is there into memory. */
  #find(sequence: number): boolean {
    if (sequence === this.#found) return true;
    if (!this.has(sequence)) return false;
    const place = Math.floor((sequence - this.#first) / this.#stride);
    let n = this.#first + place * this.#stride;
    let position = this.#places[place]!;
    // Who asks for one mostly asks for the next.
    if (this.#found >= n && this.#found < sequence) {
      n = this.#found + 1;
      position = this.#foundPosition + HEAD_OCTETS + this.#foundOctets;
    }
    for (;;) {
      const at = this.#bring(position, HEAD_OCTETS);
      if (at < 0) return false;
      const octets = this.view.getUint16(at);
      if (n === sequence) return this.#note(sequence, position, octets);
      position += HEAD_OCTETS + octets;
      n++;
    }
  }

  #note(sequence: number, position: number, octets: number): boolean {
    const at = this.#bring(position, HEAD_OCTETS + octets);
    if (at < 0) return false;
    this.#found = sequence;
    this.#foundPosition = position;
    this.#foundAt = at + HEAD_OCTETS;
    this.#foundOctets = octets;
    return true;
  }

  /** Where in memory `octets` from a position on are, which are one message's; -1: they cannot be read. */
  #bring(position: number, octets: number): number {
    if (position >= this.writtenOctets) return WINDOW_OCTETS + position - this.writtenOctets;
    if (position >= this.#windowFrom && position + octets <= this.#windowTo) return position - this.#windowFrom;
    this.#found = NaN;
    const wanted = Math.min(WINDOW_OCTETS, this.writtenOctets - position);
    let filled = 0;
    try {
      while (filled < wanted) {
        const more = readSync(this.#descriptor, this.#bytes, filled, wanted - filled, position + filled);
        if (more === 0) break;
        filled += more;
      }
    } catch (error) {
      return this.#forgetAll(error);
    }
    if (filled < octets) return this.#forgetAll(new McastError('ERR_FILE', `${this.#path} has become shorter`));
    this.#windowFrom = position;
    this.#windowTo = position + filled;
    return 0;
  }

  #forgetAll(error: unknown): number {
    if (!this.#isFailed) this.#onError(fileError(this.#path, 'read', error));
    this.#isFailed = true;
    this.#exact[OLDEST] = this.end;
    this.#windowTo = this.#windowFrom;
    return -1;
  }
}
