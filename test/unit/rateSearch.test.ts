import { describe, expect, it } from 'vitest';
import { BinaryRateSearch } from '../../src/control/binaryRateSearch.js';
import { ContinuousRateSearch } from '../../src/control/continuousRateSearch.js';
import { HeldRate } from '../../src/control/heldRate.js';
import { RateBracket } from '../../src/control/rateBracket.js';
import { judgeStep, type JudgementLimits, type StepObservation } from '../../src/control/rateJudgement.js';
import { chanceSlack, noSlack, type RateSearch, type RateStep } from '../../src/control/rateSearch.js';
import { RateTable, rowsIn } from '../../src/control/rateTable.js';

type Receiver = StepObservation['receivers'][number];

function got(receiver: string, received: number, more: Partial<Receiver> = {}): Receiver {
  return {
    receiver,
    received,
    lostSocketBuffer: 0,
    lostApplication: 0,
    delayRiseNs: 0,
    readDelayNs: 0,
    ...more,
  };
}

function observed(receivers: readonly Receiver[], more: Partial<StepObservation> = {}): StepObservation {
  return { step: 0, sent: 1000, notSent: 0, senderDelayRiseNs: null, receivers, ...more };
}

describe('the table of rates', () => {
  it('goes up by 0.96 %, with powers of ten and both ends among the rows', () => {
    const table = new RateTable(500_000, 1e9);
    const rates = Array.from({ length: table.length }, (_, row) => table.rate(row));
    expect([rates[0], rates.at(-1)]).toEqual([500_000, 1e9]);
    for (const power of [1e6, 1e7, 1e8]) expect(rates).toContain(power);
    for (let i = 1; i < rates.length; i++) {
      expect(rates[i]! / rates[i - 1]!).toBeGreaterThan(1);
      expect(rates[i]! / rates[i - 1]!).toBeLessThan(1.0105);
    }
    expect(rates.length).toBe(794);
  });

  it('finds the row of a rate', () => {
    const table = new RateTable(1e6, 1.5e6);
    expect(table.rowAtMost(999_999)).toBe(-1);
    expect(table.rowAtMost(1e6)).toBe(0);
    expect(table.rate(table.rowAtMost(1_234_567))).toBeLessThanOrEqual(1_234_567);
    expect(table.rate(table.rowAtMost(1_234_567) + 1)).toBeGreaterThan(1_234_567);
    expect(table.rowAtMost(Infinity)).toBe(table.length - 1);
    expect(table.rowAtMost(NaN)).toBe(-1);
  });

  it('may have a single row', () => {
    expect(new RateTable(777, 777).length).toBe(1);
  });

  it('knows how many rows a share is', () => {
    expect([rowsIn(0), rowsIn(0.01), rowsIn(0.02), rowsIn(9)]).toEqual([1, 1, 2, 240]);
  });
});

describe('the bracket', () => {
  it('takes an overload for one trial against all rows above what it let through, unless one of them holds', () => {
    const table = new RateTable(1e6, 1e9);
    const options = { startRow: 700, rampRows: 144, resolutionRows: 2, confirmations: 2, refutations: 2 };
    const limit = table.rowAtMost(1e8);
    const tried = (holdsAbove: number): number[] => {
      const bracket = new RateBracket(table, options);
      bracket.overloaded(limit + 5, 0.9995e8);
      const rows: number[] = [];
      for (let next = bracket.next(); next !== null; next = bracket.next()) {
        rows.push(next.row - limit);
        bracket.vote({ ...next, isFull: true }, next.row <= limit + holdsAbove, table.rate(limit + holdsAbove));
      }
      expect(bracket.isConfirmed).toBe(true);
      return rows;
    };
    // A round number that was measured as a little less is the row that is tried.
    expect(tried(0)).toEqual([0, 2, 0]);
    const livelock = tried(3);
    expect(livelock.filter((row) => row === 3)).toHaveLength(2);
    expect(livelock.filter((row) => row === 5)).toHaveLength(1);
  });

  it('does not creep down where as large a share is lost at every rate', () => {
    const table = new RateTable(1e6, 1e9);
    const options = { startRow: 700, rampRows: 144, resolutionRows: 1, confirmations: 2, refutations: 2 };
    const bracket = new RateBracket(table, options);
    let trials = 0;
    for (let next = bracket.next(); next !== null; next = bracket.next()) {
      bracket.vote(next, false, 0.99 * table.rate(next.row));
      trials++;
    }
    expect([bracket.holding, bracket.failing, bracket.isConfirmed]).toEqual([-1, 0, true]);
    expect(trials).toBeLessThan(10);
  });
});

