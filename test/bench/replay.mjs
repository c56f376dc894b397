/**
 * Captures sent again: how exactly their own spacing comes back beside tcpreplay (same file, independent capture, one run),
 * at irregular spacing.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { captured } from './capture.mjs';
import { start } from './child.mjs';
import { median, options, percentile, table } from './figures.mjs';
import { isolate } from './isolate.mjs';
import { quietly } from './quiet.mjs';

const COMMAND = path.resolve(import.meta.dirname, '../../bin/mcast.js');
const GROUP = '239.255.77.10';
const PORT = 5006;
/** Of Ethernet, IPv4 and UDP; the payload begins with the datagram's number. */
const HEADERS = 14 + 20 + 8;
const PAYLOAD = 200;
/** At most this share of tcpreplay's deviation. */
const AIM = 0.5;
/** Gaps in means of them; together they are one each. */
const GAPS = [0.05, 0.2, 0.5, 0.75, 1, 1.5, 3];
/** Share of the run at either end whose median tells the drift. */
const EDGE = 0.1;
/** `timers`: ways of tcpreplay to wait; `tries`: until a run was left alone. */
const chosen = options({ seconds: 60, repeats: 1, tries: 2, rates: '1000,5000,20000', timers: 'nano,gtod', json: '' });

const isIsolated = await isolate();
const folder = mkdtempSync(path.join(tmpdir(), 'mcast-replay-'));
const results = { benchmark: 'replay', rows: [] };
try {
  for (const rate of chosen.rates.split(',').map(Number)) await compare(rate);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (chosen.json !== '') writeFileSync(chosen.json, `${JSON.stringify(results)}\n`);

async function compare(rate) {
  const file = path.join(folder, `${rate}.pcap`);
  const timesNs = irregular(rate);
  writeFileSync(file, captureOf(timesNs));
  const senders = { mcast: () => sendByMcast(file) };
  // tcpreplay writes frames to an interface, which must be that of the namespace.
  if (isIsolated && hasProgram('tcpreplay')) {
    for (const timer of chosen.timers.split(',')) senders[`tcpreplay -T ${timer}`] = () => sendByTcpreplay(file, timer);
  } else console.error('tcpreplay is left out: it is not installed, or there is no namespace for it');
  const found = {};
  for (let repeat = 0; repeat < chosen.repeats; repeat++) {
    for (const [name, send] of Object.entries(senders)) {
      const { value, setAside } = await quietly(() => deviationsOf(timesNs, send), chosen.tries);
      if (setAside > 0) console.error(`${name}: ${setAside} disturbed runs set aside`);
      (found[name] ??= []).push(value);
    }
  }
  const rows = [[`${rate} datagrams/s, us`, 'dev p50', 'dev p99', 'drift', 'datagrams']];
  const middle = {};
  for (const [name, runs] of Object.entries(found)) {
    middle[name] = Object.fromEntries(Object.keys(runs[0]).map((key) => [key, median(runs.map((one) => one[key]))]));
    const { p50, p99, drift, datagrams } = middle[name];
    rows.push([name, us(p50), us(p99), us(drift), `${datagrams} of ${timesNs.length}`]);
    results.rows.push({ rate, sender: name, ...middle[name] });
  }
  console.log(`\n|deviation from the spacing of the capture|, ${chosen.seconds} s`);
  console.log(table(rows));
  const others = Object.keys(middle).filter((name) => name !== 'mcast');
  if (others.length === 0) return;
  for (const key of ['p50', 'p99', 'drift']) {
    // Beside the better one of its timers.
    const best = Math.min(...others.map((name) => Math.abs(middle[name][key])));
    const ratio = Math.abs(middle.mcast[key]) / best;
    console.log(`mcast / tcpreplay, ${key}: ${ratio.toFixed(2)} (aim ${AIM}: ${ratio <= AIM ? 'met' : 'missed'})`);
  }
}

/** Times of datagrams that come unevenly, the same in every run. */
function irregular(rate) {
  const times = new Float64Array(Math.round(rate * chosen.seconds));
  let state = 1;
  let nowNs = 0;
  for (let i = 0; i < times.length; i++) {
    times[i] = Math.round(nowNs);
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    nowNs += (GAPS[(state >>> 16) % GAPS.length] * 1e9) / rate;
  }
  return times;
}

/** A pcap file with nanoseconds, Ethernet frames of loopback. */
function captureOf(timesNs) {
  const frame = HEADERS + PAYLOAD;
  const file = Buffer.alloc(24 + timesNs.length * (16 + frame));
  file.writeUInt32LE(0xa1b2_3c4d, 0);
  file.writeUInt16LE(2, 4);
  file.writeUInt16LE(4, 6);
  file.writeUInt32LE(65_535, 16);
  file.writeUInt32LE(1, 20);
  for (const [i, timeNs] of timesNs.entries()) {
    const at = 24 + i * (16 + frame);
    file.writeUInt32LE(1_767_225_600 + Math.floor(timeNs / 1e9), at);
    file.writeUInt32LE(timeNs % 1e9, at + 4);
    file.writeUInt32LE(frame, at + 8);
    file.writeUInt32LE(frame, at + 12);
    putHeaders(file, at + 16);
    file.writeUInt32BE(i, at + 16 + HEADERS);
  }
  return file;
}

function putHeaders(file, at) {
  file.writeUInt16BE(0x0800, at + 12);
  const ip = at + 14;
  file.writeUInt16BE(0x4500, ip);
  file.writeUInt16BE(28 + PAYLOAD, ip + 2);
  file.writeUInt16BE(0x0111, ip + 8);
  file.set([127, 0, 0, 1], ip + 12);
  file.set(GROUP.split('.').map(Number), ip + 16);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += file.readUInt16BE(ip + i);
  file.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, ip + 10);
  file.writeUInt16BE(PORT, ip + 20);
  file.writeUInt16BE(PORT, ip + 22);
  file.writeUInt16BE(8 + PAYLOAD, ip + 24);
}

