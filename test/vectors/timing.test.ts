import { describe, expect, it } from 'vitest';
import { SlotFlag } from '../../src/core/batch.js';
import { IPDV_REACH } from '../../src/analysis/timing.js';
import { Random } from '../../src/core/random.js';
import { StreamCounter } from '../../src/metrics/counters.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { ipdvOracle } from '../oracle/streamMetrics.js';
import { changed, type Datagram, Driver, EPOCH_NS } from '../sim/drive.js';
import { feedOctets, short } from '../unit/feedDatagrams.js';

const US = 1e3;
const MS = 1e6;

/** Data one millisecond apart as sent, each with its delay. */
function delayed(delaysNs: readonly number[], part: (i: number) => Partial<Datagram> = () => ({})): Datagram[] {
  return delaysNs.map((delayNs, number) => ({
    number,
    sentNs: number * MS,
    monoNs: number * MS + delayNs,
    ...part(number),
  }));
}

function histograms(driver: Driver): NonNullable<ReturnType<Driver['measurement']['snapshot']>['histograms']> {
  return driver.measurement.snapshot(0).histograms!;
}

describe('interarrival jitter (RFC 3550 section 6.4.1)', () => {
  it('does not double on alternating arrivals: 90 us apart is 90 us, not 180', () => {
    const driver = new Driver();
    driver.all(delayed(Array.from({ length: 400 }, (_, i) => 100 * US + (i % 2 === 0 ? 45 : -45) * US)));
    expect(driver.measurement.snapshot(0).jitterNs).toBeCloseTo(90 * US, 0);
  });

  it('moves by a sixteenth of the difference: three irregular arrivals', () => {
    const driver = new Driver();
    driver.all(delayed([1000, 1160, 1000, 1320]));
    let expected = 160 / 16;
    expected += (160 - expected) / 16;
    expected += (320 - expected) / 16;
    expect(driver.measurement.snapshot(0).jitterNs).toBeCloseTo(expected, 9);
    expect(driver.measurement.snapshot(0).jitterMaxNs).toBeCloseTo(expected, 9);
  });

  it('is not known after one datagram, and 0 after two alike', () => {
    const one = new Driver();
    one.all(delayed([1000]));
    expect(one.measurement.snapshot(0).jitterNs).toBeNaN();
    const two = new Driver();
    two.all(delayed([1000, 1000]));
    expect(two.measurement.snapshot(0).jitterNs).toBe(0);
  });
});