describe('the judgement of a step', () => {
  const limits: JudgementLimits = {
    receivers: ['a', 'b', 'c'],
    quorum: 3,
    maxLossShare: 0.01,
    lossSlack: noSlack,
    maxDelayRiseNs: 5e6,
  };

  it('is passed when the quorum got it', () => {
    const heard = observed([got('a', 1000), got('b', 990), got('c', 989)]);
    expect(judgeStep(heard, 1e9, limits)).toMatchObject({
      passed: false,
      obstacle: 'network',
      decisive: { receiver: 'c', lossShare: 0.011 },
      failed: [{ receiver: 'c' }],
    });
    const two = judgeStep(heard, 1e9, { ...limits, quorum: 2 });
    expect(two).toMatchObject({ passed: true, obstacle: null, decisive: { receiver: 'b' } });
    expect(two.failed).toMatchObject([{ receiver: 'c', obstacle: 'network' }]);
    // One more may be lost by chance.
    expect(judgeStep(heard, 1e9, { ...limits, lossSlack: () => 1 }).passed).toBe(true);
  });

  it.each([
    ['network', { lostSocketBuffer: 10, lostApplication: 10 }],
    ['socket_buffer', { lostSocketBuffer: 20, lostApplication: 10 }],
    ['application', { lostSocketBuffer: 10, lostApplication: 20 }],
  ])('names what most of the loss was: %s', (obstacle, lost) => {
    const heard = observed([got('a', 960, lost), got('b', 1000), got('c', 1000)]);
    expect(judgeStep(heard, 1e9, limits).obstacle).toBe(obstacle);
  });

  it('is not passed when a queue grew, or a program fell behind', () => {
    const a = { delayRiseNs: 6e6 };
    const others = [got('b', 1000), got('c', 1000)];
    const grown = judgeStep(observed([got('a', 1000, a), ...others]), 1e9, limits);
    expect(grown).toMatchObject({ obstacle: 'queue', decisive: { receiver: 'a', delayRiseNs: 6e6 } });
    expect(grown.decisive.deliveredShare).toBeCloseTo(1 / 1.006, 9);
    const own = observed([got('a', 1000, a), ...others], { senderDelayRiseNs: 4e6 });
    expect(judgeStep(own, 1e9, limits).obstacle).toBe('sender');
    const read = observed([got('a', 1000, { readDelayNs: 6e6, delayRiseNs: 1e6 }), ...others]);
    expect(judgeStep(read, 1e9, limits).obstacle).toBe('socket_buffer');
    const unknown = observed([got('a', 1000, { delayRiseNs: null, readDelayNs: null }), ...others]);
    expect(judgeStep(unknown, 1e9, limits).passed).toBe(true);
  });

  it('blames the sender for what did not leave, unless the receivers lost more of what did', () => {
    const all = [got('a', 900), got('b', 900), got('c', 900)];
    const sender = judgeStep(observed(all, { sent: 900, notSent: 100 }), 1e9, limits);
    expect(sender).toMatchObject({ passed: false, obstacle: 'sender', notSentShare: 0.1, failed: [] });
    expect(sender.decisive.deliveredShare).toBeCloseTo(0.9, 9);
    const both = observed(
      all.map((one) => ({ ...one, received: 450 })),
      { sent: 900, notSent: 100 },
    );
    expect(judgeStep(both, 1e9, limits).obstacle).toBe('network');
    // A rate that is sent but for one of two thousand is that rate.
    const most = ['a', 'b', 'c'].map((receiver) => got(receiver, 9000));
    const passes = (notSent: number): boolean =>
      judgeStep(observed(most, { sent: 9000, notSent }), 1e9, { ...limits, maxLossShare: 0 }).passed;
    expect([passes(4), passes(5)]).toEqual([true, false]);
  });

  it('counts who does not answer as without anything, and passes over who was not asked', () => {
    const heard = observed([got('a', 1000), got('c', 1000), got('x', 0)]);
    expect(judgeStep(heard, 1e9, limits)).toMatchObject({ obstacle: 'silent', failed: [{ receiver: 'b' }] });
    expect(judgeStep(heard, 1e9, { ...limits, quorum: 2 }).passed).toBe(true);
  });

  it('takes no more than was sent, and nothing for a number', () => {
    const lies = [got('a', 5000), got('b', NaN), got('c', -5)];
    expect(judgeStep(observed(lies), 1e9, { ...limits, quorum: 1 }).decisive).toMatchObject({
      receiver: 'a',
      lossShare: 0,
    });
    expect(judgeStep(observed(lies), 1e9, limits).failed.map(({ lossShare }) => lossShare)).toEqual([1, 1]);
    const wild = got('a', 1000, { delayRiseNs: NaN, readDelayNs: -1, lostSocketBuffer: NaN });
    expect(judgeStep(observed([wild]), 1e9, { ...limits, receivers: ['a'], quorum: 1 }).passed).toBe(true);
  });

  it('is passed when nothing was due', () => {
    const none = observed([got('a', 0), got('b', 0), got('c', 0)], { sent: 0 });
    expect(judgeStep(none, 1e9, limits).passed).toBe(true);
  });
});

