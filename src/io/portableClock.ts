import type { Clock, Nanos, RunEpoch } from '../core/time.js';

/** Where {@link PortableClock} reads; replaced in tests. */
export interface ClockReadings {
  /** A monotonic clock, ns, of any origin. */
  monotonicNs(): number;
  /** Unix time in whole milliseconds, as `Date.now` gives it: rounded down. */
  realtimeMs(): number;
  /** CLOCK_MONOTONIC itself, ns: the same clock in every thread of the host. */
  absoluteMonotonicNs(): bigint;
}

const NODE: ClockReadings = {
  monotonicNs: () => performance.now() * 1e6,
  realtimeMs: () => Date.now(),
  absoluteMonotonicNs: () => process.hrtime.bigint(),
};

/** Longest time spent at the start looking at changes of the millisecond; one is enough unless others have the processor. */
const EDGE_SEARCH_NS = 50e6;
/** The distance of the clocks is known well enough, ns. */
const EDGE_FOUND_NS = 1500;

/**
 * Both clocks without native code. JavaScript reads the realtime clock only in whole milliseconds, so
 * its distance from the monotonic clock is kept as an interval: a reading of `d` ms says that the time
 * is in `[d, d + 1 ms)`. At the start it waits for the millisecond to change, which narrows the interval
 * to about a microsecond; every later reading either confirms it or, when it lies outside, shows
 * that the realtime clock was stepped. Then the interval starts again at a millisecond and narrows as
 * readings fall on both sides of later changes.
 *
 * Reads cost about 70 ns (monotonic) and 200 ns (realtime) and allocate nothing.
 */
export class PortableClock implements Clock {
  readonly epoch: RunEpoch;
  readonly #read: ClockReadings;
  /** {@link ClockReadings.monotonicNs} at the epoch. */
  readonly #originNs: number;
  /** The epoch's realtime in whole ms, and the ns beyond them: keeps every difference exact. */
  readonly #epochMs: number;
  readonly #epochRestNs: number;
  /** Bounds of realtime minus monotonic, both since the epoch, and the value used, ns. */
  #lowNs = 0;
  #highNs = 0;
  #offsetNs = 0;

  /** `epoch`: of the run, when another thread has read it; it must be of this host and boot. */
  constructor(epoch?: RunEpoch, readings: ClockReadings = NODE) {
    this.#read = readings;
    // The first calls are slow: the pair that was read within the shortest time counts.
    let windowNs = Infinity;
    let originNs = 0;
    let absoluteNs = 0n;
    for (let i = 0; i < 8; i++) {
      const before = readings.monotonicNs();
      const absolute = readings.absoluteMonotonicNs();
      const after = readings.monotonicNs();
      if (after - before >= windowNs) continue;
      windowNs = after - before;
      originNs = (before + after) / 2;
      absoluteNs = absolute;
    }
    const baseMs = readings.realtimeMs();
    // Provisional epoch: now, at a whole millisecond; the search below finds where in it.
    let lowNs = -Infinity;
    let highNs = Infinity;
    const untilNs = originNs + EDGE_SEARCH_NS;
    for (;;) {
      const m1 = readings.monotonicNs();
      const ms = readings.realtimeMs();
      const m2 = readings.monotonicNs();
      lowNs = Math.max(lowNs, (ms - baseMs) * 1e6 - (m2 - originNs));
      highNs = Math.min(highNs, (ms - baseMs + 1) * 1e6 - (m1 - originNs));
      if (lowNs > highNs) {
        // Stepped while we looked: begin again from this reading.
        lowNs = (ms - baseMs) * 1e6 - (m2 - originNs);
        highNs = (ms - baseMs + 1) * 1e6 - (m1 - originNs);
      }
      if (highNs - lowNs < EDGE_FOUND_NS || m2 > untilNs) break;
    }
    const phaseNs = Math.round((lowNs + highNs) / 2);
    if (epoch === undefined) {
      this.epoch = {
        realtimeNs: BigInt(baseMs) * 1_000_000n + BigInt(phaseNs),
        monotonicNs: absoluteNs,
        uncertaintyNs: Math.ceil((highNs - lowNs + windowNs) / 2),
      };
      this.#originNs = originNs;
    } else {
      this.epoch = epoch;
      this.#originNs = originNs - Number(absoluteNs - epoch.monotonicNs);
    }
    this.#epochMs = Number(this.epoch.realtimeNs / 1_000_000n);
    this.#epochRestNs = Number(this.epoch.realtimeNs % 1_000_000n);
    // The bounds were found against `originNs` and `baseMs`; move them to the epoch's pair.
    const shiftNs = (baseMs - this.#epochMs) * 1e6 - this.#epochRestNs - (originNs - this.#originNs);
    this.#lowNs = lowNs + shiftNs;
    this.#highNs = highNs + shiftNs;
    this.#offsetNs = phaseNs + shiftNs;
  }

  monoNs(): Nanos {
    return Math.round(this.#read.monotonicNs() - this.#originNs);
  }

  realNs(): Nanos {
    const beforeNs = this.monoNs();
    const sinceNs = (this.#read.realtimeMs() - this.#epochMs) * 1e6 - this.#epochRestNs;
    const afterNs = this.monoNs();
    const lowNs = sinceNs - afterNs;
    const highNs = sinceNs + 1e6 - beforeNs;
    if (lowNs > this.#highNs || highNs < this.#lowNs) {
      this.#lowNs = lowNs;
      this.#highNs = highNs;
    } else {
      if (lowNs > this.#lowNs) this.#lowNs = lowNs;
      if (highNs < this.#highNs) this.#highNs = highNs;
    }
    if (this.#offsetNs < this.#lowNs) this.#offsetNs = this.#lowNs;
    if (this.#offsetNs > this.#highNs) this.#offsetNs = this.#highNs;
    return Math.round(afterNs + this.#offsetNs);
  }

  /** CLOCK_REALTIME at an instant that {@link monoNs} gave just now: one reading in both domains. */
  realAtNs(monoNs: Nanos): Nanos {
    return Math.round(monoNs + this.#offsetNs);
  }

  /** How far {@link realNs} may now be from the host's realtime clock, ns. */
  get uncertaintyNs(): Nanos {
    return Math.max(this.#highNs - this.#offsetNs, this.#offsetNs - this.#lowNs);
  }
}
