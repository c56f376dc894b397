import { describe, expect, test } from 'vitest';
import { SendFlag } from '../../src/core/batch.js';
import { Random } from '../../src/core/random.js';
import type { Feed } from '../../src/feed/feed.js';
import { ProbeFeed } from '../../src/feed/probeFeed.js';
import type { Pattern } from '../../src/feed/schedule.js';
import type { ImpairStatistics } from '../../src/impair/impairCounters.js';
import { type ImpairSpec, NO_IMPAIRMENT } from '../../src/impair/spec.js';
import { ImpairedFeed } from '../../src/runtime/impairedFeed.js';
import { type FlowCounts, OracleReceiver } from '../oracle/receiver.js';
import { copySlot, dirtyBatch, isData, refuse, type Sent } from './collect.js';
import { type Arrived, measure } from './measure.js';

const RUNS = 150;
const LATENCY_NS = 350_000;

/** A mix of everything, each with some probability, from mild to absurd. */
function randomSpec(dice: Random, count: number): ImpairSpec {
  const maybe = (most: number): number => (dice.unit() < 0.5 ? 0 : dice.unit() < 0.1 ? 1 : dice.unit() * most);
  const lossList: (readonly [number, number])[] = [];
  for (let at = dice.below(20); dice.unit() < 0.6 && at < count; at += 2 + dice.below(100)) {
    const last = at + dice.below(8);
    lossList.push([at, last]);
    at = last;
  }
  return {
    ...NO_IMPAIRMENT,
    loss: dice.unit() < 0.5 ? 0 : dice.unit() * 0.5,
    gilbertElliott:
      dice.unit() < 0.6
        ? null
        : { p: dice.unit() * 0.1, r: dice.unit(), lossGood: dice.unit() * 0.05, lossBad: dice.unit() },
    lossList,
    duplicate: maybe(0.3),
    reorder: maybe(0.3),
    corrupt: dice.unit() < 0.5 ? 0 : dice.unit() * 0.3,
    delayNs: dice.unit() < 0.5 ? 0 : dice.below(400e6),
    jitterNs: dice.unit() < 0.5 ? 0 : dice.below(dice.unit() < 0.5 ? 3e6 : 400e6),
    rateBitPerSecond: dice.unit() < 0.8 ? null : 1e5 + dice.below(2e6),
    queueOctets: 500 + dice.below(5000),
    seed: null,
  };
}

function randomPattern(dice: Random): Pattern {
  const kind = dice.below(3);
  if (kind === 0) return { kind: 'cbr' };
  return kind === 1
    ? { kind: 'poisson' }
    : { kind: 'burst', datagrams: 1 + dice.below(12), periodNs: 1e5 + dice.below(2e9) };
}

/** A sink that refuses this share of what it is given, as a full queueing discipline does. */
function drain(feed: Feed, dice: Random, refused: number): Sent[] {
  const batch = dirtyBatch(1 + dice.below(200), 30_000);
  const sent: Sent[] = [];
  for (let nowNs = 0; feed.nextDueNs() !== Infinity; nowNs = Math.max(nowNs, feed.nextDueNs()) + dice.below(5e6)) {
    batch.count = 0;
    feed.fill(batch, nowNs);
    for (let slot = 0; slot < batch.count; slot++) {
      // Markers get through: without any the receiver would not know the first or the last number.
      const isMarker = (batch.flags[slot]! & (SendFlag.Start | SendFlag.End)) !== 0;
      if (!isMarker && dice.unit() < refused) refuse(feed, batch, slot);
      else sent.push(copySlot(batch, slot));
    }
  }
  return sent;
}

interface Run {
  readonly feed: ImpairedFeed;
  readonly inner: ProbeFeed;
  readonly sent: Sent[];
  readonly flows: number;
  readonly count: number;
}

/** Sends `count` datagrams through the impairment of `spec`, in batches of random sizes at random times. */
function run(seed: number, spec: ImpairSpec, dice: Random, count: number, packetsPerSecond: number, refused = 0): Run {
  const flows = 1 + dice.below(4);
  const inner = new ProbeFeed({
    flows,
    runId: seed,
    seed,
    sizeOctets: 52 + dice.below(200),
    packetsPerSecond,
    pattern: randomPattern(dice),
    count,
    durationNs: null,
    startMonoNs: 0,
    destination: 0,
    flowBase: 5,
    tos: 0,
    ttl: 1,
    sendTime: 'departure',
    unixAtMonoZero: { high: 0, low: 0 },
    superPackets: false,
  });
  // There are a few hundred datagrams in all: what the rate decides is only how much can be on its way at once.
  const feed = new ImpairedFeed({ feed: inner, spec, seed, sizeOctets: 252, packetsPerSecond: 2000 });
  const sent = drain(feed, dice, refused);
  return { feed, inner, sent, flows, count };
}

