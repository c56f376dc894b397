import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { planAnalyze } from '../../src/profile/analyzePlan.js';
import { planContext } from '../../src/runtime/planContext.js';
import { readOptionObject } from '../../src/profile/optionObject.js';
import { exceeded } from '../../src/result/judge.js';
import { RunResultSchema, type RunResult } from '../../src/result/model.js';
import { renderText } from '../../src/report/text.js';
import { startAnalysis } from '../../src/runtime/analysisRun.js';
import type { RunMessage } from '../../src/runtime/messages.js';
import { analyzeCapture, type OpenOptions } from '../../src/runtime/openRun.js';
import { EPOCH, inFolder, record, type Datagram } from '../interop/captures.js';
import { endMarker, PATH, pcapOf, probe, startMarker } from '../probeCapture.js';

const MS = 1e6;

/** Ten datagrams a second apart less one: 0 and 1, not 2, 3 twice, 5 before 4, and the end of all. */
const STREAM: readonly Datagram[] = [
  startMarker(0, 0),
  probe(0, 100 * MS, 2 * MS),
  probe(1, 200 * MS, 3 * MS),
  probe(3, 400 * MS, 2 * MS),
  probe(3, 410 * MS, 12 * MS),
  probe(5, 600 * MS, 2 * MS),
  probe(4, 601 * MS, 100 * MS),
  endMarker(8, 1700 * MS),
];

async function analyze(octets: Uint8Array, options: OpenOptions = {}): Promise<RunResult> {
  return inFolder(async (folder) => {
    const path = join(folder, 'x.cap');
    writeFileSync(path, octets);
    return analyzeCapture(path, options);
  });
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof McastError ? `${error.code} ${error.message}` : String(error);
}

/** A capture whose tool says that it missed seven frames. */
async function missed(datagrams: readonly Datagram[]): Promise<RunResult> {
  return inFolder(async (folder) => {
    const path = join(folder, 'x.pcapng');
    await record(path, datagrams);
    const statistics = new Uint8Array(36);
    const view = new DataView(statistics.buffer);
    // Interface statistics block with isb_ifdrop (draft-ietf-opsawg-pcapng section 4.6).
    view.setUint32(0, 5);
    view.setUint32(4, 36);
    view.setUint16(20, 5);
    view.setUint16(22, 8);
    view.setBigUint64(24, 7n);
    view.setUint32(32, 36);
    writeFileSync(path, statistics, { flag: 'a' });
    return analyzeCapture(path);
  });
}

/** What does not depend on the wrapping. */
function figures({ streams, aggregate }: RunResult): object {
  return { metrics: aggregate!.metrics, histograms: aggregate!.histograms, series: streams[0]!.series };
}

describe('the bursts of a capture', () => {
  it('are in the result, with the queue before the link that was named', async () => {
    const result = await analyze(pcapOf(STREAM), { drain: '8k', max: ['burst.1s.datagrams=3', 'burst.queue_ns=1ms'] });
    const { bursts, metrics } = result.streams[0]!;
    // 5 and 4 are 1 ms apart, which is one window of 1 ms and so outside; all six came within 501 ms.
    expect(bursts!.windows.map(({ peak_datagrams }) => peak_datagrams)).toEqual([1, 1, 1, 2, 2, 6]);
    expect(bursts!.windows[5]!.peak_octets).toBe(metrics.octets_received);
    expect(bursts!.queue).toMatchObject({ drain_bit_per_second: 8000, drain_layer: 'payload' });
    const told = result.limits.filter(({ expression }) => expression.startsWith('burst.'));
    expect(told.map(({ ok }) => ok)).toEqual([false, false]);
    expect((await analyze(pcapOf(STREAM))).streams[0]!.bursts!.queue).toBeNull();
  });
});

