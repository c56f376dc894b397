import type { Nanos } from '../core/time.js';
import { cycleNs, type RecoveryOptions } from './recoveryOptions.js';

/** Positions in the array of exact figures. */
const Exact = {
  /** When the first request left since somebody answered last; NaN: none has. */
  SinceNs: 0,
  /** Of the request that was in vain last: when it left, and behind which number it ended. */
  LastNs: 1,
  LastTo: 2,
  Count: 3,
} as const;

/**
 * Whether servers answer at all. Nothing from any of them for as long as all tries of one range take: they are taken as
 * down, until one answers.
 */
export class ServerSilence {
  isDown = false;
  /** One has answered at any time. */
  hasAnswered = false;
  /** How long all tries of one range take. */
  readonly cycleNs: Nanos;
  readonly #options: RecoveryOptions;
  /** Requests since somebody answered last that were in vain. */
  #inVain = 0;
  readonly #exact = new Float64Array(Exact.Count).fill(NaN);

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.cycleNs = cycleNs(options);
  }

  /** As many requests as may be under way brought nothing: whoever was asked first is to be asked again first. */
  get isLong(): boolean {
    return this.#inVain >= this.#options.outstandingRequests;
  }

  /** When they will be taken as down; Infinity: they are, or there is no reason to. */
  get downNs(): Nanos {
    return this.isDown || this.#inVain < this.#options.tries ? Infinity : this.#exact[Exact.SinceNs]! + this.cycleNs;
  }

  onRequest(nowNs: Nanos): void {
    if (Number.isNaN(this.#exact[Exact.SinceNs]!)) this.#exact[Exact.SinceNs] = nowNs;
  }

  /**
   * Nothing came in time of the request that left at `askedNs` and ended behind `askedTo`, or of a part of it: it counts
   * once. One that left before somebody answered last says nothing of what is since.
   */
  onTimeout(askedNs: Nanos, askedTo: number): void {
    const exact = this.#exact;
    const isKnown = exact[Exact.LastNs] === askedNs && exact[Exact.LastTo] === askedTo;
    exact[Exact.LastNs] = askedNs;
    exact[Exact.LastTo] = askedTo;
    if (!isKnown && askedNs >= exact[Exact.SinceNs]!) this.#inVain++;
  }

  onAnswer(): void {
    this.isDown = false;
    this.hasAnswered = true;
    this.#inVain = 0;
    this.#exact[Exact.SinceNs] = NaN;
  }

  step(nowNs: Nanos): void {
    if (this.downNs <= nowNs) this.isDown = true;
  }
}
