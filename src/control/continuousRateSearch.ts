/**
 * The load rate adjustment of RFC 9097 section 8.1 (type B of ITU-T Y.1540 annex B), for a group of receivers: sending
 * goes on without a pause, and each feedback moves the rate by rows of a table. Fast: up by ten rows while nothing is
 * lost and delay is below the lower threshold, not at all between the thresholds, down by one row above the upper one or
 * where numbers are missing; three such feedbacks in a row are congestion, and the rate falls by thirty rows once. It is
 * left
 *
 * - in the table, see {@link RateTable}: ten rows are 10 %, so that going up is multiplication as in type C of
 *   TR-471, not addition;
 * - in what counts as missing: not ten numbers, which are 10 % of an interval at 20 Mbit/s, but the share allowed and what
 *   chance adds to it;
 * - behind the congestion. There the RFC goes up and down by single rows until its time is over, and takes the best second.
 *   Here five rows more than got through are sent for such a second (its sub-interval dt): what is delivered of them out of
 *   queues that stay full is the limit, exactly enough that the next search begins with the same row. That row is then
 *   held, and rows above or below, until one that held and one that did not are within 2 %; the one that held must hold
 *   twice. So a search ends when it knows, and its result is a rate that holds rather than one that was reached.
 */
import type { Nanos } from '../core/time.js';
import { Congestion } from './congestion.js';
import { HeldRate } from './heldRate.js';
import { RateBracket } from './rateBracket.js';
import { judgeStep, type Judgement, type JudgementLimits, type StepObservation } from './rateJudgement.js';
import {
  allowedDelayRiseNs,
  chanceSlack,
  checkRateSearchOptions,
  RateHistory,
  SILENT_REPEATS,
  stopOf,
  type RateSearch,
  type RateSearchOptions,
  type RateSearchResult,
  type RateStep,
  type RateStop,
} from './rateSearch.js';
import { RateTable, rowsIn } from './rateTable.js';

export interface ContinuousRateSearchOptions extends RateSearchOptions {
  readonly startBitPerSecond?: number;
  /** Share by which the two ends may differ when it ends. */
  readonly resolutionShare?: number;
  /** Of one step: the feedback interval, 20 to 250 ms. */
  readonly intervalNs?: Nanos;
  readonly holdNs?: Nanos;
  /** How often the result must hold. */
  readonly confirmations?: number;
  readonly lowDelayRiseNs?: Nanos;
  readonly highDelayRiseNs?: Nanos;
}

/** RFC 9097 section 8.1, table 1. */
export const FEEDBACK_INTERVAL_NS = 50_000_000;
const LOW_DELAY_RISE_NS = 30_000_000;
const HIGH_DELAY_RISE_NS = 90_000_000;
/** Of {@link FEEDBACK_INTERVAL_NS}; of longer ones as many more. */
const FAST_ROWS = 10;
const BACK_OFF_ROWS = 3 * FAST_ROWS;
const CONGESTED_INTERVALS = 3;
/** How long nothing may be reported of what was sent before the search stops. */
const REPORT_TIMEOUT_NS = 1_000_000_000;

/** RFC 9097's sub-interval dt. */
const OVERLOAD_NS = 1_000_000_000;
/** Enough to keep a queue full, little enough for a deep one to drain soon. */
const OVERLOAD_ROWS = 5;
/** What a token bucket has saved up hides a rate that is too high by a percent or two for as much of a second. */
const HOLD_NS = 1_500_000_000;
/** How long queues may take to drain before the rate falls further, and in all. */
const DRAIN_NS = 500_000_000;
const MOST_DRAIN_NS = 3_000_000_000;

interface Sent {
  readonly step: RateStep;
  readonly row: number;
  readonly atNs: Nanos;
  readonly era: number;
}

export class ContinuousRateSearch implements RateSearch {
  readonly #options: Required<ContinuousRateSearchOptions>;
  readonly #table: RateTable;
  readonly #bracket: RateBracket;
  readonly #history = new RateHistory();
  /** Steps that nothing was reported of yet. */
  readonly #sent = new Map<number, Sent>();
  #index = 0;
  #elapsedNs: Nanos = 0;
  #phase: 'fast' | 'overload' | 'drain' | 'hold' = 'fast';
  /** Counts the changes of phase and rate: reports of steps before tell nothing of what is sent now. */
  #era = 0;
  #row: number;
  #held = new HeldRate();
  readonly #congestion = new Congestion();
  #lastRiseNs: Nanos = 0;
  /** Since draining began, and when the rate last fell meanwhile. */
  #drainedNs: Nanos = 0;
  #backedOffNs: Nanos = 0;
  /** In a row. */
  #silentHolds = 0;
  #result: RateSearchResult | null = null;

