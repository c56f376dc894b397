import { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';
import {
  ITCH_OCTETS,
  ItchType,
  putItchAttribution,
  putItchCancel,
  putItchCross,
  putItchDirectory,
  putItchEvent,
  putItchExecuted,
  putItchExecutionPrice,
  putItchHeader,
  putItchImbalance,
  putItchOrder,
  putItchReference,
  putItchReplace,
  putItchTradeMatch,
  putItchTradingAction,
} from '../wire/itch50.js';
import type { MessageTimes } from './messageRates.js';
import { type MessageSource, SourceStatus } from './messageSource.js';
import { type BookOrder, OrderBook } from './orderBook.js';
import { BUY, ItchDraft, NO, OrderFlow, SELL } from './orderFlow.js';
import { firstTicks, stockWord } from './syntheticStocks.js';

export interface SyntheticItchOptions {
  readonly seed: number;
  /** 1 .. 10,000: before the open each is named in two messages. */
  readonly symbols: number;
  /** When each message is due; nobody else moves it on. */
  readonly times: MessageTimes;
  /** Time of day of the first message, ns since midnight. Default 9:30. */
  readonly openNsOfDay?: Nanos;
  /** Most orders that are live at a time. Default 2^17. */
  readonly mostOrders?: number;
}

export const OPEN_NS_OF_DAY = 34_200e9;
const MOST_ORDERS = 131_072;

/** Of a day, in order. */
const Phase = {
  StartOfMessages: 0,
  Directory: 1,
  TradingAction: 2,
  StartOfHours: 3,
  Imbalance: 4,
  StartOfMarket: 5,
  OpeningCross: 6,
  Trading: 7,
  EndOfMarket: 8,
  EndOfHours: 9,
  EndOfMessages: 10,
  Ended: 11,
} as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** Event codes of section 1.1 by phase, where it has one. */
const EVENTS = Uint8Array.from('O--S-Q--MEC', (code) => code.charCodeAt(0));

/** Every so many-th symbol, from the most active one on, has an opening cross, and before the open an imbalance. */
const CROSSED = 4;

/** Cross type of section 1.5.2, and trading state of section 1.2.2. */
const OPENING = 0x4f;
const TRADING = 0x54;
/** "MCKA" and seven more. */
const FIRST_MPID = 0x4d43_4b41;
/** Second half of all names. */
const SPACES = 0x2020_2020;
/** 0.01 with four decimals. */
const TICK = 100;

/** Next numbers, which grow beyond what a field holds without an object each. */
const REFERENCE = 0;
const MATCH = 1;

/**
 * A trading day of made-up stocks as TotalView-ITCH 5.0 messages that are valid in their sequence: whoever rebuilds the
 * books finds every order that is spoken of, with the shares that it has to have. The same seed and times give the same
 * octets. It goes on until it is told to {@link end}, or its times have ended.
 */
export class SyntheticItch implements MessageSource {
  readonly dueNs = new Float64Array(1);
  octets = 0;
  readonly #times: MessageTimes;
  readonly #openNsOfDay: Nanos;
  readonly #random: Random;
  readonly #book: OrderBook;
  readonly #draft = new ItchDraft();
  readonly #flow: OrderFlow;
  /** First halves of the names. */
  readonly #stock: Int32Array;
  readonly #numbers = Float64Array.of(1, 1);
  /** When the last message was due that was taken. */
  readonly #takenNs = new Float64Array(1);
  /** When the closing ones are due at the earliest. */
  #endNs: Nanos = 0;
  #phase: Phase = Phase.StartOfMessages;
  /** There is a draft that has not been taken. */
  #isReady = false;

  constructor(options: SyntheticItchOptions) {
    const { seed, symbols, times } = options;
    this.#times = times;
    this.#openNsOfDay = options.openNsOfDay ?? OPEN_NS_OF_DAY;
    this.#random = new Random(seed);
    const boundary = Int32Array.from({ length: symbols }, () => firstTicks(this.#random));
    this.#book = new OrderBook(options.mostOrders ?? MOST_ORDERS, boundary);
    this.#flow = new OrderFlow(this.#draft, this.#book, this.#random);
    this.#stock = Int32Array.from({ length: symbols }, (_, symbol) => stockWord(symbol));
  }

  look(): SourceStatus {
    if (this.#isReady) return SourceStatus.Ready;
    if (this.#times.ended) this.end();
    if (this.#phase === Phase.Ended) return SourceStatus.Ended;
    if (this.#phase === Phase.Trading) this.#flow.next();
    else this.#draftCeremony();
    this.octets = ITCH_OCTETS[this.#draft.type]!;
    if (this.#phase < Phase.EndOfMarket) this.dueNs[0] = this.#times.dueNs[0]!;
    else this.dueNs[0] = Math.max(this.#takenNs[0]!, this.#endNs);
    this.#isReady = true;
    return SourceStatus.Ready;
  }

  take(view: DataView, at: number): void {
    const { type, symbol } = this.#draft;
    const stampNs = this.#openNsOfDay + this.dueNs[0]!;
    putItchHeader(view, at, type, type === ItchType.SystemEvent ? 0 : symbol + 1, upper(stampNs), stampNs | 0);
    if (this.#phase === Phase.Trading) {
      this.#putTrading(view, at);
    } else {
      this.#putCeremony(view, at);
      this.#goOn();
    }
    this.#isReady = false;
    this.#takenNs[0] = this.dueNs[0]!;
    this.#times.advance();
  }

  /**
   * Ends the day: what follows are its closing messages alone, due at `atNs` or with the last message that was taken.
   * What was looked at and not taken is none any more. What has not begun does not end.
   */
  end(atNs: Nanos = 0): void {
    const phase = this.#phase;
    if (phase >= Phase.EndOfMarket) return;
    this.#isReady = false;
    this.#endNs = atNs;
    if (phase === Phase.StartOfMessages) this.#phase = Phase.Ended;
    else if (phase <= Phase.StartOfHours) this.#phase = Phase.EndOfMessages;
    else if (phase <= Phase.StartOfMarket) this.#phase = Phase.EndOfHours;
    else this.#phase = Phase.EndOfMarket;
  }

  /** The live orders, as whoever reads the messages must have them. Cold. */
  snapshot(): BookOrder[] {
    return this.#book.snapshot();
  }

  /** Behind a message of a phase other than trading: to the next symbol of the phase, else to the next phase. */
  #goOn(): void {
    const phase = this.#phase;
    const symbols = this.#stock.length;
    let step = symbols;
    if (phase === Phase.Directory || phase === Phase.TradingAction) step = 1;
    else if (phase === Phase.Imbalance || phase === Phase.OpeningCross) step = CROSSED;
    this.#draft.symbol += step;
    if (this.#draft.symbol < symbols) return;
    this.#draft.symbol = 0;
    this.#phase = (phase + 1) as Phase;
  }

  #draftCeremony(): void {
    const draft = this.#draft;
    switch (this.#phase) {
      case Phase.Directory:
        draft.type = ItchType.StockDirectory;
        break;
      case Phase.TradingAction:
        draft.type = ItchType.TradingAction;
        break;
      case Phase.Imbalance: {
        const draw = this.#random.int32();
        draft.type = ItchType.Imbalance;
        draft.shares = 100 * (1 + (draw & 1023));
        draft.code = (draw & 0x400) === 0 ? NO : (draw & 0x800) === 0 ? BUY : SELL;
        break;
      }
      case Phase.OpeningCross:
        draft.type = ItchType.CrossTrade;
        draft.shares = 100 * (this.#random.int32() & 1023);
        break;
      default:
        draft.type = ItchType.SystemEvent;
        draft.code = EVENTS[this.#phase]!;
    }
  }

  #putCeremony(view: DataView, at: number): void {
    const { type, symbol, shares, code } = this.#draft;
    const stock = this.#stock[symbol]!;
    const price = this.#book.boundary[symbol]! * TICK;
    if (type === ItchType.SystemEvent) {
      putItchEvent(view, at, code);
    } else if (type === ItchType.StockDirectory) {
      putItchDirectory(view, at, stock, SPACES);
    } else if (type === ItchType.TradingAction) {
      putItchTradingAction(view, at, stock, SPACES, TRADING);
    } else if (type === ItchType.Imbalance) {
      const imbalance = code === NO ? 0 : 100 + (shares >> 2);
      putItchImbalance(view, at, shares, imbalance, code, stock, SPACES, price, OPENING);
    } else {
      const match = this.#numbers[MATCH]!++;
      putItchCross(view, at, shares, stock, SPACES, price, upper(match), match | 0, OPENING);
    }
  }

  /** Writes the message, and does in the book what it says. */
  #putTrading(view: DataView, at: number): void {
    const { type, symbol, slot, shares, ticks, code } = this.#draft;
    const book = this.#book;
    const numbers = this.#numbers;
    const stock = this.#stock[symbol]!;
    if (type === ItchType.AddOrder || type === ItchType.AddAttributed) {
      const reference = numbers[REFERENCE]!++;
      putItchReference(view, at, upper(reference), reference | 0);
      putItchOrder(view, at, code, shares, stock, SPACES, ticks * TICK);
      if (type === ItchType.AddAttributed) putItchAttribution(view, at, FIRST_MPID + (shares & 7));
      book.add(reference, symbol, ticks, shares);
      return;
    }
    if (type === ItchType.Trade) {
      const match = numbers[MATCH]!++;
      // Section 1.5.1: what was not displayed has no reference, and is always said to buy.
      putItchReference(view, at, 0, 0);
      putItchOrder(view, at, BUY, shares, stock, SPACES, ticks * TICK);
      putItchTradeMatch(view, at, upper(match), match | 0);
      return;
    }
    const reference = book.reference[slot]!;
    putItchReference(view, at, upper(reference), reference | 0);
    if (type === ItchType.Delete) {
      book.remove(slot);
    } else if (type === ItchType.Cancel) {
      putItchCancel(view, at, shares);
      book.reduce(slot, shares);
    } else if (type === ItchType.Replace) {
      const next = numbers[REFERENCE]!++;
      putItchReplace(view, at, upper(next), next | 0, shares, ticks * TICK);
      book.remove(slot);
      book.add(next, symbol, ticks, shares);
    } else {
      const match = numbers[MATCH]!++;
      putItchExecuted(view, at, shares, upper(match), match | 0);
      if (type === ItchType.ExecutedWithPrice) putItchExecutionPrice(view, at, code, ticks * TICK);
      book.reduce(slot, shares);
    }
  }
}

/** Bits 32 and above: the lower half is `| 0`. */
function upper(value: number): number {
  return (value / 4_294_967_296) | 0;
}
