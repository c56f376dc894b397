/** A run made of runs: what its parts tell as one, and their ends. */
import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { parseMaxEach } from '../../src/result/eachLimits.js';
import { parseMax } from '../../src/result/limits.js';
import type { RunResult } from '../../src/result/model.js';
import type { SendPlan } from '../../src/profile/plan.js';
import type { Judge, ReadyInfo, RunMessage } from '../../src/runtime/messages.js';
import { withResolvers } from '../../src/runtime/resolvers.js';
import type { Run, RunListener } from '../../src/runtime/run.js';
import { startTogether } from '../../src/runtime/threadedSender.js';
import { senderRow } from './liveFixture.js';
import { senderResult, senderStream } from './resultFixture.js';

const INFO = { runId: '89abcdef', lines: ['to 239.1.1.1'] } as unknown as ReadyInfo;

/** A part that does what the test says, and keeps what it was asked. */
class Part {
  readonly asked: string[] = [];
  readonly ready = withResolvers<ReadyInfo>();
  readonly finished = withResolvers<RunResult>();
  readonly exited = withResolvers<void>();
  readonly run: Run;
  readonly tell: RunListener;

  constructor(tell: RunListener) {
    this.tell = tell;
    const ask = (what: string) => (): void => void this.asked.push(what);
    this.run = {
      ready: this.ready.promise,
      finished: this.finished.promise,
      exited: this.exited.promise,
      stop: ask('stop'),
      endWhenSilent: ask('silence'),
      snapshot: ask('snapshot'),
      outline: ask('outline'),
      reopen: ask('reopen'),
      abandon: async () => void this.asked.push('abandon'),
    };
  }

  end(sent: number): void {
    const result = resultOf(sent);
    this.tell({ type: 'result', result });
    this.finished.resolve(result);
    this.exited.resolve();
  }

  fail(error: unknown): void {
    this.ready.reject(error);
    this.finished.reject(error);
  }
}

function resultOf(sent: number, text = 'late'): RunResult {
  const result = senderResult({}, { streams: [senderStream({ sent, scheduled: sent })] });
  return { ...result, health: { ...result.health, reasons: [{ code: 'stall', severity: 'degraded', text }] } };
}

function interval(second: number, sent: number): RunMessage {
  return {
    type: 'interval',
    time: `2026-03-01T12:00:0${second}.000000000Z`,
    startNs: (second - 1) * 1e9,
    endNs: second * 1e9,
    rows: [],
    others: null,
    senderRows: [senderRow(1, { sent })],
    receivers: [],
    transportRows: [],
  };
}

function start(judge: Partial<Judge> = {}, threads = 2) {
  const told: RunMessage[] = [];
  const gone: number[] = [];
  const parts: Part[] = [];
  const run = startTogether({
    plan: { threads, intervalNs: 1e9, streams: [] } as unknown as SendPlan,
    judge: { limits: [], eachLimits: [], allowSilence: true, ...judge },
    listener: (message) => void told.push(message),
    start: (index, listener) => {
      parts[index] = new Part(listener);
      return parts[index].run;
    },
    onGone: (index) => void gone.push(index),
  });
  const ofType = <Type extends RunMessage['type']>(type: Type) =>
    told.filter((message): message is Extract<RunMessage, { type: Type }> => message.type === type);
  return { run, parts: parts as [Part, Part], told, gone, ofType };
}

