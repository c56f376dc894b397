import { ByteRing } from '../core/byteRing.js';

/** Lengths of the datagrams that are in a queue: of less than 32 octets each it takes fewer. */
const LENGTHS_OCTETS = 1 << 20;
const RECORD_OCTETS = 4;

/** For the lengths of what goes into a queue, each written before its datagram. */
export function lengthsRing(): SharedArrayBuffer {
  return ByteRing.allocate(LENGTHS_OCTETS, RECORD_OCTETS);
}

/** Whether there is room for one more; what was claimed is not published before its datagram has room too. Hot. */
export function claimLength(lengths: ByteRing, octets: number): boolean {
  const at = lengths.claim(RECORD_OCTETS);
  if (at < 0) return false;
  lengths.view.setUint32(at, octets);
  return true;
}

/** Hot. */
export function publishLength(lengths: ByteRing): void {
  lengths.publish(RECORD_OCTETS);
}

/** What of a queue has come out at its other end: octets as they were written, datagrams that were written whole. */
export class OutputProgress {
  datagrams = 0;
  octets = 0;
  readonly #lengths: ByteRing;
  readonly #record = new Uint8Array(RECORD_OCTETS);
  readonly #view = new DataView(this.#record.buffer);
  /** Octets of the datagram under way that are still to be written. */
  #open = 0;

  constructor(lengths: SharedArrayBuffer) {
    this.#lengths = new ByteRing(lengths);
  }

  /** So many more octets were written. */
  add(octets: number): void {
    this.octets += octets;
    for (let left = octets; left > 0;) {
      if (this.#open === 0) {
        if (this.#lengths.read(this.#record) <= 0) return;
        this.#open = this.#view.getUint32(0);
      }
      const some = Math.min(left, this.#open);
      this.#open -= some;
      left -= some;
      if (this.#open === 0) this.datagrams++;
    }
  }
}
