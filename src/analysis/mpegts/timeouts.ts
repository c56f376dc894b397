import type { Nanos } from '../../core/time.js';
import type { IndicatorCounts } from './indicatorCounts.js';

/** Something that has to occur again within `limitNs`. */
export interface Timeout {
  readonly indicator: number;
  readonly pid: number;
  readonly limitNs: Nanos;
  /** Last occurrence, or where the time last ran out; NaN: nothing is expected yet. */
  anchorNs: Nanos;
}

/** How often a limit has run out in full by now: 0 at the limit itself. */
export function fullTimeouts(elapsedNs: Nanos, limitNs: Nanos): number {
  return elapsedNs > limitNs ? Math.ceil(elapsedNs / limitNs) - 1 : 0;
}

/** The tables' time-outs. Each full one counts once, whenever it is looked at: when time passes, or at the occurrence. */
export class Timeouts {
  readonly #counts: IndicatorCounts;
  #all: Timeout[] = [];

  constructor(counts: IndicatorCounts) {
    this.#counts = counts;
  }

  /** `nowNs`: it is expected from now on; NaN: only once it occurred. */
  add(indicator: number, pid: number, limitNs: Nanos, nowNs: Nanos): Timeout {
    const timeout = { indicator, pid, limitNs, anchorNs: nowNs };
    this.#all.push(timeout);
    return timeout;
  }

  remove(timeout: Timeout): void {
    this.#all = this.#all.filter((one) => one !== timeout);
  }

  occurs(timeout: Timeout, nowNs: Nanos): void {
    this.#check(timeout, nowNs);
    timeout.anchorNs = nowNs;
  }

  check(nowNs: Nanos): void {
    for (let i = 0; i < this.#all.length; i++) this.#check(this.#all[i]!, nowNs);
  }

  #check(timeout: Timeout, nowNs: Nanos): void {
    const times = fullTimeouts(nowNs - timeout.anchorNs, timeout.limitNs);
    if (times === 0) return;
    timeout.anchorNs += times * timeout.limitNs;
    this.#counts.raise(timeout.indicator, times, timeout.pid, nowNs);
  }

  /** Those that run begin anew. */
  resynchronise(nowNs: Nanos): void {
    for (const timeout of this.#all) if (timeout.anchorNs === timeout.anchorNs) timeout.anchorNs = nowNs;
  }
}
