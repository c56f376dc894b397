/**
 * The highest rate at which nothing is lost, of our pair, of the smallest C pair and of other tools, in one
 * run over loopback. Rates of one run may be compared with each other, never with another machine's.
 */
import { writeFileSync } from 'node:fs';
import { count, median, options, table } from './figures.mjs';
import { isolate } from './isolate.mjs';
import { highestHeld } from './lossless.mjs';
import { installed } from './sockperf.mjs';
import { subjects } from './subjects.mjs';

const chosen = options({ seconds: 1, repeats: 3, precision: 0.04, sizes: '64,512,1316,8972', only: '', json: '' });
const isolated = await isolate();
const sizes = chosen.sizes.split(',').map(Number);
const taking = subjects.filter(
  ({ name, needs }) =>
    (chosen.only === '' || chosen.only.split(';').includes(name)) &&
    (needs === undefined || (isolated && installed(needs))),
);

/** Nothing was lost, and the sender kept the rate that it was asked for. */
function held(trial, rate) {
  return trial.received === trial.sent && trial.sent > 0 && trial.sentRate >= 0.98 * rate;
}

/** Bisection over the rate. */
async function highestLossless(subject, size) {
  const trial = (rate) => subject.trial({ size, rate, seconds: chosen.seconds });
  const maximum = await trial(0);
  if (subject.maximumOnly) return maximum.receivedRate;
  return highestHeld(async (rate) => held(await trial(rate), rate), {
    first: maximum.sentRate * 0.95,
    least: maximum.sentRate / 50,
    precision: chosen.precision,
  });
}

/** [subject, size] -> rates of the repeats. The repeats go round the subjects, so that a slow minute hits all. */
const found = new Map();
for (let repeat = 0; repeat < chosen.repeats; repeat++) {
  for (const size of sizes) {
    for (const subject of taking) {
      const key = `${subject.name}/${size}`;
      try {
        const rate = await highestLossless(subject, size);
        found.set(key, [...(found.get(key) ?? []), rate]);
        console.error(`${repeat + 1}/${chosen.repeats} ${subject.name}, ${size} octets: ${count(rate)} datagrams/s`);
      } catch (error) {
        console.error(`${subject.name}, ${size} octets: ${error.message}`);
        process.exitCode = 1;
      }
    }
  }
}

const rateOf = (name, size) => (found.has(`${name}/${size}`) ? median(found.get(`${name}/${size}`)) : NaN);
const rows = [['datagrams/s', ...sizes.map((size) => `${size} octets`)]];
for (const { name, maximumOnly } of taking) {
  rows.push([maximumOnly ? `${name} (received)` : name, ...sizes.map((size) => count(rateOf(name, size)))]);
}
console.log(`highest rate without loss, median of ${chosen.repeats}\n${table(rows)}\n`);

const best = (size) => Math.max(rateOf('mcast', size), rateOf('mcast, offload', size));
const aims = [
  ['without offload, of the C pair', (size) => rateOf('mcast', size) / rateOf('C pair', size), { 64: 0.9, 1316: 0.9 }],
  [
    'with offload, of the C pair with it',
    (size) => rateOf('mcast, offload', size) / rateOf('C pair, offload', size),
    { 64: 0.5, 1316: 0.9 },
  ],
  ['best, times iperf 2', (size) => best(size) / rateOf('iperf 2', size), { 64: 20, 1316: 15 }],
  ['best, times sockperf', (size) => best(size) / rateOf('sockperf', size), {}],
];
const ratios = [];
const aimRows = [['mcast', ...sizes.flatMap((size) => [`${size} octets`, 'aim', ''])]];
for (const [what, ratioOf, aimOf] of aims) {
  const row = [what];
  for (const size of sizes) {
    const ratio = ratioOf(size);
    const aim = aimOf[size] ?? null;
    const met = aim === null || Number.isNaN(ratio) ? null : ratio >= aim;
    ratios.push({ what, size, ratio, aim, met });
    row.push(Number.isNaN(ratio) ? '-' : ratio.toFixed(2), aim ?? '', met === null ? '' : met ? 'met' : 'missed');
  }
  aimRows.push(row);
}
console.log(table(aimRows));
if (chosen.json !== '') {
  writeFileSync(
    chosen.json,
    `${JSON.stringify({ benchmark: 'throughput', rates: Object.fromEntries(found), ratios })}\n`,
  );
}
