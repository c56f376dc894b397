import { describe, expect, it, onTestFinished } from 'vitest';
import { PushQueue, type PushOutcome } from '../../src/dashboard/pushQueue.js';
import { until } from '../netns/lab.js';

const TAKEN: PushOutcome = { kind: 'taken', but: null };
const LATER: PushOutcome = { kind: 'later', why: 'busy', afterMs: null };
/** As short as can be: what is tested is what happens, not when. */
const PATIENCE = { firstWaitMs: 1, longestWaitMs: 4, flushMs: 50 };

/** A queue before something that answers as told, `taken` in the end. */
function setUp(answers: (PushOutcome | Error)[], patience = PATIENCE) {
  const sent: string[] = [];
  const said: string[] = [];
  let under = 0;
  let most = 0;
  const queue = new PushQueue({
    what: '--otlp',
    say: (text) => said.push(text),
    patience,
    send: async (body) => {
      most = Math.max(most, ++under);
      await Promise.resolve();
      under--;
      sent.push(body);
      const answer = answers.shift() ?? TAKEN;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  onTestFinished(() => queue.close());
  return { queue, sent, said, atOnce: () => most };
}

describe('a queue of what is pushed', () => {
  it('sends all in order, one at a time', async () => {
    const { queue, sent, said, atOnce } = setUp([]);
    for (let i = 0; i < 20; i++) queue.add(String(i));
    await queue.flush();
    await queue.close();
    expect(sent).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    expect([said, atOnce(), queue.dropped]).toEqual([[], 1, 0]);
  });

  it('tries again what may be taken later, before what came after it, and says so once', async () => {
    const { queue, sent, said } = setUp([LATER, new Error('connect ECONNREFUSED'), LATER, TAKEN, LATER]);
    queue.add('a');
    queue.add('b');
    await until(() => sent.length === 6, 'all of it');
    await queue.close();
    expect(sent).toEqual(['a', 'a', 'a', 'a', 'b', 'b']);
    expect(said).toEqual(['--otlp: busy; tried again, and counted']);
  });

  it('drops what is refused, counts it, and goes on', async () => {
    const { queue, sent, said } = setUp([
      { kind: 'refused', why: '400: no' },
      TAKEN,
      { kind: 'refused', why: '400: no' },
    ]);
    for (const body of ['a', 'b', 'c', 'd']) queue.add(body);
    await queue.flush();
    await queue.close();
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
    expect(said).toEqual(['--otlp: 400: no; dropped, and counted', '--otlp: 2 of 4 did not arrive']);
  });

  it('says what the other side left out of what it took', async () => {
    const { queue, said } = setUp([{ kind: 'taken', but: 'the collector rejected 3 data points: old' }]);
    queue.add('a');
    await queue.flush();
    expect(said).toEqual(['--otlp: the collector rejected 3 data points: old; partly dropped, and counted']);
  });

  it('holds so many and no more: the newest', async () => {
    const { queue, sent, said } = setUp(Array.from({ length: 3 }, () => LATER));
    for (let i = 0; i < 1000; i++) queue.add(String(i));
    expect(queue.dropped).toBe(1000 - 64);
    await until(() => sent.includes('999'), 'the last one');
    await queue.close();
    expect(new Set(sent).size).toBe(64);
    // The first one was under way.
    expect([...new Set(sent)].slice(0, 2)).toEqual(['0', '937']);
    expect(said.at(-1)).toBe('--otlp: 936 of 1000 did not arrive');
  });

  it('holds so many octets and no more', () => {
    const { queue } = setUp(Array.from({ length: 1000 }, () => LATER));
    const large = 'x'.repeat(8 * 1024 * 1024);
    for (let i = 0; i < 10; i++) queue.add(large);
    expect(queue.dropped).toBe(6);
  });

  it('does not wait for ever at the end, and tells what was lost', async () => {
    const { queue, said } = setUp(Array.from({ length: 100_000 }, () => LATER));
    queue.add('a');
    queue.add('b');
    await queue.flush();
    // All its patience is gone.
    await queue.flush();
    await queue.close();
    expect(said).toEqual(['--otlp: busy; tried again, and counted', '--otlp: 2 of 2 did not arrive']);
    queue.add('too late');
    expect(queue.dropped).toBe(2);
  });

  it('does not come back before it is told to', async () => {
    const { queue, sent } = setUp([{ kind: 'later', why: 'busy', afterMs: 3_600_000 }], {
      ...PATIENCE,
      longestWaitMs: 3_600_000,
    });
    queue.add('a');
    await until(() => sent.length === 1, 'the first attempt');
    // At the end it asks once more, because there is no later.
    await queue.flush();
    await queue.close();
    expect(sent).toEqual(['a', 'a']);
  });

  it('ends what is under way', async () => {
    let given: AbortSignal | null = null;
    const queue = new PushQueue({
      what: '--otlp',
      say: () => {},
      patience: PATIENCE,
      send: (_, signal) => {
        given = signal;
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
      },
    });
    queue.add('a');
    await queue.flush();
    await queue.close();
    expect(given!.aborted).toBe(true);
    expect(queue.dropped).toBe(1);
  });
});
