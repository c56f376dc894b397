/** In place of a gap: there is no room for one. */
export const NO_GAP = -1;

/**
 * Ranges of missing numbers, sorted and disjoint, in memory that is allocated once. What a range is about stands in the
 * columns at its slot, which stays the same as long as the range is there; {@link slotAt} gives the slots in order of
 * numbers. Each range belongs to a gap: what was found missing at one time, and may have been cut into several since.
 */
export class MissingRanges {
  readonly capacity: number;
  /** Ranges there are. */
  length = 0;
  /** By slot: first number, the one behind the last, and the gap. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly gap: Uint16Array;
  /** By slot: when it may be asked for, or while it is, until when an answer is waited for. */
  readonly dueNs: Float64Array;
  /** By slot: when it was asked for last. */
  readonly askedNs: Float64Array;
  /** By slot: behind the last number asked for, while it is asked for. */
  readonly askedTo: Float64Array;
  /** By slot: requests since something of it came last. */
  readonly tries: Uint8Array;
  /** By slot: which server was asked last, or is to be asked first. */
  readonly server: Uint8Array;
  /** By slot: 1 while an answer is waited for. */
  readonly waits: Uint8Array;
  /** By slot: 1 when it, or what it was cut from, was asked for at any time. */
  readonly wasAsked: Uint8Array;
  /** By slot: 1 for what was too much for one request, and its parts; and 1 where it may not be there any more. */
  readonly isBulk: Uint8Array;
  readonly isDoubtful: Uint8Array;
  /** By gap: since when, and how many of its numbers are missing still. */
  readonly gapSinceNs: Float64Array;
  readonly gapMissing: Float64Array;
  /** By gap: when an answer brought some of it last; NaN: none has. */
  readonly gapAnsweredNs: Float64Array;
  /** By gap: 1 when some of it was given up. */
  readonly gapIsTorn: Uint8Array;
  /** Slots in order of numbers, and behind the first `length` those that are free. */
  readonly #order: Uint16Array;
  readonly #freeGaps: Uint16Array;
  #freeGapCount: number;

  /** `capacity`: 1 .. 65535. */
  constructor(capacity: number) {
    if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= 0xffff)) throw new Error(`room for ${capacity}`);
    this.capacity = capacity;
    this.from = new Float64Array(capacity);
    this.to = new Float64Array(capacity);
    this.gap = new Uint16Array(capacity);
    this.dueNs = new Float64Array(capacity);
    this.askedNs = new Float64Array(capacity);
    this.askedTo = new Float64Array(capacity);
    this.tries = new Uint8Array(capacity);
    this.server = new Uint8Array(capacity);
    this.waits = new Uint8Array(capacity);
    this.wasAsked = new Uint8Array(capacity);
    this.isBulk = new Uint8Array(capacity);
    this.isDoubtful = new Uint8Array(capacity);
    this.gapSinceNs = new Float64Array(capacity);
    this.gapMissing = new Float64Array(capacity);
    this.gapAnsweredNs = new Float64Array(capacity);
    this.gapIsTorn = new Uint8Array(capacity);
    this.#order = Uint16Array.from({ length: capacity }, (_, i) => i);
    this.#freeGaps = Uint16Array.from({ length: capacity }, (_, i) => i);
    this.#freeGapCount = capacity;
  }

  /** Behind the last number of all; -Infinity: there is none. */
  get end(): number {
    return this.length === 0 ? -Infinity : this.to[this.#order[this.length - 1]!]!;
  }

  /** Slot of the range at place `i` in order of numbers. */
  slotAt(i: number): number {
    return this.#order[i]!;
  }

  /** Place of the first range that ends behind `sequence`; `length` when there is none. */
  placeBehind(sequence: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.to[this.#order[middle]!]! > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /**
   * A new range at place `i`, which keeps the order; its slot. Nobody was asked for it; when and whom to ask is the
   * caller's to fill. There must be room.
   */
  insert(i: number, from: number, to: number, gap: number): number {
    const order = this.#order;
    const slot = order[this.length]!;
    order.copyWithin(i + 1, i, this.length);
    order[i] = slot;
    this.length++;
    this.from[slot] = from;
    this.to[slot] = to;
    this.gap[slot] = gap;
    this.askedTo[slot] = from;
    this.tries[slot] = 0;
    this.waits[slot] = 0;
    this.wasAsked[slot] = 0;
    this.isBulk[slot] = 0;
    this.isDoubtful[slot] = 0;
    return slot;
  }

  /** Cuts the range at place `i` in two at `middle`; the second one, at `i + 1`, is as the first. There must be room. */
  cut(i: number, middle: number): void {
    const slot = this.#order[i]!;
    const second = this.insert(i + 1, middle, this.to[slot]!, this.gap[slot]!);
    this.to[slot] = middle;
    this.dueNs[second] = this.dueNs[slot]!;
    this.askedNs[second] = this.askedNs[slot]!;
    this.askedTo[second] = this.askedTo[slot]!;
    this.tries[second] = this.tries[slot]!;
    this.server[second] = this.server[slot]!;
    this.waits[second] = this.waits[slot]!;
    this.wasAsked[second] = this.wasAsked[slot]!;
    this.isBulk[second] = this.isBulk[slot]!;
    this.isDoubtful[second] = this.isDoubtful[slot]!;
  }

  remove(i: number): void {
    const order = this.#order;
    const slot = order[i]!;
    this.length--;
    order.copyWithin(i, i + 1, this.length + 1);
    order[this.length] = slot;
  }

  /** A new gap without numbers. There are as many as ranges, so that one that can have a range can have a gap. */
  openGap(sinceNs: number): number {
    const gap = this.#freeGaps[--this.#freeGapCount]!;
    this.gapSinceNs[gap] = sinceNs;
    this.gapMissing[gap] = 0;
    this.gapAnsweredNs[gap] = NaN;
    this.gapIsTorn[gap] = 0;
    return gap;
  }

  /** Nothing of the gap is missing any more. */
  closeGap(gap: number): void {
    this.#freeGaps[this.#freeGapCount++] = gap;
  }
}
