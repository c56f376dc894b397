import type { Nanos } from '../core/time.js';
import { cycleNs, type RecoveryOptions } from './recoveryOptions.js';

/** Positions in the array of exact figures. */
const SINCE_NS = 0;

/**
 * Whether servers answer at all. Nothing from any of them for as long as all tries of one range take: they are taken as
 * down, until one answers.
 */
export class ServerSilence {
  isDown = false;
  /** How long all tries of one range take. */
  readonly cycleNs: Nanos;
  readonly #options: RecoveryOptions;
  /** Requests in vain since somebody answered last, and when the first one left since; NaN: none has. */
  #inVain = 0;
  readonly #exact = new Float64Array([NaN]);

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
    return this.isDown || this.#inVain < this.#options.tries ? Infinity : this.#exact[SINCE_NS]! + this.cycleNs;
  }

  onRequest(nowNs: Nanos): void {
    if (Number.isNaN(this.#exact[SINCE_NS]!)) this.#exact[SINCE_NS] = nowNs;
  }

  onTimeout(): void {
    this.#inVain++;
  }

  onAnswer(): void {
    this.isDown = false;
    this.#inVain = 0;
    this.#exact[SINCE_NS] = NaN;
  }

  step(nowNs: Nanos): void {
    if (this.downNs <= nowNs) this.isDown = true;
  }
}