describe('one-way delay (RFC 7679)', () => {
  it('is as precise after a late first datagram as without, and above the least one between clocks seconds apart', () => {
    // The first one 20 ms late, as of a cold sender; 2 to 4 us then, and in the end one of 500 us.
    const delays = [20 * MS, ...Array.from({ length: 999 }, (_, i) => 2000 + (i % 100) * 20), 500 * US];
    const sorted = delays.toSorted((a, b) => a - b);
    const measured = (offNs: number) => {
      const driver = new Driver();
      driver.all(delayed(delays.map((ns) => offNs + ns)));
      return histograms(driver);
    };
    const { one_way_delay_ns: delay } = measured(0);
    const { pdv_ns: above } = measured(3e9);
    for (const p of [0.1, 0.5, 0.9, 0.99]) {
      const truth = sorted[Math.ceil(p * sorted.length) - 1]!;
      expect(Math.abs(delay.percentile(p)! - truth)).toBeLessThan(50);
      expect(Math.abs(above.percentile(p)! - (truth - 2000))).toBeLessThan(50);
    }
    expect([delay.min, delay.max]).toEqual([2000, 20 * MS]);
  });

  it('is negative between clocks that disagree, and never thrown away', () => {
    const driver = new Driver();
    driver.all(delayed([-5 * MS, -4 * MS, -6 * MS]));
    const { one_way_delay_ns: delay, pdv_ns: pdv } = histograms(driver);
    expect([delay.count, delay.min, delay.max, delay.mean, delay.clamped]).toEqual([3, -6 * MS, -4 * MS, -5 * MS, 0]);
    expect([pdv.min, pdv.max]).toEqual([0, 2 * MS]);
  });

  it('keeps the variation fine when the clocks are an hour apart', () => {
    const driver = new Driver();
    driver.all(delayed(Array.from({ length: 100 }, (_, i) => 3600e9 + i * US)));
    const { pdv_ns: pdv } = histograms(driver);
    expect([pdv.min, pdv.max]).toEqual([0, 99 * US]);
    expect(Math.abs(pdv.percentile(0.5)! - 49 * US)).toBeLessThan(0.01 * 99 * US);
  });

  it('takes the deliberate fault of the clock in', () => {
    const driver = new Driver({ clockOffsetNs: 7 * MS });
    driver.all(delayed([1000, 2000]));
    const { one_way_delay_ns: delay, interarrival_ns: interarrival } = histograms(driver);
    expect([delay.min, delay.max]).toEqual([7 * MS + 1000, 7 * MS + 2000]);
    expect(interarrival.min).toBe(MS + 1000);
  });

  it('crosses the wrap of the lower half of the carried time', () => {
    const driver = new Driver();
    // The epoch's lower half and so many ns together pass 2^32 between these two.
    const low = Number(BigInt.asUintN(32, 1_800_000_000_000_000_000n));
    const atNs = 2 ** 32 - low;
    const data = [-2, -1, 0, 1].map((k, number) => ({ number, sentNs: atNs + k, monoNs: atNs + k + 500 }));
    driver.all(data);
    const { one_way_delay_ns: delay } = histograms(driver);
    expect([delay.count, delay.min, delay.max]).toEqual([4, 500, 500]);
  });
});

describe('a clock step', () => {
  it('bends one-way delay, which is on the real clock, and nothing else', () => {
    const driver = new Driver();
    const stepNs = 2e9;
    driver.batch(delayed([100 * US, 100 * US, 100 * US]));
    const after = delayed([100 * US, 100 * US, 100 * US, 100 * US, 100 * US]).slice(3);
    driver.batch(changed(after, ({ monoNs }) => ({ realNs: monoNs + stepNs })));
    const {
      one_way_delay_ns: delay,
      interarrival_ns: interarrival,
      ipdv_ns: ipdv,
      wakeup_delay_ns: wakeup,
    } = histograms(driver);
    expect([delay.min, delay.max]).toEqual([100 * US, 100 * US + stepNs]);
    expect([interarrival.min, interarrival.max]).toEqual([MS, MS]);
    expect([ipdv.min, ipdv.max]).toEqual([0, 0]);
    expect(wakeup.max).toBeLessThan(5 * MS);
    expect(driver.measurement.snapshot(0).jitterNs).toBe(0);
    expect(driver.measurement.clockSteps).toBe(1);
  });

  it('is not what a few microseconds between two readings of a clock pair are', () => {
    const driver = new Driver();
    driver.batch(changed(delayed([100, 100]), ({ monoNs }) => ({ realNs: monoNs + 300 })));
    driver.batch(changed(delayed([100, 100, 100]).slice(2), ({ monoNs }) => ({ realNs: monoNs - 300 })));
    expect(driver.measurement.clockSteps).toBe(0);
  });
});

