import type { Nanos } from '../core/time.js';
import type { DealtFlows } from './dealtFlows.js';

export const START_MARKERS = 3;
export const END_MARKERS = 5;

const ROUND_MIN_NS = 1e6;
/** Far enough apart to outlive a receiver that is held up while its buffer is full. */
const END_ROUND_MIN_NS = 20e6;
const START_SPACING_MAX_NS = 2e6;
const END_ROUND_MAX_NS = 50e6;
/** A round of many slow flows takes no longer, as far as markers are this far apart. */
const MANY_ROUND_NS = 2e9;
const MANY_SPACING_NS = 100e3;

/**
 * When the markers of `flows` flows are due: round after round, one marker per flow in each, evenly
 * spaced. They are paced like data: never closer than the data's own spacing (of the whole feed)
 * unless that is above 2 ms, or a round of them all took more than 2 s, in which case 100 us are enough; and two markers of one flow are at least 1 ms apart, end markers 20 ms, so
 * that one burst of losses does not take all. Within that a round is as short as can be: at one flow 1
 * to 2 ms for start markers, 20 to 50 ms for end markers. Of flows that are dealt those made here have the times that they
 * would have among all.
 */
export class MarkerTimes {
  /** Markers made so far. */
  made = 0;
  readonly total: number;
  /** How long after the last datagram with data the first marker comes. */
  readonly leadNs: Nanos;
  readonly #rounds: number;
  readonly #flows: number;
  /** `null`: all flows are made here. */
  readonly #dealt: DealtFlows | null;
  readonly #roundNs: Nanos;
  #startNs: Nanos = 0;

  private constructor(rounds: number, flows: number, roundNs: Nanos, leadNs: Nanos, dealt: DealtFlows | null) {
    this.total = rounds * (dealt?.own ?? flows);
    this.#rounds = rounds;
    this.#flows = flows;
    this.#dealt = dealt;
    this.#roundNs = Math.round(roundNs);
    this.leadNs = leadNs;
  }

  static start(flows: number, dataSpacingNs: number, dealt: DealtFlows | null = null): MarkerTimes {
    const roundNs = Math.min(flows * Math.min(dataSpacingNs, START_SPACING_MAX_NS), longestOf(flows));
    return new MarkerTimes(START_MARKERS, flows, Math.max(ROUND_MIN_NS, roundNs), ROUND_MIN_NS, dealt);
  }

  static end(flows: number, dataSpacingNs: number, dealt: DealtFlows | null = null): MarkerTimes {
    const slowestNs = Math.max(END_ROUND_MAX_NS, flows * START_SPACING_MAX_NS);
    const dataNs = Math.max(ROUND_MIN_NS, Math.min(flows * dataSpacingNs, slowestNs, longestOf(flows)));
    return new MarkerTimes(END_MARKERS, flows, Math.max(END_ROUND_MIN_NS, dataNs), Math.floor(dataNs / flows), dealt);
  }

  /** The first round begins at `ns`, with the first flow of all. */
  beginAt(ns: Nanos): void {
    this.#startNs = ns;
  }

  /** The first marker, or after a shift the next one, is due at `ns`. */
  nextAt(ns: Nanos): void {
    this.#startNs += ns - this.dueNs;
  }

  /** When the next marker is due. */
  get dueNs(): Nanos {
    const number = this.#dealt === null ? this.made : this.#dealt.numberOf(this.made);
    const round = Math.floor(number / this.#flows);
    const within = number % this.#flows;
    return this.#startNs + round * this.#roundNs + Math.floor((within * this.#roundNs) / this.#flows);
  }

  /** Where a further round would begin. */
  get endNs(): Nanos {
    return this.#startNs + this.#rounds * this.#roundNs;
  }

  /** Flow of the next marker, of those made here. */
  get flow(): number {
    return this.made % (this.#dealt?.own ?? this.#flows);
  }

  get done(): boolean {
    return this.made === this.total;
  }
}

/** Of a round of markers of so many flows, ns. */
function longestOf(flows: number): Nanos {
  return Math.max(MANY_ROUND_NS, flows * MANY_SPACING_NS);
}
