import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/core/time.js';
import { Histogram } from '../../src/metrics/histogram.js';
import { Aggregator, aggregateStreams } from '../../src/result/aggregate.js';
import type { RunResult } from '../../src/result/model.js';
import { outlineResult, streamKey } from '../../src/result/outline.js';
import { FigureTable } from '../../src/result/figureTable.js';
import { digestOf } from '../../src/result/streamDigest.js';
import type { Agent } from '../../src/runtime/agent.js';
import type { WorkerMessage } from '../../src/runtime/messages.js';
import { ResultSoFar } from '../../src/runtime/resultSoFar.js';
import { receiverResult } from './resultFixture.js';

const STEP_NS = 0.15e6;

/** A result that takes so many steps of 0.15 ms. */
function* slowly(clock: ManualClock, steps: number, result: RunResult): Generator<void, RunResult> {
  for (let i = 0; i < steps; i++) {
    clock.advance(STEP_NS);
    yield;
  }
  return result;
}

function setUp(steps: number) {
  const clock = new ManualClock();
  const posted: WorkerMessage[] = [];
  let made = 0;
  const other = { finished: false };
  const result = receiverResult();
  const agent = new ResultSoFar(
    clock,
    () => {
      made++;
      return slowly(clock, steps, result);
    },
    (message) => posted.push(message),
    [other as Agent],
  );
  return { agent, clock, posted, other, result, made: () => made };
}

describe('a result so far', () => {
  it('is made in turns of a fifth of a millisecond, and told in parts', () => {
    const { agent, clock, posted, result } = setUp(20);
    agent.ask();
    let turns = 0;
    while (agent.nextDueNs() < Infinity) {
      const before = clock.monoNs();
      agent.doWork();
      expect(clock.monoNs() - before).toBeLessThanOrEqual(2 * STEP_NS);
      turns++;
    }
    expect(turns).toBeGreaterThanOrEqual(10);
    expect(posted.map(({ type }) => type)).toEqual([...result.streams.map(() => 'stream'), 'partial']);
    const streams = posted.flatMap((message) => (message.type === 'stream' ? [JSON.parse(message.json)] : []));
    const [partial] = posted.flatMap((message) => (message.type === 'partial' ? [message.result] : []));
    expect({ ...partial, streams }).toEqual(result);
  });

  it('is told in outline, with what is looked at in full, and whole behind it for who wants that', () => {
    const { agent, posted, result } = setUp(5);
    const [stream] = result.streams;
    const glance = { inFull: new Set([streamKey(stream!.id)]) };
    agent.askOutline(glance);
    agent.doWork();
    agent.ask();
    agent.askOutline({ inFull: new Set() });
    while (agent.nextDueNs() < Infinity) agent.doWork();
    expect(posted.map(({ type }) => type)).toEqual([
      ...result.streams.map(() => 'stream'),
      'outline',
      ...result.streams.map(() => 'stream'),
      'partial',
    ]);
    expect(posted[0]).toEqual({ type: 'stream', json: JSON.stringify(stream) });
    const [outline] = posted.flatMap((message) => (message.type === 'outline' ? [message.result] : []));
    expect(outline).toEqual(outlineResult(result, glance));
  });

  it('is whole for who wants an outline meanwhile', () => {
    const { agent, posted } = setUp(5);
    agent.ask();
    agent.askOutline({ inFull: new Set() });
    while (agent.nextDueNs() < Infinity) agent.doWork();
    expect(posted.map(({ type }) => type).filter((type) => type !== 'stream')).toEqual(['partial']);
  });

  it('is one for all that ask while it is made, and another one for who asks later', () => {
    const { agent, posted, made } = setUp(5);
    agent.ask();
    agent.doWork();
    agent.ask();
    while (agent.nextDueNs() < Infinity) agent.doWork();
    expect(made()).toBe(1);
    agent.ask();
    while (agent.nextDueNs() < Infinity) agent.doWork();
    expect(made()).toBe(2);
    expect(posted.filter(({ type }) => type === 'partial')).toHaveLength(2);
  });

  it('does nothing unasked and holds up no end', () => {
    const { agent, posted, other, made } = setUp(5);
    expect(agent.doWork()).toBe(0);
    expect([agent.nextDueNs(), made(), posted.length]).toEqual([Infinity, 0, 0]);
    expect(agent.finished).toBe(false);
    agent.ask();
    other.finished = true;
    expect(agent.finished).toBe(true);
  });
});

it('an aggregate in steps is the aggregate, and yields between its histograms', () => {
  const { streams } = receiverResult();
  const table = new FigureTable();
  const aggregator = new Aggregator(table);
  for (const stream of streams) aggregator.add(digestOf(stream), table.add(digestOf(stream).figures));
  const steps = aggregator.inSteps(null);
  let yields = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) yields++;
  expect(yields).toBeGreaterThanOrEqual(6);
  expect(step.value).toEqual(aggregateStreams(streams, null));
});

it('a histogram takes the buckets of another as if that one had been made of them', () => {
  const [a, b] = [
    [-5, 0, 1e6, 3e9],
    [-70_000, 12, 12, 1e15],
  ].map((values) => {
    const made = new Histogram();
    for (const value of values) made.record(value);
    return made;
  }) as [Histogram, Histogram];
  const added = a.copy();
  added.addBuckets(b.buckets(), b);
  const whole = a.copy();
  whole.add(b);
  expect(added.buckets()).toEqual(whole.buckets());
  expect([added.count, added.min, added.max, added.mean, added.clamped]).toEqual([
    whole.count,
    whole.min,
    whole.max,
    whole.mean,
    whole.clamped,
  ]);
});