describe('a capture', () => {
  it('is measured by its own stamps', async () => {
    const result = await analyze(pcapOf(STREAM));
    expect(RunResultSchema.safeParse(result).error).toBeUndefined();
    expect(result.streams).toHaveLength(1);
    const stream = result.streams[0]!;
    expect(stream).toMatchObject({
      id: '239.1.1.1:5001/10.0.0.1:40000/0/0/1f2e3d4c',
      format: 'probe',
      ended: true,
      expected_from: 'start',
      local: false,
      interface: null,
      send_time: 'departure',
      loss_attribution: null,
    });
    expect(stream.metrics).toMatchObject({
      packets_expected: 8,
      packets_received: 5,
      packets_lost: 3,
      packets_duplicated: 1,
      packets_reordered: 1,
      packets_pending: 0,
      loss_network: null,
      loss_socket_buffer: null,
      loss_application: 0,
      ttl_sent: 4,
      hops_max: 1,
      dscp_received: { 0: 8 },
      first_packet_after_join_ns: null,
    });
    expect(stream.not_measured['loss_network']).toContain('a capture');
    expect(stream.not_measured['wakeup_delay_ns']).toContain('capture');
    expect(stream.histograms!.one_way_delay_ns).toMatchObject({ count: 5, min: 2 * MS, max: 100 * MS });
    expect(stream.histograms!.wakeup_delay_ns).toBeNull();
    expect(stream.loss_map).toMatchObject([
      { first: '2', count: 1 },
      { first: '6', count: 2 },
    ]);
    expect(result.run).toMatchObject({
      role: 'analyzer',
      start: '2026-01-01T00:00:00.123456789Z',
      end: '2026-01-01T00:00:01.823456789Z',
      duration_ns: 1700 * MS,
      complete: true,
      io: { implementation: 'capture', capabilities: { kernel_time: true, drop_counter: false } },
    });
    expect(result.clock).toMatchObject({ receive_time: 'capture', epoch: '2026-01-01T00:00:00.123456789Z' });
    expect(result.health.verdict).toBe('valid');
    expect(result.memberships).toEqual([]);
    expect(exceeded(result, ['packets_lost <= 2', 'loss_network == 0'])).toMatchObject([
      { value: 3 },
      { value: null, reason: stream.not_measured['loss_network'] },
    ]);
    expect(renderText(result)).toContain('receive stamps by the capture');
  });

  it('is the same in every wrapping', async () => {
    const plain = pcapOf(STREAM);
    const expected = figures(await analyze(plain));
    expect(figures(await analyze(gzipSync(plain)))).toEqual(expected);
    await inFolder(async (folder) => {
      await record(join(folder, 'x.pcapng'), STREAM);
      const result = await analyzeCapture(join(folder, 'x.pcapng'));
      expect(figures(result)).toEqual(expected);
      expect(result.streams[0]!.interface).toBe('if2');
    });
  });

  it('has intervals at whole multiples in UTC that add up, and events', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'x.pcap');
      writeFileSync(path, pcapOf(STREAM));
      const { plan, output } = planAnalyze(
        [path],
        readOptionObject('analyze', { interval: '250ms' }),
        planContext(['analyze', path]),
      );
      const told: RunMessage[] = [];
      const run = startAnalysis(plan, output, (message) => told.push(message));
      const info = await run.ready;
      const result = await run.finished;
      expect(info.runId).toBe(result.run.id);
      expect(told[0]).toMatchObject({ type: 'ready' });
      expect(told.at(-1)).toMatchObject({ type: 'result' });
      const intervals = told.filter((message) => message.type === 'interval');
      expect(intervals.map(({ time }) => time.slice(17))).toEqual([
        '00.250000000Z',
        '00.500000000Z',
        '00.750000000Z',
        '01.000000000Z',
        '01.250000000Z',
        '01.500000000Z',
        '01.750000000Z',
        '01.823456790Z',
      ]);
      const rows = intervals.flatMap((interval) => interval.rows);
      const sum = (of: (row: (typeof rows)[number]) => number | null): number =>
        rows.reduce((total, row) => total + (of(row) ?? 0), 0);
      expect([sum((row) => row.packets_received), sum((row) => row.packets_lost)]).toEqual([5, 3]);
      expect(rows.every((row) => row.loss_network === null)).toBe(true);
      const events = told.filter((message) => message.type === 'event').map(({ event }) => event.event);
      expect(events).toContain('first_packet');
      expect(events).toContain('gap');
      expect(events).toContain('stream_end');
      expect(result.events.map(({ event }) => event)).toEqual(events);
    });
  });

  it('leaves out the warm-up', async () => {
    const result = await analyze(pcapOf(STREAM), { omit: 0.35 });
    expect(result.streams[0]!.metrics).toMatchObject({ packets_received: 3, packets_duplicated: 1 });
  });

  it('measures groups, and single hosts when asked to', async () => {
    const host = { ...PATH, group: '10.0.0.2', port: 53 };
    const both = pcapOf([...STREAM, probe(0, 2000 * MS, 0, { path: host })]);
    const groups = await analyze(both);
    expect(groups.streams.map(({ group }) => group)).toEqual(['239.1.1.1']);
    expect(groups.run.io.notes).toEqual([
      '9 frames of pcap; left out: 1 to single hosts',
      '--unicast measures datagrams to single hosts too',
    ]);
    const all = await analyze(both, { unicast: true });
    expect(all.streams.map(({ group }) => group)).toEqual(['239.1.1.1', '10.0.0.2']);
  });

  it('without a datagram has heard nothing', async () => {
    for (const octets of [pcapOf([]), pcapOf([probe(0, 0, 0, { path: { ...PATH, group: '10.0.0.2' } })])]) {
      const result = await analyze(octets);
      expect(result.streams).toEqual([]);
      expect(result.limits).toMatchObject([{ ok: false, reason: 'nothing arrived' }]);
      expect((await analyze(octets, { allowSilence: true })).limits).toEqual([]);
      expect(renderText(result)).toContain('nothing arrived');
    }
  });

  it('that cannot be read is one line', async () => {
    expect(await refusal(analyzeCapture('/nonexistent/x.pcap'))).toMatch(/^ERR_FILE \/nonexistent\/x\.pcap.*ENOENT/);
    expect(await refusal(analyze(new Uint8Array(0)))).toMatch(/^ERR_FILE_FORMAT .*x\.cap is empty$/);
    expect(await refusal(analyze(new TextEncoder().encode('hello, world')))).toMatch(
      /not a capture file nor a transport stream$/,
    );
    expect(await refusal(inFolder(async (folder) => analyzeCapture(folder)))).toMatch(/^ERR_FILE .*EISDIR/);
  });

  it('that ends within a record is measured up to there', async () => {
    const octets = pcapOf(STREAM);
    const result = await analyze(octets.subarray(0, octets.length - 3));
    expect(result.streams[0]!.metrics.packets_received).toBe(5);
    expect(result.health.verdict).toBe('degraded');
    expect(result.health.reasons).toContainEqual(
      expect.objectContaining({ code: 'capture_damaged', severity: 'degraded' }),
    );
    expect(exceeded(result, [])).toEqual([]);
  });

  it('with cut payloads is measured as long as the probe headers are whole', async () => {
    // 28 octets of IP and UDP headers, 52 of ours.
    const whole = await analyze(pcapOf(STREAM, 80));
    expect(whole.streams[0]!.metrics).toMatchObject({ packets_received: 5, packets_lost: 3, octets_received: 600 });
    expect(whole.run.io.notes[1]).toContain('6 payloads cut by the snap length');
    expect(whole.health.verdict).toBe('valid');
    const cut = await analyze(pcapOf(STREAM, 79));
    expect(cut.streams).toHaveLength(1);
    expect(cut.streams[0]!.metrics).toMatchObject({ packets_lost: null, packets_received: 8 });
    expect(cut.run.io.notes[1]).toContain('kept less than the 52 octets of a probe header');
  });

  it('of a tool that missed frames is not believed where they may have been ours', async () => {
    const lossy = await missed(STREAM);
    expect(lossy.health.verdict).toBe('invalid');
    expect(lossy.health.reasons[0]).toMatchObject({ code: 'capture_missed', severity: 'invalid' });
    expect(lossy.health.reasons[0]!.text).toContain('7 frames');
    const whole = await missed([startMarker(0, 0), probe(0, MS), probe(1, 2 * MS), endMarker(2, 3 * MS)]);
    expect(whole.health.verdict).toBe('valid');
    expect(whole.health.reasons).toContainEqual(expect.objectContaining({ code: 'capture_missed', severity: 'note' }));
  });

  it('with a gap of days is measured in bounded steps', async () => {
    const day = 86_400e9;
    const result = await analyze(
      pcapOf([startMarker(0, 0), probe(0, MS), probe(1, 3 * day), endMarker(2, 3 * day + 1)]),
    );
    expect(result.streams[0]!.metrics).toMatchObject({ packets_received: 2, packets_lost: 0 });
    expect(result.run.duration_ns).toBe(3 * day + 1);
    expect(result.event_counts['silence']).toBe(1);
  });

  it('can be stopped within a gap of months', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'x.pcap');
      writeFileSync(path, pcapOf([startMarker(0, 0), probe(0, MS), probe(1, 90 * 86_400e9)]));
      const { plan, output } = planAnalyze([path], readOptionObject('analyze', {}), planContext([]));
      const run = startAnalysis(plan, output, ({ type }) => {
        if (type === 'interval') run.stop();
      });
      const result = await run.finished;
      expect(result.run.complete).toBe(false);
      expect(result.streams[0]!.metrics.packets_received).toBe(1);
    });
  });

  it('whose times jump by years is measured up to there', async () => {
    const result = await analyze(pcapOf([startMarker(0, 0), probe(0, MS), probe(1, 400 * 86_400e9)]));
    expect(result.streams[0]!.metrics).toMatchObject({ packets_received: 1 });
    expect(result.health.reasons[0]).toMatchObject({ code: 'capture_damaged' });
    expect(result.health.reasons[0]!.text).toContain('100 days');
  });

  it('with frames out of order says so', async () => {
    const result = await analyze(pcapOf([probe(0, 10 * MS), probe(2, 30 * MS), probe(1, 20 * MS), probe(3, 40 * MS)]));
    expect(result.run.io.notes[1]).toContain('1 frame stamped earlier');
    expect(result.streams[0]!.metrics).toMatchObject({ packets_received: 4, packets_lost: 0, packets_reordered: 1 });
  });

  it('that is stopped is cut short, and what was read is told', async () => {
    // Many reads long.
    const many = Array.from({ length: 4000 }, (_, i) => probe(i, i * 1000));
    await inFolder(async (folder) => {
      const path = join(folder, 'x.pcap');
      writeFileSync(path, pcapOf(many));
      const { plan, output } = planAnalyze([path], readOptionObject('analyze', { against: path }), planContext([]));
      const read: number[] = [];
      const run = startAnalysis(
        plan,
        output,
        () => {},
        (_, octets, totalOctets) => {
          read.push(octets / totalOctets!);
          if (read.length === 3) run.stop();
        },
      );
      const result = await run.finished;
      expect(read.at(-1)).toBeLessThan(1);
      expect(result.run.complete).toBe(false);
      expect(result.taps).toBeNull();
      expect(result.health.verdict).toBe('valid');
      const received = result.streams[0]!.metrics.packets_received!;
      expect(received).toBeGreaterThan(500);
      expect(received).toBeLessThan(4000);
    });
  });

  it('is left when it is aborted', async () => {
    const gone = new Error('gone');
    await expect(analyze(pcapOf(STREAM), { signal: AbortSignal.abort(gone) })).rejects.toBe(gone);
  });
});

