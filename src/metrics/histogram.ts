import { bucketsOf, FEW_VALUES, sortedIndexes } from './fewValues.js';
import {
  BEYOND_RANGE,
  boundsOf,
  EXPONENT_EXCESS,
  FIRST_SHARED,
  FRACTION_SHIFT,
  HIGH,
  HISTOGRAM_INDEX_MAX,
  HISTOGRAM_INDEX_MIN,
  HISTOGRAM_MAX,
  indexOf,
  middleOf,
  SUB,
  withinRange,
} from './histogramBuckets.js';
import { percentileRank } from './percentileRank.js';

/** Cells beyond those that are needed, where there are to be more: half an octave. */
const SPARE_CELLS = 64;

/** Parameters that a reader of sparse buckets needs. */
export const HISTOGRAM_PARAMETERS = { kind: 'log-linear', sub_buckets_per_octave: SUB, max: HISTOGRAM_MAX } as const;

/** Those in use. */
type Buckets = readonly (readonly [index: number, count: number])[];
type ExactFigures = Readonly<Record<'min' | 'max' | 'mean', number | null> & Record<'clamped', number>>;

/** Positions in the array of exact figures. */
const COUNT = 0;
const SUM = 1;
const MIN = 2;
const MAX = 3;
const NONE = new Float64Array(0);

/**
 * Log-linear histogram over signed integers (one-way delay between unsynchronised clocks is
 * negative). `record` never throws: what is out of range clamps and is counted. Minimum and maximum
 * are exact, the sum is while magnitudes add up to less than 2^53 (beyond, float64 rounds at each
 * addition); percentiles are within 0.8 %.
 *
 * Exponent and highest fraction bits of a float64 are its bucket (IEEE 754), so that recording takes
 * no logarithm, no division and, beyond the smallest values, no branch on the sign: some 6 ns.
 *
 * Buckets have an index in order of their values: from 0 for values from 0, and -1 - that of the magnitude for negative
 * ones. There are cells for those between the lowest and the highest in use: of a range of 78 KB some 2 KB, as a rule. Where
 * a value lies beyond, they reach half an octave further than it: a few times in a histogram's life, 180 times at most. The
 * first {@link FEW_VALUES} values have no cells, but are kept as they came.
 */
export class Histogram {
  /** Values beyond the range, recorded as the nearest that fits, and values that are no number. */
  clamped = 0;
  readonly #exact = new Float64Array([0, 0, Infinity, -Infinity]);
  /** Counts of buckets from index {@link #first} on. */
  #cells = NONE;
  #first = 0;
  /** While there are no cells: the values, of which {@link #kept} are in use. */
  #few = NONE;
  #kept = 0;
  /** Made of buckets that its exact figures may not tell: all cells may be in use. */
  #isWhole = false;

  /**
   * Before the first of `values` values: makes the cells of those from `from` to `to` now, which would be made page by page, and
   * anew for each that lies beyond those before. So few as are kept need none.
   */
  reserve(from: number, to: number, values = Infinity): void {
    if (values <= FEW_VALUES) return;
    this.#cover(indexOf(withinRange(Math.round(from))), indexOf(withinRange(Math.round(to))));
    this.#cells.fill(0);
  }

