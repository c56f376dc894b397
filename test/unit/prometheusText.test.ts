import { array, assert as check, boolean, constantFrom, integer, oneof, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METRIC_IDS, METRICS, PERCENTILE_IDS } from '../../src/metrics/catalog.js';
import { Histogram } from '../../src/metrics/histogram.js';
import { EXPORT_TABLE } from '../../src/report/export/exportTable.js';
import { exportBuckets, sumOf } from '../../src/report/export/exportBuckets.js';
import { familyName, UNIT_RULES } from '../../src/report/export/exportedFigure.js';
import { canonicalNumber } from '../../src/report/export/exportedNumber.js';
import { expositionFormat } from '../../src/report/export/negotiation.js';
import { prometheusText } from '../../src/report/export/prometheusText.js';
import { summarise } from '../../src/result/histogramSummary.js';
import type { HistogramSummary, RunResult } from '../../src/result/model.js';
import { histogramsOf, parseExposition, type Family, type Format } from '../exposition.js';
import { receiverResult, recorded, senderResult } from './resultFixture.js';
import { wholeDocument } from './wholeDocument.js';

const FORMATS = ['openmetrics', 'text'] as const;

function read(result: RunResult, format: Format): ReadonlyMap<string, Family> {
  return parseExposition([...prometheusText(result, format)].join(''), format);
}

/** The family of this name, whatever the format calls it. */
function familyOf(families: ReadonlyMap<string, Family>, name: string): Family {
  const family = families.get(name) ?? families.get(`${name}_total`);
  if (family === undefined) throw new Error(`there is no ${name}`);
  return family;
}

