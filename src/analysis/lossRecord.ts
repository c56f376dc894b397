import type { LossDetail } from '../metrics/snapshot.js';

/** Why numbers of a range were lost. */
export const LossCause = { Network: 0, SocketBuffer: 1, Application: 2, Mixed: 3 } as const;
const CAUSE_NAMES = ['network', 'socket_buffer', 'application', 'mixed'] as const;

/** Ranges in a loss map at most. */
export const LOSS_MAP_RANGES = 1024;

/**
 * Declared losses of one stream in the order of their numbers: loss periods and distances (RFC 3357
 * section 4) and the loss map.
 */
export class LossRecord {
  /** Loss periods begun. */
  periods = 0;
  #periodLength = 0;
  #shortest = Infinity;
  #longest = 0;
  #lost = 0;
  #firstLost = 0;
  #lastLost = NaN;
  #distanceMin = Infinity;
  #distanceMax = 0;
  #ranges = 0;
  #mapTruncated = false;
  #first = new Float64Array(4);
  #count = new Float64Array(4);
  #cause = new Uint8Array(4);
  readonly #maxRanges: number;

  constructor(maxRanges: number) {
    this.#maxRanges = maxRanges;
  }

  /** Numbers `[first, first + count)` were declared lost; `cause` is a {@link LossCause}. Returns whether a period began. */
  add(first: number, count: number, cause: number): boolean {
    const distance = first - this.#lastLost;
    const continues = distance === 1;
    if (this.#lost === 0) this.#firstLost = first;
    else this.#noteDistance(distance);
    if (count > 1) this.#noteDistance(1);
    if (continues) {
      this.#periodLength += count;
    } else {
      if (this.periods > 0) this.#shortest = Math.min(this.#shortest, this.#periodLength);
      this.periods++;
      this.#periodLength = count;
    }
    this.#longest = Math.max(this.#longest, this.#periodLength);
    this.#lost += count;
    this.#lastLost = first + count - 1;
    this.#addRange(first, count, cause);
    return !continues;
  }

  #noteDistance(distance: number): void {
    this.#distanceMin = Math.min(this.#distanceMin, distance);
    this.#distanceMax = Math.max(this.#distanceMax, distance);
  }

  #addRange(first: number, count: number, cause: number): void {
    const last = this.#ranges - 1;
    const end = last >= 0 ? this.#first[last]! + this.#count[last]! : NaN;
    if (end === first && this.#cause[last] === cause) {
      this.#count[last]! += count;
      return;
    }
    if (this.#ranges === this.#maxRanges) {
      this.#mapTruncated = true;
      return;
    }
    if (this.#ranges === this.#first.length) this.#growMap();
    this.#first[this.#ranges] = first;
    this.#count[this.#ranges] = count;
    this.#cause[this.#ranges] = cause;
    this.#ranges++;
  }

  #growMap(): void {
    const { length } = this.#first;
    const first = new Float64Array(2 * length);
    const count = new Float64Array(2 * length);
    const cause = new Uint8Array(2 * length);
    first.set(this.#first);
    count.set(this.#count);
    cause.set(this.#cause);
    this.#first = first;
    this.#count = count;
    this.#cause = cause;
  }

  /** `origin`: the stream's, as a 64-bit number; `reordered` datagrams with their extents (RFC 4737 section 4.2). */
  detail(origin: bigint, reordered: number, extentSum: number, extentMax: number): LossDetail {
    const { periods } = this;
    const map: LossDetail['map'][number][] = [];
    for (let i = 0; i < this.#ranges; i++) {
      map.push({
        first: BigInt.asUintN(64, origin + BigInt(this.#first[i]!)).toString(),
        count: this.#count[i]!,
        cause: CAUSE_NAMES[this.#cause[i]!]!,
      });
    }
    const distances = this.#lost - 1;
    return {
      origin: origin.toString(),
      periods,
      periodLengthMin: periods === 0 ? null : Math.min(this.#shortest, this.#periodLength),
      periodLengthMean: periods === 0 ? null : this.#lost / periods,
      periodLengthMax: periods === 0 ? null : this.#longest,
      distanceMin: distances < 1 ? null : this.#distanceMin,
      // The distances of neighbours add up to the distance of the first and the last.
      distanceMean: distances < 1 ? null : (this.#lastLost - this.#firstLost) / distances,
      distanceMax: distances < 1 ? null : this.#distanceMax,
      reorderExtentMax: reordered === 0 ? null : extentMax,
      reorderExtentMean: reordered === 0 ? null : extentSum / reordered,
      map,
      mapTruncated: this.#mapTruncated,
    };
  }
}
