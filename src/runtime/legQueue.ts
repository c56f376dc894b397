import type { Nanos } from '../core/time.js';

/**
 * Arrivals of two legs, which are read from two sockets one after the other, in the order of their receive stamps. Holds
 * the newest `capacity` of each leg; older ones that were not taken are dropped and counted.
 */
export class LegQueue {
  /** What {@link next} found. */
  leg: 0 | 1 = 0;
  number = 0;
  span = 0;
  /** [0]. A typed array: a double that is handed on costs an object. */
  readonly timeNs = new Float64Array(1);
  dropped = 0;
  readonly #mask: number;
  readonly #number: readonly [Float64Array, Float64Array];
  readonly #span: readonly [Uint32Array, Uint32Array];
  readonly #timeNs: readonly [Float64Array, Float64Array];
  /** Stamp of what is next on each leg; Infinity: nothing is. */
  readonly #headsNs = new Float64Array(2);
  readonly #head = new Float64Array(2);
  readonly #tail = new Float64Array(2);

  /** `capacity`: a power of two. */
  constructor(capacity: number) {
    this.#mask = capacity - 1;
    this.#number = [new Float64Array(capacity), new Float64Array(capacity)];
    this.#span = [new Uint32Array(capacity), new Uint32Array(capacity)];
    this.#timeNs = [new Float64Array(capacity), new Float64Array(capacity)];
  }

  /** Numbers `number .. number + span`, in order of arrival on their leg; span 0: none, `number` is the next. Hot. */
  push(leg: 0 | 1, number: number, span: number, timeNs: Nanos): void {
    const tail = this.#tail[leg]!;
    if (tail - this.#head[leg]! > this.#mask) {
      this.#head[leg]!++;
      this.dropped++;
    }
    this.#number[leg][tail & this.#mask] = number;
    this.#span[leg][tail & this.#mask] = span;
    this.#timeNs[leg][tail & this.#mask] = timeNs;
    this.#tail[leg] = tail + 1;
  }

  /** Takes the earlier one of both heads that came before `beforeNs`; false: there is none. */
  next(beforeNs: Nanos): boolean {
    const headsNs = this.#headsNs;
    for (let leg = 0; leg < 2; leg++) {
      const head = this.#head[leg]!;
      headsNs[leg] = head === this.#tail[leg] ? Infinity : this.#timeNs[leg]![head & this.#mask]!;
    }
    const leg = headsNs[0]! <= headsNs[1]! ? 0 : 1;
    if (headsNs[leg] === Infinity || headsNs[leg]! >= beforeNs) return false;
    const head = this.#head[leg]!;
    this.leg = leg;
    this.number = this.#number[leg][head & this.#mask]!;
    this.span = this.#span[leg][head & this.#mask]!;
    this.timeNs[0] = headsNs[leg]!;
    this.#head[leg] = head + 1;
    return true;
  }
}
