import { describe, expect, it } from 'vitest';
import { METRIC_IDS } from '../../src/metrics/catalog.js';
import { jsonSchema } from '../../src/result/jsonSchema.js';
import { RunResultSchema, type RunResult } from '../../src/result/model.js';
import { buildStream } from '../../src/result/build.js';
import { measurement, PORTABLE, receiverResult, senderResult, snapshot } from './resultFixture.js';

const complete: [string, RunResult][] = [
  ['receiver', receiverResult()],
  ['sender', senderResult()],
  ['receiver that got nothing', receiverResult({ streams: [], events: [] })],
  ['portable receiver', receiverResult({ streams: [buildStream(snapshot(), measurement(PORTABLE), null)] })],
  [
    'sender with receivers',
    senderResult({ receivers: [{ name: 'lab1', address: '10.0.0.2', report: null, result: receiverResult() }] }),
  ],
];

describe('the schema', () => {
  it.each(complete)('describes the result of a %s, and every field of it', (_name, result) => {
    const json = JSON.parse(JSON.stringify(result)) as unknown;
    // Parsing drops what the schema does not know: equality means that nothing is undocumented.
    expect(RunResultSchema.parse(json)).toEqual(json);
    expect(json).toEqual(result);
  });

  it.each([
    ['a field that is missing', (r: RunResult) => void delete (r as Partial<RunResult>).health],
    [
      'a metric that is missing',
      (r: RunResult) => void delete (r.streams[0]!.metrics as Partial<(typeof r.streams)[0]['metrics']>).packets_lost,
    ],
    ['text for a number', (r: RunResult) => Object.assign(r.streams[0]!.metrics, { packets_lost: '10' })],
    ['a number for a sequence number', (r: RunResult) => Object.assign(r.streams[0]!.loss_map![0]!, { first: 5 })],
    ['a time without zone', (r: RunResult) => Object.assign(r.run, { start: '2026-09-21T13:46:40.623456789' })],
    ['a time in milliseconds', (r: RunResult) => Object.assign(r.run, { start: '2026-09-21T13:46:40.623Z' })],
    ['another version', (r: RunResult) => Object.assign(r, { schema: 'mcastkit.result/2' })],
    ['an unknown verdict', (r: RunResult) => Object.assign(r.health, { verdict: 'fine' })],
    ['a bucket out of range', (r: RunResult) => r.streams[0]!.histograms!.ipdv_ns!.buckets.push([9999, 1])],
    [
      'more events than a result may hold',
      (r: RunResult) => void (r.events = Array.from({ length: 1001 }, () => r.events[0]!)),
    ],
    [
      'a broken result of a receiver',
      (r: RunResult) => void r.receivers.push({ name: 'a', address: 'b', report: null, result: {} as RunResult }),
    ],
  ])('rejects %s', (_name, damage) => {
    const result = receiverResult();
    expect(RunResultSchema.safeParse(result).success).toBe(true);
    damage(result);
    expect(RunResultSchema.safeParse(result).success).toBe(false);
  });

  it('accepts fields that it does not know: later versions add some', () => {
    expect(RunResultSchema.safeParse({ ...receiverResult(), added_later: 1 }).success).toBe(true);
  });
});

describe('the JSON Schema', () => {
  const schema = jsonSchema() as {
    $schema: string;
    required: string[];
    properties: Record<string, unknown>;
    $defs: Record<string, { properties: Record<string, { description?: string }>; required: string[] }>;
  };

  it('names all parts of the document as required', () => {
    expect(schema.$schema).toContain('2020-12');
    expect(schema.required.toSorted()).toEqual(Object.keys(receiverResult()).toSorted());
  });

  it('carries the definition of every metric', () => {
    expect(Object.keys(schema.$defs['metrics']!.properties)).toEqual(METRIC_IDS);
    for (const id of METRIC_IDS)
      expect(schema.$defs['metrics']!.properties[id]!.description).toMatch(/\. Unit: .+\[.+\]$/u);
  });

  it('allows further fields, and is the same for a receiver within a sender', () => {
    expect(JSON.stringify(schema)).not.toContain('"additionalProperties":false');
    expect(JSON.stringify(schema.properties['receivers'])).toContain('"$ref":"#"');
  });
});
