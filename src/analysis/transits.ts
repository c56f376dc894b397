import type { Histogram } from '../metrics/histogram.js';
import type { DecodedBatch } from './decoded.js';

const FIRST_TRANSITS = 2048;

/** Transits of the latest numbers of many streams in one array: of ten thousand streams an array each would cost as much again. */
export class Transits {
  /** NaN: not known. Replaced when it grows: read it anew per batch. */
  values = new Float64Array(FIRST_TRANSITS).fill(NaN);
  #used = 0;

  /** Makes room for `numbers` of a further stream; returns where it begins. */
  add(numbers: number): number {
    const at = this.#used;
    this.#used += numbers;
    if (this.#used > this.values.length) {
      const grown = new Float64Array(2 * this.values.length).fill(NaN);
      grown.set(this.values);
      this.values = grown;
    }
    return at;
  }

  /** The least of `[from, to)`; NaN: none is known. */
  least(from: number, to: number): number {
    let least = Infinity;
    for (let at = from; at < to; at++) if (this.values[at]! < least) least = this.values[at]!;
    return least === Infinity ? NaN : least;
  }

  /**
   * Forms pairs of the datagram in slot `i` with its neighbours and remembers its transit. Neighbours are datagrams: one ends
   * where the other begins. So a transit is remembered at a datagram's first and last number, and those between have none.
   * What enters covers no number twice. `at`: where those of the stream begin; `reach`: how many they are, a power of two;
   * `rows[highestAt]`: the highest number so far. Hot; numbers come in arrays, as arguments they may cost an object.
   */
  pairUp(
    at: number,
    reach: number,
    rows: Float64Array,
    highestAt: number,
    decoded: DecodedBatch,
    i: number,
    ipdv: Histogram,
  ): void {
    const { values } = this;
    const mask = reach - 1;
    const transitNs = decoded.timeMonoNs[i]! - decoded.sentRealNs[i]!;
    const number = decoded.sequence[i]!;
    const highest = rows[highestAt]!;
    const last = number + decoded.span[i]! - 1;
    if (!(number <= highest)) {
      const beforeNs = number === highest + 1 ? values[at + (highest & mask)]! : NaN;
      if (beforeNs === beforeNs) ipdv.record(transitNs - beforeNs);
      if (last - highest >= reach) values.fill(NaN, at, at + reach);
      else for (let n = highest + 1; n < last; n++) values[at + (n & mask)] = NaN;
      values[at + (number & mask)] = transitNs;
      values[at + (last & mask)] = transitNs;
      rows[highestAt] = last;
      return;
    }
    if (last <= highest - reach) return;
    const beforeNs = number - 1 > highest - reach ? values[at + ((number - 1) & mask)]! : NaN;
    const afterNs = last < highest ? values[at + ((last + 1) & mask)]! : NaN;
    if (beforeNs === beforeNs) ipdv.record(transitNs - beforeNs);
    if (afterNs === afterNs) ipdv.record(afterNs - transitNs);
    if (number > highest - reach) values[at + (number & mask)] = transitNs;
    values[at + (last & mask)] = transitNs;
  }
}
