import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HISTOGRAMS, METRICS, type MetricDescriptor } from '../../src/metrics/catalog.js';
import { Histogram } from '../../src/metrics/histogram.js';
import { INTERVAL_FIGURES } from '../../src/result/intervalFigures.js';
import { jsonSchema } from '../../src/result/jsonSchema.js';
import { BURST_FIGURES } from '../../src/metrics/burstFigures.js';
import { TRANSPORT_INDICATORS } from '../../src/metrics/transportIndicators.js';
import { LINK_FIGURES, RUN_FIGURES, RUN_HISTOGRAMS } from '../../src/result/limitNames.js';
import { MDI_FIGURES } from '../../src/result/transportFigures.js';

const metricsPage = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
const jsonPage = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');

function section(page: string, heading: string): string {
  const from = page.indexOf(`\n${heading}\n`);
  expect(from, heading).toBeGreaterThan(0);
  const rest = page.slice(from + heading.length + 2);
  const end = rest.search(/^#{2,} /mu);
  return end < 0 ? rest : rest.slice(0, end);
}

function rowOf({ id, label, unit, merge, definition, reference }: MetricDescriptor): string {
  return `| \`${id}\` | ${label} | ${unit} | ${merge} | ${definition} | ${reference} |`;
}

describe('docs/metrics.md', () => {
  it.each([
    ['## Metrics of a stream', METRICS],
    ['## Histograms of a stream', HISTOGRAMS],
  ] as [string, Record<string, MetricDescriptor>][])(
    '%s has the rows of the catalogue, all of them and no other',
    (heading, catalogue) => {
      const rows = section(metricsPage, heading)
        .split('\n')
        .filter((line) => line.startsWith('| `'));
      expect(rows).toEqual(Object.values(catalogue).map(rowOf));
    },
  );

  it.each<[string, readonly string[]]>([
    [
      '## Micro-bursts',
      BURST_FIGURES.map(
        ({ id, unit, definition, reference }) => `| \`${id}\` | ${unit} | ${definition} | ${reference} |`,
      ),
    ],
    [
      '### Indicators of TR 101 290',
      TRANSPORT_INDICATORS.map(
        ({ id, name, clause, priority, definition }) =>
          `| \`${id}\` | ${name} | ${clause} | ${priority} | ${definition} |`,
      ),
    ],
    [
      '### Media delivery index',
      MDI_FIGURES.map(
        ({ id, unit, definition, reference }) => `| \`${id}\` | ${unit} | ${definition} | ${reference} |`,
      ),
    ],
  ])('%s has the rows of its table, all of them and no other', (heading, rows) => {
    const found = section(metricsPage, heading)
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(found).toEqual(rows);
  });

  it('says what every figure of a PCR is', () => {
    const rows = [...section(metricsPage, '### PCR').matchAll(/^\| (`[^|]+) \|/gmu)].flatMap(([, cell]) => [
      ...codeIn(cell!),
    ]);
    const keys = Object.keys(objectAt('streams', 'transport', 'pcr'));
    expect(rows.toSorted()).toEqual(
      keys.filter((key) => !['pid', 'pcrs', 'accuracy_why_not'].includes(key)).toSorted(),
    );
  });

  it('lists the figures of the run that a limit may name, all of them and no other', () => {
    const listed: string[] = [];
    for (const item of section(metricsPage, '## Figures of the run').split('\n- ').slice(1)) {
      const [prefix, ...names] = [...item.matchAll(/`([^`]+)`/gu)].map(([, name]) => name!);
      for (const name of names) listed.push(prefix! + name);
    }
    const ofLinks = LINK_FIGURES.map((key) => `links.${key}`);
    expect(listed.toSorted()).toEqual([...RUN_FIGURES, ...RUN_HISTOGRAMS, ...ofLinks].toSorted());
  });

  it('lists the figures of every interval, all of them and no other', () => {
    const text = section(metricsPage, '## Figures of every interval');
    const items = text.slice(text.indexOf('\n- '), text.indexOf('\n\nRates'));
    const indicators = TRANSPORT_INDICATORS.map(({ id }) => `tr101290.${id}`);
    const listed = new Set([...codeIn(items), ...indicators]);
    expect([...listed].toSorted()).toEqual([...INTERVAL_FIGURES.keys()].toSorted());
  });

  it('names no metric that does not exist', () => {
    const ofRun = RUN_FIGURES.map((name) => name.split('.').at(-1)!);
    const ofPcr = Object.keys(objectAt('streams', 'transport', 'pcr'));
    const known = new Set([...Object.keys(METRICS), ...Object.keys(HISTOGRAMS), ...ofRun, ...ofPcr, ...LINK_FIGURES]);
    const named = [...metricsPage.matchAll(/`((?:packets|messages|loss|rate|jitter|ttl|hops|octets)_[a-z_]+)`/gu)].map(
      ([, name]) => name!,
    );
    expect(named.filter((name) => !known.has(name) && name !== 'loss_attribution')).toEqual([]);
  });
});

interface Node {
  readonly properties?: Record<string, Node>;
  readonly items?: Node;
  readonly anyOf?: Node[];
  readonly $ref?: string;
}

const schema = jsonSchema() as unknown as Node & { $defs: Record<string, Node> };

/** The object that a part of the schema describes, through arrays, alternatives and references. */
function objectAt(...path: string[]): Record<string, Node> {
  let node: Node = schema;
  for (const key of path) node = resolve(resolve(node).properties![key]!);
  return resolve(node).properties!;
}

function resolve(node: Node): Node {
  if (node.$ref?.startsWith('#/$defs/') === true) return resolve(schema.$defs[node.$ref.slice(8)]!);
  if (node.anyOf !== undefined)
    return resolve(
      node.anyOf.find((one) => one.$ref !== undefined || one.properties !== undefined || one.items !== undefined) ?? {},
    );
  return node.items === undefined ? node : resolve(node.items);
}

function codeIn(text: string): Set<string> {
  return new Set([...text.matchAll(/`([^`]+)`/gu)].map(([, name]) => name!.replace('[]', '')));
}

/** Smallest value of a bucket, as the page says it. */
function documentedFrom(index: number): number {
  return index < 256 ? index : (128 + (index % 128)) * 2 ** (Math.floor(index / 128) - 1);
}

describe('docs/json.md', () => {
  it.each([
    ['## Top level', []],
    ['### `clock`', ['clock']],
    ['### `run`', ['run']],
    ['### `memberships`', ['memberships']],
    ['### `sockets`', ['sockets']],
    ['### `streams`', ['streams']],
    ['### `sender`', ['sender']],
    ['### `sender`', ['sender', 'streams']],
    ['### `sender`', ['sender', 'impairment']],
    ['### `health`', ['health']],
    ['### `taps`', ['taps']],
    ['### `taps`', ['taps', 'first']],
    ['### `taps`', ['taps', 'streams']],
    ['### `streams`', ['streams', 'series']],
    ['### `streams`', ['streams', 'loss_map']],
    ['### `streams`', ['streams', 'after']],
    ['### `streams_brief`', ['streams_brief']],
    ['## Top level', ['tool']],
    ['## Top level', ['host']],
    ['## Top level', ['limits']],
    ['## Top level', ['events']],
    ['## Top level', ['evidence']],
    ['### `arbitration`', ['arbitration']],
    ['### `arbitration`', ['arbitration', 'legs']],
    ['### `arbitration`', ['arbitration', 'streams']],
    ['### `arbitration`', ['arbitration', 'streams', 'legs']],
    ['### `outputs`', ['outputs']],
    ['### `links`', ['links']],
    ['### `bench`', ['bench']],
    ['### `bench`', ['bench', 'groups']],
    ['### `bench`', ['bench', 'groups', 'failed']],
    ['### `bench`', ['bench', 'forwarding']],
    ['### `bench`', ['bench', 'forwarding', 'worst']],
    ['### `bench`', ['bench', 'classes']],
    ['### `bench`', ['bench', 'classes', 'classes']],
    ['### `bench`', ['bench', 'delays']],
    ['### `bench`', ['bench', 'delays', 'join']],
    ['### `bench`', ['bench', 'delays', 'leave']],
    ['### `bench`', ['bench', 'delays', 'loaded']],
    ['### `zap`', ['zap']],
    ['### `zap`', ['zap', 'channels']],
    ['### `fec`', ['streams', 'fec']],
    ['### `bursts`', ['streams', 'bursts']],
    ['### `bursts`', ['streams', 'bursts', 'windows']],
    ['### `bursts`', ['streams', 'bursts', 'largest']],
    ['### `bursts`', ['streams', 'bursts', 'queue']],
    ['### `transport`', ['streams', 'transport']],
    ['### `transport`', ['streams', 'transport', 'indicators']],
    ['### `transport`', ['streams', 'transport', 'services']],
    ['### `transport`', ['streams', 'transport', 'services', 'streams']],
    ['### `transport`', ['streams', 'transport', 'pids']],
    ['### `transport`', ['streams', 'transport', 'pcr']],
    ['## Top level', ['aggregate']],
    ['## Top level', ['receivers']],
    ['### `clock`', ['clock', 'synchronisation']],
  ] as [string, string[]][])('%s names every key of %j', (heading, path) => {
    const named = codeIn(section(jsonPage, heading));
    const keys = Object.keys(objectAt(...path));
    expect(keys.length).toBeGreaterThan(1);
    expect(keys.filter((key) => !named.has(key))).toEqual([]);
  });

  it.each([
    ['## Top level', []],
    ['### `clock`', ['clock']],
    ['### `run`', ['run']],
    ['### `streams`', ['streams']],
  ] as [string, string[]][])('%s has no row for what does not exist in %j', (heading, path) => {
    const keys = new Set(Object.keys(objectAt(...path)));
    const cells = [...section(jsonPage, heading).matchAll(/^\| (`[^|]+) \|/gmu)].map(([, cell]) => cell!);
    const rows = cells.flatMap((cell) => Array.from(codeIn(cell)));
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter((row) => !keys.has(row))).toEqual([]);
  });

  it('tells how bucket indexes map to values', () => {
    for (const value of [0, 255, 256, 1000, 123_456_789, 2 ** 43 + 12_345]) {
      const made = new Histogram();
      made.record(value);
      const index = made.buckets()[0]![0];
      expect(value).toBeGreaterThanOrEqual(documentedFrom(index));
      expect(value).toBeLessThan(documentedFrom(index + 1));
    }
  });
});
