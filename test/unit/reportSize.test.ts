/** A day of a hundred channels: what stays within bounds is the size of the page, whatever was measured. */
import { expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { SERIES_METRIC_IDS, SERIES_METRICS } from '../../src/metrics/catalog.js';
import { Histogram } from '../../src/metrics/histogram.js';
import { renderHtml } from '../../src/report/html/renderHtml.js';
import { summarise } from '../../src/result/histogramSummary.js';
import type { RunResult, Stream } from '../../src/result/model.js';
import { all, readHtml, textOf } from './htmlReader.js';
import { mediaStream } from './reportFixture.js';
import { receiverResult, runFacts } from './resultFixture.js';

const STREAMS = 100;
const POINTS = 512;

/** Noise: nothing of it is flat, so that nothing can be left out. */
function dayOf(seed: number): RunResult {
  const random = new Random(seed);
  const row = (scale: number): number[] =>
    Array.from({ length: POINTS }, () => Math.floor(scale * (1 + random.unit())));
  const base = mediaStream();
  const metrics = Object.fromEntries(
    SERIES_METRIC_IDS.map((id) => {
      const values = row(id.startsWith('loss') ? 30 : 1e6);
      const [min, max] = [values.map((value) => value / 2), values.map((value) => value * 2)];
      return [id, SERIES_METRICS[id] === 'sum' ? { sum: values, min, max } : { mean: values, min, max }];
    }),
  );
  const histogram = new Histogram();
  for (let i = 0; i < 4000; i++) histogram.record(10 ** (3 + 4 * random.unit()));
  const summary = summarise(histogram);
  const histograms = {
    ...base.histograms!,
    one_way_delay_ns: summary,
    interarrival_ns: summary,
    ipdv_ns: summary,
    pdv_ns: summary,
    wakeup_delay_ns: summary,
  };
  const map = Array.from({ length: 1024 }, (_, i) => ({
    first: String(1e9 + i * 10_000 + Math.floor(5000 * random.unit())),
    count: 1 + Math.floor(40 * random.unit()),
    cause: random.unit() < 0.5 ? ('network' as const) : ('socket_buffer' as const),
  }));
  const pids = Array.from({ length: 40 }, (_, i) => ({ ...base.transport!.pids[2]!, pid: 100 + i }));
  const streams = Array.from({ length: STREAMS }, (_, i): Stream => ({
    ...base,
    id: `s${i}`,
    name: `Channel ${i}`,
    series: {
      start_ns: 0,
      step_ns: 168.75e9,
      points: POINTS,
      metrics: metrics as NonNullable<Stream['series']>['metrics'],
    },
    histograms,
    loss_map: map,
    loss_map_truncated: true,
    transport: { ...base.transport!, pids },
  }));
  return { ...receiverResult({ run: { ...runFacts().run, duration_ns: 86_400e9 } }), streams, streams_total: STREAMS };
}

it('a day of a hundred channels is a page of less than 5 MB, with every one of them', () => {
  const text = renderHtml([dayOf(7)]);
  expect(Buffer.byteLength(text)).toBeLessThan(5e6);
  const root = readHtml(text);
  const streams = all(root, 'details', 'stream');
  expect(streams).toHaveLength(STREAMS);
  for (const stream of streams) expect(all(stream, 'svg', 'plot').length).toBeGreaterThanOrEqual(10);
  expect(textOf(streams[42]!)).toContain('Channel 42');
  // Where points are too many for tables the page says where they are.
  expect(textOf(root)).toContain('points.series.csv');
  expect(text).not.toContain('data-table=');
});
