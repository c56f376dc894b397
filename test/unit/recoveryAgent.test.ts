import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { MemoryIo, type MemoryOptions } from '../../src/io/memory.js';
import { FeedChannel } from '../../src/runtime/feedChannel.js';
import type { MediaOutput } from '../../src/runtime/mediaChannel.js';
import { RecoveryAgent, type FeedRecovery } from '../../src/runtime/recoveryAgent.js';
import { storeOf } from '../../src/runtime/recoveryServers.js';
import { LOOK_NS, RetransmissionAgent } from '../../src/runtime/retransmissionAgent.js';
import { moldUdp64Framing, putMoldHeader } from '../../src/wire/moldudp64.js';

const MS = 1e6;
const SESSION = moldUdp64Framing.sessionWords('SESSION01')!;
/** Number on the wire of the first message of all, and of the first one that a channel hears. */
const FIRST = 2 ** 40;
const OPTIONS = {
  ranges: 64,
  listed: 8,
  delayNs: 2 * MS,
  timeoutNs: 20 * MS,
  longestTimeoutNs: 40 * MS,
  restNs: 5 * MS,
  tries: 3,
  outstandingRequests: 2,
  requestMessages: 20,
};

interface SceneOptions {
  readonly memory?: MemoryOptions;
  readonly from?: number | null;
  /** Number of the first message that is heard. */
  readonly origin?: number;
  readonly hasLegs?: boolean;
  readonly storePackets?: number;
  /** Nobody answers at the server's port, or from then on. */
  readonly deaf?: boolean;
  readonly deafFromNs?: number;
  readonly messages?: number;
}

/** Message `n` is four octets, which say so. */
function scene(options: SceneOptions = {}) {
  const { from = null, origin = FIRST, hasLegs = false, storePackets = 64, deaf = false, messages = 1000 } = options;
  const { deafFromNs = Infinity } = options;
  const io = new MemoryIo({ address: '192.0.2.1', ...options.memory });
  const memory = storeOf(1 << 20, FIRST);
  const message = new DataView(new ArrayBuffer(4));
  for (let n = 0; n < messages; n++) {
    message.setUint32(0, n);
    memory.put(message, 0, 4);
  }
  const receiver = { finished: false };
  const server = deaf
    ? null
    : new RetransmissionAgent({
        port: io.openPort({ family: 4, address: '192.0.2.9', port: 700 }),
        memory,
        framing: moldUdp64Framing,
        session: SESSION,
        firstSequence: FIRST,
        payloadOctets: 80,
        lingerNs: 0,
        others: [receiver] as never,
      });
  const port = io.openPort({ family: 4, address: null, port: 0 });
  const targets = [{ address: '192.0.2.9', port: 700, through: port }];
  const feed: FeedRecovery = { targets, from, options: { ...OPTIONS, servers: targets.length } };
  const agent = new RecoveryAgent({ ports: [port], feeds: [feed, null], others: [receiver] as never });
  const saved: number[] = [];
  let lost = 0;
  const output: MediaOutput = {
    put: (bytes, at, length, missing) => {
      lost += missing;
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, length);
      for (let i = 0; i < length; i += 6) {
        expect(view.getUint16(i)).toBe(4);
        saved.push(view.getUint32(i + 2));
      }
    },
  };
  const channel = new FeedChannel({
    framing: moldUdp64Framing,
    holdNs: 10 * MS,
    mergeWindowNs: hasLegs ? 10 * MS : null,
    storePackets,
    outputs: [output],
    recovery: agent.channel(0, SESSION, BigInt(origin)),
  });
  /** A line brings messages `n .. n + count`, counted from {@link FIRST}. */
  const hear = (n: number, count: number, leg: 0 | 1 = 0, agoNs = 0): void => {
    const bytes = new Uint8Array(20 + 6 * count);
    const view = new DataView(bytes.buffer);
    putMoldHeader(view, 0, ...SESSION, FIRST + n, count);
    for (let i = 0; i < count; i++) {
      view.setUint16(20 + 6 * i, 4);
      view.setUint32(22 + 6 * i, n + i);
    }
    const number = FIRST + n - origin;
    const timesNs = Float64Array.of(io.clock.monoNs() - agoNs);
    channel.onDatagram(bytes, view, 0, bytes.length, number, count, timesNs, 0, leg);
  };
  const announce = (n: number): void => channel.announce(FIRST + n - origin, io.clock.monoNs(), 0);
  /** Time passes, a look at a time. */
  const pass = (ns: number): void => {
    for (const endNs = io.clock.monoNs() + ns; io.clock.monoNs() < endNs;) {
      if (io.clock.monoNs() < deafFromNs) server?.doWork(io.clock.monoNs());
      agent.doWork(io.clock.monoNs());
      channel.onTime(io.clock.monoNs(), io.clock.monoNs(), io.clock.monoNs());
      io.wait(io.clock.monoNs() + LOOK_NS, 0);
    }
  };
  const recovery = () => channel.repair().recovery!;
  return { io, port, agent, server, channel, receiver, saved, hear, announce, pass, recovery, lost: () => lost };
}

