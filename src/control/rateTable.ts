/** Rows in each decade: neighbours are 0.96 % apart, and every power of ten is a row. */
export const ROWS_PER_DECADE = 240;

/**
 * The sending rates a search chooses from (RFC 9097 section 8.1), in ascending order. That table goes up by 1 Mbit/s,
 * which is 5 % at 20 Mbit/s and 0.1 % at 1 Gbit/s; this one goes up by the same share everywhere, so that a search is as
 * exact and as fast at any rate. Rates are of whatever layer the owner counts.
 */
export class RateTable {
  readonly #rates: Float64Array;

  /** From `lowestBitPerSecond` to `highestBitPerSecond`, both of them rows. Both are above 0. */
  constructor(lowestBitPerSecond: number, highestBitPerSecond: number) {
    const rates = [lowestBitPerSecond];
    let k = Math.ceil(Math.log10(lowestBitPerSecond) * ROWS_PER_DECADE);
    for (; ; k++) {
      // To four digits, which all machines round alike.
      const rate = Number((10 ** (k / ROWS_PER_DECADE)).toPrecision(4));
      if (rate >= highestBitPerSecond) break;
      if (rate > rates.at(-1)!) rates.push(rate);
    }
    if (highestBitPerSecond > rates.at(-1)!) rates.push(highestBitPerSecond);
    this.#rates = Float64Array.from(rates);
  }

  get length(): number {
    return this.#rates.length;
  }

  /** Bit/s of a row. */
  rate(row: number): number {
    return this.#rates[row]!;
  }

  /** The highest row of at most this rate; -1: there is none. */
  rowAtMost(bitPerSecond: number): number {
    let low = 0;
    let high = this.#rates.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#rates[middle]! <= bitPerSecond) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** How many rows are as far apart as `share`, at least one. */
export function rowsIn(share: number): number {
  return Math.max(1, Math.floor(Math.log10(1 + share) * ROWS_PER_DECADE));
}
