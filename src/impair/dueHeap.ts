import type { Nanos } from '../core/time.js';

/**
 * Entries 0 .. capacity - 1 in order of due time; those of one time in the order in which they were
 * placed. A binary heap in typed arrays that knows where each entry is.
 */
export class DueHeap {
  count = 0;
  /** When the first one is due; Infinity when empty. A field: as a result of a call the number may cost an object. */
  firstNs: Nanos = Infinity;
  /** By entry: its due time, valid while it is in the heap and until it is placed again; written before {@link placeDue}. */
  readonly dueNs: Float64Array;
  readonly #placed: Float64Array;
  readonly #heap: Int32Array;
  /** By entry: index in `#heap`, -1 when it is not there. */
  readonly #position: Int32Array;
  #placements = 0;

  constructor(capacity: number) {
    this.dueNs = new Float64Array(capacity);
    this.#placed = new Float64Array(capacity);
    this.#heap = new Int32Array(capacity);
    this.#position = new Int32Array(capacity).fill(-1);
  }

  /** The entry that is due first. */
  get first(): number {
    return this.#heap[0]!;
  }

  has(entry: number): boolean {
    return this.#position[entry]! >= 0;
  }

  /** Puts the entry in, or moves it, behind all others of that time. */
  place(entry: number, dueNs: Nanos): void {
    this.dueNs[entry] = dueNs;
    this.placeDue(entry);
  }

  /** As {@link place}, at the time that stands in {@link dueNs}. Hot. */
  placeDue(entry: number): void {
    let at = this.#position[entry]!;
    if (at < 0) at = this.count++;
    this.#placed[entry] = this.#placements++;
    this.#up(at, entry);
    this.#down(this.#position[entry]!, entry);
    this.firstNs = this.dueNs[this.#heap[0]!]!;
  }

  /** Takes out {@link first}. */
  removeFirst(): void {
    const heap = this.#heap;
    this.#position[heap[0]!] = -1;
    const last = heap[--this.count]!;
    if (this.count > 0) {
      this.#down(0, last);
      this.firstNs = this.dueNs[heap[0]!]!;
    } else {
      this.firstNs = Infinity;
    }
  }

  #before(a: number, b: number): boolean {
    const dueA = this.dueNs[a]!;
    const dueB = this.dueNs[b]!;
    return dueA < dueB || (dueA === dueB && this.#placed[a]! < this.#placed[b]!);
  }

  #up(from: number, entry: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = heap[parent]!;
      if (!this.#before(entry, other)) break;
      heap[at] = other;
      this.#position[other] = at;
      at = parent;
    }
    heap[at] = entry;
    this.#position[entry] = at;
  }

  #down(from: number, entry: number): void {
    const heap = this.#heap;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.count) break;
      if (child + 1 < this.count && this.#before(heap[child + 1]!, heap[child]!)) child++;
      const other = heap[child]!;
      if (!this.#before(other, entry)) break;
      heap[at] = other;
      this.#position[other] = at;
      at = child;
    }
    heap[at] = entry;
    this.#position[entry] = at;
  }
}
