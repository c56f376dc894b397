import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { parseMaxEach, parseMinEach, type EachLimit } from '../../src/result/eachLimits.js';
import type { IntervalRow, SenderIntervalRow, TransportIntervalRow } from '../../src/result/interval.js';
import { INTERVAL_FIGURES } from '../../src/result/intervalFigures.js';
import { IntervalJudge, type FirstExceeded } from '../../src/result/intervalJudge.js';
import { limitTarget } from '../../src/result/limitNames.js';

const SECOND = 1e9;

function row(of: Partial<IntervalRow> = {}): IntervalRow {
  const packets = of.packets_received ?? 100;
  return {
    stream: 's',
    name: null,
    group: '239.1.1.1',
    port: 5001,
    flow: null,
    packets_received: packets,
    packets_expected: packets,
    packets_lost: 0,
    packets_duplicated: 0,
    packets_reordered: 0,
    packets_late: 0,
    packets_pending: 0,
    never_sent: 0,
    loss_network: 0,
    loss_socket_buffer: 0,
    loss_application: 0,
    loss_ratio: packets === 0 ? null : 0,
    octets_received: packets * 1000,
    rate_bit_per_second: packets * 8000,
    jitter_ns: 1000,
    one_way_delay_min_ns: 10,
    one_way_delay_p50_ns: 20,
    one_way_delay_p99_ns: 30,
    one_way_delay_max_ns: 40,
    ...of,
  };
}

function senderRow(packets: number): SenderIntervalRow {
  return {
    stream: 'a',
    name: null,
    group: '239.1.1.1',
    port: 5001,
    scheduled: packets,
    sent: packets,
    not_sent: 0,
    octets_sent: packets * 1000,
    rate_bit_per_second: packets * 8000,
    departure_error_p50_ns: 1,
    departure_error_p99_ns: 2,
    departure_error_max_ns: 3,
  };
}

const ofPackets = (packets: number): Partial<IntervalRow> => ({ packets_received: packets });

/** Judges one stream: a row for each second; `null`: it had none in that second. */
function judged(
  limit: EachLimit,
  rows: readonly (Partial<IntervalRow> | null)[],
  { ended = false, runEndNs = rows.length * SECOND }: { ended?: boolean; runEndNs?: number } = {},
) {
  const judge = new IntervalJudge([limit], SECOND);
  for (const [second, of] of rows.entries()) {
    judge.observe(of === null ? [] : [row(of)], [], [], second * SECOND, (second + 1) * SECOND);
  }
  const results = judge.results(() => ended, runEndNs);
  expect(results).toHaveLength(1);
  return results[0]!;
}

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect((error as McastError).code).toBe('ERR_USAGE');
    return (error as McastError).message;
  }
  throw new Error('was accepted');
}

describe('reading a limit on every interval', () => {
  it.each<[EachLimit, string, number]>([
    [parseMaxEach('loss_ratio=1%'), 'each loss_ratio <= 1%', 0.01],
    [parseMaxEach('one_way_delay_ns.p99=2ms'), 'each one_way_delay_ns.p99 <= 2ms', 2e6],
    [parseMaxEach('jitter_ns=500us'), 'each jitter_ns <= 500us', 500e3],
    [parseMinEach('rate_bit_per_second=8M'), 'each rate_bit_per_second >= 8M', 8e6],
    [parseMinEach('octets_received=1Mi'), 'each octets_received >= 1Mi', 1_048_576],
    [parseMaxEach('mdi.delay_factor_ns=50ms'), 'each mdi.delay_factor_ns <= 50ms', 50e6],
    [parseMaxEach('tr101290.p1=0'), 'each tr101290.p1 <= 0', 0],
    [parseMaxEach('sender.not_sent=1k'), 'each sender.not_sent <= 1k', 1000],
    [parseMaxEach('sender.departure_error_ns.p99=1ms'), 'each sender.departure_error_ns.p99 <= 1ms', 1e6],
  ])('%j', (limit, expression, value) => {
    expect(limit).toMatchObject({ expression, value });
  });

  it('knows every figure by the name that a limit on the whole run has for it', () => {
    for (const name of INTERVAL_FIGURES.keys()) expect(typeof limitTarget(name), name).toBe('object');
  });

  it.each<[string, () => EachLimit, string]>([
    ['what no figure is', () => parseMaxEach('loss_ratoi=1%'), 'did you mean loss_ratio'],
    ['what only the run has', () => parseMaxEach('loss_periods=1'), 'loss_periods: this is not told per interval'],
    ['another percentile', () => parseMaxEach('one_way_delay_ns.p95=1ms'), 'did you mean one_way_delay_ns.p99'],
    ['what has no order', () => parseMaxEach('dscp_received=ef'), 'has no order'],
    ['no value', () => parseMinEach('rate_bit_per_second'), 'write --min-each rate_bit_per_second=<value>'],
    ['a unit of something else', () => parseMinEach('rate_bit_per_second=1ms'), '--min-each rate_bit_per_second'],
  ])('refuses %s', (_what, read, text) => {
    expect(refusal(read)).toContain(text);
  });
});

