import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { readResults } from '../../src/result/read.js';
import { receiverResult, senderResult } from './resultFixture.js';

const result = receiverResult();
const line = (id: string, of: unknown): string => JSON.stringify({ type: 'result', time: 't', run_id: id, result: of });
const START = JSON.stringify({ type: 'start', time: 't', run_id: 'a' });
const INTERVAL = JSON.stringify({ type: 'interval', time: 't', run_id: 'a', rows: [] });

async function refusal(text: string): Promise<string> {
  try {
    await readResults(text, 'run.json');
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    expect((error as McastError).code).toBe('ERR_FILE_FORMAT');
    expect((error as McastError).message).toMatch(/^run\.json /u);
    return (error as McastError).message;
  }
  throw new Error('was accepted');
}

function damaged(damage: (copy: Record<string, unknown>) => void): string {
  const copy = structuredClone(result) as unknown as Record<string, unknown>;
  damage(copy);
  return JSON.stringify(copy);
}

function without(id: string): string {
  return damaged((copy) => {
    const [stream] = copy['streams'] as { metrics: Record<string, unknown> }[];
    delete stream!.metrics[id];
  });
}

describe('reading results', () => {
  it.each([
    ['one document', JSON.stringify(result), 1],
    ['one document on many lines', JSON.stringify(result, null, 2), 1],
    ['a byte order mark', `\uFEFF${JSON.stringify(result)}\r\n`, 1],
    ['an array', JSON.stringify([result, senderResult()]), 2],
    ['an array of lines', JSON.stringify([{ type: 'result', result }]), 1],
    ['the last line alone', line('a', result), 1],
    ['all lines of a run', [START, INTERVAL, line('a', result), ''].join('\n'), 1],
    ['a result so far and the last one', [START, line('a', senderResult()), line('a', result)].join('\n'), 1],
    [
      'a result so far, of a run that was killed',
      [START, line('a', result).replace('"result"', '"partial"')].join('\n'),
      1,
    ],
    ['two runs in one file', [line('a', result), line('b', result)].join('\n'), 2],
    ['documents one per line', `${JSON.stringify(result)}\n${JSON.stringify(result)}\n`, 2],
    ['lines of which the last was cut', [START, line('a', result), '{"type":"inter'].join('\n'), 1],
  ])('takes %s', async (_name, text, count) => {
    const results = await readResults(text, 'run.json');
    expect(results).toHaveLength(count);
    expect(results[0]).toEqual(result);
  });

  it('keeps what a later version added', async () => {
    const text = damaged((copy) => Object.assign(copy, { added_later: { a: 1 } }));
    expect((await readResults(text, 'f'))[0]).toMatchObject({ added_later: { a: 1 } });
  });

  it('takes an older document without the further metrics, but not without the first ones', async () => {
    const [older] = await readResults(without('loss_periods'), 'f');
    expect(older!.streams[0]!.metrics.loss_periods).toBeNull();
    expect(await refusal(without('packets_lost'))).toContain('streams[0].metrics.packets_lost');
  });

  it('takes an older document that does not tell who had the processors', async () => {
    const { evidence, ...rest } = receiverResult();
    const { host_counters, notes } = evidence;
    const [older] = await readResults(JSON.stringify({ ...rest, evidence: { host_counters, notes } }), 'f');
    expect(older!.evidence).toEqual({ host_counters, processors: null, threads: [], notes });
  });

  it('takes an older document that does not tell how threads were scheduled', async () => {
    const thread = { id: 7, role: 'measuring', cpu_ns: 5, waiting_ns: 1 };
    const { evidence, ...rest } = result;
    const [older] = await readResults(JSON.stringify({ ...rest, evidence: { ...evidence, threads: [thread] } }), 'f');
    expect(older!.evidence.threads).toEqual([{ ...thread, realtime: false }]);
  });

  it('takes an older document without the inputs of a sender', async () => {
    const copy = JSON.parse(JSON.stringify(senderResult())) as { sender: { inputs?: unknown } };
    delete copy.sender.inputs;
    const [older] = await readResults(JSON.stringify(copy), 'f');
    expect(older!.sender!.inputs).toEqual([]);
  });

  it.each([
    ['nothing', ' \n', 'is empty'],
    ['an empty array', '[]', 'is an empty array'],
    ['no JSON', 'hello', 'is not JSON'],
    ['text of several lines', 'hello\nworld', 'line 1'],
    ['a number', '42', 'holds no result'],
    ['other JSON', '{"a":1}', '"schema" should be "mcastkit.result/1"'],
    [
      'a later version',
      damaged((copy) => Object.assign(copy, { schema: 'mcastkit.result/2' })),
      'of another version of mcastkit',
    ],
    ['another schema', damaged((copy) => Object.assign(copy, { schema: 'other/1' })), 'not of mcastkit'],
    [
      'lines without a result',
      [START, INTERVAL].join('\n'),
      'only lines of type start, interval: the run did not get to its end',
    ],
    ['one such line', START, 'only lines of type start'],
    ['a line that is none', [START, '[1]'].join('\n'), 'line 2 is no JSON object'],
    ['a strange line', [START, '{"b":1}'].join('\n'), 'line 2 is neither a result'],
    ['a broken line in the middle', [START, '{"type"', line('a', result)].join('\n'), 'line 2'],
    [
      'a broken field',
      damaged((copy) => Object.assign(copy['health'] as object, { verdict: 'ok' })),
      'health.verdict: ',
    ],
    [
      'many broken fields',
      damaged((copy) => {
        for (const key of ['host', 'clock', 'run', 'tool']) copy[key] = 1;
      }),
      '; and 1 more',
    ],
    ['the second of two', JSON.stringify([result, { schema: 'mcastkit.result/1' }]), '(document 2)'],
  ])('refuses %s', async (_name, text, message) => {
    expect(await refusal(text)).toContain(message);
  });
});