async function sendByMcast(file) {
  const args = ['send', `udp://${GROUP}:${PORT}/iface=lo`, '--input', file, '--quiet'];
  const { status, stderr } = await start(process.execPath, [COMMAND, ...args], limit()).ended;
  if (status !== 0) throw new Error(`mcast: status ${status}: ${stderr.trim()}`);
}

async function sendByTcpreplay(file, timer) {
  const { status, stderr } = await start('tcpreplay', ['-q', '--preload-pcap', '-T', timer, '-i', 'lo', file], limit())
    .ended;
  if (status === null)
    console.error(
      `tcpreplay -T ${timer}: not at its end after ${limit().limitMs / 1000} s: what it sent by then counts`,
    );
  else if (status !== 0) throw new Error(`tcpreplay: status ${status}: ${stderr.trim()}`);
}

function limit(moreMs = 0) {
  return { limitMs: 30_000 + chosen.seconds * 2000 + moreMs };
}

/** Of the captured datagrams from the spacing of the file; when the run began is not known: the median is taken for 0. */
async function deviationsOf(timesNs, send) {
  const { stampNs } = await captured(PORT, send, (payload) => numberOf(payload, timesNs.length), limit(10_000));
  const off = [];
  for (const [i, seen] of stampNs.entries()) if (!Number.isNaN(seen)) off.push(seen - timesNs[i]);
  const middle = percentile(off, 0.5);
  const size = off.map((value) => Math.abs(value - middle));
  const edge = Math.max(1, Math.floor(off.length * EDGE));
  const drift = percentile(off.slice(-edge), 0.5) - percentile(off.slice(0, edge), 0.5);
  return { p50: percentile(size, 0.5), p99: percentile(size, 0.99), drift, datagrams: off.length };
}

/** The number that the payload begins with. */
function numberOf(payload, datagrams) {
  const number = payload.length < 4 ? NaN : payload.readUInt32BE(0);
  return number < datagrams ? number : NaN;
}

function hasProgram(name) {
  return process.env.PATH.split(':').some((at) => existsSync(path.join(at, name)));
}

function us(ns) {
  return (ns / 1000).toFixed(1);
}
