import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { RUN_FIGURES, RUN_HISTOGRAMS } from '../../src/result/limitNames.js';
import { buildStream } from '../../src/result/build.js';
import { buildArbitration } from '../../src/result/buildArbitration.js';
import { parseExpect, parseMax, parseMin, type Limit } from '../../src/result/limits.js';
import { MembershipCounts } from '../../src/metrics/membershipCounts.js';
import { ZapCounts } from '../../src/metrics/zapCounts.js';
import { buildDelays } from '../../src/result/buildBench.js';
import { buildClasses, buildForwarding } from '../../src/result/buildBenchStreams.js';
import { summarise } from '../../src/result/histogramSummary.js';
import { buildZap } from '../../src/result/buildZap.js';
import { exceeded, judgeLimits } from '../../src/result/judge.js';
import { BoundedEntries, boundEntries, limitEntry } from '../../src/result/limitEntries.js';
import type { LimitResult, RunResult } from '../../src/result/model.js';
import { media, pair, repair, transport } from './mediaFixture.js';
import { answered, measurement, PORTABLE, receiverResult, senderResult, snapshot } from './resultFixture.js';
import { taps } from './tapsFixture.js';

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    expect((error as McastError).code).toBe('ERR_USAGE');
    return (error as McastError).message;
  }
  throw new Error('was accepted');
}

function oneChange(): RunResult['zap'] {
  const counts = new ZapCounts();
  counts.record({ packetNs: 1, patNs: 2, pmtNs: 3, randomAccessNs: 4, isTransportStream: true });
  const address = { endpoint: 'rtp://239.1.1.1:5004', name: null, group: '239.1.1.1', port: 5004 };
  return buildZap({ cycles: 1, dwellNs: 2e9, seed: null }, [{ address, counts }]);
}

function oneCycle(): RunResult['bench'] {
  const counts = new MembershipCounts();
  const times = {
    joinNs: 2,
    joinReportNs: 1,
    wasThere: false,
    leaveNs: 4,
    leaveReportNs: 3,
    stayed: false,
    spacingNs: 1,
  };
  counts.record(times);
  const [half, background] = [
    { counts, whyNot: null },
    { endpoints: [], datagrams: 1, octets: 1, activeNs: 1 },
  ];
  const plan = { cycles: 1, dwellNs: 2e9, settleNs: 1e9 };
  const groups = {
    groups: 2,
    dwell_ns: 2e9,
    capacity: 1,
    failed: null,
    silent: 0,
    silent_groups: [],
    flooded_at: null,
    sees_floods: true,
    join_ns: summarise(counts.join.delay),
  };
  const measured = receiverResult();
  const [forwarding, classes] = [buildForwarding(measured), buildClasses(measured)];
  return {
    test: 'join',
    groups,
    forwarding,
    classes,
    delays: buildDelays(plan, 'of a test', half, { ...half, background }),
  };
}

