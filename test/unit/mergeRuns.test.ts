import { describe, expect, it } from 'vitest';
import { parseMax } from '../../src/result/limits.js';
import { mergeRuns } from '../../src/result/mergeRuns.js';
import type { RunResult } from '../../src/result/model.js';
import { judgeLimits } from '../../src/result/judge.js';
import { probeStream, sentResult, silentResult } from './reportFixture.js';
import { measurement, receiverResult, runFacts, snapshot } from './resultFixture.js';
import { buildStream } from '../../src/result/build.js';

function receiverOf(host: string, change: Partial<RunResult> = {}): RunResult {
  const base = receiverResult({ run: { ...runFacts().run, id: `run-${host}` } });
  return { ...base, host: { ...base.host, name: host }, ...change };
}

const named = (...results: RunResult[]) => results.map((result, i) => ({ source: `part${i + 1}.json`, result }));
const sent = sentResult();

describe('parts of one run', () => {
  it('are the result of the sender with those of its receivers', () => {
    const [a, b] = [receiverOf('studio'), receiverOf('edge')];
    const merged = mergeRuns(named(a, sent, b));
    expect(merged.run.id).toBe(sent.run.id);
    expect(merged.sender).toEqual(sent.sender);
    expect(merged.receivers).toEqual([
      { name: 'studio', address: '10.0.0.2', report: null, result: a },
      { name: 'edge', address: '10.0.0.2', report: null, result: b },
    ]);
  });

  it('are told apart by their run where two have one name', () => {
    const [a, b] = [receiverOf('lab'), { ...receiverOf('lab'), run: { ...runFacts().run, id: 'second' } }];
    expect(mergeRuns(named(sent, a, b)).receivers.map(({ name }) => name)).toEqual(['lab (run-lab)', 'lab (second)']);
  });

  it('take the place of what a receiver had reported while it ran', () => {
    const a = receiverOf('studio');
    const reported = {
      ...sent,
      receivers: [
        { name: 'studio', address: '10.0.0.2', report: null, result: { ...a, streams: [] } },
        { name: 'mute', address: '10.0.0.3', report: null, result: null },
      ],
    };
    const merged = mergeRuns(named(reported, a));
    expect(merged.receivers.map(({ name, result }) => [name, result?.streams.length])).toEqual([
      ['mute', undefined],
      ['studio', 1],
    ]);
  });

  it('of one process become one, with all their streams', () => {
    const one = receiverOf('lab', { streams: [probeStream()] });
    const other = receiverOf('lab', { streams: [probeStream({ port: 5002 })] });
    const merged = mergeRuns(named(one, other));
    expect(merged.streams.map(({ port }) => port)).toEqual([5001, 5002]);
    expect(merged.receivers).toEqual([]);
  });

  it('are judged as a whole, by the limits of all parts and by new ones', () => {
    const a = receiverOf('studio');
    const strict = { ...a, limits: judgeLimits(a, [parseMax('loss_ratio=0.5%')]) };
    const merged = mergeRuns(named(sent, strict), [parseMax('sender.not_sent=0')]);
    expect(merged.limits.map(({ expression, stream, ok }) => [expression, stream, ok])).toEqual([
      ['sender.not_sent <= 0', null, false],
      ['loss_ratio <= 0.5%', `studio: ${a.streams[0]!.id}`, false],
      ['packets_received > 0', 'studio: 239.1.1.1 port 5001', true],
    ]);
  });

  it('keep what was judged while they ran, and allow silence where the parts did', () => {
    const silent = receiverOf('studio', { streams: [], limits: [] });
    expect(mergeRuns(named({ ...sent, limits: [] }, silent)).limits).toEqual([]);
    const each = {
      expression: 'each loss_ratio <= 1%',
      stream: 's',
      value: 0,
      limit: 0.01,
      margin: 0.01,
      ok: true,
      reason: null,
    };
    expect(mergeRuns(named(sent, receiverOf('edge', { limits: [each] }))).limits).toContainEqual({
      ...each,
      stream: 'part2.json: s',
    });
  });

  it('belong to the sender by the run that datagrams carry, else by their group, or by what was joined', () => {
    const rtp = { ...probeStream(), sender_run: null };
    expect(mergeRuns(named(sent, receiverOf('a', { streams: [rtp] }))).receivers).toHaveLength(1);
    expect(mergeRuns(named(sent, receiverOf('a', { streams: [] }))).receivers).toHaveLength(1);
  });
});

describe('parts of different runs are refused', () => {
  const foreign = buildStream(snapshot({ senderRun: 'deadbeef' }), measurement(), null);
  const elsewhere = { ...probeStream({ group: '239.9.9.9' }), sender_run: null };
  const base = receiverOf('studio');

  it.each<[string, RunResult[], RegExp]>([
    [
      'datagrams of another sender',
      [sent, receiverOf('a', { streams: [foreign] })],
      /^part2\.json is of another run: nothing in it comes from the sender of part1\.json \(run 1f2e3d4c\)$/,
    ],
    ['another group', [sent, receiverOf('a', { streams: [elsewhere] })], /^part2\.json is of another run/],
    [
      'joined something else',
      [sent, receiverOf('a', { streams: [], memberships: [] })],
      /^part2\.json is of another run/,
    ],
    [
      'another time',
      [
        sent,
        {
          ...base,
          run: { ...base.run, start: '2026-09-22T13:46:40.623456789Z', end: '2026-09-22T13:46:52.623456789Z' },
        },
      ],
      /^part2\.json is of another run: it was over before/,
    ],
    [
      'two receivers',
      [receiverOf('a'), receiverOf('b')],
      /^part1\.json and part2\.json are of different runs, and none is of the sender/,
    ],
    ['two senders', [sent, { ...sent, run: { ...sent.run, id: 'other' } }], /are of different runs: two senders$/],
    ['the same twice', [sent, base, base], /^part2\.json and part3\.json are the same result$/],
    ['one alone', [sent], /^--merge needs two results at least, 1 was read$/],
    ['silence and a sender of the same id', [silentResult(), silentResult()], /are the same result$/],
  ])('%s', (_name, results, message) => {
    expect(() => mergeRuns(named(...results))).toThrow(message);
  });
});
