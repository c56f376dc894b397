import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MessageTimes, type RateProfile } from '../../src/feed/messageRates.js';
import { SourceStatus } from '../../src/feed/messageSource.js';
import { SyntheticItch, type SyntheticItchOptions } from '../../src/feed/syntheticItch.js';
import { ItchBook, type LiveOrder } from './itchBook.js';

const HOUR_NS = 3600e9;
const OPEN_NS = 34_200e9;
const CHUNK_OCTETS = 1 << 16;

interface Day {
  readonly book: ItchBook;
  readonly feed: SyntheticItch;
  readonly messages: number;
  readonly hash: string;
}

type DayOptions = Partial<SyntheticItchOptions> & { readonly profile?: RateProfile; readonly rate?: number };

function feedOf({ profile = { kind: 'constant' }, rate = 1000, ...options }: DayOptions): SyntheticItch {
  const { seed = 1 } = options;
  return new SyntheticItch({ seed, symbols: 100, times: new MessageTimes(profile, rate, seed), ...options });
}

/** Takes so many messages, or those until `untilNs`, and then the closing ones; the book complains if one is not valid. */
function live(feed: SyntheticItch, messages: number, untilNs = Infinity): Day {
  const book = new ItchBook();
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(CHUNK_OCTETS).fill(0xa5);
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  let at = 0;
  let taken = 0;
  let lastNs = 0;
  let isOpen = true;
  while (feed.look() === SourceStatus.Ready) {
    const dueNs = feed.dueNs[0]!;
    if (isOpen && (taken >= messages || dueNs > untilNs)) {
      feed.end();
      isOpen = false;
      continue;
    }
    if (at + feed.octets > CHUNK_OCTETS) {
      hash.update(chunk.subarray(0, at));
      chunk.fill(0xa5);
      at = 0;
    }
    const { octets } = feed;
    feed.take(view, at);
    if (dueNs < lastNs || chunk.readUIntBE(at + 5, 6) !== OPEN_NS + dueNs) throw new Error(`due at ${dueNs}`);
    book.read(chunk.subarray(at, at + octets));
    at += octets;
    if (at < CHUNK_OCTETS && chunk[at] !== 0xa5) throw new Error('written behind the message');
    lastNs = dueNs;
    taken++;
  }
  hash.update(chunk.subarray(0, at));
  return { book, feed, messages: taken, hash: hash.digest('hex') };
}

/** What the source believes, as a reader of its messages has it. */
function expectSameBook({ book, feed }: Day): void {
  const believed = feed.snapshot().map(({ reference, symbol, isBuy, shares, priceTicks }): LiveOrder => {
    const side = isBuy ? 'B' : 'S';
    return { reference: BigInt(reference), locate: symbol + 1, side, shares, price: priceTicks * 100 };
  });
  expect(believed).toEqual([...book.orders.values()].toSorted((a, b) => (a.reference < b.reference ? -1 : 1)));
}

