/**
 * The throughput test of RFC 2544 section 26.1, for a group of receivers: trials at rates that are halved between one
 * that all got and one that not all did. It is left
 *
 * - in the length of trials. Section 24 asks for 60 s each and allows shorter ones while searching. Here these take 1 s
 *   and those that decide 4 s, so that all of it takes less than a minute. What a queue swallows within so short a time
 *   would raise the result, so that a trial fails as well when the delay at its end has risen: had it gone on, the queue
 *   had overflowed;
 * - in the next rate. It is the one that the trial before delivered, which is near the limit at once, and only then
 *   halves what is left. The first rate is not the highest, which would flood a network for a second, but goes up from
 *   a low one;
 * - in the verdict: a share of loss may be allowed, a quorum of receivers is enough, and one failing trial decides nothing;
 * - in the pauses (section 23: 2 s for what is under way, 5 s for the device to settle): 0.5 s, and as much longer as delay
 *   had risen, so that no trial pays for the one before.
 */
import type { Nanos } from '../core/time.js';
import { judgeStep, type JudgementLimits, type StepObservation } from './rateJudgement.js';
import { RateBracket, type BracketTrial } from './rateBracket.js';
import {
  allowedDelayRiseNs,
  chanceSlack,
  checkRateSearchOptions,
  noSlack,
  RateHistory,
  SILENT_REPEATS,
  stopOf,
  type RateSearch,
  type RateSearchOptions,
  type RateSearchResult,
  type RateStep,
} from './rateSearch.js';
import { RateTable, rowsIn } from './rateTable.js';

export interface BinaryRateSearchOptions extends RateSearchOptions {
  readonly startBitPerSecond?: number;
  /** Share by which the two ends may differ when it ends. */
  readonly resolutionShare?: number;
  readonly trialNs?: Nanos;
  readonly fullTrialNs?: Nanos;
  readonly settleNs?: Nanos;
  /** Full trials that the result must pass, and trials that the next rate must fail. */
  readonly confirmations?: number;
}

export const TRIAL_NS = 1_000_000_000;
export const FULL_TRIAL_NS = 4_000_000_000;
export const SETTLE_NS = 500_000_000;
/** The start is so far below the highest rate, and the ramp goes up by this, until a trial fails. */
const START_SHARE = 1 / 64;
const RAMP_SHARE = 3;
const MOST_WAIT_NS = 5_000_000_000;

export class BinaryRateSearch implements RateSearch {
  readonly #options: Required<BinaryRateSearchOptions>;
  readonly #table: RateTable;
  readonly #bracket: RateBracket;
  readonly #history = new RateHistory();
  #index = 0;
  #elapsedNs: Nanos = 0;
  /** Sent, and waited for. */
  #step: RateStep | null = null;
  #trial: BracketTrial = { row: 0, isFull: false };
  #waitNs: Nanos = 0;
  /** In a row. */
  #silentTrials = 0;
  #result: RateSearchResult | null = null;

  constructor(options: BinaryRateSearchOptions) {
    checkRateSearchOptions(options);
    const { lowestBitPerSecond, highestBitPerSecond, receivers } = options;
    this.#table = new RateTable(lowestBitPerSecond, highestBitPerSecond);
    this.#options = {
      startBitPerSecond: highestBitPerSecond * START_SHARE,
      resolutionShare: 0.01,
      trialNs: TRIAL_NS,
      fullTrialNs: FULL_TRIAL_NS,
      settleNs: SETTLE_NS,
      confirmations: 2,
      quorum: receivers.length,
      ...options,
    };
    const { startBitPerSecond, resolutionShare, confirmations } = this.#options;
    this.#bracket = new RateBracket(this.#table, {
      startRow: Math.max(0, this.#table.rowAtMost(startBitPerSecond)),
      rampRows: rowsIn(RAMP_SHARE),
      resolutionRows: rowsIn(resolutionShare),
      confirmations,
      refutations: confirmations,
    });
  }

  /** The same step until it is reported. */
  next(): RateStep | RateSearchResult {
    if (this.#result !== null) return this.#result;
    if (this.#step !== null) return this.#step;
    const { trialNs, fullTrialNs, settleNs, limitNs } = this.#options;
    const trial = this.#bracket.next();
    if (trial === null) return this.#end(stopOf(this.#table, this.#bracket));
    const durationNs = trial.isFull ? fullTrialNs : trialNs;
    const waitNs = this.#waitNs;
    if (this.#elapsedNs + waitNs + durationNs + settleNs > limitNs) return this.#end('time');
    this.#trial = trial;
    this.#step = {
      kind: 'step',
      index: this.#index++,
      rateBitPerSecond: this.#table.rate(trial.row),
      waitNs,
      durationNs,
      settleNs,
      purpose: trial.isFull ? 'confirm' : 'search',
    };
    return this.#step;
  }

  report(observation: StepObservation): void {
    const step = this.#step;
    if (step === null || observation.step !== step.index) return;
    this.#step = null;
    const { durationNs, rateBitPerSecond, purpose, waitNs, settleNs } = step;
    const judgement = judgeStep(observation, durationNs, this.#limits(durationNs));
    const { passed, decisive } = judgement;
    const deliveredBitPerSecond = rateBitPerSecond * decisive.deliveredShare;
    const isSilent = judgement.obstacle === 'silent';
    this.#silentTrials = isSilent ? this.#silentTrials + 1 : 0;
    const isCounting = !isSilent || this.#silentTrials > SILENT_REPEATS;
    if (isCounting) this.#bracket.vote(this.#trial, passed, isSilent ? null : deliveredBitPerSecond);
    const atNs = this.#elapsedNs + waitNs;
    this.#history.trial(step, atNs, durationNs, judgement, isCounting);
    this.#history.point({ atNs, purpose, rateBitPerSecond, deliveredBitPerSecond, passed });
    this.#elapsedNs = atNs + durationNs + settleNs;
    const rises = observation.receivers.map(({ delayRiseNs }) => delayRiseNs ?? 0);
    this.#waitNs = Math.max(0, Math.min(MOST_WAIT_NS, Math.max(0, ...rises) - settleNs)) || 0;
  }

  disregard(index: number): void {
    const step = this.#step;
    if (step === null || index !== step.index) return;
    this.#step = null;
    this.#elapsedNs += step.waitNs + step.durationNs + step.settleNs;
  }

  #limits(durationNs: Nanos): JudgementLimits {
    const { receivers, quorum, maxLossShare } = this.#options;
    return {
      receivers,
      quorum,
      maxLossShare,
      lossSlack: this.#trial.isFull ? noSlack : chanceSlack(maxLossShare),
      maxDelayRiseNs: allowedDelayRiseNs(durationNs),
    };
  }

  #end(stop: RateSearchResult['stop']): RateSearchResult {
    this.#result = this.#history.result(this.#table, this.#bracket, stop, this.#elapsedNs);
    return this.#result;
  }
}
