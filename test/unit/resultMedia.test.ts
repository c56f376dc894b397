import { describe, expect, it } from 'vitest';
import { everyStream } from '../../src/result/briefStreams.js';
import { METRIC_IDS } from '../../src/metrics/catalog.js';
import { TRANSPORT_INDICATORS } from '../../src/metrics/transportIndicators.js';
import { buildStream } from '../../src/result/build.js';
import { orderStreams } from '../../src/result/streamOrder.js';
import { buildArbitration, mergeArbitrations } from '../../src/result/buildArbitration.js';
import { buildAfter, buildOutputs, REPAIRED_METRICS } from '../../src/result/buildRepair.js';
import { buildTransport } from '../../src/result/buildTransport.js';
import { summarise } from '../../src/result/histogramSummary.js';
import { mergeParts } from '../../src/result/merge.js';
import { RunResultSchema, type RunResult, type Stream } from '../../src/result/model.js';
import { readResults } from '../../src/result/read.js';
import {
  arbitration,
  indicators,
  mdi,
  media,
  pair,
  pcr,
  pid,
  pids,
  repair,
  SECOND,
  service,
  transport,
} from './mediaFixture.js';
import { checkIdentities, measurement, receiverResult, recorded, snapshot } from './resultFixture.js';

const START = 0.5 * SECOND;
const JOIN = 0.9 * SECOND;
const built = buildTransport(transport(), START, JOIN);
const output = { name: 'news.ts', datagrams: 990, octets: 1_306_788, dropped: 1, failure: 'disk full', failed: true };

function streamWith(facts: Parameters<typeof media>[0], flow = '0'): Stream {
  return buildStream(snapshot({ flow }), measurement(), null, media(facts));
}

function part(flow: string, facts: Parameters<typeof media>[0]): RunResult {
  return receiverResult({
    streams: [streamWith(facts, flow)],
    outputs: buildOutputs(flow, [output]),
    arbitration: buildArbitration([pair({ name: flow })]),
  });
}

