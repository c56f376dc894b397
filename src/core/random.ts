/**
 * Seeded pseudo-random numbers: sfc32 (C. Doty-Humphrey, PractRand), 128 bits of state, period at
 * least 2^32. The same seed gives the same numbers on every machine; every seed is in the result.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed`: any integer of 0 .. 2^53. `stream` separates independent users of one seed. */
  constructor(seed: number, stream = 0) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 4_294_967_296) | 0;
    this.#c = stream | 0;
    for (let i = 0; i < 15; i++) this.uint32();
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** The same number, signed: half of the unsigned ones cost an object where this is not inlined. */
  int32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result;
  }

  /** Uniform in [0, 1), 53 bits. */
  unit(): number {
    return ((this.uint32() >>> 5) * 67_108_864 + (this.uint32() >>> 6)) / 9_007_199_254_740_992;
  }

  /** Exponentially distributed with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit());
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.unit() * bound);
  }
}
