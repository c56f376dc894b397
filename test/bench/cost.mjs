/**
 * Processor time for each Gbit of payload, at rates that all of them carry: our pair with 1, 10 and 100 groups, the smallest
 * C pair and other tools, sender and receiver, in one run over loopback. Start and end are left out of it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { start } from './child.mjs';
import { count, median, options, table } from './figures.mjs';
import { isolate } from './isolate.mjs';
import { endpointOf, mcast, resultOf } from './product.mjs';
import { quietly } from './quiet.mjs';
import { reference } from './reference.mjs';
import { installed, SOCKPERF_PLACE, sockperfServer } from './sockperf.mjs';

/** Datagrams/s by payload octets. */
const RATES = { 64: 50_000, 512: 50_000, 1316: 50_000, 8972: 10_000 };
/** From the command on: what starts and compiles is left out. */
const SETTLE_S = 2.5;
/** USER_HZ, the unit of /proc/<pid>/stat: proc(5). */
const TICKS_PER_SECOND = 100;

const chosen = options({ seconds: 3, repeats: 3, sizes: Object.keys(RATES).join(','), only: '', json: '' });
const isIsolated = await isolate();
const loadSeconds = Math.ceil(SETTLE_S + chosen.seconds + 1);
const limitMs = 30_000 + loadSeconds * 2000;

/** Each begins a load and gives both programs, and what was sent and received once they have ended. */
const subjects = [
  { name: 'C pair', begin: beginPair },
  { name: 'mcast', begin: (load) => beginMcast(load, 1) },
  { name: 'mcast, 10 groups', begin: (load) => beginMcast(load, 10) },
  { name: 'mcast, 100 groups', begin: (load) => beginMcast(load, 100) },
  { name: 'sockperf', needs: 'sockperf', begin: beginSockperf },
  { name: 'iperf 2', needs: 'iperf', begin: beginIperf },
].filter(
  ({ name, needs }) =>
    (chosen.only === '' || chosen.only.split(';').includes(name)) &&
    (needs === undefined || (isIsolated && installed(needs))),
);
const sizes = chosen.sizes.split(',').map(Number);

/** [subject, size] -> figures of the repeats, which go round the subjects. */
const found = new Map();
for (let repeat = 0; repeat < chosen.repeats; repeat++) {
  for (const size of sizes) {
    for (const { name, begin } of subjects) {
      const { value } = await quietly(() => costOf(begin, size), 3);
      const key = `${name}/${size}`;
      found.set(key, [...(found.get(key) ?? []), value]);
      const ends = `${count(value.sentMs)} + ${count(value.receivedMs)} ms for each Gbit`;
      console.error(`${repeat + 1}/${chosen.repeats} ${name}, ${size} octets: ${ends}`);
    }
  }
}

const middle = (name, size, figure) => median(found.get(`${name}/${size}`).map((one) => one[figure]));
const rows = [['ms for each Gbit, sender + receiver', ...sizes.map((size) => `${size} octets`)]];
const ratioRows = [['of the C pair, both ends', ...sizes.map((size) => `${size} octets`)]];
const results = [];
for (const { name } of subjects) {
  const cells = sizes.map((size) => ({
    subject: name,
    size,
    sentMs: middle(name, size, 'sentMs'),
    receivedMs: middle(name, size, 'receivedMs'),
    lost: middle(name, size, 'lost'),
  }));
  results.push(...cells);
  rows.push([name, ...cells.map(cellOf)]);
  if (!subjects.some((one) => one.name === 'C pair')) continue;
  const whole = (one, size) => middle(one, size, 'sentMs') + middle(one, size, 'receivedMs');
  ratioRows.push([name, ...sizes.map((size) => (whole(name, size) / whole('C pair', size)).toFixed(2))]);
}
const load = sizes.map((size) => `${count(RATES[size])} of ${size} octets`).join(', ');
console.log(`datagrams/s of all groups: ${load}; median of ${chosen.repeats}\n${table(rows)}\n`);
if (ratioRows.length > 1) console.log(table(ratioRows));
if (chosen.json !== '') writeFileSync(chosen.json, `${JSON.stringify({ benchmark: 'cost', results })}\n`);

