import { describe, expect, it } from 'vitest';
import {
  Retransmission,
  type AnswerableMessages,
  type RetransmissionOptions,
} from '../../src/control/retransmission.js';
import { Random } from '../../src/core/random.js';

const S = 1e9;

/** Messages of ten octets, unless `lengths` knows better. */
class Messages implements AnswerableMessages {
  oldest = 11;
  end = 101;
  next = 101;
  looks = 0;
  readonly lengths = new Map<number, number>();

  lengthOf(sequence: number): number {
    this.looks++;
    if (sequence < this.oldest || sequence >= this.end) throw new Error(`message ${sequence} is not there`);
    return this.lengths.get(sequence) ?? 10;
  }
}

/** A datagram of 20 octets and five messages of 2 + 10. */
const OPTIONS: RetransmissionOptions = {
  firstSequence: 1,
  datagramOctets: 80,
  headerOctets: 20,
  messageHeaderOctets: 2,
  answersPerRequest: 3,
  messagesPerAnswer: 100,
  clients: 2,
  perClient: { octetPerSecond: 8000, burstOctets: 8000 },
  overall: { octetPerSecond: 80_000, burstOctets: 80_000 },
};

function served(options: Partial<RetransmissionOptions> = {}): { messages: Messages; server: Retransmission } {
  const messages = new Messages();
  return { messages, server: new Retransmission(messages, { ...OPTIONS, ...options }) };
}

function ask(server: Retransmission, sequence: number, count: number, client = 1, nowNs = 0): [number, number][] {
  const made = server.request(client, sequence, count, nowNs);
  return Array.from({ length: made }, (_, i) => [server.answerSequence[i]!, server.answerCount[i]!]);
}

describe('a request', () => {
  it('is answered in datagrams as full as they go', () => {
    const { server } = served();
    expect(ask(server, 20, 12)).toEqual([
      [20, 5],
      [25, 5],
      [30, 2],
    ]);
    expect(server).toMatchObject({ requests: 1, answered: 1, answers: 3, messages: 12, unavailable: 0, outOfRange: 0 });
  });

  it('for more than a few datagrams hold is answered in part', () => {
    const { server } = served();
    expect(ask(server, 20, 65_535)).toEqual([
      [20, 5],
      [25, 5],
      [30, 5],
    ]);
    expect(server).toMatchObject({ messages: 15, shortenedByLength: 1, shortenedByRate: 0 });
    // What one answer holds is no shorter than what was asked for.
    expect(ask(server, 20, 15).length).toBe(3);
    expect(server.shortenedByLength).toBe(1);
  });

  it('gets whole messages only, by octets and by count', () => {
    const { messages, server } = served();
    messages.lengths.set(21, 58).set(22, 0).set(23, 34).set(24, 11);
    // 12 + 60 are too many; 60 fill a datagram; 2 + 36 + 13 and 12 more are too many.
    expect(ask(server, 20, 6)).toEqual([
      [20, 1],
      [21, 1],
      [22, 3],
    ]);
    expect(ask(served({ messagesPerAnswer: 2 }).server, 20, 5)).toEqual([
      [20, 2],
      [22, 2],
      [24, 1],
    ]);
  });

  it('for what is not sent yet is ignored, up to the last number answered', () => {
    const { server } = served();
    expect(ask(server, 101, 1)).toEqual([]);
    expect(ask(server, 2 ** 60, 65_535)).toEqual([]);
    expect(ask(server, NaN, 5)).toEqual([]);
    expect(ask(server, 50, 0)).toEqual([]);
    expect(server).toMatchObject({ outOfRange: 4, requests: 4, answered: 0, unavailable: 0 });
    expect(ask(server, 100, 9)).toEqual([[100, 1]]);
    expect(server).toMatchObject({ outOfRange: 4, unavailable: 0 });
  });

  it('for what is before the first message is counted, and answered with what there is', () => {
    const { messages, server } = served();
    messages.oldest = 1;
    expect(ask(server, 0, 5)).toEqual([[1, 4]]);
    expect(server).toMatchObject({ outOfRange: 1, unavailable: 0, requests: 1, answered: 1 });
    expect(ask(server, 0, 1)).toEqual([]);
    expect(server).toMatchObject({ outOfRange: 2, unavailable: 0, answered: 1 });
    const later = served({ firstSequence: 11 });
    expect(ask(later.server, 1, 10)).toEqual([]);
    expect(ask(later.server, 10, 2)).toEqual([[11, 1]]);
    expect(later.server).toMatchObject({ outOfRange: 2, unavailable: 0 });
  });

  it('counts its host, though there is nothing to answer with', () => {
    const { server } = served();
    ask(server, 200, 1, 7);
    ask(server, 1, 2, 8);
    ask(server, 1, 2, 8);
    expect(server).toMatchObject({ clients: 2, answered: 0, forgotten: 0 });
  });

  it('for what is forgotten is answered from the oldest on, and counted', () => {
    const { server } = served();
    expect(ask(server, 1, 10)).toEqual([]);
    expect(server.unavailable).toBe(10);
    expect(ask(server, 9, 4)).toEqual([[11, 2]]);
    expect(server.unavailable).toBe(12);
  });

  it('for what was sent and never kept is counted as unavailable', () => {
    const { messages, server } = served();
    messages.end = 90;
    expect(ask(server, 88, 100)).toEqual([[88, 2]]);
    expect(server.unavailable).toBe(11);
    expect(ask(server, 95, 1)).toEqual([]);
    expect(server).toMatchObject({ unavailable: 12, outOfRange: 0 });
  });

  it('steps over messages that fit into no datagram', () => {
    const { messages, server } = served();
    messages.lengths.set(20, 59).set(21, 59).set(23, 59).set(25, 59);
    expect(ask(server, 20, 6)).toEqual([
      [22, 1],
      [24, 1],
    ]);
    expect(server).toMatchObject({ unavailable: 4, messages: 2 });
    expect(ask(server, 20, 2)).toEqual([]);
    expect(server).toMatchObject({ answered: 1, unavailable: 6 });
  });
});