  constructor(options: ContinuousRateSearchOptions) {
    checkRateSearchOptions(options);
    const { lowestBitPerSecond, highestBitPerSecond, receivers } = options;
    this.#table = new RateTable(lowestBitPerSecond, highestBitPerSecond);
    this.#options = {
      startBitPerSecond: lowestBitPerSecond,
      resolutionShare: 0.02,
      intervalNs: FEEDBACK_INTERVAL_NS,
      holdNs: HOLD_NS,
      confirmations: 2,
      lowDelayRiseNs: LOW_DELAY_RISE_NS,
      highDelayRiseNs: HIGH_DELAY_RISE_NS,
      quorum: receivers.length,
      ...options,
    };
    const { startBitPerSecond, resolutionShare, confirmations } = this.#options;
    this.#row = Math.max(0, this.#table.rowAtMost(startBitPerSecond));
    this.#bracket = new RateBracket(this.#table, {
      startRow: this.#table.length - 1,
      rampRows: BACK_OFF_ROWS,
      resolutionRows: rowsIn(resolutionShare),
      confirmations,
      refutations: confirmations,
    });
  }

  /** A new step each time; it may be asked for before the ones before are reported, which then go on at their rate. */
  next(): RateStep | RateSearchResult {
    if (this.#result !== null) return this.#result;
    const { intervalNs, limitNs } = this.#options;
    if (this.#elapsedNs - this.#awaitedNs > REPORT_TIMEOUT_NS) return this.#end('no_reports');
    const durationNs = this.#phase === 'overload' ? OVERLOAD_NS : intervalNs;
    if (this.#elapsedNs + durationNs > limitNs) return this.#end('time');
    const step: RateStep = {
      kind: 'step',
      index: this.#index++,
      rateBitPerSecond: this.#table.rate(this.#row),
      waitNs: 0,
      durationNs,
      settleNs: 0,
      purpose: this.#phase,
    };
    this.#sent.set(step.index, { step, row: this.#row, atNs: this.#elapsedNs, era: this.#era });
    this.#elapsedNs += durationNs;
    // Its report comes while the queue that it filled drains already.
    if (this.#phase === 'overload') this.#beginDrain(this.#row);
    return step;
  }

  /** End of the first step that nothing was reported of yet. */
  get #awaitedNs(): Nanos {
    for (const { atNs, step } of this.#sent.values()) return atNs + step.durationNs;
    return this.#elapsedNs;
  }

  report(observation: StepObservation): void {
    const sent = this.#sent.get(observation.step);
    const answered = new Set(observation.receivers.map(({ receiver }) => receiver));
    const asked = this.#options.receivers.filter((receiver) => answered.has(receiver));
    if (sent === undefined || this.#result !== null || asked.length === 0) return;
    // What is older is not waited for any more: its report was lost.
    for (const index of this.#sent.keys()) if (index <= observation.step) this.#sent.delete(index);
    const { step, atNs, era } = sent;
    const { purpose, rateBitPerSecond, durationNs } = step;
    const judgement = this.#judgeInterval(observation, durationNs, asked);
    const grownNs = this.#grownNs(judgement);
    const deliveredBitPerSecond = deliveredOf(step, judgement, Math.max(0, grownNs));
    this.#history.point({ atNs, purpose, rateBitPerSecond, deliveredBitPerSecond, passed: judgement.passed });
    if (purpose === 'overload') this.#overload(sent, judgement, grownNs);
    if (era !== this.#era && this.#phase !== 'fast') return;
    if (judgement.passed) this.#congestion.clear();
    else this.#congestion.add(rateBitPerSecond, durationNs, judgement);
    if (this.#phase === 'fast') this.#adjust(sent, judgement);
    else if (this.#phase === 'drain') this.#drain(durationNs, judgement);
    else this.#hold(sent, observation);
  }

  disregard(index: number): void {
    this.#sent.delete(index);
  }

  /** Among those that answered: of the others this interval tells nothing. */
  #judgeInterval(observation: StepObservation, durationNs: Nanos, asked: readonly string[]): Judgement {
    const { receivers, quorum, highDelayRiseNs, maxLossShare } = this.#options;
    return judgeStep(observation, durationNs, {
      receivers: asked,
      quorum: Math.max(1, quorum - (receivers.length - asked.length)),
      maxLossShare,
      lossSlack: intervalSlack(maxLossShare),
      maxDelayRiseNs: highDelayRiseNs,
    });
  }

  /** By how much delay has risen since the interval before: it may have been up already. */
  #grownNs({ decisive }: Judgement): Nanos {
    const beforeNs = this.#lastRiseNs;
    this.#lastRiseNs = (decisive.delayRiseNs ?? 0) + decisive.readDelayNs;
    return this.#lastRiseNs - beforeNs;
  }

  #adjust({ step, row, atNs }: Sent, judgement: Judgement): void {
    const last = this.#table.length - 1;
    if (judgement.passed) {
      if ((judgement.decisive.delayRiseNs ?? 0) > this.#options.lowDelayRiseNs) return;
      if (row === last) this.#beginHold();
      else this.#row = Math.min(last, this.#row + Math.round((FAST_ROWS * step.durationNs) / FEEDBACK_INTERVAL_NS));
      return;
    }
    const { intervals, blamed, deliveredBitPerSecond } = this.#congestion;
    if (intervals < CONGESTED_INTERVALS) {
      this.#row = Math.max(0, this.#row - 1);
      return;
    }
    this.#history.trial(step, atNs, step.durationNs, blamed ?? judgement);
    this.#bracket.vote({ row, isFull: true }, false, deliveredBitPerSecond);
    this.#phase = 'overload';
    this.#change(Math.min(row, this.#bracket.hoped + OVERLOAD_ROWS));
  }

  /** What came of the second that more was sent than gets through. */
  #overload({ step, row, atNs }: Sent, judgement: Judgement, grownNs: Nanos): void {
    const deliveredBitPerSecond = deliveredOf(step, judgement, grownNs);
    if (judgement.passed || deliveredBitPerSecond >= step.rateBitPerSecond) return;
    this.#history.trial(step, atNs, step.durationNs, judgement);
    this.#bracket.overloaded(row, deliveredBitPerSecond);
  }

  #drain(durationNs: Nanos, judgement: Judgement): void {
    this.#drainedNs += durationNs;
    const { delayRiseNs, readDelayNs } = judgement.decisive;
    // What lies in a socket buffer stays there while a rate is held that its program only just reads.
    const isRead = readDelayNs <= allowedDelayRiseNs(durationNs);
    const isDrained = judgement.passed && isRead && (delayRiseNs ?? 0) <= this.#options.lowDelayRiseNs;
    if (isDrained || this.#drainedNs >= MOST_DRAIN_NS) {
      this.#beginHold();
    } else if (this.#drainedNs - this.#backedOffNs >= DRAIN_NS) {
      this.#backedOffNs = this.#drainedNs;
      this.#change(this.#row - BACK_OFF_ROWS);
    }
  }

  #hold({ step, row, atNs }: Sent, observation: StepObservation): void {
    const held = this.#held;
    held.add(observation, step.durationNs);
    const isCongested = this.#congestion.intervals >= CONGESTED_INTERVALS;
    if (held.durationNs < this.#options.holdNs && !isCongested) return;
    const { durationNs } = held;
    const whole = judgeStep(held.observation(step.index), durationNs, this.#holdLimits(durationNs));
    // Delay that was up already, and stayed, rose in the intervals and not while they lasted.
    const judgement = whole.passed && isCongested ? (this.#congestion.blamed ?? whole) : whole;
    const delivered = step.rateBitPerSecond * judgement.decisive.deliveredShare;
    const isSilent = judgement.obstacle === 'silent';
    this.#silentHolds = isSilent ? this.#silentHolds + 1 : 0;
    const isCounting = !isSilent || this.#silentHolds > SILENT_REPEATS;
    if (isCounting) this.#bracket.vote({ row, isFull: true }, judgement.passed, isSilent ? null : delivered);
    this.#history.trial(step, atNs + step.durationNs - durationNs, durationNs, judgement, isCounting);
    if (judgement.passed || isSilent) this.#beginHold();
    else this.#beginDrain(row);
  }

  #holdLimits(durationNs: Nanos): JudgementLimits {
    const { receivers, quorum, maxLossShare } = this.#options;
    const maxDelayRiseNs = allowedDelayRiseNs(durationNs);
    return { receivers, quorum, maxLossShare, lossSlack: chanceSlack(maxLossShare), maxDelayRiseNs };
  }

  #beginDrain(failedRow: number): void {
    const next = this.#bracket.next();
    if (next === null) {
      this.#end(stopOf(this.#table, this.#bracket));
      return;
    }
    this.#phase = 'drain';
    this.#drainedNs = 0;
    this.#backedOffNs = 0;
    this.#change(Math.min(failedRow, next.row) - BACK_OFF_ROWS);
  }

  #beginHold(): void {
    const next = this.#bracket.next();
    if (next === null) {
      this.#end(stopOf(this.#table, this.#bracket));
      return;
    }
    this.#phase = 'hold';
    this.#held = new HeldRate();
    this.#change(next.row);
  }

  #change(row: number): void {
    this.#row = Math.max(0, row);
    this.#era++;
    this.#congestion.clear();
  }

  #end(stop: RateStop): RateSearchResult {
    this.#result = this.#history.result(this.#table, this.#bracket, stop, this.#elapsedNs);
    return this.#result;
  }
}

/** Bit/s: what is not lost of a step takes as much longer to arrive as delay has grown by meanwhile. */
function deliveredOf({ rateBitPerSecond, durationNs }: RateStep, judgement: Judgement, grownNs: Nanos): number {
  const { notSentShare, decisive } = judgement;
  return rateBitPerSecond * (1 - notSentShare) * (1 - decisive.lossShare) * (durationNs / (durationNs + grownNs));
}

/** As {@link chanceSlack}, but of a few datagrams two may always be missing. */
function intervalSlack(maxLossShare: number): (sent: number) => number {
  return (sent) => 2 + 3 * Math.sqrt(maxLossShare * sent);
}
