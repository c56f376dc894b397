import { describe, expect, it } from 'vitest';
import { renderReport } from '../../src/report/render.js';
import { renderComparisonText } from '../../src/report/textComparison.js';
import { RUN_FIGURES, STREAM_FIGURES, streamFigure } from '../../src/result/comparedFigures.js';
import { compareResults, type RegressionLimit } from '../../src/result/compareResults.js';
import { limitTarget } from '../../src/result/limitNames.js';
import type { RunResult, Stream } from '../../src/result/model.js';
import { all, byId, readHtml, rowsOf, textOf } from './htmlReader.js';
import { mediaResult, mediaStream, probeStream, sentResult, tapsResult, zapResult } from './reportFixture.js';
import { HEALTHY, receiverResult, recorded, runFacts, snapshot } from './resultFixture.js';
import { buildStream } from '../../src/result/build.js';
import { measurement } from './resultFixture.js';

/** The same stream with other figures, from another port as in every run. */
function slower(change: Partial<Stream['metrics']>, delays: readonly number[] = [60_000, 80_000]): RunResult {
  const built = buildStream(
    snapshot({
      sourcePort: 50_001,
      senderRun: '99999999',
      histograms: { ...snapshot().histograms!, one_way_delay_ns: recorded(...delays) },
    }),
    measurement(),
    null,
  );
  const base = receiverResult({ run: { ...runFacts().run, id: 'fedcba9876543210' } });
  return { ...base, streams: [{ ...built, metrics: { ...built.metrics, ...change } }] };
}

function flows(...numbers: number[]): Stream[] {
  return numbers.map((flow, i) => probeStream({ flow: String(flow), sourcePort: 40_000 + i }));
}

function losing(stream: Stream, ratio: number): Stream {
  return { ...stream, metrics: { ...stream.metrics, loss_ratio: ratio } };
}

function streamsAt(...ports: number[]): Stream[] {
  return ports.map((port) => probeStream({ port }));
}

const named = (...results: RunResult[]) => results.map((result, i) => ({ source: `run${i + 1}.json`, result }));
const ofAll = (ratio: number): RegressionLimit[] => [{ name: null, ratio }];

