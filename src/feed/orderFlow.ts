import type { Random } from '../core/random.js';
import { ItchType } from '../wire/itch50.js';
import type { OrderBook } from './orderBook.js';
import { SymbolActivity } from './symbolActivity.js';
import { LEAST_TICKS, MOST_TICKS } from './syntheticStocks.js';

/** What the next message will say: as much of it as its type has. Characters are their codes. */
export class ItchDraft {
  /** One of `ItchType`. */
  type = 0;
  symbol = 0;
  /** Of the order that it is about. */
  slot = 0;
  shares = 0;
  ticks = 0;
  /** A side, a direction, an event, or whether it is printable. */
  code = 0;
}

export const BUY = 0x42;
export const SELL = 0x53;
export const NO = 0x4e;
const YES = 0x59;

/** Of 1024 draws, as equity feeds have them; what is left is divided between new and deleted orders. */
const EXECUTE_BELOW = 45;
const EXECUTE_WITH_PRICE_BELOW = 50;
const CANCEL_BELOW = 75;
const REPLACE_BELOW = 155;
const TRADE_BELOW = 169;
/** New orders of an empty book; of a full one so many fewer. */
const ADD_BELOW = TRADE_BELOW + 540;
const FEWER_WHEN_FULL = 256;
/** Bits of the draw, all 0 in one new order of 8, which first moves the price by a tick if it can, ... */
const MOVES = 0x3800;
/** ... in one of 16, which has an attribution, ... */
const ATTRIBUTED = 0x7_8000;
/** ... and in one of 64 of those that move the price, which turns the way that it moves. */
const TURNS = 0x1f8_0000;
/** Furthest from the best possible price of its side that an order is placed. */
const FURTHEST_TICKS = 28;

/** What happens while the market is open: drawn so that it fits what is in the book. The book itself it leaves as it is. */
export class OrderFlow {
  readonly #draft: ItchDraft;
  readonly #book: OrderBook;
  readonly #random: Random;
  readonly #activity: SymbolActivity;
  /** Which way the price of a symbol moves: 1 up, 0 down. It goes on so for a while, or it would hardly get anywhere. */
  readonly #isRising: Uint8Array;

  constructor(draft: ItchDraft, book: OrderBook, random: Random) {
    this.#draft = draft;
    this.#book = book;
    this.#random = random;
    this.#activity = new SymbolActivity(book.boundary.length);
    this.#isRising = Uint8Array.from(book.boundary, (_, symbol) => symbol & 1);
  }