async function compare(first: readonly Datagram[], second: readonly Datagram[], options: OpenOptions = {}) {
  return inFolder(async (folder) => {
    const [edge, core] = [join(folder, 'edge.pcap'), join(folder, 'core.pcapng')];
    writeFileSync(edge, pcapOf(first));
    await record(core, second);
    return analyzeCapture(edge, { against: core, ...options });
  });
}

/** 1 us after the first tap, and a nanosecond more for each number; from a translated source. */
function later(i: number): Datagram {
  return probe(i, i * MS + 1000 + i, 0, { path: { ...PATH, source: '192.0.2.9' } });
}

describe('two captures', () => {
  it('tell delay and loss between them', async () => {
    const first = Array.from({ length: 10 }, (_, i) => probe(i, i * MS));
    const second = [0, 1, 2, 5, 4, 6, 9].map(later);
    const result = await compare(first, second, { max: ['taps.loss_ratio=20%', 'taps.delay_above_min_ns.max=9us'] });
    expect(RunResultSchema.safeParse(result).error).toBeUndefined();
    // The streams are the first capture's.
    expect(result.streams[0]!.metrics).toMatchObject({ packets_received: 10, packets_lost: 0 });
    const taps = result.taps!;
    expect(taps).toMatchObject({
      streams_compared: 1,
      packets_matched: 7,
      packets_lost: 3,
      loss_ratio: 0.3,
      packets_only_second: 0,
      packets_reordered: 1,
      delay_ns: { count: 7, min: 1000, max: 1009 },
      delay_above_min_ns: { count: 7, min: 0, max: 9 },
      first: { format: 'pcap', datagrams: 10, packets_received: 10, fault: null },
      second: { format: 'pcapng', datagrams: 7, packets_received: 7 },
    });
    expect(taps.streams[0]!.loss_map).toEqual([
      { first: '3', count: 1 },
      { first: '7', count: 2 },
    ]);
    expect(result.limits.filter(({ ok }) => !ok)).toMatchObject([{ expression: 'taps.loss_ratio <= 20%', value: 0.3 }]);
  });

  it('of different times cannot be compared', async () => {
    const result = await compare([probe(0, 0)], [probe(0, MS, 0, { header: { runId: 5 } })]);
    expect(result.taps).toMatchObject({ streams_compared: 0, streams_only_first: 1, streams_only_second: 1 });
    expect(exceeded(result, ['taps.packets_lost == 0'])).toMatchObject([{ value: null }]);
  });

  it('refuse a second one that cannot be read', async () => {
    const work = inFolder(async (folder) => {
      writeFileSync(join(folder, 'x.pcap'), pcapOf(STREAM));
      return analyzeCapture(join(folder, 'x.pcap'), { against: join(folder, 'none.pcap') });
    });
    expect(await refusal(work)).toMatch(/^ERR_FILE .*none\.pcap cannot be read.*ENOENT/);
  });
});

