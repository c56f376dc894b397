import type { ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';

/** Two readings of a clock pair differ by less than this for as long as no clock was stepped. */
const PAIR_NOISE_NS = 20_000;

/**
 * Moves receive stamps from CLOCK_REALTIME to CLOCK_MONOTONIC, by one shift for as long as no clock was
 * stepped: the two clocks of a pair are read one after the other, and the noise of that would show as
 * interarrival time between batches.
 */
export class MonotonicStamps {
  /** Times that the shift changed. */
  clockSteps = 0;
  #shiftNs = NaN;

  /** Fills `timeMonoNs`; returns the latest. Hot. */
  convert(batch: ReceiveBatch, timeMonoNs: Float64Array): Nanos {
    const shiftNs = batch.realToMonoNs;
    if (!(Math.abs(shiftNs - this.#shiftNs) <= PAIR_NOISE_NS)) {
      if (this.#shiftNs === this.#shiftNs) this.clockSteps++;
      this.#shiftNs = shiftNs;
    }
    const byNs = this.#shiftNs;
    const { timeRealNs, count } = batch;
    let latestNs = -Infinity;
    for (let i = 0; i < count; i++) {
      const monoNs = timeRealNs[i]! + byNs;
      timeMonoNs[i] = monoNs;
      if (monoNs > latestNs) latestNs = monoNs;
    }
    return latestNs;
  }
}
