/**
 * Feeds of market data: the highest rate of messages on two lines that arrive and merge without a loss; one-way delay
 * beside what sockperf tells of its own round trips at the same rate and size; and what ten thousand numbered flows cost
 * beside one that carries the same rate.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from './child.mjs';
import { count, median, options, table } from './figures.mjs';
import { feedFiles } from './feedFiles.mjs';
import { isolate } from './isolate.mjs';
import { highestHeld } from './lossless.mjs';
import { runMeasured } from './processorTime.mjs';
import { quietly } from './quiet.mjs';
import { installed, SOCKPERF_PLACE, sockperfServer } from './sockperf.mjs';

const LINES = ['mold://239.255.77.11:26400/iface=lo', 'mold://239.255.78.11:26400/iface=lo'];
const TIMED = 'xdp://239.255.77.12:26600/iface=lo';
const PROBED = 'probe://239.255.77.13:5001/iface=lo';
/** Each when it is due, as sockperf's datagrams leave: at 100,000/s a sender's default is to send those of 20 us together. */
const ONE_BY_ONE = '--quantum 0';
/** Octets of a probe datagram's header, and so of the smallest datagram. */
const PROBE_OCTETS = 52;
const AIMS = { messagesPerSecond: 2e6, at: 20, delayP50: 1.2, flows: 1.5 };
/** Datagrams/s of both lines where the search begins, and where it gives up. */
const FIRST_RATE = 100_000;
const LEAST_RATE = 2000;
/** Of the beginning, in which code is compiled, nothing counts; sockperf leaves out the first 400 ms by itself. */
const OMITTED_S = 0.4;
/** Of sockperf's messages so many a second are answered and make a figure. */
const ANSWERS_PER_SECOND = 2500;
/** So long is a second run, markers included: less the short one it tells the cost of a second without beginning and end. */
const LONG_SECONDS = 60;
/** Short runs for each long one, of which the median counts: what a process takes to begin and end varies by a fifth. */
const SHORT_RUNS = 5;
/** Processor time by end and length of the run, ms. */
const FLOW_FIGURES = [
  'sentShortMs',
  'sentLongMs',
  'sentPerSecondMs',
  'receivedShortMs',
  'receivedLongMs',
  'receivedPerSecondMs',
];
const QUANTILES = ['p50', 'p99', 'p999'];

const chosen = options({
  seconds: 2,
  repeats: 3,
  precision: 0.05,
  messages: '1,5,20',
  rates: '10000,50000,100000',
  flows: 10_000,
  'flow-rates': '20000,100000',
  only: '',
  json: '',
});
const isIsolated = await isolate();
const results = { benchmark: 'market', rates: [], delays: [], flows: [], ratios: [] };
const aimRows = [['mcast', 'figure', 'aim', '']];
const parts = { rate: highestRates, delay: compareDelays, flows: costOfFlows };
if (chosen.only !== '' && !(chosen.only in parts)) {
  console.error(`--only: one of ${Object.keys(parts)}`);
  process.exit(2);
}
for (const [name, part] of Object.entries(parts)) if (chosen.only === '' || chosen.only === name) await part();
if (aimRows.length > 1) console.log(`\n${table(aimRows)}`);
if (chosen.json !== '') writeFileSync(chosen.json, `${JSON.stringify(results)}\n`);

