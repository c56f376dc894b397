import type { SendBatch } from '../core/batch.js';

/**
 * Datagrams on their way through impairment: a fixed number of slots of fixed size, allocated once.
 * A datagram is stored once, however many copies of it are to leave.
 */
export class CopyStore {
  /** Slots that are free. */
  free: number;
  readonly slotOctets: number;
  readonly length: Uint32Array;
  readonly flags: Uint8Array;
  readonly destination: Uint16Array;
  readonly stampAt: Uint16Array;
  readonly flow: Uint32Array;
  /** Ordinal among the flow's data. */
  readonly ordinal: Float64Array;
  /** Copies that are still to leave, and how many of them are intact. */
  readonly copies: Uint8Array;
  readonly intact: Uint8Array;
  /** 1: an intact copy has left. */
  readonly left: Uint8Array;
  /** Counts the uses of a slot: tells a datagram from a later one in the same slot. */
  readonly use: Uint32Array;
  readonly #view: DataView;
  readonly #freeSlots: Int32Array;

  /** `slotOctets`: the longest datagram. */
  constructor(slots: number, slotOctets: number) {
    this.free = slots;
    // Whole words, so that copying never runs into the next slot.
    this.slotOctets = (slotOctets + 3) & ~3;
    this.#view = new DataView(new ArrayBuffer(slots * this.slotOctets));
    this.length = new Uint32Array(slots);
    this.flags = new Uint8Array(slots);
    this.destination = new Uint16Array(slots);
    this.stampAt = new Uint16Array(slots);
    this.flow = new Uint32Array(slots);
    this.ordinal = new Float64Array(slots);
    this.copies = new Uint8Array(slots);
    this.intact = new Uint8Array(slots);
    this.left = new Uint8Array(slots);
    this.use = new Uint32Array(slots);
    this.#freeSlots = new Int32Array(slots);
    for (let i = 0; i < slots; i++) this.#freeSlots[i] = slots - 1 - i;
  }

  /** Stores slot `from` of a batch, without copies yet; {@link free} must not be 0. Returns the store's slot. */
  put(batch: SendBatch, from: number, ordinal: number): number {
    const slot = this.#freeSlots[--this.free]!;
    const length = batch.length[from]!;
    this.length[slot] = length;
    this.flags[slot] = batch.flags[from]!;
    this.destination[slot] = batch.destination[from]!;
    this.stampAt[slot] = batch.stampAt[from]!;
    this.flow[slot] = batch.flow[from]!;
    this.ordinal[slot] = ordinal;
    this.copies[slot] = 0;
    this.intact[slot] = 0;
    this.left[slot] = 0;
    this.use[slot]!++;
    copyOctets(batch.view, batch.offset[from]!, this.#view, slot * this.slotOctets, length);
    return slot;
  }

  /** Writes the octets and all columns but `dueMonoNs` into slot `to` of a batch, at octet `at` of its slab. */
  copyTo(slot: number, batch: SendBatch, to: number, at: number): void {
    const length = this.length[slot]!;
    batch.offset[to] = at;
    batch.length[to] = length;
    batch.flags[to] = this.flags[slot]!;
    batch.destination[to] = this.destination[slot]!;
    batch.stampAt[to] = this.stampAt[slot]!;
    batch.flow[to] = this.flow[slot]!;
    batch.outcome[to] = 0;
    copyOctets(this.#view, slot * this.slotOctets, batch.view, at, length);
  }

  release(slot: number): void {
    this.#freeSlots[this.free++] = slot;
  }
}

/** Word by word: a view per datagram would be an object per datagram. */
function copyOctets(from: DataView, fromAt: number, to: DataView, toAt: number, length: number): void {
  const words = length & ~3;
  for (let i = 0; i < words; i += 4) to.setInt32(toAt + i, from.getInt32(fromAt + i));
  for (let i = words; i < length; i++) to.setUint8(toAt + i, from.getUint8(fromAt + i));
}
