import { describe, expect, it } from 'vitest';
import { buildStream } from '../../src/result/build.js';
import { mergeSummaries, summarise } from '../../src/result/histogramSummary.js';
import { aggregateReceivers, mergeParts } from '../../src/result/merge.js';
import { RunResultSchema, type RunResult } from '../../src/result/model.js';
import {
  checkIdentities,
  CLOCK,
  HEALTHY,
  measurement,
  receiverResult,
  recorded,
  runFacts,
  senderInput,
  senderResult,
  senderStream,
  snapshot,
} from './resultFixture.js';

const stream = (flow: string) => buildStream(snapshot({ flow }), measurement(), null);

/** What the part of thread `own` says of all threads. */
function seen(own: number, cpu: number, time: number): RunResult['evidence'] {
  return {
    host_counters: {},
    processors: { time_ns: time, stolen_ns: time / 100 },
    threads: [10, 11, 12].map((id) => ({
      id,
      role: id === own ? 'measuring' : id === 10 ? 'command' : 'node',
      cpu_ns: cpu + id,
      waiting_ns: 1,
      realtime: false,
    })),
    notes: [],
  };
}

describe('merging histograms', () => {
  it('gives what recording all values in one would have given', () => {
    const merged = mergeSummaries([summarise(recorded(5, 1000, -7)), null, summarise(recorded(123_456))]);
    expect(merged).toEqual(summarise(recorded(5, 1000, -7, 123_456)));
    expect(mergeSummaries([null, null])).toBeNull();
  });

  it('does not average percentiles', () => {
    const quiet = summarise(recorded(...Array.from({ length: 99 }, () => 10)));
    const loud = summarise(recorded(1_000_000));
    expect(mergeSummaries([quiet, loud])!.p50).toBe(10);
  });
});

