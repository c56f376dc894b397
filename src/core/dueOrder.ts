import type { Nanos } from './time.js';

/**
 * Entries 0 .. n - 1 by when each is due next, those of one time in their own order: a binary heap in typed arrays, whose
 * first entry is moved on in place. All entries are always in it.
 */
export class DueOrder {
  /** By entry; write it before {@link firstMoved} or {@link rebuild}. */
  readonly dueNs: Float64Array;
  /** Entries, the one that is due first at 0; behind it at 1 and 2 the next ones. */
  readonly heap: Uint32Array;

  constructor(entries: number) {
    this.dueNs = new Float64Array(entries);
    this.heap = new Uint32Array(entries);
    for (let entry = 0; entry < entries; entry++) this.heap[entry] = entry;
  }

  /** Of the entry that is due first; Infinity when there are none. */
  firstNs(): Nanos {
    return this.heap.length === 0 ? Infinity : this.dueNs[this.heap[0]!]!;
  }

  /** Any due times have changed. */
  rebuild(): void {
    for (let i = (this.heap.length >> 1) - 1; i >= 0; i--) this.#down(i);
  }

  /** The first entry is due at another time, later than before. Hot. */
  firstMoved(): void {
    this.#down(0);
  }

  #down(from: number): void {
    const { heap, dueNs } = this;
    const moving = heap[from]!;
    const movingNs = dueNs[moving]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      let entry = heap[child]!;
      let childNs = dueNs[entry]!;
      if (child + 1 < heap.length) {
        const other = heap[child + 1]!;
        const otherNs = dueNs[other]!;
        if (otherNs < childNs || (otherNs === childNs && other < entry)) {
          child++;
          entry = other;
          childNs = otherNs;
        }
      }
      if (childNs > movingNs || (childNs === movingNs && entry > moving)) break;
      heap[at] = entry;
      at = child;
    }
    heap[at] = moving;
  }
}