function cellOf({ sentMs, receivedMs, lost }) {
  return `${count(sentMs)} + ${count(receivedMs)}${lost > 0 ? ` (lost ${count(lost)})` : ''}`;
}

async function costOf(begin, size) {
  const rate = RATES[size];
  const { sender, receiver, outcome } = await begin({ size, rate });
  await sleep(SETTLE_S);
  const before = [sender, receiver].map(processorSeconds);
  const beganMs = performance.now();
  await sleep(chosen.seconds);
  const gbit = (((performance.now() - beganMs) / 1000) * rate * size * 8) / 1e9;
  const [sentMs, receivedMs] = [sender, receiver].map((end, i) => ((processorSeconds(end) - before[i]) * 1000) / gbit);
  const { sent, received } = await outcome();
  return { sentMs, receivedMs, lost: sent - received };
}

function sleep(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Of a program that runs: user and system time so far. */
function processorSeconds({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /su, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function beginMcast({ size, rate }, groups) {
  const endpoint = endpointOf(groups);
  const receiver = mcast(['recv', endpoint, '--once', '--json', '--wait', '10'], { limitMs });
  await receiver.printed(/"joined"/u);
  const load = ['--size', String(size), '--pps', String(rate / groups), '--duration', String(loadSeconds)];
  const sender = mcast(['send', endpoint, ...load, '--json', '--force', '--max-late', '1s'], { limitMs });
  const outcome = async () => {
    const [sent, received] = await Promise.all([sender.ended, receiver.ended]);
    return {
      sent: resultOf(sent.stdout, 'send').sender.sent,
      received: resultOf(received.stdout, 'recv').aggregate.metrics.packets_received,
    };
  };
  return { sender, receiver, outcome };
}

async function beginPair({ size, rate }) {
  const program = await reference('pair');
  const receiver = start(program, ['recv', 'gather=200', `buffer=${64 << 20}`], { limitMs });
  await receiver.printed(/ready/u);
  const load = [`size=${size}`, `rate=${rate}`, `seconds=${loadSeconds}`, 'quantum=50', 'segments=1'];
  const sender = start(program, ['send', ...load], { limitMs });
  const outcome = async () => {
    const [sent, received] = await Promise.all([sender.ended, receiver.ended]);
    return { sent: JSON.parse(sent.stdout).sent, received: JSON.parse(received.stdout.split('\n')[1]).received };
  };
  return { sender, receiver, outcome };
}

async function beginSockperf({ size, rate }) {
  const receiver = await sockperfServer(['--buffer-size', String(64 << 20)]);
  const load = ['-m', String(size), '-t', String(loadSeconds), `--mps=${rate}`];
  const sender = start('sockperf', ['throughput', ...SOCKPERF_PLACE, ...load], { limitMs });
  const outcome = async () => {
    const { stdout: told } = await sender.ended;
    await sleep(0.5);
    receiver.stop();
    const { stdout } = await receiver.ended;
    const received = /Total (\d+) messages received/u.exec(stdout)?.[1] ?? 0;
    return { sent: Number(/Total of (\d+) messages sent/u.exec(told)[1]), received: Number(received) };
  };
  return { sender, receiver, outcome };
}

async function beginIperf({ size, rate }) {
  const common = ['-u', '-p', '5004', '-l', String(size)];
  const place = ['-B', '239.255.77.2%lo', '-w', String(64 << 20), '-y', 'C'];
  const receiver = start('iperf', ['-s', ...common, ...place], { limitMs });
  // With a report as CSV it does not say when it listens.
  await sleep(0.3);
  const load = ['-c', '239.255.77.2', '-B', '127.0.0.1', '-T', '1', ...common, '-b', String(rate * size * 8)];
  const sender = start('iperf', [...load, '-t', String(loadSeconds)], { limitMs });
  const outcome = async () => {
    await Promise.all([sender.ended, receiver.printed(/^\d+,.*\n/mu)]);
    receiver.stop('SIGKILL');
    const fields = (await receiver.ended).stdout.trim().split('\n')[0].split(',');
    return { sent: Number(fields[11]), received: Number(fields[11]) - Number(fields[10]) };
  };
  return { sender, receiver, outcome };
}