describe('parts of one run', () => {
  const a = receiverResult({ streams: [stream('0')] });
  const second = runFacts();
  const b = receiverResult({
    streams: [stream('1')],
    clock: {
      ...CLOCK,
      receive_time: 'user',
      send_time_bound_ns: 9000,
      user_time_datagrams: 5,
      steps: [{ at_ns: 1, by_ns: 2 }],
    },
    health: { ...HEALTHY, loop: { ...HEALTHY.loop, stalls: 2, maxCycleNs: 50e6 } },
    run: { ...second.run, end: '2026-09-21T13:46:53.623456789Z', complete: false },
  });
  const merged = mergeParts([a, b], 256);

  it('become one valid document', () => {
    expect(RunResultSchema.parse(merged)).toEqual(merged);
    expect(checkIdentities(merged.streams, merged.sender, merged.health.kernel_drops).broken).toEqual([]);
  });

  it('keep their streams and add up', () => {
    expect(merged.streams.map((one) => one.flow)).toEqual(['0', '1']);
    expect(merged).toMatchObject({
      streams_total: 2,
      aggregate: { streams: 2, metrics: { packets_received: 1980, packets_lost: 20 } },
    });
    expect(merged.aggregate!.histograms.one_way_delay_ns!.count).toBe(1980);
    expect(merged.event_counts).toEqual({ first_packet: 2 });
    // Host-wide: both parts have seen the same two drops.
    expect(merged.evidence.host_counters).toEqual({ 'Udp.RcvbufErrors': 2 });
  });

  it('have the threads of one process once each, and of its processors the longest reading', () => {
    const { evidence } = mergeParts(
      [
        { ...a, evidence: seen(11, 1000, 400) },
        { ...b, evidence: seen(12, 2000, 500) },
      ],
      256,
    );
    expect(evidence.processors).toEqual({ time_ns: 500, stolen_ns: 5 });
    expect(evidence.threads.map(({ id, role, cpu_ns }) => [id, role, cpu_ns])).toEqual([
      [12, 'measuring', 2012],
      [11, 'measuring', 1011],
      [10, 'command', 1010],
    ]);
  });

  it('renumber sockets so that memberships still point to theirs', () => {
    expect(merged.sockets.map((socket) => socket.index)).toEqual([0, 1]);
    expect(merged.memberships.map((membership) => membership.socket)).toEqual([0, 1]);
  });

  it('take the worse of what can only be one', () => {
    expect(merged.run).toMatchObject({ complete: false, end: '2026-09-21T13:46:53.623456789Z' });
    expect(merged.clock).toMatchObject({
      receive_time: 'user',
      send_time_bound_ns: 9000,
      user_time_datagrams: 5,
      steps: [{ at_ns: 1, by_ns: 2 }],
    });
    expect(merged.health).toMatchObject({
      verdict: 'invalid',
      stalls: 2,
      cycle_max_ns: 50e6,
      cycles: 24_000,
      kernel_drops: 4,
    });
    expect(new Set(merged.health.reasons.map((reason) => reason.text)).size).toBe(merged.health.reasons.length);
  });

  it('know what was dropped at receive sockets, of which a sender has none', () => {
    expect(senderResult().health.kernel_drops).toBeNull();
    expect(mergeParts([a, senderResult()], 256).health).toMatchObject({
      kernel_drops: a.health.kernel_drops,
      kernel_drops_other: a.health.kernel_drops_other,
    });
    expect(mergeParts([senderResult(), senderResult()], 256).health.kernel_drops).toBeNull();
  });

  it('are left alone when there is one', () => {
    expect(mergeParts([a], 256)).toBe(a);
  });

  it('put the flows of one sending stream together again', () => {
    const impairment = { lost: 1, duplicated: 0, reordered: 0, delayed: 0, corrupted: 0 };
    const one = senderResult({}, { streams: [senderStream({ flows: ['0'], impairment })] });
    const two = senderResult(
      {},
      { streams: [senderStream({ flows: ['1'], firstMonoNs: 2e9 }), senderStream({ id: 'other' })] },
    );
    const { sender } = mergeParts([one, two], 256);
    expect(sender).toMatchObject({ scheduled: 3012, sent: 3000, not_sent: 12, streams_total: 2, impairment });
    expect(sender!.streams[0]).toMatchObject({ flows: ['0', '1'], flow_count: 2, sent: 2000, active_ns: 10e9 });
    expect(sender!.departure_error_ns!.count).toBe(9);
    const rate = one.sender!.rate_bit_per_second! + two.sender!.rate_bit_per_second!;
    expect(sender!.rate_bit_per_second).toBeCloseTo(rate, 6);
  });

  it('have the inputs of all', () => {
    const inputs = [senderInput({ underruns: 1 }), senderInput({ stream: 'other', underruns: 2 })];
    const [one, two] = inputs.map((input) => senderResult({}, { inputs: [input] }));
    expect(mergeParts([one!, two!], 256).sender).toMatchObject({ inputs, underruns: 3 });
    expect(mergeParts([one!, two!], 1).sender!.inputs).toEqual([inputs[1]]);
  });

  it('merge a stream that two of them saw', () => {
    const [both] = mergeParts([a, receiverResult({ streams: [stream('0')] })], 256).streams;
    expect(both!.metrics).toMatchObject({
      packets_received: 1980,
      packets_lost: 20,
      loss_ratio: 0.01,
      dscp_sent: 46,
      ttl_sent: 64,
    });
    expect(both!.histograms!.one_way_delay_ns!.count).toBe(1980);
  });
});

describe('receivers', () => {
  it('merge into one aggregate', () => {
    const reports: RunResult['receivers'] = [
      { name: 'a', address: '10.0.0.2', report: null, result: receiverResult() },
      { name: 'b', address: '10.0.0.3', report: null, result: receiverResult() },
      { name: 'c', address: '10.0.0.4', report: null, result: null },
    ];
    expect(aggregateReceivers(reports)).toMatchObject({ streams: 2, metrics: { packets_lost: 20, loss_ratio: 0.01 } });
    expect(aggregateReceivers([])).toBeNull();
  });
});