describe('a synthetic day', () => {
  it('of an hour and a million messages is valid, and leaves the book that its source has', () => {
    const day = live(feedOf({ symbols: 500, profile: { kind: 'poisson' }, rate: 280 }), Infinity, HOUR_NS);
    const { counts, events, stocks } = day.book;
    expect(day.messages).toBeGreaterThan(1_000_000);
    expect(events.join('')).toBe('OSQMEC');
    expect([counts.get('R'), counts.get('H'), counts.get('I'), counts.get('Q')]).toEqual([500, 500, 125, 125]);
    expect(stocks.size).toBe(500);
    expectSameBook(day);
    const share = (type: string): number => counts.get(type)! / day.messages;
    for (const type of 'AD') expect(share(type)).toBeGreaterThan(0.3);
    for (const type of 'FUE') expect(share(type)).toBeGreaterThan(0.02);
    for (const type of 'CXP') expect(share(type)).toBeGreaterThan(0.004);
    // Prices move.
    expect(day.book.traded.get(1)!.size).toBeGreaterThan(20);
  }, 120_000);

  it.each([
    [1, 1, 131_072],
    [2, 3, 2],
    [3, 7, 40],
    [4, 10_000, 131_072],
    [2 ** 53 - 1, 50, 1000],
    [6, 1, 1],
  ])('of seed %i with %i stocks and at most %i orders is valid', (seed, symbols, mostOrders) => {
    const messages = 2.25 * symbols + 60_000;
    const day = live(
      feedOf({ seed, symbols, mostOrders, profile: { kind: 'bursts', branching: 0.8, decayNs: 1e6 } }),
      messages,
    );
    expect(day.messages).toBe(Math.ceil(messages) + 3);
    expect(day.book.mostOrders).toBeLessThanOrEqual(mostOrders);
    expect(day.book.mostOrders).toBeGreaterThan(Math.min(mostOrders, 5000) * 0.3);
    expectSameBook(day);
  });

  it('whose times end closes by itself', () => {
    const points = [
      { offsetNs: 0, messagesPerSecond: 1000 },
      { offsetNs: 10e9, messagesPerSecond: 0 },
    ];
    const day = live(feedOf({ profile: { kind: 'trace', points } }), Infinity);
    expect(day.messages).toBe(10_003);
    expect(day.book.events.join('')).toBe('OSQMEC');
  });

  it('is the same for the same seed, and another one for another', () => {
    const hashes = [1, 1, 2].map((seed) => live(feedOf({ seed, symbols: 20 }), 5000).hash);
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it.each([
    ['constant', '98739c7976fb144ec943c8e608bd669e624a0c49b6d5f87670ed739c5218a166'],
    ['poisson', '3bdb7f5658a0fef3698409bd39127d650aa428c0ddc761b8e9f8d6beca4429e8'],
    ['bursts', '00456d4c833b2562c403b34bf9cf35b00c3490d77c56a358247fafef536e3713'],
  ] as const)('has these octets for ever (%s)', (kind, hash) => {
    const profile: RateProfile = kind === 'bursts' ? { kind, branching: 0.9, decayNs: 5e6 } : { kind };
    expect(live(feedOf({ seed: 42, profile, rate: 1234.5 }), 100_000).hash).toBe(hash);
  });
});

function put(at: number, octet: number): (octets: Buffer) => Buffer {
  return (octets) => {
    octets[at] = octet;
    return octets;
  };
}

describe('a reader of the messages', () => {
  const feed = feedOf({ symbols: 2 });
  const messages: Buffer[] = [];
  for (let i = 0; i < 2000; i++) {
    feed.look();
    const octets = Buffer.alloc(feed.octets);
    feed.take(new DataView(octets.buffer, octets.byteOffset, octets.length), 0);
    messages.push(octets);
  }

  /** What the book says when one message, the first of `type`, is left out or changed. */
  function complaint(type: string, change: (octets: Buffer) => Buffer | null): string {
    const book = new ItchBook();
    const at = messages.findIndex((octets) => octets.toString('latin1', 0, 1) === type);
    try {
      for (const [i, octets] of messages.entries()) {
        const read = i === at ? change(Buffer.from(octets)) : octets;
        if (read !== null) book.read(read);
      }
    } catch (error) {
      return (error as Error).message.split(':')[0]!;
    }
    return '';
  }

  it('notices what is wrong', () => {
    expect(complaint('A', (octets) => octets)).toBe('');
    expect(complaint('A', () => null)).toBe('an order that is not live');
    expect(complaint('R', () => null)).toBe('unknown locate code');
    expect(complaint('H', () => null)).toBe('not trading');
    expect(complaint('A', put(5, 0xff))).toBe('the time falls');
    expect(complaint('D', put(2, 0x09))).toBe('unknown locate code');
    expect(complaint('E', put(19, 0x7f))).toMatch(/ of [0-9]+ shares$/u);
    expect(complaint('A', put(35, 0x01))).toBe('price');
    expect(complaint('A', (octets) => Buffer.concat([octets, octets]))).toMatch(/octets too many/u);
  });
});
