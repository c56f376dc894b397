import { describe, expect, test } from 'vitest';
import { Mdi } from '../../src/analysis/mpegts/mdi.js';
import { Random } from '../../src/core/random.js';
import { type MediaArrival, delayFactorsOracle } from '../oracle/mediaDelivery.js';
import { offsetPcr, setTransportError } from '../ts/faults.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { DATAGRAM, RATE, arrive } from './mpegtsArrivals.js';

const MEDIA = 3_750_000;
const PER_NS = MEDIA / 8e9;

function feed(mdi: Mdi, arrivals: readonly MediaArrival[]): void {
  for (const { timeNs, octets } of arrivals) mdi.onArrival(Float64Array.of(timeNs), octets);
}

/** Datagrams at the media rate, `delay(n)` later than due. */
function paced(count: number, delay: (n: number) => number = () => 0): MediaArrival[] {
  return Array.from({ length: count }, (_, n) => ({
    timeNs: 5e9 + (n * DATAGRAM) / PER_NS + delay(n),
    octets: DATAGRAM,
  }));
}

describe('delay factor (RFC 4445 section 3.1)', () => {
  test('packets evenly spaced at the media rate: the time of one packet', () => {
    const mdi = new Mdi(MEDIA);
    feed(mdi, paced(1200));
    const { delayFactorNs, delayFactorMaxNs, delayFactorMeanNs, intervals } = mdi.snapshot('sequence');
    expect(intervals).toBe(3);
    expect(delayFactorNs).toBeCloseTo(DATAGRAM / PER_NS, 3);
    expect(delayFactorMaxNs).toBeCloseTo(DATAGRAM / PER_NS, 3);
    expect(delayFactorMeanNs).toBeCloseTo(DATAGRAM / PER_NS, 3);
  });

  test('by hand: a burst of three after a pause', () => {
    const mdi = new Mdi(8e6); // 1 octet per us
    feed(mdi, [
      { timeNs: 0, octets: 1000 },
      { timeNs: 5e6, octets: 1000 }, // pre -5000, post -4000
      { timeNs: 5e6, octets: 1000 }, // post -3000
      { timeNs: 6e6, octets: 4000 }, // pre -4000, post 0
      { timeNs: 7e6, octets: 500 }, // pre -1000
      { timeNs: 7e6, octets: 2500 }, // post 2000
    ]);
    mdi.onTime(1e9);
    expect(mdi.take()[0]!.delayFactorNs).toBe(7000e3);
  });

  test('as the oracle has it, with jitter, stalls and a second without arrivals', () => {
    const random = new Random(7, 0);
    const arrivals = paced(3000, (n) => (n >= 1000 && n < 1900 ? 1.9e9 : 0) + random.unit() * 30e6).sort(
      (a, b) => a.timeNs - b.timeNs,
    );
    const mdi = new Mdi(MEDIA);
    feed(mdi, arrivals);
    const untilNs = arrivals.at(-1)!.timeNs;
    const expected = delayFactorsOracle(arrivals, PER_NS, untilNs);
    const measured = mdi.take().map(({ delayFactorNs }) => delayFactorNs);
    expect(measured.length).toBe(expected.length);
    expect(expected.some((value) => Number.isNaN(value))).toBe(true);
    for (const [i, value] of expected.entries()) {
      if (Number.isNaN(value)) expect(measured[i]).toBeNaN();
      else expect(measured[i]).toBeCloseTo(value, 0);
    }
    const told = expected.filter((value) => !Number.isNaN(value));
    expect(mdi.snapshot('sequence').delayFactorMaxNs).toBeCloseTo(Math.max(...told), 0);
    expect(mdi.snapshot('sequence').delayFactorNs).toBeCloseTo(told.at(-1)!, 0);
  });

  test('more arrivals in a second than it begins with', () => {
    const mdi = new Mdi(80e6);
    const perNs = 80e6 / 8e9;
    const arrivals = Array.from({ length: 20_000 }, (_, n) => ({ timeNs: (n * DATAGRAM) / perNs, octets: DATAGRAM }));
    feed(mdi, arrivals);
    const [measured] = mdi.take();
    expect(measured!.delayFactorNs).toBeCloseTo(DATAGRAM / perNs, 2);
  });

  test('no rate, no factor', () => {
    const mdi = new Mdi(NaN);
    feed(mdi, paced(1000));
    expect(mdi.take().map(({ delayFactorNs }) => delayFactorNs)).toEqual([NaN, NaN]);
    expect(mdi.snapshot('sequence').delayFactorNs).toBeNaN();
    expect(mdi.snapshot('sequence').mediaRateBitPerSecond).toBeNaN();
  });

  test('the rate of each interval is that of its PCRs; across a gap the rate before holds', () => {
    const mdi = new Mdi(NaN);
    feed(mdi, [{ timeNs: 0, octets: 0 }]);
    mdi.onPcr(0, 0);
    mdi.onPcr(500_000, 27_000_000);
    feed(mdi, [{ timeNs: 0.5e9, octets: 500_000 }]);
    mdi.onTime(1e9);
    expect(mdi.take()[0]!.delayFactorNs).toBe(1e9);
    expect(mdi.snapshot('sequence').mediaRateBitPerSecond).toBe(4e6);
    mdi.onPcr(750_000, 54_000_000);
    mdi.onGap();
    mdi.onPcr(9_000_000, 0);
    feed(mdi, [{ timeNs: 1.5e9, octets: 250_000 }]);
    mdi.onTime(2e9);
    expect(mdi.snapshot('sequence').mediaRateBitPerSecond).toBe(2e6);
    expect(mdi.take()[0]!.delayFactorNs).toBe(1e9);
  });

  test('intervals wait in bounded number, and restart begins a new period', () => {
    const mdi = new Mdi(MEDIA);
    feed(mdi, [{ timeNs: 0, octets: 1 }]);
    mdi.onTime(100e9);
    expect(mdi.take().map(({ startMonoNs }) => startMonoNs)[0]).toBe(36e9);
    mdi.onLost(3);
    mdi.onError();
    mdi.restart();
    feed(mdi, [{ timeNs: 200e9, octets: 1 }]);
    mdi.onTime(201e9);
    expect(mdi.take()).toEqual([{ startMonoNs: 200e9, endMonoNs: 201e9, delayFactorNs: NaN, mediaLossRate: 0 }]);
    expect(mdi.snapshot('sequence')).toMatchObject({ intervals: 1, erroredSeconds: 0, mediaLossRateMax: 0 });
  });
});