/** The simulated network between them adds nothing but a constant latency. */
function wire(sent: readonly Sent[]): Arrived[] {
  return sent.map(({ octets, dueNs }) => ({ octets, timeNs: dueNs + LATENCY_NS }));
}

function expectSame(name: string, told: ImpairStatistics, found: FlowCounts) {
  expect(
    { lost: found.lost, duplicated: found.duplicated, reordered: found.reordered, late: found.late },
    name,
  ).toEqual({ lost: told.lost, duplicated: told.duplicated, reordered: told.reordered, late: told.late });
  expect([found.received, found.expected], name).toEqual([told.offered - told.lost, told.offered]);
}

function sum(flows: Map<number, FlowCounts>): Omit<FlowCounts, 'reordered'> {
  const total = { expected: 0, received: 0, lost: 0, neverSent: 0, duplicated: 0, late: 0 };
  for (const one of flows.values()) {
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += one[key];
  }
  return total;
}

describe('what the receiver counts is what the sender says it did', () => {
  test(`${RUNS} seeds with random mixes, flow by flow, by the oracle and by the product`, () => {
    const seen = { lost: 0, duplicated: 0, reordered: 0, delayed: 0, corrupted: 0 };
    for (let seed = 1; seed <= RUNS; seed++) {
      const dice = new Random(seed, 77);
      const spec = randomSpec(dice, 300);
      const { feed, sent, flows, count } = run(seed, spec, dice, 100 + dice.below(500), 10 ** (1 + 4 * dice.unit()));
      const oracle = new OracleReceiver();
      const arrived = wire(sent);
      for (const { octets, timeNs } of arrived) oracle.hear(octets, timeNs);
      const byOracle = oracle.close();
      const byProduct = measure(arrived, 1 + dice.below(64));
      const name = `seed ${seed} ${JSON.stringify(spec)}`;
      for (let flow = 0; flow < flows; flow++) {
        const told = feed.statistics(flow);
        expect(told.offered, name).toBe(Math.floor((count + flows - 1 - flow) / flows));
        expectSame(`oracle, ${name}`, told, byOracle.get(flow)!);
        expectSame(`product, ${name}`, told, byProduct.flows.get(flow)!);
      }
      const total = feed.statistics();
      expect([oracle.malformed, byProduct.malformed], name).toEqual([total.corrupted, total.corrupted]);
      expect(oracle.arrivals, name).toBe(total.offered - total.lost + total.duplicated);
      for (const key of Object.keys(seen) as (keyof typeof seen)[]) seen[key] += total[key];
      expect(sent.filter((one) => (one.flags & SendFlag.Start) !== 0)).toHaveLength(3 * flows);
      expect(sent.filter((one) => (one.flags & SendFlag.End) !== 0)).toHaveLength(5 * flows);
    }
    // The mixes were no idle ones.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(1000);
  });
});

describe('what the host refuses beside', () => {
  test('is never sent, not lost: expected, lost, duplicated and never sent add up, by the oracle and by the product', () => {
    let refused = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const dice = new Random(seed, 79);
      const spec = randomSpec(dice, 300);
      const { feed, inner, sent, count } = run(seed, spec, dice, 300, 1000, dice.unit() * 0.6);
      const oracle = new OracleReceiver();
      const arrived = wire(sent);
      for (const { octets, timeNs } of arrived) oracle.hear(octets, timeNs);
      const { lost, duplicated, corrupted } = feed.statistics();
      const told = {
        expected: count - inner.notSent,
        received: count - inner.notSent - lost,
        lost,
        neverSent: inner.notSent,
        duplicated,
        late: 0,
      };
      const byProduct = measure(arrived, 1 + dice.below(64));
      const name = `seed ${seed} ${JSON.stringify(spec)}`;
      expect(sum(oracle.close()), `oracle, ${name}`).toEqual(told);
      expect(sum(byProduct.flows), `product, ${name}`).toEqual(told);
      expect([oracle.malformed, byProduct.malformed]).toEqual([corrupted, corrupted]);
      refused += inner.notSent;
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe('order', () => {
  test('copies leave in order of their new due times, end markers last and apart', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const dice = new Random(seed, 78);
      const { sent, flows } = run(seed, randomSpec(dice, 200), dice, 200, 1000);
      for (let i = 1; i < sent.length; i++) expect(sent[i]!.dueNs).toBeGreaterThanOrEqual(sent[i - 1]!.dueNs);
      for (let flow = 5; flow < 5 + flows; flow++) {
        const own = sent.filter((one) => one.flow === flow);
        const ends = own.slice(-5);
        expect(ends.every((one) => (one.flags & SendFlag.End) !== 0)).toBe(true);
        for (let i = 1; i < 5; i++) expect(ends[i]!.dueNs - ends[i - 1]!.dueNs).toBeGreaterThanOrEqual(1e6);
        expect(own.slice(0, 3).every((one) => (one.flags & SendFlag.Start) !== 0)).toBe(true);
        expect(own.slice(3, -5).every(isData)).toBe(true);
      }
    }
  });
});
