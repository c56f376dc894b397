import type { Nanos } from '../../core/time.js';
import { Indicator, TRANSPORT_INDICATORS } from '../../metrics/transportIndicators.js';
import type { IndicatorSnapshot } from '../../metrics/transportSnapshot.js';

const COUNT = Indicator.Count;

/** How often each indicator of TR 101 290 was raised, when, and for which PID last. Nothing is allocated by `raise`. */
export class IndicatorCounts {
  /** By {@link Indicator}. */
  readonly counts = new Float64Array(COUNT);
  readonly #firstNs = new Float64Array(COUNT).fill(NaN);
  readonly #lastNs = new Float64Array(COUNT).fill(NaN);
  readonly #pid = new Int16Array(COUNT).fill(-1);
  /** Of priority 1 and 2, ever: who asks about a second keeps the count at its beginning. */
  severe = 0;

  /** `pid`: -1 when it concerns none. */
  raise(indicator: number, times: number, pid: number, timeNs: Nanos): void {
    if (this.counts[indicator] === 0) this.#firstNs[indicator] = timeNs;
    this.counts[indicator]! += times;
    this.#lastNs[indicator] = timeNs;
    this.#pid[indicator] = pid;
    if (indicator < Indicator.Nit) this.severe += times;
  }

  clear(): void {
    this.counts.fill(0);
    this.#firstNs.fill(NaN);
    this.#lastNs.fill(NaN);
    this.#pid.fill(-1);
    this.severe = 0;
  }

  /** `applies[i]` of indicator `i`. */
  snapshot(applies: (indicator: number) => boolean): IndicatorSnapshot[] {
    return TRANSPORT_INDICATORS.map(({ id, priority }, i) => ({
      id,
      priority,
      applies: applies(i),
      count: this.counts[i]!,
      firstMonoNs: this.#firstNs[i]!,
      lastMonoNs: this.#lastNs[i]!,
      pid: this.#pid[i]! < 0 ? null : this.#pid[i]!,
    }));
  }
}
