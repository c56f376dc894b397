import { describe, expect, it } from 'vitest';
import { columnFrom, eachJson } from '../../src/result/briefColumn.js';
import { everyStream } from '../../src/result/briefStreams.js';
import { buildStream } from '../../src/result/build.js';
import type { RunResult } from '../../src/result/model.js';
import { packResult, resultJson, streamFrom, unpackResult } from '../../src/result/resultText.js';
import { counters, measurement, receiverResult, snapshot } from './resultFixture.js';

const DETAIL = 3;

function resultOf(streams: number): RunResult {
  const all = Array.from({ length: streams }, (_, i) => {
    const counted = counters({ PacketsReceived: 100 - i, Received: 100 - i, Expected: 100, Lost: i, LossNetwork: i });
    return buildStream(snapshot({ flow: String(i), counters: counted }), measurement(), null);
  });
  return receiverResult({ streams: all, detail: DETAIL });
}

function crossed(result: RunResult): RunResult {
  return unpackResult(structuredClone(packResult(result)));
}

describe('a result that crosses threads as text', () => {
  it.each([0, 2, DETAIL, 12])('is the same on the other side, of %i streams', (streams) => {
    const result = resultOf(streams);
    const there = crossed(result);
    expect(there).toEqual(result);
    expect(everyStream(there)).toEqual(everyStream(result));
  });

  it.each([0, 2, DETAIL, 12])('is written as JSON would have it, of %i streams', (streams) => {
    const result = resultOf(streams);
    const there = crossed(result);
    expect(resultJson(result)).toBe(JSON.stringify(result));
    // Before anybody has looked at its columns, and after.
    expect(resultJson(there)).toBe(JSON.stringify(result));
    expect(JSON.stringify(there)).toBe(JSON.stringify(result));
    expect(resultJson(there)).toBe(JSON.stringify(result));
    expect(crossed(there)).toEqual(result);
  });

  it('is written with what was changed of it', () => {
    const there = crossed(resultOf(12));
    const [first, ...rest] = there.streams;
    const changed = { ...there, streams: [{ ...first!, series: null, name: 'other' }, ...rest], limits: [] };
    expect(resultJson(changed)).toBe(JSON.stringify(changed));
    const parts = [undefined, 'left out'].map((name) => resultJson({ ...there, name } as unknown as RunResult));
    expect(parts[0]).toBe(resultJson(there));
    expect(JSON.parse(parts[1]!)).toMatchObject({ name: 'left out' });
  });

  it('has streams that are the text that they came as', () => {
    const json = JSON.stringify(resultOf(1).streams[0]);
    const result = { ...resultOf(0), streams: [streamFrom(json)] };
    expect(resultJson(result)).toContain(`"streams":[${json}]`);
  });
});

describe('a column', () => {
  it('makes its values once, when somebody looks at them', () => {
    let made = 0;
    const column = columnFrom(() => [++made]);
    if (!('each' in column)) throw new Error('it has no values');
    expect(made).toBe(0);
    expect([column.each, column.each]).toEqual([[1], [1]]);
    expect(made).toBe(1);
  });

  it('keeps no values for its JSON, and reads none that it came as', () => {
    let made = 0;
    const column = columnFrom(() => [++made, null, 0.5, 'a']);
    if (!('each' in column)) throw new Error('it has no values');
    expect(eachJson(column)).toBe('[1,null,0.5,"a"]');
    expect(eachJson(column)).toBe('[2,null,0.5,"a"]');
    expect(eachJson(columnFrom('[1, 2]') as { each: unknown[] })).toBe('[1, 2]');
    expect(eachJson({ each: [3] })).toBe('[3]');
  });
});
