import type { Nanos } from '../../core/time.js';
import { Histogram } from '../../metrics/histogram.js';
import type { PcrArrivalSnapshot } from '../../metrics/transportSnapshot.js';

/** PCRs of which a line is removed: some 10 s of them, so that drift and wander are not called jitter. */
export const JITTER_BLOCK = 256;
/** Fewer than this are no block. */
export const SMALLEST_BLOCK = 16;
const LEAST_DRIFT_NS = 1e9;
const USUAL_JITTER_NS = 100e6;

/**
 * Arrival of PCRs against their values: overall jitter and drift. All packets of a datagram share its arrival, which is
 * that of its last octet; where the stream's rate is known, a PCR is given the time at which its own packet was due,
 * so that its place in the datagram is no jitter.
 */
export class PcrArrival {
  readonly #jitter = new Histogram();
  /** Of the running block: arrival, arrival less program time, ns; octets of the datagram behind the PCR's packet. */
  readonly #atNs = new Float64Array(JITTER_BLOCK);
  readonly #offNs = new Float64Array(JITTER_BLOCK);
  readonly #behind = new Float64Array(JITTER_BLOCK);
  #count = 0;
  /** Regression of `off` over `at` since the beginning: means and sums of squared differences from them. */
  #n = 0;
  #firstNs = 0;
  #lastNs = 0;
  #meanAt = 0;
  #meanOff = 0;
  #sumAtAt = 0;
  #sumAtOff = 0;
  #sumOffOff = 0;

  constructor() {
    this.#jitter.reserve(0, USUAL_JITTER_NS);
  }

  /** `programNs`: PCR, unwrapped, from an origin that stays. `nsPerOctet`: of the stream; NaN: not known. */
  add(arrivalNs: Nanos, programNs: number, octetsBehind: number, nsPerOctet: number): void {
    const off = arrivalNs - programNs;
    if (nsPerOctet === nsPerOctet) this.#regress(arrivalNs, off - octetsBehind * nsPerOctet);
    if (this.#count === JITTER_BLOCK) {
      this.#close(nsPerOctet, this.#jitter);
      this.#count = 0;
    }
    this.#atNs[this.#count] = arrivalNs;
    this.#offNs[this.#count] = off;
    this.#behind[this.#count++] = octetsBehind;
  }

  #regress(at: number, off: number): void {
    if (this.#n === 0) this.#firstNs = at;
    this.#lastNs = at;
    const n = ++this.#n;
    const byAt = at - this.#meanAt;
    this.#meanAt += byAt / n;
    const byOff = off - this.#meanOff;
    this.#meanOff += byOff / n;
    this.#sumOffOff += byOff * (off - this.#meanOff);
    this.#sumAtAt += byAt * (at - this.#meanAt);
    this.#sumAtOff += byAt * (off - this.#meanOff);
  }

  /** Records what is left of the block without its line, above its least. */
  #close(nsPerOctet: number, into: Histogram): void {
    const n = this.#count;
    if (n < SMALLEST_BLOCK) return;
    const perOctet = nsPerOctet === nsPerOctet ? nsPerOctet : 0;
    const origin = this.#atNs[0]!;
    const offOrigin = this.#offNs[0]!;
    let sx = 0;
    let sy = 0;
    let sxx = 0;
    let sxy = 0;
    for (let i = 0; i < n; i++) {
      const x = this.#atNs[i]! - origin;
      const y = this.#offNs[i]! - offOrigin - this.#behind[i]! * perOctet;
      sx += x;
      sy += y;
      sxx += x * x;
      sxy += x * y;
    }
    const determinant = n * sxx - sx * sx;
    const slope = determinant > 0 ? (n * sxy - sx * sy) / determinant : 0;
    let least = Infinity;
    for (let i = 0; i < n; i++) least = Math.min(least, this.#left(i, origin, offOrigin, perOctet, slope));
    for (let i = 0; i < n; i++) into.record(this.#left(i, origin, offOrigin, perOctet, slope) - least);
  }

  #left(i: number, origin: number, offOrigin: number, perOctet: number, slope: number): number {
    return this.#offNs[i]! - offOrigin - this.#behind[i]! * perOctet - slope * (this.#atNs[i]! - origin);
  }

  restart(): void {
    this.#jitter.clear();
    this.#count = 0;
    this.#n = 0;
    this.#meanAt = 0;
    this.#meanOff = 0;
    this.#sumAtAt = 0;
    this.#sumAtOff = 0;
    this.#sumOffOff = 0;
  }

  /** The running block counts as far as it is. */
  snapshot(nsPerOctet: number): PcrArrivalSnapshot {
    const jitter = this.#jitter.copy();
    this.#close(nsPerOctet, jitter);
    const overNs = this.#n === 0 ? 0 : this.#lastNs - this.#firstNs;
    if (!(overNs >= LEAST_DRIFT_NS && this.#sumAtAt > 0 && this.#n > 2)) {
      return { jitter, driftPpm: NaN, driftErrorPpm: NaN, overNs };
    }
    // off = arrival - program grows when the program clock is slow.
    const slope = this.#sumAtOff / this.#sumAtAt;
    const residual = Math.max(0, this.#sumOffOff - slope * this.#sumAtOff) / (this.#n - 2);
    return { jitter, driftPpm: -slope * 1e6, driftErrorPpm: 2 * Math.sqrt(residual / this.#sumAtAt) * 1e6, overNs };
  }
}
