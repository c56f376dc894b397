import type { Nanos } from '../core/time.js';

/** What an input's clock may be off, ppm: 30 ppm are allowed to a 27 MHz clock (ISO/IEC 13818-1 section 2.4.2.1), computers keep 100. */
const MOST_PPM = 100;
/** The level's mean follows it with this time constant: PCR intervals and the bursts of an input average out. */
const MEAN_NS = 20e9;
/** A level that is off by so much more is corrected by 100% more: 50 ms are 100 ppm. */
const CORRECT_NS = 500e9;

/**
 * Follows the clock of a live input: the more is buffered, the faster it is sent, so that in the end as much is sent as
 * comes. The level then stands off its target by as much as that speed takes, 0.5 ms per ppm.
 */
export class TsLevelLoop {
  /** Sending is so much faster than the input's clock says, ppm of the local clock; -100 .. 100. */
  correctionPpm = 0;
  readonly #targetNs: Nanos;
  #meanNs: Nanos;

  constructor(targetNs: Nanos) {
    this.#targetNs = targetNs;
    this.#meanNs = targetNs;
  }

  /** Tells how much is buffered, `elapsedNs` after it was told last. */
  update(levelNs: Nanos, elapsedNs: Nanos): void {
    this.#meanNs += (levelNs - this.#meanNs) * Math.min(1, elapsedNs / MEAN_NS);
    const ppm = ((this.#meanNs - this.#targetNs) / CORRECT_NS) * 1e6;
    this.correctionPpm = Math.max(-MOST_PPM, Math.min(MOST_PPM, ppm));
  }
}
