/** What the page of a long run costs: `mcast report day.json -o day.html` of 24 hours with 100 streams. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { median, options, table } from './figures.mjs';
import { isolate } from './isolate.mjs';
import { mcast, resultOf } from './product.mjs';

const DAY_NS = 86_400e9;
const POINTS = 512;
const LOST_RANGES = 1024;
const chosen = options({ repeats: 5, streams: 100, json: '' });
await isolate();

/** Noise: nothing of it is flat, so that nothing can be left out of a drawing. */
let state = 1;
function noise() {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

/** A stream as it was measured, with the course of a day and as many losses as a document holds. */
function ofDay(stream, index) {
  const { series } = stream;
  const metrics = Object.fromEntries(
    Object.entries(series.metrics).map(([id, rows]) => {
      const values = Array.from({ length: POINTS }, () => Math.floor(1e6 * (1 + noise())));
      const wide = { min: values.map((value) => value / 2), max: values.map((value) => value * 2) };
      return [id, 'sum' in rows ? { sum: values, ...wide } : { mean: values, ...wide }];
    }),
  );
  const lost = Array.from({ length: LOST_RANGES }, (_, i) => ({
    first: String(1e9 + i * 10_000 + Math.floor(5000 * noise())),
    count: 1 + Math.floor(40 * noise()),
    cause: noise() < 0.5 ? 'network' : 'socket_buffer',
  }));
  return {
    ...stream,
    id: `${stream.id}#${index}`,
    name: `Channel ${index + 1}`,
    series: { ...series, start_ns: 0, step_ns: DAY_NS / POINTS, points: POINTS, metrics },
    numbers: { from: '1000000000', to: '1010245000' },
    loss_map: lost,
    loss_map_truncated: true,
  };
}

const folder = mkdtempSync(path.join(tmpdir(), 'mcast-report-'));
try {
  const demo = await mcast(['demo', '--quiet', '--json', '--duration', '3'], { limitMs: 30_000 }).ended;
  const result = resultOf(demo.stdout, 'demo');
  const media = result.streams.find(({ role }) => role === 'media');
  const streams = Array.from({ length: chosen.streams }, (_, i) => ofDay(media, i));
  const day = { ...result, run: { ...result.run, duration_ns: DAY_NS }, streams, streams_total: streams.length };
  const [document, page] = ['day.json', 'day.html'].map((name) => path.join(folder, name));
  writeFileSync(document, JSON.stringify(day));
  const times = [];
  for (let repeat = 0; repeat < chosen.repeats; repeat++) {
    const from = performance.now();
    // The verdict of the demo is that of the document, and as good as another here.
    const { status, stderr } = await mcast(['report', document, '-o', page], { limitMs: 60_000 }).ended;
    if (![0, 3, 4].includes(status)) throw new Error(`mcast report: status ${status}: ${stderr.trim()}`);
    times.push(performance.now() - from);
  }
  const [ms, octets] = [median(times), statSync(page).size];
  console.log(`${chosen.streams} streams, 24 hours, median of ${chosen.repeats}`);
  console.log(
    table([
      ['', '', 'aim', ''],
      ['document', `${(statSync(document).size / 1e6).toFixed(1)} MB`, '', ''],
      ['page', `${(octets / 1e6).toFixed(2)} MB`, '< 5 MB', octets < 5e6 ? 'met' : 'missed'],
      ['read and written in', `${(ms / 1000).toFixed(2)} s`, '< 5 s', ms < 5000 ? 'met' : 'missed'],
    ]),
  );
  if (chosen.json !== '') writeFileSync(chosen.json, `${JSON.stringify({ benchmark: 'report', times, octets })}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
