import type { Nanos } from '../core/time.js';
import { Histogram } from '../metrics/histogram.js';
import { percentileRank } from '../metrics/percentileRank.js';

/** Of so many delays the least is what all of a stream are recorded relative to. */
const MOST = 4096;
const FIRST = 64;
/** Those of an interval in order, while it is being closed: memory for each interval of each stream is dear. */
const SORTED = new Float64Array(MOST);

/** Delay of one interval, ns; NaN where nothing was measured. */
export interface IntervalDelay {
  readonly minNs: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly maxNs: number;
}

export const NO_DELAY: IntervalDelay = { minNs: NaN, p50Ns: NaN, p99Ns: NaN, maxNs: NaN };

/**
 * A stream's first delays as they are. A histogram is precise in proportion to a value's distance from what it is recorded
 * relative to: that is to be the least delay, which is not known at first (a cold sender is late, a queue runs empty), and to
 * move a histogram costs its precision anew each time.
 */
export class EarlyDelays {
  /** Replaced when it grows. */
  #values: Float64Array;
  #count = 0;
  /** Where those of the present interval begin. */
  #intervalFrom = 0;

  /** `isReserved`: with the memory of all of them. */
  constructor(isReserved = false) {
    // Written, so that the system makes the pages now.
    this.#values = new Float64Array(isReserved ? MOST : FIRST).fill(0);
  }

  get count(): number {
    return this.#count;
  }

  /** Returns whether that was the last one. Hot. */
  add(delayNs: Nanos): boolean {
    if (this.#count === this.#values.length) this.#grow();
    this.#values[this.#count++] = delayNs;
    return this.#count === MOST;
  }

  /** The least so far; Infinity: there is none. */
  get leastNs(): Nanos {
    let leastNs = Infinity;
    for (let i = 0; i < this.#count; i++) if (this.#values[i]! < leastNs) leastNs = this.#values[i]!;
    return leastNs;
  }

  /** -Infinity: there is none. */
  get mostNs(): Nanos {
    let mostNs = -Infinity;
    for (let i = 0; i < this.#count; i++) if (this.#values[i]! > mostNs) mostNs = this.#values[i]!;
    return mostNs;
  }

  /** Records those of earlier intervals and of the present one, relative to `anchorNs`. */
  recordTo(anchorNs: Nanos, earlier: Histogram, present: Histogram): void {
    for (let i = 0; i < this.#count; i++) {
      (i < this.#intervalFrom ? earlier : present).record(this.#values[i]! - anchorNs);
    }
  }

  /** Of all of them: as they are, and relative to the least. */
  histograms(): [delay: Histogram, pdv: Histogram] {
    const delay = new Histogram();
    const pdv = new Histogram();
    if (this.#count === 0) return [delay, pdv];
    const { leastNs, mostNs } = this;
    delay.reserve(leastNs, mostNs, this.#count);
    pdv.reserve(0, mostNs - leastNs, this.#count);
    this.recordTo(0, delay, delay);
    this.recordTo(leastNs, pdv, pdv);
    return [delay, pdv];
  }

  /** Closes the interval: returns its delays and begins the next. */
  closeInterval(): IntervalDelay {
    const values = SORTED.subarray(0, this.#count - this.#intervalFrom);
    values.set(this.#values.subarray(this.#intervalFrom, this.#count));
    values.sort();
    this.#intervalFrom = this.#count;
    if (values.length === 0) return NO_DELAY;
    return {
      minNs: values[0]!,
      p50Ns: values[percentileRank(0.5, values.length) - 1]!,
      p99Ns: values[percentileRank(0.99, values.length) - 1]!,
      maxNs: values.at(-1)!,
    };
  }

  #grow(): void {
    const values = this.#values;
    this.#values = new Float64Array(2 * values.length);
    this.#values.set(values);
  }
}
