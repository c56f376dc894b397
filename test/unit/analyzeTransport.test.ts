/** Transport streams of captures and files, in this process: every time is exact. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { beginsInSync } from '../../src/analysis/mpegts/syncFinder.js';
import { openCaptureOctets } from '../../src/io/captureFile.js';
import { planAnalyze } from '../../src/profile/analyzePlan.js';
import { planContext } from '../../src/runtime/planContext.js';
import { readOptionObject } from '../../src/profile/optionObject.js';
import { renderText } from '../../src/report/text.js';
import { RunResultSchema, type RunResult, type Stream } from '../../src/result/model.js';
import { startAnalysis } from '../../src/runtime/analysisRun.js';
import { CaptureMeasurement } from '../../src/runtime/captureMeasurement.js';
import { singleCapture } from '../../src/runtime/capturePair.js';
import { analyzeCapture, type OpenOptions } from '../../src/runtime/openRun.js';
import { inFolder, type Datagram } from '../interop/captures.js';
import { PATH, pcapOf } from '../probeCapture.js';
import { corruptSync, cutOctets, dropPacket, removePcrs, setTransportError } from '../ts/faults.js';
import { rtpCapture } from '../ts/rtpCapture.js';
import { makeTransportStream, packetsBetween } from '../ts/synthetic.js';

const RATE = 4_000_000;
const PACKET = 188;
const VIDEO = 0x100;
/** 1139 datagrams of seven packets and two packets more. */
const clean = makeTransportStream({ rateBitPerSecond: RATE, seconds: 3 });
const DATAGRAMS = Math.floor(clean.length / (7 * PACKET));
const MS = 1e6;

async function analyze(octets: Uint8Array, options: OpenOptions = {}): Promise<RunResult> {
  return inFolder(async (folder) => {
    const path = join(folder, 'film.ts');
    writeFileSync(path, octets);
    const result = await analyzeCapture(path, options);
    expect(RunResultSchema.safeParse(result).error).toBeUndefined();
    return result;
  });
}

function captured(datagrams: readonly Datagram[], options: OpenOptions = {}): Promise<RunResult> {
  return analyze(pcapOf(datagrams.toSorted((a, b) => a.timeNs - b.timeNs)), options);
}

/** Indicators that were raised, and how often; the sums per priority are not among them. */
function raised({ tr101290 }: Stream): Record<string, number> {
  const entries = Object.entries(tr101290!).filter(([id, count]) => !/^p\d$/u.test(id) && (count ?? 0) > 0);
  return Object.fromEntries(entries) as Record<string, number>;
}