describe('a run of several threads', () => {
  it('is ready when all are, and says what the first one says', async () => {
    const { run, parts, ofType } = start();
    parts[0].tell({ type: 'ready', info: INFO });
    parts[0].ready.resolve(INFO);
    await Promise.resolve();
    expect(ofType('ready')).toEqual([]);
    parts[1].ready.resolve({ ...INFO, lines: ['other'] });
    expect(await run.ready).toBe(INFO);
    expect(ofType('ready')).toEqual([{ type: 'ready', info: INFO }]);
  });

  it('ends with one result of all, which says whose trouble is whose', async () => {
    const { run, parts, ofType } = start({ limits: [parseMax('sender.sent=10')] });
    parts[1].end(5);
    expect(ofType('result')).toEqual([]);
    parts[0].end(7);
    const result = await run.finished;
    expect(ofType('result')).toEqual([{ type: 'result', result }]);
    expect(result.sender).toMatchObject({ sent: 12, streams_total: 1 });
    expect(result.limits).toEqual([expect.objectContaining({ expression: 'sender.sent <= 10', value: 12, ok: false })]);
    expect(result.health.reasons.map(({ text }) => text)).toEqual(['late']);
    await run.exited;
    const apart = start();
    apart.parts[0].tell({ type: 'result', result: resultOf(1, 'late by 1') });
    apart.parts[1].tell({ type: 'result', result: resultOf(1, 'late by 2') });
    expect((await apart.run.finished).health.reasons.map(({ text }) => text)).toEqual([
      'thread 1: late by 1',
      'thread 2: late by 2',
    ]);
  });

  it('is judged in every interval as a whole', async () => {
    const { run, parts, ofType } = start({ eachLimits: [parseMaxEach('sender.sent=8')] });
    for (const second of [1, 2]) for (const part of parts) part.tell(interval(second, second * 4));
    expect(ofType('interval').map(({ senderRows }) => senderRows.map(({ sent }) => sent))).toEqual([[8], [16]]);
    const [limit] = ofType('event');
    expect(limit!.event).toMatchObject({
      event: 'limit',
      time: '2026-03-01T12:00:02.000000000Z',
      at_ns: 2e9,
      detail: { expression: 'each sender.sent <= 8', value: 16, limit: 8 },
    });
    parts[0].end(1);
    parts[1].end(1);
    const result = await run.finished;
    expect(result.events).toEqual([limit!.event]);
    expect(result.event_counts).toEqual({ limit: 1 });
    expect(result.limits).toEqual([expect.objectContaining({ value: 16, ok: false })]);
  });

  it('has one result so far when all have told theirs, or have ended', () => {
    const { run, parts, ofType } = start();
    run.snapshot();
    run.outline([]);
    expect(parts.map(({ asked }) => asked)).toEqual([['snapshot'], ['snapshot']]);
    parts[1].tell({ type: 'partial', result: resultOf(2) });
    expect(ofType('partial')).toEqual([]);
    parts[0].tell({ type: 'partial', result: resultOf(3) });
    expect(ofType('partial').map(({ result }) => result.sender!.sent)).toEqual([5]);
    // What was asked for meanwhile is asked for now.
    expect(parts.map(({ asked }) => asked.length)).toEqual([2, 2]);
    parts[1].end(4);
    parts[0].tell({ type: 'partial', result: resultOf(6) });
    expect(ofType('partial').map(({ result }) => result.sender!.sent)).toEqual([5, 10]);
    run.snapshot();
    expect(parts.map(({ asked }) => asked.length)).toEqual([3, 2]);
  });

  it('passes on what is asked of all', async () => {
    const { run, parts } = start();
    run.stop();
    run.reopen();
    await run.abandon();
    expect(parts.map(({ asked }) => asked)).toEqual([
      ['stop', 'reopen', 'abandon'],
      ['stop', 'reopen', 'abandon'],
    ]);
  });

  it('ends with the error of one, when all are gone', async () => {
    const { run, parts, gone } = start();
    const error = new McastError('ERR_USAGE', 'this cannot go on');
    let failed: unknown = null;
    run.finished.catch((reason: unknown) => (failed = reason));
    parts[1].fail(error);
    parts[1].exited.resolve();
    await new Promise(setImmediate);
    expect(parts[0].asked).toEqual(['stop']);
    // The others are told not to wait for it.
    expect([gone, failed]).toEqual([[1], null]);
    parts[0].end(3);
    await expect(run.finished).rejects.toBe(error);
    await expect(run.ready).rejects.toBe(error);
    expect(gone).toEqual([1, 0]);
  });

  it('ends with what its listener throws', async () => {
    const { run, parts } = start();
    const error = new McastError('ERR_FILE', 'no room');
    const thrown = startTogether({
      plan: { threads: 1, intervalNs: 1e9, streams: [] } as unknown as SendPlan,
      judge: { limits: [], eachLimits: [], allowSilence: true },
      listener: () => {
        throw error;
      },
      start: () => parts[0].run,
      onGone: () => {},
    });
    parts[0].ready.resolve(INFO);
    parts[0].exited.resolve();
    await expect(thrown.finished).rejects.toBe(error);
    expect(parts[0].asked).toEqual(['stop']);
    void run;
  });
});
