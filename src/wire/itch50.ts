/** Nasdaq TotalView-ITCH 5.0: what is asked of every message, and the writing of those that a feed is made of. */
import { ITCH_HEADER_OCTETS, ITCH_MESSAGES } from './itch50Messages.js';
import { WireStatus } from './status.js';

/** First octets of the messages that are written here. */
export const ItchType = {
  SystemEvent: 0x53,
  StockDirectory: 0x52,
  TradingAction: 0x48,
  AddOrder: 0x41,
  AddAttributed: 0x46,
  Executed: 0x45,
  ExecutedWithPrice: 0x43,
  Cancel: 0x58,
  Delete: 0x44,
  Replace: 0x55,
  Trade: 0x50,
  CrossTrade: 0x51,
  Imbalance: 0x49,
} as const;

/** Octets of a message by its type; 0: there is no such type. */
export const ITCH_OCTETS: Readonly<Uint8Array> = octetsByType();

/** Where the fields begin that several messages have at the same octet. */
const TIMESTAMP_AT = 5;
const REFERENCE_AT = 11;

function octetsByType(): Uint8Array {
  const octets = new Uint8Array(256);
  for (const message of ITCH_MESSAGES) octets[message.type.charCodeAt(0)] = message.octets;
  return octets;
}

/** Whether `view[at .. at + length)` is one whole message of a known type and nothing else. Hot. */
export function checkItch(view: DataView, at: number, length: number): WireStatus {
  if (length < 1) return WireStatus.TooShort;
  const octets = ITCH_OCTETS[view.getUint8(at)]!;
  if (octets === 0) return WireStatus.UnknownType;
  if (length < octets) return WireStatus.TooShort;
  return length === octets ? WireStatus.Ok : WireStatus.BadLength;
}

export function itchType(view: DataView, at: number): number {
  return view.getUint8(at);
}
/** Stock locate: the number of the security on this day; 0: of none. */
export function itchLocate(view: DataView, at: number): number {
  return view.getUint16(at + 1);
}
/** Writes ns since midnight into a message of `octets` octets; one that is too short for it stays as it is. */
export function putItchTimestamp(view: DataView, at: number, octets: number, sinceMidnightNs: number): void {
  if (octets < ITCH_HEADER_OCTETS) return;
  const ns = Math.floor(sinceMidnightNs);
  view.setUint16(at + TIMESTAMP_AT, Math.floor(ns / 4_294_967_296));
  view.setUint32(at + TIMESTAMP_AT + 2, ns % 4_294_967_296);
}

/** ns since midnight. */
export function itchTimestampNs(view: DataView, at: number): number {
  return view.getUint16(at + TIMESTAMP_AT) * 4_294_967_296 + view.getUint32(at + TIMESTAMP_AT + 2);
}

/** What all messages begin with; the timestamp comes in its upper 16 and lower 32 bits, the tracking number is 0. Hot. */
export function putItchHeader(
  view: DataView,
  at: number,
  type: number,
  locate: number,
  high: number,
  low: number,
): void {
  view.setUint8(at, type);
  view.setUint16(at + 1, locate);
  view.setUint16(at + 3, 0);
  view.setUint16(at + TIMESTAMP_AT, high);
  view.setInt32(at + TIMESTAMP_AT + 2, low);
}

/** Eight octets as two words: a stock's name, a reference, a match number. */
function putWords(view: DataView, at: number, first: number, second: number): void {
  view.setInt32(at, first);
  view.setInt32(at + 4, second);
}

/** The order reference where all messages about one order have it. Hot, as is all below. */
export function putItchReference(view: DataView, at: number, high: number, low: number): void {
  putWords(view, at + REFERENCE_AT, high, low);
}

/** Section 1.1; `event`: a character. */
export function putItchEvent(view: DataView, at: number, event: number): void {
  view.setUint8(at + ITCH_HEADER_OCTETS, event);
}

