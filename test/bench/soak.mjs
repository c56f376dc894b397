/**
 * Does a receiver's memory grow? A sender and a receiver over loopback for some minutes; the resident memory of both
 * as the kernel says it, minute by minute, after a first minute that fills buffers and compiles code.
 *   node test/bench/soak.mjs [--minutes=10] [--pps=100000] [--json=<file>]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { options, table } from './figures.mjs';
import { isolate } from './isolate.mjs';
import { ENDPOINT, mcast, resultOf } from './product.mjs';

const SAMPLE_MS = 5000;
const chosen = options({ minutes: 10, pps: 100_000, json: '' });
await isolate();

const seconds = chosen.minutes * 60;
const limitMs = seconds * 1000 + 60_000;
const receiving = mcast(['recv', ENDPOINT, '--once', '--json', '--wait', '10'], { limitMs });
await receiving.printed(/"joined"/u);
const load = ['--pps', String(chosen.pps), '--duration', String(seconds), '--size', '64', '--force'];
const sending = mcast(['send', ENDPOINT, '--json', ...load], { limitMs });

function residentOctets(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** `[seconds, receiver, sender]`, octets. */
const samples = [];
const began = performance.now();
const sampler = setInterval(() => {
  try {
    samples.push([(performance.now() - began) / 1000, residentOctets(receiving.pid), residentOctets(sending.pid)]);
  } catch {
    // One of them has ended.
  }
}, SAMPLE_MS);
const [{ stdout: sent }, { stdout: received }] = await Promise.all([sending.ended, receiving.ended]);
clearInterval(sampler);

const sender = resultOf(sent, 'send').sender;
const { metrics } = resultOf(received, 'recv').streams[0];
const mib = (octets) => (octets / 2 ** 20).toFixed(1);
const rows = [['minute', 'receiver, MiB', 'sender, MiB']];
for (let minute = 0; minute < chosen.minutes; minute++) {
  const within = samples.filter(([at]) => at >= minute * 60 && at < (minute + 1) * 60);
  if (within.length > 0)
    rows.push([minute + 1, ...[1, 2].map((who) => mib(Math.max(...within.map((one) => one[who]))))]);
}
console.log(`${chosen.pps} datagrams/s; sent ${sender.sent}, not sent ${sender.not_sent}`);
console.log(`received ${metrics.packets_received}, lost ${metrics.packets_lost}`);
console.log(table(rows));
if (chosen.json !== '') writeFileSync(chosen.json, `${JSON.stringify({ benchmark: 'soak', samples })}\n`);
