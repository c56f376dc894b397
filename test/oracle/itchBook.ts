/**
 * Books out of TotalView-ITCH 5.0, read from the octets as the specification says, with a map of objects and as many
 * checks as it gives cause for. Whatever is wrong with a message is told, and no more is read.
 */

export interface LiveOrder {
  readonly reference: bigint;
  readonly locate: number;
  readonly side: string;
  shares: number;
  readonly price: number;
}

interface Stock {
  readonly name: string;
  state: string;
  /** Shares by price. */
  readonly bids: Map<number, number>;
  readonly asks: Map<number, number>;
}

/** Reads one message after the other, as a cursor over its octets. */
class Cursor {
  readonly #octets: Buffer;
  #at = 0;
  constructor(octets: Buffer) {
    this.#octets = octets;
  }
  u(octets: 1 | 2 | 4 | 6): number {
    this.#at += octets;
    return this.#octets.readUIntBE(this.#at - octets, octets);
  }
  u64(): bigint {
    this.#at += 8;
    return this.#octets.readBigUInt64BE(this.#at - 8);
  }
  text(octets: number): string {
    this.#at += octets;
    return this.#octets.toString('latin1', this.#at - octets, this.#at);
  }
  get left(): number {
    return this.#octets.length - this.#at;
  }
}

/** System events in the order of section 1.1. */
const DAY = ['O', 'S', 'Q', 'M', 'E', 'C'];

function highest(side: ReadonlyMap<number, number>): number {
  let price = -Infinity;
  for (const one of side.keys()) price = Math.max(price, one);
  return price;
}

function lowest(side: ReadonlyMap<number, number>): number {
  let price = Infinity;
  for (const one of side.keys()) price = Math.min(price, one);
  return price;
}

export class ItchBook {
  readonly orders = new Map<bigint, LiveOrder>();
  readonly stocks = new Map<number, Stock>();
  readonly counts = new Map<string, number>();
  readonly events: string[] = [];
  /** Prices at which orders were executed, by locate code. */
  readonly traded = new Map<number, Set<number>>();
  mostOrders = 0;
  #lastNs = -1;
  #lastReference = 0n;
  readonly #matches = new Set<bigint>();
  #octets: Buffer = Buffer.alloc(0);

  /** Throws with what is wrong. */
  read(octets: Buffer): void {
    this.#octets = octets;
    const c = new Cursor(octets);
    const type = c.text(1);
    const locate = c.u(2);
    c.u(2);
    const timeNs = c.u(6);
    this.#demand(timeNs >= this.#lastNs, 'the time falls');
    this.#lastNs = timeNs;
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    if (type === 'S') this.#systemEvent(c.text(1), locate);
    else if (type === 'R') this.#directory(locate, c);
    else this.#ofStock(type, locate, c);
    this.#demand(c.left === 0, `${c.left} octets too many`);
  }

