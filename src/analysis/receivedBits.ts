/**
 * Which of the latest numbers were received: one bit per number, `size` numbers in a ring. A number
 * may be any integer a float64 holds exactly, negative ones too. The caller knows which `size`
 * consecutive numbers are valid at the moment; ranges handed in are within those.
 */
export class ReceivedBits {
  readonly #words: Int32Array;
  readonly #mask: number;

  /** `size`: a power of two, at least 32. */
  constructor(size: number) {
    this.#words = new Int32Array(size / 32);
    this.#mask = size - 1;
  }

  has(number: number): boolean {
    const at = number & this.#mask;
    return ((this.#words[at >>> 5]! >>> (at & 31)) & 1) === 1;
  }

  add(number: number): void {
    const at = number & this.#mask;
    this.#words[at >>> 5]! |= 1 << (at & 31);
  }

  /** Writes `[from, to)`, word by word. */
  fill(from: number, to: number, received: boolean): void {
    let left = to - from;
    let at = from & this.#mask;
    while (left > 0) {
      const bit = at & 31;
      const bits = Math.min(32 - bit, left);
      const ones = (bits === 32 ? -1 : (1 << bits) - 1) << bit;
      if (received) this.#words[at >>> 5]! |= ones;
      else this.#words[at >>> 5]! &= ~ones;
      left -= bits;
      at = (at + bits) & this.#mask;
    }
  }

  /** First number of `[from, to)` that was received (or was not); `to` when there is none. */
  next(from: number, to: number, received: boolean): number {
    let left = to - from;
    let at = from & this.#mask;
    while (left > 0) {
      const bit = at & 31;
      const bits = Math.min(32 - bit, left);
      const word = this.#words[at >>> 5]!;
      const wanted = (received ? word : ~word) >>> bit;
      if (wanted !== 0) {
        // Beyond `bits` lie numbers that are not asked for, and then the range is at its end.
        return Math.min(to, to - left + 31 - Math.clz32(wanted & -wanted));
      }
      left -= bits;
      at = (at + bits) & this.#mask;
    }
    return to;
  }
}
