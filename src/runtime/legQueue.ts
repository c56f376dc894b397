import type { Nanos } from '../core/time.js';

/**
 * Arrivals of two legs, which are read from two sockets one after the other, in the order of their receive stamps. Holds
 * the newest `capacity` of each leg; older ones that were not taken are dropped and counted.
 */
export class LegQueue {
  /** What {@link next} found. */
  leg: 0 | 1 = 0;
  number = 0;
  timeNs: Nanos = 0;
  dropped = 0;
  readonly #mask: number;
  readonly #number: readonly [Float64Array, Float64Array];
  readonly #timeNs: readonly [Float64Array, Float64Array];
  readonly #head = new Float64Array(2);
  readonly #tail = new Float64Array(2);

  /** `capacity`: a power of two. */
  constructor(capacity: number) {
    this.#mask = capacity - 1;
    this.#number = [new Float64Array(capacity), new Float64Array(capacity)];
    this.#timeNs = [new Float64Array(capacity), new Float64Array(capacity)];
  }

  /** In order of arrival on its leg. Hot. */
  push(leg: 0 | 1, number: number, timeNs: Nanos): void {
    const tail = this.#tail[leg]!;
    if (tail - this.#head[leg]! > this.#mask) {
      this.#head[leg]!++;
      this.dropped++;
    }
    this.#number[leg][tail & this.#mask] = number;
    this.#timeNs[leg][tail & this.#mask] = timeNs;
    this.#tail[leg] = tail + 1;
  }

  /** Takes the earlier one of both heads that came before `beforeNs`; false: there is none. */
  next(beforeNs: Nanos): boolean {
    const a = this.#headNs(0);
    const b = this.#headNs(1);
    const leg = a <= b ? 0 : 1;
    const timeNs = Math.min(a, b);
    if (timeNs === Infinity || timeNs >= beforeNs) return false;
    const head = this.#head[leg]!;
    this.leg = leg;
    this.number = this.#number[leg][head & this.#mask]!;
    this.timeNs = timeNs;
    this.#head[leg] = head + 1;
    return true;
  }

  /** Stamp of what is next on the leg; Infinity: nothing is. */
  #headNs(leg: 0 | 1): Nanos {
    const head = this.#head[leg]!;
    return head === this.#tail[leg] ? Infinity : this.#timeNs[leg][head & this.#mask]!;
  }
}