describe('reading a limit', () => {
  it.each<[Limit, string, string, number | string]>([
    [parseMax('packets_lost=5'), 'packets_lost <= 5', '<=', 5],
    [parseMax('packets_lost=10k'), 'packets_lost <= 10k', '<=', 10_000],
    [parseMax('loss_ratio=0.01%'), 'loss_ratio <= 0.01%', '<=', 0.0001],
    [parseMax('loss_ratio=0.01'), 'loss_ratio <= 0.01', '<=', 0.01],
    [parseMin('rate_bit_per_second=8M'), 'rate_bit_per_second >= 8M', '>=', 8e6],
    [parseMin('rate_bit_per_second=0'), 'rate_bit_per_second >= 0', '>=', 0],
    [parseMax('one_way_delay_ns.p99=5ms'), 'one_way_delay_ns.p99 <= 5ms', '<=', 5e6],
    [parseMax('jitter_ns=500000'), 'jitter_ns <= 500000', '<=', 500_000],
    [parseMin('one_way_delay_ns.min=-5ms'), 'one_way_delay_ns.min >= -5ms', '>=', -5e6],
    [parseMin('one_way_delay_ns.count=1k'), 'one_way_delay_ns.count >= 1k', '>=', 1000],
    [parseMin('octets_received=1Mi'), 'octets_received >= 1Mi', '>=', 1_048_576],
    [parseMax('sender.departure_error_ns.p999=1ms'), 'sender.departure_error_ns.p999 <= 1ms', '<=', 1e6],
    [parseMax('sender.not_sent=0'), 'sender.not_sent <= 0', '<=', 0],
    [parseMin('sender.rate_ethernet_bit_per_second=1G'), 'sender.rate_ethernet_bit_per_second >= 1G', '>=', 1e9],
    [parseMax('health.cycle_max_ns=10ms'), 'health.cycle_max_ns <= 10ms', '<=', 10e6],
    [parseExpect('packets_lost<5'), 'packets_lost < 5', '<', 5],
    [parseExpect(' packets_lost == 0 '), 'packets_lost == 0', '==', 0],
    [parseExpect('packets_lost=0'), 'packets_lost == 0', '==', 0],
    [parseExpect('packets_lost!=1'), 'packets_lost != 1', '!=', 1],
    [parseExpect('ttl_min>=60'), 'ttl_min >= 60', '>=', 60],
    [parseExpect('dscp_received==af41'), 'dscp_received == af41', '==', 34],
    [parseExpect('health.verdict==valid'), 'health.verdict == valid', '==', 'valid'],
    [parseExpect('mdi.delay_factor_max_ns<=50ms'), 'mdi.delay_factor_max_ns <= 50ms', '<=', 50e6],
    [parseExpect('tr101290.ts_sync_loss==0'), 'tr101290.ts_sync_loss == 0', '==', 0],
  ])('%#: %j', (limit, expression, operator, value) => {
    expect(limit).toMatchObject({ expression, operator, value });
  });

  it.each<[string, () => Limit, string]>([
    [
      'operator and value lost by the shell',
      () => parseExpect('loss_ratio'),
      "quote it, as --expect 'loss_ratio<=<value>', or write --max loss_ratio=<value>",
    ],
    ['operator lost', () => parseExpect('packets_lost 5'), '--max packets_lost=5'],
    ['operator turned round', () => parseExpect('packets_lost=<5'), 'write packets_lost<=5'],
    ['unknown operator', () => parseExpect('packets_lost===5'), 'one of <= >= == != < >'],
    ['no value', () => parseExpect('packets_lost<='), 'no value stands behind the operator'],
    ['no name', () => parseExpect('<5'), 'no name stands before the operator'],
    ['nothing', () => parseExpect(''), 'has no operator'],
    ['a maximum without value', () => parseMax('packets_lost'), 'write --max packets_lost=<value>'],
    ['a maximum with an operator', () => parseMax('packets_lost<=5'), 'write --max packets_lost=<value>'],
    ['a minimum with two', () => parseMin('packets_lost==5'), 'is not name=value'],
    ['a mistyped metric', () => parseMax('packets_losst=1'), 'did you mean packets_lost'],
    ['a metric of the sender', () => parseMax('sender.notsent=1'), 'did you mean sender.not_sent'],
    ['a mistyped histogram', () => parseMax('one_way_dely_ns.p99=1ms'), 'did you mean one_way_delay_ns.p99'],
    ['an indicator that is none', () => parseMax('tr101290.pmt_eror=0'), 'did you mean tr101290.pmt_error'],
    [
      'a figure of MDI that is none',
      () => parseMax('mdi.delay_factor_maxns=1s'),
      'did you mean mdi.delay_factor_max_ns',
    ],
    ['something else', () => parseMax('xyzzy=1'), 'docs/metrics.md lists them'],
    ['a histogram without figure', () => parseMax('one_way_delay_ns=5ms'), 'one_way_delay_ns.p99'],
    ['an unknown figure', () => parseMax('one_way_delay_ns.avg=5ms'), 'one of count min mean max clamped p50'],
    ['p100', () => parseMax('one_way_delay_ns.p100=5ms'), 'is no figure'],
    ['p5', () => parseMax('one_way_delay_ns.p5=5ms'), 'is no figure'],
    ['percent as ratio', () => parseMax('loss_ratio=5'), 'for 5 percent write 5%'],
    ['a time for a count', () => parseMax('packets_lost=5ms'), 'is not a count'],
    ['octets for bits', () => parseMin('rate_bit_per_second=1MB'), 'rate is in bit/s'],
    ['an order of DSCP', () => parseMax('dscp_received=46'), "--expect 'dscp_received==46'"],
    ['an order of verdicts', () => parseMax('health.verdict=valid'), "--expect 'health.verdict==valid'"],
    ['an unknown verdict', () => parseExpect('health.verdict==ok'), 'valid, degraded or invalid'],
  ])('refuses %s', (_name, read, text) => {
    expect(refusal(read)).toContain(text);
  });

  it('says which option was meant', () => {
    expect(refusal(() => parseMin('packets_losst=1'))).toMatch(/^--min/u);
    expect(refusal(() => parseMin('jitter_ns=1parsec'))).toMatch(/^--min jitter_ns/u);
  });
});