describe('steps at one rate, taken as one', () => {
  it('add up, and delay counts by what it rose', () => {
    const held = new HeldRate();
    const first = got('a', 90, { delayRiseNs: 5e6, lostSocketBuffer: 2, readDelayNs: 7 });
    held.add(observed([first], { sent: 100, notSent: 1, senderDelayRiseNs: 1e6 }), 5e7);
    held.add(observed([got('a', 150, { delayRiseNs: null })], { sent: 100 }), 5e7);
    const last = got('a', 95, { delayRiseNs: 8e6, lostApplication: 3, readDelayNs: 9 });
    held.add(observed([last], { sent: 100, senderDelayRiseNs: 4e6 }), 5e7);
    expect(held.durationNs).toBe(15e7);
    expect(held.observation(7)).toEqual({
      step: 7,
      sent: 300,
      notSent: 1,
      senderDelayRiseNs: 3e6,
      receivers: [
        { receiver: 'a', received: 285, lostSocketBuffer: 2, lostApplication: 3, delayRiseNs: 3e6, readDelayNs: 9 },
      ],
    });
  });

  it('judge a receiver by the steps that it answered, at least half of them', () => {
    const held = new HeldRate();
    for (let i = 0; i < 4; i++) {
      held.add(
        observed([got('a', 80), ...(i < 2 ? [got('b', 90)] : []), ...(i < 1 ? [got('c', 90)] : [])], { sent: 100 }),
        1,
      );
    }
    expect(held.observation(0).receivers.map(({ receiver, received }) => [receiver, received])).toEqual([
      ['a', 320],
      ['b', 360],
    ]);
  });
});

const OPTIONS = {
  lowestBitPerSecond: 1e6,
  highestBitPerSecond: 1e8,
  receivers: ['a'],
  maxLossShare: 0,
  limitNs: 60e9,
};

/** Everything up to `limit` arrives, and nothing waits. */
function answer(step: RateStep, limit: number): StepObservation {
  const share = Math.min(1, limit / step.rateBitPerSecond);
  return observed([got('a', Math.floor(10_000 * share))], { step: step.index, sent: 10_000 });
}

