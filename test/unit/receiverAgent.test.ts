import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../src/analysis/measurement.js';
import type { ReceiveBatch } from '../../src/core/batch.js';
import { SocketCounter, type DatagramSource, type Io } from '../../src/io/datagram.js';
import { NO_END, ReceiverAgent } from '../../src/runtime/receiverAgent.js';

const OCTETS = 1000;

/** A socket with `queued` messages, of which a read takes 64 at most. */
function socketOf(receiveBufferOctets: number | null): {
  source: DatagramSource;
  queued: number;
  reads: number[];
} {
  const counters = new Float64Array(SocketCounter.Count);
  const socket = {
    queued: 0,
    reads: [] as number[],
    source: {
      index: 0,
      counters,
      receiveBufferOctets,
      receive(batch: ReceiveBatch): number {
        const count = Math.min(64, socket.queued);
        socket.queued -= count;
        socket.reads.push(count);
        counters[SocketCounter.Messages]! += count;
        counters[SocketCounter.Octets]! += count * OCTETS;
        return (batch.count = count);
      },
    } as unknown as DatagramSource,
  };
  return socket;
}

function agentOf(source: DatagramSource, gatherNs = 1e6): ReceiverAgent {
  const measurement = {
    onBatch: () => {},
    socketReadPast: () => {},
    hasSettled: () => false,
  } as unknown as Measurement;
  const agent = new ReceiverAgent({
    io: { ready: Int32Array.of(0), clock: { monoNs: () => 0 } } as unknown as Io,
    sources: [source],
    measurement,
    gatherNs,
    inject: null,
    capture: null,
    offload: null,
    media: null,
    answers: null,
    end: NO_END,
  });
  agent.doWork(0, 0);
  return agent;
}

describe('a turn of a receiver', () => {
  it('reads until a read was not full', () => {
    const socket = socketOf(8 << 20);
    const agent = agentOf(socket.source);
    socket.reads.length = 0;
    socket.queued = 64 + 64 + 5;
    expect(agent.doWork(1, 1)).toBe(133);
    expect(socket.reads).toEqual([64, 64, 5]);
  });

  it('leaves a socket that fills as it is read for the next turn, which comes at once', () => {
    const socket = socketOf(8 << 20);
    const agent = agentOf(socket.source);
    socket.reads.length = 0;
    socket.queued = 10_000;
    agent.doWork(1, 1);
    expect(socket.reads).toEqual([64, 64, 64, 64]);
    expect(agent.gatherNs()).toBe(0);
    socket.queued = 3;
    agent.doWork(2, 1);
    expect(agent.gatherNs()).toBeGreaterThan(0);
  });
});

/** Sockets of which a read takes 0.6 ms and one datagram; which of them were read, and past which times. */
function slow(sockets: number) {
  let nowNs = 0;
  const read: number[] = [];
  const past: (readonly [socket: number, ns: number])[] = [];
  const queued = new Array<number>(sockets).fill(0);
  const sources = queued.map((_, index) => {
    const counters = new Float64Array(SocketCounter.Count);
    const receive = (batch: ReceiveBatch): number => {
      if (queued[index] === 0) return (batch.count = 0);
      queued[index]!--;
      counters[SocketCounter.Messages]!++;
      read.push(index);
      nowNs += 0.6e6;
      return (batch.count = 1);
    };
    return { index, counters, receiveBufferOctets: null, receive } as unknown as DatagramSource;
  });
  const agent = new ReceiverAgent({
    io: { ready: Int32Array.from(queued.keys()), clock: { monoNs: () => nowNs } } as unknown as Io,
    sources,
    measurement: {
      onBatch: () => {},
      socketReadPast: (socket: number, ns: number) => past.push([socket, ns]),
      hasSettled: () => false,
    } as unknown as Measurement,
    gatherNs: 1e6,
    inject: null,
    capture: null,
    offload: null,
    media: null,
    answers: null,
    end: NO_END,
  });
  agent.doWork(0, 0);
  const turn = (ready: number): number[] => {
    read.length = 0;
    past.length = 0;
    agent.doWork(nowNs, ready);
    return [...read];
  };
  return { agent, queued, past, turn, wait: (ns: number) => (nowNs += ns) };
}

describe('a receiver that is behind', () => {
  it('stops a turn after a millisecond and begins the next one where it stopped', () => {
    const { agent, queued, turn } = slow(5);
    queued.fill(3);
    expect([turn(5), agent.gatherNs()]).toEqual([[0, 1], 0]);
    expect([turn(5), agent.gatherNs()]).toEqual([[2, 3], 0]);
    expect([turn(5), agent.gatherNs()]).toEqual([[4, 0], 0]);
    queued.fill(0);
    queued[2] = 1;
    expect(turn(5)).toEqual([2]);
    expect(agent.gatherNs()).toBeGreaterThan(0);
  });

  it('looks at all sockets over as many turns as it takes, each past its own time', () => {
    const { agent, queued, past, turn, wait } = slow(3);
    wait(60e6);
    queued.fill(2);
    expect([turn(0), past]).toEqual([[0, 0], []]);
    expect(agent.nextDueNs()).toBeLessThan(61.2e6);
    expect([turn(0), past]).toEqual([[1, 1], [[0, 61.2e6 - 1e6]]]);
    expect([turn(0), past]).toEqual([[2, 2], [[1, 62.4e6 - 1e6]]]);
    expect([turn(0), past]).toEqual([[], [[2, 63.6e6 - 1e6]]]);
    expect(agent.nextDueNs()).toBe(63.6e6 + 50e6);
  });
});

