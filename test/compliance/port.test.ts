import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import type { DatagramPort, Io } from '../../src/io/datagram.js';
import { MemoryIo } from '../../src/io/memory.js';
import { freshPort, receiveSpec, SUBJECTS } from './harness.js';

const ALL = [...SUBJECTS, { name: 'memory' as const, open: async (): Promise<Io> => new MemoryIo() }];
const FAMILIES = [
  { family: 4, local: '127.0.0.1', zero: '0.0.0.0' },
  { family: 6, local: '::1', zero: '::' },
] as const;

/** The native implementation never lets the event loop turn, which another socket needs to send. */
async function sent(socket: Socket, port: number, address: string): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.send(Uint8Array.of(5), port, address, () => resolve());
  });
}

/** Waits for one datagram, at most two seconds. */
async function next(io: Io, port: DatagramPort, into: Uint8Array): Promise<number> {
  const untilNs = io.clock.monoNs() + 2e9;
  for (;;) {
    const octets = port.receive(into);
    if (octets >= 0) return octets;
    if (io.clock.monoNs() > untilNs) throw new Error('nothing came in two seconds');
    await io.wait(io.clock.monoNs() + 1e6, 0);
  }
}

describe.each(ALL)('a port of $name', ({ name, open }) => {
  let io: Io;
  beforeEach(async () => {
    io = await open();
  });
  afterEach(() => io.close());

  it.each(FAMILIES)('asks and is answered over IPv$family', async ({ family, local }) => {
    const server = await io.openPort({ family, address: local, port: freshPort() });
    const client = await io.openPort({ family, address: local, port: 0 });
    expect(client.port).toBeGreaterThan(0);
    expect(client.port).not.toBe(server.port);
    expect([server.sourceAddress, server.sourcePort, server.notes]).toEqual(['', 0, []]);
    const into = new Uint8Array(64).fill(0xa5);
    expect(server.receive(into)).toBe(-1);
    expect(into[0]).toBe(0xa5);
    // More is at hand than is sent.
    expect(client.send(Uint8Array.of(1, 2, 3, 4), 3, local, server.port)).toBe(true);
    expect(await next(io, server, into)).toBe(3);
    expect([...into.subarray(0, 4)]).toEqual([1, 2, 3, 0xa5]);
    expect([server.sourceAddress, server.sourcePort]).toEqual([local, client.port]);
    expect(server.send(Uint8Array.of(9), 1, server.sourceAddress, server.sourcePort)).toBe(true);
    expect(await next(io, client, into)).toBe(1);
    expect([into[0], client.sourceAddress, client.sourcePort]).toEqual([9, local, server.port]);
  });

  it.each(FAMILIES)('is answered by a unicast source, from where that listens, over IPv$family', async (one) => {
    const { family, local } = one;
    const port = freshPort();
    const source = await io.openSource(receiveSpec(port, { family, group: local, unicast: true }));
    const client = await io.openPort({ family, address: local, port: 0 });
    const out = Uint8Array.of(1, 2, 3, 4);
    expect(source.answer(out, 3, local, client.port)).toBe(true);
    out.fill(9);
    const into = new Uint8Array(16);
    expect(await next(io, client, into)).toBe(3);
    expect([...into.subarray(0, 3), client.sourceAddress, client.sourcePort]).toEqual([1, 2, 3, local, port]);
    expect(source.answer(out, 3, family === 4 ? '::1' : '127.0.0.1', client.port)).toBe(false);
    source.close();
    expect(source.answer(out, 3, local, client.port)).toBe(false);
  });

  it('tells who sent each one, and keeps one that is being sent', async () => {
    const server = await io.openPort({ family: 4, address: '127.0.0.1', port: 0 });
    const clients = [0, 1].map(() => io.openPort({ family: 4, address: '127.0.0.1', port: 0 }));
    const [a, b] = (await Promise.all(clients)) as [DatagramPort, DatagramPort];
    const out = new Uint8Array(2);
    const into = new Uint8Array(16);
    for (let i = 0; i < 4; i++) {
      const from = i % 2 === 0 ? a : b;
      out.fill(i);
      expect(from.send(out, 2, '127.0.0.1', server.port)).toBe(true);
      out.fill(0xee);
      expect(await next(io, server, into)).toBe(2);
      expect([into[0], into[1], server.sourcePort]).toEqual([i, i, from.port]);
    }
    // To another one than the last sender.
    expect(server.send(Uint8Array.of(7), 1, '127.0.0.1', a.port)).toBe(true);
    expect(await next(io, a, into)).toBe(1);
    expect(b.receive(into)).toBe(-1);
  });

  it('cuts what is longer than the room for it, and takes what is empty', async () => {
    const server = await io.openPort({ family: 4, address: '127.0.0.1', port: 0 });
    const client = await io.openPort({ family: 4, address: '127.0.0.1', port: 0 });
    const into = new Uint8Array(4).fill(0xa5);
    client.send(new Uint8Array(1400).fill(3), 1400, '127.0.0.1', server.port);
    client.send(new Uint8Array(0), 0, '127.0.0.1', server.port);
    expect(await next(io, server, into)).toBe(4);
    expect([...into]).toEqual([3, 3, 3, 3]);
    expect(await next(io, server, into)).toBe(0);
    expect(server.receive(into)).toBe(-1);
  });

  it('is not sent to by another family, and is silent once closed', async () => {
    const port = await io.openPort({ family: 4, address: '127.0.0.1', port: 0 });
    expect(port.send(Uint8Array.of(1), 1, '::1', port.port)).toBe(false);
    expect(port.send(Uint8Array.of(1), 1, '127.0.0.1', port.port)).toBe(true);
    port.close();
    port.close();
    expect(port.receive(new Uint8Array(4))).toBe(-1);
    expect(port.send(Uint8Array.of(1), 1, '127.0.0.1', port.port)).toBe(false);
    // The port may be had again.
    const again = await io.openPort({ family: 4, address: '127.0.0.1', port: port.port });
    expect(again.port).toBe(port.port);
  });

  it('refuses a port in use in one line', async () => {
    const number = freshPort();
    await io.openPort({ family: 4, address: '127.0.0.1', port: number });
    const error = await refusal(async () => io.openPort({ family: 4, address: '127.0.0.1', port: number }));
    expect(error.code).toBe('ERR_PORT_IN_USE');
    expect(error.message).toContain(`127.0.0.1:${number}`);
  });

  it.skipIf(name === 'memory')('binds to any address, and to none that is not here', async () => {
    const any = await io.openPort({ family: 4, address: null, port: 0 });
    const other = createSocket('udp4');
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      await sent(other, any.port, '127.0.0.1');
      const into = new Uint8Array(4);
      expect(await next(io, any, into)).toBe(1);
      expect([into[0], any.sourceAddress, any.sourcePort]).toEqual([5, '127.0.0.1', other.address().port]);
    } finally {
      other.close();
    }
    const elsewhere = await refusal(async () => io.openPort({ family: 4, address: '192.0.2.77', port: 0 }));
    expect(elsewhere.code).toBe('ERR_SOURCE_ADDRESS');
    expect(elsewhere.message).toContain('192.0.2.77');
    expect((await refusal(async () => io.openPort({ family: 4, address: '::1', port: 0 }))).code).toBe('ERR_USAGE');
    expect((await refusal(async () => io.openPort({ family: 6, address: 'name', port: 0 }))).code).toBe('ERR_USAGE');
  });

  // To itself: it does not leave this host.
  const link = Object.entries(networkInterfaces())
    .flatMap(([zone, all]) => (all ?? []).map(({ address }) => ({ zone, address })))
    .find(({ address }) => address.startsWith('fe80'));
  it.skipIf(name === 'memory' || link === undefined)('answers who has an address of one link alone', async () => {
    const server = await io.openPort({ family: 6, address: null, port: 0 });
    const other = createSocket('udp6');
    other.bind(0);
    await once(other, 'listening');
    try {
      await sent(other, server.port, `${link!.address}%${link!.zone}`);
      const into = new Uint8Array(4);
      await next(io, server, into);
      expect(server.sourceAddress).toBe(link!.address);
      const answered = once(other, 'message');
      expect(server.send(Uint8Array.of(6), 1, server.sourceAddress, server.sourcePort)).toBe(true);
      await answered;
    } finally {
      other.close();
    }
  });
});

async function refusal(action: () => unknown): Promise<McastError> {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    const refused = error as McastError;
    expect(refused.message).not.toContain('\n');
    expect(refused.hint).not.toBe('');
    return refused;
  }
  throw new Error('nothing was refused');
}