describe('a search', () => {
  it.each([
    ['no receivers', { receivers: [] }],
    ['a quorum of none', { quorum: 0 }],
    ['a quorum of more than all', { quorum: 2 }],
    ['rates that are none', { lowestBitPerSecond: 0 }],
    ['rates the wrong way round', { highestBitPerSecond: 1e5 }],
    ['all lost', { maxLossShare: 1 }],
  ])('refuses %s', (_what, wrong) => {
    expect(() => new BinaryRateSearch({ ...OPTIONS, ...wrong })).toThrow('bit/s');
    expect(() => new ContinuousRateSearch({ ...OPTIONS, ...wrong })).toThrow('bit/s');
  });

  it('allows for chance where loss is allowed', () => {
    expect(chanceSlack(0)(1e6)).toBe(0);
    expect(chanceSlack(0.01)(10_000)).toBe(20);
  });

  it('by trials: repeats a step until it is reported, and goes up fourfold until one fails', () => {
    const search = new BinaryRateSearch(OPTIONS);
    const first = search.next() as RateStep;
    expect(first).toMatchObject({
      kind: 'step',
      index: 0,
      durationNs: 1e9,
      waitNs: 0,
      settleNs: 5e8,
      purpose: 'search',
    });
    expect(search.next()).toBe(first);
    search.report({ ...answer(first, 1e9), step: 9 });
    expect(search.next()).toBe(first);
    search.report(answer(first, 1e9));
    const second = search.next() as RateStep;
    expect(second.rateBitPerSecond / first.rateBitPerSecond).toBeCloseTo(4, 1);
    // Late, or told twice.
    search.report(answer(first, 0));
    expect(search.next()).toBe(second);
    search.report(answer(second, 3e6));
    expect((search.next() as RateStep).rateBitPerSecond).toBeLessThanOrEqual(3e6);
    expect((search.next() as RateStep).rateBitPerSecond).toBeGreaterThan(2.9e6);
  });

  it('by trials: waits for the queue that a trial left', () => {
    const search = new BinaryRateSearch(OPTIONS);
    const first = search.next() as RateStep;
    search.report(observed([got('a', 1000, { delayRiseNs: 2e9 })], { step: first.index }));
    expect(search.next()).toMatchObject({ waitNs: 1.5e9 });
    search.report(observed([got('a', 1000, { delayRiseNs: 1e12 })], { step: 1 }));
    expect(search.next()).toMatchObject({ waitNs: 5e9 });
    search.report(observed([got('a', 1000, { delayRiseNs: NaN })], { step: 2 }));
    expect(search.next()).toMatchObject({ waitNs: 0 });
  });

  it.each([
    ['by trials', new BinaryRateSearch(OPTIONS)],
    ['continuous', new ContinuousRateSearch(OPTIONS)],
  ])('%s: a step that tells nothing takes its time and is tried again', (_, search) => {
    const rates = new Set<number>();
    let steps = 0;
    let next = search.next();
    for (; next.kind === 'step'; next = search.next()) {
      steps++;
      rates.add(next.rateBitPerSecond);
      search.disregard(next.index);
      search.disregard(next.index);
    }
    expect(next).toMatchObject({ stop: 'time', rateBitPerSecond: 0, trials: [] });
    expect([steps > 5, rates.size]).toEqual([true, 1]);
    expect(next.elapsedNs).toBeGreaterThan(OPTIONS.limitNs - 3e9);
    expect(next.elapsedNs).toBeLessThanOrEqual(OPTIONS.limitNs);
  });

  it('of which no rate held when the time was up tells what was delivered', () => {
    const search = new BinaryRateSearch({ ...OPTIONS, limitNs: 4e9 });
    let next = search.next();
    // A row less each time, which is still too much.
    for (let limit = 1.5e6; next.kind === 'step'; next = search.next()) {
      limit = Math.min(limit, next.rateBitPerSecond) * 0.98;
      search.report(answer(next, limit));
    }
    expect(next).toMatchObject({ stop: 'time', isConfirmed: false });
    expect(next.rateBitPerSecond).toBeGreaterThan(1.2e6);
    expect(next.rateBitPerSecond).toBeLessThan(next.failingBitPerSecond!);
  });

  it('continuous: stays near the limit when a rate that held fails', () => {
    const search = new ContinuousRateSearch({ ...OPTIONS, startBitPerSecond: 3e7 });
    const tried = new Set<number>();
    let limit = 2e7;
    for (let next = search.next(); next.kind === 'step' && tried.size < 4; next = search.next()) {
      if (next.purpose === 'hold') tried.add(next.rateBitPerSecond);
      // After a while it is 5 % less.
      if (tried.size === 2) limit = 1.9e7;
      search.report(answer(next, limit));
    }
    expect(Math.min(...tried)).toBeGreaterThan(1.7e7);
  });

  it('by trials: decides with full ones', () => {
    const search = new BinaryRateSearch(OPTIONS);
    const steps: RateStep[] = [];
    let next = search.next();
    for (; next.kind === 'step'; next = search.next()) {
      steps.push(next);
      // Short trials let 5 % more pass.
      search.report(answer(next, next.purpose === 'confirm' ? 2e7 : 2.1e7));
    }
    expect(next).toMatchObject({ stop: 'resolution', isConfirmed: true });
    expect(next.rateBitPerSecond).toBeLessThanOrEqual(2e7);
    expect(next.rateBitPerSecond).toBeGreaterThan(1.97e7);
    expect(
      steps.filter(({ rateBitPerSecond: rate, purpose }) => rate === next.rateBitPerSecond && purpose === 'confirm')
        .length,
    ).toBe(2);
    expect(next.elapsedNs).toBe(steps.reduce((sum, step) => sum + step.waitNs + step.durationNs + step.settleNs, 0));
    expect(search.next()).toBe(next);
  });

  it('continuous: goes up by ten rows with each report, by one back, and by thirty once there are three', () => {
    const search = new ContinuousRateSearch(OPTIONS);
    const rate = (): number => (search.next() as RateStep).rateBitPerSecond;
    const report = (step: number, received: number, delayRiseNs = 0): void => {
      search.report(observed([got('a', received, { delayRiseNs })], { step }));
    };
    expect(rate()).toBe(1e6);
    expect(rate()).toBe(1e6);
    report(0, 1000);
    const up = rate();
    expect(up / 1e6).toBeCloseTo(1.1007, 3);
    // Between the thresholds nothing changes; nor by what was reported already.
    report(1, 1000, 31e6);
    report(1, 1000);
    expect(rate()).toBe(up);
    for (let step = 2; step < 20; step++) {
      report(step, 1000, 29e6);
      rate();
    }
    const top = rate();
    report(20, 900);
    const back = rate();
    expect(top / back).toBeCloseTo(1.0096, 2);
    report(21, 1000, 91e6);
    expect(back / rate()).toBeCloseTo(1.0096, 2);
    report(22, 900);
    // For a second five rows more than got through, and then it drains while the report of that is under way.
    const overload = search.next() as RateStep;
    expect(overload).toMatchObject({ purpose: 'overload', durationNs: 1e9 });
    expect(overload.rateBitPerSecond).toBeLessThanOrEqual(top);
    report(23, 900);
    const drain = search.next() as RateStep;
    expect(drain.purpose).toBe('drain');
    expect(drain.rateBitPerSecond).toBeLessThan(top / 1.3);
    // The report of the overload says nothing of whether the queue is drained, but what is held then.
    report(overload.index, 900);
    expect(search.next()).toMatchObject({ purpose: 'drain' });
    report(drain.index, 1000);
    const hold = search.next() as RateStep;
    expect(hold.purpose).toBe('hold');
    const share = hold.rateBitPerSecond / (0.9 * overload.rateBitPerSecond);
    expect(share).toBeGreaterThan(0.99);
    expect(share).toBeLessThan(1.0013);
  });

  it('continuous: does not hold a rate at which delay was up already, and stayed', () => {
    const search = new ContinuousRateSearch({ ...OPTIONS, startBitPerSecond: 1e8 });
    const holds: RateStep[] = [];
    for (let next = search.next(); next.kind === 'step' && holds.length < 4; next = search.next()) {
      if (next.purpose === 'hold') holds.push(next);
      // A queue that any rate but that of draining fills within one interval, and that then is full.
      const delayRiseNs = next.purpose === 'drain' ? 0 : 100e6;
      search.report(observed([got('a', 1000, { delayRiseNs })], { step: next.index }));
    }
    // Three intervals are enough to say so, and then it drains and another rate is tried.
    expect(holds.map(({ index }) => index - holds[0]!.index)).toEqual([0, 1, 2, 4]);
    expect(holds[3]!.rateBitPerSecond).toBeLessThan(holds[2]!.rateBitPerSecond);
  });

  it('continuous: ends when nothing is reported', () => {
    const search: RateSearch = new ContinuousRateSearch(OPTIONS);
    let steps = 0;
    for (let next = search.next(); next.kind === 'step'; next = search.next()) steps++;
    expect(steps).toBe(22);
    expect(search.next()).toMatchObject({ stop: 'no_reports', rateBitPerSecond: 0, obstacle: null, trials: [] });
  });
});
