/** Columns of a row of {@link OpenGaps}. */
export const Gap = {
  /** Numbers `[First, End)`, relative to the stream's origin. */
  First: 0,
  End: 1,
  /** When a later number was heard, CLOCK_MONOTONIC since the epoch, ns. */
  OpenedMonoNs: 2,
  /** Ordinal of the first data that was numbered behind the gap; -1: so far only announcements were. */
  OpenedBy: 3,
  /** Sender's count of numbers never sent, before and behind the gap. */
  NotSentFrom: 4,
  NotSentTo: 5,
  /** Socket drops between the two deliveries around the gap that are still to be explained. */
  Drops: 6,
  /** Numbers of the gap that have not come. */
  Missing: 7,
  /** How many of those the sender says it never sent. */
  NeverSent: 8,
} as const;

const ROW = 9;

/**
 * A stream's open gaps, in order of their numbers, which is also the order in which they were opened:
 * they leave at the front when the reorder window passes them. A ring of rows that grows by doubling.
 */
export class OpenGaps {
  count = 0;
  /** `rows[row(i) + Gap.x]`. Replaced when it grows. */
  rows = new Float64Array(8 * ROW);
  #head = 0;
  #mask = 7;

  /** Where gap `i` (0 the oldest) begins in {@link rows}. */
  row(i: number): number {
    return ((this.#head + i) & this.#mask) * ROW;
  }

  /** Makes room for gap `i`, those from `i` on move up; returns its row, whose columns are left to the caller. */
  insert(i: number): number {
    if (this.count > this.#mask) this.#grow();
    if (i === 0) {
      this.#head = (this.#head - 1) & this.#mask;
    } else {
      for (let k = this.count; k > i; k--) {
        const from = this.row(k - 1);
        this.rows.copyWithin(this.row(k), from, from + ROW);
      }
    }
    this.count++;
    return this.row(i);
  }

  removeFirst(): void {
    this.#head = (this.#head + 1) & this.#mask;
    this.count--;
  }

  /** Takes out gap `i`; those behind it move down. */
  remove(i: number): void {
    for (let k = i; k < this.count - 1; k++) {
      const from = this.row(k + 1);
      this.rows.copyWithin(this.row(k), from, from + ROW);
    }
    this.count--;
  }

  /** The gap that `number` lies in, or -1. */
  find(number: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const row = this.row(middle);
      if (number < this.rows[row + Gap.First]!) high = middle - 1;
      else if (number >= this.rows[row + Gap.End]!) low = middle + 1;
      else return middle;
    }
    return -1;
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.rows.length);
    for (let i = 0; i < this.count; i++) {
      const from = this.row(i);
      grown.set(this.rows.subarray(from, from + ROW), i * ROW);
    }
    this.rows = grown;
    this.#head = 0;
    this.#mask = 2 * this.#mask + 1;
  }
}
