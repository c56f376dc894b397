import type { Nanos, RunEpoch } from '../core/time.js';
import { compareClocks, sampleClocks, type ClockSample } from '../io/clocks.js';

/** Realtime moving against monotonic time by more than this between two samples is a step. */
const STEP_NS = 50e3;
/** Below this the reading errors are larger than any rate that a time daemon applies. */
const SLEW_SPAN_NS = 1e9;

export interface ClockStep {
  /** When it was noticed, CLOCK_MONOTONIC since the epoch, ns. */
  readonly atMonoNs: Nanos;
  readonly byNs: Nanos;
}

/** Notices steps and slews of the host's clocks over a run. Sampled every second by the run. */
export class ClockWatch {
  readonly steps: ClockStep[] = [];
  readonly #sample: () => ClockSample;
  readonly #first: ClockSample;
  #last: ClockSample;

  constructor(epoch: RunEpoch, sample: () => ClockSample = () => sampleClocks(epoch)) {
    this.#sample = sample;
    this.#first = this.#last = sample();
  }

  /** Samples the clocks; returns the step since the last sample, or `null`. */
  sample(): ClockStep | null {
    const before = this.#last;
    this.#last = this.#sample();
    const { stepNs } = compareClocks(before, this.#last);
    if (Math.abs(stepNs) <= STEP_NS) return null;
    const step = { atMonoNs: this.#last.monoNs, byNs: stepNs };
    this.steps.push(step);
    return step;
  }

  /** Rate of the disciplined clocks against the oscillator over the run, ppm; `null`: not measurable. */
  get slewPpm(): number | null {
    if (this.#last.monoNs - this.#first.monoNs < SLEW_SPAN_NS) return null;
    return compareClocks(this.#first, this.#last).slewPpm;
  }
}
