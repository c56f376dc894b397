import { StreamCounter } from '../metrics/counters.js';

/** What ranks above any amount, a whole number: that something was lost, and any other fault. */
const [LOST, FAULTY] = [2 ** 52, 2 ** 51];

/**
 * Of many rows those that are told: with losses first, most of them first; then with any other fault; then those with
 * most to show. Of equal ones the first offered. At most as many as there is room for.
 */
export class IntervalChoice {
  readonly #room: number;
  readonly #row: Uint32Array;
  /** How each ranks. */
  readonly #rank: Float64Array;
  #count = 0;

  /** `rows`: as many may be offered. */
  constructor(room: number, rows: number) {
    this.#room = room;
    this.#row = new Uint32Array(rows);
    this.#rank = new Float64Array(rows);
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
    this.#row[this.#count] = row;
    this.#rank[this.#count++] =
      lost > 0 ? LOST + lost : faults > 0 ? FAULTY + faults : counters[at + StreamCounter.PacketsReceived]!;
  }

  /** What was chosen, in ascending order. */
  rows(): Uint32Array {
    const rows = this.#row.subarray(0, this.#count);
    const ranks = this.#rank.subarray(0, this.#count);
    if (rows.length <= this.#room) return rows;
    // A sort of numbers is the engine's own: of ten thousand faster than any that would have to be compiled.
    const best = ranks.toSorted().subarray(rows.length - this.#room);
    const [least] = best;
    let equals = best.lastIndexOf(least!) + 1;
    return rows.filter((_, i) => ranks[i]! > least! || (ranks[i] === least && equals-- > 0));
  }
}