const result = receiverResult();

function judged(limit: Limit, of: RunResult = result) {
  return judgeLimits(of, [limit], { allowSilence: true });
}

describe('judging a limit', () => {
  it('gives value, limit, margin and stream', () => {
    expect(judged(parseMax('packets_lost=12'))).toEqual([
      {
        expression: 'packets_lost <= 12',
        stream: result.streams[0]!.id,
        value: 10,
        limit: 12,
        margin: 2,
        ok: true,
        reason: null,
      },
    ]);
    expect(judged(parseMin('packets_received=1000'))[0]).toMatchObject({ value: 990, margin: -10, ok: false });
  });

  it.each<[string, boolean]>([
    ['packets_lost<10', false],
    ['packets_lost<=10', true],
    ['packets_lost>10', false],
    ['packets_lost>=10', true],
    ['packets_lost==10', true],
    ['packets_lost!=10', false],
    ['packets_lost==9', false],
    ['loss_ratio<=1%', true],
    ['loss_ratio<0.99%', false],
    ['one_way_delay_ns.min==30us', true],
    ['one_way_delay_ns.p95<=40us', true],
    ['one_way_delay_ns.p05<=31us', true],
    ['one_way_delay_ns.p9999<=39us', false],
    ['dscp_received==ef', true],
    ['dscp_received==cs0', false],
    ['dscp_received!=cs0', true],
    ['health.verdict==valid', true],
    ['health.verdict!=valid', false],
    ['health.stalls==0', true],
  ])('%s: %s', (expression, ok) => {
    expect(judged(parseExpect(expression)).map((one) => one.ok)).toEqual([ok]);
  });

  it('calls a limit on null exceeded, with the reason', () => {
    const blind = receiverResult({ streams: [buildStream(snapshot(), measurement(PORTABLE), null)] });
    expect(judged(parseMax('loss_network=100'), blind)[0]).toMatchObject({
      value: null,
      margin: null,
      ok: false,
      reason: expect.stringContaining('no drop counter'),
    });
    expect(judged(parseMax('wakeup_delay_ns.p99=1s'), blind)[0]).toMatchObject({
      ok: false,
      reason: 'needs kernel stamps',
    });
    expect(judged(parseExpect('dscp_received==ef'), blind)[0]).toMatchObject({
      ok: false,
      reason: expect.stringContaining('DSCP'),
    });
    expect(judged(parseExpect('messages_lost==0'))[0]).toMatchObject({
      ok: false,
      reason: expect.stringContaining('messages_lost'),
    });
    expect(judged(parseMax('sender.not_sent=0'))[0]).toMatchObject({
      ok: false,
      reason: 'this result has no sender section',
    });
    expect(judged(parseMax('sender.impairment.lost=0'), senderResult())[0]).toMatchObject({
      ok: false,
      reason: 'sender.impairment was not measured',
    });
    expect(judged(parseExpect('mdi.delay_factor_ns<1s'))[0]).toMatchObject({
      ok: false,
      reason: 'no transport stream was found in it',
    });
    const brief = receiverResult({ streams: [buildStream(snapshot({ histograms: null }), measurement(), null)] });
    expect(judged(parseMax('ipdv_ns.max=1s'), brief)[0]).toMatchObject({
      ok: false,
      reason: expect.stringContaining('--detail'),
    });
  });

  it('judges every stream, and what was repaired where something was', () => {
    const a = buildStream(snapshot(), measurement(), null);
    const b = { ...buildStream(snapshot({ flow: '1' }), measurement(), null) };
    b.after = { metrics: { ...b.metrics, packets_lost: 0 }, histograms: b.histograms, not_measured: {} };
    const fec = buildStream(snapshot({ flow: '2' }), measurement({ place: () => ({ role: 'fec', leg: null }) }), null);
    const both = judged(parseExpect('packets_lost==0'), receiverResult({ streams: [a, b, fec] }));
    expect(both.map((one) => [one.stream, one.value, one.ok])).toEqual([
      [a.id, 10, false],
      [b.id, 0, true],
    ]);
  });

  it('judges what repair does not change as it arrived, and what it counts behind it', () => {
    const repaired = buildStream(snapshot(), measurement(), null, media({ transport: null, repair: repair() }));
    const of = receiverResult({ streams: [repaired] });
    const value = (limit: Limit): unknown => judged(limit, of)[0]!.value;
    expect(value(parseMax('packets_lost=5'))).toBe(2);
    expect(value(parseMax('loss_ratio=5%'))).toBe(0.002);
    expect(value(parseMax('jitter_ns=5ms'))).toBe(12_000);
    expect(value(parseMax('loss_network=0'))).toBe(7);
    expect(value(parseMax('one_way_delay_ns.min=1ms'))).toBe(30_000);
    expect(judged(parseExpect('dscp_received==ef'), of)[0]!.ok).toBe(true);
  });

  it('judges indicators and MDI, and says why it cannot', () => {
    const inside = buildStream(snapshot(), measurement(), null, media());
    const of = receiverResult({ streams: [inside] });
    expect(judged(parseMax('tr101290.p1=0'), of)).toMatchObject([
      { stream: inside.id, value: 2, margin: -2, ok: false },
    ]);
    expect(judged(parseMax('tr101290.p2=3'), of)[0]).toMatchObject({ value: 3, ok: true });
    expect(judged(parseMax('tr101290.pat_error=0'), of)[0]).toMatchObject({ value: 0, ok: true });
    expect(judged(parseMax('tr101290.nit_error=0'), of)[0]).toMatchObject({
      value: null,
      ok: false,
      reason: 'the stream carries no such table',
    });
    expect(judged(parseMax('mdi.delay_factor_max_ns=12ms'), of)[0]).toMatchObject({ value: 12.5e6, ok: false });
    expect(judged(parseMax('mdi.media_loss_rate_max=0'), of)[0]).toMatchObject({ value: 7, ok: false });
    const file = buildStream(snapshot(), measurement(), null, media({ transport: transport({ mdi: null }) }));
    expect(judged(parseMax('mdi.errored_seconds=0'), receiverResult({ streams: [file] }))[0]!.reason).toContain(
      'nothing arrived',
    );
  });

  it('judges arbitration by leg', () => {
    const of = receiverResult({ arbitration: buildArbitration([pair()]) });
    expect(judged(parseMax('arbitration.legs.a.packets_lost=9'), of)[0]).toMatchObject({ value: 11, ok: false });
    expect(judged(parseMin('arbitration.legs.b.first_arrival_share=31%'), of)[0]).toMatchObject({ ok: false });
    expect(judged(parseMax('arbitration.remaining_lost=2'), of)[0]).toMatchObject({ value: 2, ok: true });
    const alone = { ...of, arbitration: { ...of.arbitration!, legs: [] } };
    expect(judged(parseMax('arbitration.legs.b.packets_lost=0'), alone)[0]!.reason).toContain(
      'legs.b was not measured',
    );
  });

  it('judges the streams of all receivers that reported to a sender', () => {
    const sender = senderResult({ receivers: [{ name: 'lab2', address: '10.0.0.2', report: null, result }] });
    expect(judged(parseMax('packets_lost=5'), sender)).toMatchObject([
      { stream: `lab2: ${result.streams[0]!.id}`, ok: false },
    ]);
    expect(judged(parseMax('packets_lost=5'), senderResult())[0]!.reason).toContain('no receiver reported');
    expect(judged(parseMax('packets_lost=5'), receiverResult({ streams: [] }))[0]!.reason).toBe('nothing arrived');
  });

  it('finds departure errors at the sender under either name', () => {
    expect(judged(parseMax('departure_error_ns.max=8us'), senderResult())).toMatchObject([
      { value: 8000, ok: true, stream: null },
    ]);
    expect(judged(parseMax('sender.departure_error_ns.max=7us'), senderResult())).toMatchObject([
      { value: 8000, ok: false },
    ]);
    expect(judged(parseMax('sender.departure_error_ns.p95=9us'), senderResult())).toMatchObject([
      { value: 8000, ok: true },
    ]);
  });

  it('keeps at most 256 entries of one limit, the exceeded ones first', () => {
    const streams = Array.from({ length: 300 }, (_, i) =>
      buildStream(snapshot({ flow: String(i) }), measurement(), null),
    );
    streams[299]!.metrics.packets_lost = 11;
    const entries = judged(parseMax('packets_lost=10'), { ...result, streams });
    expect([entries.length, entries[0]!.ok, entries[0]!.value]).toEqual([256, false, 11]);
  });

  it('keeps of thousands the same entries as of all of them at once', () => {
    const limit = parseMax('packets_lost=3');
    // Neither rises nor falls, and has equal ones.
    const entries = Array.from({ length: 3000 }, (_, i) => limitEntry(limit, String(i), (i * 7919) % 11, ''));
    const bounded = new BoundedEntries();
    for (const entry of entries) bounded.add(entry);
    expect(boundEntries(bounded.entries)).toEqual(boundEntries(entries));
    expect(boundEntries(entries)[0]).toMatchObject({ stream: '1', value: 10, ok: false });
  });

  it.each([...RUN_FIGURES, ...RUN_HISTOGRAMS.map((id) => `${id}.p99`)])('%s is a figure of the document', (name) => {
    const impairment = { lost: 0, duplicated: 0, reordered: 0, delayed: 0, corrupted: 0 };
    const full = senderResult();
    const histogram = full.sender!.departure_error_ns!;
    Object.assign(full.sender!, { impairment, transmit_delay_ns: histogram });
    full.sender!.recovery = answered();
    full.arbitration = buildArbitration([pair()]);
    full.taps = taps();
    full.zap = oneChange();
    full.aggregate = receiverResult().aggregate;
    full.bench = oneCycle();
    full.health.kernel_drops = 0;
    full.health.kernel_drops_other = 0;
    full.health.malformed = 0;
    const value = name === 'health.verdict' ? 'valid' : '0';
    expect(judged(parseExpect(`${name}==${value}`), full)[0]!.value).not.toBeNull();
  });
});

