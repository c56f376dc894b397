import type { Nanos } from '../core/time.js';

/** What a datagram was to whoever takes the first copy from either leg. */
export const Verdict = {
  /** All its numbers are new: take it. */
  New: 0,
  /** Some are. */
  PartlyNew: 1,
  /** All were taken before. */
  Duplicate: 2,
  /** None is new, and at least one is behind the window. */
  Late: 3,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

export const Leg = { A: 0, B: 1 } as const;
export type Leg = (typeof Leg)[keyof typeof Leg];

/** What one leg did, in numbers of the sequence. */
export interface LegCounters {
  /** Heard on this leg within the window, first copies. */
  received: number;
  /** Of those, the ones that came before the other leg's copy, or without one. */
  wins: number;
  /** Further copies on the same leg. */
  duplicates: number;
  /** Decided: not heard on this leg, while the other had it. */
  lost: number;
  /** Behind the window: copies of numbers that were decided before. */
  late: number;
}

export interface ArbiterOptions {
  /** How many numbers stay open, a power of two up to 2^20. */
  readonly windowPackets: number;
  /** How long a number stays open after the sequence reached it. */
  readonly windowNs: Nanos;
  /** Room for skews between two drains. */
  readonly skewCapacity?: number;
}

const NOW = 0;
const HEARD_A = 1;
const HEARD_B = 2;
const HEARD_BOTH = HEARD_A | HEARD_B;

/**
 * Arbitration of two legs that carry the same sequence: SMPTE ST 2022-7, or the A and B lines of a feed whose datagrams
 * cover ranges of messages. The first copy offered is taken. Offer in the order of the receive stamps of both legs.
 *
 * A number is open from when the sequence reaches it until `windowPackets` further numbers or `windowNs` have passed;
 * then it is decided, once: heard on A only, on B only, on both, or on neither. So always
 *
 *     decided + open   = highest number + 1 - first number
 *     decided          = onlyA + onlyB + both + neither,  lost of A = onlyB,  lost of B = onlyA
 *     received of A    = onlyA + both, open ones that A had included; of B likewise
 *
 * The first number is the first that is offered, unless {@link begin} named one; lower ones are late.
 */
export class Arbiter {
  readonly windowPackets: number;
  readonly windowNs: Nanos;
  readonly legs: readonly [LegCounters, LegCounters] = [emptyLeg(), emptyLeg()];
  /** Decided numbers by where they were heard. */
  onlyA = 0;
  onlyB = 0;
  both = 0;
  neither = 0;
  /**
   * Time on B minus time on A of numbers heard on both, ns, in order of the second copy: the first `skews` are valid.
   * The caller takes them and sets `skews` to 0; those without room are counted in `skewsDropped`.
   */
  readonly skewNs: Float64Array;
  skews = 0;
  skewsDropped = 0;
  /** [0]: when what is taken next came, monotonic, ns. A typed array: a double as an argument costs an object. */
  readonly arrivedNs = new Float64Array(1);

  readonly #mask: number;
  /** By number modulo the window: where it was heard, when first, and when the sequence reached it. */
  readonly #heard: Uint8Array;
  readonly #firstNs: Float64Array;
  readonly #reachedNs: Float64Array;
  #begun = false;
  /** Open numbers are `#decidedTo .. #high`, the end excluded. */
  #decidedTo = 0;
  #high = 0;
  /** [NOW]: the latest time heard of. */
  readonly #times = Float64Array.of(-Infinity);

  constructor(options: ArbiterOptions) {
    const { windowPackets } = options;
    const isPowerOfTwo =
      Number.isInteger(windowPackets) && windowPackets >= 1 && (windowPackets & (windowPackets - 1)) === 0;
    if (!isPowerOfTwo || windowPackets > 2 ** 20) {
      throw new Error(`a window of ${windowPackets} numbers`);
    }
    this.windowPackets = windowPackets;
    this.windowNs = options.windowNs;
    this.skewNs = new Float64Array(options.skewCapacity ?? 4096);
    this.#mask = windowPackets - 1;
    this.#heard = new Uint8Array(windowPackets);
    this.#firstNs = new Float64Array(windowPackets);
    this.#reachedNs = new Float64Array(windowPackets);
  }

  /** Numbers that are not decided yet. */
  get open(): number {
    return this.#high - this.#decidedTo;
  }

  /** Of these, how many the leg brought. */
  openOn(leg: Leg): number {
    const bit = leg === Leg.A ? HEARD_A : HEARD_B;
    let heard = 0;
    for (let n = this.#decidedTo; n < this.#high; n++) if ((this.#heard[n & this.#mask]! & bit) !== 0) heard++;
    return heard;
  }

  get decided(): number {
    return this.onlyA + this.onlyB + this.both + this.neither;
  }

  /** The sequence begins at `sequence`: counts from the first offer on, later calls mean nothing. */
  begin(sequence: number): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#decidedTo = sequence;
    this.#high = sequence;
  }

  /** A datagram of `leg` covers `sequence .. sequence + span` (the end excluded), `span` 1 .. 65536. */
  offer(leg: Leg, sequence: number, span: number, timeMonoNs: Nanos): Verdict {
    this.arrivedNs[0] = timeMonoNs;
    return this.take(leg, sequence, span);
  }

  /** As {@link offer}, of what came at `arrivedNs`. Hot. */
  take(leg: Leg, sequence: number, span: number): Verdict {
    const timeMonoNs = this.arrivedNs[0]!;
    this.begin(sequence);
    if (timeMonoNs > this.#times[NOW]!) this.#times[NOW] = timeMonoNs;
    this.#advance();
    const counters = this.legs[leg];
    const bit = leg === Leg.A ? HEARD_A : HEARD_B;
    const heard = this.#heard;
    const end = sequence + span;
    let fresh = 0;
    let late = 0;
    for (let n = sequence; n < end; n++) {
      if (n >= this.#high) this.#reach(n + 1);
      else if (n < this.#decidedTo) {
        late++;
        continue;
      }
      const slot = n & this.#mask;
      const before = heard[slot]!;
      if ((before & bit) !== 0) {
        counters.duplicates++;
        continue;
      }
      heard[slot] = before | bit;
      counters.received++;
      if (before === 0) {
        counters.wins++;
        this.#firstNs[slot] = timeMonoNs;
        fresh++;
      } else {
        const firstNs = this.#firstNs[slot]!;
        if (this.skews === this.skewNs.length) this.skewsDropped++;
        else this.skewNs[this.skews++] = leg === Leg.B ? timeMonoNs - firstNs : firstNs - timeMonoNs;
      }
    }
    counters.late += late;
    if (fresh > 0) return fresh === span ? Verdict.New : Verdict.PartlyNew;
    return late > 0 ? Verdict.Late : Verdict.Duplicate;
  }

  /** A leg says that `next` is the next number, as heartbeats and end markers do: those below it were sent. */
  announce(next: number, timeMonoNs: Nanos): void {
    this.begin(next);
    this.advance(timeMonoNs);
    if (next > this.#high) this.#reach(next);
  }

  /** Time passes: decides what was reached `windowNs` ago. */
  advance(nowMonoNs: Nanos): void {
    if (nowMonoNs > this.#times[NOW]!) this.#times[NOW] = nowMonoNs;
    this.#advance();
  }

  #advance(): void {
    const until = this.#times[NOW]! - this.windowNs;
    // Later numbers are never reached earlier.
    while (this.#decidedTo < this.#high && this.#reachedNs[this.#decidedTo & this.#mask]! <= until) this.#decide();
  }

  /** Nothing more will come: decides what is open. */
  close(): void {
    while (this.#decidedTo < this.#high) this.#decide();
  }

  /** The sequence now ends at `high`; numbers beyond the window of it are decided. */
  #reach(high: number): void {
    const from = high - this.windowPackets;
    while (this.#decidedTo < this.#high && this.#decidedTo < from) this.#decide();
    if (this.#decidedTo < from) {
      // A jump over more than the window: nobody will ever hear these.
      this.neither += from - this.#decidedTo;
      this.#decidedTo = from;
    }
    for (let n = Math.max(this.#high, from); n < high; n++) {
      this.#heard[n & this.#mask] = 0;
      this.#reachedNs[n & this.#mask] = this.#times[NOW]!;
    }
    this.#high = high;
  }

  #decide(): void {
    const heard = this.#heard[this.#decidedTo & this.#mask]!;
    this.#decidedTo++;
    if (heard === HEARD_BOTH) {
      this.both++;
    } else if (heard === HEARD_A) {
      this.onlyA++;
      this.legs[Leg.B].lost++;
    } else if (heard === HEARD_B) {
      this.onlyB++;
      this.legs[Leg.A].lost++;
    } else {
      this.neither++;
    }
  }
}

function emptyLeg(): LegCounters {
  return { received: 0, wins: 0, duplicates: 0, lost: 0, late: 0 };
}
