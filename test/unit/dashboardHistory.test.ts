import { describe, expect, it } from 'vitest';
import { History, HISTORY_POINTS } from '../../src/report/dashboard/history.js';
import { IntervalRing } from '../../src/report/dashboard/intervalRing.js';
import { intervalRow, senderRow, SECOND_NS } from './intervalFixture.js';

describe('the ring of intervals', () => {
  it('keeps the last ones, oldest first, and knows when they were', () => {
    const ring = new IntervalRing(2, 3);
    expect([ring.length, ring.stepNs, ring.column(0)]).toEqual([0, 0, []]);
    for (let i = 0; i < 5; i++) ring.push(i * 10, i * 10 + 10, [i, i === 3 ? null : -i]);
    expect([ring.length, ring.startNs, ring.stepNs]).toEqual([3, 20, 10]);
    expect(ring.column(0)).toEqual([2, 3, 4]);
    expect(ring.column(1)).toEqual([-2, null, -4]);
  });

  it('has empty points where the stream was not told', () => {
    const ring = new IntervalRing(1, 8);
    ring.push(0, 10, [1]);
    ring.push(30, 40, [2]);
    expect(ring.column(0)).toEqual([1, null, null, 2]);
    expect([ring.startNs, ring.stepNs]).toEqual([0, 10]);
    ring.push(1e6, 1e6 + 10, [3]);
    expect(ring.column(0)).toEqual([null, null, null, null, null, null, null, 3]);
  });
});

describe('the history of a run', () => {
  const told = { transportRows: [], senderRows: [], others: null };

  it('is the figures of the intervals as they came', () => {
    const history = new History();
    for (let i = 0; i < 3; i++) {
      const row = intervalRow('a', { rate_bit_per_second: 1000 + i, loss_network: i, one_way_delay_p50_ns: null });
      const mdi = [0, 1].map((second) => ({
        start_ns: 0,
        end_ns: 0,
        delay_factor_ns: second === 0 && i > 0 ? 5 * i : null,
        media_loss_rate: 0,
      }));
      const transportRows = [{ stream: 'a', mdi, tr101290: {} }];
      history.add({ ...told, startNs: i * SECOND_NS, endNs: (i + 1) * SECOND_NS, rows: [row], transportRows });
    }
    const series = history.series('a')!;
    expect(series).toMatchObject({ start_ns: 0, step_ns: SECOND_NS, points: 3 });
    expect(series.metrics.rate_bit_per_second!.mean).toEqual([1000, 1001, 1002]);
    expect(series.metrics.loss_network!.sum).toEqual([0, 1, 2]);
    expect(series.metrics.mdi_df_ns!.mean).toEqual([null, 5, 10]);
    expect(series.metrics.one_way_delay_p50_ns).toBe(null);
    expect(history.lastReceived('a')!.rate_bit_per_second).toBe(1002);
    expect([history.series('b'), history.lastReceived('b'), history.sentSeries('a')]).toEqual([null, null, null]);
  });

  it('has of a stream without a row no last interval, and all such streams together', () => {
    const history = new History();
    const others = { ...intervalRow(''), streams: 7, rate_bit_per_second: 5, loss_ratio: 0.5 };
    history.add({ ...told, startNs: 0, endNs: SECOND_NS, rows: [intervalRow('a'), intervalRow('b')] });
    expect([history.lastOthers(), history.othersCourse(9)]).toEqual([null, null]);
    history.add({ ...told, startNs: SECOND_NS, endNs: 2 * SECOND_NS, rows: [intervalRow('a')], others });
    // The other end of a pair says nothing about what was received, but how far the run has come.
    history.add({ ...told, startNs: 0, endNs: 3 * SECOND_NS, rows: [], senderRows: [senderRow('s')] });
    expect(history.toldNs).toBe(3 * SECOND_NS);
    expect([history.lastReceived('a')?.stream, history.lastReceived('b')]).toEqual(['a', null]);
    expect(history.lastOthers()).toBe(others);
    // All courses are of the same time.
    expect(history.othersCourse(9)).toEqual({ rates: [null, 5], isLossy: [false, true] });
    expect(history.course('b', 9)).toEqual({ rates: [1_052_800, null], isLossy: [false, false] });
    expect(history.course('b', 1)).toEqual({ rates: [null], isLossy: [false] });
  });

  it('knows of a loss of which no cause is known', () => {
    const history = new History();
    const unknown = { packets_lost: 3, loss_network: null, loss_socket_buffer: null, loss_ratio: 0.03 };
    for (const [i, change] of [{}, unknown].entries()) {
      history.add({ ...told, startNs: i * SECOND_NS, endNs: (i + 1) * SECOND_NS, rows: [intervalRow('a', change)] });
    }
    expect(history.course('a', 9)!.isLossy).toEqual([false, true]);
  });

  it('has the sender beside it', () => {
    const history = new History();
    history.add({ ...told, startNs: 0, endNs: SECOND_NS, rows: [], senderRows: [senderRow('s', { not_sent: 4 })] });
    expect(history.sentSeries('s')!.figures.not_sent).toEqual([4]);
    expect(history.lastSent('s')!.not_sent).toBe(4);
  });

  it('is bounded in points and in streams', () => {
    const history = new History();
    const rows = Array.from({ length: 1000 }, (_, i) => intervalRow(`stream ${i}`));
    for (let i = 0; i < HISTORY_POINTS + 10; i++) {
      const startNs = i * SECOND_NS;
      history.add({ ...told, startNs, endNs: startNs + SECOND_NS, rows: i === 0 ? rows : rows.slice(0, 1) });
    }
    expect(history.series('stream 0')!.points).toBe(HISTORY_POINTS);
    expect(rows.filter(({ stream }) => history.series(stream) !== null)).toHaveLength(384);
  });
});
