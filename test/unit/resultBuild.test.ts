import { describe, expect, it } from 'vitest';
import { everyStream } from '../../src/result/briefStreams.js';
import { Histogram } from '../../src/metrics/histogram.js';
import { aggregateStreams } from '../../src/result/aggregate.js';
import { buildStream, streamId } from '../../src/result/build.js';
import { orderStreams } from '../../src/result/streamOrder.js';
import { buildSender } from '../../src/result/buildSender.js';
import { summarise } from '../../src/result/histogramSummary.js';
import { buildIntervalRow } from '../../src/result/interval.js';
import type { Stream } from '../../src/result/model.js';
import {
  counters,
  interval,
  measurement,
  PORTABLE,
  receiverResult,
  recorded,
  senderFacts,
  senderInput,
  senderStream,
  series,
  snapshot,
} from './resultFixture.js';

function built(change: Parameters<typeof snapshot>[0] = {}, how: Parameters<typeof measurement>[0] = {}): Stream {
  return buildStream(snapshot(change), measurement(how), null);
}

function doubt(stream: Stream): unknown {
  return [stream.delay_uncertainty_ns, stream.not_measured['delay_uncertainty_ns']];
}

function atHome(): boolean {
  return true;
}

describe('a stream of the result', () => {
  it('carries counts, loss by cause, ratios', () => {
    expect(built().metrics).toMatchObject({
      packets_received: 990,
      packets_expected: 1000,
      packets_lost: 10,
      packets_duplicated: 3,
      packets_reordered: 5,
      packets_late: 0,
      packets_pending: 0,
      octets_received: 1_306_788,
      loss_ratio: 0.01,
      loss_network: 7,
      loss_socket_buffer: 2,
      loss_application: 1,
      never_sent: 4,
      loss_periods: 2,
      loss_period_max: 6,
      loss_distance_min: 1,
      duplication_ratio: 3 / 990,
      messages_received: null,
    });
  });

  it('gives rates on all layers over the active time', () => {
    const { metrics } = built();
    expect(metrics.active_ns).toBe(10e9);
    expect(metrics.rate_bit_per_second).toBeCloseTo((993 * 1316 * 8) / 10, 6);
    expect(metrics.rate_ip_bit_per_second).toBeCloseTo((993 * (1316 + 28) * 8) / 10, 6);
    expect(metrics.rate_ethernet_bit_per_second).toBeCloseTo((993 * (1316 + 42) * 8) / 10, 6);
    expect(metrics.rate_packets_per_second).toBeCloseTo(99.3, 9);
    const v6 = built({ group: 'ff15::1', source: 'fd00::1' }).metrics;
    expect(v6.rate_ip_bit_per_second).toBeCloseTo((993 * (1316 + 48) * 8) / 10, 6);
  });

  it('has no rate over no time, and says why', () => {
    const one = built({ firstMonoNs: 5, lastMonoNs: 5 });
    expect(one.metrics.rate_bit_per_second).toBeNull();
    expect(one.not_measured['rate_bit_per_second']).toContain('one stamp');
  });

  it('has no ratio of nothing', () => {
    const none = built({ counters: counters({}), jitterNs: NaN });
    expect([none.metrics.loss_ratio, none.metrics.duplication_ratio]).toEqual([null, null]);
    expect(none.not_measured['loss_ratio']).toBe('nothing was expected');
    expect(none.metrics.packets_lost).toBe(0);
  });

  it('counts DSCP by value, ECN apart, and says how many hops', () => {
    expect(built().metrics).toMatchObject({
      dscp_received: { 46: 993 },
      dscp_sent: 46,
      ecn_ce_received: 3,
      ttl_min: 61,
      ttl_max: 62,
      ttl_sent: 64,
      hops_min: 2,
      hops_max: 3,
    });
  });

  it("takes what the endpoint says was sent where the datagrams don't tell", () => {
    const silent = built({ tosSent: null, ttlSent: null }, { sentMark: () => ({ ttl: 63, dscp: 34 }) });
    expect(silent.metrics).toMatchObject({ dscp_sent: 34, ttl_sent: 63, hops_min: 1, hops_max: 2 });
    expect(built({ tosSent: null }).not_measured['dscp_sent']).toContain('neither the datagrams nor the endpoint');
  });

  it('has null, never 0, for what the implementation cannot see, with the reason', () => {
    const portable = built({ ttlMin: null, ttlMax: null }, PORTABLE);
    for (const id of [
      'loss_network',
      'loss_socket_buffer',
      'dscp_received',
      'ecn_ce_received',
      'ttl_min',
      'ttl_max',
      'hops_min',
    ] as const) {
      expect(portable.metrics[id], id).toBeNull();
      expect(portable.not_measured[id], id).toMatch(/implementation/u);
    }
    expect(portable.histograms!.wakeup_delay_ns).toBeNull();
    expect(portable.not_measured['wakeup_delay_ns']).toBe('needs kernel stamps');
    expect(portable.loss_attribution).toBeNull();
    // These it can see.
    expect([portable.metrics.packets_lost, portable.metrics.loss_application]).toEqual([10, 1]);
  });

  it('has null for all figures of loss in a format that numbers nothing', () => {
    const plain = built({ format: 'udp', unit: 'none', sendTime: null, jitterNs: NaN, flow: null, senderRun: null });
    for (const id of [
      'packets_expected',
      'packets_lost',
      'packets_duplicated',
      'packets_reordered',
      'packets_late',
      'packets_pending',
      'loss_ratio',
      'loss_network',
      'loss_socket_buffer',
      'loss_application',
      'never_sent',
      'loss_periods',
    ] as const) {
      expect(plain.metrics[id], id).toBeNull();
      expect(plain.not_measured[id], id).toBe('the format numbers nothing');
    }
    for (const id of ['one_way_delay_ns', 'ipdv_ns', 'pdv_ns'] as const) {
      expect(plain.histograms![id], id).toBeNull();
      expect(plain.not_measured[id], id).toBe('the format carries no send time');
    }
    expect(plain.metrics.jitter_ns).toBeNull();
    expect(plain.metrics.packets_received).toBe(990);
    expect(plain.histograms!.interarrival_ns!.count).toBe(989);
  });

  it('counts messages where messages are numbered', () => {
    const stream = built({
      format: 'mold',
      unit: 'message',
      counters: counters({
        PacketsReceived: 100,
        PacketsDuplicated: 1,
        Expected: 5000,
        Received: 4990,
        Lost: 10,
        LossNetwork: 10,
        Duplicated: 50,
        Reordered: 7,
      }),
    });
    expect(stream.metrics).toMatchObject({
      packets_received: 100,
      packets_duplicated: 1,
      packets_expected: null,
      packets_lost: null,
      never_sent: null,
      messages_expected: 5000,
      messages_received: 4990,
      messages_lost: 10,
      messages_duplicated: 50,
      messages_reordered: 7,
      loss_ratio: 0.002,
      loss_network: 10,
    });
  });

  it('says when it began, by both clocks', () => {
    expect(built()).toMatchObject({
      start: '2026-09-21T14:13:21.123456789Z',
      start_ns: 5e8,
      end_ns: 10.5e9,
    });
    const silent = built({ firstMonoNs: NaN, lastMonoNs: NaN, firstRealNs: NaN, lastRealNs: NaN });
    expect([silent.start, silent.start_ns, silent.metrics.active_ns]).toEqual([null, null, null]);
  });

  it('marks percentiles that more loss than they leave out makes conditional', () => {
    expect(built().histograms!.one_way_delay_ns!.conditional).toEqual(['p999', 'p9999']);
    expect(built().histograms!.interarrival_ns!.conditional).toEqual([]);
    expect(summarise(recorded(1), 0).conditional).toEqual([]);
    expect(summarise(recorded(1), 0.6).conditional).toEqual(['p50', 'p90', 'p99', 'p999', 'p9999']);
    expect(summarise(recorded(1), 0.01).conditional).not.toContain('p99');
  });

  it('states the uncertainty of delay only where one clock serves both ends, else why not', () => {
    const isLocal = atHome;
    expect(doubt(built({}, { isLocal }))).toEqual([3000, undefined]);
    expect(doubt(built())).toEqual([null, expect.stringContaining('two clocks')]);
    expect(doubt(built({}, { isLocal, receiveTime: () => 'hardware' }))).toEqual([
      null,
      expect.stringContaining('two clocks'),
    ]);
    expect(doubt(built({}, { isLocal, receiveTime: () => 'user' }))).toEqual([null, expect.stringContaining('read')]);
    expect(doubt(built({ sendTime: 'due' }, { isLocal }))).toEqual([null, expect.stringContaining('due time')]);
    expect(doubt(built({ sendTime: null }, { isLocal }))).toEqual([null, expect.stringContaining('no send time')]);
  });

  it('keeps at most 1024 ranges of its loss map and says that there were more', () => {
    const map = Array.from({ length: 1025 }, (_, i) => ({
      first: String(i * 10),
      count: 1,
      cause: 'network' as const,
    }));
    const stream = built({ lossDetail: { ...snapshot().lossDetail, map } });
    expect([stream.loss_map!.length, stream.loss_map_truncated]).toEqual([1024, true]);
  });

  it('has a series without loss by cause where that is not known', () => {
    const known = buildStream(snapshot(), measurement(), series()).series!;
    expect([known.points, known.step_ns, known.start_ns]).toEqual([10, 1e9, 5e8]);
    expect(known.metrics.loss_network!.sum).toEqual(Array.from({ length: 10 }, () => 1));
    expect(known.metrics.rate_bit_per_second!.mean[0]).toBeCloseTo(99 * 1316 * 8, 6);
    const unknown = buildStream(snapshot(), measurement(PORTABLE), series()).series!;
    expect([unknown.metrics.loss_network, unknown.metrics.loss_socket_buffer]).toEqual([null, null]);
    expect(unknown.metrics.loss_application!.sum).toEqual(Array.from({ length: 10 }, () => 0));
  });

  it('is told apart by everything that makes it another stream', () => {
    const base = snapshot();
    const others = [
      { group: '239.1.1.2' },
      { port: 5002 },
      { source: '10.0.0.9' },
      { sourcePort: 1 },
      { flow: '1' },
      { senderRun: 'ffffffff' },
    ];
    const ids = [{}, ...others].map((change) => streamId(Object.assign({}, base, change), 'eth0'));
    expect(new Set([...ids, streamId(base, 'eth1')]).size).toBe(8);
    expect(ids[0]).toBe('239.1.1.1:5001/10.0.0.1:40000/eth0/0/1f2e3d4c');
    expect(streamId({ ...base, group: 'ff15::1', source: 'fd00::1', flow: null, senderRun: null }, null)).toBe(
      '[ff15::1]:5001/[fd00::1]:40000/2',
    );
  });
});

