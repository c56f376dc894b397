/**
 * The highest rate that receivers get, searched by sending: what is common to the search by trials
 * ({@link BinaryRateSearch}) and the continuous one ({@link ContinuousRateSearch}). Both are state machines: send what
 * {@link RateSearch.next} says, tell what came of it by {@link RateSearch.report}, and so on until it is a result.
 *
 * Rates are of one layer throughout, whichever the owner sends by.
 */
import type { Nanos } from '../core/time.js';
import type { RateBracket } from './rateBracket.js';
import type { Judgement, RateObstacle, ReceiverJudgement, StepObservation } from './rateJudgement.js';
import type { RateTable } from './rateTable.js';

/** What to send now. */
export interface RateStep {
  readonly kind: 'step';
  /** Counts up from 0. */
  readonly index: number;
  readonly rateBitPerSecond: number;
  /** How long to send nothing before: queues that the step before filled drain. */
  readonly waitNs: Nanos;
  readonly durationNs: Nanos;
  /** And afterwards, until what is under way has arrived. */
  readonly settleNs: Nanos;
  readonly purpose: RatePurpose;
}

/**
 * Of a search by trials: `search`, and `confirm` in full length. Of a continuous one: `fast` until congestion, then
 * `overload` once, `drain` and `hold`.
 */
export type RatePurpose = 'search' | 'confirm' | 'fast' | 'overload' | 'drain' | 'hold';

export interface RateSearchOptions {
  readonly lowestBitPerSecond: number;
  /** Not more than this is sent; such as the speed of the link. */
  readonly highestBitPerSecond: number;
  /** Whom to ask: at most some hundred. */
  readonly receivers: readonly string[];
  /** How many of them must get the rate; by default all. */
  readonly quorum?: number;
  /** Share of what was sent that may be lost: 0 in RFC 2544. */
  readonly maxLossShare: number;
  /** No step begins that would end later, counted from the first, settling included. */
  readonly limitNs: Nanos;
}

/** One rate that was tried, for a table. */
export interface RateTrial {
  /** Of its last step. */
  readonly step: number;
  readonly purpose: RatePurpose;
  /** When it began and how long it was sent, of the time that steps take. */
  readonly atNs: Nanos;
  readonly durationNs: Nanos;
  readonly rateBitPerSecond: number;
  /** What the decisive receiver got of it, as fast as it was sent. */
  readonly deliveredBitPerSecond: number;
  readonly passed: boolean;
  readonly obstacle: RateObstacle | null;
  readonly notSentShare: number;
  /** Of the best `quorum`th receiver. */
  readonly decisive: ReceiverJudgement;
  /** Who did not get it, worst first; the first {@link LISTED_RECEIVERS}. */
  readonly failed: readonly ReceiverJudgement[];
}

/** One step, for a plot. */
export interface RatePoint {
  readonly atNs: Nanos;
  readonly purpose: RatePurpose;
  readonly rateBitPerSecond: number;
  readonly deliveredBitPerSecond: number;
  readonly passed: boolean;
}

/**
 * Why a search ended: `resolution`: the highest rate that holds and the lowest that does not are neighbours; `highest`:
 * the highest rate allowed holds; `lowest`: not even the lowest one does; `time`; `no_reports`: of steps sent nothing
 * was reported.
 */
export type RateStop = 'resolution' | 'highest' | 'lowest' | 'time' | 'no_reports';

export interface RateSearchResult {
  readonly kind: 'result';
  /** Highest rate that held; 0: none did, unless the time was up: then what the lowest rate that failed let hope for. */
  readonly rateBitPerSecond: number;
  /** Lowest rate that did not; `null`: none failed. The limit lies between. */
  readonly failingBitPerSecond: number | null;
  /** What the decisive receiver got in the last trial at that rate (RFC 9097: IP-layer capacity); `null`: none held. */
  readonly deliveredBitPerSecond: number | null;
  /** Whether as many trials speak for both as were to; otherwise the result is the best known when the search ended. */
  readonly isConfirmed: boolean;
  readonly stop: RateStop;
  /** What keeps the rate from being higher; `null`: nothing that was seen. */
  readonly obstacle: RateObstacle | null;
  /** Who did not get the lowest rate that failed, worst first, unless the sender is to blame; {@link LISTED_RECEIVERS}. */
  readonly limiting: readonly ReceiverJudgement[];
  /** Receivers beyond the quorum that did not get the rate that held. */
  readonly missing: readonly ReceiverJudgement[];
  readonly trials: readonly RateTrial[];
  readonly points: readonly RatePoint[];
  readonly elapsedNs: Nanos;
}

export interface RateSearch {
  next(): RateStep | RateSearchResult;
  /** What came of a step; a step that is not waited for (any more) is passed over. */
  report(observation: StepObservation): void;
  /** A step, by {@link RateStep.index}, that tells nothing, since its sender was held up: only its time has gone by. */
  disregard(step: number): void;
}

