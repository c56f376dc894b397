/**
 * Offset and drift between two clocks from two-way exchanges: A sends at t1, B receives at t2 and answers at t3, A
 * receives at t4 (RFC 5905 section 8). Nothing is assumed of the path but that no datagram arrives before it was sent:
 * the offset (B minus A) was at most t2 - t1 at t1, and at least t3 - t4 at t4. What waits in queues makes these bounds
 * looser, never false, so that of each window of time the tightest ones are kept, and the offset is the middle of what
 * they leave possible.
 *
 *     one-way delay A to B = (received in B's clock) - (sent in A's clock) - offsetNs
 *
 * with the same uncertainty. A step of either clock begins the estimate anew; one of less than two or three least round
 * trips may pass for delay, and then the offset is off by up to its size. Clocks are CLOCK_REALTIME, or whatever the stamps of the delays are of; both must count
 * from the same epoch, or from epochs within some days, since a float64 beyond 2^53 ns loses nanoseconds.
 */
import type { Nanos } from '../core/time.js';
import { offsetBand, type OffsetBand, type OffsetBandLimits } from './offsetBand.js';
import { OffsetWindows } from './offsetWindows.js';

/** Most that Linux lets a clock be slewed against its crystal (adjtimex(2), MAXFREQ). */
export const MAX_DRIFT_PPM = 500;
/** How fast the drift may change: a crystal of 0.1 ppm/K that warms by a kelvin within a minute. */
export const WANDER_PPM_PER_SECOND = 0.002;

const WINDOWS = 256;
const FIRST_WINDOW_NS = 250_000_000;
/** Spans between steps, and steps, that are remembered. */
const SPANS = 8;
const STEPS = 64;
/** Exchanges in a row that must contradict what was known, and agree with each other: one may be garbled or a lie. */
const STEP_EXCHANGES = 2;
/** As many of those that are older than what came: answers that overtook each other are no step backwards. */
const OLD_EXCHANGES = 4;
/** Exchanges too loose to tell which is right that are passed over meanwhile. */
const PASSED_OVER = 16;
/** Bounds must contradict each other by more than this share of the least round trip: no clock drifts quite evenly. */
const TOLERANCE = 0.05;
/** No clock shows more. */
const TIMES_NS = 2 ** 63;
/** Stamps are whole nanoseconds, and clocks are read with about this resolution. */
const RESOLUTION_NS = 10;

export interface ClockOffsetOptions {
  readonly maxDriftPpm?: number;
  readonly wanderPpmPerSecond?: number;
}

export interface ClockEstimate {
  /** B's clock minus A's. */
  readonly offsetNs: number;
  /** What B's clock gains on A's. */
  readonly driftPpm: number;
  readonly driftUncertaintyPpm: number;
  /**
   * The offset is within so much of {@link offsetNs}: half of the least round trip at least, which is how asymmetric
   * the best path may have been, and with that what fit, drift and the distance in time leave open.
   */
  readonly uncertaintyNs: number;
  /** That it rests on: since the last step. */
  readonly exchanges: number;
  readonly minimumRoundTripNs: number;
}

export interface ClockStep {
  /** A's clock at the last exchange before, and at the first one behind the step. */
  readonly afterNs: Nanos;
  readonly byNs: Nanos;
  /** How far B's clock went ahead of A's, by more than {@link uncertaintyNs}. */
  readonly sizeNs: number;
  readonly uncertaintyNs: number;
}

interface Exchange {
  readonly t1: Nanos;
  readonly t4: Nanos;
  /** Bounds of the offset: from above at t1, from below at t4. */
  readonly upper: number;
  readonly lower: number;
  readonly roundTripNs: number;
}

/** Between two steps. */
interface Span {
  readonly originNs: Nanos;
  readonly originOffsetNs: number;
  readonly windows: OffsetWindows;
  lastNs: Nanos;
  exchanges: number;
  minimumRoundTripNs: number;
  /** A line that kept all bounds when it was last looked for: offset at {@link lineAtNs}, ns from the origins, and drift. */
  lineAtNs: number;
  lineOffsetNs: number;
  lineSlope: number;
}

export class ClockOffset {
  /** The last 64, oldest first. */
  readonly steps: readonly ClockStep[] = [];
  /** How often the estimate began anew: at steps, and where a clock's frequency changed faster than clocks wander. */
  restarts = 0;
  /** Exchanges that no clocks can make, or that contradict the others and are no step. */
  refused = 0;
  readonly #limits: OffsetBandLimits;
  readonly #spans: Span[] = [];
  #spansForgotten = 0;
  /** Contradict the newest span, agree with each other. */
  #doubted: Exchange[] = [];
  #passedOver = 0;

