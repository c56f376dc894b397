/**
 * How exactly datagrams leave: the schedule deviation that an independent capture sees, of ours and of a
 * minimal C loop (absolute sleep until 50 us before, then spin), and whether our reported departure error
 * agrees with that capture.
 */
import { writeFileSync } from 'node:fs';
import { captured } from './capture.mjs';
import { median, options, percentile, table } from './figures.mjs';
import { isolate } from './isolate.mjs';
import { runSend } from './product.mjs';
import { quietly } from './quiet.mjs';
import { runSender } from './reference.mjs';

const PORT = 5001;
const AIM = 1.5;
const MAGIC = 0x4d43_4b50;
const MARKERS = 3;
const chosen = options({ seconds: 3, repeats: 3, rates: '665,10000,50000', only: '', json: '' });
await isolate();

/** The sender of each subject, as a run that returns its own departure error `{ p50, p99 }`, ns. */
const senders = {
  'C loop': async (rate) =>
    (await runSender({ port: PORT, size: 64, rate, seconds: chosen.seconds, quantum: 0 })).departure_error_ns,
  mcast: async (rate) => {
    const result = await runSend(['--pps', String(rate), '--size', '64', '--offload', 'off'], chosen.seconds);
    return result.sender.departure_error_ns;
  },
};

/** Deviations of the times from an even schedule, ns. Its start is not known: their median is taken for 0. */
function deviations(timesNs, periodNs) {
  const off = timesNs.map((time, k) => time - k * periodNs).filter((value) => !Number.isNaN(value));
  const middle = percentile(off, 0.5);
  return off.map((value) => value - middle);
}

/** Sequence number of a probe datagram that is no marker. */
function probeNumber(probe) {
  if (probe.length < 52 || probe.readUInt32BE(0) !== MAGIC || (probe[5] & MARKERS) !== 0) return NaN;
  return Number(probe.readBigUInt64BE(20));
}

async function measure(name, rate) {
  const { during, stampNs, carriedNs, missing } = await captured(PORT, () => senders[name](rate), probeNumber, {
    carriedOf: (probe) => probe.readBigUInt64BE(28),
  });
  const periodNs = 1e9 / rate;
  const size = deviations(stampNs, periodNs).map(Math.abs);
  const path = stampNs.map((stamp, k) => stamp - carriedNs[k]).filter((value) => !Number.isNaN(value));
  // Lateness against the earliest: what a departure error without its constant part would be.
  const late = deviations(stampNs, periodNs);
  const earliest = percentile(late, 0.001);
  return {
    missing,
    datagrams: stampNs.length,
    deviationP50: percentile(size, 0.5),
    deviationP99: percentile(size, 0.99),
    capturedP50: percentile(late, 0.5) - earliest,
    capturedP99: percentile(late, 0.99) - earliest,
    reportedP50: during.p50,
    reportedP99: during.p99,
    pathP50: percentile(path, 0.5),
    pathP99: percentile(path, 0.99),
  };
}

const us = (ns) => (ns / 1000).toFixed(1);
const rows = [
  [
    'sender, datagrams/s',
    'dev p50',
    'dev p99',
    'late p50',
    'late p99',
    'told p50',
    'told p99',
    'stamp p50',
    'stamp p99',
  ],
];
const ratioRows = [['mcast / C loop', 'p50', 'p99', 'aim', '']];
const results = [];
for (const rate of chosen.rates.split(',').map(Number)) {
  const found = {};
  let setAside = 0;
  for (let repeat = 0; repeat < chosen.repeats; repeat++) {
    for (const name of Object.keys(senders)) {
      if (chosen.only !== '' && chosen.only !== name) continue;
      try {
        const run = await quietly(() => measure(name, rate));
        (found[name] ??= []).push(run.value);
        setAside += run.setAside;
      } catch (error) {
        console.error(`${name}, ${rate} datagrams/s: ${error.message}`);
        process.exitCode = 1;
      }
    }
  }
  if (setAside > 0) console.error(`${rate} datagrams/s: ${setAside} disturbed runs set aside`);
  const middle = {};
  for (const [name, runs] of Object.entries(found)) {
    const keys = Object.keys(runs[0]);
    middle[name] = Object.fromEntries(keys.map((key) => [key, median(runs.map((run) => run[key]))]));
    const { datagrams, missing, ...times } = middle[name];
    rows.push([`${name}, ${rate}`, ...Object.values(times).map(us)]);
    results.push({ sender: name, rate, ...middle[name] });
    if (missing > 0) console.error(`${name}, ${rate} datagrams/s: ${missing} of ${datagrams} not captured`);
  }
  if (middle['C loop'] !== undefined && middle.mcast !== undefined) {
    const p50 = middle.mcast.deviationP50 / middle['C loop'].deviationP50;
    const p99 = middle.mcast.deviationP99 / middle['C loop'].deviationP99;
    ratioRows.push([rate, p50.toFixed(2), p99.toFixed(2), `<= ${AIM}`, p50 <= AIM && p99 <= AIM ? 'met' : 'missed']);
  }
}
console.log(`us, median of ${chosen.repeats}. dev: |deviation from the schedule|, by the capture; late: behind the`);
console.log('earliest, by the capture; told: departure error as the sender reports it; stamp: capture - carried time');
console.log(table(rows));
if (ratioRows.length > 1) console.log(`\n${table(ratioRows)}`);
if (chosen.json !== '') writeFileSync(chosen.json, `${JSON.stringify({ benchmark: 'pacing', results })}\n`);