describe('all streams together', () => {
  const a = built();
  const b = built({ group: '239.1.1.2', firstMonoNs: 6e9, lastMonoNs: 16e9, ttlMin: 59, jitterNs: 99_000 });

  it('add, take the extreme, or are computed anew, as the catalogue says', () => {
    const all = aggregateStreams([a, b], null)!;
    expect(all.streams).toBe(2);
    expect(all.metrics).toMatchObject({
      packets_received: 1980,
      packets_lost: 20,
      loss_ratio: 0.01,
      ttl_min: 59,
      ttl_max: 62,
      jitter_ns: 99_000,
      dscp_received: { 46: 1986 },
      dscp_sent: null,
      active_ns: 15e9,
    });
    expect(all.metrics.rate_bit_per_second).toBeCloseTo((2 * 993 * 1316 * 8) / 15, 6);
    expect(all.metrics.rate_ip_bit_per_second).toBeCloseTo((2 * 993 * 1344 * 8) / 15, 6);
    expect(all.histograms.one_way_delay_ns).toMatchObject({ count: 1980, min: 30_000, max: 39_890 });
    expect(all.histograms.one_way_delay_ns!.conditional).toEqual(['p999', 'p9999']);
  });

  it('count streams of one datagram in all rates, which have none of their own', () => {
    const brief = Array.from({ length: 150 }, () =>
      built({
        counters: counters({ PacketsReceived: 1, Received: 1, Expected: 1, OctetsReceived: 200 }),
        firstMonoNs: 3e9,
        lastMonoNs: 3e9,
      }),
    );
    expect(brief[0]!.metrics.rate_packets_per_second).toBeNull();
    const { metrics } = aggregateStreams([a, ...brief], null)!;
    const [octets, datagrams, seconds] = [993 * 1316 + 150 * 200, 993 + 150, metrics.active_ns! / 1e9];
    expect(metrics.rate_bit_per_second).toBeCloseTo((8 * octets) / seconds, 6);
    expect(metrics.rate_ip_bit_per_second).toBeCloseTo((8 * (octets + 28 * datagrams)) / seconds, 6);
    expect(metrics.rate_ethernet_bit_per_second).toBeCloseTo((8 * (octets + 42 * datagrams)) / seconds, 6);
    expect(metrics.rate_packets_per_second).toBeCloseTo(datagrams / seconds, 6);
    // Of nothing but such streams the size of the headers is not known.
    expect(aggregateStreams([...brief, { ...brief[0]!, start_ns: 0 }], null)!.metrics).toMatchObject({
      rate_ip_bit_per_second: null,
      rate_packets_per_second: 151 / 2.5,
    });
  });

  it('say in how many streams a figure was missing', () => {
    const plain = built({ format: 'udp', unit: 'none', sendTime: null });
    const all = aggregateStreams([a, plain], null)!;
    expect(all.metrics).toMatchObject({ packets_received: 1980, packets_lost: 10, loss_ratio: 0.01 });
    expect(all.not_measured['packets_lost']).toContain('1 of 2 streams');
  });

  it('contain what streams beyond the detail limit recorded in common', () => {
    const brief = built({ histograms: null });
    const shared = { one_way_delay_ns: recorded(1_000_000), ipdv_ns: new Histogram() };
    const all = aggregateStreams([a, brief], shared)!;
    expect(all.histograms.one_way_delay_ns).toMatchObject({ count: 991, max: 1_000_000 });
    expect(all.histograms.ipdv_ns!.count).toBe(3);
  });

  it('are nothing when there is none', () => {
    expect(aggregateStreams([], null)).toBeNull();
  });
});

