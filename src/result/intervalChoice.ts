import { StreamCounter } from '../metrics/counters.js';

const [SOUND, FAULTY, LOST] = [0, 1, 2];

/**
 * Of many rows those that are told: with losses first, most of them first; then with any other fault; then those with
 * most to show. Of equal ones the first offered. At most as many as there is room for.
 */
export class IntervalChoice {
  readonly #room: number;
  // A heap whose first row is the next one to give way: by row, how it ranks.
  readonly #row: Uint32Array;
  readonly #class: Uint8Array;
  readonly #amount: Float64Array;
  #count = 0;

  /** `rows`: as many will be offered. */
  constructor(room: number, rows: number) {
    this.#room = Math.min(room, rows);
    this.#row = new Uint32Array(this.#room);
    this.#class = new Uint8Array(this.#room);
    this.#amount = new Float64Array(this.#room);
  }

  /** Row number `row` of rows of `StreamCounter`; they are offered in ascending order. */
  offer(counters: Float64Array, row: number): void {
    const at = row * StreamCounter.Count;
    const lost = counters[at + StreamCounter.Lost]!;
    // Beside losses. No loop: it would be one for each of ten thousand rows.
    const faults =
      counters[at + StreamCounter.PacketsLate]! +
      counters[at + StreamCounter.PacketsDuplicated]! +
      counters[at + StreamCounter.PacketsReordered]! +
      counters[at + StreamCounter.NeverSent]!;
    const kind = lost > 0 ? LOST : faults > 0 ? FAULTY : SOUND;
    const amount = kind === LOST ? lost : kind === FAULTY ? faults : counters[at + StreamCounter.PacketsReceived]!;
    if (this.#count < this.#room) {
      this.#up(this.#count++, row, kind, amount);
    } else if (this.#room > 0 && (kind > this.#class[0]! || (kind === this.#class[0]! && amount > this.#amount[0]!))) {
      this.#down(row, kind, amount);
    }
  }

  /** What was chosen, in ascending order. */
  rows(): Uint32Array {
    return this.#row.slice(0, this.#count).toSorted();
  }

  /** Whether the entry `at` gives way before such a row: it ranks lower, or as high and was offered later. */
  #givesWay(at: number, row: number, kind: number, amount: number): boolean {
    if (this.#class[at] !== kind) return this.#class[at]! < kind;
    if (this.#amount[at] !== amount) return this.#amount[at]! < amount;
    return this.#row[at]! > row;
  }

  #up(from: number, row: number, kind: number, amount: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#givesWay(parent, row, kind, amount)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, row, kind, amount);
  }

  #down(row: number, kind: number, amount: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#count) break;
      const other = child + 1;
      if (other < this.#count && this.#givesWay(other, this.#row[child]!, this.#class[child]!, this.#amount[child]!)) {
        child = other;
      }
      if (!this.#givesWay(child, row, kind, amount)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, row, kind, amount);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#row[from]!, this.#class[from]!, this.#amount[from]!);
  }

  #put(at: number, row: number, kind: number, amount: number): void {
    this.#row[at] = row;
    this.#class[at] = kind;
    this.#amount[at] = amount;
  }
}