describe('a comparison', () => {
  it('sets the figures of the same streams side by side, with their changes against the first run', () => {
    const base = receiverResult();
    const { figures, runs } = compareResults(named(base, slower({ loss_ratio: 0.02 }), slower({ loss_ratio: 0.005 })));
    expect(runs.map(({ source, id }) => [source, id])).toEqual([
      ['run1.json', base.run.id],
      ['run2.json', 'fedcba9876543210'],
      ['run3.json', 'fedcba9876543210'],
    ]);
    const loss = figures.find(({ name }) => name === 'loss_ratio')!;
    expect(loss).toEqual({
      stream: '239.1.1.1:5001',
      name: 'loss_ratio',
      better: 'lower',
      values: [0.01, 0.02, 0.005],
      changes: [0, 1, -0.5],
    });
    const delay = figures.find(({ name }) => name === 'one_way_delay_ns.p99')!;
    expect(delay.values).toEqual([base.streams[0]!.histograms!.one_way_delay_ns!.p99, 80_000, 80_000]);
  });

  it('takes figures after repair, as limits do', () => {
    const stream = mediaStream();
    expect(streamFigure(stream, 'loss_ratio')).toBe(stream.after!.metrics.loss_ratio);
    expect(streamFigure(stream, 'jitter_ns')).toBe(stream.metrics.jitter_ns);
    expect(streamFigure(stream, 'mdi.delay_factor_max_ns')).toBe(12.5e6);
    expect(streamFigure({ ...stream, mdi: null }, 'mdi.delay_factor_max_ns')).toBeNull();
  });

  it('names every figure as a limit would', () => {
    for (const [name] of [...STREAM_FIGURES, ...RUN_FIGURES]) expect(typeof limitTarget(name), name).toBe('object');
  });

  it('pairs streams by name and place, tells which have no counterpart, and compares all together', () => {
    const health = { ...HEALTHY, kernelDrops: 6 };
    const before = receiverResult({ streams: streamsAt(5001, 5002, 5003), health });
    const after = receiverResult({ streams: streamsAt(5002, 5001, 5009), health });
    const { figures, differences } = compareResults(named(before, after));
    expect([...new Set(figures.map(({ stream }) => stream))]).toEqual([
      'all streams',
      '239.1.1.1:5001',
      '239.1.1.1:5002',
      null,
    ]);
    expect(differences).toEqual([
      'the same run was given twice',
      '2 streams are not in all of the runs: 239.1.1.1:5003, 239.1.1.1:5009',
    ]);
  });

  it('pairs flows by their numbers, in whichever order they are, and counts what is of one name', () => {
    const other = { ...probeStream({ sourcePort: 1 }), format: 'rtp/33' };
    const a = { ...receiverResult(), streams: [...flows(0, 2, 1), other, other] };
    const b = { ...receiverResult(), streams: [...flows(2, 1, 0), other, other] };
    const { figures, differences } = compareResults(named(a, b));
    const streams = new Set(figures.map(({ stream }) => stream).filter((stream) => stream !== null));
    const place = '239.1.1.1:5001';
    expect([...streams].toSorted()).toEqual(
      [place, `${place} (2)`, `${place} (3)`, `${place} flow 1`, `${place} flow 2`, 'all streams'].toSorted(),
    );
    expect(differences.filter((text) => text.includes('not in all'))).toEqual([]);
  });

  it('compares ten thousand flows in no time to speak of', () => {
    const flow = probeStream({ flow: '0' });
    const many = receiverResult({ streams: Array.from({ length: 10_000 }, () => flow), detail: 10 });
    expect(compareResults(named(many, many)).figures.length).toBeGreaterThan(10_000);
  });

  it('compares the one stream of each run although their groups differ', () => {
    const other = receiverResult({ streams: [probeStream({ group: '239.9.9.9' })] });
    expect(compareResults(named(receiverResult(), other)).figures[0]!.stream).toBe('239.1.1.1:5001, 239.9.9.9:5001');
  });

  it('says what makes runs unlike', () => {
    const base = receiverResult();
    const unlike: RunResult = {
      ...slower({}),
      host: { ...base.host, name: 'lab2' },
      clock: { ...base.clock, receive_time: 'user' },
      run: { ...base.run, id: 'x', duration_ns: 60e9, complete: false },
      health: { ...base.health, verdict: 'degraded' },
    };
    expect(compareResults(named(base, unlike)).differences).toEqual([
      'lengths: 12.0 s and 60.0 s',
      'receive stamps: kernel and user',
      'hosts: lab1 and lab2',
      'run2.json was cut short',
      'the measurement of run2.json is degraded',
    ]);
  });

  it.each<[string, RunResult, RunResult, RegExp]>([
    [
      'a receiver and a sender',
      receiverResult(),
      sentResult(),
      /nothing to compare: run1\.json is of a receiver, run2\.json is of a sender$/,
    ],
    ['channel changes and a receiver', zapResult(), receiverResult(), /run1\.json is of channel changes/],
    ['two captures and a receiver', tapsResult(), receiverResult(), /run1\.json is of two captures/],
  ])('refuses %s', (_name, a, b, message) => {
    expect(() => compareResults(named(a, b))).toThrow(message);
  });

  it('wants two at least', () => {
    expect(() => compareResults(named(receiverResult()))).toThrow('--compare needs two results at least, 1 was read');
  });

  it('of senders and of channel changes has their figures', () => {
    const sent = compareResults(named(sentResult(), sentResult())).figures.map(({ name }) => name);
    expect(sent).toContain('sender.departure_error_ns.p99');
    expect(compareResults(named(zapResult(), zapResult())).figures.map(({ name }) => name)).toContain(
      'zap.first_random_access_ns.p99',
    );
  });
});

