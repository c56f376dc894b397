/** The intervals of one sender from those of its threads. */
import { describe, expect, it } from 'vitest';
import type { SenderIntervalRow } from '../../src/result/interval.js';
import { MergedIntervals, type SenderInterval } from '../../src/result/mergeIntervals.js';

const SECOND = 1e9;

function row(stream: string, sent: number, change: Partial<SenderIntervalRow> = {}): SenderIntervalRow {
  return {
    stream,
    name: null,
    group: stream,
    port: 5001,
    scheduled: sent + 1,
    sent,
    not_sent: 1,
    octets_sent: 100 * sent,
    rate_bit_per_second: 800 * sent,
    departure_error_p50_ns: 10 * sent,
    departure_error_p99_ns: 20 * sent,
    departure_error_max_ns: 30 * sent,
    ...change,
  };
}

/** That ends at a second of a minute. */
function interval(
  endS: number,
  senderRows: SenderIntervalRow[],
  receivers: SenderInterval['receivers'] = [],
): SenderInterval {
  const seconds = endS.toFixed(9).padStart(12, '0');
  return {
    time: `2026-03-01T12:00:${seconds}Z`,
    startNs: Math.ceil(endS - 1) * SECOND + 5,
    endNs: endS * SECOND + 7,
    senderRows,
    receivers,
  };
}

const inOrder = ({ stream }: SenderIntervalRow): number => 'abc'.indexOf(stream);
const merged = (parts: number): MergedIntervals => new MergedIntervals(parts, SECOND, inOrder);
const sentOf = (all: readonly SenderInterval[]) =>
  all.map(({ time, senderRows }) => [time.slice(17, 22), ...senderRows.map(({ stream, sent }) => `${stream}${sent}`)]);

describe('intervals of several threads', () => {
  it('are told once, when all have told them', () => {
    const all = merged(3);
    expect(all.add(0, interval(1, [row('a', 1)]))).toEqual([]);
    expect(all.add(2, interval(1, [row('c', 4)]))).toEqual([]);
    expect(sentOf(all.add(1, interval(1, [row('a', 2), row('b', 3)])))).toEqual([['01.00', 'a3', 'b3', 'c4']]);
    expect(all.add(0, interval(2, []))).toEqual([]);
  });

  it('add up what several threads sent of one stream; lateness is that of the later one', () => {
    const all = merged(2);
    all.add(0, interval(1, [row('a', 5, { not_sent: null, departure_error_p99_ns: null })]));
    const later = { ...interval(1, [row('a', 2)]), startNs: 1, endNs: SECOND + 900 };
    const [whole] = all.add(1, later);
    expect(whole).toMatchObject({ time: '2026-03-01T12:00:01.000000000Z', startNs: 1, endNs: SECOND + 900 });
    expect(whole!.senderRows).toEqual([
      row('a', 7, {
        scheduled: 9,
        not_sent: null,
        departure_error_p50_ns: 50,
        departure_error_p99_ns: 40,
        departure_error_max_ns: 150,
      }),
    ]);
  });

  it('stand in the order of the streams, whichever thread sends them, with what receivers say', () => {
    const all = merged(2);
    const receiver = { name: 'r', address: '10.0.0.1', report: null, result: null };
    all.add(0, interval(1, [row('c', 1), row('a', 1)], [receiver]));
    const [whole] = all.add(1, interval(1, [row('b', 1)]));
    expect(whole!.senderRows.map(({ stream }) => stream)).toEqual(['a', 'b', 'c']);
    expect(whole!.receivers).toEqual([receiver]);
  });

  it('wait for nobody who has ended, nor for an interval that a thread had not begun', () => {
    const all = merged(2);
    expect(all.add(0, interval(1, [row('a', 1)]))).toEqual([]);
    expect(sentOf(all.add(1, interval(2, [row('b', 2)])))).toEqual([['01.00', 'a1']]);
    expect(sentOf(all.end(0))).toEqual([['02.00', 'b2']]);
    expect(sentOf(all.add(1, interval(3, [row('b', 3)])))).toEqual([['03.00', 'b3']]);
  });

  it('take the last ones of threads, which end by themselves, for one that ends with the latest', () => {
    const all = merged(3);
    for (const part of [0, 1, 2]) all.add(part, interval(1, [row('a', 1)]));
    all.add(0, interval(1.25, [row('a', 1)]));
    expect(all.end(0)).toEqual([]);
    all.add(1, interval(1.5, [row('a', 2)]));
    expect(all.end(1)).toEqual([]);
    expect(sentOf(all.add(2, interval(2, [row('a', 3)])))).toEqual([['02.00', 'a6']]);
    expect(all.end(2)).toEqual([]);
    const last = merged(2);
    last.add(0, interval(1.25, [row('a', 1)]));
    last.end(0);
    expect(sentOf(last.add(1, interval(1.5, [row('a', 2)])))).toEqual([['01.50', 'a3']]);
  });

  it('are told in order when one that was waited for ends', () => {
    const all = merged(2);
    all.add(0, interval(2, [row('a', 2)]));
    all.add(0, interval(3, [row('a', 3)]));
    expect(sentOf(all.end(1))).toEqual([
      ['02.00', 'a2'],
      ['03.00', 'a3'],
    ]);
  });
});
