import type { Nanos } from '../core/time.js';

/** Datagrams of both lines that wait to be put in order: what a line's queue holds, less what comes while none are taken. */
const MOST_WAITING = 4096;

/** How far a capture has been read, after a step. */
interface Step {
  readonly nowNs: Nanos;
  readonly datagrams: number;
}

/**
 * Up to when both lines of a capture have surely been read, so that who was first is known: the file may be written socket
 * by socket, as far as one of them had filled up meanwhile. As much as there is room for: what finds none would be lost.
 */
export class LinesHorizon {
  readonly #disorderNs: Nanos;
  readonly #steps: Step[] = [];
  #beforeNs: Nanos = -Infinity;

  constructor(disorderNs: Nanos) {
    this.#disorderNs = disorderNs;
  }

  /** Read up to `nowNs`, so many datagrams in all. */
  beforeNs(nowNs: Nanos, datagrams: number): Nanos {
    const steps = this.#steps;
    steps.push({ nowNs, datagrams });
    while (
      steps.length > 0 &&
      (steps[0]!.nowNs <= nowNs - this.#disorderNs || datagrams - steps[0]!.datagrams > MOST_WAITING)
    ) {
      this.#beforeNs = steps.shift()!.nowNs;
    }
    return this.#beforeNs;
  }
}
