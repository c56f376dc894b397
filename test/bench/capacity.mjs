/**
 * The capacity search against paths whose limit is known: `tc tbf` at 20, 100 and 400 Mbit/s, once in the sender's own
 * queue and once in the network behind a switch, by both methods (continuous, and binary by trials), several times in a row. How far off it is, how long it
 * took, and where it says that the limit lies. Both ends are scheduled in real time, unless `--ordinary`.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { start } from './child.mjs';
import { options, table } from './figures.mjs';
import { isolate } from './isolate.mjs';
import { resultOf } from './product.mjs';
import { watched } from './quiet.mjs';

const COMMAND = path.resolve(import.meta.dirname, '../../bin/mcast.js');
const ENDPOINT = 'probe://239.192.7.1:5001/iface=e0';
const AIMS = { off: 0.03, continuousS: 15, binaryS: 60 };
const PLACES = { sender: { host: 'tx', device: 'e0' }, network: { host: 'sw', device: 'p-rx' } };

const chosen = options({
  rates: '20,100,400',
  methods: 'continuous,binary',
  places: 'sender,network',
  repeats: 2,
  'queue-ms': 10,
  ordinary: false,
  json: '',
});
if (!(await isolate())) {
  console.error('capacity: needs namespaces');
  process.exit(1);
}
shell(`
  for host in tx sw rx; do ip netns add $host; ip -n $host link set lo up; done
  ip -n sw link add p-tx type veth peer name e0 netns tx
  ip -n sw link add p-rx type veth peer name e0 netns rx
  ip -n sw link add name br0 type bridge mcast_snooping 0
  ip -n sw link set br0 up
  for port in p-tx p-rx; do ip -n sw link set $port master br0; ip -n sw link set $port up; done
  number=1
  for host in tx rx; do
    ip -n $host link set e0 up
    ip -n $host address add 10.9.2.$number/24 dev e0
    ip -n $host route add 224.0.0.0/4 dev e0
    number=$((number + 1))
  done`);

const scheduling = chosen.ordinary ? [] : ['--realtime'];
const rows = [['limit', 'in', 'method', 'run', 'found, Mbit/s', 'off', 'took, s', 'says', 'stolen', '']];
const results = [];
for (const mbit of chosen.rates.split(',').map(Number)) {
  for (const place of chosen.places.split(',')) {
    const { host, device } = PLACES[place];
    const queue = Math.max(20_000, Math.round((mbit * 1e3 * chosen['queue-ms']) / 8));
    const burst = Math.max(40_000, Math.round((mbit * 1e6 * 0.002) / 8));
    shell(`tc -n ${host} qdisc replace dev ${device} root tbf rate ${mbit}mbit burst ${burst}b limit ${queue}b`);
    for (const method of chosen.methods.split(',')) {
      for (let repeat = 1; repeat <= chosen.repeats; repeat++) {
        const { value, stolenShare } = await watched(() => search(method));
        const off = value.rate / (mbit * 1e6) - 1;
        const isMet = Math.abs(off) <= AIMS.off && value.seconds <= AIMS[`${method}S`];
        results.push({ mbit, place, method, repeat, off, stolenShare, isMet, ...value });
        rows.push([
          `${mbit} Mbit/s`,
          place,
          method,
          repeat,
          (value.rate / 1e6).toFixed(2),
          `${(off * 100).toFixed(1)} %`,
          value.seconds.toFixed(1),
          value.obstacle,
          `${(stolenShare * 100).toFixed(1)} %`,
          `${isMet ? 'met' : 'missed'}${value.confirmed ? '' : ', not confirmed'}`,
        ]);
        console.error(rows.at(-1).join('  '));
      }
    }
    shell(`tc -n ${host} qdisc delete dev ${device} root`);
  }
}
console.log(`aim: off at most 3 %, in at most 15 s continuously and 60 s by trials\n${table(rows)}`);
if (chosen.json !== '') writeFileSync(chosen.json, `${JSON.stringify({ benchmark: 'capacity', results })}\n`);

async function search(method) {
  const listening = ['recv', ENDPOINT, '--json', ...scheduling];
  const receiver = start('ip', ['netns', 'exec', 'rx', process.execPath, COMMAND, ...listening], { limitMs: 200_000 });
  await receiver.printed(/"joined"/u);
  const words = ['capacity', ENDPOINT, '--method', method, '--json', '--quiet', '--force', ...scheduling];
  const began = performance.now();
  const sender = start('ip', ['netns', 'exec', 'tx', process.execPath, COMMAND, ...words], { limitMs: 180_000 });
  const { stdout, stderr } = await sender.ended;
  const seconds = (performance.now() - began) / 1000;
  receiver.stop();
  await receiver.ended;
  if (!stdout.includes('"result"')) throw new Error(stderr);
  const [found] = resultOf(stdout, 'capacity').capacity.searches;
  const { rate_bit_per_second: rate, obstacle, confirmed } = found;
  return { rate, seconds, obstacle: obstacle ?? '-', confirmed };
}

function shell(script) {
  const { status, stderr } = spawnSync('sh', ['-ec', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
}