  #demand(isSo: boolean, what: string): asserts isSo {
    if (!isSo) throw new Error(`${what}: ${this.#octets.toString('hex')}`);
  }

  #systemEvent(code: string, locate: number): void {
    this.#demand(locate === 0, 'an event of a stock');
    this.#demand(DAY.includes(code), 'no event');
    const last = this.events.at(-1);
    this.#demand(last === undefined ? code === 'O' : DAY.indexOf(code) > DAY.indexOf(last), `event ${code}`);
    this.events.push(code);
  }

  #directory(locate: number, c: Cursor): void {
    this.#demand(this.events.join('') === 'O', 'a directory at the wrong time');
    const name = c.text(8);
    this.#demand(locate > 0 && !this.stocks.has(locate), 'locate code');
    this.#demand(/^[A-Z]+ *$/u.test(name), 'name');
    this.#demand(
      [...this.stocks.values()].every((stock) => stock.name !== name),
      'a name that is taken',
    );
    this.stocks.set(locate, { name, state: '', bids: new Map(), asks: new Map() });
    this.#demand('QGSNAPZV '.includes(c.text(1)), 'market category');
    this.#demand('DEQSGHJKCN '.includes(c.text(1)), 'financial status');
    this.#demand(c.u(4) > 0, 'round lot');
    this.#demand('YN'.includes(c.text(1)), 'round lots only');
    this.#demand(/[A-Z]/u.test(c.text(1)), 'classification');
    this.#demand(/[A-Z]./u.test(c.text(2)), 'sub-type');
    this.#demand('PT'.includes(c.text(1)), 'authenticity');
    this.#demand('YN '.includes(c.text(1)), 'short sale threshold');
    this.#demand('YN '.includes(c.text(1)), 'IPO flag');
    this.#demand('12 '.includes(c.text(1)), 'tier');
    this.#demand('YN '.includes(c.text(1)), 'ETP flag');
    c.u(4);
    this.#demand('YN'.includes(c.text(1)), 'inverse');
  }

  #ofStock(type: string, locate: number, c: Cursor): void {
    const stock = this.stocks.get(locate);
    this.#demand(stock !== undefined, 'unknown locate code');
    const inMarket = this.events.at(-1) === 'Q';
    if (type === 'H') {
      this.#name(stock, c);
      stock.state = c.text(1);
      this.#demand('HPQT'.includes(stock.state), 'trading state');
      c.text(1 + 4);
      return;
    }
    this.#demand(stock.state === 'T', 'not trading');
    if (type === 'I') {
      this.#demand(this.events.at(-1) === 'S', 'an imbalance outside of the time before the open');
      const paired = c.u64();
      const imbalance = c.u64();
      const direction = c.text(1);
      this.#demand(
        'BSNO'.includes(direction) && (direction === 'N') === (imbalance === 0n) && paired >= 0n,
        'imbalance',
      );
      this.#name(stock, c);
      for (let i = 0; i < 3; i++) this.#price(c.u(4));
      this.#demand(c.text(1) === 'O', 'cross type');
      this.#demand('L123456789ABC '.includes(c.text(1)), 'price variation');
      return;
    }
    this.#demand(inMarket, 'outside of market hours');
    if (type === 'Q') {
      c.u64();
      this.#name(stock, c);
      this.#price(c.u(4));
      this.#match(c.u64());
      this.#demand('OCHI'.includes(c.text(1)), 'cross type');
      return;
    }
    if (type === 'P') {
      this.#demand(c.u64() === 0n && c.text(1) === 'B', 'an order that is not displayed');
      this.#demand(c.u(4) > 0, 'shares');
      this.#name(stock, c);
      const price = this.#price(c.u(4));
      const [bid, ask] = [highest(stock.bids), lowest(stock.asks)];
      this.#demand(price >= bid && price <= ask, `a trade outside of ${bid} .. ${ask}`);
      this.#match(c.u64());
      return;
    }
    const reference = c.u64();
    if (type === 'A' || type === 'F') {
      const side = c.text(1);
      const shares = c.u(4);
      this.#name(stock, c);
      this.#enter({ reference, locate, side, shares, price: c.u(4) }, stock);
      if (type === 'F') this.#demand(/^[A-Z]{4}$/u.test(c.text(4)), 'attribution');
      return;
    }
    const order = this.orders.get(reference);
    this.#demand(order !== undefined, 'an order that is not live');
    this.#demand(order.locate === locate, 'an order of another stock');
    if (type === 'E' || type === 'C') {
      const best = order.side === 'B' ? highest(stock.bids) : lowest(stock.asks);
      this.#demand(order.price === best, 'not the best price');
      this.#take(order, c.u(4), stock);
      this.#match(c.u64());
      this.traded.set(locate, (this.traded.get(locate) ?? new Set()).add(order.price));
      if (type === 'E') return;
      this.#demand('YN'.includes(c.text(1)), 'printable');
      const price = this.#price(c.u(4));
      this.#demand(order.side === 'B' ? price <= order.price : price >= order.price, 'worse than the order asked for');
    } else if (type === 'X') {
      const shares = c.u(4);
      this.#demand(shares < order.shares, 'all of it cancelled');
      this.#take(order, shares, stock);
    } else if (type === 'D') {
      this.#take(order, order.shares, stock);
    } else {
      this.#demand(type === 'U', 'unknown type');
      const next = c.u64();
      this.#take(order, order.shares, stock);
      this.#enter({ reference: next, locate, side: order.side, shares: c.u(4), price: c.u(4) }, stock);
    }
  }

  #enter(order: LiveOrder, stock: Stock): void {
    this.#demand(order.reference > this.#lastReference, 'a reference that does not rise');
    this.#lastReference = order.reference;
    this.#demand(order.side === 'B' || order.side === 'S', 'side');
    this.#demand(order.shares > 0 && order.shares < 1_000_000, 'shares');
    this.#price(order.price);
    const { bids, asks } = stock;
    const side = order.side === 'B' ? bids : asks;
    side.set(order.price, (side.get(order.price) ?? 0) + order.shares);
    this.#demand(highest(bids) < lowest(asks), 'the book is crossed');
    this.orders.set(order.reference, order);
    this.mostOrders = Math.max(this.mostOrders, this.orders.size);
  }

  #take(order: LiveOrder, shares: number, stock: Stock): void {
    this.#demand(shares > 0 && shares <= order.shares, `${shares} of ${order.shares} shares`);
    order.shares -= shares;
    if (order.shares === 0) this.orders.delete(order.reference);
    const side = order.side === 'B' ? stock.bids : stock.asks;
    const left = side.get(order.price)! - shares;
    if (left === 0) side.delete(order.price);
    else side.set(order.price, left);
  }

  #name(stock: Stock, c: Cursor): void {
    this.#demand(c.text(8) === stock.name, 'another name');
  }

  /** Whole cents, with four decimals. */
  #price(price: number): number {
    this.#demand(price > 0 && price % 100 === 0 && price < 2_000_000_000, 'price');
    return price;
  }

  #match(match: bigint): void {
    this.#demand(!this.#matches.has(match), 'a match number that was used');
    this.#matches.add(match);
  }
}
