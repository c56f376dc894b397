/** Numbers of a feed that jump far ahead: what came is saved when the next one goes on from there, else it is a stray. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { testFolder } from '../command.js';
import { freshGroup, malformed, startReceiver } from '../mcast.js';
import { feedOctets } from '../unit/feedDatagrams.js';

const FAR = 2 ** 21;

/** Message `n`, which says its number. */
function message(n: number): Buffer {
  return Buffer.from(`A${n}`);
}

/** As they are saved. */
function saved(numbers: readonly number[]): Buffer {
  return Buffer.concat(
    numbers.flatMap((n) => {
      const octets = Buffer.alloc(2);
      octets.writeUInt16BE(message(n).length);
      return [octets, message(n)];
    }),
  );
}

it.each([
  ['one line', 1],
  ['two lines', 2],
])('are saved from the first one on, but for strays, on %s', async (_name, lines) => {
  const file = join(testFolder(), 'out.itch');
  const groups = Array.from({ length: lines }, () => freshGroup());
  const [a, b] = groups.map((group) => `mold://${group}:26400/iface=lo`);
  const receiver = await startReceiver([a!, ...(b === undefined ? [] : ['--leg-b', b]), '--save', file]);
  const socket = createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  socket.setMulticastInterface('127.0.0.1');
  const came = [1, 2, 3, FAR, FAR + 1, FAR + 2, 3 * FAR, 3 * FAR + 1];
  const strays = [2 ** 40, 2 ** 41];
  // A copy of what is long over says nothing of the jump before it.
  const order = [1, 2, 3, FAR, 2, FAR + 1, strays[0]!, FAR + 2, 3 * FAR, 3 * FAR + 1, strays[1]!];
  for (const number of order) {
    const octets = feedOctets({ number, messages: [message(number)] });
    for (const group of groups) await new Promise((resolve) => socket.send(octets, 26400, group, resolve));
  }
  socket.close();
  const result = await receiver.stop();
  expect(readFileSync(file).equals(saved(came))).toBe(true);
  expect(malformed(result)).toBe(strays.length * lines);
  for (const { metrics } of result.streams) expect(metrics.messages_received).toBe(came.length);
});
