import { describe, expect, it } from 'vitest';
import type { RecoverySnapshot } from '../../src/metrics/repairSnapshot.js';
import { renderStream, renderText } from '../../src/report/text.js';
import { buildStream } from '../../src/result/build.js';
import { judgeLimits } from '../../src/result/judge.js';
import { mergeSenders } from '../../src/result/mergeSender.js';
import {
  RunResultSchema,
  type LimitResult,
  type RunResult,
  type Sender,
  type SenderRecovery,
  type Stream,
} from '../../src/result/model.js';
import { readResults } from '../../src/result/read.js';
import { repairSince } from '../../src/runtime/repairSince.js';
import { media, repair } from './mediaFixture.js';
import { answered, measurement, receiverResult, recorded, senderResult, snapshot } from './resultFixture.js';

const TWO_53 = 2n ** 53n;

/** Every figure another one; missed = came + recovered + unrecovered + pending. */
function recovery(change: Partial<RecoverySnapshot> = {}): RecoverySnapshot {
  return {
    missed: 100,
    came: 21,
    recovered: 70,
    unrecovered: 5,
    pending: 4,
    closedGaps: 30,
    tornGaps: 2,
    requests: 41,
    retries: 6,
    timeouts: 7,
    shortAnswers: 8,
    requestsNotSent: 1,
    answers: 39,
    recoveryNs: recorded(1e6, 3e6),
    ranges: [
      [TWO_53 - 9n, TWO_53 - 7n],
      [TWO_53 - 3n, TWO_53 - 3n],
    ],
    unlisted: 1,
    ...change,
  };
}

function feed(change: Partial<RecoverySnapshot> | null, givenUp = 5): Stream {
  const of = repair({ fec: null, givenUp, recovery: change === null ? null : recovery(change) });
  const feedSnapshot = snapshot({ format: 'moldudp64', unit: 'message', senderRun: null });
  return buildStream(feedSnapshot, measurement(), null, media({ transport: null, repair: of }));
}

function resultOf(...streams: Stream[]): RunResult {
  return { ...receiverResult(), streams };
}

describe('what was asked for', () => {
  it('is in the result, numbers beyond 2^53 as text, and what remained in after', () => {
    const stream = feed({});
    expect(stream.recovery).toMatchObject({
      messages_missed: 100,
      messages_came: 21,
      messages_recovered: 70,
      messages_unrecovered: 5,
      messages_pending: 4,
      gaps_closed: 30,
      gaps_torn: 2,
      requests: 41,
      retries: 6,
      timeouts: 7,
      short_answers: 8,
      requests_not_sent: 1,
      answers: 39,
      recovery_ns: { count: 2, min: 1e6, max: 3e6 },
      unrecovered: [
        { first: '9007199254740983', last: '9007199254740985' },
        { first: '9007199254740989', last: '9007199254740989' },
      ],
      unrecovered_unlisted: 1,
    });
    expect(stream.after!.metrics.messages_lost).toBe(5);
    expect(RunResultSchema.safeParse(resultOf(stream)).success).toBe(true);
    expect(feed({ recoveryNs: recorded() }).recovery!.recovery_ns).toBeNull();
    expect([feed(null).recovery, feed(null).after]).toEqual([null, null]);
  });

  it('counts from the end of a warm-up', () => {
    const before = repair({ recovery: recovery() });
    const now = repair({
      recovery: recovery({
        missed: 200,
        came: 22,
        recovered: 72,
        unrecovered: 8,
        closedGaps: 34,
        tornGaps: 7,
        requests: 47,
        retries: 13,
        timeouts: 15,
        shortAnswers: 17,
        requestsNotSent: 11,
        answers: 50,
        ranges: [...recovery().ranges, [TWO_53 + 1n, TWO_53 + 2n]],
        unlisted: 13,
      }),
    });
    expect(repairSince(now, before).recovery).toMatchObject({
      missed: 100,
      came: 1,
      recovered: 2,
      unrecovered: 3,
      pending: 4,
      closedGaps: 4,
      tornGaps: 5,
      requests: 6,
      retries: 7,
      timeouts: 8,
      shortAnswers: 9,
      requestsNotSent: 10,
      answers: 11,
      ranges: [[TWO_53 + 1n, TWO_53 + 2n]],
      unlisted: 12,
    });
    expect(repairSince(now, repair()).recovery).toBe(now.recovery);
  });
});

function judged(...streams: Stream[]): LimitResult[] {
  const limits = judgeLimits(resultOf(...streams), [], { allowSilence: true });
  return limits.filter(({ expression }) => expression.startsWith('messages_lost'));
}

function senderOf(recovered: SenderRecovery | null): Sender {
  return senderResult({}, { recovery: recovered }).sender!;
}

