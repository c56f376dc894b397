/** An order as it stands in the book; cold. */
export interface BookOrder {
  readonly reference: number;
  readonly symbol: number;
  readonly isBuy: boolean;
  /** What is left. */
  readonly shares: number;
  readonly priceTicks: number;
}

/** Prices of a symbol that can have orders at the same time, a power of two: half of them for each side. */
const LEVELS = 64;
const LEVEL_MASK = LEVELS - 1;
/** Furthest price from the boundary, ticks: this many below it, and one more above. */
export const DEEPEST = LEVELS / 2 - 1;

/**
 * Live orders of many symbols. Each symbol has a boundary: orders to buy are at it or below, orders to sell above it, so
 * that the sides never cross. At one price the oldest order comes first. All of it is arrays of a fixed size; an order is
 * a slot, counted from 1.
 */
export class OrderBook {
  readonly capacity: number;
  live = 0;
  /** Highest price to buy at, ticks, by symbol. Moved by {@link blocking} alone. */
  readonly boundary: Int32Array;
  /** By slot. */
  readonly symbol: Int32Array;
  readonly shares: Int32Array;
  readonly priceTicks: Int32Array;
  readonly reference: Float64Array;
  /** First and last slot at a price, by symbol and price modulo {@link LEVELS}; 0: none. */
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  /** Neighbours at the same price. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** All slots: the first `live` ones have an order, the others are free; and where each slot stands there. */
  readonly #slots: Int32Array;
  readonly #place: Int32Array;

  constructor(capacity: number, boundary: Int32Array) {
    this.capacity = capacity;
    this.boundary = boundary;
    this.symbol = new Int32Array(capacity + 1);
    this.shares = new Int32Array(capacity + 1);
    this.priceTicks = new Int32Array(capacity + 1);
    this.reference = new Float64Array(capacity + 1);
    this.#first = new Int32Array(boundary.length * LEVELS);
    this.#last = new Int32Array(boundary.length * LEVELS);
    this.#next = new Int32Array(capacity + 1);
    this.#previous = new Int32Array(capacity + 1);
    this.#slots = new Int32Array(capacity);
    this.#place = new Int32Array(capacity + 1);
    // By a loop: TypedArray.from takes 10 ms, for which the first messages would be late.
    for (let place = 0; place < capacity; place++) {
      this.#slots[place] = place + 1;
      this.#place[place + 1] = place;
    }
    this.#place[0] = -1;
  }

  /** The slot of a live order, by its place of 0 .. live - 1: an order that goes leaves its place to another one. */
  slotAt(place: number): number {
    return this.#slots[place]!;
  }

  isBuy(slot: number): boolean {
    return this.priceTicks[slot]! <= this.boundary[this.symbol[slot]!]!;
  }

  /** The oldest order at the best price; 0: there is none. */
  best(symbol: number, isBuy: boolean): number {
    const boundary = this.boundary[symbol]!;
    const base = symbol * LEVELS;
    for (let depth = 0; depth <= DEEPEST; depth++) {
      const price = isBuy ? boundary - depth : boundary + 1 + depth;
      const slot = this.#first[base + (price & LEVEL_MASK)]!;
      if (slot !== 0) return slot;
    }
    return 0;
  }

  /**
   * Moves the boundary up or down by a tick and returns 0; or returns an order that has to go first: one at the price
   * that changes sides, or one that would be too far away.
   */
  blocking(symbol: number, isUp: boolean): number {
    const boundary = this.boundary[symbol]!;
    const base = symbol * LEVELS;
    const near = this.#first[base + ((isUp ? boundary + 1 : boundary) & LEVEL_MASK)]!;
    if (near !== 0) return near;
    const far = this.#first[base + ((isUp ? boundary - DEEPEST : boundary + 1 + DEEPEST) & LEVEL_MASK)]!;
    if (far !== 0) return far;
    this.boundary[symbol] = boundary + (isUp ? 1 : -1);
    return 0;
  }

  /** A new order, last at its price, which is within {@link DEEPEST} of its side's best possible one. There is a free slot. */
  add(reference: number, symbol: number, priceTicks: number, shares: number): void {
    const slot = this.#slots[this.live++]!;
    this.reference[slot] = reference;
    this.symbol[slot] = symbol;
    this.priceTicks[slot] = priceTicks;
    this.shares[slot] = shares;
    const level = symbol * LEVELS + (priceTicks & LEVEL_MASK);
    const last = this.#last[level]!;
    this.#previous[slot] = last;
    this.#next[slot] = 0;
    this.#last[level] = slot;
    if (last === 0) this.#first[level] = slot;
    else this.#next[last] = slot;
  }

  /** Takes shares from an order, which goes with its last one. */
  reduce(slot: number, shares: number): void {
    const left = this.shares[slot]! - shares;
    this.shares[slot] = left;
    if (left === 0) this.remove(slot);
  }

  remove(slot: number): void {
    const level = this.symbol[slot]! * LEVELS + (this.priceTicks[slot]! & LEVEL_MASK);
    const next = this.#next[slot]!;
    const previous = this.#previous[slot]!;
    if (previous === 0) this.#first[level] = next;
    else this.#next[previous] = next;
    if (next === 0) this.#last[level] = previous;
    else this.#previous[next] = previous;
    const place = this.#place[slot]!;
    const moved = this.#slots[--this.live]!;
    this.#slots[place] = moved;
    this.#place[moved] = place;
    this.#slots[this.live] = slot;
    this.#place[slot] = this.live;
  }

  /** All live orders by rising reference. Cold. */
  snapshot(): BookOrder[] {
    const orders = Array.from({ length: this.live }, (_, place) => {
      const slot = this.#slots[place]!;
      return {
        reference: this.reference[slot]!,
        symbol: this.symbol[slot]!,
        isBuy: this.isBuy(slot),
        shares: this.shares[slot]!,
        priceTicks: this.priceTicks[slot]!,
      };
    });
    return orders.toSorted((a, b) => a.reference - b.reference);
  }
}
