import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DASH, formatCount, formatDuration, formatOctets, formatRate, formatRatio } from '../../src/core/format.js';
import { dscpName } from '../../src/core/dscp.js';
import { HISTOGRAM_IDS, HISTOGRAMS, METRIC_IDS, METRICS, PERCENTILE_IDS } from '../../src/metrics/catalog.js';
import { Series } from '../../src/metrics/series.js';
import { formatQuantity, formatUnit } from '../../src/report/figure.js';
import { METRIC_GROUPS, metricText } from '../../src/report/html/metricTables.js';
import { SCRIPT_HASH, STYLE_HASH } from '../../src/report/html/page.js';
import { PAGE_SCRIPT } from '../../src/report/html/pageScript.js';
import { PAGE_STYLE } from '../../src/report/html/pageStyle.js';
import { renderHtml } from '../../src/report/html/renderHtml.js';
import { driftText } from '../../src/report/textTransport.js';
import type { HistogramSummary, RunResult, Stream, StreamMetrics } from '../../src/result/model.js';
import { buildStream } from '../../src/result/build.js';
import { outcomeOf } from '../../src/result/outcome.js';
import {
  all,
  byId,
  captioned,
  classesOf,
  elementsIn,
  factsOf,
  readHtml,
  rowsOf,
  textOf,
  type HtmlElement,
} from './htmlReader.js';
import {
  benchResult,
  capacityResult,
  documents,
  legsResult,
  mediaResult,
  mediaStream,
  receiver,
  sentResult,
  silentResult,
  tapsResult,
  zapResult,
} from './reportFixture.js';
import { counters, interval, measurement, PORTABLE, receiverResult, runFacts, snapshot } from './resultFixture.js';

function pageOf(...results: RunResult[]): HtmlElement {
  return readHtml(renderHtml(results));
}

/** Every number of a document in each form in which it may be shown, and the digits that its texts hold. */
function formsIn(value: unknown, into: Set<string> = new Set()): Set<string> {
  if (typeof value === 'number') {
    const forms = [formatCount, formatDuration, formatRate, formatOctets, formatQuantity, String, dscpName];
    for (const form of forms) for (const figure of figuresIn(form(value))) into.add(figure);
    into.add(`${formatQuantity(value)}/s`);
    for (const figure of figuresIn(formatRatio(Math.abs(value)))) into.add(figure);
    for (const figure of figuresIn(`${driftText(value, null)} ${driftText(1, value)}`)) into.add(figure);
  } else if (typeof value === 'string') for (const figure of figuresIn(value)) into.add(figure);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      for (const figure of figuresIn(`${key} ${/^\d+$/.test(key) ? dscpName(Number(key)) : ''}`)) into.add(figure);
      formsIn(part, into);
    }
    // How many there are of something is told too.
    if (Array.isArray(value)) into.add(formatCount(value.length));
  }
  return into;
}

/** Numbers in a text, each with its unit where it has one. */
function figuresIn(text: string): string[] {
  return (
    text.match(/-?\d+(?:,\d{3})*(?:\.\d+)?(?: ?(?:ns|us|ms|s|min|h|%|[kMGT]?bit\/s|[kMGT]?B|\/s)(?![A-Za-z0-9]))?/gu) ??
    []
  );
}

/** Everything that is shown but the scales of drawings and the definitions. */
function shownTexts(root: HtmlElement): string[] {
  const texts: string[] = [];
  const visit = (element: HtmlElement, isAxis: boolean): void => {
    const id = element.attributes.get('id') ?? '';
    if (['style', 'script', 'svg', 'title', 'pre'].includes(element.name) || id === 'definitions') return;
    // When a point begins is its place on the axis.
    if (isAxis && element.attributes.get('scope') === 'row') return;
    for (const child of element.children) {
      if (typeof child === 'string') texts.push(child);
      else visit(child, isAxis || id.endsWith('-points'));
    }
  };
  visit(root, false);
  return texts;
}

/** What names standards, windows and percentiles. */
const WORDS =
  /\bTR 101 290\b|\bRFC \d+(?: section [\d.]+)?|p99\.99|p99\.9|\bp(?:50|90|99)\b|1 - p\b|priority [123]:|\bof 1 s\b|within 1 ms|\b\d+ more\b|\d+ of \d+ limits/gu;