describe('a transport stream in the document', () => {
  it('has its indicators with clause, priority, and times from the start', () => {
    const reports = built.transport.indicators;
    expect(reports.map(({ id, name, clause, priority }) => ({ id, name, clause, priority }))).toEqual(
      TRANSPORT_INDICATORS.map(({ id, name, clause, priority }) => ({ id, name, clause, priority })),
    );
    expect(reports[3]).toMatchObject({ count: 2, first_ns: 3 * SECOND, last_ns: 3.5 * SECOND, pid: 257 });
    expect(reports[2]).toMatchObject({ count: 0, first_ns: null, last_ns: null, pid: null });
    expect(reports.find(({ id }) => id === 'nit_error')!.count).toBeNull();
  });

  it('has each indicator by id, and sums per priority of those that apply', () => {
    expect(Object.keys(built.tr101290!).toSorted()).toEqual(
      ['p1', 'p2', 'p3', ...TRANSPORT_INDICATORS.map(({ id }) => id)].toSorted(),
    );
    expect(built.tr101290).toMatchObject({
      p1: 2,
      p2: 3,
      p3: 0,
      continuity_count_error: 2,
      pat_error: 0,
      eit_error: null,
    });
    expect(built.not_measured).toMatchObject({
      'tr101290.eit_error': 'the stream carries no such table',
      'tr101290.pcr_accuracy_error': 'too few PCRs came',
    });
    expect(built.not_measured).not.toHaveProperty(['tr101290.pat_error']);
    expect(built.not_measured).not.toHaveProperty(['tr101290.p3']);
  });

  it('says of each indicator why it does not apply', () => {
    const nothing = indicators().map((one) => ({ ...one, applies: false }));
    const variable = pcr({ accuracy: null, accuracyWhyNot: 'variable_rate' });
    const none = buildTransport(transport({ indicators: nothing, pcr: [variable] }), START, JOIN);
    expect(none.tr101290).toMatchObject({ p1: null, p2: null, p3: null });
    expect(none.not_measured).toMatchObject({
      'tr101290.p1': 'no indicator of this priority could be judged',
      'tr101290.pcr_accuracy_error': 'the stream has no constant rate',
      'tr101290.pcr_repetition_error': 'no PCR came',
      'tr101290.si_repetition_error': 'the stream carries no NIT, SDT, EIT or TDT',
      'tr101290.unreferenced_pid': 'the tables that refer to PIDs have not all come',
      'tr101290.cat_error': 'there was nothing to judge',
    });
    const without = buildTransport(transport({ indicators: nothing, pcr: [] }), START, JOIN);
    expect(without.not_measured['tr101290.pcr_accuracy_error']).toBe('no PCR came');
  });

  it('has services with the rate of their PIDs, and streams', () => {
    const told = built.transport.services[0]!;
    expect(told).toMatchObject({
      program_number: 1,
      name: 'News HD',
      provider: 'mcastkit',
      pmt_pid: 256,
      pcr_pid: 257,
      has_pmt: true,
    });
    expect(told.rate_bit_per_second).toBeCloseTo(15_040 + 4.36e6 + 120_320, 3);
    expect(told.streams[1]).toEqual({ pid: 258, stream_type: 15, kind: 'audio', name: 'AAC (ADTS)', language: 'deu' });
    const absent = buildTransport(
      transport({ services: [service({ pmtPid: 40, pcrPid: 300, streams: [] })] }),
      START,
      JOIN,
    );
    expect(absent.transport.services[0]!.rate_bit_per_second).toBeNull();
  });

  it('has a row per PID, and sums over them', () => {
    expect(built.transport.pids[2]).toEqual({
      pid: 257,
      kind: 'video',
      name: 'H.264',
      language: null,
      program_number: 1,
      packets: 29_000,
      rate_bit_per_second: 4.36e6,
      scrambled: 0,
      transport_errors: 0,
      continuity_errors: 2,
      missing_packets: 7,
      continuity_errors_explained: 1,
      missing_packets_explained: 6,
      duplicates: 1,
      pcrs: 250,
      pts_count: 250,
      first_ns: 0.6 * SECOND,
      last_ns: 10.5 * SECOND,
    });
    expect(built.transport.pids[4]!.rate_bit_per_second).toBeNull();
    const two = [pid(), pid({ pid: 258, continuityErrors: 3, missingPackets: 4, continuityErrorsExplained: 2 })];
    expect(buildTransport(transport({ pids: two }), START, JOIN).transport).toMatchObject({
      continuity_errors: 5,
      missing_packets: 11,
      continuity_errors_explained: 3,
    });
  });

  it('has PCR per PID', () => {
    expect(built.transport.pcr).toEqual([
      {
        pid: 257,
        pcrs: 250,
        interval_ns: summarise(recorded(38e6, 40e6, 42e6)),
        discontinuities: 0,
        accuracy_ns: summarise(recorded(10, 120)),
        accuracy_min_ns: -120,
        accuracy_max_ns: 10,
        accuracy_why_not: null,
        rate_bit_per_second: 4.6e6,
        jitter_ns: summarise(recorded(1e6, 1.2e6)),
        drift_ppm: 2.71,
        drift_error_ppm: 0.16,
        drift_over_ns: 10 * SECOND,
      },
    ]);
    const bare = pcr({
      interval: recorded(),
      accuracy: null,
      accuracyMinNs: NaN,
      accuracyMaxNs: NaN,
      arrival: null,
      rateBitPerSecond: NaN,
    });
    expect(buildTransport(transport({ pcr: [bare] }), START, JOIN).transport.pcr[0]).toMatchObject({
      interval_ns: null,
      accuracy_ns: null,
      accuracy_min_ns: null,
      accuracy_max_ns: null,
      rate_bit_per_second: null,
      jitter_ns: null,
      drift_ppm: null,
      drift_error_ppm: null,
      drift_over_ns: null,
    });
    const young = pcr({ arrival: { jitter: recorded(), driftPpm: NaN, driftErrorPpm: NaN, overNs: 0 } });
    const early = buildTransport(transport({ pcr: [young] }), START, JOIN).transport.pcr[0];
    expect(early).toMatchObject({ jitter_ns: null, drift_ppm: null, drift_over_ns: 0 });
  });

  it('has counters', () => {
    const counted = {
      inSync: false,
      strayOctets: 1,
      oddDatagrams: 2,
      malformedPackets: 3,
      malformedSections: 4,
      lostDatagrams: 5,
    };
    expect(
      buildTransport(transport({ ...counted, pidsOverflowed: 6, rateBitPerSecond: NaN }), START, JOIN).transport,
    ).toMatchObject({
      transport_stream_id: 1,
      in_sync: false,
      packets: 30_501,
      null_packets: 500,
      rate_bit_per_second: null,
      stray_octets: 1,
      odd_datagrams: 2,
      malformed_packets: 3,
      malformed_sections: 4,
      lost_datagrams: 5,
      pids_overflowed: 6,
    });
  });

  it('has first times from the start and from the join', () => {
    expect(built.transport).toMatchObject({
      first_packet_ns: 0.5 * SECOND,
      first_pat_ns: 0.55 * SECOND,
      first_pmt_ns: 0.56 * SECOND,
      first_random_access_ns: 0.9 * SECOND,
      random_access_by: 'indicator',
    });
    expect(built.transport.first_pat_after_join_ns).toBeCloseTo(0.15 * SECOND, 3);
    expect(built.transport.first_pmt_after_join_ns).toBeCloseTo(0.16 * SECOND, 3);
    expect(built.transport.first_random_access_after_join_ns).toBeCloseTo(0.5 * SECOND, 3);
    expect(Object.keys(built.not_measured).filter((key) => key.startsWith('transport.'))).toEqual([]);
  });

  it('says why there is no time from the join', () => {
    const first = {
      packetMonoNs: SECOND,
      patMonoNs: 1.1 * SECOND,
      pmtMonoNs: NaN,
      randomAccessMonoNs: NaN,
      randomAccessBy: null,
    };
    const unknown = buildTransport(transport({ first }), START, NaN);
    expect(unknown.transport).toMatchObject({
      first_pat_ns: 0.6 * SECOND,
      first_pmt_ns: null,
      first_pat_after_join_ns: null,
    });
    expect(unknown.not_measured).toMatchObject({
      'transport.first_pat_after_join_ns': 'the time of the join is not known, or later',
      'transport.first_pmt_after_join_ns': 'none came',
      'transport.first_random_access_after_join_ns': 'none came',
    });
    // Heard on another socket before this join.
    expect(buildTransport(transport(), START, 2 * SECOND).transport.first_pat_after_join_ns).toBeNull();
  });

  it('has MDI, and says what of it is not known', () => {
    expect(built.mdi).toEqual({
      delay_factor_ns: 9e6,
      delay_factor_max_ns: 12.5e6,
      delay_factor_mean_ns: 8.25e6,
      media_loss_rate: 0,
      media_loss_rate_max: 7,
      media_loss_rate_mean: 0.7,
      media_rate_bit_per_second: 4.6e6,
      intervals: 10,
      errored_seconds: 4,
    });
    expect(built.transport.media_loss_from).toBe('continuity');
    const reason = (change: Parameters<typeof mdi>[0]): unknown =>
      buildTransport(transport({ mdi: mdi(change) }), START, JOIN).not_measured['mdi.delay_factor_ns'];
    const none = { delayFactorNs: NaN, delayFactorMaxNs: NaN, delayFactorMeanNs: NaN };
    expect(reason({})).toBeUndefined();
    expect(reason({ ...none, intervals: 0 })).toBe('no interval of 1 s was complete');
    expect(reason({ ...none, mediaRateBitPerSecond: NaN })).toBe('the media rate is not known: too few PCRs came');
    expect(reason(none)).toBe('in no whole interval did anything arrive');
    const file = buildTransport(transport({ mdi: null }), START, JOIN);
    expect([file.mdi, file.transport.media_loss_from]).toEqual([null, null]);
    expect(file.not_measured['mdi']).toContain('nothing arrived');
  });
});

