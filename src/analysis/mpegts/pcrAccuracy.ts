import { Histogram } from '../../metrics/histogram.js';
import { PCR_HZ, TS_PACKET_OCTETS } from '../../wire/mpegts.js';

/** PCR_accuracy_error (TR 101 290 section 5.2.2, 2.4), ticks: 500 ns. */
const TOLERANCE = 13.5;
/** PCRs that the line is fitted to. */
const RING = 64;
/** PCRs that decide whether the rate is constant, and what the middle one of them may be off, ticks: 25 us. */
const LOCK = 16;
const LOCK_TOLERANCE = 675;
/** PCRs out of tolerance in a row after which it is decided anew. */
const MOST_PENDING = 4;

/** Further off is what no encoder makes. */
const USUAL_DEVIATION_NS = 1e6;

const NS_PER_TICK = 1e9 / PCR_HZ;

/** Mutable scratch for medians; one thread, used and left within a call. */
const scratch = new Float64Array(LOCK);

/** Median of `scratch[0 .. LOCK)` or of its first half; orders it. */
function medianOf(count: number): number {
  for (let i = 1; i < count; i++) {
    const value = scratch[i]!;
    let at = i;
    for (; at > 0 && scratch[at - 1]! > value; at--) scratch[at] = scratch[at - 1]!;
    scratch[at] = value;
  }
  return (scratch[(count - 1) >> 1]! + scratch[count >> 1]!) / 2;
}

/**
 * PCR_AC (TR 101 290 section 5.3.2): how far each PCR is from the value that its octet position demands, in a stream
 * of constant rate. Whether the rate is constant is found out: by 16 PCRs through which a line goes. From then on each
 * PCR is compared with the line through those of the last 64 that were in tolerance.
 *
 * A deviation that stays is a step: one error, and the line is moved. When four in a row are off, each by something
 * else, it is decided anew; streams of variable rate so raise nothing.
 */
export class PcrAccuracy {
  /** Magnitudes, ns. */
  readonly deviations = new Histogram();
  minNs = 0;
  maxNs = 0;
  /** Whether the last decision was that the rate is not constant. */
  isVariable = false;
  /** Whether packets may be missing that nothing tells of: then a step by whole packets is no error. */
  readonly #mayMiss: boolean;
  /** The ring, or what was collected for the decision. */
  readonly #octets = new Float64Array(RING);
  readonly #ticks = new Float64Array(RING);
  #count = 0;
  #next = 0;
  #isLocked = false;
  /** The octets between the last PCR and the next are not known. */
  #hasGap = false;
  /** ticks = #atTicks + #slope x (octets - #atOctets) */
  #slope = 0.1;
  #atOctets = 0;
  #atTicks = 0;
  readonly #pendingOctets = new Float64Array(MOST_PENDING);
  readonly #pendingTicks = new Float64Array(MOST_PENDING);
  #pending = 0;

  constructor(mayMiss: boolean) {
    this.#mayMiss = mayMiss;
    this.deviations.reserve(0, USUAL_DEVIATION_NS);
  }

  /** Ticks per octet of a constant rate; NaN: there is none (now). */
  get ticksPerOctet(): number {
    return this.#isLocked ? this.#slope : NaN;
  }

  /** What lies between the last PCR and the next is not known: lost packets, or another time base. */
  gap(): void {
    this.#hasGap = true;
    this.#pending = 0;
    if (!this.#isLocked) this.#clear();
  }

  /** Figures begin anew, what was learned stays. */
  restart(): void {
    this.deviations.clear();
    this.minNs = 0;
    this.maxNs = 0;
  }

  /** A PCR: its octet position and its value, ticks, unwrapped. Returns how many errors it brings to light. */
  add(octets: number, ticks: number): number {
    if (!this.#isLocked) {
      this.#hasGap = false;
      this.#push(octets, ticks);
      return this.#count === LOCK ? this.#decide() : 0;
    }
    const off = ticks - this.#at(octets);
    if (this.#hasGap) {
      this.#hasGap = false;
      this.#shift(off);
      this.#take(octets, ticks);
      return 0;
    }
    if (Math.abs(off) <= TOLERANCE) {
      const errors = this.#commit(this.#pending);
      this.#record(off);
      this.#take(octets, ticks);
      return errors;
    }
    const before = this.#pending === 0 ? NaN : this.#pendingOff(this.#pending - 1);
    if (Math.abs(off - before) <= TOLERANCE) {
      const errors = this.#isMissingPackets(off) ? 0 : this.#commit(this.#pending);
      this.#pending = 0;
      this.#shift(off);
      this.#take(octets, ticks);
      return errors;
    }
    this.#pendingOctets[this.#pending] = octets;
    this.#pendingTicks[this.#pending++] = ticks;
    if (this.#pending < MOST_PENDING) return 0;
    this.#clear();
    for (let i = 0; i < MOST_PENDING; i++) this.#push(this.#pendingOctets[i]!, this.#pendingTicks[i]!);
    this.#pending = 0;
    return 0;
  }

  #at(octets: number): number {
    return this.#atTicks + this.#slope * (octets - this.#atOctets);
  }

  #pendingOff(index: number): number {
    return this.#pendingTicks[index]! - this.#at(this.#pendingOctets[index]!);
  }

