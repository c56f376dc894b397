import type { Random } from '../core/random.js';

/**
 * Draws symbols as active as Zipf's law says: number i with weight 1 / (i + 1). By alias tables (A. J. Walker, 1977;
 * built as M. D. Vose, 1991, does), in whole numbers: two draws and one comparison each, the same on every machine.
 */
export class SymbolActivity {
  readonly #symbols: number;
  /** Below which of 2^32 draws, signed, a column is its own symbol; else it is its alias. */
  readonly #limit: Int32Array;
  readonly #alias: Int32Array;

  /** `symbols`: 1 .. 10,000, so that all sums are exact. */
  constructor(symbols: number) {
    this.#symbols = symbols;
    this.#limit = new Int32Array(symbols).fill(2_147_483_647);
    this.#alias = Int32Array.from({ length: symbols }, (_, i) => i);
    const weights = Array.from({ length: symbols }, (_, i) => Math.floor(4_294_967_296 / (i + 1)));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    // Every column holds the sum: a part of its own weight, and what it lacks from one symbol that has too much.
    const parts = weights.map((weight) => weight * symbols);
    const large = [...parts.keys()].filter((i) => parts[i]! >= sum);
    const small = [...parts.keys()].filter((i) => parts[i]! < sum);
    for (let column = small.pop(); column !== undefined; column = small.pop()) {
      const giver = large.at(-1)!;
      this.#limit[column] = Math.floor((parts[column]! / sum) * 4_294_967_296) - 2_147_483_648;
      this.#alias[column] = giver;
      parts[giver]! -= sum - parts[column]!;
      if (parts[giver]! < sum) small.push(large.pop()!);
    }
  }

  /** Hot. */
  draw(random: Random): number {
    const column = (random.int32() >>> 1) % this.#symbols;
    return random.int32() < this.#limit[column]! ? column : this.#alias[column]!;
  }
}