export const LISTED_RECEIVERS = 16;
/** Of the lowest rate that failed: up to where failing trials tell why. */
const PLAIN_SHARE = 4;
/** Steps that are kept for a plot. */
const MOST_POINTS = 4096;

/** Silent trials in a row that are repeated before they count against a rate: it may be a report that was lost. */
export const SILENT_REPEATS = 2;

/** Bounds of our own: whoever reads options of an operator has judged them before. */
export function checkRateSearchOptions(options: RateSearchOptions): void {
  const { lowestBitPerSecond, highestBitPerSecond, receivers, quorum = receivers.length, maxLossShare } = options;
  const areRates =
    lowestBitPerSecond > 0 && highestBitPerSecond >= lowestBitPerSecond && highestBitPerSecond < Infinity;
  const isQuorum = Number.isInteger(quorum) && quorum >= 1 && quorum <= receivers.length;
  if (areRates && isQuorum && maxLossShare >= 0 && maxLossShare < 1) return;
  throw new Error(`${lowestBitPerSecond} to ${highestBitPerSecond} bit/s for ${quorum} of ${receivers.length}`);
}

/** By chance as many more may be lost as twice the deviation of a count (Poisson). */
export function chanceSlack(maxLossShare: number): (sent: number) => number {
  return (sent) => 2 * Math.sqrt(maxLossShare * sent);
}

export function noSlack(): number {
  return 0;
}

/**
 * By how much delay may be up at the end of a trial: by more than this share of it a queue would overflow some time, by
 * less it is the jitter of stamps. It is the middle of a quarter and of half a row: limits that are round numbers mostly lie
 * whole quarters below a row, and that row is to fail always or never.
 */
const DELAY_RISE_SHARE = 0.0035;

export function allowedDelayRiseNs(durationNs: Nanos): Nanos {
  return Math.max(2_000_000, DELAY_RISE_SHARE * durationNs);
}

/** What a search has tried, and the result it makes. */
export class RateHistory {
  readonly #trials: RateTrial[] = [];
  /** Those that count for or against a rate. */
  readonly #counting: RateTrial[] = [];
  readonly #points: RatePoint[] = [];

  point(point: RatePoint): void {
    if (this.#points.length < MOST_POINTS) this.#points.push(point);
  }

  trial(step: RateStep, atNs: Nanos, durationNs: Nanos, judgement: Judgement, isCounting = true): void {
    const { passed, obstacle, notSentShare, decisive, failed } = judgement;
    const { index, purpose, rateBitPerSecond } = step;
    const deliveredBitPerSecond = rateBitPerSecond * decisive.deliveredShare;
    const figures = { step: index, purpose, atNs, durationNs, rateBitPerSecond, deliveredBitPerSecond };
    const listed = failed.slice(0, LISTED_RECEIVERS);
    const trial = { ...figures, passed, obstacle, notSentShare, decisive, failed: listed };
    this.#trials.push(trial);
    if (isCounting) this.#counting.push(trial);
  }

  result(table: RateTable, bracket: RateBracket, stop: RateStop, elapsedNs: Nanos): RateSearchResult {
    const { holding, failing } = bracket;
    const row = holding < 0 && stop === 'time' ? bracket.hoped : holding;
    const rateBitPerSecond = row < 0 ? 0 : table.rate(row);
    const held = this.#counting.findLast((one) => one.passed && one.rateBitPerSecond === rateBitPerSecond);
    const against = this.#against(failing < table.length ? table.rate(failing) : Infinity);
    return {
      kind: 'result',
      rateBitPerSecond,
      failingBitPerSecond: failing < table.length ? table.rate(failing) : null,
      deliveredBitPerSecond: held?.deliveredBitPerSecond ?? null,
      isConfirmed: bracket.isConfirmed,
      stop,
      obstacle: against?.obstacle ?? null,
      limiting: against === undefined || against.obstacle === 'sender' ? [] : against.failed,
      missing: held?.failed ?? [],
      trials: this.#trials,
      points: this.#points,
      elapsedNs,
    };
  }

  /**
   * The failing trial that says most plainly what is in the way: just above the limit there may only be a queue that
   * grows, which at a higher rate overflows, in the sender or in the network.
   */
  #against(failingBitPerSecond: number): RateTrial | undefined {
    const failed = this.#counting.filter(({ passed, rateBitPerSecond: rate }) => {
      return !passed && rate >= failingBitPerSecond && rate <= PLAIN_SHARE * failingBitPerSecond;
    });
    failed.sort((a, b) => a.rateBitPerSecond - b.rateBitPerSecond);
    return failed.find(({ obstacle }) => obstacle !== 'queue') ?? failed[0];
  }
}

/** Which end a search has come to. */
export function stopOf(table: RateTable, bracket: RateBracket): RateStop {
  if (bracket.failing === table.length) return 'highest';
  return bracket.holding < 0 ? 'lowest' : 'resolution';
}
