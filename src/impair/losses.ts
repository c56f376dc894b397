import type { Random } from '../core/random.js';
import type { ImpairSpec } from './spec.js';

/** A probability as a bound for 32 random bits. */
export function threshold(probability: number): number {
  return probability * 4_294_967_296;
}

/**
 * Which datagrams get lost: by the list, at random, or by the Gilbert-Elliott model (E. N. Gilbert 1960,
 * E. O. Elliott 1963), whose state steps before each datagram and begins good. Each flow is its own.
 */
export class Losses {
  readonly #loss: number;
  readonly #toBad: number;
  readonly #toGood: number;
  readonly #lossGood: number;
  readonly #lossBad: number;
  /** First and last ordinals, ascending. */
  readonly #list: Float64Array;
  /** By flow: the next range of the list, and whether the state is bad. */
  readonly #listAt: Uint32Array;
  readonly #bad: Uint8Array;

  constructor(spec: ImpairSpec, flows: number) {
    const ge = spec.gilbertElliott;
    this.#loss = threshold(spec.loss);
    this.#toBad = threshold(ge?.p ?? 0);
    this.#toGood = threshold(ge?.r ?? 1);
    this.#lossGood = threshold(ge?.lossGood ?? 0);
    this.#lossBad = threshold(ge?.lossBad ?? 0);
    this.#list = Float64Array.from(spec.lossList.flat());
    this.#listAt = new Uint32Array(flows);
    this.#bad = new Uint8Array(flows);
  }

  /** Whether the flow's next datagram is lost. Draws three numbers whatever is asked for. Hot. */
  next(flow: number, ordinal: number, random: Random): boolean {
    const atRandom = random.int32() >>> 0 < this.#loss;
    const step = random.int32() >>> 0;
    const bad = this.#bad[flow] === 0 ? step < this.#toBad : step >= this.#toGood;
    this.#bad[flow] = bad ? 1 : 0;
    const byModel = random.int32() >>> 0 < (bad ? this.#lossBad : this.#lossGood);
    const list = this.#list;
    let at = this.#listAt[flow]!;
    while (at < list.length && list[at + 1]! < ordinal) at += 2;
    this.#listAt[flow] = at;
    return atRandom || byModel || (at < list.length && ordinal >= list[at]!);
  }
}
