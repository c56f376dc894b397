import type { Nanos } from '../core/time.js';
import { Histogram } from '../metrics/histogram.js';
import type { StreamHistogramId } from '../metrics/snapshot.js';
import type { EarlyDelays } from './earlyDelays.js';

/** A delay is hardly ever this much less than the least of the first ones. */
const LESS_NS = 1000;
/** Within a network, and between datagrams of a stream. */
const USUAL_DELAY_NS = 10e6;
const USUAL_INTERARRIVAL_NS = 100e6;

/**
 * One-way delays are recorded relative to the least of the first ones ({@link EarlyDelays}). Between clocks that are far apart a delay is
 * large and its variation small: this way the buckets are as fine as the variation, and both the delay
 * (RFC 7679) and the PDV (RFC 5481 section 4.2, delay minus minimum) are this histogram, shifted.
 */
export class HistogramSet {
  /** Of the present interval; goes into {@link delay} when the interval closes. */
  readonly intervalDelay = new Histogram();
  readonly delay = new Histogram();
  readonly interarrival = new Histogram();
  readonly ipdv = new Histogram();
  readonly wakeup = new Histogram();

  /** One that has the memory of what values usually are. */
  static reserved(): HistogramSet {
    const made = new HistogramSet();
    for (const one of [made.intervalDelay, made.delay]) one.reserve(-LESS_NS, USUAL_DELAY_NS);
    made.ipdv.reserve(-USUAL_DELAY_NS, USUAL_DELAY_NS);
    made.wakeup.reserve(0, USUAL_DELAY_NS);
    made.interarrival.reserve(0, USUAL_INTERARRIVAL_NS);
    return made;
  }

  add(other: HistogramSet): void {
    this.intervalDelay.add(other.intervalDelay);
    this.delay.add(other.delay);
    this.interarrival.add(other.interarrival);
    this.ipdv.add(other.ipdv);
    this.wakeup.add(other.wakeup);
  }

  /**
   * As they are in a result. `anchorNs`: what delays are recorded relative to. `withPdv`: they are of one stream. `early`:
   * all delays, where none is recorded yet.
   */
  copies(anchorNs: Nanos, withPdv: boolean, early: EarlyDelays | null = null): Record<StreamHistogramId, Histogram> {
    const [delay, pdv] = early === null ? this.#delays(anchorNs, withPdv) : early.histograms();
    return {
      one_way_delay_ns: delay,
      interarrival_ns: this.interarrival.copy(),
      ipdv_ns: this.ipdv.copy(),
      pdv_ns: pdv,
      wakeup_delay_ns: this.wakeup.copy(),
    };
  }

  #delays(anchorNs: Nanos, withPdv: boolean): [delay: Histogram, pdv: Histogram] {
    const delay = this.delay.copy();
    delay.add(this.intervalDelay);
    const { min } = delay;
    if (min === null) return [delay, new Histogram()];
    return [delay.shifted(anchorNs), withPdv ? delay.shifted(-min) : new Histogram()];
  }

  clear(): void {
    for (const one of [this.intervalDelay, this.delay, this.interarrival, this.ipdv, this.wakeup]) one.clear();
  }
}
