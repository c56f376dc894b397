import type { ByteRing } from './byteRing.js';
import { copyBytes } from './copyBytes.js';

/** A sequence of octets that is read in pieces: a file in memory, or what another thread reads. */
export interface ByteSource {
  /** Copies up to `octets` to `into[at ..]`; returns octets copied, at least 1; 0: nothing yet; -1: the end. Never blocks. */
  read(into: Uint8Array, at: number, octets: number): number;
  /** The source repeats itself for ever after so many octets; `null`: it does not. */
  readonly passOctets: number | null;
  /** Octets of the first pass that lie before where reading begins. */
  readonly startOctet: number;
  /** Octets that can be read now; -1: not known. */
  available(): number;
  /** Behind the end: what should have come is damaged. Left out: it never is. */
  readonly isBrokenOff?: boolean;
}

export interface MemorySourceOptions {
  /** From the end on with the beginning again, for ever. */
  readonly loop: boolean;
  /** Where reading begins. Default 0. */
  readonly startOctet?: number;
}

/** Octets that lie whole in memory; many sources may read the same ones, in several threads. They are not changed. */
export class MemorySource implements ByteSource {
  readonly passOctets: number | null;
  readonly startOctet: number;
  readonly #bytes: Uint8Array;
  #at: number;

  /** `bytes` may lie in shared memory; an empty one has ended, `loop` or not. */
  constructor(bytes: Uint8Array, options: MemorySourceOptions) {
    const { loop, startOctet = 0 } = options;
    if (startOctet < 0 || startOctet > bytes.length) throw new Error(`octet ${startOctet} of ${bytes.length}`);
    this.#bytes = bytes;
    this.passOctets = loop && bytes.length > 0 ? bytes.length : null;
    this.startOctet = loop && startOctet === bytes.length ? 0 : startOctet;
    this.#at = this.startOctet;
  }

  read(into: Uint8Array, at: number, octets: number): number {
    if (this.#at === this.#bytes.length) {
      if (this.passOctets === null) return -1;
      this.#at = 0;
    }
    const copied = Math.min(octets, this.#bytes.length - this.#at);
    copyBytes(this.#bytes, this.#at, copied, into, at);
    this.#at += copied;
    return copied;
  }

  available(): number {
    return this.passOctets === null ? this.#bytes.length - this.#at : Infinity;
  }
}

export interface RingSourceOptions {
  /** What is written into the ring repeats itself after so many octets; `null`: it does not. */
  readonly passOctets: number | null;
  /** Octets of the first pass that are not written into the ring. Default 0. */
  readonly startOctet?: number;
}

/** What another thread writes into a ring of shared memory: a file as it is read, a live input. */
export class RingSource implements ByteSource {
  readonly passOctets: number | null;
  readonly startOctet: number;
  readonly #ring: ByteRing;

  constructor(ring: ByteRing, options: RingSourceOptions) {
    this.#ring = ring;
    this.passOctets = options.passOctets;
    this.startOctet = options.startOctet ?? 0;
  }

  read(into: Uint8Array, at: number, octets: number): number {
    return this.#ring.readInto(into, at, octets);
  }

  available(): number {
    return this.#ring.readable();
  }

  get isBrokenOff(): boolean {
    return this.#ring.isBrokenOff;
  }
}
