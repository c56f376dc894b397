import { describe, expect, test } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { impairLongestNs, impairProblems, impairSpreadNs, NO_IMPAIRMENT, parseImpair } from '../../src/impair/spec.js';

function refusal(text: string): McastError {
  try {
    parseImpair(text);
  } catch (error) {
    if (error instanceof McastError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('reading', () => {
  test('every key, in any order', () => {
    expect(
      parseImpair(
        'seed=7,loss=1%,dup=0.1%,reorder=0.5%,delay=2ms,jitter=1ms,corrupt=0.002,ge=1%,30%,list=7,3-5,rate=10M,queue=64k,beyond-window=no',
      ),
    ).toEqual({
      loss: 0.01,
      gilbertElliott: { p: 0.01, r: 0.3, lossGood: 0, lossBad: 1 },
      lossList: [
        [3, 5],
        [7, 7],
      ],
      duplicate: 0.001,
      reorder: 0.005,
      corrupt: 0.002,
      delayNs: 2e6,
      jitterNs: 1e6,
      rateBitPerSecond: 10e6,
      queueOctets: 64_000,
      seed: 7,
      beyondWindow: false,
    });
  });

  test('what is not named does not happen', () => {
    expect(parseImpair('loss=2%')).toEqual({ ...NO_IMPAIRMENT, loss: 0.02 });
  });

  test('both loss ratios of Gilbert-Elliott', () => {
    expect(parseImpair('ge=0.1,0.2,1%,50%').gilbertElliott).toEqual({ p: 0.1, r: 0.2, lossGood: 0.01, lossBad: 0.5 });
    expect(parseImpair('ge=0.1,0.2,1%').gilbertElliott).toEqual({ p: 0.1, r: 0.2, lossGood: 0.01, lossBad: 1 });
  });

  test('lists are sorted, what touches or overlaps is one range', () => {
    expect(parseImpair('list=9,1-3,2-5,6,20').lossList).toEqual([
      [1, 6],
      [9, 9],
      [20, 20],
    ]);
  });

  test('a rate has a queue of 100 ms when none is given, of two frames at least', () => {
    expect(parseImpair('rate=8M').queueOctets).toBe(100_000);
    expect(parseImpair('rate=10k').queueOctets).toBe(3_000);
  });

  test('a delay beyond the window is taken when told', () => {
    expect(parseImpair('delay=2s,beyond-window=yes')).toMatchObject({ delayNs: 2e9, beyondWindow: true });
  });
});

describe('refusals', () => {
  test('name all problems at once, in one line, and say how it is written', () => {
    const error = refusal('lost=1%,loss=200%,delay=fast,ge=1%,list=5-3,queue=5');
    expect(error.code).toBe('ERR_USAGE');
    expect(error.message).not.toContain('\n');
    for (const part of [
      '"lost" is not known',
      'loss: "200%"',
      'delay: "fast"',
      'ge: "1%"',
      '"5-3"',
      'queue needs rate',
    ]) {
      expect(error.message).toContain(part);
    }
    expect(error.hint).toContain('loss=1%,');
  });

  test.each([
    ['', '"" has no name'],
    ['5%,loss=1%', '"5%" has no name'],
    ['loss=1%,loss=2%', 'loss is given twice'],
    ['ge=1,1,1,1,1', 'is not p,r'],
    ['list=', 'is not an ordinal'],
    ['list=x', 'is not an ordinal'],
    ['beyond-window=maybe', 'neither yes nor no'],
    ['delay=700ms,jitter=300ms', "beyond the receiver's reorder window of 1s"],
    ['delay=960ms,reorder=1%', '50ms of it for reorder'],
  ])('%s', (text, message) => {
    expect(refusal(text).message).toContain(message);
  });

  test('just within the window', () => {
    expect(impairProblems(parseImpair('delay=700ms,jitter=299ms'))).toEqual([]);
    expect(impairProblems(parseImpair('delay=949ms,reorder=1%'))).toEqual([]);
  });
});

describe('figures of a specification', () => {
  test('the spread is what can reorder, the longest way is everything', () => {
    const spec = parseImpair('delay=5ms,jitter=2ms,rate=8M,queue=10000');
    expect(impairSpreadNs(spec)).toBe(4e6);
    expect(impairLongestNs(spec)).toBe(17e6);
    expect(impairSpreadNs(parseImpair('delay=5ms,jitter=8ms'))).toBe(13e6);
    expect(impairSpreadNs(parseImpair('delay=5ms,reorder=1%'))).toBe(50e6);
    expect(impairLongestNs(parseImpair('reorder=1%'))).toBe(50e6);
  });

  test('a spread of 65,536 numbers is beyond the window too, at a known rate', () => {
    const spec = parseImpair('jitter=100ms');
    expect(impairProblems(spec, 655_359)).toEqual([]);
    expect(impairProblems(spec, 655_360)).toHaveLength(1);
    expect(impairProblems(spec, Infinity)).toEqual([]);
    expect(impairProblems(spec, 10_239, 257)).toEqual([]);
    expect(impairProblems(spec, 10_240, 257)).toHaveLength(1);
    expect(impairProblems(spec, 10_240, 256)).toEqual([]);
    expect(impairProblems({ ...spec, beyondWindow: true }, 1e9)).toEqual([]);
  });

  test('numbers from a program are checked as well', () => {
    expect(
      impairProblems({ ...NO_IMPAIRMENT, loss: 1.1, corrupt: NaN, delayNs: -1, rateBitPerSecond: 0 }),
    ).toHaveLength(4);
    expect(impairProblems({ ...NO_IMPAIRMENT, gilbertElliott: { p: 2, r: 0, lossGood: 0, lossBad: 1 } })).toHaveLength(
      1,
    );
  });
});
