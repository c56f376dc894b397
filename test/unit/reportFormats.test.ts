import { describe, expect, it } from 'vitest';
import { formatCount, formatDuration, formatRate, formatRatio } from '../../src/core/format.js';
import { HISTOGRAM_IDS, METRIC_IDS, SERIES_METRIC_IDS } from '../../src/metrics/catalog.js';
import { CSV_COLUMNS } from '../../src/report/csv.js';
import { SERIES_COLUMNS } from '../../src/report/csvSeries.js';
import { formatLimitFigure } from '../../src/report/figure.js';
import { renderReport } from '../../src/report/render.js';
import { renderText } from '../../src/report/text.js';
import type { RunResult } from '../../src/result/model.js';
import { REPORT_FORMATS } from '../../src/result/reportFormats.js';
import { documents, legsResult, mediaResult, receiver, sentResult, silentResult, zapResult } from './reportFixture.js';
import { receiverResult, runFacts } from './resultFixture.js';

/** Cells by column; none of the documents here has a comma in a cell. */
function csvRows(text: string): Map<string, string>[] {
  const [head, ...rows] = text
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
  return rows.map((row) => new Map(head!.map((name, i) => [name, row[i]!])));
}

describe('every format', () => {
  it.each(REPORT_FORMATS)('%s is the same octets each time, and ends with a line', (format) => {
    for (const [, result] of documents()) {
      const text = renderReport(format, [result]);
      expect(renderReport(format, [structuredClone(result)])).toBe(text);
      expect(text.endsWith('\n')).toBe(true);
    }
  });

  it.each(REPORT_FORMATS)('%s holds several results', (format) => {
    const text = renderReport(format, [mediaResult(), silentResult()]);
    expect(text.length).toBeGreaterThan(renderReport(format, [silentResult()]).length);
  });
});

describe('CSV', () => {
  it('has a row each stream, with every figure as the document has it', () => {
    const result = mediaResult();
    const rows = csvRows(renderReport('csv', [result]));
    expect(rows).toHaveLength(result.streams.length);
    for (const [i, stream] of result.streams.entries()) {
      const row = rows[i]!;
      for (const id of METRIC_IDS) {
        const value = stream.metrics[id];
        if (id !== 'dscp_received') expect(row.get(id), id).toBe(value === null ? '' : String(value));
      }
      expect(row.get('dscp_received')).toBe('46:993');
      for (const id of HISTOGRAM_IDS) {
        expect(row.get(`${id}.p99`)).toBe(String(stream.histograms?.[id]?.p99 ?? ''));
        expect(row.get(`${id}.count`)).toBe(String(stream.histograms?.[id]?.count ?? ''));
      }
      expect(row.get('after.packets_lost')).toBe(String(stream.after?.metrics.packets_lost ?? ''));
      expect(row.get('mdi.delay_factor_max_ns')).toBe(String(stream.mdi?.['delay_factor_max_ns'] ?? ''));
      expect(row.get('tr101290.p1')).toBe(String(stream.tr101290?.['p1'] ?? ''));
      expect([row.get('run_id'), row.get('side'), row.get('stream')]).toEqual([result.run.id, 'received', stream.id]);
    }
    expect(new Set(CSV_COLUMNS).size).toBe(CSV_COLUMNS.length);
    // No figure of a row falls through the columns.
    expect(rows.every((row) => row.size === CSV_COLUMNS.length)).toBe(true);
  });

  it('has what was sent, and what receivers reported', () => {
    const result = sentResult([receiver('studio'), { name: 'lost', address: '', report: null, result: null }]);
    const rows = csvRows(renderReport('csv', [result]));
    expect(
      rows.map((row) => [row.get('side'), row.get('receiver'), row.get('sent'), row.get('packets_received')]),
    ).toEqual([
      ['sent', '', '987', ''],
      ['sent', '', '1000', ''],
      ['received', 'studio', '', '990'],
    ]);
    expect(rows[0]!.get('departure_error_ns.max')).toBe(String(result.sender!.streams[0]!.departure_error_ns!.max));
    expect(rows[0]!.get('ttl_sent')).toBe('64');
  });

  it('of series has a row each point, in absolute time', () => {
    const result = receiverResult();
    const { series } = result.streams[0]!;
    const rows = csvRows(renderReport('series.csv', [result]));
    expect(rows).toHaveLength(series!.points);
    expect(rows[0]!.get('time')).toBe('2026-09-21T13:46:41.123456789Z');
    expect(rows[0]!.get('start_ns')).toBe(String(series!.start_ns));
    for (const [i, row] of rows.entries()) {
      expect(row.size).toBe(SERIES_COLUMNS.length);
      for (const id of SERIES_METRIC_IDS) {
        const column = series!.metrics[id];
        const value = column === null ? null : 'sum' in column ? column.sum[i] : column.mean[i];
        expect(row.get(id)).toBe(String(value ?? ''));
        expect(row.get(`${id}.max`)).toBe(String(column?.max[i] ?? ''));
      }
    }
  });
});