describe('a stream with what is inside', () => {
  const facts = media({ repair: repair(), outputs: [output] });
  const stream = buildStream(snapshot(), measurement(), null, facts);

  it('carries all of it', () => {
    expect(stream).toMatchObject({ transport: built.transport, mdi: built.mdi, tr101290: built.tr101290 });
    expect(stream.not_measured).toMatchObject(built.not_measured);
    expect(stream.fec).toEqual({
      columns: 10,
      rows: 5,
      has_rows: true,
      packets_heard: 300,
      packets_malformed: 0,
      packets_out_of_window: 0,
      packets_inconsistent: 0,
      packets_recovered: 40,
    });
  });

  it('carries none where nothing looked inside', () => {
    const plain = { transport: null, mdi: null, tr101290: null, fec: null, after: null };
    expect(buildStream(snapshot(), measurement(), null)).toMatchObject(plain);
    expect(buildStream(snapshot(), measurement(), null, media({ transport: null }))).toMatchObject(plain);
  });

  it('is valid by the schema, every field of it, and survives JSON', async () => {
    const result = receiverResult({
      streams: [stream],
      arbitration: buildArbitration([pair()]),
      outputs: buildOutputs(stream.id, [output]),
    });
    const text = JSON.stringify(result);
    expect(JSON.parse(text)).toEqual(result);
    expect(RunResultSchema.parse(JSON.parse(text))).toEqual(result);
    expect(await readResults(text, 'f')).toEqual([result]);
    expect(result.outputs).toEqual([{ stream: stream.id, ...output }]);
    expect(result.health.reasons.filter(({ severity }) => severity === 'invalid')).toEqual([]);
  });

  it('keeps beyond the detail limit its figures, without tables', () => {
    const [, brief] = everyStream(orderStreams([stream, { ...stream, id: 'b' }], 1));
    expect(brief).toMatchObject({ transport: null, mdi: stream.mdi, tr101290: stream.tr101290, fec: stream.fec });
  });
});