/** Number on the wire of message `n`. */
function at(n: number): bigint {
  return BigInt(FIRST + n);
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

describe('a receiver that asks', () => {
  it('gets what its line has missed, in order, and hands each message on once', () => {
    const { hear, pass, saved, channel, recovery, lost, announce } = scene();
    hear(0, 3);
    hear(40, 5);
    hear(47, 3);
    pass(30 * MS);
    hear(50, 2);
    announce(60);
    pass(30 * MS);
    channel.finish(0);
    expect(saved).toEqual(numbers(0, 60));
    expect(recovery()).toMatchObject({ missed: 47, came: 0, recovered: 47, unrecovered: 0, pending: 0, closedGaps: 3 });
    expect(recovery().requestsNotSent).toBe(0);
    expect(recovery().answers).toBeGreaterThan(0);
    expect(channel.repair()).toMatchObject({ expected: 60, released: 60, givenUp: 0 });
    expect(lost()).toBe(0);
  });

  it('asks nobody for what the other line brings, or what was only late', () => {
    const { hear, pass, saved, recovery } = scene({ hasLegs: true });
    hear(0, 2, 0);
    hear(4, 2, 0);
    pass(1 * MS);
    hear(0, 2, 1);
    hear(2, 2, 1);
    pass(50 * MS);
    expect(saved).toEqual(numbers(0, 6));
    expect(recovery()).toMatchObject({ missed: 2, came: 2, requests: 0 });
  });

  it('finds no gap closed before it was found, whichever line is read first', () => {
    const { io, hear, recovery } = scene({ hasLegs: true });
    io.clock.advance(50 * MS);
    hear(0, 1, 0, 20 * MS);
    hear(3, 1, 0, 5 * MS);
    hear(1, 2, 1, 15 * MS);
    expect(recovery()).toMatchObject({ came: 2, recovered: 0, closedGaps: 1 });
    // No answer brought it.
    expect(recovery().recoveryNs.count).toBe(0);
  });

  it('begins with the lowest number of two lines of which one is ahead, gaps among them', () => {
    const { hear, pass, saved, channel, recovery } = scene({ hasLegs: true, origin: FIRST + 10 });
    hear(10, 2, 0);
    hear(5, 2, 1);
    pass(50 * MS);
    channel.finish(0);
    expect(saved).toEqual(numbers(5, 12));
    expect(recovery()).toMatchObject({ missed: 3, recovered: 3 });
  });

  it('begins with a heartbeat, behind which the first message is missing', () => {
    const { hear, announce, pass, saved } = scene({ origin: FIRST + 7 });
    announce(7);
    hear(9, 1);
    pass(50 * MS);
    expect(saved).toEqual([7, 8, 9]);
  });

  it('catches up from a number, though the store for what comes meanwhile is far too small', () => {
    const { hear, pass, saved, channel, recovery } = scene({ from: FIRST, origin: FIRST + 500, storePackets: 8 });
    for (let n = 500; n < 1000; n += 5) {
      hear(n, 5);
      pass(1 * MS);
    }
    pass(500 * MS);
    expect(channel.isSettled).toBe(true);
    channel.finish(0);
    expect(saved).toEqual(numbers(0, 1000));
    expect(recovery()).toMatchObject({ unrecovered: 0, pending: 0 });
    expect(recovery().missed).toBeGreaterThan(500);
  });

  it('does not begin later than with the first one heard', () => {
    const { hear, pass, saved, recovery } = scene({ from: FIRST + 100 });
    hear(3, 2);
    pass(20 * MS);
    expect([saved, recovery().missed]).toEqual([[3, 4], 0]);
  });

  it('lists exactly what nobody answers with, and goes on behind it', () => {
    const { hear, pass, saved, channel, recovery, lost, announce } = scene({ deaf: true });
    hear(0, 3);
    hear(5, 1);
    hear(7, 1);
    announce(10);
    expect(channel.isSettled).toBe(false);
    pass(30 * MS);
    expect(saved).toEqual([0, 1, 2]);
    pass(300 * MS);
    // Given up as soon as they are, not at the end.
    expect(saved).toEqual([0, 1, 2, 5, 7]);
    expect(channel.isSettled).toBe(true);
    channel.finish(0);
    expect(recovery()).toMatchObject({ missed: 5, recovered: 0, unrecovered: 5, pending: 0, tornGaps: 3, unlisted: 0 });
    expect(recovery().ranges.toSorted()).toEqual([
      [at(3), at(4)],
      [at(6), at(6)],
      [at(8), at(9)],
    ]);
    expect(recovery().timeouts).toBeGreaterThan(0);
    expect(channel.repair()).toMatchObject({ expected: 10, released: 5, givenUp: 5 });
    expect(lost()).toBe(3);
  });

  it('loses no more than the gap when nobody answers and the store is full', () => {
    const { hear, pass, saved, recovery } = scene({ deaf: true, storePackets: 16 });
    hear(0, 1);
    hear(2, 1);
    pass(200 * MS);
    expect(saved).toEqual([0, 2]);
    hear(4, 1);
    for (let n = 5; n < 50; n++) hear(n, 1);
    expect(saved).toEqual([0, 2, ...numbers(4, 50)]);
    expect(recovery()).toMatchObject({ missed: 2, unrecovered: 2 });
  });

  it('loses nothing that a line brought where nobody answers, though there is little room', () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = new Random(seed);
      const storePackets = 32 + random.below(40);
      const { hear, pass, saved, channel, recovery } = scene({ deaf: true, hasLegs: true, storePackets });
      const heard = new Set<number>();
      // The second line is a few datagrams late.
      const late: [number, number][] = [];
      for (let n = 0; n < 800;) {
        const count = 1 + random.below(3);
        if (n === 0 || random.unit() < 0.8) {
          hear(n, count, 0);
          for (const m of numbers(n, n + count)) heard.add(m);
        }
        if (random.unit() < 0.8) late.push([n, count]);
        if (late.length > 2) {
          const [m, other] = late.shift()!;
          hear(m, other, 1);
          for (const k of numbers(m, m + other)) heard.add(k);
        }
        if (random.unit() < 0.5) pass(1 * MS);
        n += count;
      }
      channel.finish(0);
      expect(saved).toEqual([...heard].toSorted((a, b) => a - b));
      const { missed, came, unrecovered, unlisted, ranges } = recovery();
      expect(missed - came).toBe(unrecovered);
      const listed = ranges.reduce((sum, [first, last]) => sum + Number(last - first) + 1, 0);
      expect(listed + unlisted).toBe(Math.max(...heard) + 1 - heard.size);
    }
  });

  it('loses nothing that a line brought when who answered falls silent', () => {
    const { hear, pass, saved, channel, recovery } = scene({ deafFromNs: 300 * MS });
    const heard = numbers(0, 1000).filter((n) => n % 10 !== 5);
    for (const n of heard) {
      hear(n, 1);
      pass(1 * MS);
    }
    channel.finish(0);
    const missing = numbers(0, 1000).filter((n) => !saved.includes(n));
    expect(missing.filter((n) => n % 10 !== 5)).toEqual([]);
    expect(recovery()).toMatchObject({ missed: 100, recovered: 100 - missing.length, unrecovered: missing.length });
    expect(recovery().recovered).toBeGreaterThan(20);
    expect(missing.length).toBeGreaterThan(60);
  });

  it('looks for answers only while it waits for some', () => {
    const { io, agent, hear, pass, receiver } = scene({ deaf: true });
    expect([agent.nextDueNs(), agent.gatherNs()]).toEqual([Infinity, Infinity]);
    hear(0, 1);
    hear(2, 1);
    expect(agent.nextDueNs()).toBe(io.clock.monoNs() + OPTIONS.delayNs);
    pass(4 * MS);
    expect(agent.nextDueNs()).toBeLessThanOrEqual(io.clock.monoNs() + LOOK_NS);
    pass(300 * MS);
    expect(agent.nextDueNs()).toBe(Infinity);
    receiver.finished = true;
    agent.doWork(io.clock.monoNs());
    expect(agent.finished).toBe(true);
  });

  it('takes answers from its servers alone, of its session, about what it asked for', () => {
    const { io, port, agent, hear, pass, saved, recovery } = scene({ deaf: true });
    const server = io.openPort({ family: 4, address: '192.0.2.9', port: 701 });
    const stranger = io.openPort({ family: 4, address: '192.0.2.66', port: 700 });
    const answer = (n: number, session = SESSION): Uint8Array => {
      const bytes = new Uint8Array(26);
      const view = new DataView(bytes.buffer);
      putMoldHeader(view, 0, ...session, FIRST + n, 1);
      view.setUint16(20, 4);
      view.setUint32(22, n);
      return bytes;
    };
    hear(0, 1);
    hear(2, 1);
    pass(5 * MS);
    stranger.send(answer(1), 26, port.address, port.port);
    server.send(answer(1, moldUdp64Framing.sessionWords('SESSION02')!), 26, port.address, port.port);
    server.send(answer(1), 25, port.address, port.port);
    // Not sent yet, as far as anybody knows; and a heartbeat.
    server.send(answer(3), 26, port.address, port.port);
    const heartbeat = new Uint8Array(20);
    putMoldHeader(new DataView(heartbeat.buffer), 0, ...SESSION, FIRST + 3, 0);
    server.send(heartbeat, 20, port.address, port.port);
    pass(2 * MS);
    expect(saved).toEqual([0]);
    expect([agent.foreign, agent.malformed, recovery().answers]).toEqual([2, 1, 1]);
    expect(agent.notes).toHaveLength(2);
    server.send(answer(1), 26, port.address, port.port);
    pass(2 * MS);
    expect(saved).toEqual([0, 1, 2]);
  });

  it('gives the old numbers up when a session begins anew, and asks for so many feeds only', () => {
    const { agent, hear, recovery } = scene({ deaf: true });
    hear(0, 1);
    hear(5, 1);
    expect(agent.channel(1, SESSION, 0n)).toBeNull();
    expect(recovery().pending).toBe(4);
    expect(agent.channel(0, SESSION, 0n)).not.toBeNull();
    expect(recovery()).toMatchObject({ pending: 0, unrecovered: 4 });
    for (let i = 0; i < 63; i++) expect(agent.channel(0, [i + 1, 0, 0], 0n)).not.toBeNull();
    expect(agent.channel(0, [100, 0, 0], 0n)).toBeNull();
    expect(agent.refused).toBe(1);
    expect(agent.notes.join()).toContain('feeds not asked for: 1');
  });

  it('counts from the end of the warm-up', () => {
    const { hear, pass, channel, recovery } = scene();
    hear(0, 1);
    hear(3, 1);
    pass(30 * MS);
    channel.restart();
    expect(recovery()).toMatchObject({ missed: 0, recovered: 0, requests: 0, answers: 0, closedGaps: 0 });
    expect(recovery().recoveryNs.count).toBe(0);
    hear(5, 1);
    pass(30 * MS);
    expect(recovery()).toMatchObject({ missed: 1, recovered: 1, requests: 1, closedGaps: 1 });
    expect(recovery().recoveryNs.count).toBe(1);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'hands on everything once over lossy lines and a lossy way to the server, seed %i',
    (seed) => {
      const random = new Random(seed);
      const unicast: MemoryOptions['unicast'] = (transit) => {
        transit.delayNs = random.uint32() % 10 === 0 ? -1 : (random.uint32() % 4) * MS;
      };
      const { hear, pass, saved, channel, recovery, announce } = scene({ memory: { unicast }, hasLegs: true });
      for (let n = 0; n < 1000;) {
        const count = Math.min(1000 - n, 1 + (random.uint32() % 9));
        for (const leg of [0, 1] as const) if (n === 0 || random.uint32() % 4 > 0) hear(n, count, leg);
        n += count;
        pass(1 * MS);
      }
      announce(1000);
      pass(2000 * MS);
      channel.finish(0);
      const { missed, came, recovered, unrecovered, ranges } = recovery();
      expect(missed).toBe(came + recovered + unrecovered);
      const given = ranges.flatMap(([first, last]) => numbers(Number(first) - FIRST, Number(last) - FIRST + 1));
      expect([...saved, ...given].toSorted((a, b) => a - b)).toEqual(numbers(0, 1000));
      expect(saved).toEqual(saved.toSorted((a, b) => a - b));
      expect(channel.repair().givenUp).toBe(unrecovered);
      expect(recovered).toBeGreaterThan(0);
    },
  );
});
