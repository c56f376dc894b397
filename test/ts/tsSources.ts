/** Sources of octets for tests: in given pieces, or as time goes on. */
import type { ByteSource } from '../../src/core/byteSource.js';
import { putPacket } from './packet.js';

/** Another source in pieces of the given sizes, round and round; 0: nothing yet. */
export class PiecesSource implements ByteSource {
  readonly passOctets: number | null;
  readonly startOctet: number;
  readonly #source: ByteSource;
  readonly #sizes: readonly number[];
  #turn = 0;

  constructor(source: ByteSource, sizes: readonly number[]) {
    this.#source = source;
    this.#sizes = sizes;
    this.passOctets = source.passOctets;
    this.startOctet = source.startOctet;
  }

  read(into: Uint8Array, at: number, octets: number): number {
    const size = this.#sizes[this.#turn]!;
    this.#turn = (this.#turn + 1) % this.#sizes.length;
    return size === 0 ? 0 : this.#source.read(into, at, Math.min(size, octets));
  }

  available(): number {
    return -1;
  }
}

/** Another source of which the test lets through so many octets. */
export class GatedSource implements ByteSource {
  readonly passOctets: number | null;
  readonly startOctet: number;
  /** Octets that may still be read. */
  open: number;
  readonly #source: ByteSource;

  constructor(source: ByteSource, open: number) {
    this.#source = source;
    this.open = open;
    this.passOctets = source.passOctets;
    this.startOctet = source.startOctet;
  }

  read(into: Uint8Array, at: number, octets: number): number {
    if (this.open === 0) return 0;
    const copied = this.#source.read(into, at, Math.min(this.open, octets));
    if (copied > 0) this.open -= copied;
    return copied;
  }

  available(): number {
    return -1;
  }
}

/** 7 packets of PID 0x100 make a group; the first has a PCR. `group` counts from 0. */
export function putGroup(out: Uint8Array, group: number, ticks: number): void {
  const payload = new Uint8Array(184).fill(0x55);
  for (let i = 0; i < 7; i++) {
    putPacket(out, i * 188, { pid: 0x100, counter: (group * 7 + i) % 16, pcr: i === 0 ? ticks : null }, payload, 0);
  }
}

/** An endless input: a group every `groupNs` of its clock, which is `ppm` fast, handed over in bursts. */
export class LiveSource implements ByteSource {
  readonly passOctets = null;
  readonly startOctet = 0;
  /** Moved on by the test. */
  nowNs = 0;
  /** Nothing comes while it is set. */
  isHeld = false;
  readonly #groupNs: number;
  readonly #burstNs: number;
  readonly #ppm: number;
  readonly #group = new Uint8Array(7 * 188);
  #made = 0;
  #left = 0;
  #heldAt = 0;

  constructor(groupNs: number, burstNs: number, ppm: number) {
    this.#groupNs = groupNs;
    this.#burstNs = burstNs;
    this.#ppm = ppm;
  }

  read(into: Uint8Array, at: number, octets: number): number {
    if (this.#left === 0) {
      if (this.#ready() <= 0) return 0;
      putGroup(this.#group, this.#made, Math.round((this.#made * this.#groupNs * 27) / 1000));
      this.#made++;
      this.#left = this.#group.length;
    }
    const copied = Math.min(octets, this.#left);
    const from = this.#group.length - this.#left;
    into.set(this.#group.subarray(from, from + copied), at);
    this.#left -= copied;
    return copied;
  }

  available(): number {
    return Math.max(0, this.#ready()) * this.#group.length + this.#left;
  }

  /** Whole groups that have come and are not read. */
  #ready(): number {
    if (!this.isHeld) this.#heldAt = this.nowNs;
    const arrivedNs = Math.floor((this.#heldAt * (1 + this.#ppm * 1e-6)) / this.#burstNs) * this.#burstNs;
    return Math.floor(arrivedNs / this.#groupNs) - this.#made;
  }
}
