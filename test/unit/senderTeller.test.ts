import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/time.js';
import { IntervalJudge } from '../../src/result/intervalJudge.js';
import type { RunMessage } from '../../src/runtime/messages.js';
import type { SenderStreamState } from '../../src/runtime/senderResult.js';
import { SenderCounter, SenderStats } from '../../src/runtime/senderStats.js';
import { SenderTeller } from '../../src/runtime/senderTeller.js';

type Interval = Extract<RunMessage, { type: 'interval' }>;

/** Two streams, of which a turn tells one: the clock moves by 0.15 ms whenever it is read. */
function set() {
  let ns = 0;
  const clock: Clock = {
    epoch: { realtimeNs: 1_700_000_000_000_000_000n, monotonicNs: 0n, uncertaintyNs: 0 },
    monoNs: () => (ns += 0.15e6),
    realNs: () => ns,
  };
  const streams = ['a', 'b'].map((id) => {
    const feed = { scheduled: 0, notSent: 0 };
    const stats = new SenderStats();
    const send = (): void => {
      feed.scheduled++;
      stats.counters[SenderCounter.Sent]!++;
      stats.counters[SenderCounter.Octets]! += 100;
      stats.intervalDepartureError.record(1000);
    };
    const plan = { address: { name: null, group: '239.1.2.3', port: 5001 } };
    return { id, plan, role: 'media', feed, stats, send } as unknown as SenderStreamState & { send(): void };
  });
  const told: Interval[] = [];
  const teller = new SenderTeller({
    streams,
    clock,
    startMonoNs: 0,
    intervalNs: 1e9,
    seesRefusals: true,
    receivers: () => [],
    post: (message) => void told.push(message as Interval),
    judge: new IntervalJudge([], 1e9),
  });
  const sent = () => told.map(({ senderRows }) => senderRows.map((row) => row.sent));
  return { teller, streams, told, sent };
}

describe('the intervals of a sender', () => {
  it('are told over several turns, with the counts of their end', () => {
    const { teller, streams, told, sent } = set();
    for (const stream of streams) stream.send();
    expect(teller.tellSome(1e9, 1e9)).toBe(true);
    expect(told).toEqual([]);
    for (const stream of streams) stream.send();
    for (let turns = 0; teller.tellSome(1.001e9, 1e9); turns++) expect(turns).toBeLessThan(5);
    expect(sent()).toEqual([[1, 1]]);
    expect(told[0]).toMatchObject({ startNs: 0, endNs: 1e9 });
    teller.finish(2e9);
    expect(sent()).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(told[1]).toMatchObject({ startNs: 1e9, endNs: 2e9 });
    for (const { stats } of streams)
      expect([stats.departureError.count, stats.intervalDepartureError.count]).toEqual([2, 0]);
  });

  it('are told to their end before the next one is', () => {
    const { teller, streams, sent, told } = set();
    streams[0]!.send();
    teller.tellSome(1e9, 1e9);
    streams[1]!.send();
    while (teller.tellSome(2.2e9, 2e9));
    expect(sent()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(told.map(({ startNs, endNs }) => [startNs, endNs])).toEqual([
      [0, 1e9],
      [1e9, 2.2e9],
    ]);
  });

  it('have no last one when nothing was sent in it', () => {
    const { teller, told } = set();
    teller.finish(1e9);
    expect(told).toEqual([]);
  });
});