describe('what remained after repair', () => {
  const after = buildAfter(snapshot(), repair())!;

  it('counts what was released and given up, over the same time', () => {
    expect(after.metrics).toMatchObject({
      packets_received: 998,
      packets_expected: 1000,
      packets_lost: 2,
      loss_ratio: 0.002,
      packets_late: 3,
      octets_received: 998 * 1316,
      active_ns: 10 * SECOND,
      rate_packets_per_second: expect.closeTo(99.8, 6) as number,
    });
    expect(after.metrics.rate_bit_per_second).toBeCloseTo((998 * 1316 * 8) / 10, 6);
    expect(after.metrics.rate_ip_bit_per_second).toBeCloseTo((998 * (1316 + 28) * 8) / 10, 6);
    expect(after.histograms).toBeNull();
  });

  it('gives a reason for everything else', () => {
    const nulls = METRIC_IDS.filter((id) => after.metrics[id] === null);
    expect(Object.keys(after.not_measured).toSorted()).toEqual(nulls.toSorted());
    expect(after.not_measured['jitter_ns']).toBe('repair does not change it: see metrics');
    for (const id of METRIC_IDS) if (after.metrics[id] !== null) expect(REPAIRED_METRICS.has(id)).toBe(true);
  });

  it('is there only where something could repair', () => {
    expect(buildAfter(snapshot(), null)).toBeNull();
    expect(buildAfter(snapshot(), repair({ fec: null }))).toBeNull();
    expect(buildAfter(snapshot(), repair({ fec: null, arbitration: arbitration() }))!.metrics.packets_lost).toBe(2);
  });

  it('counts messages where those are numbered, and nothing where nothing came', () => {
    const messages = buildAfter(snapshot({ unit: 'message' }), repair())!;
    expect(messages.metrics).toMatchObject({
      messages_received: 998,
      messages_expected: 1000,
      messages_lost: 2,
      packets_received: null,
      packets_lost: null,
      rate_packets_per_second: null,
      rate_ip_bit_per_second: null,
    });
    expect(messages.metrics.rate_bit_per_second).toBeGreaterThan(0);
    const nothing = buildAfter(
      snapshot({ firstMonoNs: NaN, lastMonoNs: NaN }),
      repair({ expected: 0, released: 0, givenUp: 0, octets: 0 }),
    )!;
    expect(nothing.metrics).toMatchObject({
      packets_lost: 0,
      loss_ratio: null,
      active_ns: null,
      rate_bit_per_second: null,
    });
    expect(nothing.not_measured).toMatchObject({
      loss_ratio: 'nothing was expected',
      active_ns: 'not known after repair',
    });
  });

  it('leaves the matrix open while no FEC packet came', () => {
    const fec = { ...repair().fec!, columns: 0, rows: 0, heard: 0 };
    const stream = buildStream(snapshot(), measurement(), null, media({ repair: repair({ fec }) }));
    expect(stream.fec).toMatchObject({ columns: null, rows: null, packets_heard: 0 });
  });
});