describe('what enters time metrics', () => {
  it('is not a duplicate, a late one, a marker', () => {
    const driver = new Driver();
    driver.all([
      { kind: 'start', number: 0, monoNs: 0 },
      ...delayed([100, 100, 100, 100]).filter((one) => one.number !== 1),
      { number: 3, sentNs: 3 * MS, monoNs: 20 * MS },
      { number: 1, sentNs: MS, monoNs: 3e9 },
      { kind: 'end', number: 4, monoNs: 3e9 },
    ]);
    const { one_way_delay_ns: delay, interarrival_ns: interarrival, ipdv_ns: ipdv } = histograms(driver);
    expect([delay.count, delay.max]).toEqual([3, 100]);
    expect([interarrival.count, interarrival.max]).toEqual([2, 2 * MS]);
    expect(ipdv.count).toBe(1);
  });

  it('is only the first segment of a super-packet', () => {
    const driver = new Driver();
    const shared = SlotFlag.TimeKernel | SlotFlag.TimeShared;
    const segments = Array.from({ length: 20 }, (_, number) => ({
      number,
      segment: number % 10,
      sentNs: Math.floor(number / 10) * MS,
      monoNs: Math.floor(number / 10) * MS + 700,
      flags: number % 10 > 0 ? shared : SlotFlag.TimeKernel,
    }));
    driver.all(segments);
    const {
      one_way_delay_ns: delay,
      interarrival_ns: interarrival,
      ipdv_ns: ipdv,
      wakeup_delay_ns: wakeup,
    } = histograms(driver);
    expect([delay.count, interarrival.count, interarrival.min, ipdv.count, wakeup.count]).toEqual([2, 1, MS, 0, 2]);
    expect(driver.measurement.snapshot(0).counters[StreamCounter.SharedTime]).toBe(18);
  });

  it('is no wake-up delay where the program itself stamped, and no delay by a clock of the NIC', () => {
    const user = new Driver();
    user.all(delayed([100, 200], () => ({ flags: SlotFlag.TimeUser })));
    expect([histograms(user).wakeup_delay_ns.count, histograms(user).one_way_delay_ns.count]).toEqual([0, 2]);
    expect(user.measurement.snapshot(0).counters[StreamCounter.UserTime]).toBe(2);
    const nic = new Driver();
    nic.all(delayed([100, 200, 300], () => ({ flags: SlotFlag.TimeHardware })));
    expect([histograms(nic).wakeup_delay_ns.count, histograms(nic).one_way_delay_ns.count]).toEqual([0, 0]);
    expect([histograms(nic).interarrival_ns.count, histograms(nic).ipdv_ns.count]).toEqual([2, 2]);
    const trusted = new Driver();
    trusted.measurement.trustHardwareTime();
    trusted.all(delayed([100, 200, 300], () => ({ flags: SlotFlag.TimeHardware })));
    expect([histograms(trusted).wakeup_delay_ns.count, histograms(trusted).one_way_delay_ns.count]).toEqual([3, 3]);
  });

  it('is each datagram with its own stamp: a neighbour without one inherits nothing', () => {
    const driver = new Driver();
    driver.batch([
      { number: 0, sentNs: 0, monoNs: 1000 },
      { number: 1, sentNs: 0, monoNs: 9000, flags: SlotFlag.TimeUser },
      { number: 2, sentNs: 0, monoNs: 2000 },
    ]);
    expect([...driver.measurement.decoded.timeMonoNs.subarray(0, 3)]).toEqual([1000, 9000, 2000]);
    expect(histograms(driver).one_way_delay_ns.max).toBe(9000);
  });
});

/** Messages `number .. number + span`, sent at so many ms, so much under way. */
function message(number: number, span: number, sentMs: number, delayNs: number): Datagram {
  const sentNs = EPOCH_NS + BigInt(sentMs * MS);
  const octets = feedOctets({ framing: xdpFraming, number, messages: short(span), sentNs });
  return { octets, monoNs: sentMs * MS + delayNs };
}

function ipdvOf(datagrams: readonly Datagram[]): [number, number | null, number | null] {
  const driver = new Driver({ sockets: [{ scheme: 'xdp' }], slotOctets: 1500 });
  driver.all(datagrams);
  const { count, min, max } = histograms(driver).ipdv_ns;
  return [count, min, max];
}

