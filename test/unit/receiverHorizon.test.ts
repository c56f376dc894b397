/** Up to when a receiver may say that it has read both lines: never further than it has. */
import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../src/analysis/measurement.js';
import type { ReceiveBatch } from '../../src/core/batch.js';
import { SocketCounter, type DatagramSource, type Io } from '../../src/io/datagram.js';
import { NO_END, ReceiverAgent, type ReceiverAgentOptions } from '../../src/runtime/receiverAgent.js';

const MS = 1e6;
/** A datagram may be so much later in the queue than its stamp says. */
const TO_QUEUE_NS = 1e6;

/** Two sockets of which a read takes 0.2 ms and 64 datagrams at most. */
function lines(end: ReceiverAgentOptions['end'] = NO_END) {
  const state = {
    nowNs: 0,
    queued: [0, 0],
    read: [0, 0],
    told: [] as number[],
    leftWhenTold: [] as number[],
    mostApart: 0,
    ageNs: NaN,
  };
  const sources = [0, 1].map((index) => {
    const counters = new Float64Array(SocketCounter.Count);
    const receive = (batch: ReceiveBatch): number => {
      const count = Math.min(64, state.queued[index]!);
      state.queued[index]! -= count;
      state.read[index]! += count;
      counters[SocketCounter.Messages]! += count;
      state.nowNs += 0.2 * MS;
      state.mostApart = Math.max(state.mostApart, Math.abs(state.read[0]! - state.read[1]!));
      if (count > 0) batch.timeRealNs[count - 1] = Number.isNaN(state.ageNs) ? 0 : state.nowNs - state.ageNs;
      return (batch.count = count);
    };
    return { index, counters, receiveBufferOctets: null, receive } as unknown as DatagramSource;
  });
  const media = {
    onBatch: () => {},
    onTime: (_nowNs: number, beforeNs: number) => {
      state.told.push(beforeNs);
      // What is queued is stamped 0: up to there it may be told.
      if (beforeNs > 0) state.leftWhenTold.push(state.queued[0]! + state.queued[1]!);
    },
    isSettled: true,
  };
  const agent = new ReceiverAgent({
    io: { ready: Int32Array.of(0, 1), clock: { monoNs: () => state.nowNs } } as unknown as Io,
    sources,
    measurement: {
      onBatch: () => {},
      socketReadPast: () => {},
      stopAt: () => {},
      hasSettled: () => false,
    } as unknown as Measurement,
    gatherNs: 1e6,
    inject: null,
    capture: null,
    offload: null,
    media: media as unknown as ReceiverAgentOptions['media'],
    answers: null,
    end,
  });
  agent.doWork(0, 0);
  state.told.length = 0;
  return { agent, state };
}

describe('two lines of which much is queued', () => {
  it('are read evenly', () => {
    const { agent, state } = lines();
    state.queued = [20_000, 20_000];
    while (state.queued.some((left) => left > 0)) agent.doWork(state.nowNs, 2);
    // A look reads 64 times of one before the other; turns alone never put one further ahead.
    expect(state.mostApart).toBeLessThan(64 * 64 + 2 * 4 * 64);
  });

  it('are not said to have been read while one of them was not read empty', () => {
    const { agent, state } = lines();
    state.queued = [20_000, 20_000];
    state.leftWhenTold.length = 0;
    while (state.queued.some((left) => left > 0)) agent.doWork(state.nowNs, 2);
    const emptyNs = state.nowNs;
    for (let i = 0; i < 300; i++) {
      state.nowNs += MS;
      agent.doWork(state.nowNs, 0);
    }
    expect(Math.max(...state.told)).toBeGreaterThan(emptyNs);
    expect(Math.max(...state.leftWhenTold)).toBe(0);
  });
});

describe('a line that fills as fast as it is read', () => {
  it('holds up the time of others no more than by what waits in it', () => {
    const { agent, state } = lines();
    state.queued = [0, 1e9];
    state.ageNs = 30 * MS;
    while (state.nowNs < 1000 * MS) agent.doWork(state.nowNs, 2);
    const lastNs = Math.max(...state.told);
    expect(lastNs).toBeGreaterThan(state.nowNs - 200 * MS);
    expect(lastNs).toBeLessThanOrEqual(state.nowNs - state.ageNs);
  });
});

describe('a receiver that was held up behind its wait', () => {
  it('has read up to when it began to wait, whatever the clock says now', () => {
    const { agent, state } = lines();
    const polledNs = state.nowNs;
    // The first line was ready; the other one filled up while the program was stopped.
    state.queued = [3, 5000];
    state.nowNs += 3000 * MS;
    agent.doWork(state.nowNs, 1);
    expect(state.told.slice(0, 1)).toEqual([polledNs - TO_QUEUE_NS]);
    expect(Math.max(...state.told)).toBeLessThanOrEqual(polledNs);
  });
});

describe('the end of a run', () => {
  it('waits for a line that has not been read up to it, but not for ever', () => {
    const endNs = 100 * MS;
    const { agent, state } = lines({ ...NO_END, atMonoNs: endNs });
    state.nowNs = endNs + 5 * MS;
    state.queued = [0, 3 * 64 * 64];
    while (state.queued[1]! > 0) {
      expect(agent.finished).toBe(false);
      agent.doWork(state.nowNs, 0);
    }
    const flooded = lines({ ...NO_END, atMonoNs: endNs });
    flooded.state.nowNs = endNs + 5 * MS;
    flooded.state.queued = [0, 1e9];
    while (!flooded.agent.finished) flooded.agent.doWork(flooded.state.nowNs, 0);
    expect(flooded.state.nowNs).toBeGreaterThan(endNs + 2000 * MS);
  });
});