describe('arbitration in the document', () => {
  it('tells of each leg what it lost, on both legs included', () => {
    const one = buildArbitration([pair({ name: 'News' })])!;
    const legs = [
      {
        leg: 'a',
        packets_received: 989,
        packets_lost: 11,
        loss_ratio: 0.011,
        packets_duplicated: 2,
        packets_late: 1,
        first_arrivals: 699,
        first_arrival_share: 699 / 999,
      },
      {
        leg: 'b',
        packets_received: 996,
        packets_lost: 4,
        loss_ratio: 0.004,
        packets_duplicated: 0,
        packets_late: 0,
        first_arrivals: 300,
        first_arrival_share: 300 / 999,
      },
    ];
    const joint = {
      packets_expected: 1000,
      packets_pending: 0,
      both_lost: 1,
      remaining_lost: 2,
      skew_ns: summarise(recorded(-50_000, 80_000, 100_000)),
      unit: 'packet',
      skews_dropped: 0,
    };
    expect(one).toEqual({
      legs,
      ...joint,
      streams: [
        {
          name: 'News',
          legs: [
            { ...legs[0], stream: pair().legA },
            { ...legs[1], stream: pair().legB },
          ],
          ...joint,
        },
      ],
      streams_total: 1,
    });
    expect(buildArbitration([])).toBeNull();
  });

  it('sums over all pairs, and keeps the worst in detail', () => {
    const worse = pair({ name: 'worse', repair: repair({ givenUp: 9 }) });
    const idle = pair({
      snapshot: arbitration({
        legs: [
          { received: 0, wins: 0, duplicates: 0, lost: 0, late: 0 },
          { received: 0, wins: 0, duplicates: 0, lost: 0, late: 0 },
        ],
        onlyA: 0,
        onlyB: 0,
        both: 0,
        neither: 0,
        skewNs: recorded(),
      }),
    });
    const three = buildArbitration([pair(), idle, worse], 1)!;
    expect(three).toMatchObject({ packets_expected: 2000, both_lost: 2, remaining_lost: 13, streams_total: 3 });
    expect(three.legs[0]).toMatchObject({
      leg: 'a',
      packets_received: 1978,
      packets_lost: 22,
      loss_ratio: 0.011,
      first_arrivals: 1398,
    });
    expect(three.legs[1]!.first_arrival_share).toBe(600 / 1998);
    expect(three.skew_ns!.count).toBe(6);
    expect(three.streams.map(({ name }) => name)).toEqual(['worse']);
    expect(buildArbitration([idle])!).toMatchObject({
      skew_ns: null,
      legs: [
        { loss_ratio: null, first_arrival_share: null },
        { loss_ratio: null, first_arrival_share: null },
      ],
    });
  });

  it('of several parts is that of all their pairs', () => {
    const [x, y, z] = ['x', 'y', 'z'].map((name) => pair({ name }));
    const whole = buildArbitration([x!, y!, z!]);
    expect(mergeArbitrations([buildArbitration([x!, y!]), null, buildArbitration([z!])], 256)).toEqual(whole);
    expect(mergeArbitrations([null, null], 256)).toBeNull();
    expect(mergeArbitrations([whole, whole], 2)!.streams).toHaveLength(2);
  });

  it('must add up', () => {
    const right = buildArbitration([pair()])!;
    const checked = checkIdentities([], null, null, right);
    expect(checked).toEqual({ broken: [], checked: checkIdentities([], null, null).checked + 2 });
    right.streams[0]!.legs[1]!.packets_lost = 3;
    expect(checkIdentities([], null, null, right).broken).toEqual([expect.stringContaining('leg b: packets_expected')]);
    expect(receiverResult({ arbitration: right }).health.verdict).toBe('invalid');
    // What is not decided counts as received where it was heard, and nowhere as lost.
    right.streams[0]!.packets_pending = 5;
    expect(checkIdentities([], null, null, right).broken).toEqual([]);
  });
});

