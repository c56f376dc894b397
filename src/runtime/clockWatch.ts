import type { Clock, Nanos } from '../core/time.js';

/** Realtime moving against monotonic time by more than this between two samples is a step. */
const STEP_NS = 50e3;
const READINGS = 5;

export interface ClockStep {
  /** When it was noticed, CLOCK_MONOTONIC since the epoch, ns. */
  readonly atMonoNs: Nanos;
  readonly byNs: Nanos;
}

/**
 * Notices steps of CLOCK_REALTIME, and its slew against CLOCK_MONOTONIC_RAW. A step moves realtime
 * alone; a slew moves realtime and monotonic time alike and shows only against the raw clock
 * (clock_gettime(2)).
 */
export class ClockWatch {
  readonly steps: ClockStep[] = [];
  #differenceNs: Nanos;
  #firstRawNs: Nanos;
  #firstMonoNs: Nanos;
  #lastRawNs: Nanos;
  #lastMonoNs: Nanos;
  readonly #clock: Clock;
  readonly #rawNs: () => Nanos;

  /** `rawNs`: CLOCK_MONOTONIC_RAW from any origin, ns; NaN where there is none. */
  constructor(clock: Clock, rawNs: () => Nanos) {
    this.#clock = clock;
    this.#rawNs = rawNs;
    this.#differenceNs = this.#readDifference().differenceNs;
    this.#firstRawNs = this.#lastRawNs = rawNs();
    this.#firstMonoNs = this.#lastMonoNs = clock.monoNs();
  }

  /** Samples the clocks; returns the step since the last sample, or `null`. */
  sample(): ClockStep | null {
    this.#lastMonoNs = this.#clock.monoNs();
    this.#lastRawNs = this.#rawNs();
    const { differenceNs, windowNs } = this.#readDifference();
    const byNs = differenceNs - this.#differenceNs;
    this.#differenceNs = differenceNs;
    if (Math.abs(byNs) <= STEP_NS + windowNs) return null;
    const step = { atMonoNs: this.#lastMonoNs, byNs };
    this.steps.push(step);
    return step;
  }

  /** Rate of the disciplined clocks against the raw one, parts per million; `null` when not measurable. */
  get slewPpm(): number | null {
    const spanNs = this.#lastRawNs - this.#firstRawNs;
    // Below a second the reading errors are larger than any rate a time daemon applies.
    if (!(spanNs > 1e9)) return null;
    return ((this.#lastMonoNs - this.#firstMonoNs - spanNs) / spanNs) * 1e6;
  }

  /** Realtime minus monotonic, from the narrowest of several readings. */
  #readDifference(): { differenceNs: Nanos; windowNs: Nanos } {
    let differenceNs = 0;
    let windowNs = Infinity;
    for (let i = 0; i < READINGS; i++) {
      const beforeNs = this.#clock.monoNs();
      const realNs = this.#clock.realNs();
      const afterNs = this.#clock.monoNs();
      if (afterNs - beforeNs >= windowNs) continue;
      windowNs = afterNs - beforeNs;
      differenceNs = realNs - (beforeNs + afterNs) / 2;
    }
    return { differenceNs, windowNs };
  }
}