async function highestRates() {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcast-market-'));
  try {
    await highestRatesOf(await feedsOf(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is sent: made up while it is, with so many messages in a datagram, or out of files. */
async function feedsOf(folder) {
  const { mixed, oneLength } = await feedFiles(folder, limitMs());
  const { at } = AIMS;
  return [
    ...chosen.messages.split(',').map((text) => ({ what: 'made up', messages: Number(text), input: [] })),
    { what: 'out of a file', messages: at, input: ['--input', mixed, '--loop'] },
    { what: 'out of a file, of one length', messages: at, input: ['--input', oneLength, '--loop'] },
  ];
}

async function highestRatesOf(feeds) {
  /** Feed -> datagrams/s of both lines, by repeat. */
  const found = new Map(feeds.map((feed) => [feed, []]));
  for (let repeat = 0; repeat < chosen.repeats; repeat++) {
    for (const [feed, rates] of found) {
      const rate = await highestHeld((asked) => holdsOnBothLines(feed, asked), {
        first: rates.at(-1) || FIRST_RATE,
        least: LEAST_RATE,
        precision: chosen.precision,
      });
      rates.push(rate);
      const what = `${feed.messages} in a datagram, ${feed.what}`;
      console.error(`${repeat + 1}/${chosen.repeats} ${what}: ${count(rate)} datagrams/s`);
    }
  }
  const rows = [['messages', 'in a datagram', 'datagrams/s', 'messages/s']];
  for (const [{ what, messages }, rates] of found) {
    const datagramsPerSecond = median(rates);
    const messagesPerSecond = messagesOf(messages, datagramsPerSecond);
    results.rates.push({ what, messages, datagramsPerSecond, messagesPerSecond, repeats: rates });
    rows.push([what, messages, count(datagramsPerSecond), count(messagesPerSecond)]);
    if (messages !== AIMS.at) continue;
    const isMet = messagesPerSecond >= AIMS.messagesPerSecond;
    tellAim(
      `messages/s, ${messages} in a datagram, ${what}`,
      count(messagesPerSecond),
      count(AIMS.messagesPerSecond),
      isMet,
    );
  }
  console.log(`\nhighest rate without loss, two lines merged, median of ${chosen.repeats}; datagrams of both lines`);
  console.log(table(rows));
}

/** Messages/s of a feed both of whose lines together send so many datagrams/s. */
function messagesOf(messages, datagramsPerSecond) {
  return (datagramsPerSecond / LINES.length) * messages;
}

/** Whether all of both lines arrived, was merged, and left at the rate that was asked for. */
async function holdsOnBothLines({ messages, input }, rate) {
  const lines = `${LINES[0]} --leg-b ${LINES[1]}`;
  const pace = `--mps ${Math.round(messagesOf(messages, rate))} --messages-per-datagram ${messages}`;
  const { sent, received } = await runMeasured(
    words(`recv ${lines} --once --until-idle 3s --json --wait 10`),
    // A datagram is full before it has waited so long; and what is late leaves late, and lowers the rate that was held.
    [
      ...words(`send ${lines} ${pace} --flush-after 1s --max-late 1s --duration ${chosen.seconds} --json --force`),
      ...input,
    ],
    limitMs(),
  );
  const { sender } = sent.result;
  const { streams, arbitration } = received.result;
  const arrived = streams.reduce((sum, { metrics }) => sum + metrics.packets_received, 0);
  const lost = streams.reduce((sum, { metrics }) => sum + metrics.messages_lost, 0);
  return (
    streams.length === LINES.length &&
    arbitration?.remaining_lost === 0 &&
    lost === 0 &&
    sender.not_sent === 0 &&
    sender.sent > 0 &&
    // A line says nothing of what was lost before its first datagram.
    arrived === sender.sent &&
    sender.rate_packets_per_second >= 0.98 * rate
  );
}

async function compareDelays() {
  const isBeside = isIsolated && installed('sockperf');
  if (!isBeside) console.error('sockperf is left out: it is not installed, or there is no namespace for it');
  const rows = [['us, median of ' + chosen.repeats, 'p50', 'p99', 'p99.9', 'departure p50', 'octets']];
  for (const rate of chosen.rates.split(',').map(Number)) {
    /** Subject -> quantities of its runs. */
    const found = new Map();
    const measure = async (name, subject) => {
      const { value, setAside } = await quietly(subject);
      if (setAside > 0) console.error(`${name}, ${count(rate)}/s: ${setAside} disturbed runs set aside`);
      found.set(name, [...(found.get(name) ?? []), value]);
      return value;
    };
    for (let repeat = 0; repeat < chosen.repeats; repeat++) {
      const { octets } = await measure('xdp', () => delayOfFeed(rate));
      // Beside the feed's datagrams the others have theirs of one size.
      await measure('probe', () => delayOfProbe(rate, octets));
      if (isBeside) await measure('sockperf, half round trip', () => delayOfSockperf(rate, octets));
    }
    const middle = {};
    for (const [subject, runs] of found) {
      middle[subject] = Object.fromEntries(
        Object.keys(runs[0]).map((key) => [key, median(runs.map((one) => one[key]))]),
      );
      const { departureP50, octets } = middle[subject];
      results.delays.push({ subject, rate, ...middle[subject] });
      const quantiles = QUANTILES.map((key) => us(middle[subject][key]));
      rows.push([`${subject}, ${count(rate)}/s`, ...quantiles, us(departureP50), octets]);
    }
    if (!isBeside) continue;
    const ratio = middle.xdp.p50 / middle['sockperf, half round trip'].p50;
    tellAim(`delay p50 of sockperf's, ${count(rate)}/s`, ratio.toFixed(2), AIMS.delayP50, ratio <= AIMS.delayP50);
  }
  console.log(
    '\none-way delay; of xdp from the due time, of probe from the departure, both to the kernel of the receiver',
  );
  console.log(table(rows));
}

async function delayOfFeed(rate) {
  const pace = `--mps ${rate} --messages-per-datagram 1 --flush-after 1s --heartbeat 0 ${ONE_BY_ONE}`;
  const { sent, received } = await runMeasured(
    // The format has no word for the end of a feed.
    words(`recv ${TIMED} --until-idle 500ms --json --wait 10 --omit ${OMITTED_S}s`),
    words(`send ${TIMED} ${pace} --duration ${chosen.seconds + OMITTED_S} --json --force`),
    limitMs(),
  );
  return delayFigures(sent.result, received.result);
}

async function delayOfProbe(rate, octets) {
  const load = `--pps ${rate} --size ${Math.max(PROBE_OCTETS, octets)} ${ONE_BY_ONE}`;
  const { sent, received } = await runMeasured(
    words(`recv ${PROBED} --once --until-idle 3s --json --wait 10 --omit ${OMITTED_S}s`),
    words(`send ${PROBED} ${load} --duration ${chosen.seconds + OMITTED_S} --json --force`),
    limitMs(),
  );
  return delayFigures(sent.result, received.result);
}

/** ns. */
function delayFigures({ sender }, { streams }) {
  const { p50, p99, p999 } = streams[0].histograms.one_way_delay_ns;
  const octets = Math.round(sender.octets_sent / sender.sent);
  return { p50, p99, p999, departureP50: sender.departure_error_ns.p50, octets };
}

/** Half of the round trip, as it tells it: the way to the application and its way back. */
async function delayOfSockperf(rate, octets) {
  const server = await sockperfServer([]);
  try {
    const every = Math.max(1, Math.round(rate / ANSWERS_PER_SECOND));
    // What it sends before and behind what counts takes half a second.
    const seconds = Math.ceil(chosen.seconds + 0.5);
    const load = ['-m', String(octets), '-t', String(seconds), `--mps=${rate}`, `--reply-every=${every}`];
    const stdout = await run('sockperf', ['under-load', ...SOCKPERF_PLACE, ...load], { limitMs: limitMs() });
    const [p50, p99, p999] = ['50.000', '99.000', '99.900'].map((percent) => percentileOf(stdout, percent));
    return { p50, p99, p999, departureP50: NaN, octets };
  } finally {
    server.stop();
    await server.ended;
  }
}

/** ns. */
function percentileOf(stdout, percent) {
  const [, text] = new RegExp(`percentile ${percent.replace('.', String.raw`\.`)} =\\s*([\\d.]+)`, 'u').exec(stdout);
  return Number(text) * 1000;
}

async function costOfFlows() {
  for (const rate of chosen['flow-rates'].split(',').map(Number)) await costAt(rate);
}

async function costAt(rate) {
  const counts = [1, chosen.flows];
  const found = new Map(counts.map((flows) => [flows, []]));
  for (let repeat = 0; repeat < chosen.repeats; repeat++) {
    for (const [flows, runs] of found) {
      runs.push(await runFlows(flows, rate));
    }
  }
  const spans = [`${shortSeconds()} s`, `${LONG_SECONDS} s`, 'a second'];
  const heads = ['sent', 'received'].flatMap((end) => spans.map((span) => `${end}, ${span}`));
  const rows = [['ms of a processor', ...heads, 'streams', 'lost']];
  const middle = new Map();
  for (const [flows, runs] of found) {
    const one = Object.fromEntries(Object.keys(runs[0]).map((key) => [key, median(runs.map((each) => each[key]))]));
    middle.set(flows, one);
    results.flows.push({ rate, flows, ...one });
    rows.push([`${count(flows)} flows`, ...FLOW_FIGURES.map((key) => count(one[key])), one.streams, one.lost]);
  }
  console.log(`\nwhole processes, start and end included, at ${count(rate)} datagrams/s; and of each second more`);
  console.log(table(rows));
  const [one, many] = counts.map((flows) => middle.get(flows));
  for (const end of ['sent', 'received']) {
    const fromSeconds = metFrom(end, one, many);
    console.log(
      `${end}: once for each flow ${us(onceNs(end, one, many))} us, within the aim in runs from ${fromSeconds} s on`,
    );
    results.flows.push({ rate, end, within_aim_from_seconds: fromSeconds });
  }
  for (const [i, key] of FLOW_FIGURES.entries()) {
    const ratio = many[key] / one[key];
    const what = `${heads[i]}, at ${count(rate)}: ${count(chosen.flows)} flows of one`;
    tellAim(what, ratio.toFixed(2), AIMS.flows, ratio <= AIMS.flows);
  }
}

/** What a flow more costs whatever the length of the run: what the short run takes more, less what its seconds do. */
function onceNs(end, one, many) {
  const moreMs = many[`${end}ShortMs`] - one[`${end}ShortMs`];
  const perSecondMs = many[`${end}PerSecondMs`] - one[`${end}PerSecondMs`];
  return ((moreMs - perSecondMs * shortSeconds()) * 1e6) / (chosen.flows - 1);
}

/** The shortest run in which many flows are within the aim, by what a run costs once and each second more; whole seconds. */
function metFrom(end, one, many) {
  const perSecondMs = (of) => of[`${end}PerSecondMs`];
  const onceMs = (of) => of[`${end}ShortMs`] - perSecondMs(of) * shortSeconds();
  const overMs = onceMs(many) - AIMS.flows * onceMs(one);
  const savedMs = AIMS.flows * perSecondMs(one) - perSecondMs(many);
  if (overMs <= 0) return 0;
  return savedMs > 0 ? Math.ceil(overMs / savedMs) : Infinity;
}

/** Every flow has eight markers of its own, which are paced like data: so long those of all flows take. */
function markersSeconds(rate) {
  return Math.ceil((chosen.flows * 8) / rate);
}

function shortSeconds() {
  return chosen.seconds + Math.max(...chosen['flow-rates'].split(',').map((rate) => markersSeconds(Number(rate))));
}

/** As many datagrams of one flow as of many, markers included: what differs is how many flows they are of. */
async function runFlows(flows, rate) {
  const ofMarkers = flows === 1 ? 0 : (chosen.flows * 8) / rate;
  const shorts = [];
  for (let i = 0; i < SHORT_RUNS; i++) shorts.push(await runFlowsFor(flows, rate, shortSeconds() - ofMarkers));
  const short = {
    sent: { cpuMs: median(shorts.map(({ sent }) => sent.cpuMs)) },
    received: { cpuMs: median(shorts.map(({ received }) => received.cpuMs)) },
  };
  const long = await runFlowsFor(flows, rate, LONG_SECONDS - ofMarkers);
  const perSecond = (end) => (long[end].cpuMs - short[end].cpuMs) / (LONG_SECONDS - shortSeconds());
  return {
    sentShortMs: short.sent.cpuMs,
    sentLongMs: long.sent.cpuMs,
    sentPerSecondMs: perSecond('sent'),
    receivedShortMs: short.received.cpuMs,
    receivedLongMs: long.received.cpuMs,
    receivedPerSecondMs: perSecond('received'),
    streams: long.received.result.streams_total,
    lost: [...shorts, long].reduce((sum, { received }) => sum + received.result.aggregate.metrics.packets_lost, 0),
  };
}

async function runFlowsFor(flows, rate, seconds) {
  const load = `--flows ${flows} --pps ${rate} --size 64 --max-late 1s`;
  const { value, setAside } = await quietly(() =>
    runMeasured(
      words(`recv ${PROBED} --once --until-idle 3s --json --wait 10`),
      words(`send ${PROBED} ${load} --duration ${seconds} --json --force`),
      limitMs() + (seconds + markersSeconds(rate)) * 2000,
    ),
  );
  if (setAside > 0) console.error(`${count(flows)} flows, ${seconds} s: ${setAside} disturbed runs set aside`);
  return value;
}

function tellAim(what, figure, aim, isMet) {
  results.ratios.push({ what, figure, aim, met: isMet });
  aimRows.push([what, figure, aim, isMet ? 'met' : 'missed']);
}

function words(text) {
  return text.split(' ');
}

function limitMs() {
  return 30_000 + chosen.seconds * 2000;
}

function us(ns) {
  return Number.isNaN(ns) ? '-' : (ns / 1000).toFixed(1);
}