describe('IPDV (RFC 3393) of datagrams that cover several numbers', () => {
  it('is between one and the next, which begins where it ends', () => {
    expect(ipdvOf([message(1, 3, 0, 1000), message(4, 1, 1, 1500), message(5, 100, 2, 1800)])).toEqual([2, 300, 500]);
  });

  it('is between none where something is missing between them, or comes that is partly known', () => {
    expect(ipdvOf([message(1, 3, 0, 1000), message(5, 2, 1, 1500)])[0]).toBe(0);
    expect(ipdvOf([message(1, 3, 0, 1000), message(3, 3, 1, 1500), message(6, 1, 2, 1500)])[0]).toBe(0);
  });

  it('is with both neighbours for one that comes behind them', () => {
    const [a, b, c] = [message(1, 3, 0, 1000), message(4, 5, 1, 3.5 * MS), message(9, 2, 2, 1500)];
    expect(ipdvOf([a, c, b])).toEqual([2, 1500 - 3.5 * MS, 3.5 * MS - 1000]);
  });

  it('is also with one that is wider than what is remembered', () => {
    const wide = message(4, 2 * IPDV_REACH - 1, 1, 1500);
    expect(ipdvOf([message(1, 3, 0, 1000), wide, message(3 + 2 * IPDV_REACH, 2, 2, 1900)])).toEqual([2, 400, 500]);
    expect(ipdvOf([message(1, 3, 0, 1000), message(3 + 2 * IPDV_REACH, 2, 1, 1900), message(4, 2, 2, 1500)])[0]).toBe(
      0,
    );
  });

  it('is that of the oracle, whatever is lost or comes late', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const sent: { number: number; span: number; sentMs: number; transitNs: number }[] = [];
      for (let number = 1, i = 0; i < 200; i++) {
        const span = 1 + random.below(seed % 4 === 0 ? 255 : 1 + (seed % 9));
        if (random.below(10) > 0) sent.push({ number, span, sentMs: i, transitNs: 1000 + random.below(4000 * US) });
        number += span;
      }
      const arrivals = sent.toSorted((a, b) => a.sentMs * MS + a.transitNs - (b.sentMs * MS + b.transitNs));
      const driver = new Driver({ sockets: [{ scheme: 'xdp' }], slotOctets: 1500 });
      driver.all(
        arrivals.map(({ number, span, sentMs, transitNs }) => message(number, span, sentMs, transitNs)),
        1 + (seed % 16),
      );
      const timed = arrivals.filter((_, i) => driver.verdicts[i] === 'New');
      expect(timed.length).toBeGreaterThan(150);
      const variations = ipdvOracle(timed, IPDV_REACH);
      const { count, sum, min, max } = histograms(driver).ipdv_ns;
      expect({ count, sum, min, max }, `seed ${seed}`).toEqual({
        count: variations.length,
        sum: variations.reduce((a, b) => a + b, 0),
        min: Math.min(...variations),
        max: Math.max(...variations),
      });
    }
  });
});

describe('wake-up delay', () => {
  it('is the time of reading minus the stamp', () => {
    const driver = new Driver();
    driver.batch(delayed([0, 0]), 3 * MS);
    const { wakeup_delay_ns: wakeup } = histograms(driver);
    expect([wakeup.min, wakeup.max]).toEqual([2 * MS, 3 * MS]);
  });
});

describe('the first packet after the join', () => {
  it('is the first data minus the join', () => {
    const driver = new Driver({ sockets: [{ joinRealNs: -250 * MS }] });
    driver.all(delayed([100]));
    expect(driver.measurement.snapshot(0).firstPacketAfterJoinNs).toBe(250 * MS + 100);
  });

  it('is not known when the sender started after the join, and without a join', () => {
    const started = new Driver();
    started.all([{ kind: 'start', number: 0, monoNs: 0 }, ...delayed([100])]);
    expect(started.measurement.snapshot(0).firstPacketAfterJoinNs).toBeNull();
    const capture = new Driver({ sockets: [{ joinRealNs: NaN }] });
    capture.all(delayed([100]));
    expect(capture.measurement.snapshot(0).firstPacketAfterJoinNs).toBeNull();
  });
});