function silence(of: RunResult): LimitResult[] {
  return judgeLimits(of, []);
}

describe('silence', () => {
  it('is judged for every receiver, without being asked', () => {
    expect(silence(result)).toMatchObject([{ expression: 'packets_received > 0', value: 990, ok: true }]);
    expect(receiverResult({ streams: [] }).limits).toMatchObject([
      { value: 0, ok: false, reason: 'nothing arrived', stream: '239.1.1.1 port 5001' },
    ]);
    expect(silence({ ...result, streams: [], memberships: [] })).toMatchObject([{ value: 0, ok: false, stream: null }]);
  });

  it('is judged for every group: a dead channel beside a live one is exceeded', () => {
    const two = { ...result, memberships: [...result.memberships, { ...result.memberships[0]!, group: '239.1.1.2' }] };
    expect(silence(two).map((one) => [one.stream, one.ok])).toEqual([
      ['239.1.1.1 port 5001', true],
      ['239.1.1.2 port 5001', false],
    ]);
  });

  it('is one group although it was joined on several interfaces', () => {
    const two = { ...result, memberships: [...result.memberships, { ...result.memberships[0]!, interface: 'eth1' }] };
    expect(silence(two)).toHaveLength(1);
  });

  it('concerns no sender, but each receiver that reported to it', () => {
    expect(silence(senderResult())).toEqual([]);
    const receivers = [
      { name: 'lab2', address: '10.0.0.2', report: null, result: receiverResult({ streams: [] }) },
      { name: 'lab3', address: '10.0.0.3', report: null, result: null },
    ];
    expect(silence(senderResult({ receivers }))).toMatchObject([{ ok: false, stream: 'lab2: 239.1.1.1 port 5001' }]);
  });

  it('is as it should be when that is said', () => {
    expect(judgeLimits(receiverResult({ streams: [] }), [], { allowSilence: true })).toEqual([]);
  });
});

