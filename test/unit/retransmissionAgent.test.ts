import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Io } from '../../src/io/datagram.js';
import { MemoryIo } from '../../src/io/memory.js';
import { MessageStore } from '../../src/repair/messageStore.js';
import { storeOf } from '../../src/runtime/recoveryServers.js';
import { LOOK_NS, RetransmissionAgent } from '../../src/runtime/retransmissionAgent.js';
import { checkMoldUdp64, moldCount, moldSequence, moldUdp64Framing, putMoldHeader } from '../../src/wire/moldudp64.js';
import { WireStatus } from '../../src/wire/status.js';

const SESSION = moldUdp64Framing.sessionWords('SESSION01')!;
const OTHER = moldUdp64Framing.sessionWords('SESSION02')!;
const SERVER = { family: 4, address: '192.0.2.9', port: 700 } as const;
const FIRST = 2 ** 40;

/** `messages` of `octets` octets each, the number of each in all of them. */
function remembered(messages: number, octets: number): MessageStore {
  const store = storeOf(1 << 20, FIRST);
  const message = new Uint8Array(octets);
  for (let n = 0; n < messages; n++) store.put(new DataView(message.fill(n).buffer), 0, octets);
  return store;
}

function scene(
  messages = 100,
  octets = 10,
  others: readonly { finished: boolean }[] = [{ finished: false }],
  payloadOctets = 200,
) {
  const io = new MemoryIo({ address: '192.0.2.9' });
  const port = io.openPort(SERVER);
  const store = remembered(messages, octets);
  const agent = new RetransmissionAgent({
    port,
    memory: store,
    framing: moldUdp64Framing,
    session: SESSION,
    firstSequence: FIRST,
    payloadOctets,
    lingerNs: 2e9,
    others: others as never,
  });
  const client = io.openPort({ family: 4, address: '192.0.2.1', port: 0 });
  return { io, agent, client, store, ask: asker(client) };
}

function asker(client: ReturnType<MemoryIo['openPort']>) {
  return (sequence: number, count: number, session = SESSION): void => {
    const request = new Uint8Array(20).fill(0xa5);
    putMoldHeader(new DataView(request.buffer), 0, ...session, sequence, count);
    client.send(request, 20, SERVER.address, SERVER.port);
  };
}

/** Turns of the loop until `turns` looks are over. */
function run(io: Io, agent: RetransmissionAgent, turns = 1): void {
  for (let i = 0; i < turns; i++) {
    agent.doWork(io.clock.monoNs());
    io.wait(io.clock.monoNs() + LOOK_NS, 0);
  }
}

/** First number and count of what came, and all octets of the messages. */
function answers(client: ReturnType<MemoryIo['openPort']>): { ranges: [number, number][]; messages: number[][] } {
  const bytes = new Uint8Array(2048);
  const view = new DataView(bytes.buffer);
  const ranges: [number, number][] = [];
  const messages: number[][] = [];
  for (;;) {
    const octets = client.receive(bytes.fill(0xa5));
    if (octets < 0) return { ranges, messages };
    expect(octets).toBeLessThanOrEqual(200);
    expect(checkMoldUdp64(view, 0, octets)).toBe(WireStatus.Ok);
    expect([view.getUint32(0), view.getUint32(4), view.getUint16(8)]).toEqual([...SESSION]);
    ranges.push([moldSequence(view, 0), moldCount(view, 0)]);
    for (let at = 20; at < octets; at += 2 + view.getUint16(at)) {
      messages.push([...bytes.subarray(at + 2, at + 2 + view.getUint16(at))]);
    }
  }
}

