import { describe, expect, it } from 'vitest';
import { unixNsOf } from '../../src/core/time.js';
import { familyName, instrumentName } from '../../src/report/export/exportedFigure.js';
import { EXPORT_TABLE } from '../../src/report/export/exportTable.js';
import { otlpMetrics } from '../../src/report/export/otlpMetrics.js';
import { prometheusText } from '../../src/report/export/prometheusText.js';
import type { RunResult } from '../../src/result/model.js';
import { histogramsOf, parseExposition } from '../exposition.js';
import { readOtlp } from '../otlp.js';
import { receiverResult } from './resultFixture.js';
import { wholeDocument } from './wholeDocument.js';

function read(result: RunResult, given: readonly (readonly [string, string])[] = []) {
  return readOtlp([...otlpMetrics(result, given)].join(''));
}

describe('a whole document as OpenTelemetry metrics', () => {
  const document = wholeDocument({ receivers: true });
  const { metrics, resource } = read(document);
  const families = parseExposition([...prometheusText(document, 'text')].join(''), 'text');

  it('has the same figures with the same labels and values as Prometheus gets', () => {
    for (const figure of EXPORT_TABLE) {
      const isHistogram = figure.kind === 'distribution';
      if (figure.kind === 'shifting') continue;
      const metric = metrics.get(instrumentName(figure))!;
      expect(metric, figure.path).toBeDefined();
      const name = familyName(figure);
      const family = families.get(name) ?? families.get(`${name}_total`)!;
      expect(metric.kind).toBe(isHistogram ? 'histogram' : figure.kind === 'counter' ? 'sum' : 'gauge');
      if (!isHistogram) {
        const expected = family.samples.map(({ labels, value }) => ({ attributes: Object.fromEntries(labels), value }));
        expect(metric.points.map(({ attributes, value }) => ({ attributes, value }))).toEqual(expected);
        continue;
      }
      const expected = [...histogramsOf(family).values()];
      expect(metric.histograms).toHaveLength(expected.length);
      for (const [i, point] of metric.histograms.entries()) {
        const { labels, buckets, sum } = expected[i]!;
        expect(point.attributes).toEqual(Object.fromEntries(labels));
        let upTo = 0;
        expect(point.bucketCounts.map((count) => (upTo += count))).toEqual(buckets.map(([, count]) => count));
        expect([...point.explicitBounds, Infinity]).toEqual(buckets.map(([le]) => le));
        // What may fall is no sum.
        expect(point.sum).toBe(figure.signed ? null : sum);
      }
    }
  });

  it('counts since the run began, as of its end', () => {
    const { start, end } = document.run;
    for (const { kind, points, histograms } of metrics.values()) {
      for (const { startNs, timeNs } of [...points, ...histograms]) {
        expect(timeNs).toBe(unixNsOf(end));
        expect(startNs).toBe(kind === 'gauge' ? null : unixNsOf(start));
      }
    }
  });

  it('says by attributes of the resource what measures', () => {
    const { run, host, tool } = document;
    expect(resource).toMatchObject({
      'service.name': tool.name,
      'service.version': tool.version,
      'service.instance.id': run.id,
      'host.name': host.name,
      'mcastkit.command': run.command,
      labels_one: run.labels['labels_one'],
    });
  });

  it('has units by UCUM', () => {
    const units = Object.fromEntries([...metrics.values()].map(({ name, unit }) => [name, unit]));
    expect(units).toMatchObject({
      'mcast.stream.packets_lost': '{packet}',
      'mcast.stream.jitter': 's',
      'mcast.stream.received': 'By',
      'mcast.stream.rate': 'By/s',
      'mcast.stream.loss': '1',
      'mcast.stream.rate_ip': 'By/s',
    });
  });
});

it('what the environment says of the resource holds', () => {
  const { resource } = read(receiverResult(), [
    ['service.name', 'probes'],
    ['site', 'fra'],
  ]);
  expect(resource).toMatchObject({ 'service.name': 'probes', site: 'fra', 'host.name': 'lab1' });
});

it('hostile text stays text', () => {
  const text = '"}],\\ \u001b[2J\u0000\ud800\n';
  const { metrics } = read(wholeDocument({ text }));
  expect(metrics.get('mcast.stream.packets_lost')!.points[0]!.attributes['name']).toMatch(
    /^"\}\],\\ \ufffd\[2J\ufffd\ufffd \d+$/u,
  );
});