describe('the order of streams', () => {
  const streams = [0, 30, 10, 20].map((lost, i) =>
    built({
      flow: String(i),
      counters: counters({
        PacketsReceived: 100 - lost,
        Received: 100 - lost,
        Expected: 100,
        Lost: lost,
        LossNetwork: lost,
      }),
    }),
  );

  it('is theirs while all are in detail', () => {
    expect(orderStreams(streams, 4).streams.map((stream) => stream.flow)).toEqual(['0', '1', '2', '3']);
    const roles = ['control', 'media', 'fec', 'media'] as const;
    const mixed = streams.map((stream, i) => ({ ...stream, role: roles[i]! }));
    for (const detail of [4, 2]) {
      expect(everyStream(orderStreams(mixed, detail)).map(({ role }) => role === 'media')).toEqual([
        true,
        true,
        false,
        false,
      ]);
    }
    expect(orderStreams(mixed, 4).streams.map((stream) => stream.flow)).toEqual(['1', '3', '0', '2']);
  });

  it('is worst first beyond that, and the rest keep counters only', () => {
    const ordered = everyStream(orderStreams(streams, 2));
    expect(ordered.map((stream) => stream.flow)).toEqual(['1', '3', '2', '0']);
    expect(ordered.map((stream) => stream.histograms === null)).toEqual([false, false, true, true]);
    expect(ordered[3]!.metrics.packets_received).toBe(100);
    expect(receiverResult({ streams, detail: 2 })).toMatchObject({
      streams_total: 4,
      aggregate: { metrics: { packets_lost: 60 } },
    });
  });
});