  /** Drafts the next message. Hot. */
  next(): void {
    const draft = this.#draft;
    const book = this.#book;
    const draw = this.#random.int32();
    const action = draw & 1023;
    draft.symbol = this.#activity.draw(this.#random);
    if (action < EXECUTE_WITH_PRICE_BELOW) {
      const isBuy = (draw & 0x400) !== 0;
      const best = book.best(draft.symbol, isBuy);
      const slot = best === 0 ? book.best(draft.symbol, !isBuy) : best;
      if (slot === 0) this.#add(draw);
      else this.#execute(slot, action >= EXECUTE_BELOW, draw);
    } else if (action < TRADE_BELOW && action >= REPLACE_BELOW) {
      draft.type = ItchType.Trade;
      draft.shares = this.#drawShares();
      // Where the two sides meet, on one of them.
      draft.ticks = book.boundary[draft.symbol]! + ((draw >>> 10) & 1);
    } else if (action >= TRADE_BELOW && action < ADD_BELOW - this.#fewerOrders()) {
      this.#add(draw);
    } else if (book.live === 0) {
      this.#add(draw);
    } else if (action < CANCEL_BELOW) {
      this.#cancel(this.#drawSlot());
    } else if (action < REPLACE_BELOW) {
      this.#replace(this.#drawSlot());
    } else {
      // Every other one is in the way of its price, which is left to it; else any.
      const slot = (draw & 0x400) === 0 ? 0 : book.best(draft.symbol, this.#isRising[draft.symbol] === 0);
      this.#delete(slot === 0 ? this.#drawSlot() : slot);
    }
  }

  #fewerOrders(): number {
    return Math.floor((this.#book.live * FEWER_WHEN_FULL) / this.#book.capacity);
  }

  #add(draw: number): void {
    const draft = this.#draft;
    const book = this.#book;
    if (book.live === book.capacity) {
      this.#delete(this.#drawSlot());
      return;
    }
    if ((draw & MOVES) === 0) {
      const boundary = book.boundary[draft.symbol]!;
      if ((draw & TURNS) === 0) this.#isRising[draft.symbol]! ^= 1;
      if (boundary <= LEAST_TICKS) this.#isRising[draft.symbol] = 1;
      else if (boundary >= MOST_TICKS) this.#isRising[draft.symbol] = 0;
      const slot = book.blocking(draft.symbol, this.#isRising[draft.symbol] === 1);
      if (slot !== 0) {
        this.#unblock(slot, boundary);
        return;
      }
    }
    const isBuy = draw < 0;
    draft.type = (draw & ATTRIBUTED) === 0 ? ItchType.AddAttributed : ItchType.AddOrder;
    draft.code = isBuy ? BUY : SELL;
    draft.ticks = this.#drawTicks(draft.symbol, isBuy);
    draft.shares = this.#drawShares();
  }

  /** An order at the price that is to change sides trades; one that was left behind goes. */
  #unblock(slot: number, boundary: number): void {
    const ticks = this.#book.priceTicks[slot]!;
    if (ticks !== boundary && ticks !== boundary + 1) {
      this.#delete(slot);
      return;
    }
    this.#draft.type = ItchType.Executed;
    this.#draft.slot = slot;
    this.#draft.shares = this.#book.shares[slot]!;
  }

  #execute(slot: number, hasPrice: boolean, draw: number): void {
    const draft = this.#draft;
    const left = this.#book.shares[slot]!;
    draft.type = hasPrice ? ItchType.ExecutedWithPrice : ItchType.Executed;
    draft.slot = slot;
    draft.shares = (draw & 0x800) === 0 ? left : 1 + this.#below(left);
    // A tick better for the order than it asked for.
    draft.ticks = this.#book.priceTicks[slot]! + (this.#book.isBuy(slot) ? -1 : 1);
    draft.code = (draw & 0x3000) === 0 ? NO : YES;
  }

  /** Some of the shares: an order that loses all of them is deleted. */
  #cancel(slot: number): void {
    const left = this.#book.shares[slot]!;
    if (left === 1) {
      this.#delete(slot);
      return;
    }
    this.#draft.type = ItchType.Cancel;
    this.#draft.shares = 1 + this.#below(left - 1);
  }

  #replace(slot: number): void {
    this.#draft.type = ItchType.Replace;
    this.#draft.ticks = this.#drawTicks(this.#draft.symbol, this.#book.isBuy(slot));
    this.#draft.shares = this.#drawShares();
  }

  #delete(slot: number): void {
    this.#draft.type = ItchType.Delete;
    this.#draft.slot = slot;
  }

  /** Any live order, and its symbol: active ones have the most. */
  #drawSlot(): number {
    const slot = this.#book.slotAt(this.#below(this.#book.live));
    this.#draft.slot = slot;
    this.#draft.symbol = this.#book.symbol[slot]!;
    return slot;
  }

  /** Mostly near the best possible price of the side. */
  #drawTicks(symbol: number, isBuy: boolean): number {
    const draw = this.#random.int32();
    const depth = Math.min(FURTHEST_TICKS, 2 * Math.clz32(draw) + (draw & 3));
    const boundary = this.#book.boundary[symbol]!;
    return isBuy ? boundary - depth : boundary + 1 + depth;
  }

  /** Mostly a few round lots. */
  #drawShares(): number {
    const draw = this.#random.int32();
    return (draw & 3) === 0 ? 1 + ((draw >>> 2) & 511) : 100 * (1 + Math.clz32(draw));
  }

  /** Of 0 .. bound - 1, in whole numbers of 31 bits alone. */
  #below(bound: number): number {
    return (this.#random.int32() >>> 1) % bound;
  }
}