  #isMissingPackets(off: number): boolean {
    const packet = TS_PACKET_OCTETS * this.#slope;
    return this.#mayMiss && Math.abs(off - Math.round(off / packet) * packet) <= TOLERANCE && off > packet / 2;
  }

  #commit(count: number): number {
    for (let i = 0; i < count; i++) this.#record(this.#pendingOff(i));
    this.#pending = 0;
    return count;
  }

  #record(off: number): void {
    const ns = off * NS_PER_TICK;
    this.deviations.record(Math.abs(ns));
    if (ns < this.minNs) this.minNs = ns;
    if (ns > this.maxNs) this.maxNs = ns;
  }

  #clear(): void {
    this.#count = 0;
    this.#next = 0;
    this.#isLocked = false;
  }

  #push(octets: number, ticks: number): void {
    this.#octets[this.#next] = octets;
    this.#ticks[this.#next] = ticks;
    this.#next = (this.#next + 1) % RING;
    if (this.#count < RING) this.#count++;
  }

  #take(octets: number, ticks: number): void {
    this.#push(octets, ticks);
    this.#fit(octets, ticks);
  }

  #shift(off: number): void {
    for (let i = 0; i < this.#count; i++) this.#ticks[i]! += off;
    this.#atTicks += off;
  }

  /** Least squares through the ring, relative to a point near it so that nothing cancels. */
  #fit(octets: number, ticks: number): void {
    const n = this.#count;
    let sx = 0;
    let sy = 0;
    let sxx = 0;
    let sxy = 0;
    for (let i = 0; i < n; i++) {
      const x = this.#octets[i]! - octets;
      const y = this.#ticks[i]! - ticks;
      sx += x;
      sy += y;
      sxx += x * x;
      sxy += x * y;
    }
    const determinant = n * sxx - sx * sx;
    if (determinant > 0) this.#slope = (n * sxy - sx * sy) / determinant;
    this.#atOctets = octets;
    this.#atTicks = ticks + (sy - this.#slope * sx) / n;
  }

  /** Whether a line goes through the PCRs that were collected: robust, so that a few bad ones do not bend it. */
  #decide(): number {
    const octets = this.#octets;
    const ticks = this.#ticks;
    const half = LOCK / 2;
    for (let i = 0; i < half; i++) {
      scratch[i] = (ticks[i + half]! - ticks[i]!) / Math.max(1, octets[i + half]! - octets[i]!);
    }
    this.#slope = medianOf(half);
    this.#atOctets = octets[0]!;
    this.#atTicks = 0;
    for (let i = 0; i < LOCK; i++) scratch[i] = ticks[i]! - this.#at(octets[i]!);
    this.#atTicks = medianOf(LOCK);
    for (let i = 0; i < LOCK; i++) scratch[i] = Math.abs(ticks[i]! - this.#at(octets[i]!));
    this.isVariable = medianOf(LOCK) > LOCK_TOLERANCE;
    if (this.isVariable) {
      this.#clear();
      return 0;
    }
    this.#isLocked = true;
    return this.#judgeCollected();
  }

  /** The collected ones against the line through those near the robust one; these stay in the ring. */
  #judgeCollected(): number {
    const octets = this.#octets;
    const ticks = this.#ticks;
    const collectedOctets = octets.slice(0, LOCK);
    const collectedTicks = ticks.slice(0, LOCK);
    this.#count = 0;
    this.#next = 0;
    for (let i = 0; i < LOCK; i++) {
      const isNear = Math.abs(collectedTicks[i]! - this.#at(collectedOctets[i]!)) <= TOLERANCE;
      if (isNear) this.#push(collectedOctets[i]!, collectedTicks[i]!);
    }
    if (this.#count < LOCK / 2) {
      this.#count = 0;
      this.#next = 0;
      for (let i = 0; i < LOCK; i++) this.#push(collectedOctets[i]!, collectedTicks[i]!);
    }
    this.#fit(octets[this.#count - 1]!, ticks[this.#count - 1]!);
    let errors = 0;
    for (let i = 0; i < LOCK; i++) {
      const off = collectedTicks[i]! - this.#at(collectedOctets[i]!);
      this.#record(off);
      if (Math.abs(off) > TOLERANCE) errors++;
    }
    return errors;
  }
}