describe('the HTML report', () => {
  it.each(documents())('of %s shows no number that is not in the document', (_name, result) => {
    const forms = formsIn(result);
    const judged = figuresIn(`${result.limits.filter(({ ok }) => !ok).length}`);
    for (const text of shownTexts(pageOf(result))) {
      for (const figure of figuresIn(text.replaceAll(WORDS, ''))) {
        expect(forms.has(figure) || judged.includes(figure), `"${figure}" in "${text}"`).toBe(true);
      }
    }
  });

  it.each(documents())('of %s is the same octets each time, whatever was rendered before', (_name, result) => {
    const first = renderHtml([result]);
    renderHtml([mediaResult(), zapResult()]);
    expect(renderHtml([structuredClone(result)])).toBe(first);
    expect(first.endsWith('</html>\n')).toBe(true);
  });

  it('has every metric of every stream: its value, or why there is none', () => {
    const result = mediaResult();
    const root = pageOf(result);
    for (const [i, stream] of result.streams.entries()) {
      const section = byId(root, `stream-${i + 1}`);
      expectMetrics(section, stream);
      expectHistograms(section, stream);
    }
    expect(Object.values(METRIC_GROUPS).flat().toSorted()).toEqual([...METRIC_IDS].toSorted());
  });

  it('shows what remained after repair beside what arrived', () => {
    const stream = mediaStream();
    const section = byId(pageOf(receiverResult({ streams: [stream] })), 'stream-1');
    const rows = new Map(all(section, 'table').flatMap((table) => rowsOf(table).map((row) => [row[0]!, row.slice(1)])));
    expect(stream.after).not.toBeNull();
    for (const id of ['packets_received', 'packets_lost', 'loss_ratio'] as const) {
      expect(rows.get(METRICS[id].label)).toEqual([
        metricText(id, stream.metrics),
        metricText(id, stream.after!.metrics),
      ]);
    }
  });

  it('begins with the verdict and its reasons, then the limits with their margins', () => {
    const result = mediaResult();
    const root = pageOf(result);
    const ids = all(root, 'section').map((section) => section.attributes.get('id'));
    expect(ids.slice(0, 2)).toEqual(['verdict', 'limits']);
    const verdict = textOf(byId(root, 'verdict'));
    expect(outcomeOf(result)).toBe('limit_exceeded');
    expect(verdict).toContain(
      `${result.limits.filter(({ ok }) => !ok).length} of ${result.limits.length} limits exceeded`,
    );
    expect(result.health.reasons.length).toBeGreaterThan(0);
    for (const { severity, text } of result.health.reasons) expect(verdict).toContain(`${severity} ${text}`);
    const rows = rowsOf(all(byId(root, 'limits'), 'table')[0]!);
    expect(rows).toHaveLength(result.limits.length + 1);
    expect(rows.slice(1).map((row) => row[4])).toEqual(
      [...result.limits].sort((a, b) => Number(a.ok) - Number(b.ok)).map(({ ok }) => (ok ? 'kept' : 'exceeded')),
    );
    expect(rows.find(([expression]) => expression === 'packets_lost <= 5')!.slice(2, 5)).toEqual([
      '10',
      '-5',
      'exceeded',
    ]);
    expect(rows.find(([expression]) => expression === 'loss_ratio <= 2%')![3]).toMatch(/%$/);
    const unknown = rows.find((row) => row[0]!.startsWith('mdi.delay_factor_ns') && row[2] === DASH)!;
    expect(unknown.slice(3)).toEqual([DASH, 'exceeded', 'no transport stream was found in it']);
  });

  it.each([
    ['Within its limits', { limits: [] }, 'Measured'],
    ['cut short', { run: { ...runFacts().run, complete: false } }, 'Cut short before its end'],
    ['invalid', { health: { ...receiverResult().health, verdict: 'invalid' as const } }, 'The result is invalid'],
  ])('names the outcome: %s', (_name, change, text) => {
    const root = pageOf({ ...receiverResult(), ...change });
    expect(textOf(all(root, 'p', 'outcome')[0]!)).toBe(text);
  });

  it('has the transport stream: indicators, services, PIDs, clocks, media delivery index', () => {
    const stream = mediaStream();
    const { transport, tr101290, mdi } = stream;
    const section = byId(pageOf(receiverResult({ streams: [stream] })), 'stream-1');
    const indicators = rowsOf(captioned(section, 'TR 101 290: priority 1: 2, priority 2: 3, priority 3: 0'));
    expect(indicators.slice(1).map((row) => row.slice(0, 4))).toEqual(
      transport!.indicators.map(({ name, priority, clause, count }) => [
        name,
        String(priority),
        clause,
        formatCount(count),
      ]),
    );
    expect(tr101290!['p1']).toBe(2);
    const why = all(captioned(section, 'TR 101 290'), 'abbr').map((one) => one.attributes.get('title'));
    expect(why).toContain(`not measurable: ${stream.not_measured['tr101290.nit_error']}`);
    expect(rowsOf(captioned(section, 'Services'))[1]).toEqual([
      '1',
      'News HD',
      'mcastkit',
      '257 H.264, 258 AAC (ADTS) (deu)',
      '256',
      '257',
      formatRate(transport!.services[0]!.rate_bit_per_second),
    ]);
    expect(rowsOf(captioned(section, 'PIDs')).map((row) => row[0])).toEqual([
      'PID',
      ...transport!.pids.map(({ pid }) => String(pid)),
    ]);
    expect(rowsOf(captioned(section, 'Program clocks'))[1]!.slice(0, 4)).toEqual([
      '257',
      '250',
      '0',
      '-120 ns .. 10 ns',
    ]);
    const facts = factsOf(section);
    expect(facts.get('largest DF')).toBe(formatDuration(mdi!['delay_factor_max_ns']!));
    expect(facts.get('errored seconds')).toBe('4');
    expect(facts.get('FEC packets heard')).toBe(formatCount(stream.fec!.packets_heard));
    expect(facts.get('behind the last that came')).toBe('3');
    expect(facts.get('canonical name')).toBe('studio@example');
    expect(rowsOf(captioned(section, 'Most within a sliding window'))[2]).toEqual([
      '1.00 s',
      '< 1.05 Mbit/s',
      '< 131,600',
      '< 101',
      DASH,
      '977 us',
    ]);
    expect(rowsOf(captioned(section, 'Largest bursts'))[1]).toEqual(['1.25 s', '610 us', '5,264', '4']);
    expect(facts.get('which leave in')).toBe('346 us');
  });

  it('draws the course, the histograms and the lost numbers, each with a title and words for it', () => {
    const stream = mediaStream();
    const section = byId(pageOf(receiverResult({ streams: [stream] })), 'stream-1');
    const plots = all(section, 'svg', 'plot');
    const titles = plots.map((plot) => textOf(all(plot, 'title')[0]!));
    expect(titles).toEqual([
      'Rate',
      'Lost',
      'One-way delay',
      'Interarrival jitter',
      ...HISTOGRAM_IDS.filter((id) => (stream.histograms![id]?.count ?? 0) > 0).map((id) => HISTOGRAMS[id].label),
      'Lost numbers',
      'delay in that queue',
    ]);
    for (const plot of plots) {
      expect(plot.attributes.get('role')).toBe('img');
      expect(textOf(all(plot, 'desc')[0]!)).toMatch(/\d/);
      expect(all(plot, 'path').every((path) => /^M[-\d. hlvzM]+$/.test(path.attributes.get('d')!))).toBe(true);
    }
    // The points themselves stand in a table.
    const points = rowsOf(byId(section, 'stream-1-points'));
    const rate = stream.series!.metrics.rate_bit_per_second!;
    expect(points).toHaveLength(stream.series!.points + 1);
    expect(points.slice(1).map((row) => row[1])).toEqual(rate.mean.map(formatRate));
  });

  it.each([
    [
      'nothing was lost',
      { PacketsReceived: 100, Received: 100, Expected: 100 },
      {},
      'Nothing was lost in any of the 10 points.',
    ],
    [
      'something was lost, nobody knows where',
      { PacketsReceived: 95, Received: 95, Expected: 100, Lost: 5, LossNetwork: 5 },
      {},
      '5 lost in all, by a cause that is not known, which is why there is no course of it.',
    ],
    ['nothing is numbered', { PacketsReceived: 100 }, { unit: 'none' }, null],
  ] as const)('says of a stream without a drop counter: %s', (_, counted, change, said) => {
    const known = new Series(1e9);
    for (let second = 1; second < 11; second++) known.add(interval(second, { counters: counters({}) }));
    const made = snapshot({ counters: counters(counted), ...change });
    const stream = buildStream(made, measurement(PORTABLE), known);
    expect(stream.series!.metrics.loss_network).toBe(null);
    const section = byId(pageOf(receiverResult({ streams: [stream] })), 'stream-1');
    const quiet = all(section, 'figure', 'quiet').find((figure) => textOf(figure).startsWith('Lost'));
    expect(quiet === undefined ? null : textOf(all(quiet, 'p')[0]!)).toBe(said);
  });

  it('has two legs, what each lost and how often each was first', () => {
    const result = legsResult();
    const section = byId(pageOf(result), 'arbitration');
    const { arbitration } = result;
    expect(rowsOf(captioned(section, 'Two legs')).slice(1)).toEqual(
      arbitration!.legs.map((leg) => [
        leg.leg,
        formatCount(leg.packets_received),
        formatCount(leg.packets_lost),
        formatRatio(leg.loss_ratio),
        formatCount(leg.packets_duplicated),
        formatCount(leg.packets_late),
        formatCount(leg.first_arrivals),
        formatRatio(leg.first_arrival_share),
      ]),
    );
    expect(factsOf(section).get('lost after repair')).toBe(formatCount(arbitration!.remaining_lost));
    expect(rowsOf(captioned(section, 'Pairs of legs')).map((row) => row[0])).toEqual([
      'pair',
      '239.1.1.1:5001/10.0.0.1:40000/eth0',
      'Sport HD',
    ]);
  });

  it('has what the sender says: departures, what did not leave, inputs, answers', () => {
    const result = sentResult();
    const { sender } = result;
    const section = byId(pageOf(result), 'sender');
    const facts = factsOf(section);
    expect(facts.get('not sent')).toBe(formatCount(sender!.not_sent));
    expect(facts.get('skipped')).toBe(formatCount(sender!.not_sent_by_reason.skipped));
    expect(facts.get('messages not kept any more')).toBe('40');
    expect(facts.get('corrupted')).toBe('2');
    expect(rowsOf(captioned(section, 'Sent streams')).map((row) => row[0])).toEqual([
      'stream',
      '239.1.1.1:5001',
      'Second',
    ]);
    expect(rowsOf(captioned(section, 'Inputs'))[1]!.at(-1)).toBe('no clock (PCR) was found');
    expect(all(section, 'title').map(textOf)).toEqual(['departure error', 'transmit stamp after departure']);
  });

  it('has a matrix of receivers and their streams', () => {
    const [both, one] = [mediaResult(), receiverResult()];
    const result = sentResult([
      receiver('studio', { streams: both.streams, memberships: both.memberships }),
      receiver('edge', { streams: one.streams.map((stream) => ({ ...stream, port: 5003 })) }),
      { name: 'lost', address: '10.0.0.9', report: null, result: null },
    ]);
    const section = byId(pageOf(result), 'receivers');
    const [summary, , matrix] = all(section, 'table');
    expect(rowsOf(summary!).map((row) => row.slice(0, 3))).toEqual([
      ['receiver', 'address', 'measurement'],
      ['studio', '10.0.0.6', 'valid'],
      ['edge', '10.0.0.4', 'valid'],
      ['lost', '10.0.0.9', 'sent no result'],
    ]);
    expect(rowsOf(matrix!)).toEqual([
      ['receiver', 'News HD', '239.1.1.1:5003'],
      // Of two senders to one group each has its line.
      ['studio', '0.200 %1.00 %', ''],
      ['edge', 'nothing came', '1.00 %'],
      ['lost', '', ''],
    ]);
  });

  it('has what a benchmark found', () => {
    const section = byId(pageOf(benchResult()), 'bench');
    const found = factsOf(section);
    expect([found.get('not pruned'), found.get('did not end'), found.get('background')]).toEqual([
      '1',
      '1',
      'udp://239.9.9.9:1',
    ]);
    expect([
      found.get('failed'),
      found.get('limited by'),
      found.get('on the interface'),
      found.get('came unasked, with so many joined'),
      found.get('lossy'),
    ]).toEqual(['5: 239.1.1.5', 'a switch or router on the way', 'it was not seen', '3', '1']);
    expect(textOf(section)).toContain('Fell silent: 239.1.1.2');
    const delays = rowsOf(captioned(section, 'From the call'));
    expect(delays.map(([name]) => name).slice(1)).toEqual([
      'join',
      'join: report',
      'join: network',
      'leave',
      'leave: report',
      'leave: network',
    ]);
    expect(rowsOf(captioned(section, 'Groups, the worst first'))[1]!.slice(0, 3)).toEqual([
      '239.1.1.1:5001',
      '990',
      '10',
    ]);
    const { forwarding, classes } = benchResult().bench!;
    const { group_loss_ratio: loss, one_way_delay_ns: delay } = forwarding!;
    expect(rowsOf(captioned(section, 'Over the groups that came'))[1]).toEqual([
      'loss ratio',
      ...[loss!.min, loss!.p50, loss!.p90, loss!.p99, loss!.max].map(formatRatio),
    ]);
    expect(rowsOf(captioned(section, 'All groups together'))[1]!.slice(0, 3)).toEqual([
      'one-way delay',
      formatCount(delay!.count),
      formatDuration(delay!.min),
    ]);
    const [one] = classes!.classes;
    const row = rowsOf(captioned(section, 'Traffic classes'))[1]!;
    expect(row.slice(0, 7)).toEqual(['ef', '46', '1', '990', '10', '7', '2']);
    expect(row.at(-1)).toBe('ef 993');
    expect(rowsOf(captioned(section, 'One-way delay of each class'))[1]![1]).toBe(
      formatCount(one!.one_way_delay_ns!.count),
    );
    expect(rowsOf(captioned(section, 'Delay above the least of each stream'))[1]![0]).toBe('ef');
    expect(all(section, 'svg', 'plot').map((plot) => textOf(all(plot, 'title')[0]!))).toContain('one-way delay of ef');
  });

  it('says of a benchmark which it was, above all streams, and what was not there', () => {
    const result = benchResult();
    const page = pageOf(result);
    expect(textOf(all(page, 'h1')[0]!)).toBe(`mcast bench groups ${result.run.endpoints.join(' ')}`);
    const ids = all(page, 'section').map((section) => section.attributes.get('id'));
    expect(ids.indexOf('bench')).toBeLessThan(
      ids.indexOf('streams') === -1 ? ids.indexOf('detail') : ids.indexOf('streams'),
    );
    const { delays } = result.bench!;
    const whyNot = 'nothing is between sender and receiver';
    const lonely = {
      ...delays!,
      leave: { ...delays!.leave, why_not: whyNot },
      loaded: { ...delays!.loaded!, datagrams: 0 },
    };
    const none = { ...result, bench: { ...result.bench!, delays: lonely, classes: { classes_total: 0, classes: [] } } };
    const section = byId(pageOf(none), 'bench');
    expect(factsOf(section).get('its rate')).toBe('nothing came of it');
    expect(textOf(section)).toContain(`Leave delay is not measured: ${whyNot}`);
    expect(textOf(section)).toContain('No traffic class');
  });

  it('has channel changes, captures, outputs and links', () => {
    const zapped = byId(pageOf(zapResult()), 'zap');
    expect(factsOf(zapped).get('no picture')).toBe('2');
    expect(rowsOf(captioned(zapped, 'Each channel')).map((row) => row.slice(0, 3))).toEqual([
      ['channel', 'endpoint', 'changes'],
      ['News HD', 'rtp://239.1.1.1:5004', '7'],
      ['239.1.1.2:5004', 'rtp://239.1.1.2:5004', '7'],
    ]);
    const compared = byId(pageOf(tapsResult()), 'taps');
    expect(factsOf(compared).get('lost between')).toBe('2');
    expect(textOf(compared)).toContain('18446744073709551615');
    const root = pageOf(mediaResult());
    expect(rowsOf(all(byId(root, 'outputs'), 'table')[0]!)[1]).toEqual([
      'news.ts',
      '',
      '990',
      '1.31 MB',
      '2',
      'disk full',
    ]);
    expect(factsOf(byId(root, 'links')).get('calls failed')).toBe('17');
  });

  it('has the capacity of each size, large first, its steps, its trials and who did not get more', () => {
    const result = capacityResult();
    const root = pageOf(result);
    const section = byId(root, 'capacity');
    const [search] = result.capacity!.searches;
    expect(textOf(byId(root, 'verdict'))).toContain(`with 512 octets${formatRate(search!.rate_bit_per_second)}`);
    const facts = factsOf(section);
    expect(facts.get('receivers that must get it')).toBe('2 of 2');
    expect(facts.get('highest rate that held, Ethernet')).toBe(formatRate(search!.rate_bit_per_second));
    expect(facts.get('lowest that did not hold')).toBe(formatRate(search!.failing_bit_per_second!));
    expect(facts.get('confirmed')).toBe('yes');
    expect(textOf(all(section, 'desc')[0]!)).toBe('3 steps from 0 ns to 2.00 s');
    expect(rowsOf(captioned(section, 'Who did not get the lowest rates that failed'))[1]).toEqual([
      'edge 10.0.0.4 2ac5f4c8',
      '97.0 %',
      '3.00 %',
      'queue',
    ]);
    expect(() => captioned(section, 'Receivers beyond the quorum')).toThrow();
    const [trials] = all(section, 'details').flatMap((one) => all(one, 'table'));
    expect(rowsOf(trials!)[1]!.slice(1, 5)).toEqual(['search', '500 ms', formatRate(5e8), formatRate(4.8e8)]);
    const none = { ...result.capacity!, searches: [] };
    expect(textOf(byId(pageOf({ ...result, capacity: none }), 'capacity'))).toContain('Nothing was found.');
  });

  it('draws the steps of a search as long as they were', () => {
    const result = capacityResult();
    const drawnOf = (at_ns: readonly number[], rates: readonly number[]): (string | undefined)[] => {
      const points = { at_ns: [...at_ns], rate_bit_per_second: [...rates], delivered_bit_per_second: [...rates] };
      const searches = result.capacity!.searches.slice(0, 1).map((search) => ({ ...search, points }));
      const section = byId(pageOf({ ...result, capacity: { ...result.capacity!, searches } }), 'capacity');
      return all(section, 'path').map((path) => path.attributes.get('d'));
    };
    const long = drawnOf([0, 3e9, 4e9], [1e8, 2e8, 3e8]);
    expect(long.length).toBeGreaterThan(1);
    expect(drawnOf([0, 1e9, 2e9, 3e9, 4e9], [1e8, 1e8, 1e8, 2e8, 3e8])).toEqual(long);
    expect(drawnOf([0, 2e9, 4e9], [1e8, 2e8, 3e8])).not.toEqual(long);
  });

  it('has where datagrams were lost, and what receivers told meanwhile', () => {
    const result = sentResult([receiver('studio'), { ...receiver('edge'), report: null }]);
    const root = pageOf(result);
    const section = byId(root, 'lost-where');
    const [places] = all(section, 'table');
    expect(rowsOf(places!).slice(1)).toEqual([
      [
        'at or near the sender',
        'all receivers',
        '21',
        '2',
        '239.1.1.1:5001 0: 134, 239.1.1.1:5001 0: 200 up to before 220',
      ],
      ['in a branch that they share', 'studio, edge', '6', '0', ''],
      ['on its own link or host', 'edge', '11', '5', ''],
      ['nobody can say', 'the only one that was there', '0', '1', ''],
    ]);
    expect(rowsOf(captioned(section, 'Dropped by the receivers themselves'))[1]).toEqual(['edge', '34', '0', '7']);
    expect(textOf(section)).toContain('some of it is unsure');
    const nothing = { ...result.sender!.loss_location!, complete: true, branches: [], single: [], hosts: [] };
    const none = { lost: 0, unsure: 0 };
    const clean = { ...result.sender!, loss_location: { ...nothing, common: none, alone: none } };
    expect(textOf(byId(pageOf({ ...result, sender: clean }), 'lost-where'))).toContain('Nothing was lost.');
    const feedback = factsOf(byId(root, 'sender'));
    expect(feedback.get('reports come to')).toBe('10.0.0.1:40001');
    expect(feedback.get('foreign datagrams')).toBe('9');
    expect(rowsOf(captioned(byId(root, 'receivers'), 'As they reported'))).toEqual([
      ['receiver', 'state', 'reports', 'received', 'lost', 'least round trip', 'its clock ahead by', 'within'],
      ['studio', 'done', '16', '988', '12', '176 us', '-51.5 us', '88.0 us'],
    ]);
  });

  it('has the clocks of senders, the delay by one clock, and limits of every interval', () => {
    const result = mediaResult();
    const each = { ...result.limits[0]!, intervals: { judged: 60, exceeded: 3 } };
    const root = pageOf({ ...result, limits: [each as (typeof result.limits)[number], ...result.limits.slice(1)] });
    expect(rowsOf(captioned(root, 'Clocks of senders'))[1]).toEqual([
      '10.0.0.1',
      '1f2e3d4c',
      '31.5 us',
      '2.30 us',
      '0.37 ppm',
      '4.60 us',
      '61',
      '1',
      '-1.00 ms at 2026-09-21 13:46:45.000000000Z',
    ]);
    const { delay_correction: correction } = result.streams[0]!;
    const facts = factsOf(byId(root, 'stream-1'));
    expect(facts.get('this clock ahead by')).toBe(formatDuration(correction!.offset_ns));
    expect(facts.get('delay by one clock, p99')).toBe(formatDuration(correction!.p99_ns));
    const [head, ...rows] = rowsOf(all(byId(root, 'limits'), 'table')[0]!);
    const column = head!.indexOf('intervals beyond it');
    expect(rows.map((row) => row[column]).filter((cell) => cell !== '')).toEqual(['3 of 60']);
  });

  it('draws no histogram of a result that came without its buckets', () => {
    const stream = mediaStream();
    const { one_way_delay_ns: delay } = stream.histograms!;
    const cut = { ...stream, histograms: { ...stream.histograms!, one_way_delay_ns: { ...delay!, buckets: [] } } };
    const without = titlesOf(cut);
    expect(titlesOf(stream).filter((title) => !without.includes(title))).toEqual([HISTOGRAMS.one_way_delay_ns.label]);
  });

  it('says that nothing arrived', () => {
    const root = pageOf(silentResult());
    expect(textOf(byId(root, 'detail'))).toContain('Nothing arrived.');
    expect(textOf(all(root, 'p', 'outcome')[0]!)).toBe('1 of 1 limits exceeded');
  });

  it('has the definition and clause of each figure, which figures link to', () => {
    const root = pageOf(mediaResult(), sentResult());
    const definitions = textOf(byId(root, 'definitions'));
    for (const id of METRIC_IDS) {
      expect(definitions).toContain(METRICS[id].definition);
      expect(textOf(byId(root, `d-${id}`))).toContain(METRICS[id].reference);
    }
    const ids = new Set([...elementsIn(root)].flatMap((element) => element.attributes.get('id') ?? []));
    const targets = all(root, 'a').map((anchor) => anchor.attributes.get('href')!);
    expect(targets.length).toBeGreaterThan(50);
    for (const target of targets) expect(ids, target).toContain(target.slice(1));
    expect(ids.size).toBe([...elementsIn(root)].filter((element) => element.attributes.has('id')).length);
  });

  it('can be read without eyes: one heading a level, scopes, a language, captions, no colour alone', () => {
    const root = pageOf(mediaResult());
    expect(root.attributes.get('lang')).toBe('en');
    const levels = [...elementsIn(root)].flatMap(({ name }) => (/^h\d$/.test(name) ? [Number(name[1])] : []));
    expect(levels[0]).toBe(1);
    for (const [i, level] of levels.entries()) if (i > 0) expect(level - levels[i - 1]!).toBeLessThanOrEqual(1);
    expect(all(root, 'h1')).toHaveLength(1);
    for (const head of all(root, 'th')) expect(['row', 'col']).toContain(head.attributes.get('scope'));
    for (const row of all(root, 'tr')) {
      const first = row.children.find((cell): cell is HtmlElement => typeof cell !== 'string')!;
      // But for the empty corner above the names of rows.
      expect(first.name === 'th' || textOf(first) === '').toBe(true);
    }
    // What is in colour says so in words, in a figure or in its row.
    for (const element of [...elementsIn(root)].filter((one) => classesOf(one).includes('bad'))) {
      expect(textOf(element)).not.toBe('');
    }
  });

  it('is one file: it loads nothing, and allows nothing but its own style and script', () => {
    const text = renderHtml([mediaResult()]);
    const root = readHtml(text);
    const policy = all(root, 'meta').find((meta) => meta.attributes.get('http-equiv') === 'Content-Security-Policy')!;
    expect(policy.attributes.get('content')).toBe(
      `default-src 'none'; style-src 'sha256-${hash(PAGE_STYLE)}'; script-src 'sha256-${hash(PAGE_SCRIPT)}'; base-uri 'none'; form-action 'none'`,
    );
    expect([STYLE_HASH, SCRIPT_HASH]).toEqual([hash(PAGE_STYLE), hash(PAGE_SCRIPT)]);
    expect(textOf(all(root, 'style')[0]!)).toBe(PAGE_STYLE);
    expect(textOf(all(root, 'script')[0]!)).toBe(PAGE_SCRIPT);
    for (const element of elementsIn(root)) {
      for (const [name, value] of element.attributes) {
        expect(name, element.name).not.toMatch(/^(?:src|srcset|style|action|on.*)$/);
        if (name === 'href') expect(value).toMatch(/^#/);
      }
      expect(['img', 'link', 'iframe', 'object', 'embed', 'form', 'base', 'image', 'use']).not.toContain(element.name);
    }
    expect(PAGE_STYLE).not.toMatch(/url\(|@import|expression/);
    expect(PAGE_SCRIPT).not.toMatch(/fetch|XMLHttpRequest|innerHTML|eval|document\.write|localStorage/);
  });

  it('holds several runs, each with anchors of its own', () => {
    const root = pageOf(mediaResult(), sentResult());
    expect(all(root, 'h1')).toHaveLength(2);
    expect(textOf(byId(root, 'run-2-verdict'))).toContain('Measured');
    expect(textOf(all(root, 'title')[0]!)).toBe('2 runs');
  });
});

/** Of all drawings of a stream. */
function titlesOf(stream: Stream): string[] {
  return all(byId(pageOf(receiverResult({ streams: [stream] })), 'stream-1'), 'title').map(textOf);
}

/** Base64 of SHA-256, as CSP Level 3 wants it. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function expectMetrics(section: HtmlElement, { metrics, not_measured: reasons }: Stream): void {
  const rows = new Map(
    all(section, 'div', 'groups').flatMap((group) =>
      all(group, 'table').flatMap((table) => rowsOf(table).map((row) => [row[0]!, row[1]!] as const)),
    ),
  );
  const missing = all(section, 'details', 'missing').flatMap((list) =>
    all(list, 'div').map((pair) => [textOf(all(pair, 'dt')[0]!), textOf(all(pair, 'dd')[0]!)] as const),
  );
  for (const id of METRIC_IDS) {
    const { label, unit } = METRICS[id];
    if (metrics[id] !== null) {
      expect(rows.get(label), id).toBe(id === 'dscp_received' ? dscpTextOf(metrics) : formatUnit(metrics[id], unit));
      continue;
    }
    const why = missing.find(([labels]) => labels.split(', ').includes(label));
    expect(why?.[1], id).toMatch(/^not measurable: \S/);
    if (reasons[id] !== undefined) expect(why![1]).toBe(`not measurable: ${reasons[id]}`);
  }
}

function dscpTextOf({ dscp_received: received }: StreamMetrics): string {
  return Object.entries(received!)
    .map(([dscp, count]) => `${dscpName(Number(dscp))} ${formatCount(count)}`)
    .join(', ');
}

function expectHistograms(section: HtmlElement, { histograms }: Stream): void {
  for (const id of HISTOGRAM_IDS) {
    const summary: HistogramSummary | null = histograms?.[id] ?? null;
    if (summary === null || summary.count === 0) continue;
    const { label } = HISTOGRAMS[id];
    const row = all(section, 'table')
      .flatMap(rowsOf)
      .find((cells) => cells[0] === label && cells[1] === formatCount(summary.count));
    expect(row, id).toEqual([
      label,
      formatCount(summary.count),
      formatDuration(summary.min),
      formatDuration(summary.mean),
      ...PERCENTILE_IDS.map(
        (percentile) => formatDuration(summary[percentile]) + (summary.conditional.includes(percentile) ? '*' : ''),
      ),
      formatDuration(summary.max),
    ]);
  }
}
