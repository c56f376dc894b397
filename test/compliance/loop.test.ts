import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReceiveBatch } from '../../src/core/batch.js';
import { wakeLoop } from '../../src/io/addon.js';
import type { Io } from '../../src/io/datagram.js';
import {
  collectNumbers,
  destination,
  freshPort,
  numbered,
  receiveSpec,
  sendAll,
  sendSpec,
  SUBJECTS,
} from './harness.js';

/** Sockets, epoll and event descriptors of this process. */
function descriptors(): number {
  let count = 0;
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (/^(socket|anon_inode)/.test(readlinkSync(`/proc/self/fd/${name}`))) count++;
    } catch {
      // The one that listed the folder.
    }
  }
  return count;
}

describe.each(SUBJECTS)('$name waits', ({ open }) => {
  let io: Io;
  let port: number;
  beforeEach(async () => {
    io = await open();
    port = freshPort();
  });
  afterEach(() => io.close());

  it('until the time given, not less', async () => {
    for (const ns of [50_000, 1_500_000, 5_000_000]) {
      const untilNs = io.clock.monoNs() + ns;
      expect(await io.wait(untilNs, 0)).toBe(0);
      // Without deadlines finer than a millisecond a timer may round down to one.
      expect(io.clock.monoNs()).toBeGreaterThanOrEqual(untilNs - (io.capabilities.deadline ? 0 : 1e6));
    }
    expect(await io.wait(io.clock.monoNs() - 1e9, 0)).toBe(0);
  });

  it('until a source is readable, and names it', async () => {
    const idle = await io.openSource(receiveSpec(port));
    const busy = await io.openSource(receiveSpec(port, { group: '239.192.7.2' }));
    const sink = await io.openSink(sendSpec([destination(port, { address: '239.192.7.2' })]));
    await sendAll(io, sink, numbered(1, 64));
    expect(await io.wait(io.clock.monoNs() + 2e9, 0)).toBe(1);
    expect(io.ready[0]).toBe(busy.index);
    // Not read yet: it is still readable.
    expect(await io.wait(io.clock.monoNs() + 2e9, 0)).toBe(1);
    expect(busy.receive(new ReceiveBatch(4))).toBe(1);
    expect(await io.wait(io.clock.monoNs() + 1e6, 0)).toBe(0);
    expect(idle.receive(new ReceiveBatch(4))).toBe(0);
  });

  it('on behind the first arrival when told to gather', async () => {
    await io.openSource(receiveSpec(port));
    await io.openSource(receiveSpec(port, { group: '239.192.7.2' }));
    const to = [destination(port), destination(port, { address: '239.192.7.2' })];
    const sink = await io.openSink(sendSpec(to));
    const batch = numbered(2, 64);
    batch.destination[1] = 1;
    await sendAll(io, sink, batch);
    const startNs = io.clock.monoNs();
    expect(await io.wait(startNs + 2e9, 5e6)).toBe(2);
    expect(io.clock.monoNs() - startNs).toBeGreaterThanOrEqual(io.capabilities.deadline ? 5e6 : 4e6);
    // Never beyond the deadline.
    expect(await io.wait(io.clock.monoNs(), 60e9)).toBe(2);
  });

  it('no longer than until it is woken, before or during', async () => {
    io.wake();
    expect(await io.wait(io.clock.monoNs() + 60e9, 0)).toBe(0);
    if (io.wakeHandle < 0) {
      const waiting = io.wait(io.clock.monoNs() + 60e9, 0);
      io.wake();
      expect(await waiting).toBe(0);
      return;
    }
    // From another thread: an eventfd takes eight octets.
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const waker = new Worker(
      `const { writeSync } = require('node:fs');
       const { workerData: { flag, handle } } = require('node:worker_threads');
       Atomics.store(flag, 0, 1);
       Atomics.notify(flag, 0);
       Atomics.wait(flag, 0, 1);
       Atomics.wait(flag, 0, 2, 20);
       writeSync(handle, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));`,
      { eval: true, workerData: { flag, handle: io.wakeHandle } },
    );
    const exited = once(waker, 'exit');
    while (Atomics.load(flag, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    Atomics.store(flag, 0, 2);
    Atomics.notify(flag, 0);
    expect(io.wait(io.clock.monoNs() + 60e9, 0)).toBe(0);
    await exited;
    wakeLoop(io.wakeHandle);
    expect(io.wait(io.clock.monoNs() + 60e9, 0)).toBe(0);
  });

  it('and wakes nobody through a handle that is none', () => {
    expect(() => wakeLoop(-1)).not.toThrow();
  });

  it('with as many sockets as a receiver of a line-up has', async () => {
    const groups = Array.from({ length: 60 }, (_, index) => `239.192.9.${index + 1}`);
    const sources = [];
    for (const group of groups) sources.push(await io.openSource(receiveSpec(port, { group, receiveBufferOctets: 0 })));
    const sink = await io.openSink(sendSpec(groups.map((address) => destination(port, { address }))));
    const batch = numbered(60, 64);
    for (let slot = 0; slot < 60; slot++) batch.destination[slot] = slot;
    await sendAll(io, sink, batch);
    for (const [index, source] of sources.entries()) expect(await collectNumbers(io, source, 1)).toEqual([index]);
  });
});

describe.each(SUBJECTS)('$name closes', ({ open }) => {
  it.runIf(process.platform === 'linux')('everything it opened, each once', async () => {
    const before = descriptors();
    for (let round = 0; round < 20; round++) {
      const io = await open();
      const port = freshPort();
      const source = await io.openSource(receiveSpec(port));
      await io.openSource(receiveSpec(port));
      const sink = await io.openSink(sendSpec([destination(port)]));
      await io.openSink(sendSpec([destination(port), destination(port)]));
      source.close();
      source.close();
      sink.close();
      io.close();
      io.close();
    }
    // dgram closes with the event loop.
    for (let turn = 0; turn < 100 && descriptors() > before; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(descriptors()).toBeLessThanOrEqual(before);
  });

  it.runIf(process.platform === 'linux')('what it had opened when opening fails', async () => {
    const io = await open();
    const before = descriptors();
    for (let round = 0; round < 20; round++) {
      const refused = receiveSpec(freshPort(), { group: '192.0.2.77', unicast: true });
      await expect(Promise.resolve().then(async () => io.openSource(refused))).rejects.toThrow('192.0.2.77');
      const away = sendSpec([destination(1)], { source: '192.0.2.77' });
      await expect(Promise.resolve().then(async () => io.openSink(away))).rejects.toThrow('192.0.2.77');
    }
    for (let turn = 0; turn < 100 && descriptors() > before; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(descriptors()).toBeLessThanOrEqual(before);
    io.close();
  });

  it('so that a closed socket does nothing', async () => {
    const io = await open();
    const port = freshPort();
    const source = await io.openSource(receiveSpec(port));
    const sink = await io.openSink(sendSpec([destination(port)]));
    source.close();
    sink.close();
    expect(source.receive(new ReceiveBatch(2))).toBe(0);
    expect(source.readDrops()).toBeNull();
    expect(source.enableOffload()).toBe(false);
    source.leave();
    expect(sink.send(numbered(1, 64), 0, 1, 1)).toBe(0);
    expect(sink.drainErrors()).toBe(0);
    io.close();
    expect(await io.wait(Infinity, 0)).toBe(0);
  });
});