it('the epoch of the captures is what the tests take it for', () => {
  expect(EPOCH.realtimeNs % 1_000_000_000n).toBe(123_456_789n);
});

describe('more streams than are told apart', () => {
  /** Five sources of four datagrams each. */
  const all = Array.from({ length: 20 }, (_, i) =>
    probe(Math.floor(i / 5), i * MS, 0, { path: { ...PATH, sourcePort: 40_000 + (i % 5) } }),
  );

  it('are lost by this program, in their own figures and in those of all together', async () => {
    const max = ['aggregate.metrics.loss_application=0', 'aggregate.metrics.packets_lost=12'];
    const result = await analyze(pcapOf(all), { maxStreams: 2, max });
    expect(result.streams.map(({ format }) => format)).toEqual(['probe', 'probe', 'others']);
    expect(result.streams[2]!.metrics).toMatchObject({
      packets_received: 0,
      packets_expected: 12,
      packets_lost: 12,
      loss_ratio: 1,
      loss_application: 12,
    });
    expect(result.aggregate!.metrics).toMatchObject({
      packets_received: 8,
      packets_expected: 20,
      packets_lost: 12,
      loss_ratio: 0.6,
      loss_application: 12,
    });
    expect(result.health.verdict).toBe('invalid');
    expect(result.health.reasons[0]!.code).toBe('stream_table_full');
    expect(result.limits.map(({ value, ok }) => [value, ok])).toContainEqual([12, false]);
    expect(result.limits.map(({ value, ok }) => [value, ok])).toContainEqual([12, true]);
    expect(renderText(result)).toContain('lost          12 (100 %)');
  });
});