/** Section 1.2.1, of a common stock that is a test's: round lots of 100, no ETP, tier 1, nothing to be said of it. */
export function putItchDirectory(view: DataView, at: number, stock0: number, stock1: number): void {
  putWords(view, at + 11, stock0, stock1);
  view.setUint8(at + 19, 0x51); // Q: Nasdaq Global Select Market
  view.setUint8(at + 20, 0x4e); // N: normal
  view.setInt32(at + 21, 100);
  view.setUint8(at + 25, 0x4e); // N: not only round lots
  view.setUint8(at + 26, 0x43); // C: common stock
  view.setUint16(at + 27, 0x5a20); // Z: sub-type not applicable
  view.setUint8(at + 29, 0x54); // T: test, not live
  view.setUint8(at + 30, 0x4e); // N: no short sale threshold
  view.setUint8(at + 31, 0x4e); // N: no new issue
  view.setUint8(at + 32, 0x31); // 1: tier 1
  view.setUint8(at + 33, 0x4e); // N: no ETP
  view.setInt32(at + 34, 0);
  view.setUint8(at + 38, 0x4e); // N: not inverse
}

/** Section 1.2.2, without a reason; `state`: a character. */
export function putItchTradingAction(view: DataView, at: number, stock0: number, stock1: number, state: number): void {
  putWords(view, at + 11, stock0, stock1);
  view.setUint8(at + 19, state);
  view.setUint8(at + 20, 0x20);
  view.setInt32(at + 21, 0x2020_2020);
}

/** Sections 1.3.1, 1.3.2 up to the attribution, and 1.5.1 up to the match number, behind the reference. */
export function putItchOrder(
  view: DataView,
  at: number,
  side: number,
  shares: number,
  stock0: number,
  stock1: number,
  price4: number,
): void {
  view.setUint8(at + 19, side);
  view.setInt32(at + 20, shares);
  putWords(view, at + 24, stock0, stock1);
  view.setInt32(at + 32, price4);
}

/** Section 1.3.2: four characters as a word. */
export function putItchAttribution(view: DataView, at: number, mpid: number): void {
  view.setInt32(at + 36, mpid);
}

/** Sections 1.4.1, and 1.4.2 up to the match number, behind the reference. */
export function putItchExecuted(view: DataView, at: number, shares: number, matchHigh: number, matchLow: number): void {
  view.setInt32(at + 19, shares);
  putWords(view, at + 23, matchHigh, matchLow);
}

/** The end of section 1.4.2; `printable`: a character. */
export function putItchExecutionPrice(view: DataView, at: number, printable: number, price4: number): void {
  view.setUint8(at + 31, printable);
  view.setInt32(at + 32, price4);
}

/** Section 1.4.3, behind the reference. */
export function putItchCancel(view: DataView, at: number, shares: number): void {
  view.setInt32(at + 19, shares);
}

/** Section 1.4.5, behind the reference. */
export function putItchReplace(
  view: DataView,
  at: number,
  newHigh: number,
  newLow: number,
  shares: number,
  price4: number,
): void {
  putWords(view, at + 19, newHigh, newLow);
  view.setInt32(at + 27, shares);
  view.setInt32(at + 31, price4);
}

/** The end of section 1.5.1. */
export function putItchTradeMatch(view: DataView, at: number, high: number, low: number): void {
  putWords(view, at + 36, high, low);
}

/** Section 1.5.2; `crossType`: a character. */
export function putItchCross(
  view: DataView,
  at: number,
  shares: number,
  stock0: number,
  stock1: number,
  price4: number,
  matchHigh: number,
  matchLow: number,
  crossType: number,
): void {
  putWords(view, at + 11, 0, shares);
  putWords(view, at + 19, stock0, stock1);
  view.setInt32(at + 27, price4);
  putWords(view, at + 31, matchHigh, matchLow);
  view.setUint8(at + 39, crossType);
}

/** Section 1.6, with one price as far, near and reference price, and a deviation of less than 1 % (L). */
export function putItchImbalance(
  view: DataView,
  at: number,
  pairedShares: number,
  imbalanceShares: number,
  direction: number,
  stock0: number,
  stock1: number,
  price4: number,
  crossType: number,
): void {
  putWords(view, at + 11, 0, pairedShares);
  putWords(view, at + 19, 0, imbalanceShares);
  view.setUint8(at + 27, direction);
  putWords(view, at + 28, stock0, stock1);
  view.setInt32(at + 36, price4);
  view.setInt32(at + 40, price4);
  view.setInt32(at + 44, price4);
  view.setUint8(at + 48, crossType);
  view.setUint8(at + 49, 0x4c);
}