/** Limits that a sender exceeds by itself. */
function judgedSender(change: Partial<SenderRecovery>): LimitResult[] {
  return judgeLimits(senderResult({}, { recovery: answered(change) }), []).filter(({ ok }) => ok === false);
}

describe('the limit on what stays missing', () => {
  it('holds where everything has come, and is exceeded by one message', () => {
    expect(judged(feed({}, 0))).toMatchObject([{ expression: 'messages_lost == 0', value: 0, margin: 0, ok: true }]);
    const [exceeded] = judged(feed({}, 1));
    expect(exceeded).toMatchObject({ value: 1, margin: -1, limit: 0, ok: false });
    expect(exceeded!.reason).toContain('recovery.unrecovered');
  });

  it('is not there where nothing was to be asked for', () => {
    expect(judged(feed(null))).toEqual([]);
  });
});

describe('the text of a receiver', () => {
  it('says what was missing and what became of it', () => {
    const text = renderStream(feed({}));
    expect(text).toContain('100 messages missing, 21 came late, 70 recovered by 41 requests');
    expect(text).toContain('7 requests without an answer');
    expect(text).toContain('3.00ms');
    expect(text).toContain('9007199254740983..9007199254740985');
    expect(text).toContain('9007199254740989, ...');
  });

  it('says less where there is less', () => {
    expect(renderStream(feed({ missed: 0 }))).toContain('nothing was missing');
    const all = renderStream(feed({ unrecovered: 0, timeouts: 0, recoveryNs: recorded() }));
    for (const word of ['given up', 'without an answer', 'took']) expect(all).not.toContain(word);
    expect(renderStream(feed(null))).not.toContain('recovery');
    const many = Array.from({ length: 9 }, (_, i) => [BigInt(10 * i), BigInt(10 * i)] as const);
    const text = renderStream(feed({ ranges: many, unlisted: 0 }));
    expect(text).toContain('70, ...');
    expect(text).not.toContain('70, 80');
    expect(renderStream(feed({ ranges: many.slice(0, 8), unlisted: 0 }))).not.toContain('...');
  });
});

describe('what a sender answered', () => {
  it('is in the text', () => {
    const text = renderText(senderResult({}, { recovery: answered() }));
    expect(text).toContain('20 requests by 8 hosts, 12 answered: 300 messages in\n');
    const faults = [
      '1 refused',
      '40 messages not kept',
      '3 for what was not',
      '6 for another',
      '5 malformed',
      '7 answers',
    ];
    for (const fault of faults) expect(text.replaceAll(/\s+/g, ' ')).toContain(fault);
    const none = { refused: 0, unavailable: 0, out_of_range: 0, foreign: 0, malformed: 0, not_sent: 0 };
    expect(renderText(senderResult({}, { recovery: answered(none) }))).not.toContain('malformed');
    expect(renderText(senderResult())).not.toContain('recovery');
  });

  it('exceeds a limit where messages could not be kept', () => {
    expect(judgedSender({})).toEqual([]);
    const [exceeded] = judgedSender({ not_kept: 7 });
    expect(exceeded).toMatchObject({ expression: 'sender.recovery.not_kept == 0', value: 7, margin: -7, stream: null });
    expect(renderText(senderResult({}, { recovery: answered({ not_kept: 7 }) }))).toContain('7 messages never kept');
  });

  it('is added over the threads of a run', () => {
    const both = mergeSenders([senderOf(answered()), senderOf(answered({ clients: 1 }))], 256)!.recovery!;
    expect(both).toMatchObject({ requests: 40, answered: 24, messages: 600, clients: 9 });
    expect(mergeSenders([senderOf(null), senderOf(answered())], 256)!.recovery).toEqual(answered());
    expect(mergeSenders([senderOf(null), senderOf(null)], 256)!.recovery).toBeNull();
  });

  it('is missing in what an older version wrote', async () => {
    for (const result of [senderResult(), resultOf(feed({}))]) {
      const older = structuredClone(result);
      delete (older.sender as { recovery?: unknown } | null)?.recovery;
      for (const stream of older.streams) delete (stream as { recovery?: unknown }).recovery;
      const [read] = await readResults(JSON.stringify(older), 'f');
      if (read!.sender !== null) expect(read!.sender.recovery).toBeNull();
      for (const stream of read!.streams) expect(stream.recovery).toBeNull();
    }
    const older = structuredClone(senderResult({}, { recovery: answered() }));
    delete (older.sender!.recovery as { not_kept?: number }).not_kept;
    const [read] = await readResults(JSON.stringify(older), 'f');
    expect(read!.sender!.recovery!.not_kept).toBe(0);
  });
});