function media({ streams }: RunResult): Stream {
  const found = streams.filter(({ role }) => role === 'media');
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe('a transport stream in a capture', () => {
  it('is analysed, repaired and told with what goes with it', async () => {
    const lost = [40, 41, 300, 777];
    const datagrams = rtpCapture(clean, {
      rateBitPerSecond: RATE,
      lost,
      fec: { columns: 10, rows: 5 },
      reportEvery: 300,
    });
    // Two reports alone, more than 2 s apart.
    const result = await captured(
      datagrams.filter(({ path, timeNs }) => path.port !== 5005 || timeNs < 800 * MS || timeNs > 2900 * MS),
    );
    expect(result.health.verdict).toBe('valid');
    expect(result.streams.map(({ port, role, format }) => [port, role, format]).toSorted()).toEqual([
      [5004, 'media', 'rtp/mpeg-ts'],
      [5005, 'control', 'rtcp'],
      [5006, 'fec', 'rtp/smpte-2022-1'],
      [5008, 'fec', 'rtp/smpte-2022-1'],
    ]);
    const stream = media(result);
    expect(stream.metrics).toMatchObject({ packets_expected: DATAGRAMS, packets_lost: 4 });
    expect(stream.after!.metrics).toMatchObject({ packets_expected: DATAGRAMS, packets_lost: 0 });
    expect(stream.fec).toMatchObject({ columns: 10, rows: 5, has_rows: true, packets_recovered: 4 });
    expect(stream.transport).toMatchObject({ packets: 7 * DATAGRAMS, lost_datagrams: 0, continuity_errors: 0 });
    expect(raised(stream)).toEqual({});
    expect(stream.mdi).toMatchObject({ intervals: 2, media_loss_rate_max: 0 });
    expect(stream.rtcp).toMatchObject({ reports: 2, packets_total: DATAGRAMS, packets_behind: 0, bye: true });
    expect(stream.ended).toBe(true);
    // FEC is numbered too: a loss of its own would be seen.
    const row = result.streams.find(({ port }) => port === 5008);
    expect(row!.metrics).toMatchObject({ packets_received: 113, packets_lost: 0 });
    // Reports come seldom: that is no silence.
    expect(result.event_counts['silence']).toBeUndefined();
    const text = renderText(result);
    expect(text).toContain('beside        rtp/smpte-2022-1 on port 5006: received');
    expect(text).toContain('FEC           10 x 5; ');
    expect(text).toContain('TR 101 290    priority 1: none');
  });

  it('without FEC has its losses explained, and each in the media delivery index', async () => {
    const result = await captured(rtpCapture(clean, { rateBitPerSecond: RATE, lost: [300, 301, 600] }));
    const stream = media(result);
    expect(stream.after).toBeNull();
    expect(stream.fec).toBeNull();
    expect(stream.transport).toMatchObject({ lost_datagrams: 3 });
    expect(stream.transport!.continuity_errors).toBeGreaterThan(0);
    expect(stream.transport!.continuity_errors_explained).toBe(stream.transport!.continuity_errors);
    expect(stream.mdi).toMatchObject({ media_loss_rate_max: 14, errored_seconds: 2 });
  });

  it('goes with the FEC of its own source, on its own ports', async () => {
    const other = { ...PATH, source: '10.0.0.9', port: 5004 };
    const fec = { columns: 10, rows: 5 };
    const one = rtpCapture(clean, { rateBitPerSecond: RATE, lost: [200], fec });
    const two = rtpCapture(clean, { rateBitPerSecond: RATE, lost: [500, 502], fec, path: other });
    const result = await captured([...one, ...two]);
    const recovered = Object.fromEntries(
      result.streams.filter(({ role }) => role === 'media').map((stream) => [stream.source, stream.fec]),
    );
    expect(recovered['10.0.0.1']).toMatchObject({
      packets_recovered: 1,
      packets_heard: recovered['10.0.0.9']!.packets_heard,
    });
    expect(recovered['10.0.0.9']).toMatchObject({ packets_recovered: 2 });
  });

  it('takes FEC that is heard before its media, once they have come', async () => {
    const all = rtpCapture(clean, { rateBitPerSecond: RATE, lost: [700], fec: { columns: 10, rows: 5 } });
    const result = await captured(all.filter(({ path, timeNs }) => path.port !== 5004 || timeNs > 500 * MS));
    expect(media(result).fec).toMatchObject({ packets_recovered: 1 });
  });

  it('in bare UDP is recognised though its first datagram is damaged, and has its content judged', async () => {
    const { stream } = setTransportError(clean, 3);
    const bare = rtpCapture(stream, { rateBitPerSecond: RATE }).map((one): Datagram => ({
      ...one,
      payload: one.payload.subarray(12),
    }));
    const result = await captured(bare);
    const found = media(result);
    expect(found).toMatchObject({ format: 'mpeg-ts', unit: 'none' });
    expect(found.transport!.packets).toBe(7 * DATAGRAMS);
    expect(raised(found)).toEqual({ transport_error: 1 });
    expect(found.transport!.media_loss_from).toBe('continuity');
  });

  it('after a warm-up counts nothing of it: content, repair, reports', async () => {
    const { stream } = setTransportError(setTransportError(clean, 700).stream, 5000);
    const datagrams = rtpCapture(stream, {
      rateBitPerSecond: RATE,
      lost: [50, 52, 900],
      fec: { columns: 10, rows: 5 },
      reportEvery: 200,
    });
    const whole = media(await captured(datagrams));
    expect(raised(whole)).toEqual({ transport_error: 2 });
    const result = await captured(datagrams, { omit: '1s', reorderWindow: '100ms' });
    const found = media(result);
    expect(found.metrics.packets_expected).toBe(found.after!.metrics.packets_expected);
    expect(found.metrics).toMatchObject({ packets_lost: 1 });
    expect(found.after!.metrics).toMatchObject({ packets_lost: 0, packets_late: 0 });
    expect(found.fec).toMatchObject({ packets_recovered: 1 });
    expect(found.fec!.packets_heard).toBeLessThan(whole.fec!.packets_heard);
    expect(raised(found)).toEqual({ transport_error: 1 });
    expect(found.transport!.packets).toBe(7 * found.metrics.packets_expected!);
    // Reports at 400, 600, 800, 1000, and at the end: what came between the first and the last of them.
    expect(found.rtcp).toMatchObject({ reports: 5, packets_sent: DATAGRAMS - 400, packets_arrived: DATAGRAMS - 401 });
    expect(found.rtcp!.restarts).toBe(0);
    expect(result.health.verdict).toBe('valid');
  });

  it('has rates of its last whole interval', async () => {
    const octets = pcapOf(rtpCapture(clean, { rateBitPerSecond: RATE }));
    const file = await openCaptureOctets('x.pcap', new Blob([octets as Uint8Array<ArrayBuffer>]).stream());
    const { plan } = planAnalyze(['x.pcap'], readOptionObject('analyze', {}), planContext([]));
    const measured = new CaptureMeasurement(plan, singleCapture(file), () => {});
    for await (const batch of file) measured.onBatch(batch);
    const { pids } = measured.media.transport(0)!;
    const rates = pids.map((pid) => pid.intervalRateBitPerSecond);
    expect(rates.reduce((sum, rate) => sum + rate, 0)).toBeCloseTo(RATE, -5);
  });

  it('that ends within the warm-up has measured nothing', async () => {
    const { stream } = setTransportError(clean, 700);
    const found = media(await captured(rtpCapture(stream, { rateBitPerSecond: RATE }), { omit: '1m' }));
    expect(found.transport).toMatchObject({ packets: 0 });
    expect(raised(found)).toEqual({});
  });
});

describe('a transport stream in a file', () => {
  it('is a stream of which nothing arrived, by its own clock', async () => {
    const result = await analyze(clean);
    expect(result.run).toMatchObject({
      role: 'analyzer',
      complete: true,
      io: { implementation: 'file', capabilities: null },
    });
    // To the last packet's begin.
    expect(result.run.duration_ns).toBeGreaterThan(2990 * MS);
    expect(result.run.duration_ns).toBeLessThan(3000 * MS);
    expect(result.clock).toMatchObject({ source: 'the program clock', receive_time: null });
    expect(result.health.verdict).toBe('valid');
    expect(result.limits).toEqual([]);
    const stream = media(result);
    expect(stream).toMatchObject({ format: 'mpeg-ts', unit: 'none', source: '', group: '', mdi: null });
    expect(stream.name).toMatch(/film\.ts$/u);
    expect(stream.metrics.packets_received).toBeNull();
    expect(stream.not_measured['packets_received']).toContain('nothing arrived');
    expect(stream.not_measured['mdi']).toContain('program clock');
    expect(stream.transport).toMatchObject({ packets: clean.length / PACKET, stray_octets: 0, first_packet_ns: 0 });
    expect(stream.transport!.services[0]).toMatchObject({ name: 'Program 1' });
    expect(raised(stream)).toEqual({});
    const text = renderText(result);
    expect(text).toContain('times by the program clock');
    expect(text).not.toContain('received');
  });

  it('is judged by limits', async () => {
    const { stream } = setTransportError(clean, 700);
    const limits = { max: ['tr101290.p1=0', 'tr101290.p2=1'], min: ['packets_received=1'] };
    const judged = (await analyze(stream, limits)).limits;
    expect(judged.map(({ expression, ok }) => [expression, ok])).toEqual([
      ['tr101290.p1 <= 0', true],
      ['tr101290.p2 <= 1', true],
      ['packets_received >= 1', false],
    ]);
    expect(judged[2]!.reason).toContain('nothing arrived');
  });

  it('of other packet lengths, compressed, or cut at its beginning is read as well', async () => {
    const packets = Array.from({ length: 2000 }, (_, i) => clean.subarray(i * PACKET, (i + 1) * PACKET));
    const parity = new Uint8Array(16).fill(0x47);
    const stamp = new Uint8Array(4);
    for (const [octets, strayOctets] of [
      [Buffer.concat(packets.flatMap((packet) => [packet, parity])), 0],
      [Buffer.concat(packets.flatMap((packet) => [stamp, packet])), 4],
      [gzipSync(Buffer.concat(packets)), 0],
      [Buffer.concat([clean.subarray(PACKET - 77, PACKET), ...packets]), 77],
    ] as const) {
      const { transport } = media(await analyze(octets));
      expect(transport).toMatchObject({ packets: 2000, stray_octets: strayOctets, in_sync: true });
    }
  });

  it('that ends within a packet is measured to there, and says so', async () => {
    const result = await analyze(clean.subarray(0, 1000 * PACKET + 100));
    expect(media(result).transport).toMatchObject({ packets: 1000, stray_octets: 100 });
    expect(result.run.io.notes).toContain('the file ends within a packet: its last 100 octets are none');
    expect(result.health.verdict).toBe('valid');
    const damaged = gzipSync(clean);
    const half = await analyze(damaged.subarray(0, damaged.length / 2));
    expect(half.health).toMatchObject({ verdict: 'degraded', reasons: [{ code: 'file_damaged' }, {}] });
    expect(media(half).transport!.packets).toBeGreaterThan(100);
  });

  it('that loses synchronisation finds it again and counts', async () => {
    const found = media(await analyze(cutOctets(clean, 2500, 77).stream));
    expect(raised(found)).toEqual({ ts_sync_loss: 1, sync_byte_error: 2 });
    expect(found.transport).toMatchObject({ in_sync: true, stray_octets: PACKET - 77 });
  });

  it('without PCR has no time', async () => {
    const result = await analyze(removePcrs(clean, VIDEO, { from: 0, to: Infinity }).stream);
    expect(result.run.duration_ns).toBe(0);
    expect(result.run.io.notes).toContain('no PCR came: without one, the stream has no time');
    expect(media(result).transport).toMatchObject({ packets: clean.length / PACKET, rate_bit_per_second: null });
  });

  it('after a warm-up counts nothing of it', async () => {
    const { from } = packetsBetween(RATE, 1500, 3000);
    const early = setTransportError(clean, packetsBetween(RATE, 500, 3000).from).stream;
    const both = setTransportError(early, from).stream;
    expect(raised(media(await analyze(both)))).toEqual({ transport_error: 2 });
    expect(raised(media(await analyze(both, { omit: '1s' })))).toEqual({ transport_error: 1 });
    const found = media(await analyze(both, { omit: '1m' }));
    expect(found.transport!.packets).toBe(0);
  });

  it('that is left in the middle is a run cut short', async () => {
    const long = Buffer.concat(Array.from({ length: 8 }, () => clean));
    const result = await inFolder(async (folder) => {
      const path = join(folder, 'film.ts');
      writeFileSync(path, long);
      const { plan, output } = planAnalyze([path], readOptionObject('analyze', {}), planContext([]));
      const run = startAnalysis(
        plan,
        output,
        () => {},
        (_name, octets, total) => {
          if (octets >= total! / 2) run.stop();
        },
      );
      return run.finished;
    });
    expect(result.run.complete).toBe(false);
    const { packets } = media(result).transport!;
    expect(packets).toBeGreaterThan(0);
    expect(packets).toBeLessThan((long.length / PACKET) * 0.75);
    expect(result.run.io.notes.join()).not.toContain('within a packet');
  });
});

describe('what begins a transport stream', () => {
  const five = clean.subarray(0, 1300);
  it.each([
    ['a stream', five, true],
    ['one that begins within a packet', clean.subarray(100, 1400), true],
    ['its first sync bytes hit', corruptSync(clean, 0, 1).stream.subarray(0, 1300), true],
    ['a single packet', clean.subarray(0, PACKET), true],
    ['two packets and part of a third', clean.subarray(0, 2 * PACKET + 30), true],
    ['part of one packet', clean.subarray(0, 100), false],
    ['nothing', new Uint8Array(), false],
    [
      'four packets, then something else',
      new Uint8Array([...clean.subarray(0, 4 * PACKET), ...new Uint8Array(548)]),
      false,
    ],
    ['a text', new TextEncoder().encode('G'.padEnd(187, '.').repeat(8)), false],
    ['a page that is all one letter', new TextEncoder().encode('GNU GENERAL PUBLIC LICENSE'), false],
  ])('%s', (_, head, expected) => {
    expect(beginsInSync(head)).toBe(expected);
  });
});

it('a packet that is gone from a file is a continuity error, explained by nothing', async () => {
  const packet =
    3000 + clean.subarray(3000 * PACKET).findIndex((_, i) => i % PACKET === 0 && isVideo(3000 + i / PACKET)) / PACKET;
  const found = media(await analyze(dropPacket(clean, packet).stream));
  expect(raised(found)).toEqual({ continuity_count_error: 1 });
  expect(found.transport).toMatchObject({ continuity_errors: 1, missing_packets: 1, continuity_errors_explained: 0 });
});

/** A packet of the picture that has payload alone. */
function isVideo(packet: number): boolean {
  const at = packet * PACKET;
  return clean[at + 1] === 0x01 && clean[at + 2] === 0x00 && (clean[at + 3]! & 0x30) === 0x10;
}
