/** Missing messages of a feed, asked for and answered by two runs of the command over loopback. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { moldUdp64Framing, putMoldHeader } from '../../src/wire/moldudp64.js';
import { runCommand, testFolder } from '../command.js';
import { until } from '../netns/lab.js';
import { freshGroup, send, startMcast, startReceiver } from '../mcast.js';

const SPEED = ['--mps', '20000', '--messages-per-datagram', '4', '--flush-after', '1ms', '--max-late', '20s'];
const QUIET = ['--quiet', '--interval', '1h'];
const LOSSES = ['loss=3%,seed=11', 'loss=3%,seed=12'] as const;

/** Both lines of a feed, and where requests are answered. */
function lines(): { a: string; b: string; port: number; server: string } {
  const group = freshGroup();
  const first = 20_000 + Math.floor(Math.random() * 20_000);
  const port = first + 2;
  const line = (n: number): string => `mold://${group}:${first + n}/iface=lo`;
  return { a: line(0), b: line(1), port, server: `127.0.0.1:${port}` };
}

/** The messages of a seed as they are sent where nothing is lost. */
async function allMessages(folder: string, seed: string, count: string): Promise<Buffer> {
  const { a } = lines();
  const file = join(folder, 'all.itch');
  const receiver = await startReceiver([a, '--once', '--save', file, ...QUIET]);
  await send([a, ...SPEED, '--seed', seed, '--count', count, ...QUIET]);
  await receiver.result();
  return readFileSync(file);
}

/** Where each message of a file begins. */
function places(messages: Buffer): number[] {
  const at: number[] = [];
  for (let place = 0; place < messages.length; place += 2 + messages.readUInt16BE(place)) at.push(place);
  return at;
}