  /** `given`: ns, rounded to an integer. NaN is counted as clamped and otherwise ignored. */
  record(given: number): void {
    let value = Math.round(given);
    let magnitude = Math.abs(value);
    if (!(magnitude <= HISTOGRAM_MAX)) {
      this.clamped++;
      if (value !== value) return;
      magnitude = HISTOGRAM_MAX;
      value = value < 0 ? -HISTOGRAM_MAX : HISTOGRAM_MAX;
    }
    const exact = this.#exact;
    exact[COUNT]!++;
    exact[SUM]! += value;
    if (value < exact[MIN]!) exact[MIN] = value;
    if (value > exact[MAX]!) exact[MAX] = value;
    const index = indexOf(value);
    // What lies before the first cell is a large number without its sign.
    if ((index - this.#first) >>> 0 >= this.#cells.length) {
      if (this.#keeps(value)) return;
      this.#cover(index, index);
    }
    this.#cells[index - this.#first]!++;
  }

  /**
   * Records `values[0 .. count)`, integers and never -0; otherwise like that many calls of {@link record}, in less than
   * half their time: the exact figures stay in registers. `valueWords`: the same memory as `values`. Hot.
   */
  recordMany(values: Float64Array, valueWords: Int32Array, count: number): void {
    const exact = this.#exact;
    let sum = 0;
    let min = Infinity;
    let max = -Infinity;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    // None at all, or none that is a number.
    if (!(min <= max)) {
      this.clamped += count;
      return;
    }
    const isFew = this.#cells.length === 0;
    if (isFew && this.#kept + count <= FEW_VALUES) {
      for (let i = 0; i < count; i++) this.record(values[i]!);
      return;
    }
    if (isFew || min < exact[MIN]! || max > exact[MAX]!)
      this.#cover(indexOf(withinRange(min)), indexOf(withinRange(max)));
    const cells = this.#cells;
    const first = this.#first;
    // Without a branch per value where all are large enough; a NaN among them makes the sum one.
    if (min >= SUB && max <= HISTOGRAM_MAX && sum === sum) {
      const excess = EXPONENT_EXCESS + first;
      for (let i = 0; i < count; i++) cells[(valueWords[2 * i + HIGH]! >>> FRACTION_SHIFT) - excess]!++;
      exact[COUNT]! += count;
      exact[SUM]! += sum;
      if (min < exact[MIN]!) exact[MIN] = min;
      if (max > exact[MAX]!) exact[MAX] = max;
      return;
    }
    sum = exact[SUM]!;
    min = exact[MIN]!;
    max = exact[MAX]!;
    let recorded = 0;
    for (let i = 0; i < count; i++) {
      const high = valueWords[2 * i + HIGH]!;
      const size = high & 0x7fff_ffff;
      if (size >= BEYOND_RANGE) {
        exact[SUM] = sum;
        exact[MIN] = min;
        exact[MAX] = max;
        this.record(values[i]!);
        sum = exact[SUM]!;
        min = exact[MIN]!;
        max = exact[MAX]!;
        continue;
      }
      const value = values[i]!;
      const bucket = size < FIRST_SHARED ? Math.abs(value) | 0 : (size >>> FRACTION_SHIFT) - EXPONENT_EXCESS;
      cells[(bucket ^ (high >> 31)) - first]!++;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
      recorded++;
    }
    exact[COUNT]! += recorded;
    exact[SUM] = sum;
    exact[MIN] = min;
    exact[MAX] = max;
  }

  /** Keeps `value` as it is, where there are no cells yet; whether that was so. */
  #keeps(value: number): boolean {
    if (this.#cells.length > 0 || this.#kept === FEW_VALUES) return false;
    if (this.#few.length === 0) this.#few = new Float64Array(FEW_VALUES);
    this.#few[this.#kept++] = value;
    return true;
  }

  /** Sees to cells for the indexes `from` to `to`, and for the values that were kept. */
  #cover(from: number, to: number): void {
    const { length } = this.#cells;
    const first = this.#first;
    if (from >= first && to < first + length) return;
    const isEmpty = length === 0;
    const few = sortedIndexes(this.#few, this.#kept);
    this.#few = NONE;
    this.#kept = 0;
    const lowest = Math.min(from, few[0] ?? from);
    const highest = Math.max(to, few.at(-1) ?? to);
    const newFirst = isEmpty || lowest < first ? Math.max(HISTOGRAM_INDEX_MIN, lowest - SPARE_CELLS) : first;
    const newEnd =
      isEmpty || highest >= first + length ? Math.min(HISTOGRAM_INDEX_MAX, highest + SPARE_CELLS) + 1 : first + length;
    const cells = new Float64Array(newEnd - newFirst);
    if (!isEmpty) cells.set(this.#cells, first - newFirst);
    for (let i = 0; i < few.length; i++) cells[few[i]! - newFirst]!++;
    this.#cells = cells;
    this.#first = newFirst;
  }

  /** Index of the first cell, and behind the last one, that may be in use. */
  #usedFrom(): number {
    return this.#isWhole ? this.#first : this.count === 0 ? 0 : indexOf(this.#exact[MIN]!);
  }

  #usedTo(): number {
    return this.#isWhole ? this.#first + this.#cells.length : this.count === 0 ? 0 : indexOf(this.#exact[MAX]!) + 1;
  }

  get count(): number {
    return this.#exact[COUNT]!;
  }

  /** `null` when nothing was recorded, as are {@link max}, {@link mean} and {@link percentile}. */
  get min(): number | null {
    return this.count === 0 ? null : this.#exact[MIN]! + 0;
  }

  get max(): number | null {
    return this.count === 0 ? null : this.#exact[MAX]! + 0;
  }

  get mean(): number | null {
    return this.count === 0 ? null : this.#exact[SUM]! / this.count;
  }

  get sum(): number {
    return this.#exact[SUM]!;
  }

  /** Smallest recorded value (to bucket precision) that at least `fraction` (0..1) of all do not exceed. */
  percentile(fraction: number): number | null {
    const rank = percentileRank(fraction, this.count);
    if (this.#kept > 0) return this.#ranked(rank, sortedIndexes(this.#few, this.#kept)[rank - 1]!);
    const to = this.#usedTo();
    let seen = 0;
    for (let index = this.#usedFrom(); index < to; index++) {
      seen += this.#cells[index - this.#first]!;
      if (seen >= rank) return this.#ranked(rank, index);
    }
    return this.max;
  }

  /** The same of several fractions, which rise. `used`: its {@link buckets}, which are fewer than its cells. */
  percentiles(fractions: readonly number[], used: Buckets): (number | null)[] {
    const found: (number | null)[] = [];
    let [seen, next] = [0, 0];
    for (let i = 0; i < fractions.length; i++) {
      const rank = percentileRank(fractions[i]!, this.count);
      while (seen < rank && next < used.length) seen += used[next++]![1];
      found.push(next > 0 && seen >= rank ? this.#ranked(rank, used[next - 1]![0]) : this.max);
    }
    return found;
  }

  /** The value at `rank`, of bucket `index`: the first and the last are known exactly. */
  #ranked(rank: number, index: number): number | null {
    return rank === 1 ? this.min : rank === this.count ? this.max : this.#middle(index);
  }

  /** Of a bucket, and no value beyond those that were recorded. */
  #middle(index: number): number {
    const value = middleOf(index);
    return Math.min(this.#exact[MAX]!, Math.max(this.#exact[MIN]!, value));
  }

  add(other: Histogram): void {
    const exact = this.#exact;
    this.clamped += other.clamped;
    if (other.count === 0) return;
    if (other.#kept > 0) {
      for (let i = 0; i < other.#kept; i++) this.record(other.#few[i]!);
      return;
    }
    const from = other.#usedFrom();
    const to = other.#usedTo();
    this.#cover(from, to - 1);
    exact[COUNT]! += other.#exact[COUNT]!;
    exact[SUM]! += other.#exact[SUM]!;
    exact[MIN] = Math.min(exact[MIN]!, other.#exact[MIN]!);
    exact[MAX] = Math.max(exact[MAX]!, other.#exact[MAX]!);
    this.#isWhole ||= other.#isWhole;
    const cells = this.#cells;
    const first = this.#first;
    const otherCells = other.#cells;
    const otherFirst = other.#first;
    for (let index = from; index < to; index++) cells[index - first]! += otherCells[index - otherFirst]!;
  }

  clear(): void {
    this.clamped = 0;
    if (this.#cells.length > 0 && this.count > 0)
      this.#cells.fill(0, this.#usedFrom() - this.#first, this.#usedTo() - this.#first);
    this.#kept = 0;
    this.#isWhole = false;
    this.#exact[COUNT] = 0;
    this.#exact[SUM] = 0;
    this.#exact[MIN] = Infinity;
    this.#exact[MAX] = -Infinity;
  }

  /** An equal one that changes no more with this one. */
  copy(): Histogram {
    const twin = new Histogram();
    twin.clamped = this.clamped;
    if (this.count === 0) return twin;
    twin.#isWhole = this.#isWhole;
    twin.#exact.set(this.#exact);
    if (this.#kept > 0) {
      twin.#few = this.#few.slice();
      twin.#kept = this.#kept;
    } else {
      twin.#first = this.#usedFrom();
      twin.#cells = this.#cells.slice(twin.#first - this.#first, this.#usedTo() - this.#first);
    }
    return twin;
  }

  /**
   * The same values, each larger by `by`. Count, minimum, maximum and mean stay exact (unless they
   * clamp); percentiles keep the precision that they had before, and lose 0.8 % of what they are now.
   */
  shifted(by: number): Histogram {
    const made = new Histogram();
    made.clamped += this.clamped;
    if (this.count === 0) return made;
    if (this.#kept > 0) {
      for (let i = 0; i < this.#kept; i++) made.record(this.#few[i]! + by);
      return made;
    }
    const to = this.#usedTo();
    for (let index = this.#usedFrom(); index < to; index++) {
      const count = this.#cells[index - this.#first]!;
      if (count === 0) continue;
      const value = this.#middle(index) + by;
      made.record(value);
      // All of a bucket fall where its middle does.
      made.#cells[indexOf(withinRange(Math.round(value) + 0)) - made.#first]! += count - 1;
      if (Math.abs(value) > HISTOGRAM_MAX) made.clamped += count - 1;
    }
    const exact = made.#exact;
    const { count } = this;
    const min = withinRange(this.#exact[MIN]! + by);
    const max = withinRange(this.#exact[MAX]! + by);
    exact[COUNT] = count;
    exact[SUM] = Math.max(min * count, Math.min(max * count, this.sum + by * count));
    exact[MIN] = min;
    exact[MAX] = max;
    made.#cover(indexOf(exact[MIN]), indexOf(exact[MAX]));
    return made;
  }

  /** `[index, count]` of every bucket in use, in order of value; negative values have index `-1 - bucket`. */
  buckets(): [index: number, count: number][] {
    if (this.#kept > 0) return bucketsOf(sortedIndexes(this.#few, this.#kept));
    const used: [number, number][] = [];
    if (this.count === 0) return used;
    const to = this.#usedTo();
    for (let index = this.#usedFrom(); index < to; index++) {
      const count = this.#cells[index - this.#first]!;
      if (count > 0) used.push([index, count]);
    }
    return used;
  }

  /**
   * The histogram whose {@link buckets} and exact figures these are. Indexes must lie within
   * {@link HISTOGRAM_INDEX_MIN} .. {@link HISTOGRAM_INDEX_MAX}.
   */
  static from(buckets: Buckets, exact: ExactFigures): Histogram {
    const made = new Histogram();
    made.addBuckets(buckets, exact);
    return made;
  }

  /** Adds the histogram that {@link from} would make, without making it. */
  addBuckets(buckets: Buckets, exact: ExactFigures): void {
    this.#isWhole = true;
    let count = 0;
    let from = HISTOGRAM_INDEX_MAX;
    let to = HISTOGRAM_INDEX_MIN;
    for (let i = 0; i < buckets.length; i++) {
      const index = buckets[i]![0];
      if (index < from) from = index;
      if (index > to) to = index;
    }
    if (from <= to) this.#cover(from, to);
    for (let i = 0; i < buckets.length; i++) {
      const bucket = buckets[i]!;
      this.#cells[bucket[0] - this.#first]! += bucket[1];
      count += bucket[1];
    }
    this.clamped += exact.clamped;
    const own = this.#exact;
    own[COUNT]! += count;
    own[SUM]! += (exact.mean ?? 0) * count;
    own[MIN] = Math.min(own[MIN]!, exact.min ?? Infinity);
    own[MAX] = Math.max(own[MAX]!, exact.max ?? -Infinity);
  }

  /** Values of bucket `index` lie in `[from, to)`. */
  static bounds(index: number): { readonly from: number; readonly to: number } {
    return boundsOf(index);
  }
}
