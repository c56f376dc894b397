import type { Nanos } from '../core/time.js';

/**
 * Heartbeats and ends of both lines of a feed -> each once, behind what they announce. Lines carry the same ones, so the
 * n-th that either line brings with a number is the same as the other's n-th.
 */
export class MarkerMerge {
  /** What goes on, after `true`: an end or a heartbeat, with the number that is next. */
  isEnd = false;
  number = NaN;
  readonly #holdNs: Nanos;
  /** The highest number that was announced, when it first was, and with an end. */
  #next = -Infinity;
  #sinceNs: Nanos = -Infinity;
  #hasEnd = false;
  /** Heard with that number on each line, and gone on. */
  readonly #heard = new Uint32Array(2);
  #passed = 0;
  /** The end waits for what is missing before it. */
  #endWaits = false;

  /** `holdNs`: how long what is missing may still come. */
  constructor(holdNs: Nanos) {
    this.#holdNs = holdNs;
  }

  /** A line says that `next` is next, and of an end that nothing is; whether that goes on. All below `handedOn` has. */
  put(isEnd: boolean, next: number, handedOn: number, timeNs: Nanos, leg: 0 | 1): boolean {
    // Of a line that is behind.
    if (next < handedOn || next < this.#next || (this.#hasEnd && !isEnd && next === this.#next)) return false;
    if (next > this.#next || isEnd !== this.#hasEnd) {
      if (next > this.#next) this.#sinceNs = timeNs;
      this.#next = next;
      this.#hasEnd = isEnd;
      this.#endWaits = false;
      this.#heard.fill(0);
      this.#passed = 0;
    }
    this.#heard[leg]!++;
    if (this.#heard[leg]! <= this.#passed) return false;
    if (next > handedOn && timeNs - this.#sinceNs < this.#holdNs) {
      // An end would end it for whoever listens; a heartbeat is still true of what has gone on.
      this.#endWaits = isEnd;
      return isEnd ? false : this.#pass(handedOn);
    }
    return this.#pass(next);
  }

  /** Whether an end that waited goes on now. */
  onTime(nowNs: Nanos, handedOn: number): boolean {
    if (!this.#endWaits || (this.#next > handedOn && nowNs - this.#sinceNs < this.#holdNs)) return false;
    return this.#pass(this.#next);
  }

  #pass(number: number): boolean {
    this.#passed++;
    this.#endWaits = false;
    this.isEnd = this.#hasEnd;
    this.number = number;
    return true;
  }
}
