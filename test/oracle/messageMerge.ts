/** Datagrams that cover ranges of messages, merged by the definition: all that waits is looked at each time. */

export interface Put {
  readonly number: number;
  readonly span: number;
  readonly timeNs: number;
}

export class MergeTruth {
  /** What became of each number from the first one on, in order. */
  readonly released: number[] = [];
  readonly givenUp: number[] = [];
  held: Put[] = [];
  next = NaN;
  announced = -Infinity;
  readonly #holdNs: number;
  readonly #most: number;

  constructor(holdNs: number, most: number) {
    this.#holdNs = holdNs;
    this.#most = most;
  }

  put(one: Put): void {
    if (Number.isNaN(this.next)) this.next = one.number;
    const end = one.number + one.span;
    if (end <= this.next) return;
    if (one.number <= this.next) {
      this.#release(end);
      this.#follow();
      return;
    }
    if (this.held.some(({ number, span }) => number === one.number && span >= one.span)) return;
    if (this.held.length < this.#most) {
      this.held.push(one);
      return;
    }
    // One too many: the gap before the lowest of all is given up.
    this.#giveUp(Math.min(one.number, ...this.held.map(({ number }) => number)));
    this.#follow();
    this.put(one);
  }

  announce(next: number): void {
    if (Number.isNaN(this.next)) this.next = next;
    this.announced = Math.max(this.announced, next);
  }

  onTime(nowNs: number): void {
    while (this.held.some(({ timeNs }) => timeNs + this.#holdNs <= nowNs)) this.#giveUpFirstGap();
  }

  giveUpTo(number: number): void {
    while (this.held.some((one) => one.number < number)) this.#giveUpFirstGap();
    this.#giveUp(number);
    this.#follow();
  }

  finish(): void {
    while (this.held.length > 0) this.#giveUpFirstGap();
    this.#giveUp(this.announced);
  }

  #giveUpFirstGap(): void {
    this.#giveUp(Math.min(...this.held.map(({ number }) => number)));
    this.#follow();
  }

  #giveUp(end: number): void {
    while (this.next < end) this.givenUp.push(this.next++);
  }

  #release(end: number): void {
    while (this.next < end) this.released.push(this.next++);
  }

  /** Releases what goes on from here, and forgets what is behind. */
  #follow(): void {
    for (;;) {
      const one = this.held.find(({ number }) => number <= this.next);
      if (one === undefined) return;
      this.held = this.held.filter((other) => other !== one);
      this.#release(one.number + one.span);
    }
  }
}
