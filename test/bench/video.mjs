/**
 * Transport streams: how exactly datagrams leave beside multicat (same file, independent capture, one run), and what a
 * channel costs the sender and the receiver that analyses it in full, at 1, 10 and 100 channels of 4 Mbit/s.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { captured } from './capture.mjs';
import { run, start } from './child.mjs';
import { median, options, percentile, table } from './figures.mjs';
import { isolate } from './isolate.mjs';
import { runMeasured } from './processorTime.mjs';
import { quietly, watched } from './quiet.mjs';
import { reference } from './reference.mjs';
import { constantRateStream } from './transportStream.mjs';

const COMMAND = path.resolve(import.meta.dirname, '../../bin/mcast.js');
const GROUP = '239.255.77.9';
const PORT = 5004;
const RATE = 4_000_000;
const DATAGRAM_NS = (7 * 188 * 8 * 1e9) / RATE;
const AIMS = { p50: 10, p99: 2 };
const chosen = options({ seconds: 5, repeats: 3, channels: '1,10,100', only: '', rounds: 6, json: '' });
/** What the C program works of each millisecond: as busy as either end is with 100 channels. */
const WORK_US = 400;
/** What either end calls itself held up beyond. */
const STALL_MS = 10;
const isIsolated = await isolate();

const folder = mkdtempSync(path.join(tmpdir(), 'mcast-video-'));
const clip = path.join(folder, 'clip.ts');
writeFileSync(clip, constantRateStream(RATE, chosen.seconds));
const results = { benchmark: 'video', pacing: [], channels: [], health: [] };
try {
  if (chosen.only === '' || chosen.only === 'pacing') await comparePacing();
  if (chosen.only === '' || chosen.only === 'channels') await costOfChannels();
  if (chosen.only === 'health') await healthOfMany();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (chosen.json !== '') writeFileSync(chosen.json, `${JSON.stringify(results)}\n`);

async function comparePacing() {
  // A processor that never sleeps is not taken away: what a virtual machine's 99th percentile hangs on.
  const senders = { mcast: () => sendByMcast([]), 'mcast --spin 3ms': () => sendByMcast(['--spin', '3ms']) };
  // multicat takes the route, which must not lead out of this machine.
  if (isIsolated && hasProgram('multicat')) {
    await run('ingests', ['-p', '256', clip]);
    senders.multicat = sendByMulticat;
  } else console.error('multicat is left out: it is not installed, or there is no namespace for it');
  const found = {};
  let setAside = 0;
  for (let repeat = 0; repeat < chosen.repeats; repeat++) {
    for (const [name, send] of Object.entries(senders)) {
      const run = await quietly(() => deviationsOf(send));
      (found[name] ??= []).push(run.value);
      setAside += run.setAside;
    }
  }
  if (setAside > 0) console.error(`${setAside} disturbed runs set aside`);
  const rows = [['us, median of ' + chosen.repeats, 'dev p50', 'dev p99', 'dev max', 'datagrams']];
  const middle = {};
  for (const [name, runs] of Object.entries(found)) {
    middle[name] = Object.fromEntries(Object.keys(runs[0]).map((key) => [key, median(runs.map((one) => one[key]))]));
    const { p50, p99, max, datagrams } = middle[name];
    rows.push([name, us(p50), us(p99), us(max), datagrams]);
    results.pacing.push({ sender: name, ...middle[name] });
  }
  console.log('|deviation from the schedule of the clock|, by the capture');
  console.log(table(rows));
  if (middle.multicat === undefined) return;
  for (const name of Object.keys(senders).filter((sender) => sender !== 'multicat')) {
    for (const [key, aim] of Object.entries(AIMS)) {
      const ratio = middle.multicat[key] / middle[name][key];
      console.log(`multicat / ${name}, ${key}: ${ratio.toFixed(1)} (aim ${aim}: ${ratio >= aim ? 'met' : 'missed'})`);
    }
  }
}

async function sendByMcast(options) {
  const args = ['send', `rtp://${GROUP}:${PORT}/iface=lo`, '--input', clip, '--quiet', ...options];
  const { status, stderr } = await start(process.execPath, [COMMAND, ...args]).ended;
  if (status !== 0) throw new Error(`mcast: status ${status}: ${stderr.trim()}`);
}

async function sendByMulticat() {
  const { status, stderr } = await start('multicat', [clip, `${GROUP}:${PORT}@127.0.0.1`]).ended;
  if (status !== 0) throw new Error(`multicat: status ${status}: ${stderr.trim()}`);
}

/** Deviations of the captured datagrams from an even schedule, whose start is not known: their median is taken for 0. */
async function deviationsOf(send) {
  const { stampNs } = await captured(PORT, send, rtpNumbers());
  const off = stampNs.map((time, k) => time - k * DATAGRAM_NS).filter((value) => !Number.isNaN(value));
  const middle = percentile(off, 0.5);
  const size = off.map((value) => Math.abs(value - middle));
  return { p50: percentile(size, 0.5), p99: percentile(size, 0.99), max: Math.max(...size), datagrams: off.length };
}

/** RTP sequence numbers, from the first one's. */
function rtpNumbers() {
  let first = null;
  return (rtp) => {
    if (rtp.length < 12 || rtp[0] >> 6 !== 2) return NaN;
    first ??= rtp.readUInt16BE(2);
    return (rtp.readUInt16BE(2) - first) & 0xffff;
  };
}

async function costOfChannels() {
  const rows = [
    ['channels', 'sent ms/s', 'received ms/s', 'per channel', 'lost', 'held up, ms', 'departure p99, us', 'health'],
  ];
  for (const channels of chosen.channels.split(',').map(Number)) {
    const { value, setAside } = await quietly(() => runChannels(channels));
    if (setAside > 0) console.error(`${channels} channels: ${setAside} disturbed runs set aside`);
    const { sent, received } = value;
    const media = received.result.streams.filter(({ role }) => role === 'media');
    const lost = media.reduce((sum, { metrics }) => sum + metrics.packets_lost, 0);
    if (media.length !== channels) throw new Error(`${media.length} of ${channels} channels arrived`);
    const perSecond = (ms) => ms / chosen.seconds;
    const row = {
      channels,
      sentMsPerSecond: perSecond(sent.cpuMs),
      receivedMsPerSecond: perSecond(received.cpuMs),
      lost,
      receiverStallMs: holdMs(received.result),
      departureP99Ns: sent.result.sender.departure_error_ns.p99,
      verdicts: [sent.result.health.verdict, received.result.health.verdict],
    };
    results.channels.push(row);
    const both = (row.sentMsPerSecond + row.receivedMsPerSecond) / channels;
    rows.push([
      channels,
      row.sentMsPerSecond.toFixed(0),
      row.receivedMsPerSecond.toFixed(0),
      both.toFixed(2),
      lost,
      row.receiverStallMs.toFixed(1),
      us(row.departureP99Ns),
      row.verdicts.join(', '),
    ]);
  }
  console.log('\nprocessor time of whole processes, start included, ms per second of stream');
  console.log(table(rows));
}

/**
 * 100 channels, round after round, scheduled as any program and in real time; beside them a C program that only wakes
 * and works: what holds that up holds anything up.
 */
async function healthOfMany() {
  const wake = await reference('wake');
  const ofC = ['stolen', 'C: held up, ms', 'p99, us'];
  const ofRun = ['scheduled', 'stolen', 'no processor, ms', 'held up, ms', 'departure p99, us', 'health', 'lost'];
  const rows = [['round', ...ofC, ...ofRun]];
  for (let round = 1; round <= chosen.rounds; round++) {
    for (const scheduling of [[], ['--realtime']]) {
      const bare = await watched(() => run(wake, [String(WORK_US), String(chosen.seconds)], { limitMs: 60_000 }));
      const [heldNs, wakeP99Ns] = bare.value.split(' ').map(Number);
      const heldMs = heldNs / 1e6;
      const { value, stolenShare } = await watched(() => runChannels(100, scheduling));
      const ends = [value.sent.result, value.received.result];
      const lost = ends[1].streams.reduce((sum, { metrics }) => sum + (metrics.packets_lost ?? 0), 0);
      const p99Ns = ends[0].sender.departure_error_ns.p99;
      const verdicts = ends.map(({ health }) => health.verdict);
      const ofThis = { stolenShare, waitedMs: ends.map(waitedMs), holds: ends.map(holdMs), p99Ns };
      const row = { round, scheduling, bareStolen: bare.stolenShare, heldMs, wakeP99Ns, ...ofThis };
      results.health.push({ ...row, verdicts, lost });
      rows.push([
        round,
        percent(bare.stolenShare),
        heldMs.toFixed(1),
        us(wakeP99Ns),
        scheduling[0] ?? 'ordinary',
        percent(stolenShare),
        ends.map((end) => waitedMs(end).toFixed(0)).join(', '),
        ends.map((end) => holdMs(end).toFixed(1)).join(', '),
        us(p99Ns),
        verdicts.join(', '),
        lost,
      ]);
    }
  }
  console.log(`\n100 channels: sender and receiver; C: two threads that work ${WORK_US} us of each millisecond`);
  console.log(table(rows));
  const disturbed = results.health.filter(({ heldMs }) => heldMs > STALL_MS).length;
  console.log(
    `the C program was held up for more than ${STALL_MS} ms in ${disturbed} of ${results.health.length} runs`,
  );
}

function runChannels(channels, scheduling = []) {
  const endpoint = `rtp://239.255.64.1+${channels}:${PORT}/iface=lo`;
  const whole = ['--input', clip, '--loop', '--duration', String(chosen.seconds), '--json', ...scheduling];
  return runMeasured(
    ['recv', endpoint, '--json', '--once', '--wait', '20', ...scheduling],
    ['send', endpoint, ...whole],
    60_000 + chosen.seconds * 2000,
  );
}

function hasProgram(name) {
  return process.env.PATH.split(':').some((at) => existsSync(path.join(at, name)));
}

/** How long an end was held up at most. */
function holdMs({ health }) {
  return Math.max(health.cycle_max_ns, health.overslept_max_ns) / 1e6;
}

/** How long its measuring thread was ready and had no processor. */
function waitedMs({ evidence }) {
  const own = evidence.threads.filter(({ role }) => role === 'measuring');
  return own.reduce((sum, { waiting_ns: waitingNs }) => sum + waitingNs, 0) / 1e6;
}

function percent(share) {
  return `${(share * 100).toFixed(2)} %`;
}

function us(ns) {
  return (ns / 1000).toFixed(1);
}
