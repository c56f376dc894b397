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
  /** Slots of this stride, from octet 0 ... */
  #stride = 0;
  /** ... to here hold the payload. */
  #covered = 0;

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
  }

  /** Slots that end at or before this octet of the slab need no {@link write}, if slot i begins at i x size. */
  coveredTo(batch: SendBatch, payload: Uint8Array): number {
    return batch === this.#batch && payload === this.#payload ? this.#covered : 0;
  }

  /**
   * Writes `payload` behind the `headerOctets` of slot `slot`, which begins at octet `at`; returns what
   * {@link coveredTo} says afterwards.
   */
  write(batch: SendBatch, slot: number, at: number, headerOctets: number, payload: Uint8Array): number {
    const stride = headerOctets + payload.length;
    if (batch !== this.#batch || payload !== this.#payload || stride !== this.#stride) {
      this.#batch = batch;
      this.#payload = payload;
      this.#stride = stride;
      this.#covered = 0;
    }
    batch.bytes.set(payload, at + headerOctets);
    if (at !== slot * stride) this.#covered = 0;
    else if (at === this.#covered) this.#covered = at + stride;
    return this.#covered;
  }
}
