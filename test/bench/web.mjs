/**
 * What the dashboard costs the measurement, and whether it stays as small as it began.
 *   node test/bench/web.mjs [--streams=100] [--pps=20000] [--seconds=10] [--repeats=5] [--json=<file>]
 *   node test/bench/web.mjs --soak [--minutes=10]
 * Both ends are scheduled in real time, unless `--ordinary`.
 * Without --soak: rounds with and without `--web` in turn, at both ends, each read by a browser's worth of readers (one).
 * With it: a page in Chromium on a receiver, memory of both and updates shown per second, minute by minute.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { openBrowser } from './browser.mjs';
import { count, median, options, table } from './figures.mjs';
import { isolate } from './isolate.mjs';
import { mcast, resultOf } from './product.mjs';
import { quietly } from './quiet.mjs';

const chosen = options({
  streams: 100,
  pps: 20_000,
  seconds: 10,
  repeats: 5,
  soak: false,
  minutes: 10,
  ordinary: false,
  json: '',
  quick: false,
});
await isolate();
const endpoint = `probe://239.255.78.1+${chosen.streams}:5001/iface=lo`;

function startEnds(seconds, web) {
  const limitMs = seconds * 1000 + 60_000;
  const common = ['--json', ...(chosen.ordinary ? [] : ['--realtime']), ...web];
  const receiving = mcast(['recv', endpoint, '--once', '--wait', '20', ...common], { limitMs });
  const pps = String(chosen.pps / chosen.streams);
  const startSending = async () => {
    await receiving.printed(/"joined"/u);
    return mcast(
      ['send', endpoint, '--pps', pps, '--duration', String(seconds), '--size', '256', '--force', ...common],
      {
        limitMs,
      },
    );
  };
  return { receiving, startSending };
}

async function urlOf(process_) {
  await process_.printed(/dashboard: http:\S+/u);
  return /dashboard: (http:\S+)/u.exec(process_.output.stderr + process_.output.stdout)[1];
}

/** Reads a dashboard to its end; how many updates came. */
function readEvents(url) {
  return new Promise((resolve) => {
    let updates = 0;
    get(`${url}events`, { agent: false }, (response) => {
      response.setEncoding('utf8').on('data', (text) => (updates += text.split('event: parts\n').length - 1));
      response.on('close', () => resolve(updates));
    });
  });
}

function isMeasuring({ role }) {
  return role === 'measuring';
}

/** Processor time of those threads over the run. */
function secondsOf({ threads }, isMeant) {
  return threads.filter(isMeant).reduce((sum, { cpu_ns: cpuNs }) => sum + cpuNs, 0) / 1e9;
}