describe('recovery over loopback', { timeout: 60_000 }, () => {
  it('saves every message octet for octet though both lines lose some', async () => {
    const folder = testFolder();
    const all = await allMessages(folder, '5', '3000');
    const { a, b, server } = lines();
    const file = join(folder, 'recovered.itch');
    const receiver = await startReceiver([a, '--leg-b', b, '--recover', server, '--once', '--save', file, ...QUIET]);
    const [lossA, lossB] = LOSSES;
    const legs = [`${a}/impair=${lossA}`, '--leg-b', `${b}/impair=${lossB}`];
    const sent = await send([...legs, '--recovery', server, ...SPEED, '--seed', '5', '--count', '3000', ...QUIET]);
    const result = await receiver.result();
    expect(readFileSync(file).equals(all)).toBe(true);
    const { recovery, after } = result.streams[0]!;
    expect(recovery!.messages_recovered + recovery!.messages_came).toBe(recovery!.messages_missed);
    expect(recovery!.messages_recovered).toBeGreaterThan(0);
    expect(recovery!.unrecovered).toEqual([]);
    // Some of them the other line may have brought.
    expect(recovery!.recovery_ns!.count).toBeGreaterThan(0);
    expect(recovery!.recovery_ns!.count).toBeLessThanOrEqual(recovery!.gaps_closed);
    expect(after!.metrics.messages_lost).toBe(0);
    expect(result.limits).toContainEqual(expect.objectContaining({ expression: 'messages_lost == 0', ok: true }));
    const answering = sent.sender!.recovery!;
    expect(answering).toMatchObject({ malformed: 0, foreign: 0, clients: 1 });
    expect(answering.messages).toBeGreaterThanOrEqual(recovery!.messages_recovered);
  });

  it('lists exactly what is missing when nobody answers, and ends with 3', async () => {
    const folder = testFolder();
    const all = await allMessages(folder, '6', '1500');
    const { a, b, server } = lines();
    const file = join(folder, 'torn.itch');
    const asking = ['--recover', server, '--recover-timeout', '20ms', '--recover-tries', '2'];
    const receiver = await startReceiver([a, '--leg-b', b, ...asking, '--once', '--save', file, ...QUIET]);
    const [lossA, lossB] = LOSSES;
    const legs = [`${a}/impair=${lossA}`, '--leg-b', `${b}/impair=${lossB}`];
    await send([...legs, ...SPEED, '--seed', '6', '--count', '1500', ...QUIET]);
    const result = await receiver.result(3);
    const { recovery, after } = result.streams[0]!;
    expect(recovery!.messages_unrecovered).toBeGreaterThan(0);
    // The other line may be late, and bring what had been asked for by then.
    expect([recovery!.answers, recovery!.requests > 0]).toEqual([0, true]);
    expect([recovery!.messages_recovered, recovery!.recovery_ns]).toEqual([0, null]);
    expect(recovery!.unrecovered_unlisted).toBe(0);
    expect(after!.metrics.messages_lost).toBe(recovery!.messages_unrecovered);
    expect(result.limits).toContainEqual(expect.objectContaining({ expression: 'messages_lost == 0', ok: false }));
    // All messages but those of the ranges, whose numbers count from 1.
    const missing = new Set(
      recovery!.unrecovered.flatMap(({ first, last }) =>
        Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i),
      ),
    );
    expect(missing.size).toBe(recovery!.messages_unrecovered);
    const begins = places(all);
    const kept = begins.flatMap((at, i) => (missing.has(i + 1) ? [] : [all.subarray(at, begins[i + 1] ?? all.length)]));
    expect(readFileSync(file).equals(Buffer.concat(kept))).toBe(true);
  });

  it('gives a late joiner the whole session, from a file', async () => {
    const folder = testFolder();
    const { a, server } = lines();
    const [store, all, late] = ['store', 'all.itch', 'late.itch'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const early = await startReceiver([a, '--once', '--save', all, ...QUIET]);
    // As long as a receiver may take to start on a busy machine, and some more.
    const slow = ['--mps', '500', '--count', '3000', '--max-late', '20s', ...QUIET];
    const sender = startMcast(['send', a, '--recovery', server, '--recovery-store', `file:${store}`, ...slow]);
    await sender.untilLine('start');
    await until(() => existsSync(store), 'the store', 5000);
    const asking = ['--recover', server, '--recover-from', '1'];
    const joiner = await startReceiver([a, ...asking, '--once', '--save', late, ...QUIET]);
    const [result] = await Promise.all([joiner.result(), sender.result(), early.result()]);
    const { recovery, metrics } = result.streams[0]!;
    expect(readFileSync(late).equals(readFileSync(all))).toBe(true);
    expect(recovery!.messages_unrecovered).toBe(0);
    expect(recovery!.messages_recovered).toBe(3000 - metrics.messages_received!);
    expect(recovery!.messages_recovered).toBeGreaterThan(0);
    expect(existsSync(store)).toBe(false);
  });

  it.each(['native', 'dgram'])('outlives a flood of requests and of octets that are none, over %s', async (io) => {
    const { a, port, server } = lines();
    const sender = startMcast(
      ['send', a, '--recovery', server, '--session', 'FLOOD', '--io', io, ...SPEED].concat(
        ['--duration', '1s', '--recovery-linger', '500ms'],
        QUIET,
      ),
    );
    await sender.untilLine('start');
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    let answers = 0;
    socket.on('message', () => answers++);
    const request = new Uint8Array(20);
    putMoldHeader(new DataView(request.buffer), 0, ...moldUdp64Framing.sessionWords('FLOOD')!, 1, 0xffff);
    for (let i = 0; i < 400; i++) {
      socket.send(request, port, '127.0.0.1');
      socket.send(request.subarray(0, i % 20), port, '127.0.0.1');
      if (i % 40 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const result = await sender.result();
    socket.close();
    const { recovery, sent, scheduled } = result.sender!;
    expect(sent).toBe(scheduled);
    expect(recovery!.requests).toBeGreaterThan(0);
    expect(recovery!.malformed).toBeGreaterThan(0);
    expect(recovery!.answered).toBeGreaterThan(0);
    expect(recovery!.clients).toBe(1);
    expect(answers).toBeGreaterThan(0);
  });

  it('says in one line that the port is in use, or the name unknown', async () => {
    const { a, port, server } = lines();
    const holder = createSocket('udp4');
    holder.bind(port, '127.0.0.1');
    await once(holder, 'listening');
    const sending = await runCommand(['send', a, '--recovery', server, '--count', '1']);
    holder.close();
    expect([sending.status, sending.stderr.includes(server)]).toEqual([1, true]);
    // Too long for a name: no name service is asked.
    const name = 'x'.repeat(300);
    const receiving = await runCommand(['recv', a, '--recover', `${name}:5`, '--duration', '1s']);
    expect([receiving.status, receiving.stderr.includes('was not found')]).toEqual([1, true]);
  });
});
