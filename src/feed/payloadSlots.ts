import type { SendBatch } from '../core/batch.js';

/**
 * The octets behind the headers. Slots are refilled for ever, so a payload that is the same in every
 * datagram needs to be written only once per slot: this remembers up to where a batch's slab holds it.
 * All feeds that fill one batch share one of these; whoever writes otherwise, or another size, makes
 * it forget.
 */
export class PayloadSlots {
  readonly #patterns = new Map<number, Uint8Array>();
  #batch: SendBatch | null = null;
  #payload: Uint8Array | null = null;
  /** From octet 0 to here one datagram after the other holds the payload. */
  #covered = 0;
  #headersOf: object | null = null;
  #headersTo = 0;

  /**
   * Payload of a probe datagram behind a header of `fromOctet` (below 256) octets: octet p of the
   * datagram, counted from 0, is p modulo 256. The same array for the same arguments.
   */
  pattern(fromOctet: number, datagramOctets: number): Uint8Array {
    const key = datagramOctets * 256 + fromOctet;
    let pattern = this.#patterns.get(key);
    if (pattern === undefined) {
      pattern = new Uint8Array(datagramOctets - fromOctet);
      for (let i = 0; i < pattern.length; i++) pattern[i] = fromOctet + i;
      this.#patterns.set(key, pattern);
    }
    return pattern;
  }

  /** For whoever writes into the batch without {@link write}. */
  forget(): void {
    this.#covered = 0;
    this.#headersTo = 0;
  }

  /**
   * Whose headers stand in the slots, one behind the other from octet 0 on: nobody's. For whoever writes headers and does
   * not say so with {@link noteHeaders}.
   */
  forgetHeaders(): void {
    this.#headersTo = 0;
  }

  /** Up to this octet the slots hold headers that `owner` wrote, in the batch that was written last. */
  headersTo(owner: object): number {
    return owner === this.#headersOf ? this.#headersTo : 0;
  }

  /** `owner` wrote the headers of all slots from octet `from` to octet `to`. */
  noteHeaders(owner: object, from: number, to: number): void {
    if (owner !== this.#headersOf) {
      this.#headersOf = owner;
      this.#headersTo = 0;
    }
    if (from <= this.#headersTo && to > this.#headersTo) this.#headersTo = to;
  }

  /** Slots that end at or before this octet of the slab, and begin at a multiple of their size, need no {@link write}. */
  coveredTo(batch: SendBatch, payload: Uint8Array): number {
    return batch === this.#batch && payload === this.#payload ? this.#covered : 0;
  }

  /**
   * Writes `payload`, always behind the same number of header octets, into the slot that begins at octet
   * `at`; returns what {@link coveredTo} says afterwards.
   */
  write(batch: SendBatch, at: number, headerOctets: number, payload: Uint8Array): number {
    if (batch !== this.#batch || payload !== this.#payload) {
      this.#batch = batch;
      this.#payload = payload;
      this.#covered = 0;
      this.#headersTo = 0;
    }
    batch.bytes.set(payload, at + headerOctets);
    if (at === this.#covered) this.#covered = at + headerOctets + payload.length;
    return this.#covered;
  }
}
