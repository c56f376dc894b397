import { describe, expect, it, test } from 'vitest';
import { Random } from '../../src/core/random.js';
import { MessageTimes } from '../../src/feed/messageRates.js';
import { SourceStatus } from '../../src/feed/messageSource.js';
import { DEEPEST, OrderBook } from '../../src/feed/orderBook.js';
import { SymbolActivity } from '../../src/feed/symbolActivity.js';
import { SyntheticItch } from '../../src/feed/syntheticItch.js';
import { MOST_TICKS, firstTicks, stockWord } from '../../src/feed/syntheticStocks.js';
import { itchTimestampNs } from '../../src/wire/itch50.js';
import { expectNoGarbage } from '../garbage.js';

function feedOf(symbols: number, rate = 1000): SyntheticItch {
  return new SyntheticItch({ seed: 1, symbols, times: new MessageTimes({ kind: 'constant' }, rate, 1) });
}

/** Takes so many messages, or all that are left; events show their code. */
function types(feed: SyntheticItch, most = Infinity): string {
  const octets = Buffer.alloc(64);
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  let text = '';
  while (text.length < most && feed.look() === SourceStatus.Ready) {
    feed.take(view, 0);
    text += octets[0] === 0x53 ? octets.toString('latin1', 11, 12).toLowerCase() : octets.toString('latin1', 0, 1);
  }
  return text;
}

describe('a day', () => {
  it('opens with its ceremonies', () => {
    expect(types(feedOf(5), 17)).toBe('oRRRRRHHHHHsIIqQQ');
  });

  it.each([
    [0, ''],
    [1, 'c'],
    [5, 'c'],
    [11, 'c'],
    [12, 'ec'],
    [14, 'ec'],
    [15, 'mec'],
    [17, 'mec'],
    [500, 'mec'],
  ])('that ends after %i messages ends what has begun', (messages, closing) => {
    const feed = feedOf(5);
    types(feed, messages);
    feed.look();
    feed.end();
    feed.end();
    expect(types(feed)).toBe(closing);
    expect(feed.look()).toBe(SourceStatus.Ended);
  });

  it('closes with the last message taken, or when it is told to', () => {
    const view = new DataView(new ArrayBuffer(64));
    for (const [endNs, dueNs] of [
      [0, 99e6],
      [5e9, 5e9],
    ] as const) {
      const feed = feedOf(5);
      types(feed, 100);
      feed.look();
      expect(feed.dueNs[0]).toBe(100e6);
      feed.end(endNs);
      for (let i = 0; i < 3; i++) {
        expect(feed.look()).toBe(SourceStatus.Ready);
        expect([feed.dueNs[0], feed.octets]).toEqual([dueNs, 12]);
        feed.take(view, 0);
        expect(itchTimestampNs(view, 0)).toBe(34_200e9 + dueNs);
      }
    }
  });

  it('may begin at any time of day, and what is looked at stays until it is taken', () => {
    const times = new MessageTimes({ kind: 'constant' }, 1, 1);
    const feed = new SyntheticItch({ seed: 1, symbols: 1, times, openNsOfDay: 7 });
    expect([feed.look(), feed.octets, feed.look(), feed.octets]).toEqual([0, 12, 0, 12]);
    const view = new DataView(new ArrayBuffer(64));
    feed.take(view, 1);
    expect(itchTimestampNs(view, 1)).toBe(7);
    expect([feed.look(), feed.octets, feed.dueNs[0]]).toEqual([0, 39, 1e9]);
  });
});

describe('the book', () => {
  it('has the oldest order at the best price first, and lets none in the way of its boundary', () => {
    const book = new OrderBook(4, Int32Array.of(1000, 2000));
    expect(book.best(0, true)).toBe(0);
    book.add(1, 0, 999, 10);
    book.add(2, 0, 1000, 20);
    book.add(3, 0, 1000, 30);
    book.add(4, 1, 2001, 40);
    const references = (isBuy: boolean): number => book.reference[book.best(0, isBuy)]!;
    expect([references(true), book.best(0, false), book.isBuy(book.best(1, false))]).toEqual([2, 0, false]);
    expect(book.reference[book.blocking(0, false)]).toBe(2);
    book.reduce(book.best(0, true), 20);
    expect(references(true)).toBe(3);
    book.reduce(book.best(0, true), 29);
    expect(book.snapshot()).toEqual([
      { reference: 1, symbol: 0, isBuy: true, shares: 10, priceTicks: 999 },
      { reference: 3, symbol: 0, isBuy: true, shares: 1, priceTicks: 1000 },
      { reference: 4, symbol: 1, isBuy: false, shares: 40, priceTicks: 2001 },
    ]);
    book.remove(book.best(0, true));
    expect([book.blocking(0, false), book.boundary[0]]).toEqual([0, 999]);
    expect(book.reference[book.blocking(0, false)]).toBe(1);
    // Up again, until the order would be too far away.
    for (let ticks = 1000; ticks <= 999 + DEEPEST; ticks++) expect(book.blocking(0, true)).toBe(0);
    expect(book.reference[book.blocking(0, true)]).toBe(1);
    expect([references(true), book.boundary[0], book.live]).toEqual([1, 999 + DEEPEST, 2]);
  });
});

test('symbols are as active as Zipf says', () => {
  const [symbols, draws] = [1000, 400_000];
  const activity = new SymbolActivity(symbols);
  const random = new Random(3);
  const counts = new Float64Array(symbols);
  for (let i = 0; i < draws; i++) counts[activity.draw(random)]!++;
  const sum = counts.reduce((total, _, i) => total + 1 / (i + 1), 0);
  for (let i = 0; i < symbols; i++) {
    const expected = draws / ((i + 1) * sum);
    expect(Math.abs(counts[i]! - expected)).toBeLessThan(5 * Math.sqrt(expected) + 1);
  }
  expect(new SymbolActivity(1).draw(random)).toBe(0);
});

test('stocks have names of their own, and prices that leave room', () => {
  const words = Array.from({ length: 10_000 }, (_, i) => stockWord(i));
  expect(new Set(words).size).toBe(10_000);
  expect(
    words.every((word) => /^[A-Z]{4}$/u.test(Buffer.of(word >> 24, word >> 16, word >> 8, word).toString('latin1'))),
  ).toBe(true);
  const random = new Random(1);
  const ticks = Array.from({ length: 10_000 }, () => firstTicks(random));
  expect(Math.min(...ticks)).toBeGreaterThanOrEqual(500);
  expect(Math.max(...ticks)).toBeGreaterThan(30_000);
  expect(Math.max(...ticks)).toBeLessThan(MOST_TICKS);
});

test.each(['constant', 'poisson', 'bursts'] as const)('messages allocate nothing (%s)', async (kind) => {
  const profile = kind === 'bursts' ? { kind, branching: 0.8, decayNs: 1e6 } : { kind };
  const feed = new SyntheticItch({
    seed: 1,
    symbols: 1000,
    times: new MessageTimes(profile, 20_000, 1),
    mostOrders: 4096,
  });
  const view = new DataView(new ArrayBuffer(64));
  const messages = 400_000;
  const work = (): void => {
    for (let i = 0; i < messages; i++) {
      feed.look();
      feed.take(view, 0);
    }
  };
  work();
  await expectNoGarbage(work, 8 * messages);
});