describe('regressions', () => {
  const base = receiverResult();

  it('are what is worse by more than the share, to either side', () => {
    const rate = base.streams[0]!.metrics.rate_bit_per_second!;
    const { limits } = compareResults(
      named(base, slower({ loss_ratio: 0.0104, rate_bit_per_second: rate * 0.9 })),
      ofAll(0.05),
    );
    const of = (name: string) => limits.find(({ expression }) => expression.startsWith(`${name} `))!;
    expect(of('loss_ratio')).toMatchObject({ expression: 'loss_ratio regression <= 5%', ok: true, limit: 0.05 });
    expect(of('loss_ratio').value).toBeCloseTo(0.04, 9);
    expect(of('loss_ratio').stream).toBe('run2.json: 239.1.1.1:5001');
    expect(of('rate_bit_per_second')).toMatchObject({ ok: false });
    expect(of('rate_bit_per_second').margin).toBeCloseTo(-0.05, 9);
    // Of a count of what came no side is better.
    expect(limits.some(({ expression }) => expression.startsWith('packets_received'))).toBe(false);
  });

  it('have a share of their own where one is given', () => {
    const worse = slower({ loss_ratio: 0.012, jitter_ns: 13_000 });
    const { limits } = compareResults(named(base, worse), [...ofAll(0.05), { name: 'loss_ratio', ratio: 0.5 }]);
    expect(limits.find(({ expression }) => expression === 'loss_ratio regression <= 50%')!.ok).toBe(true);
    expect(limits.find(({ expression }) => expression === 'jitter_ns regression <= 5%')!.ok).toBe(false);
    const one = compareResults(named(base, worse), [{ name: 'loss_ratio', ratio: 0.1 }]).limits;
    expect(one.map(({ expression, ok }) => [expression, ok])).toEqual([['loss_ratio regression <= 10%', false]]);
  });

  it('are there when what was 0 is not any more, and no share is told of nothing', () => {
    const clean = slower({ loss_ratio: 0 });
    const { limits, figures } = compareResults(named(clean, slower({ loss_ratio: 0.001 })), ofAll(0.05));
    expect(limits.find(({ expression }) => expression === 'loss_ratio <= 0')).toMatchObject({
      value: 0.001,
      margin: -0.001,
      ok: false,
      reason: 'it was 0 in the first run',
    });
    expect(figures.find(({ name }) => name === 'loss_ratio')!.changes).toEqual([null, null]);
    expect(compareResults(named(clean, clean), ofAll(0.05)).limits.every(({ ok }) => ok)).toBe(true);
  });

  it('cannot be judged of what is not measured any more, or is in no run', () => {
    const { limits } = compareResults(named(base, slower({ jitter_ns: null })), ofAll(0.05));
    expect(limits.find(({ expression }) => expression.startsWith('jitter_ns'))).toMatchObject({
      value: null,
      ok: false,
      reason: 'it was not measured in this run',
    });
    const unknown = compareResults(named(base, slower({})), [{ name: 'zap.failures', ratio: 0.1 }]).limits;
    expect(unknown).toMatchObject([{ ok: false, value: null, reason: 'no two of the runs have this figure' }]);
  });

  it('are not judged of a delay below 0, which is an offset of two clocks', () => {
    const behind = slower({}, [-60_000, -50_000]);
    const { limits, figures } = compareResults(named(behind, slower({})), ofAll(0.05));
    expect(limits.some(({ expression }) => expression.startsWith('one_way_delay_ns'))).toBe(false);
    expect(figures.find(({ name }) => name === 'one_way_delay_ns.p50')!.changes).toEqual([null, null]);
  });
});