const sent = (scheduled: number, left: number): ReturnType<typeof senderResult> => {
  const full = senderResult();
  Object.assign(full.sender!, { scheduled, sent: left });
  return full;
};

describe('a sender of which nothing left', () => {
  it('has not succeeded, without being asked', () => {
    expect(judgeLimits(sent(100, 0), [], { allowSilence: true })).toEqual([
      {
        expression: 'sender.sent > 0',
        stream: null,
        value: 0,
        limit: 0,
        margin: 0,
        ok: false,
        reason: 'nothing left this host: see sender.not_sent_by_reason',
      },
    ]);
  });

  it('is as it should be when nothing was due, or when something left', () => {
    expect(judgeLimits(sent(0, 0), [], { allowSilence: true })).toEqual([]);
    expect(judgeLimits(sent(100, 1), [], { allowSilence: true })).toEqual([]);
  });
});

describe('a limit on some places', () => {
  const places = [{ group: result.streams[0]!.group, port: result.streams[0]!.port }];

  it('is for streams of these groups and ports alone', () => {
    expect(judged({ ...parseMax('packets_lost=9'), places })).toMatchObject([{ value: 10, ok: false }]);
    const elsewhere = [{ group: '239.9.9.9', port: 1 }];
    expect(judged({ ...parseMax('packets_lost=9'), places: elsewhere })).toMatchObject([
      { stream: '239.9.9.9 port 1', value: null, ok: false, reason: 'nothing arrived' },
    ]);
  });

  it('is one of the run where its figure is', () => {
    expect(judged({ ...parseMax('health.stalls=0'), places })).toMatchObject([{ stream: null, ok: true }]);
  });
});

describe('exceeded', () => {
  it('takes limits as texts, for use in a test', () => {
    expect(exceeded(result, ['packets_lost <= 10', 'loss_ratio <= 1%'])).toEqual([]);
    expect(exceeded(result, ['packets_lost == 0', parseMin('packets_received=1')])).toMatchObject([
      { expression: 'packets_lost == 0', value: 10 },
    ]);
    expect(exceeded(receiverResult({ streams: [] }), [])).toHaveLength(1);
    expect(refusal(() => exceeded(result, ['packets_lost']))).toContain('no operator');
  });
});
