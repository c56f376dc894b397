import type { Nanos } from '../../core/time.js';
import type { MdiInterval, MdiSnapshot } from '../../metrics/transportSnapshot.js';
import { PCR_HZ } from '../../wire/mpegts.js';

/** The nominal period (RFC 4445 section 3.1: typically 1 s). */
export const MDI_PERIOD_NS = 1e9;
/** Arrivals of one interval that are told apart; further ones join the last. */
const MOST_ARRIVALS = 65_536;
/** Shorter stretches of PCR than this give no rate. */
const LEAST_RATE_TICKS = PCR_HZ / 10;
/** Closed intervals that wait to be taken; the oldest go first. */
const MOST_WAITING = 64;

/**
 * Media delivery index (RFC 4445). Of each interval, the delay factor (section 3.1): a virtual buffer is filled with
 * the media octets of each arrival and drained at the media rate MR,
 *
 *     VB(i,pre) = sum(S_j, j < i) - MR x T_i        VB(i,post) = VB(i,pre) + S_i        VB(0) = 0
 *     DF = (max(VB) - min(VB)) / MR                 over all 2k + 1 values
 *
 * T_i counts from just after the last arrival of the interval before (however long ago), at the very beginning from the
 * first arrival. The media rate loss (section 3.2) is the lost packets of the interval, per second.
 *
 * The arrivals of the running interval are kept, because the media rate of a stream is only known at its end: from the
 * PCRs that came in it; else the rate before holds on; or it is given. Media octets are whole transport stream packets.
 */
export class Mdi {
  readonly #givenRate: number;
  #times = new Float64Array(1024).fill(0);
  #sizes = new Float64Array(1024).fill(0);
  #count = 0;
  #hasBegun = false;
  /** Begin of the running period, and just after the last arrival before it. */
  #periodNs = 0;
  #fromNs = 0;
  #lastNs = 0;
  #lost = 0;
  #isErrored = false;
  /** PCR of the interval: first and last, octets and ticks; the count of both. */
  #pcrs = 0;
  #firstOctets = 0;
  #firstTicks = 0;
  #lastOctets = 0;
  #lastTicks = 0;
  /** Octets per ns; 0: not known. */
  #octetsPerNs = 0;

  #waiting: MdiInterval[] = [];
  #intervals = 0;
  #measured = 0;
  #df = NaN;
  #dfMax = NaN;
  #dfSum = 0;
  #mlr = NaN;
  #mlrMax = NaN;
  #mlrSum = 0;
  #erroredSeconds = 0;

  /** `rateBitPerSecond`: the media rate where it is given; NaN: from the PCR. */
  constructor(rateBitPerSecond: number) {
    this.#givenRate = rateBitPerSecond;
    if (rateBitPerSecond > 0) this.#octetsPerNs = rateBitPerSecond / 8e9;
  }

  /**
   * An arrival: all media octets that came at `clock[0]`, ns (in an array, because a number that is passed on may be an
   * object). Closes what lies before it first. Hot.
   */
  onArrival(clock: Float64Array, octets: number): void {
    const timeNs = clock[0]!;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#periodNs = timeNs;
      this.#fromNs = timeNs;
      this.#lastNs = timeNs;
      return;
    }
    if (timeNs - this.#periodNs >= MDI_PERIOD_NS) this.onTime(timeNs);
    this.#lastNs = timeNs;
    if (this.#count === this.#times.length && !this.#grow()) {
      this.#sizes[this.#count - 1]! += octets;
      return;
    }
    this.#times[this.#count] = timeNs;
    this.#sizes[this.#count++] = octets;
  }

