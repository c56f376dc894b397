/** Ranges of numbers in the order in which they were told: the first `capacity` of them, and how many there were. */
export class RangeList {
  /** The first `length` are valid: first number, the one behind the last, and the session that numbered them. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly session: Uint32Array;
  length = 0;
  /** Numbers in all ranges told. */
  readonly #numbers = new Float64Array(1);
  /** Numbers of ranges for which there was no room. */
  readonly #unlisted = new Float64Array(1);

  constructor(capacity: number) {
    this.from = new Float64Array(capacity);
    this.to = new Float64Array(capacity);
    this.session = new Uint32Array(capacity);
  }

  get numbers(): number {
    return this.#numbers[0]!;
  }

  get unlisted(): number {
    return this.#unlisted[0]!;
  }

  /** Adds `from .. to`, the end excluded. One that adjoins the last one makes it longer. */
  add(from: number, to: number, session: number): void {
    this.#numbers[0]! += to - from;
    const last = this.length - 1;
    if (last >= 0 && this.unlisted === 0 && this.to[last] === from && this.session[last] === session) {
      this.to[last] = to;
    } else if (this.length < this.from.length) {
      this.from[this.length] = from;
      this.to[this.length] = to;
      this.session[this.length] = session;
      this.length++;
    } else {
      this.#unlisted[0]! += to - from;
    }
  }
}