describe('judging every interval', () => {
  it('counts those that exceed a limit, with the first and the worst one', () => {
    const rows = [{}, { packets_lost: 3 }, {}, { packets_lost: 7 }, { packets_lost: 1 }];
    expect(judged(parseMaxEach('packets_lost=2'), rows)).toEqual({
      expression: 'each packets_lost <= 2',
      stream: 's',
      value: 7,
      limit: 2,
      margin: -5,
      ok: false,
      reason: 'in 2 of 5 intervals, first at 1.0 s, worst at 3.0 s',
      intervals: {
        judged: 5,
        exceeded: 2,
        first: { start_ns: SECOND, end_ns: 2 * SECOND, value: 3 },
        worst: { start_ns: 3 * SECOND, end_ns: 4 * SECOND, value: 7 },
      },
    });
  });

  it('gives the margin of the nearest one when all are within', () => {
    const kept = judged(parseMaxEach('packets_lost=10'), [{}, { packets_lost: 4 }, {}]);
    expect(kept).toMatchObject({ ok: true, value: 4, margin: 6, reason: null });
    expect(kept.intervals).toMatchObject({ judged: 3, exceeded: 0, first: null });
  });

  it('takes no measure of a rate from the interval in which a stream begins, nor from the last part of one', () => {
    const limit = parseMinEach('rate_bit_per_second=800k');
    const judge = new IntervalJudge([limit], SECOND);
    judge.observe([row({ packets_received: 10 })], [], [], 0.4 * SECOND, SECOND);
    judge.observe([row()], [], [], SECOND, 2 * SECOND);
    judge.observe([row()], [], [], 2 * SECOND, 3 * SECOND);
    judge.observe([row({ packets_received: 20 })], [], [], 3 * SECOND, 3.2 * SECOND);
    const [result] = judge.results(() => false, 3.2 * SECOND);
    expect(result).toMatchObject({ ok: true, value: 800e3 });
    expect(result!.intervals).toMatchObject({ judged: 2 });
  });

  it('counts a whole interval beyond a maximum of a rate, and not a part of one', () => {
    expect(judged(parseMaxEach('rate_bit_per_second=1M'), [ofPackets(500), ofPackets(100), ofPackets(200)]).ok).toBe(
      false,
    );
    expect(judged(parseMaxEach('rate_bit_per_second=2M'), [ofPackets(500), ofPackets(100), ofPackets(200)]).ok).toBe(
      true,
    );
  });

  it('forgives the interval in which a sender announced its end', () => {
    const rows = [{}, {}, {}, { packets_received: 30 }, { packets_received: 0 }];
    const limit = parseMinEach('rate_bit_per_second=800k');
    expect(judged(limit, rows, { ended: true })).toMatchObject({ ok: true, intervals: { judged: 2 } });
    expect(judged(limit, rows)).toMatchObject({ ok: false, value: 0, intervals: { judged: 4, exceeded: 2 } });
  });

  it('counts all the silence of a stream that died, also when it has no rows any more', () => {
    const silent = { packets_received: 0 };
    const rows = [{}, {}, {}, silent, silent, null, null, null];
    const limit = parseMinEach('rate_bit_per_second=1');
    expect(judged(limit, rows)).toMatchObject({ ok: false, intervals: { judged: 7, exceeded: 5 } });
    expect(judged(limit, rows).intervals!.first).toEqual({ start_ns: 3 * SECOND, end_ns: 4 * SECOND, value: 0 });
  });

  it('counts silence between two times of activity once it is over, whoever ends the stream then', () => {
    const rows = [{}, {}, null, null, {}, {}];
    expect(judged(parseMinEach('packets_received=1'), rows, { ended: true })).toMatchObject({
      ok: false,
      intervals: { judged: 4, exceeded: 2 },
    });
  });

  it('has no ratio of an interval in which nothing came', () => {
    const rows = [{}, { packets_received: 0 }, { packets_received: 0 }, { loss_ratio: 0.02 }];
    expect(judged(parseMaxEach('loss_ratio=5%'), rows)).toMatchObject({ ok: true, intervals: { judged: 1 } });
  });

  it('cannot judge what had no value, and says so', () => {
    expect(judged(parseMaxEach('jitter_ns=1ms'), [{ jitter_ns: null }])).toMatchObject({
      ok: false,
      value: null,
      margin: null,
      reason: 'no whole interval had a value of it',
    });
    const [none] = new IntervalJudge([parseMaxEach('jitter_ns=1ms')], SECOND).results(() => false, SECOND);
    expect(none).toMatchObject({ stream: null, ok: false, reason: 'no interval was told of it' });
  });

  it('judges streams of its places alone', () => {
    const limit = { ...parseMaxEach('packets_lost=0'), places: [{ group: '239.1.1.2', port: 5001 }] };
    const judge = new IntervalJudge([limit], SECOND);
    const other = row({ stream: 't', group: '239.1.1.2', packets_lost: 1 });
    judge.observe([row({ packets_lost: 9 }), other], [], [], 0, SECOND);
    expect(judge.results(() => false, SECOND)).toMatchObject([{ stream: 't', value: 1 }]);
  });

  it('judges seconds of the media delivery index and indicators of transport streams', () => {
    const judge = new IntervalJudge(
      [parseMaxEach('mdi.delay_factor_ns=50ms'), parseMaxEach('tr101290.p1=0'), parseMaxEach('tr101290.pat_error=1')],
      10 * SECOND,
    );
    const mdi = [10e6, 60e6].map((delay, i) => ({
      start_ns: i * SECOND,
      end_ns: (i + 1) * SECOND,
      delay_factor_ns: delay,
      media_loss_rate: 0,
    }));
    const transport: TransportIntervalRow = {
      stream: 's',
      mdi,
      tr101290: { pat_error: 1, pmt_error: 1, pcr_error: 5 },
    };
    judge.observe([row()], [transport], [], 0, 10 * SECOND);
    const [delay, p1, pat] = judge.results(() => false, 10 * SECOND);
    expect(delay).toMatchObject({ ok: false, value: 60e6, intervals: { judged: 2, first: { start_ns: SECOND } } });
    expect(p1).toMatchObject({ ok: false, value: 2 });
    expect(pat).toMatchObject({ ok: true, value: 1, margin: 0 });
  });

  it('judges a sender, whose last interval is its end', () => {
    const judge = new IntervalJudge([parseMinEach('sender.rate_bit_per_second=800k')], SECOND);
    for (const [i, packets] of [40, 100, 100, 10].entries()) {
      judge.observe([], [], [senderRow(packets)], i * SECOND, (i + 1) * SECOND);
    }
    expect(judge.results(() => true, 4 * SECOND)).toMatchObject([{ ok: true, value: 800e3, intervals: { judged: 2 } }]);
  });

  it('tells once of each stream that exceeds a limit', () => {
    const told: FirstExceeded[] = [];
    const judge = new IntervalJudge([parseMaxEach('packets_lost=0')], SECOND, (found) => told.push(found));
    for (let second = 0; second < 5; second++) {
      const rows = [row({ packets_lost: second }), row({ stream: 't', packets_lost: second === 4 ? 1 : 0 })];
      judge.observe(rows, [], [], second * SECOND, (second + 1) * SECOND);
    }
    expect(told.map(({ stream, interval }) => [stream, interval.start_ns / SECOND, interval.value])).toEqual([
      ['s', 1, 1],
      ['t', 4, 1],
    ]);
  });

  it('keeps what the nearest 256 streams were', () => {
    const judge = new IntervalJudge([parseMaxEach('packets_lost=0')], SECOND);
    const rows = Array.from({ length: 1000 }, (_, i) => row({ stream: `s${i}`, packets_lost: i === 999 ? 5 : 0 }));
    judge.observe(rows, [], [], 0, SECOND);
    const results = judge.results(() => false, SECOND);
    expect(results).toHaveLength(256);
    expect(results[0]).toMatchObject({ stream: 's999', ok: false });
  });
});