describe('of a stream', () => {
  const clean = makeTransportStream({ seconds: 5 });

  test('paced: the time of a datagram at the stream rate', () => {
    const { mdi } = arrive(clean).snapshot();
    expect(mdi!.intervals).toBe(4);
    expect(mdi!.delayFactorMaxNs).toBeCloseTo((DATAGRAM * 8e9) / RATE, 0);
    expect(mdi!.mediaRateBitPerSecond).toBeCloseTo(RATE, 3);
    expect(mdi!.mediaLossRateMax).toBe(0);
    expect(mdi!.erroredSeconds).toBe(0);
  });

  test('bursts of eight datagrams: the time of eight', () => {
    const period = (DATAGRAM * 8e9) / RATE;
    const { mdi } = arrive(clean, { delayNs: (n) => (7 - (n % 8)) * period }).snapshot();
    expect(mdi!.delayFactorMaxNs).toBeCloseTo(8 * period, 0);
  });

  test('lost datagrams, as sequence numbers tell: seven packets each, in their second', () => {
    const analyzer = arrive(clean, { lost: [500, 501, 900] });
    const { mdi, lostDatagrams } = analyzer.snapshot();
    expect(analyzer.takeMdi().map(({ mediaLossRate }) => mediaLossRate)).toEqual([0, 14, 7, 0]);
    expect(mdi).toMatchObject({ mediaLossRateMax: 14, mediaLossRateMean: 21 / 4, mediaLossRate: 0, erroredSeconds: 2 });
    expect(mdi!.lossFrom).toBe('sequence');
    expect(lostDatagrams).toBe(3);
  });

  test('without sequence numbers: what the counters show, no null packets', () => {
    const analyzer = arrive(clean, { lost: [500], isLossTold: false });
    const { mdi, pids } = analyzer.snapshot();
    const missing = pids.reduce((sum, { missingPackets }) => sum + missingPackets, 0);
    expect(missing).toBeGreaterThan(0);
    expect(missing).toBeLessThanOrEqual(7);
    expect(mdi).toMatchObject({ mediaLossRateMax: missing, erroredSeconds: 1, lossFrom: 'continuity' });
  });

  test('an error makes its second an errored one', () => {
    const packet = Math.floor(2.5e9 / 376_000);
    expect(arrive(setTransportError(clean, packet).stream).snapshot().mdi!.erroredSeconds).toBe(1);
    expect(arrive(offsetPcr(clean, 0x100, 30, 20).stream).snapshot().mdi!.erroredSeconds).toBe(1);
  });

  test('nothing comes: errors of the time-outs count too', () => {
    const analyzer = arrive(clean);
    for (let ms = 5000; ms <= 8000; ms += 100) analyzer.onTime(1e9 + ms * 1e6);
    const { mdi } = analyzer.snapshot();
    expect(mdi!.intervals).toBe(7);
    expect(mdi!.erroredSeconds).toBe(2);
  });
});
