import { SlotFlag, type ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import type { InjectSpec } from '../profile/plan.js';

const SECOND_NS = 1e9;

/** `--inject` at a receiver: deliberate faults of the instrument, so that its judgement of itself can be tested. */
export class Inject {
  readonly #spec: InjectSpec;
  readonly #monoNs: () => Nanos;
  readonly #startMonoNs: Nanos;
  #nextStallNs: Nanos;

  constructor(spec: InjectSpec, monoNs: () => Nanos) {
    this.#spec = spec;
    this.#monoNs = monoNs;
    this.#startMonoNs = monoNs();
    this.#nextStallNs = spec.stall === null ? Infinity : this.#startMonoNs + spec.stall.everyS * SECOND_NS;
  }

  /** What the injected realtime clock differs by at `monoNs`, ns. */
  clockErrorNs(monoNs: Nanos): Nanos {
    const { clockOffsetNs, clockDriftPpm, clockStep } = this.#spec;
    const sinceNs = monoNs - this.#startMonoNs;
    const stepNs = clockStep !== null && sinceNs >= clockStep.atS * SECOND_NS ? clockStep.byNs : 0;
    return clockOffsetNs + Math.round((sinceNs * clockDriftPpm) / 1e6) + stepNs;
  }

  /** Takes stamps away, and bends the clock that those of the batch were read from. */
  bend(batch: ReceiveBatch): void {
    const { timeRealNs, flags, count, readClock } = batch;
    if (this.#spec.noStamp) {
      const stamps = SlotFlag.TimeKernel | SlotFlag.TimeHardware;
      for (let i = 0; i < count; i++) {
        timeRealNs[i] = readClock[0]!;
        flags[i] = (flags[i]! & ~stamps) | SlotFlag.TimeUser;
      }
    }
    const errorNs = this.clockErrorNs(readClock[1]!);
    if (errorNs === 0) return;
    for (let i = 0; i < count; i++) timeRealNs[i]! += errorNs;
    readClock[0]! += errorNs;
  }

  /** Spends the time that a slower program would have spent on so many datagrams. */
  delay(datagrams: number): void {
    const { slowUs, stall } = this.#spec;
    let untilNs = this.#monoNs();
    if (untilNs >= this.#nextStallNs) {
      this.#nextStallNs += stall!.everyS * SECOND_NS;
      untilNs += stall!.forMs * 1e6;
    }
    untilNs += datagrams * slowUs * 1e3;
    while (this.#monoNs() < untilNs);
  }
}
