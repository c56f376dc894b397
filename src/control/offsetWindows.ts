/**
 * What exchanges say of the offset between two clocks, in bounded memory: time is cut into windows, and each keeps the
 * bound that is least from above and the one that is greatest from below. When there is no room for another window all
 * become twice as long, so that they cover a run of any length.
 *
 * Within a window bounds are compared along `slope`, the drift (ns per ns) as far as it is known: a wrong one keeps a
 * looser bound, never a false one. Times and offsets count from origins of the owner.
 */
export class OffsetWindows {
  length = 0;
  /** Of windows `0 .. length`, in order of time: bounds from above, and when they hold, ns. */
  readonly upper: Float64Array;
  readonly upperAtNs: Float64Array;
  /** Bounds from below, and when they hold. */
  readonly lower: Float64Array;
  readonly lowerAtNs: Float64Array;
  readonly #number: Float64Array;
  #widthNs: number;

  /** `capacity`: 1 at least. `widthNs`: of a window, until there are too many. */
  constructor(capacity: number, widthNs: number) {
    this.upper = new Float64Array(capacity);
    this.upperAtNs = new Float64Array(capacity);
    this.lower = new Float64Array(capacity);
    this.lowerAtNs = new Float64Array(capacity);
    this.#number = new Float64Array(capacity);
    this.#widthNs = widthNs;
  }

  /** The offset is at most `upper` at `upperAtNs`, and at least `lower` at `lowerAtNs`, which is in the same window. */
  add(upperAtNs: number, upper: number, lowerAtNs: number, lower: number, slope: number): void {
    let place = this.#place(upperAtNs);
    while (!this.#isThere(place, upperAtNs) && this.length === this.upper.length) {
      this.#double(slope);
      place = this.#place(upperAtNs);
    }
    if (this.#isThere(place, upperAtNs)) {
      this.#tighten(place, upperAtNs, upper, lowerAtNs, lower, slope);
      return;
    }
    for (const column of this.#columns()) column.copyWithin(place + 1, place, this.length);
    this.length++;
    this.#number[place] = this.#numberOf(upperAtNs);
    this.#put(place, upperAtNs, upper, lowerAtNs, lower);
  }

  #numberOf(atNs: number): number {
    return Math.floor(atNs / this.#widthNs);
  }

  /** Where the window of a time is, or belongs. Nearly always at the end. */
  #place(atNs: number): number {
    const number = this.#numberOf(atNs);
    let place = this.length;
    while (place > 0 && this.#number[place - 1]! >= number) place--;
    return place;
  }

  #isThere(place: number, atNs: number): boolean {
    return place < this.length && this.#number[place] === this.#numberOf(atNs);
  }

  #put(place: number, upperAtNs: number, upper: number, lowerAtNs: number, lower: number): void {
    this.upper[place] = upper;
    this.upperAtNs[place] = upperAtNs;
    this.lower[place] = lower;
    this.lowerAtNs[place] = lowerAtNs;
  }

  #tighten(place: number, upperAtNs: number, upper: number, lowerAtNs: number, lower: number, slope: number): void {
    if (upper - slope * upperAtNs < this.upper[place]! - slope * this.upperAtNs[place]!) {
      this.upper[place] = upper;
      this.upperAtNs[place] = upperAtNs;
    }
    if (lower - slope * lowerAtNs > this.lower[place]! - slope * this.lowerAtNs[place]!) {
      this.lower[place] = lower;
      this.lowerAtNs[place] = lowerAtNs;
    }
  }

  #double(slope: number): void {
    this.#widthNs *= 2;
    const { upper, upperAtNs, lower, lowerAtNs } = this;
    let kept = 0;
    for (let i = 0; i < this.length; i++) {
      const number = Math.floor(this.#number[i]! / 2);
      if (kept > 0 && this.#number[kept - 1] === number) {
        this.#tighten(kept - 1, upperAtNs[i]!, upper[i]!, lowerAtNs[i]!, lower[i]!, slope);
      } else {
        this.#number[kept] = number;
        this.#put(kept, upperAtNs[i]!, upper[i]!, lowerAtNs[i]!, lower[i]!);
        kept++;
      }
    }
    this.length = kept;
  }

  #columns(): readonly Float64Array[] {
    return [this.upper, this.upperAtNs, this.lower, this.lowerAtNs, this.#number];
  }
}
