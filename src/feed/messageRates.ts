import { drawExponential, expMinus } from '../core/exactDraws.js';
import { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';

/** From here on so many messages per second, until the next point. */
export interface RatePoint {
  readonly offsetNs: Nanos;
  readonly messagesPerSecond: number;
}

/** How messages follow each other. */
export type RateProfile =
  | { readonly kind: 'constant' }
  | { readonly kind: 'poisson' }
  /**
   * Bursts as at the open and at news: a Hawkes process with an exponential kernel. Each message brings on `branching`
   * others in the mean, themselves and not those that these bring on, `decayNs` later in the mean.
   */
  | { readonly kind: 'bursts'; readonly branching: number; readonly decayNs: Nanos }
  /** Rising offsets. A last point with rate 0 ends it; else its rate goes on for ever. */
  | { readonly kind: 'trace'; readonly points: readonly RatePoint[] };

const UNPACED = 0;
const CONSTANT = 1;
const WHOLE_CONSTANT = 2;
const POISSON = 3;
const BURSTS = 4;
const TRACE = 5;

/** Up to this rate the part of a second that a message is due at is exact before it is rounded. */
const MOST_WHOLE_RATE = 8e6;

/** Columns of the state, numbers that no field may hold without an object each. */
const INDEX = 0;
/** Unrounded time. */
const TIME_NS = 1;
/** What the bursts add to the rate, messages per ns. */
const EXCITATION = 2;
/** Messages that the trace has had before its current point. */
const PASSED = 3;

/**
 * Due times of message 0, 1, 2, ..., whole ns from the beginning, never falling:
 *
 * - `constant`: k x 1e9 / rate, computed anew from k, so that no error adds up; at a rate of Infinity all at 0;
 * - `poisson`: the sum of exponential gaps;
 * - `bursts`: of the rate in the mean, by thinning (Y. Ogata, "On Lewis' simulation method for point processes", 1981);
 *   it begins as it is in the mean, not quiet;
 * - `trace`: message k when k messages have passed at the rates of the points, whatever the rate says.
 *
 * The same on every machine, see {@link drawExponential}.
 */
export class MessageTimes {
  /** [0]: when the message is due. */
  readonly dueNs = new Float64Array(1);
  /** There is no message any more. */
  ended = false;
  readonly #kind: number;
  readonly #random: Random;
  readonly #state = new Float64Array(4);
  readonly #draw = new Float64Array(1);
  readonly #messagesPerSecond: number;
  /** Messages per ns: without what messages bring on, and what one adds at first. */
  readonly #base: number = 0;
  readonly #step: number = 0;
  /** Per ns. */
  readonly #decay: number = 0;
  readonly #pointNs: Float64Array;
  readonly #pointRate: Float64Array;
  #point = 0;
  /** Of a constant rate that is a whole number. */
  #second = 0;
  #inSecond = 0;

  /** `messagesPerSecond`: above 0; Infinity for constant rates alone; not used by traces. */
  constructor(profile: RateProfile, messagesPerSecond: number, seed: number) {
    const points = profile.kind === 'trace' ? profile.points : [];
    this.#kind = kindOf(profile, messagesPerSecond);
    this.#random = new Random(seed);
    this.#messagesPerSecond = messagesPerSecond;
    this.#pointNs = Float64Array.from(points, (point) => point.offsetNs);
    this.#pointRate = Float64Array.from(points, (point) => point.messagesPerSecond);
    if (profile.kind === 'bursts') {
      const perNs = messagesPerSecond / 1e9;
      this.#decay = 1 / profile.decayNs;
      this.#base = perNs * (1 - profile.branching);
      this.#step = profile.branching * this.#decay;
      this.#state[EXCITATION] = perNs * profile.branching;
    }
    if (this.#kind === TRACE) this.#placeOnTrace();
  }

  /** Goes on to the next message. Hot. */
  advance(): void {
    const { dueNs } = this;
    const state = this.#state;
    if (this.#kind === WHOLE_CONSTANT) {
      if (++this.#inSecond === this.#messagesPerSecond) {
        this.#inSecond = 0;
        this.#second++;
      }
      dueNs[0] = this.#second * 1e9 + Math.floor((this.#inSecond * 1e9) / this.#messagesPerSecond + 0.5);
    } else if (this.#kind === CONSTANT) {
      state[INDEX]!++;
      dueNs[0] = Math.floor((state[INDEX]! * 1e9) / this.#messagesPerSecond + 0.5);
    } else if (this.#kind === POISSON) {
      drawExponential(this.#random, this.#draw);
      state[TIME_NS]! += (this.#draw[0]! * 1e9) / this.#messagesPerSecond;
      dueNs[0] = Math.floor(state[TIME_NS]! + 0.5);
    } else if (this.#kind === BURSTS) {
      this.#advanceBursts();
    } else if (this.#kind === TRACE) {
      state[INDEX]!++;
      this.#placeOnTrace();
    }
  }

  /** The rate only falls until the next message: candidates at the rate of now, of which the rate of then keeps its share. */
  #advanceBursts(): void {
    const random = this.#random;
    const draw = this.#draw;
    const base = this.#base;
    let timeNs = this.#state[TIME_NS]!;
    let excitation = this.#state[EXCITATION]!;
    for (;;) {
      const bound = base + excitation;
      drawExponential(random, draw);
      const gapNs = draw[0]! / bound;
      timeNs += gapNs;
      draw[0] = gapNs * this.#decay;
      expMinus(draw);
      excitation *= draw[0];
      // uniform32() * bound without the call: what it returns cost an object where it was not inlined.
      if ((random.int32() + 2_147_483_648.5) * bound <= (base + excitation) * 4_294_967_296) break;
    }
    this.#state[TIME_NS] = timeNs;
    this.#state[EXCITATION] = excitation + this.#step;
    this.dueNs[0] = Math.floor(timeNs + 0.5);
  }

  #placeOnTrace(): void {
    const offsets = this.#pointNs;
    const state = this.#state;
    for (; this.#point < offsets.length; this.#point++) {
      const offsetNs = offsets[this.#point]!;
      const rate = this.#pointRate[this.#point]!;
      const endNs = this.#point + 1 < offsets.length ? offsets[this.#point + 1]! : Infinity;
      // What has passed is a sum, and may be beyond the index by its rounding.
      const dueNs = Math.max(offsetNs, offsetNs + ((state[INDEX]! - state[PASSED]!) * 1e9) / rate);
      if (rate > 0 && dueNs < endNs) {
        this.dueNs[0] = Math.floor(dueNs + 0.5);
        return;
      }
      if (endNs !== Infinity) state[PASSED]! += (rate * (endNs - offsetNs)) / 1e9;
    }
    this.ended = true;
  }
}

function kindOf({ kind }: RateProfile, messagesPerSecond: number): number {
  if (kind === 'trace') return TRACE;
  if (kind === 'poisson') return POISSON;
  if (kind === 'bursts') return BURSTS;
  if (messagesPerSecond === Infinity) return UNPACED;
  return Number.isInteger(messagesPerSecond) && messagesPerSecond <= MOST_WHOLE_RATE ? WHOLE_CONSTANT : CONSTANT;
}