/** All values at a path of the table, in the order of the document. */
function valuesAt(from: unknown, path: string): unknown[] {
  let at: unknown[] = [from];
  for (const word of path.split('.')) {
    const key = word.replace(/[[{].*$/u, '');
    at = at
      .map((one) => (one as Record<string, unknown> | null)?.[key])
      .filter((one) => one !== null && one !== undefined);
    if (word.endsWith('[]')) at = at.flat();
    else if (word.endsWith('}')) at = at.flatMap((one) => Object.values(one as object));
  }
  return at;
}

describe.each(FORMATS)('a whole document as %s', (format) => {
  const document = wholeDocument();
  const families = read(document, format);

  it('has every figure of the table, each value as the document has it', () => {
    for (const figure of EXPORT_TABLE) {
      const found = valuesAt(document, figure.path);
      expect(found.length, figure.path).toBeGreaterThan(0);
      const name = familyName(figure);
      const { divisor } = UNIT_RULES[figure.unit];
      if (figure.kind === 'state' || figure.unit === 'truth' || figure.unit === 'instant') continue;
      if (figure.kind === 'counter' || figure.kind === 'gauge') {
        const told = familyOf(families, name).samples.map(({ value }) => value);
        for (const value of found) expect(told, `${figure.path} as ${name}`).toContain((value as number) / divisor);
        continue;
      }
      const base = name.replace(/_seconds$/u, '');
      for (const summary of found as HistogramSummary[]) {
        for (const id of ['min', 'mean', 'max'] as const) {
          const told = familyOf(families, `${base}_${id}_seconds`).samples.map(({ value }) => value);
          expect(told, `${figure.path} ${id}`).toContain(summary[id]! / 1e9);
        }
        const told = familyOf(families, `${base}_percentile_seconds`).samples;
        for (const id of PERCENTILE_IDS) {
          const values = told.filter(({ labels }) => labels.get('percentile') === id).map(({ value }) => value);
          expect(values, `${figure.path} ${id}`).toContain(summary[id]! / 1e9);
        }
      }
    }
  });

  it('has the labels that tell one from another', () => {
    const [stream] = document.streams;
    const { id, name, group, port, source, interface: via, role, leg } = stream!;
    const [lost] = familyOf(families, 'mcast_stream_packets_lost').samples;
    expect(Object.fromEntries(lost!.labels)).toEqual({
      stream: id,
      name,
      group,
      port: String(port),
      source,
      interface: via,
      role,
      leg,
    });
    expect(lost!.value).toBe(stream!.metrics.packets_lost);
    const marks = familyOf(families, 'mcast_stream_dscp_received').samples.map(({ labels }) => labels.get('dscp'));
    expect(marks).toEqual(['34', '46', '34', '46']);
    const peaks = familyOf(families, 'mcast_stream_burst_peak_bytes').samples.map(({ labels }) => labels.get('window'));
    expect(peaks).toEqual(['1ms', '10ms', '1ms', '10ms']);
    const errors = familyOf(families, 'mcast_stream_tr101290_errors').samples;
    const pat = errors.find(({ labels }) => labels.get('indicator') === 'pat_error')!;
    expect([pat.labels.get('priority'), pat.value]).toEqual(['1', stream!.tr101290!['pat_error']]);
    const reasons = familyOf(families, 'mcast_sender_packets_not_sent_by_reason').samples;
    expect(reasons.map(({ labels, value }) => [labels.get('reason'), value])).toEqual(
      Object.entries(document.sender!.not_sent_by_reason),
    );
  });

  it('tells traffic classes and the spread over groups by labels', () => {
    const { forwarding, classes } = document.bench!;
    const each = familyOf(families, 'mcast_bench_forwarding_group_loss_ratio').samples;
    expect(Object.fromEntries(each.map(({ labels, value }) => [labels.get('spread'), value]))).toEqual(
      forwarding!.group_loss_ratio,
    );
    const lost = familyOf(families, 'mcast_bench_class_packets_lost').samples;
    expect(lost.map(({ labels, value }) => [...labels.values(), value])).toEqual(
      classes!.classes.map(({ name, from, packets_lost }) => [name, from, packets_lost]),
    );
  });

  it('says once what is measured, and the states that hold', () => {
    const info = families.get(format === 'text' ? 'mcast_run_info' : 'mcast_run')!.samples;
    expect(info).toHaveLength(1);
    const { run, host } = document;
    expect(Object.fromEntries(info[0]!.labels)).toMatchObject({
      run_id: run.id,
      command: run.command,
      host: host.name,
      label_labels_one: run.labels['labels_one'],
    });
    const verdicts = familyOf(families, 'mcast_health_verdict').samples;
    expect(Object.fromEntries(verdicts.map(({ labels, value }) => [labels.get('state'), value]))).toEqual({
      valid: 1,
      degraded: 0,
      invalid: 0,
    });
    expect(familyOf(families, 'mcast_limit_ok').samples.map(({ value }) => value)).toEqual([1, 1]);
    const began = familyOf(families, 'mcast_run_start_time_seconds').samples[0]!.value;
    expect(began).toBeCloseTo(Date.parse(run.start) / 1000, 2);
  });

  it('has buckets that end with the count', () => {
    const [stream] = document.streams;
    const [delay] = histogramsOf(familyOf(families, 'mcast_stream_one_way_delay_seconds')).values();
    expect(delay!.buckets.at(-1)).toEqual([Infinity, stream!.histograms!.one_way_delay_ns!.count]);
    const [wakeup] = histogramsOf(familyOf(families, 'mcast_stream_wakeup_delay_seconds')).values();
    const summary = stream!.histograms!.wakeup_delay_ns!;
    expect([wakeup!.count, wakeup!.sum]).toEqual([summary.count, sumOf(summary) / 1e9]);
    // Above the smallest one so far, all of it may move.
    expect(families.has('mcast_stream_pdv_seconds')).toBe(false);
    expect(families.has('mcast_stream_pdv_max_seconds')).toBe(true);
  });
});

describe('what is not there', () => {
  it('has no sample: null is not zero', () => {
    const result = receiverResult();
    const families = read(result, 'openmetrics');
    for (const id of METRIC_IDS.filter((one) => result.streams[0]!.metrics[one] === null)) {
      const figure = EXPORT_TABLE.find(({ path }) => path === `streams[].metrics.${id}`)!;
      expect(families.has(familyName(figure)), METRICS[id].id).toBe(false);
    }
    expect([...families.keys()].filter((name) => name.startsWith('mcast_sender'))).toEqual([]);
    expect([...read(senderResult(), 'openmetrics').keys()].filter((name) => name.startsWith('mcast_stream'))).toEqual(
      [],
    );
  });
});

describe('what is too much', () => {
  it('is left out: as many streams as are exported, and how many there are', () => {
    const [stream] = receiverResult().streams;
    const streams = Array.from({ length: 1000 }, (_, i) => ({ ...stream!, id: `stream ${i}`, histograms: null }));
    const families = read({ ...receiverResult(), streams, streams_total: streams.length }, 'text');
    expect(familyOf(families, 'mcast_stream_packets_lost').samples).toHaveLength(512);
    expect(familyOf(families, 'mcast_run_streams').samples[0]!.value).toBe(1000);
  });
});

describe('receivers that reported', () => {
  it('are told apart from each other and from the sender', () => {
    const document = wholeDocument({ receivers: true });
    const received = familyOf(read(document, 'text'), 'mcast_stream_packets_received').samples;
    expect(received.map(({ labels }) => labels.get('receiver'))).toEqual([
      undefined,
      undefined,
      ...document.receivers.flatMap(({ name }) => [name, name]),
    ]);
    for (const { name, result } of document.receivers) {
      const own = received.filter(({ labels }) => labels.get('receiver') === name).map(({ value }) => value);
      expect(own).toEqual(result!.streams.map(({ metrics }) => metrics.packets_received));
    }
  });
});

describe('hostile text', () => {
  const hostile = 'a"} 1\nmcast_x 2 \\ \u001b[2J\u0000\ud800 \u009b31m,b="c" ';

  it.each(FORMATS)('neither breaks %s nor steers a terminal, and what is harmless of it is still there', (format) => {
    const text = [...prometheusText(wholeDocument({ text: hostile, receivers: true }), format)].join('');
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(Buffer.from(text).toString('utf8')).toBe(text);
    const families = parseExposition(text, format);
    const [lost] = familyOf(families, 'mcast_stream_packets_lost').samples;
    expect(lost!.labels.get('name')).toMatch(/^a"\} 1 mcast_x 2 \\ \ufffd\[2J\ufffd\ufffd \ufffd31m,b="c" \d+$/u);
  });

  it('is cut where it is long; what is then told apart by nothing is told once', () => {
    const families = read(wholeDocument({ text: 'x'.repeat(100_000) }), 'text');
    expect(familyOf(families, 'mcast_limit_ok').samples).toHaveLength(1);
    expect(familyOf(families, 'mcast_stream_packets_lost').samples[0]!.labels.get('name')).toHaveLength(256);
  });
});

describe('exported buckets', () => {
  it('count exactly what is up to each bound', () => {
    const value = oneof(
      integer({ min: -(2 ** 40), max: 2 ** 45 }),
      integer({ min: -5000, max: 5000 }),
      constantFrom(0, 1023, 1024, -1024, -1023, 2 ** 34, 2 ** 34 - 1, 1535, 1536),
    );
    check(
      property(array(value, { maxLength: 60 }), boolean(), (values, signed) => {
        const histogram = new Histogram();
        for (const one of values) histogram.record(one);
        const { bounds, upTo } = exportBuckets(summarise(histogram), signed);
        expect(upTo).toHaveLength(bounds.length + 1);
        for (const [i, bound] of [...bounds, Infinity].entries()) {
          expect(upTo[i], String(bound)).toBe(values.filter((one) => one <= bound).length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('have the same few bounds whatever was recorded', () => {
    const bounds = [recorded(), recorded(5), recorded(-3e9, 7e12)].map(
      (one) => exportBuckets(summarise(one), true).bounds,
    );
    expect(bounds[1]).toEqual(bounds[0]);
    expect(bounds[2]).toEqual(bounds[0]);
    expect(bounds[0]!.length).toBeLessThanOrEqual(80);
    expect(exportBuckets(summarise(recorded()), false).bounds.length).toBeLessThanOrEqual(30);
  });

  it('sum to the whole number that was summed', () => {
    check(
      property(array(integer({ min: -1e12, max: 1e12 }), { minLength: 1, maxLength: 500 }), (values) => {
        expect(sumOf(summarise(recorded(...values)))).toBe(values.reduce((sum, one) => sum + one, 0));
      }),
    );
  });
});

it.each([
  [0, '0.0'],
  [1, '1.0'],
  [0.5, '0.5'],
  [1.023e-6, '1.023e-06'],
  [-1.6384e-5, '-1.6384e-05'],
  [0.000131071, '0.000131071'],
  [17.179869183, '17.179869183'],
])('%d is written %s in labels', (value, text) => {
  expect(canonicalNumber(value)).toBe(text);
});

describe('content negotiation', () => {
  const PROMETHEUS =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

  it.each([
    [PROMETHEUS, 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['text/plain, application/openmetrics-text; version=1.0.0; q=0.5', 'text'],
    ['application/openmetrics-text; version=0.0.1', 'text'],
    ['application/openmetrics-text;q=0, */*', 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/html,application/xhtml+xml', 'text'],
  ] as const)('%s gets %s', (accept, format) => {
    expect(expositionFormat(accept)).toBe(format);
  });
});
