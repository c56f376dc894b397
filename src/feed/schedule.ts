import type { SendBatch } from '../core/batch.js';
import { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';
import type { DealtFlows } from './dealtFlows.js';

/** How datagrams follow each other. */
export type Pattern =
  | { readonly kind: 'cbr' }
  | { readonly kind: 'poisson' }
  /** `datagrams` back to back at each multiple of `periodNs`. */
  | { readonly kind: 'burst'; readonly datagrams: number; readonly periodNs: Nanos }
  /**
   * Of flows that send by themselves: a report once a period, later by up to `jitter` of it (0..1), with the probability
   * `alarms` followed by `burst` datagrams back to back.
   */
  | { readonly kind: 'telemetry'; readonly jitter: number; readonly alarms: number; readonly burst: number };

/** Datagrams on average whenever a flow of its own schedule sends. */
export function meanPerEvent(pattern: Pattern): number {
  if (pattern.kind === 'burst') return pattern.datagrams;
  return pattern.kind === 'telemetry' ? 1 + pattern.alarms * pattern.burst : 1;
}

/** What a schedule writes of a datagram. */
export type DueSlots = Pick<SendBatch, 'dueMonoNs' | 'flow'>;

const CBR = 0;
const POISSON = 1;
const BURST = 2;
const UNPACED = 3;

/**
 * Absolute due times of datagram 0, 1, 2, ... of one stream, whole ns, by any pattern but `telemetry`:
 *
 * - `cbr`: start + k x 1e9 / pps, computed anew from k, so that no error adds up;
 * - `poisson`: start + the sum of exponential gaps of mean 1e9 / pps, drawn from the seed;
 * - `burst`: start + floor(k / datagrams) x period, whatever the rate says;
 * - a rate of Infinity: everything is due at the start.
 *
 * Where flows are dealt to several schedules each has the times of its own datagrams as one schedule of all would.
 */
export class Schedule {
  /** Number of the next datagram; of those that are made here. */
  index = 0;
  /**
   * When it is due. Like every number here that is written again and again it begins as a number: a field that
   * begins undefined holds a new object for each value beyond 2^31, which is 2.1 s of ns.
   */
  dueNs: Nanos = 0;
  /** What {@link takeRun} takes up to. */
  untilNs: Nanos = Infinity;
  /** Nothing is taken that is due at or after this. */
  endNs: Nanos = Infinity;
  /** Mean distance of two datagrams, ns; 0 at a rate of Infinity. */
  readonly periodNs: number;
  /** A rate of Infinity. */
  readonly unpaced: boolean;
  readonly #kind: number;
  readonly #packetsPerSecond: number = 0;
  readonly #burstDatagrams: number;
  readonly #burstPeriodNs: Nanos;
  readonly #random: Random;
  #startNs: Nanos = 0;
  /** Sum of the gaps so far, unrounded, and how many they are. */
  #poissonNs = 0;
  #gaps = 0;
  /** `null`: all flows are made here. */
  readonly #dealt: DealtFlows | null;

  /** `packetsPerSecond`: above 0, Infinity for as fast as can be; not used by `burst`. */
  constructor(
    pattern: Pattern,
    packetsPerSecond: number,
    startNs: Nanos,
    seed: number,
    dealt: DealtFlows | null = null,
  ) {
    const burst = pattern.kind === 'burst';
    this.#kind = burst ? BURST : packetsPerSecond === Infinity ? UNPACED : pattern.kind === 'poisson' ? POISSON : CBR;
    this.#packetsPerSecond = packetsPerSecond;
    this.#burstDatagrams = burst ? pattern.datagrams : 1;
    this.#burstPeriodNs = burst ? pattern.periodNs : 0;
    this.periodNs = burst ? pattern.periodNs / pattern.datagrams : 1e9 / packetsPerSecond;
    this.unpaced = this.#kind === UNPACED;
    this.#random = new Random(seed);
    this.#startNs = startNs;
    this.#dealt = dealt;
    this.dueNs = startNs;
    if (dealt !== null) this.#place();
  }

  /**
   * Writes the due times of the next datagrams into slots `[from, to)`, as far as they are due at or before {@link untilNs}
   * and before {@link endNs}; returns how many and moves on by so many. Hot. At a rate of Infinity all are due at
   * {@link untilNs}, a field because a number as argument may cost an object.
   */
  takeRun({ dueMonoNs: dueNs }: DueSlots, from: number, to: number): number {
    const { untilNs } = this;
    const lastNs = untilNs < this.endNs ? untilNs : this.endNs - 1;
    if (this.unpaced) {
      if (lastNs < this.dueNs || to <= from) return 0;
      dueNs.fill(lastNs, from, to);
      this.index += to - from;
      return to - from;
    }
    let slot = from;
    if (this.#kind === CBR && this.#dealt === null) {
      // The commonest one without a call or a store per datagram beside the due time itself.
      const startNs = this.#startNs;
      const packetsPerSecond = this.#packetsPerSecond;
      let index = this.index;
      let due = this.dueNs;
      while (slot < to && due <= lastNs) {
        dueNs[slot++] = due;
        index++;
        // Rounds as Math.round does, in half the time.
        due = Math.floor(startNs + (index * 1e9) / packetsPerSecond + 0.5);
      }
      this.index = index;
      this.dueNs = due;
    } else {
      while (slot < to && this.dueNs <= lastNs) {
        dueNs[slot++] = this.dueNs;
        this.#advance();
      }
    }
    return slot - from;
  }

  /** Moves on to the first datagram that is due at or after `untilNs`; returns how many were passed over, of whichever flow. */
  skip(untilNs: Nanos): number {
    const from = this.index;
    if (this.unpaced || this.dueNs >= untilNs) return 0;
    const spanNs = untilNs - this.#startNs;
    if (this.#kind === CBR) {
      this.#moveTo(Math.floor((spanNs * this.#packetsPerSecond) / 1e9));
    } else if (this.#kind === BURST) {
      this.#moveTo(Math.floor(spanNs / this.#burstPeriodNs) * this.#burstDatagrams);
    }
    while (this.dueNs < untilNs) this.#advance();
    return this.index - from;
  }

  /** Begins at another time; for a schedule of which nothing has been used yet. */
  restart(startNs: Nanos): void {
    this.#startNs = startNs;
    this.#place();
  }

  #advance(): void {
    this.index++;
    this.#place();
  }

  /** `number`: among all datagrams. */
  #moveTo(number: number): void {
    const index = this.#dealt === null ? number : this.#dealt.countOf(number);
    if (index <= this.index) return;
    this.index = index;
    this.#place();
  }

  #place(): void {
    const number = this.#dealt === null ? this.index : this.#dealt.numberOf(this.index);
    if (this.#kind === CBR) {
      this.dueNs = Math.round(this.#startNs + (number * 1e9) / this.#packetsPerSecond);
    } else if (this.#kind === POISSON) {
      for (; this.#gaps < number; this.#gaps++) this.#poissonNs += this.#random.exponential(this.periodNs);
      this.dueNs = Math.round(this.#startNs + this.#poissonNs);
    } else if (this.#kind === BURST) {
      this.dueNs = this.#startNs + Math.floor(number / this.#burstDatagrams) * this.#burstPeriodNs;
    } else {
      this.dueNs = this.#startNs;
    }
  }
}
