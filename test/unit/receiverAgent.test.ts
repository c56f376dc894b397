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

const turn = (agent: ReceiverAgent, socket: { queued: number }, messages: number): number => {
  socket.queued = messages;
  agent.doWork(1, 1);
  return agent.gatherNs();
};

describe('a receiver gathers', () => {
  it('longer and longer up to what was asked for while little comes', () => {
    const socket = socketOf(8 << 20);
    const agent = agentOf(socket.source);
    expect(agent.gatherNs()).toBe(200e3);
    expect([turn(agent, socket, 10), turn(agent, socket, 10), turn(agent, socket, 10)]).toEqual([400e3, 800e3, 1e6]);
  });

  it('less when more than an eighth of the buffer filled', () => {
    const socket = socketOf(1 << 20);
    const agent = agentOf(socket.source);
    // 1768 octets each with what the kernel keeps beside the payload: 75 fill an eighth of 1 MiB.
    expect(turn(agent, socket, 100)).toBe(100e3);
    expect(turn(agent, socket, 200)).toBe(25e3);
    expect(turn(agent, socket, 50)).toBe(25e3);
  });

  it('less when more than a cache holds came, however large the buffer', () => {
    const socket = socketOf(1 << 30);
    const agent = agentOf(socket.source);
    for (let i = 0; i < 3; i++) turn(agent, socket, 1);
    // Three of four reads of a turn are 339 kB; 512 KiB are 296 such messages.
    expect(turn(agent, socket, 192)).toBe(1e6);
    expect(socketOf(null).source.receiveBufferOctets).toBeNull();
  });

  it('never when told not to', () => {
    const socket = socketOf(8 << 20);
    const agent = agentOf(socket.source, 0);
    expect([turn(agent, socket, 10), turn(agent, socket, 100)]).toEqual([0, 0]);
  });
});
