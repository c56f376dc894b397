/** What starting costs: `mcast --help` beside a bare `node -e 0`, and the first datagram after `mcast send`. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { start } from './child.mjs';
import { median, options, table } from './figures.mjs';
import { isolate } from './isolate.mjs';
import { mcast } from './product.mjs';

const GROUP = '239.255.77.4';
const PORT = 5005;
const chosen = options({ repeats: 15, json: '' });
await isolate();

async function took(begin) {
  const from = performance.now();
  const { status, stderr } = await begin().ended;
  if (status !== 0) throw new Error(`status ${status}: ${stderr.trim()}`);
  return performance.now() - from;
}

/** From spawning the command to its first datagram with data or marker at a listener that was there before. */
async function firstDatagram() {
  const listener = createSocket({ type: 'udp4', reuseAddr: true });
  listener.bind(PORT, GROUP);
  await once(listener, 'listening');
  listener.addMembership(GROUP, '127.0.0.1');
  const from = performance.now();
  const sender = mcast(['send', `probe://${GROUP}:${PORT}/iface=lo`, '--pps', '1000', '--duration', '0.2', '--quiet'], {
    limitMs: 10_000,
  });
  const early = sender.ended.then(({ status, stderr }) => {
    throw new Error(`ended (${status}) before a datagram came: ${stderr.trim()}`);
  });
  await Promise.race([once(listener, 'message'), early]);
  const ms = performance.now() - from;
  early.catch(() => {});
  await sender.ended;
  listener.close();
  return ms;
}

const times = { node: [], help: [], first: [] };
for (let repeat = 0; repeat < chosen.repeats; repeat++) {
  times.node.push(await took(() => start(process.execPath, ['-e', '0'])));
  times.help.push(await took(() => mcast(['--help'])));
  times.first.push(await firstDatagram());
}
const [node, help, first] = [median(times.node), median(times.help), median(times.first)];
console.log(`median of ${chosen.repeats}`);
console.log(
  table([
    ['', 'ms', 'ratio', 'aim', ''],
    ['node -e 0', node.toFixed(1), '1.00', '', ''],
    ['mcast --help', help.toFixed(1), (help / node).toFixed(2), '<= 2', help <= 2 * node ? 'met' : 'missed'],
    ['mcast send, first datagram', first.toFixed(1), '', '<= 300 ms', first <= 300 ? 'met' : 'missed'],
  ]),
);
if (chosen.json !== '') writeFileSync(chosen.json, `${JSON.stringify({ benchmark: 'startup', ...times })}\n`);