  constructor(options: ClockOffsetOptions = {}) {
    this.#limits = {
      slope: (options.maxDriftPpm ?? MAX_DRIFT_PPM) / 1e6,
      wander: (options.wanderPpmPerSecond ?? WANDER_PPM_PER_SECOND) / 1e6 / 1e9,
    };
  }

  /** One exchange: `t1`, `t4` in A's clock, `t2`, `t3` in B's; ns. Any numbers may come: what cannot be is counted. */
  add(t1: Nanos, t2: Nanos, t3: Nanos, t4: Nanos): void {
    // By its own drift B may have taken longer for the answer than the round trip did.
    const roundTripNs = t4 - t1 - (t3 - t2);
    const isPossible = t4 >= t1 && t3 >= t2 && roundTripNs >= -this.#limits.slope * (t4 - t1) - RESOLUTION_NS;
    const isInRange = Math.max(Math.abs(t1), Math.abs(t2), Math.abs(t3), Math.abs(t4)) < TIMES_NS;
    if (!isPossible || !isInRange) {
      this.refused++;
      return;
    }
    const exchange = { t1, t4, upper: t2 - t1, lower: t3 - t4, roundTripNs: Math.max(0, roundTripNs) };
    const span = this.#spans.at(-1);
    if (span === undefined) {
      this.#begin([exchange]);
    } else if (this.#contradicts(span, exchange)) {
      this.#doubt(span, exchange);
    } else if (!this.#mayBehindStep(exchange)) {
      this.#forgetDoubted();
      this.#take(span, exchange);
    }
  }

  /** The offset when A's clock shows `timeNs`, at any time; `null`: not known, or of a span no longer remembered. */
  estimateAt(timeNs: Nanos): ClockEstimate | null {
    const spans = this.#spans;
    const at = spans.findLastIndex(({ originNs }) => originNs <= timeNs);
    const span = spans[Math.max(0, at)];
    if (span === undefined || (at < 0 && this.#spansForgotten > 0)) return null;
    const estimate = this.#estimate(span, timeNs);
    const next = at < 0 ? undefined : spans[at + 1];
    if (next === undefined || timeNs <= span.lastNs) return estimate;
    // Somewhere here the clock stepped.
    const other = this.#estimate(next, timeNs);
    const low = Math.min(estimate.offsetNs - estimate.uncertaintyNs, other.offsetNs - other.uncertaintyNs);
    const high = Math.max(estimate.offsetNs + estimate.uncertaintyNs, other.offsetNs + other.uncertaintyNs);
    return { ...estimate, offsetNs: (low + high) / 2, uncertaintyNs: (high - low) / 2 };
  }

  #estimate(span: Span, timeNs: Nanos): ClockEstimate {
    const band = offsetBand(span.windows, timeNs - span.originNs, this.#limits);
    const { minimumRoundTripNs } = span;
    return {
      offsetNs: span.originOffsetNs + (band.low + band.high) / 2,
      driftPpm: ((band.slopeLow + band.slopeHigh) / 2) * 1e6,
      driftUncertaintyPpm: ((band.slopeHigh - band.slopeLow) / 2) * 1e6,
      // A step too small to be noticed leaves a band that is narrow and wrong, but by no more than this.
      uncertaintyNs: Math.max((band.high - band.low) / 2, minimumRoundTripNs / 2) + band.misfit + RESOLUTION_NS,
      exchanges: span.exchanges,
      minimumRoundTripNs,
    };
  }

  /** By more than clocks that only drift and wander explain. */
  #contradicts(span: Span, exchange: Exchange): boolean {
    const atNs = (exchange.t1 + exchange.t4) / 2 - span.originNs;
    const drift = this.#limits.slope * (exchange.t4 - exchange.t1);
    const upper = exchange.upper - span.originOffsetNs + drift;
    const lower = exchange.lower - span.originOffsetNs - drift;
    const lineNs = span.lineOffsetNs + span.lineSlope * (atNs - span.lineAtNs);
    if (lower <= lineNs && lineNs <= upper) return false;
    const band = offsetBand(span.windows, atNs, this.#limits);
    span.lineAtNs = atNs;
    span.lineOffsetNs = band.middle;
    span.lineSlope = band.slope;
    const tolerance = TOLERANCE * span.minimumRoundTripNs + RESOLUTION_NS + band.misfit;
    return upper < band.low - tolerance || lower > band.high + tolerance;
  }

  #doubt(span: Span, exchange: Exchange): void {
    if (!this.#agreesWithDoubted(exchange)) this.#forgetDoubted();
    this.#doubted.push(exchange);
    const first = this.#doubted[0]!;
    const needed = first.t1 < span.lastNs ? OLD_EXCHANGES : STEP_EXCHANGES;
    if (this.#doubted.length < needed) return;
    const line = offsetBand(span.windows, first.t1 - span.originNs, this.#limits);
    const before = this.#estimate(span, first.t1);
    this.#begin(this.#doubted);
    this.#doubted = [];
    this.restarts++;
    const behind = this.#estimate(this.#spans.at(-1)!, first.t1);
    const sizeNs = behind.offsetNs - before.offsetNs;
    const uncertaintyNs = before.uncertaintyNs + behind.uncertaintyNs;
    span.lastNs = span.originNs + cutAtStep(span.windows, first.t1 - span.originNs, line, sizeNs, behind.uncertaintyNs);
    // What drift could have made is none.
    if (Math.abs(sizeNs) <= uncertaintyNs + this.#limits.slope * (first.t1 - span.lastNs)) return;
    const steps = this.steps as ClockStep[];
    steps.push({ afterNs: span.lastNs, byNs: first.t1, sizeNs, uncertaintyNs });
    if (steps.length > STEPS) steps.shift();
  }

  /** Whether an exchange that contradicts nothing says as little against a step that is in doubt. */
  #mayBehindStep(exchange: Exchange): boolean {
    return this.#doubted.length > 0 && this.#agreesWithDoubted(exchange) && ++this.#passedOver <= PASSED_OVER;
  }

  #agreesWithDoubted(exchange: Exchange): boolean {
    return this.#doubted.every((one) => this.#agree(one, exchange));
  }

  /** Whether one clock offset, drifting, may have made both. */
  #agree(one: Exchange, other: Exchange): boolean {
    const drift = this.#limits.slope * (Math.max(one.t4, other.t4) - Math.min(one.t1, other.t1)) + RESOLUTION_NS;
    return one.lower <= other.upper + drift && other.lower <= one.upper + drift;
  }

  #forgetDoubted(): void {
    this.refused += this.#doubted.length;
    this.#doubted = [];
    this.#passedOver = 0;
  }

  #begin(exchanges: readonly Exchange[]): void {
    const first = exchanges[0]!;
    const span: Span = {
      originNs: first.t1,
      originOffsetNs: (first.upper + first.lower) / 2,
      windows: new OffsetWindows(WINDOWS, FIRST_WINDOW_NS),
      lastNs: first.t4,
      exchanges: 0,
      minimumRoundTripNs: Infinity,
      lineAtNs: 0,
      lineOffsetNs: 0,
      lineSlope: 0,
    };
    for (const exchange of exchanges) this.#take(span, exchange);
    this.#spans.push(span);
    if (this.#spans.length <= SPANS) return;
    this.#spans.shift();
    this.#spansForgotten++;
  }

  #take(span: Span, exchange: Exchange): void {
    const { t1, t4, upper, lower, roundTripNs } = exchange;
    const { originNs, originOffsetNs } = span;
    span.windows.add(t1 - originNs, upper - originOffsetNs, t4 - originNs, lower - originOffsetNs, span.lineSlope);
    span.exchanges++;
    span.lastNs = Math.max(span.lastNs, t4);
    span.minimumRoundTripNs = Math.min(span.minimumRoundTripNs, roundTripNs);
  }
}

/**
 * When bounds last contradict a clock that had stepped already: a line through `line.middle` at `atNs` and `sizeNs`
 * beside it, within `doubtNs`. Those behind were too loose to tell, and are left out.
 */
function cutAtStep(windows: OffsetWindows, atNs: number, line: OffsetBand, sizeNs: number, doubtNs: number): number {
  const { upper, upperAtNs, lower, lowerAtNs } = windows;
  for (; windows.length > 1; windows.length--) {
    const last = windows.length - 1;
    const above = upper[last]! - line.middle - line.slope * (upperAtNs[last]! - atNs) - sizeNs;
    const below = lower[last]! - line.middle - line.slope * (lowerAtNs[last]! - atNs) - sizeNs;
    if (above < -doubtNs) return upperAtNs[last]!;
    if (below > doubtNs) return lowerAtNs[last]!;
  }
  return 0;
}