/** A turn at `ns` that finds so many messages; how long the receiver gathers after it. */
function turn(agent: ReceiverAgent, socket: { queued: number }, messages: number, ns: number): number {
  socket.queued = messages;
  agent.doWork(ns, 1);
  return agent.gatherNs();
}

describe('a receiver gathers', () => {
  // A message takes 1768 octets of the buffer: its payload and what the kernel keeps beside it.
  const MESSAGE = OCTETS + 768;

  it('twice as long from turn to turn, up to what was asked for, while little comes', () => {
    const socket = socketOf(8 << 20);
    const agent = agentOf(socket.source);
    expect(agent.gatherNs()).toBe(50e3);
    const times = [1, 2, 3, 4, 5, 6].map((ms) => turn(agent, socket, 1, ms * 1e6));
    expect(times).toEqual([100e3, 200e3, 400e3, 800e3, 1e6, 1e6]);
  });

  it('as long as a sixteenth of the buffer takes to fill', () => {
    const socket = socketOf(1 << 20);
    const agent = agentOf(socket.source);
    for (let ms = 1; ms < 7; ms++) turn(agent, socket, 1, ms * 1e6);
    // A hundred in a millisecond.
    expect(turn(agent, socket, 100, 7e6)).toBeCloseTo(1e6 / ((100 * MESSAGE * 16) / 2 ** 20), 3);
    // As fast, but held up for 4 ms.
    expect(turn(agent, socket, 200, 9e6)).toBeCloseTo(1e6 / ((100 * MESSAGE * 16) / 2 ** 20), 3);
  });

  it('no longer than a cache takes to fill, however large the buffer', () => {
    const socket = socketOf(1 << 30);
    const agent = agentOf(socket.source);
    for (let ms = 1; ms < 7; ms++) turn(agent, socket, 1, ms * 1e6);
    expect(turn(agent, socket, 190, 7e6)).toBeCloseTo(1e6 / ((190 * MESSAGE) / 2 ** 18), 3);
  });

  it('never so short that every datagram would wake it', () => {
    const socket = socketOf(null);
    const agent = agentOf(socket.source);
    for (const ns of [1, 2, 3]) turn(agent, socket, 200, ns);
    expect(turn(agent, socket, 200, 4)).toBe(20e3);
  });

  it('never when told not to', () => {
    const socket = socketOf(8 << 20);
    const agent = agentOf(socket.source, 0);
    expect([turn(agent, socket, 10, 1e6), turn(agent, socket, 100, 2e6)]).toEqual([0, 0]);
  });
});

describe('a receiver that ends by itself', () => {
  it.each(['once', 'idle'] as const)('does not while something may still come that was asked for: %s', (how) => {
    const media = { isSettled: false, onBatch: () => {}, onTime: () => {} };
    let nowNs = 0;
    const agent = new ReceiverAgent({
      io: { ready: Int32Array.of(0), clock: { monoNs: () => nowNs } } as unknown as Io,
      sources: [],
      measurement: { hasSettled: () => true, stopAt: () => {} } as unknown as Measurement,
      gatherNs: 0,
      inject: null,
      capture: null,
      offload: null,
      media,
      answers: null,
      end: { ...NO_END, once: how === 'once', idleNs: how === 'idle' ? 1e6 : Infinity },
    });
    agent.lastMonoNs = 0;
    const look = (): void => {
      nowNs += 100e6;
      agent.doWork(nowNs, 0);
      agent.doWork(nowNs + 2e6, 0);
    };
    look();
    expect(agent.finished).toBe(false);
    media.isSettled = true;
    look();
    look();
    expect(agent.finished).toBe(true);
  });
});

describe('a receiver that is told that it may end', () => {
  const SILENCE_NS = 2e9;
  /** When it ends, looked at every 0.1 s; `arrivals`: when a datagram comes. Infinity: not within 20 s. */
  function endOf(toldNs: number, arrivals: readonly number[], firstByMonoNs = Infinity): number {
    let nowNs = 0;
    const socket = socketOf(null);
    const agent = new ReceiverAgent({
      io: { ready: Int32Array.of(0), clock: { monoNs: () => nowNs } } as unknown as Io,
      sources: [socket.source],
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
      media: null,
      answers: null,
      end: { ...NO_END, once: true, firstByMonoNs },
    });
    for (; nowNs <= 20e9; nowNs += 1e8) {
      if (nowNs === toldNs) agent.endWhenSilent(nowNs, SILENCE_NS);
      if (arrivals.includes(nowNs)) socket.queued++;
      agent.doWork(nowNs, socket.queued > 0 ? 1 : 0);
      if (agent.finished) return agent.stopMonoNs;
    }
    return Infinity;
  }

  it('goes on for so long when nothing has ever come', () => {
    expect(endOf(5e9, [])).toBe(7e9);
    expect(endOf(Infinity, [])).toBe(Infinity);
  });

  it('waits for a first datagram as long as it was to wait for one', () => {
    expect(endOf(5e9, [], 9e9)).toBe(9e9);
    expect(endOf(5e9, [], 6e9)).toBe(6e9);
  });

  it('counts silence from then on, and again from every datagram', () => {
    expect(endOf(5e9, [1e9])).toBe(7e9);
    expect(endOf(5e9, [1e9, 6e9, 7.5e9])).toBe(9.5e9);
  });
});