  #grow(): boolean {
    if (this.#count >= MOST_ARRIVALS) return false;
    const times = new Float64Array(2 * this.#count);
    const sizes = new Float64Array(2 * this.#count);
    times.set(this.#times);
    sizes.set(this.#sizes);
    this.#times = times;
    this.#sizes = sizes;
    return true;
  }

  /** Lost transport stream packets. */
  onLost(packets: number): void {
    this.#lost += packets;
  }

  /** An error of another kind, for errored seconds. */
  onError(): void {
    this.#isErrored = true;
  }

  /** A PCR of the reference: octets of the stream that came before it, and its ticks, unwrapped. Hot enough. */
  onPcr(octets: number, ticks: number): void {
    if (this.#pcrs++ === 0) {
      this.#firstOctets = octets;
      this.#firstTicks = ticks;
    }
    this.#lastOctets = octets;
    this.#lastTicks = ticks;
  }

  /** Between the last PCR and the next, octets or time are not known. */
  onGap(): void {
    this.#takeRate();
    this.#pcrs = 0;
  }

  /** Closes the intervals that are over by `nowNs`. */
  onTime(nowNs: Nanos): void {
    while (this.#hasBegun && nowNs - this.#periodNs >= MDI_PERIOD_NS) this.#close();
  }

  #takeRate(): void {
    const ticks = this.#lastTicks - this.#firstTicks;
    if (this.#givenRate > 0 || this.#pcrs < 2 || ticks < LEAST_RATE_TICKS) return;
    this.#octetsPerNs = ((this.#lastOctets - this.#firstOctets) / ticks) * (PCR_HZ / 1e9);
  }

  #close(): void {
    this.#takeRate();
    // The next stretch begins where this one ended.
    if (this.#pcrs > 0) {
      this.#pcrs = 1;
      this.#firstOctets = this.#lastOctets;
      this.#firstTicks = this.#lastTicks;
    }
    const df = this.#delayFactorNs();
    const mlr = this.#lost / (MDI_PERIOD_NS / 1e9);
    this.#intervals++;
    if (df === df) {
      this.#df = df;
      this.#dfMax = this.#measured === 0 ? df : Math.max(this.#dfMax, df);
      this.#dfSum += df;
      this.#measured++;
    }
    this.#mlr = mlr;
    this.#mlrMax = this.#intervals === 1 ? mlr : Math.max(this.#mlrMax, mlr);
    this.#mlrSum += mlr;
    if (this.#lost > 0 || this.#isErrored) this.#erroredSeconds++;
    const endMonoNs = this.#periodNs + MDI_PERIOD_NS;
    if (this.#waiting.length === MOST_WAITING) this.#waiting.shift();
    this.#waiting.push({ startMonoNs: this.#periodNs, endMonoNs, delayFactorNs: df, mediaLossRate: mlr });
    this.#periodNs = endMonoNs;
    if (this.#count > 0) this.#fromNs = this.#lastNs;
    this.#count = 0;
    this.#lost = 0;
    this.#isErrored = false;
  }

  #delayFactorNs(): number {
    const rate = this.#octetsPerNs;
    if (this.#count === 0 || !(rate > 0)) return NaN;
    let filled = 0;
    let least = 0;
    let most = 0;
    for (let i = 0; i < this.#count; i++) {
      const before = filled - rate * (this.#times[i]! - this.#fromNs);
      if (before < least) least = before;
      filled += this.#sizes[i]!;
      const after = before + this.#sizes[i]!;
      if (after > most) most = after;
    }
    return (most - least) / rate;
  }

  /** Intervals that were closed since the last call, in order; at most the last 64. */
  take(): MdiInterval[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Begins a new measurement period with the next arrival; the rate is kept. */
  restart(): void {
    this.#hasBegun = false;
    this.#count = 0;
    this.#lost = 0;
    this.#isErrored = false;
    this.#waiting = [];
    this.#intervals = 0;
    this.#measured = 0;
    this.#df = NaN;
    this.#dfMax = NaN;
    this.#dfSum = 0;
    this.#mlr = NaN;
    this.#mlrMax = NaN;
    this.#mlrSum = 0;
    this.#erroredSeconds = 0;
  }

  snapshot(lossFrom: MdiSnapshot['lossFrom']): MdiSnapshot {
    return {
      intervals: this.#intervals,
      delayFactorNs: this.#df,
      delayFactorMaxNs: this.#dfMax,
      delayFactorMeanNs: this.#measured === 0 ? NaN : this.#dfSum / this.#measured,
      mediaLossRate: this.#mlr,
      mediaLossRateMax: this.#mlrMax,
      mediaLossRateMean: this.#intervals === 0 ? NaN : this.#mlrSum / this.#intervals,
      lossFrom,
      mediaRateBitPerSecond: this.#octetsPerNs > 0 ? this.#octetsPerNs * 8e9 : NaN,
      erroredSeconds: this.#erroredSeconds,
    };
  }
}