describe('reports of a comparison of very many streams', () => {
  const base = { ...receiverResult(), streams: flows(...Array.from({ length: 300 }, (_, flow) => flow)) };
  const changed = {
    ...base,
    // Flow 250 became the worst, 251 is better than it was.
    streams: base.streams.map((stream, i) =>
      i === 250 ? losing(stream, 0.5) : i === 251 ? losing(stream, 0) : i === 252 ? losing(stream, 0.4) : stream,
    ),
  };
  const comparison = compareResults(named(base, changed));

  it('tell those that became worst, and how many there are beside them', async () => {
    const text = renderComparisonText(comparison, { most: 5 });
    const titles = text.split('\n').filter((line) => /^(?:239|all|the run)/u.test(line));
    expect(titles).toEqual([
      'all streams',
      '239.1.1.1:5001',
      '239.1.1.1:5001 flow 250',
      '239.1.1.1:5001 flow 252',
      'the run',
    ]);
    expect(text).toContain('of 297 more streams no figure became worse by a larger share');
    expect(renderComparisonText(comparison, { most: 302 })).not.toContain('more stream');
  });

  it('hold them in a page, in a comment and as rows', () => {
    const page = byId(readHtml(renderReport('html', [base, changed], comparison)), 'figures');
    expect(all(page, 'table')).toHaveLength(256);
    expect(textOf(page)).toContain('Of 46 more no figure became worse by a larger share');
    const comment = renderReport('md', [base, changed], comparison);
    expect(comment).toContain('flow 250`');
    expect(comment).not.toContain('flow 251`');
    expect(comment).toMatch(/And [\d,]+ more\./u);
    expect(renderReport('csv', [base, changed], comparison)).toContain('flow 251');
  });
});

describe('reports of a comparison', () => {
  const results = [receiverResult(), slower({ loss_ratio: 0.02, jitter_ns: 6000 })];
  const comparison = compareResults(named(...results), ofAll(0.05));

  it('is a table in a page, with what became worse and better', () => {
    const root = readHtml(renderReport('html', results, comparison));
    expect(textOf(all(root, 'title')[0]!)).toBe('Comparison of 2 runs');
    const rows = rowsOf(all(byId(root, 'figures'), 'table')[0]!);
    expect(rows[0]).toEqual(['figure', 'run1.json', 'run2.json', 'change', 'better']);
    expect(rows).toContainEqual(['loss_ratio', '1.00 %', '2.00 %', '+100 %', 'lower']);
    expect(rows).toContainEqual(['jitter_ns', '12.0 us', '6.00 us', '-50.0 %', 'lower']);
    expect(all(byId(root, 'figures'), 'span', 'bad').map(textOf)).toContain('+100 %');
    expect(all(byId(root, 'figures'), 'span', 'good').map(textOf)).toContain('-50.0 %');
    expect(textOf(byId(root, 'verdict'))).toContain('figures became worse than the limit');
  });

  it('are text, Markdown, CSV, JUnit and JSON', () => {
    expect(renderComparisonText(comparison)).toMatch(/^ {2}loss_ratio +1\.00 % +2\.00 % +\+100 %$/m);
    expect(renderComparisonText(comparison)).toMatch(
      /^ {2}EXCEEDED loss_ratio regression <= 5%: is 100 %, margin -95\.0 %$/m,
    );
    for (const line of renderComparisonText(comparison).split('\n')) {
      expect(line.length).toBeLessThanOrEqual(80);
      expect(line).toBe(line.trimEnd());
    }
    expect(renderReport('md', results, comparison)).toContain(
      '| `239.1.1.1:5001` | `loss_ratio` | 1.00 % | 2.00 % | +100 % |',
    );
    expect(renderReport('csv', results, comparison)).toContain('239.1.1.1:5001,loss_ratio,lower,0.01,0.02,1\r\n');
    const failures = comparison.limits.filter(({ ok }) => !ok).length;
    expect(renderReport('xml', results, comparison)).toContain(
      `tests="${comparison.limits.length}" failures="${failures}"`,
    );
    expect(JSON.parse(renderReport('json', results, comparison))).toEqual(comparison);
  });

  it('escape what others wrote', () => {
    const evil = compareResults([
      { source: '<script>|`', result: results[0]! },
      { source: 'b', result: { ...mediaResult(), streams: [mediaStream({ name: '"><b>' })] } },
    ]);
    const root = readHtml(renderReport('html', results, evil));
    expect(all(root, 'script')).toHaveLength(1);
    expect(textOf(root)).toContain('<script>|`');
  });
});