/** `testcase` by name, with what was wrong. */
function casesIn(xml: string): Map<string, string | null> {
  const cases = new Map<string, string | null>();
  for (const [, name, rest] of xml.matchAll(/<testcase name="([^"]*)"[^>]*?(\/>|>.*?<\/testcase>)/g)) {
    cases.set(name!, /<(?:failure|error) message="([^"]*)"/.exec(rest!)?.[1] ?? null);
  }
  return cases;
}
function countsIn(xml: string): number[] {
  return /tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(xml)!.slice(1).map(Number);
}

describe('JUnit', () => {
  it('has a case each limit, and says why one failed', () => {
    const result = mediaResult();
    const xml = renderReport('xml', [result]);
    const cases = casesIn(xml);
    expect(cases.size).toBe(result.limits.length + result.outputs.length + 2);
    for (const limit of result.limits) {
      const name = `${limit.expression} at ${limit.stream}`.replace('<', '&lt;').replace('>', '&gt;');
      const message = cases.get(name);
      expect(message === null, name).toBe(limit.ok);
      if (!limit.ok) {
        expect(message).toContain(limit.value === null ? limit.reason! : `is ${formatLimitFigure(limit, limit.value)}`);
      }
    }
    expect(countsIn(xml)).toEqual([cases.size, result.limits.filter(({ ok }) => !ok).length, 1]);
    expect(xml).toContain('time="12.000" timestamp="2026-09-21T13:46:40" hostname="lab1"');
    expect(xml).toContain('<property name="site" value="attic"/>');
  });

  it('has errors for a run that was cut short and for one that is invalid', () => {
    const base = receiverResult();
    const short = renderReport('xml', [{ ...base, run: { ...base.run, complete: false } }]);
    expect(casesIn(short).get('run complete')).toBe('the run was cut short');
    const reasons = [{ code: 'x', severity: 'invalid' as const, text: 'a ring overflowed' }];
    const invalid = renderReport('xml', [{ ...base, health: { ...base.health, verdict: 'invalid', reasons } }]);
    expect(casesIn(invalid).get('measurement valid')).toBe('a ring overflowed');
    expect([countsIn(short)[2], countsIn(invalid)[2]]).toEqual([1, 1]);
  });

  it('has a suite each run', () => {
    expect(renderReport('xml', [mediaResult(), silentResult()]).match(/<testsuite /g)).toHaveLength(2);
  });
});

describe('Markdown', () => {
  it('has the verdict, the limits and the streams in tables', () => {
    const result = mediaResult();
    const text = renderReport('md', [result]);
    const lines = text.split('\n');
    expect(lines[0]).toBe('### Limits exceeded: `mcast recv probe://239.1.1.1:5001`');
    expect(text).toContain('Measurement **degraded**, 12.0 s from 2026-09-21T13:46:40Z on `lab1`.');
    const [stream] = result.streams;
    expect(lines).toContain(
      `| \`News HD\` | \`rtp\` | 990 | 10 | ${formatRatio(0.01)} | ${formatCount(stream!.after!.metrics.packets_lost)} | ${formatRate(stream!.metrics.rate_bit_per_second)} | ${formatDuration(stream!.histograms!.one_way_delay_ns!.p50)} | ${formatDuration(stream!.histograms!.one_way_delay_ns!.p99)} | 12.0 us |`,
    );
    const limitRows = lines.filter((line) => /^\| (?:\*\*exceeded\*\*|kept) \|/.test(line));
    expect(limitRows).toHaveLength(result.limits.length);
    expect(limitRows[0]).toMatch(/^\| \*\*exceeded\*\*/);
  });

  it('of each kind of document is as it was', () => {
    for (const result of [legsResult(), sentResult([receiver('studio')]), zapResult(), silentResult()]) {
      expect(renderReport('md', [result])).toMatchSnapshot();
    }
  });

  it('names as many as a comment can hold, and how many more there are', () => {
    const [stream] = receiverResult().streams;
    const streams = Array.from({ length: 30 }, (_, i) => ({ ...stream!, id: `s${i}`, name: `Channel ${i}` }));
    const text = renderReport('md', [{ ...receiverResult(), streams, streams_total: 45 }]);
    expect(text.match(/^\| `Channel /gm)).toHaveLength(20);
    expect(text).toContain('And 25 more.');
  });
});

describe('text and JSON', () => {
  it('are the text report, and the document as it was', () => {
    const result: RunResult = { ...receiverResult(), run: { ...runFacts().run, name: 'tab\tand \u001b[31mred' } };
    expect(renderReport('txt', [receiverResult()])).toBe(renderText(receiverResult()));
    expect(renderReport('txt', [result])).toContain('name tab and \uFFFD[31mred');
    expect(JSON.parse(renderReport('json', [result]))).toEqual(result);
    expect(JSON.parse(renderReport('json', [result, result]))).toEqual([result, result]);
  });
});