describe('a sender that is asked', () => {
  it('answers with downstream packets of its session, filled as far as whole messages go', () => {
    const { io, agent, client, ask } = scene();
    ask(FIRST + 3, 20);
    run(io, agent);
    const { ranges, messages } = answers(client);
    // 180 octets hold 15 messages of 2 + 10.
    expect(ranges).toEqual([
      [FIRST + 3, 15],
      [FIRST + 18, 5],
    ]);
    expect(messages).toEqual(Array.from({ length: 20 }, (_, i) => new Array<number>(10).fill(3 + i)));
    expect(agent.retransmission).toMatchObject({ requests: 1, answered: 1, answers: 2, messages: 20, clients: 1 });
    expect([agent.malformed, agent.foreign, agent.notSent]).toEqual([0, 0, 0]);
  });

  it('knows a host by its address, whatever port it asks from', () => {
    const { io, agent, ask } = scene();
    const second = io.openPort({ family: 4, address: '192.0.2.1', port: 0 });
    const other = io.openPort({ family: 4, address: '192.0.2.2', port: 0 });
    ask(FIRST, 1);
    asker(second)(FIRST, 2);
    asker(other)(FIRST, 3);
    run(io, agent);
    expect(answers(second).ranges).toEqual([[FIRST, 2]]);
    expect(answers(other).ranges).toEqual([[FIRST, 3]]);
    expect(agent.retransmission.clients).toBe(2);
  });

  it('answers messages of no octets', () => {
    const { io, agent, client, ask } = scene(3, 0);
    ask(FIRST, 3);
    run(io, agent);
    expect(answers(client)).toEqual({ ranges: [[FIRST, 3]], messages: [[], [], []] });
  });

  it('counts what it cannot answer', () => {
    const { io, agent, client, ask } = scene();
    ask(FIRST + 100, 1);
    ask(FIRST - 5, 5);
    ask(FIRST, 1, OTHER);
    // Differs in the first word, and in the last one alone.
    ask(FIRST, 1, [SESSION[0] + 1, SESSION[1], SESSION[2]]);
    ask(FIRST, 1, [SESSION[0], SESSION[1], moldUdp64Framing.sessionWords('SESSION01X')![2]]);
    run(io, agent);
    expect(answers(client).ranges).toEqual([]);
    expect(agent.retransmission).toMatchObject({ requests: 2, answered: 0, outOfRange: 2, unavailable: 0, clients: 1 });
    expect([agent.malformed, agent.foreign]).toEqual([0, 3]);
  });

  it('tells what was sent and never kept', () => {
    const { agent, store } = scene();
    expect(agent.notKept).toBe(0);
    // As a file does that cannot be written any more.
    Object.defineProperty(store, 'next', { get: () => store.end + 3 });
    expect(agent.notKept).toBe(3);
  });

  it('is not told to throw by any octets', () => {
    const { io, agent, client } = scene();
    const random = new Random(7);
    let sent = 0;
    while (sent < 300) {
      const octets = Uint8Array.from({ length: random.uint32() % 40 }, () => random.uint32());
      client.send(octets, octets.length, SERVER.address, SERVER.port);
      if (++sent % 50 === 0) run(io, agent, 2);
    }
    run(io, agent, 2);
    expect(agent.malformed + agent.foreign + agent.retransmission.requests).toBe(sent);
    expect(agent.malformed).toBeGreaterThan(0);
    expect(answers(client).ranges).toEqual([]);
  });

  it('takes a request that is an octet too long for none', () => {
    const { io, agent, client } = scene();
    const request = new Uint8Array(21);
    putMoldHeader(new DataView(request.buffer), 0, ...SESSION, FIRST, 1);
    client.send(request, 21, SERVER.address, SERVER.port);
    client.send(request, 19, SERVER.address, SERVER.port);
    run(io, agent);
    expect([agent.malformed, agent.retransmission.requests]).toEqual([2, 0]);
  });

  it('spends a bounded turn on a flood, and holds its limit on the rate', () => {
    const { io, agent, client, ask } = scene(100, 1378, undefined, 1400);
    for (let i = 0; i < 200; i++) ask(FIRST, 32);
    agent.doWork(io.clock.monoNs());
    // One request whose 32 answers are a turn's.
    expect(agent.retransmission).toMatchObject({ requests: 1, answers: 32 });
    expect(agent.nextDueNs()).toBe(io.clock.monoNs() + LOOK_NS);
    // Not before the next look.
    agent.doWork(io.clock.monoNs() + LOOK_NS - 1);
    expect(agent.retransmission.requests).toBe(1);
    io.wait(io.clock.monoNs() + LOOK_NS, 0);
    run(io, agent, 200);
    const { requests, answers: sent, refusedByClientRate } = agent.retransmission;
    expect(requests).toBe(200);
    expect(refusedByClientRate).toBeGreaterThan(0);
    // A burst, and 12.5 octets each microsecond of the 201 ms.
    expect(sent * 1400).toBeLessThan((256 << 10) + 12.5 * 201_000);
    expect(client.receive(new Uint8Array(1400))).toBe(1400);
  });

  it('reads a bounded number of what is nothing in a turn', () => {
    const { io, agent, client } = scene();
    for (let i = 0; i < 100; i++) client.send(new Uint8Array(3), 3, SERVER.address, SERVER.port);
    agent.doWork(io.clock.monoNs());
    expect(agent.malformed).toBe(64);
    io.wait(io.clock.monoNs() + LOOK_NS, 0);
    run(io, agent);
    expect(agent.malformed).toBe(100);
  });

  it('counts answers that did not leave', () => {
    const { io } = scene();
    const memory = remembered(1, 10);
    const deaf = new RetransmissionAgent({
      port: {
        port: 1,
        notes: [],
        receivedRealNs: 0,
        sourceAddress: '192.0.2.1',
        sourcePort: 5,
        receive: (bytes) => (reads++ > 0 ? -1 : (bytes.set(request), 20)),
        send: () => false,
        close: () => {},
      },
      memory,
      framing: moldUdp64Framing,
      session: SESSION,
      firstSequence: FIRST,
      payloadOctets: 200,
      lingerNs: 0,
      others: [{ finished: false }] as never,
    });
    let reads = 0;
    const request = new Uint8Array(20);
    putMoldHeader(new DataView(request.buffer), 0, ...SESSION, FIRST, 1);
    deaf.doWork(io.clock.monoNs());
    expect([deaf.notSent, deaf.retransmission.answered]).toEqual([1, 1]);
  });

  it('lingers when the others have finished, and then ends', () => {
    const lane = { finished: false };
    const { io, agent, client, ask } = scene(100, 10, [lane]);
    run(io, agent, 3);
    agent.stop();
    lane.finished = true;
    const endNs = io.clock.monoNs() + 2e9;
    run(io, agent);
    expect(agent.finished).toBe(false);
    ask(FIRST, 1);
    run(io, agent, 2);
    expect(answers(client).ranges).toEqual([[FIRST, 1]]);
    agent.doWork(endNs - 1);
    expect([agent.finished, agent.nextDueNs()]).toEqual([false, endNs]);
    agent.doWork(endNs);
    expect(agent.finished).toBe(true);
    expect(agent.gatherNs()).toBe(Infinity);
  });
});
