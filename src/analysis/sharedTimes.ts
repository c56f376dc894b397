import { HistogramSet } from './histogramSet.js';

/** Values that are gathered before they go into the histograms: 2 KB a column. */
const CHUNK = 256;

/**
 * Times of streams that share their histograms. Of ten thousand streams each datagram is of another one than that before it:
 * one by one their values would take more than twice as long to record as many at once.
 */
export class SharedTimes {
  /** Without the last values: {@link settled}. */
  readonly set = new HistogramSet();
  readonly #interarrivals = new Float64Array(CHUNK);
  readonly #wakeups = new Float64Array(CHUNK);
  readonly #delays = new Float64Array(CHUNK);
  readonly #variations = new Float64Array(CHUNK);
  readonly #interarrivalWords = new Int32Array(this.#interarrivals.buffer);
  readonly #wakeupWords = new Int32Array(this.#wakeups.buffer);
  readonly #delayWords = new Int32Array(this.#delays.buffer);
  readonly #variationWords = new Int32Array(this.#variations.buffer);
  #count = 0;

  /** Of one datagram: integers, ns. Hot. */
  add(interarrivalNs: number, wakeupNs: number, delayNs: number, variationNs: number): void {
    const at = this.#count++;
    this.#interarrivals[at] = interarrivalNs;
    this.#wakeups[at] = wakeupNs;
    this.#delays[at] = delayNs;
    this.#variations[at] = variationNs;
    if (this.#count === CHUNK) this.settled();
  }

  /** With all values. */
  settled(): HistogramSet {
    const { set } = this;
    const count = this.#count;
    this.#count = 0;
    if (count > 0) {
      set.interarrival.recordMany(this.#interarrivals, this.#interarrivalWords, count);
      set.wakeup.recordMany(this.#wakeups, this.#wakeupWords, count);
      set.intervalDelay.recordMany(this.#delays, this.#delayWords, count);
      set.ipdv.recordMany(this.#variations, this.#variationWords, count);
    }
    return set;
  }
}