describe('rates', () => {
  /** Three datagrams at once, and then one of 80 octets in 10 ms. */
  const perClient = { octetPerSecond: 8000, burstOctets: 240 };

  it('bound what a client gets, and the rest of an answer waits for its next request', () => {
    const { messages, server } = served({ perClient });
    expect(ask(server, 20, 5)).toEqual([[20, 5]]);
    expect(ask(server, 20, 100)).toEqual([
      [20, 5],
      [25, 5],
    ]);
    expect(server.shortenedByRate).toBe(1);
    const { looks } = messages;
    expect(ask(server, 20, 5)).toEqual([]);
    expect(server).toMatchObject({ refusedByClientRate: 1, refusedByOverallRate: 0, answered: 2 });
    // What is refused costs no look at a message.
    expect(messages.looks).toBe(looks);
    expect(ask(server, 20, 5, 1, 0.01 * S - 1)).toEqual([]);
    expect(ask(server, 20, 5, 1, 0.01 * S)).toEqual([[20, 5]]);
    // Another client has its own.
    expect(ask(server, 20, 5, 2, 0.01 * S)).toEqual([[20, 5]]);
    // A bucket does not fill beyond its burst.
    expect(ask(server, 20, 100, 1, 100 * S).length).toBe(3);
    expect(ask(server, 20, 100, 1, 100 * S).length).toBe(0);
  });

  it('charge what an answer has, header included', () => {
    const { server } = served({ perClient });
    // 240 - 32 - 32 leave 176, 144, 112, 80, 48.
    for (let i = 0; i < 6; i++) expect(ask(server, 20, 1)).toEqual([[20, 1]]);
    expect(ask(server, 20, 1)).toEqual([]);
  });

  it('bound what all get together', () => {
    const { server } = served({ overall: { octetPerSecond: 8000, burstOctets: 160 } });
    expect(ask(server, 20, 5, 1)).toEqual([[20, 5]]);
    expect(ask(server, 20, 15, 2)).toEqual([[20, 5]]);
    expect(server).toMatchObject({ shortenedByRate: 1, refusedByOverallRate: 0 });
    expect(ask(server, 20, 5, 1)).toEqual([]);
    expect(server).toMatchObject({ refusedByOverallRate: 1, refusedByClientRate: 0 });
    expect(ask(server, 20, 5, 1, 0.01 * S)).toEqual([[20, 5]]);
    expect(ask(server, 20, 15, 1, 100 * S).length).toBe(2);
  });

  it('are kept for a bounded number of clients, the least recently seen being forgotten', () => {
    const { server } = served({ perClient: { octetPerSecond: 1, burstOctets: 80 } });
    expect(server.clients).toBe(0);
    expect(ask(server, 20, 5, 1, 1)).toHaveLength(1);
    expect(ask(server, 20, 5, 2, 2)).toHaveLength(1);
    expect([server.clients, server.forgotten]).toEqual([2, 0]);
    // Refused, but seen.
    expect(ask(server, 20, 5, 1, 3)).toHaveLength(0);
    expect(ask(server, 20, 5, 3, 4)).toHaveLength(1);
    expect([server.clients, server.forgotten]).toEqual([2, 1]);
    expect(ask(server, 20, 5, 1, 5)).toHaveLength(0);
    // Begins anew.
    expect(ask(server, 20, 5, 2, 6)).toHaveLength(1);
    expect([server.clients, server.forgotten]).toEqual([2, 2]);
    // Nobody is forgotten for who asks for nothing that could be answered.
    ask(server, 500, 5, 4, 7);
    ask(server, 1, 5, 4, 7);
    expect(server.forgotten).toBe(2);
  });

  it('hold under a flood of forged clients and random numbers', () => {
    const random = new Random(5);
    const { server } = served();
    let octets = 0;
    for (let i = 0; i < 50_000; i++) {
      const made = server.request(random.below(2 ** 40), 1 + random.below(199), random.below(65_536), i * 20_000);
      for (let k = 0; k < made; k++) octets += 20 + 12 * server.answerCount[k]!;
    }
    expect(server.clients).toBe(2);
    // One second of the rate, and the burst.
    expect(octets).toBeLessThanOrEqual(160_000);
    expect(octets).toBeGreaterThan(150_000);
    const { requests, answered, refusedByClientRate, refusedByOverallRate, outOfRange } = server;
    expect(requests).toBe(50_000);
    expect(refusedByOverallRate).toBeGreaterThan(1000);
    expect(answered + refusedByClientRate + refusedByOverallRate + outOfRange).toBeLessThanOrEqual(50_000);
  });
});

it('bounds that cannot be kept are refused', () => {
  const few = { octetPerSecond: 8000, burstOctets: 79 };
  const wrong: Partial<RetransmissionOptions>[] = [
    { datagramOctets: 22 },
    { perClient: few },
    { overall: few },
    { overall: { octetPerSecond: 0, burstOctets: 80 } },
    { clients: 0 },
    { clients: 65_536 },
    { answersPerRequest: 1.5 },
    { messagesPerAnswer: 0 },
  ];
  for (const options of wrong) expect(() => served(options)).toThrow(/^(answers|a bucket|a bound) of/);
});