function residentMib(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function round(isOn) {
  const { receiving, startSending } = startEnds(chosen.seconds, isOn ? ['--web=0'] : []);
  const reading = isOn ? [readEvents(await urlOf(receiving))] : [];
  const sending = await startSending();
  if (isOn) reading.push(readEvents(await urlOf(sending)));
  const [{ stdout: sent }, { stdout: received }] = await Promise.all([sending.ended, receiving.ended]);
  const [updates = 0] = await Promise.all(reading);
  const { aggregate, health, evidence } = resultOf(received, 'recv');
  const { sender, evidence: ofSender } = resultOf(sent, 'send');
  const delay = aggregate.histograms.one_way_delay_ns;
  return {
    lost: aggregate.metrics.packets_lost,
    notSent: sender.not_sent,
    p50: delay.p50,
    p99: delay.p99,
    late50: sender.departure_error_ns.p50,
    late99: sender.departure_error_ns.p99,
    stalls: health.stalls,
    sentBy: secondsOf(ofSender, isMeasuring),
    receivedBy: secondsOf(evidence, isMeasuring),
    sentBeside: secondsOf(ofSender, (thread) => !isMeasuring(thread)),
    receivedBeside: secondsOf(evidence, (thread) => !isMeasuring(thread)),
    updates: updates / chosen.seconds,
  };
}

const us = (ns) => (ns / 1000).toFixed(1);
const seconds = (value) => value.toFixed(2);

async function compare() {
  const repeats = chosen.quick ? 1 : chosen.repeats;
  const rounds = { off: [], on: [] };
  for (let i = 0; i < repeats; i++) {
    for (const name of i % 2 === 0 ? ['off', 'on'] : ['on', 'off']) {
      rounds[name].push((await quietly(() => round(name === 'on'), 2)).value);
    }
  }
  const middle = (name, figure) => median(rounds[name].map((one) => one[figure]));
  const rows = [['median of ' + repeats, 'off', 'on', 'on/off']];
  for (const [label, figure, shown] of [
    ['lost', 'lost', count],
    ['not sent', 'notSent', count],
    ['delay p50, us', 'p50', us],
    ['delay p99, us', 'p99', us],
    ['departure error p50, us', 'late50', us],
    ['departure error p99, us', 'late99', us],
    ['stalls', 'stalls', count],
    ['sender, measuring thread, s', 'sentBy', seconds],
    ['receiver, measuring thread, s', 'receivedBy', seconds],
    ['sender, all others, s', 'sentBeside', seconds],
    ['receiver, all others, s', 'receivedBeside', seconds],
    ['updates/s', 'updates', (value) => value.toFixed(2)],
  ]) {
    const [off, on] = [middle('off', figure), middle('on', figure)];
    rows.push([label, shown(off), shown(on), off === 0 ? '-' : (on / off).toFixed(2)]);
  }
  console.log(`${chosen.streams} streams, ${count(chosen.pps)} datagrams/s, rounds of ${chosen.seconds} s`);
  console.log(table(rows));
  return rounds;
}

/** Counts the updates that the page takes, of which each is parsed once. */
const WATCH = `window.updates = 0;
  { const parse = JSON.parse; JSON.parse = (text) => { window.updates++; return parse(text); }; }`;

async function soak() {
  const seconds = chosen.minutes * 60;
  const { receiving, startSending } = startEnds(seconds, ['--web=0']);
  const url = await urlOf(receiving);
  const sending = await startSending();
  const browser = await openBrowser(url);
  const samples = [];
  try {
    await browser.inPage('Performance.enable');
    while ((await browser.run("document.querySelectorAll('table.live tbody tr').length")) < chosen.streams) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await browser.run(WATCH);
    let before = { atMs: performance.now(), updates: 0 };
    const rows = [['minute', 'updates/s', 'receiver, MiB', 'page heap, MiB', 'page nodes']];
    for (let minute = 1; minute < chosen.minutes || minute === 1; minute++) {
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      await browser.inPage('HeapProfiler.collectGarbage');
      const { metrics } = await browser.inPage('Performance.getMetrics');
      const of = (name) => metrics.find((one) => one.name === name).value;
      const now = { atMs: performance.now(), updates: await browser.run('updates') };
      const sample = {
        minute,
        updatesPerSecond: ((now.updates - before.updates) * 1000) / (now.atMs - before.atMs),
        receiverMib: residentMib(receiving.pid),
        heapMib: of('JSHeapUsedSize') / 2 ** 20,
        nodes: of('Nodes'),
      };
      before = now;
      samples.push(sample);
      const { updatesPerSecond, receiverMib, heapMib, nodes } = sample;
      rows.push([minute, updatesPerSecond.toFixed(2), receiverMib.toFixed(0), heapMib.toFixed(2), count(nodes)]);
    }
    console.log(table(rows));
  } finally {
    await browser.close();
    sending.stop();
    await Promise.all([sending.ended, receiving.ended]);
  }
  return samples;
}

const figures = chosen.soak ? await soak() : await compare();
if (chosen.json !== '') writeFileSync(chosen.json, `${JSON.stringify({ benchmark: 'web', figures })}\n`);
