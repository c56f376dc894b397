import { describe, expect, it } from 'vitest';
import { Congestion } from '../../src/control/congestion.js';
import type { Judgement, RateObstacle } from '../../src/control/rateJudgement.js';

const INTERVAL_NS = 50e6;

interface Interval {
  readonly lossShare?: number;
  readonly notSentShare?: number;
  readonly delayRiseNs?: number | null;
  readonly readDelayNs?: number;
  readonly obstacle?: RateObstacle;
}

function judged({ lossShare = 0, notSentShare = 0, delayRiseNs = 0, readDelayNs = 0, obstacle }: Interval): Judgement {
  const of = { receiver: 'a', obstacle: obstacle ?? 'queue', lossShare, delayRiseNs, readDelayNs, deliveredShare: NaN };
  return { passed: false, obstacle: of.obstacle, notSentShare, decisive: of, failed: [of] };
}

/** What got through of intervals at 10 Mbit/s. */
function deliveredOf(...intervals: readonly Interval[]): number {
  const congestion = new Congestion();
  for (const interval of intervals) congestion.add(10e6, INTERVAL_NS, judged(interval));
  expect(congestion.intervals).toBe(intervals.length);
  return congestion.deliveredBitPerSecond;
}

describe('what gets through a queue that is too short', () => {
  it('is what is not lost, from the end of the first interval on', () => {
    const full = { lossShare: 0.5, delayRiseNs: 50e6, obstacle: 'network' } as const;
    expect(deliveredOf({ lossShare: 0.1, delayRiseNs: 46e6 }, full, full)).toBeCloseTo(5e6, 3);
    expect(deliveredOf({}, { notSentShare: 0.2, obstacle: 'sender' }, { notSentShare: 0.4 })).toBeCloseTo(7e6, 3);
  });

  it('is what did not have to wait, while a queue grows, in the network or in a receiver', () => {
    const growing = [{ delayRiseNs: 100e6 }, { delayRiseNs: 150e6 }, { delayRiseNs: 200e6 }];
    expect(deliveredOf(...growing)).toBeCloseTo(5e6, 3);
    expect(deliveredOf(...growing.map((one) => ({ ...one, lossShare: 0.001 })))).toBeCloseTo(4.995e6, 3);
    expect(deliveredOf({ readDelayNs: 10e6 }, { readDelayNs: 60e6 })).toBeCloseTo(5e6, 3);
  });

  it('is what was sent while one drains; no delay tells nothing', () => {
    expect(deliveredOf({ delayRiseNs: 100e6 }, { delayRiseNs: 90e6 })).toBeCloseTo(10e6, 3);
    expect(deliveredOf({ delayRiseNs: 100e6 }, { delayRiseNs: null, lossShare: 1 })).toBe(0);
  });

  it('begins anew, and remembers what says most plainly why', () => {
    const congestion = new Congestion();
    congestion.add(10e6, INTERVAL_NS, judged({}));
    expect(congestion.blamed!.obstacle).toBe('queue');
    congestion.add(10e6, INTERVAL_NS, judged({ lossShare: 0.5, obstacle: 'network' }));
    congestion.add(10e6, INTERVAL_NS, judged({}));
    expect(congestion.blamed!.obstacle).toBe('network');
    congestion.clear();
    expect([congestion.intervals, congestion.blamed]).toEqual([0, null]);
    congestion.add(10e6, INTERVAL_NS, judged({ lossShare: 0.9 }));
    expect(congestion.deliveredBitPerSecond).toBeNaN();
  });
});
