/** Entries of a ring at first, and at most: 24 octets each. A gigabit of 1316 octets is 95,000 arrivals in a second. */
const FIRST_ENTRIES = 64;
const MOST_ENTRIES = 131_072;
/** A ring that cannot grow merges arrivals that are nearer together than this share of their age. */
const MERGED_SHARE = 1 / 1024;

/**
 * The latest arrivals of a stream as cumulative sums, oldest first, and the oldest entry that each window still holds.
 * Arrivals with one stamp are one entry. Memory is bounded: where the longest window holds more than fits, old entries
 * are merged, and count until the last of them has left. Sums then are never too small; {@link excessNs} says by how much
 * longer a window they may be. What is merged is a small share of its age, so short windows stay exact.
 */
export class ArrivalRing {
  /** Stamp of an entry, of a merged one the last. Columns are replaced when they grow. */
  stampNs: Float64Array;
  /** Octets and datagrams before the entry; behind the newest one the totals. */
  octets: Float64Array;
  datagrams: Float64Array;
  /** The newest entry; -1: there is none. */
  top = -1;
  /** By window, the longest last: the oldest entry within. */
  readonly tails: Int32Array;
  /** By window: longest merged entry that it has held. */
  readonly excessNs: Float64Array;
  readonly #most: number;

  /** `mostEntries`: above four for each window, because the edges of windows are never merged. */
  constructor(windows: number, firstEntries = FIRST_ENTRIES, mostEntries = MOST_ENTRIES) {
    this.stampNs = new Float64Array(firstEntries);
    this.octets = new Float64Array(firstEntries + 1);
    this.datagrams = new Float64Array(firstEntries + 1);
    this.tails = new Int32Array(windows);
    this.excessNs = new Float64Array(windows);
    this.#most = mostEntries;
  }

  /** Entries that may be appended before {@link makeRoom}. */
  get room(): number {
    return this.stampNs.length - 1 - this.top;
  }

  clear(): void {
    this.top = -1;
    this.octets[0] = 0;
    this.datagrams[0] = 0;
    this.tails.fill(0);
    this.excessNs.fill(0);
  }

  /** Makes room for a quarter of the entries at least. Not while tails are being moved. */
  makeRoom(): void {
    const { length } = this.stampNs;
    this.#dropExpired();
    if (this.top < 0.75 * length) return;
    if (length < this.#most) {
      this.#grow(2 * length);
      return;
    }
    for (let share = MERGED_SHARE; this.top >= 0.5 * length; share *= 2) this.#merge(share);
  }

  /** Moves what some window holds to the front. */
  #dropExpired(): void {
    const { tails, top } = this;
    let oldest = top + 1;
    for (let window = 0; window < tails.length; window++) oldest = Math.min(oldest, tails[window]!);
    this.stampNs.copyWithin(0, oldest, top + 1);
    this.octets.copyWithin(0, oldest, top + 2);
    this.datagrams.copyWithin(0, oldest, top + 2);
    for (let window = 0; window < tails.length; window++) tails[window]! -= oldest;
    this.top = top - oldest;
  }

  #grow(entries: number): void {
    this.stampNs = grown(this.stampNs, entries);
    this.octets = grown(this.octets, entries + 1);
    this.datagrams = grown(this.datagrams, entries + 1);
  }

  /** Merges neighbours that together span at most `share` of their age; never across the edge of a window. */
  #merge(share: number): void {
    const { stampNs, octets, datagrams, tails, excessNs, top } = this;
    const nowNs = stampNs[top]!;
    let to = 0;
    let from = 0;
    // When the oldest began is not known: it stays alone.
    let beforeNs = -Infinity;
    while (from <= top) {
      let edge = top + 1;
      for (let window = 0; window < tails.length; window++) {
        const tail = tails[window]!;
        if (tail > from && tail < edge) edge = tail;
      }
      let last = from;
      while (last + 1 < edge) {
        const nextNs = stampNs[last + 1]!;
        if (!(nextNs - beforeNs <= share * (nowNs - nextNs))) break;
        last++;
      }
      const lastNs = stampNs[last]!;
      for (let window = 0; window < tails.length; window++) {
        if (last > from && tails[window]! <= from) excessNs[window] = Math.max(excessNs[window]!, lastNs - beforeNs);
        if (tails[window] === from) tails[window] = to;
      }
      stampNs[to] = lastNs;
      octets[to] = octets[from]!;
      datagrams[to] = datagrams[from]!;
      beforeNs = lastNs;
      to++;
      from = last + 1;
    }
    octets[to] = octets[top + 1]!;
    datagrams[to] = datagrams[top + 1]!;
    this.top = to - 1;
  }
}

function grown(column: Float64Array, length: number): Float64Array {
  const longer = new Float64Array(length);
  longer.set(column);
  return longer;
}