describe('a sender of the result', () => {
  it('adds up its streams', () => {
    const sender = buildSender(
      senderFacts({
        streams: [
          senderStream(),
          senderStream({ id: 'b', group: 'ff15::1', firstMonoNs: 2e9, lastMonoNs: 12e9, skipped: 6, scheduled: 1010 }),
        ],
      }),
    );
    expect(sender).toMatchObject({
      scheduled: 2014,
      sent: 2000,
      not_sent: 14,
      not_sent_by_reason: { no_buffers: 8, too_late: 0, failed: 0, skipped: 6 },
      octets_sent: 2_632_000,
      active_ns: 11e9,
      streams_total: 2,
    });
    expect(sender.rate_ip_bit_per_second).toBeCloseTo(((1000 * 1344 + 1000 * 1364) * 8) / 11, 5);
    expect(sender.departure_error_ns!.count).toBe(6);
    expect(sender.streams[0]!.dscp).toBe(46);
  });

  it('has its inputs, of too many those that failed or lacked something first', () => {
    const [fine, dry, torn, failed] = [
      senderInput(),
      senderInput({ stream: 'b', underruns: 2 }),
      senderInput({ stream: 'c', skipped_octets: 7, underruns: 1 }),
      senderInput({ stream: 'd', failure: 'gone' }),
    ];
    const inputs = [fine, dry, torn, failed];
    expect(buildSender(senderFacts({ inputs }))).toMatchObject({ inputs, underruns: 3 });
    const few = buildSender(senderFacts({ inputs, detail: 3 }));
    expect(few.inputs).toEqual([failed, torn, dry]);
    expect(few.underruns).toBe(3);
  });

  it('does not say 0 where refused sends cannot be seen', () => {
    const sender = buildSender(senderFacts({ seesRefusals: false }));
    expect([sender.not_sent, sender.not_sent_by_reason.no_buffers, sender.streams[0]!.not_sent]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('sums what impairment did, and has none without it', () => {
    const impairment = { lost: 1, duplicated: 2, reordered: 3, delayed: 4, corrupted: 5 };
    expect(buildSender(senderFacts()).impairment).toBeNull();
    const sender = buildSender(
      senderFacts({
        streams: [senderStream({ impairment }), senderStream({ id: 'b', impairment }), senderStream({ id: 'c' })],
      }),
    );
    expect(sender.impairment).toEqual({ lost: 2, duplicated: 4, reordered: 6, delayed: 8, corrupted: 10 });
  });

  it('has neither rates nor errors when nothing left', () => {
    const sender = buildSender(
      senderFacts({
        streams: [
          senderStream({ sent: 0, octetsSent: 0, firstMonoNs: NaN, lastMonoNs: NaN, departureError: new Histogram() }),
        ],
      }),
    );
    expect([sender.active_ns, sender.rate_bit_per_second, sender.departure_error_ns]).toEqual([null, null, null]);
  });
});

describe('an interval row', () => {
  const stream = {
    id: 's',
    name: null,
    group: '239.1.1.1',
    port: 5001,
    flow: '0',
    unit: 'packet' as const,
    tellsNeverSent: true,
    countsDrops: true,
  };

  it('divides by its measured length', () => {
    const half = { ...interval(0), startMonoNs: 0.5e9 };
    expect(buildIntervalRow(half, stream).rate_bit_per_second).toBe(99 * 1316 * 16);
  });

  it('has a loss ratio of at most 1 when what is declared lost was expected earlier', () => {
    const late = interval(0, {
      counters: counters({ Lost: 50, LossNetwork: 50, Received: 50, PacketsReceived: 50, Expected: 10 }),
    });
    expect(buildIntervalRow(late, stream).loss_ratio).toBe(0.5);
    expect(buildIntervalRow(interval(0, { counters: counters({ Lost: 5 }) }), stream).loss_ratio).toBe(1);
  });

  it('has no ratio and a rate of 0 when nothing came', () => {
    const empty = buildIntervalRow(interval(0, { counters: counters({}), jitterNs: NaN, delayP50Ns: NaN }), stream);
    expect([
      empty.loss_ratio,
      empty.rate_bit_per_second,
      empty.jitter_ns,
      empty.one_way_delay_p50_ns,
      empty.packets_lost,
    ]).toEqual([null, 0, null, null, 0]);
  });

  it('follows the rules of null', () => {
    const blind = buildIntervalRow(interval(0), { ...stream, countsDrops: false });
    expect([blind.loss_network, blind.loss_socket_buffer, blind.loss_application, blind.packets_lost]).toEqual([
      null,
      null,
      0,
      1,
    ]);
    const plain = buildIntervalRow(interval(0), { ...stream, unit: 'none', tellsNeverSent: false });
    expect([
      plain.packets_expected,
      plain.packets_lost,
      plain.packets_duplicated,
      plain.loss_ratio,
      plain.never_sent,
    ]).toEqual([null, null, null, null, null]);
  });
});