describe('identities', () => {
  it('hold after repair and over PIDs', () => {
    expect(checkIdentities([streamWith({ repair: repair() })], null, null).broken).toEqual([]);
    expect(checkIdentities([streamWith({ repair: repair({ released: 999 }) })], null, null).broken).toEqual([
      expect.stringContaining('packets_expected = packets_received'),
    ]);
    const over = transport({ pids: [...pids(), pid({ pid: 400, packets: 5 })] });
    expect(checkIdentities([streamWith({ transport: over })], null, null).broken).toEqual([
      expect.stringContaining('packets of all PIDs'),
    ]);
  });
});

describe('parts of a run', () => {
  it('keep what is inside their streams, their outputs, their pairs', () => {
    const merged = mergeParts([part('0', {}), part('1', { repair: repair() })], 256);
    expect(merged.streams.map(({ transport: inside }) => inside!.packets)).toEqual([30_501, 30_501]);
    expect(merged.streams[1]!.after!.metrics.packets_lost).toBe(2);
    expect(merged.outputs.map((one) => one.stream)).toEqual(['0', '1']);
    expect(merged.arbitration).toMatchObject({ both_lost: 2, streams: [{ name: '0' }, { name: '1' }] });
    expect(RunResultSchema.parse(merged)).toEqual(merged);
  });

  it('that saw one stream cannot say what is inside, and say so', () => {
    const [merged] = mergeParts([part('0', { repair: repair() }), part('0', {})], 256).streams;
    expect(merged).toMatchObject({ transport: null, mdi: null, tr101290: null, fec: null, after: null });
    const why = 'the datagrams of the stream came in several parts of the run';
    expect(merged!.not_measured).toMatchObject({ transport: why, mdi: why, tr101290: why, fec: why, after: why });
    const [plain] = mergeParts([part('0', { transport: null }), part('0', { transport: null })], 256).streams;
    expect(plain!.not_measured).not.toHaveProperty('transport');
  });
});

describe('an older document', () => {
  it('is read without what it did not know, at its receivers too', async () => {
    const receivers = [{ name: 'a', address: '10.0.0.2', report: null, result: receiverResult() }];
    const arbitrated = receiverResult({ arbitration: buildArbitration([pair()]), receivers });
    const older = JSON.parse(JSON.stringify(arbitrated)) as typeof arbitrated;
    for (const result of [older, older.receivers[0]!.result!] as Partial<typeof older>[]) {
      delete result.outputs;
      delete result.taps;
      for (const stream of result.streams as Partial<(typeof older.streams)[number]>[]) {
        delete stream.transport;
        delete stream.fec;
      }
    }
    const joint = older.arbitration! as Partial<NonNullable<typeof older.arbitration>>;
    for (const key of ['packets_expected', 'packets_pending', 'skews_dropped', 'streams', 'streams_total'] as const)
      delete joint[key];
    for (const leg of joint.legs as Partial<NonNullable<typeof joint.legs>[number]>[]) {
      delete leg.loss_ratio;
      delete leg.packets_duplicated;
      delete leg.packets_late;
    }
    const [read] = await readResults(JSON.stringify(older), 'f');
    expect(read).toMatchObject({ outputs: [], taps: null, streams: [{ transport: null, fec: null }] });
    expect(read!.receivers[0]!.result).toMatchObject({
      outputs: [],
      taps: null,
      streams: [{ transport: null, fec: null }],
    });
    expect(read!.arbitration).toMatchObject({ packets_expected: null, streams: [], legs: [{ loss_ratio: null }, {}] });
  });
});
