/** Captures of two lines: what each lost, who was first, and what neither had, exactly. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Path } from '../../src/io/datagram.js';
import { renderText } from '../../src/report/text.js';
import { RunResultSchema, type RunResult } from '../../src/result/model.js';
import { analyzeCapture, type OpenOptions } from '../../src/runtime/openRun.js';
import { FrameKind } from '../../src/wire/framing.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { inFolder, record, type Datagram } from '../interop/captures.js';
import { PATH, pcapOf, probe } from '../probeCapture.js';
import { rtpCapture, type RtpCaptureOptions } from '../ts/rtpCapture.js';
import { PACKET } from '../ts/packet.js';
import { type FeedDatagram, feedOctets, short } from './feedDatagrams.js';

const MS = 1e6;
const US = 1e3;
const A: Path = { ...PATH, group: '239.1.1.1', port: 26_400 };
const B: Path = { ...PATH, group: '239.1.2.1', port: 26_401 };

function at(path: Path, ms: number, feed: FeedDatagram): Datagram {
  return { path, timeNs: ms * MS, tos: 0, ttl: 3, payload: feedOctets(feed) };
}

/** Numbers 1 to 100, two in each datagram of a millisecond, but for those that a line lost; then the end. */
function line(path: Path, lateMs: number, lost: readonly number[], session = 'DAY'): Datagram[] {
  const datagrams: Datagram[] = [];
  for (let number = 1; number < 100; number += 2) {
    const isLost = lost.includes(number) || lost.includes(number + 1);
    if (!isLost) datagrams.push(at(path, number + lateMs, { session, number, messages: short(2) }));
  }
  datagrams.push(at(path, 101 + lateMs, { session, number: 101, kind: FrameKind.End, messages: [] }));
  return datagrams;
}

function inTime(datagrams: readonly Datagram[]): Datagram[] {
  return datagrams.toSorted((x, y) => x.timeNs - y.timeNs);
}

/** Two sessions, in an order that differs between the lines; the first of them lost some. */
function twoSessions(path: Path, lost: readonly number[]): Datagram[] {
  const isA = path === A;
  const one = line(path, isA ? 0 : 0.5, lost, 'ONE');
  return inTime([...one, ...line({ ...path, port: 5 }, isA ? 0.5 : 0, [], 'TWO')]);
}

/** Two channels without names, numbers 2 to 21; the second lost one. */
function twoChannels(path: Path, lost: number): Datagram[] {
  const channel = (port: number, lateMs: number, numbers: readonly number[]): Datagram[] =>
    numbers.map((number) => at({ ...path, port }, number + lateMs, { framing: xdpFraming, number }));
  const all = Array.from({ length: 20 }, (_, i) => 2 + i);
  const other = all.filter((number) => number !== lost);
  return inTime([...channel(path.port, 0, all), ...channel(path.port + 1, 0.5, other)]);
}

async function analyze(a: readonly Datagram[], b: readonly Datagram[], options: OpenOptions = {}): Promise<RunResult> {
  return inFolder(async (folder) => {
    const [pathA, pathB] = [join(folder, 'a.pcap'), join(folder, 'b.pcap')];
    writeFileSync(pathA, pcapOf(a));
    writeFileSync(pathB, pcapOf(b));
    return analyzeCapture(pathA, { legB: pathB, ...options });
  });
}

function streamsOf({ streams }: RunResult): unknown[] {
  return streams.map(({ leg, flow, metrics }) => [leg, flow, metrics.messages_received, metrics.messages_lost]);
}

describe('a feed on two lines', () => {
  // Both lost 41 and 42; A is first by 250 us, but for 21 and 22, which it lost, and for what came 2 ms late on it.
  const a = line(A, 0, [21, 41, 61]).map((one) => (one.timeNs === 81 * MS ? { ...one, timeNs: 83 * MS } : one));
  const lineA = a.toSorted((x, y) => x.timeNs - y.timeNs);
  const lineB = line(B, 0.25, [41, 77]);

  it('has the losses of each line, of both, who was first and by how much', async () => {
    const result = await analyze(lineA, lineB);
    expect(RunResultSchema.parse(JSON.parse(JSON.stringify(result)))).toBeTruthy();
    expect(streamsOf(result)).toEqual([
      ['a', 'DAY', 94, 6],
      ['b', 'DAY', 96, 4],
    ]);
    const { arbitration } = result;
    expect(arbitration).toMatchObject({
      unit: 'message',
      packets_expected: 100,
      packets_pending: 0,
      both_lost: 2,
      remaining_lost: 2,
      skews_dropped: 0,
      // A before B but for 81 and 82, which came on A 1.75 ms behind B.
      skew_ns: { count: 92, min: -1.75 * MS, max: 250 * US },
      legs: [
        { leg: 'a', packets_received: 94, packets_lost: 6, packets_duplicated: 0, packets_late: 0, first_arrivals: 92 },
        { leg: 'b', packets_received: 96, packets_lost: 4, packets_duplicated: 0, packets_late: 0, first_arrivals: 6 },
      ],
    });
    const ids = result.streams.map(({ id }) => id);
    expect(arbitration!.streams[0]!.legs.map(({ stream }) => stream)).toEqual(ids);
    const text = renderText(result);
    expect(text).toMatch(/^arbitration of two legs$/m);
    expect(text).toMatch(/both lost +2/);
    expect(result.run.io.notes.slice(0, 2).map((note) => note.replace(/^.*\//, ''))).toEqual([
      'a.pcap: 48 frames of pcap',
      'b.pcap: 49 frames of pcap',
    ]);
    expect(result.sockets).toMatchObject([{ datagrams: 97 }]);
  });

  it('has the same the other way round, also where the other capture began first', async () => {
    const result = await analyze(lineB, lineA);
    expect(result.arbitration).toMatchObject({
      both_lost: 2,
      skew_ns: { count: 92, min: -250 * US, max: 1.75 * MS },
      legs: [
        { leg: 'a', packets_received: 96, first_arrivals: 6 },
        { leg: 'b', packets_received: 94, first_arrivals: 92 },
      ],
    });
    // The time of the result is that of the earlier one.
    expect(result.clock.epoch).toBe((await analyze(lineA, lineB)).clock.epoch);
    expect(result.run.start).toBe(result.clock.epoch);
  });

  it('is told apart by the captures, even with the same addresses', async () => {
    const sameB = lineB.map((one) => ({ ...one, path: A }));
    const result = await analyze(lineA, sameB);
    expect(streamsOf(result)).toEqual([
      ['a', 'DAY', 94, 6],
      ['b', 'DAY', 96, 4],
    ]);
    expect(result.arbitration).toMatchObject({ both_lost: 2, packets_expected: 100 });
  });

  it('gives up what comes later than the lines may be apart', async () => {
    const late = line(B, 800, []);
    expect((await analyze(line(A, 0, [41]), late)).arbitration).toMatchObject({ both_lost: 2, remaining_lost: 2 });
    const patient = await analyze(line(A, 0, [41]), late, { mergeWindow: '2s' });
    expect(patient.arbitration).toMatchObject({
      both_lost: 0,
      remaining_lost: 0,
      legs: [
        { packets_lost: 2, packets_late: 0 },
        { packets_lost: 0, packets_late: 0, first_arrivals: 2 },
      ],
    });
  });

  it('is degraded when one of the captures is damaged, which is named', async () => {
    await inFolder(async (folder) => {
      const [pathA, pathB] = [join(folder, 'a.pcap'), join(folder, 'b.pcap')];
      writeFileSync(pathA, pcapOf(lineA));
      writeFileSync(pathB, pcapOf(lineB).subarray(0, -5));
      const { health, arbitration } = await analyzeCapture(pathA, { legB: pathB });
      const damaged = health.reasons.find(({ code }) => code === 'capture_damaged')!;
      expect(damaged.text).toContain('b.pcap: ');
      expect(arbitration!.packets_expected).toBe(100);
    });
  });

  it('has limits on it', async () => {
    const result = await analyze(lineA, lineB, {
      max: ['arbitration.both_lost=1', 'arbitration.legs.b.packets_lost=4'],
    });
    expect(
      result.limits
        .filter(({ expression }) => expression.startsWith('arbitration'))
        .map(({ value, ok }) => [value, ok]),
    ).toEqual([
      [2, false],
      [4, true],
    ]);
  });

  it('is merged per session; of those without one the first with the first', async () => {
    const named = await analyze(twoSessions(A, [5]), twoSessions(B, [5, 7]));
    // In the order in which they came.
    expect(named.arbitration!.streams.map(({ both_lost, packets_expected }) => [both_lost, packets_expected])).toEqual([
      [2, 100],
      [0, 100],
    ]);
    const result = await analyze(twoChannels(A, 7), twoChannels(B, 7));
    expect(result.arbitration!.streams.map(({ both_lost, packets_expected }) => [both_lost, packets_expected])).toEqual(
      [
        [0, 20],
        [1, 20],
      ],
    );
  });
});

describe('RTP on two legs (SMPTE ST 2022-7)', () => {
  const STREAM = new Uint8Array(7 * PACKET * 60);
  for (let at = 0; at < STREAM.length; at += PACKET) STREAM.set([0x47, 0x1f, 0xff, 0x10], at);
  const rateBitPerSecond = 7 * PACKET * 8 * 1000;

  function leg(
    path: Path,
    lost: readonly number[],
    delayNs: number,
    more: Partial<RtpCaptureOptions> = {},
  ): Datagram[] {
    const all = rtpCapture(STREAM, { rateBitPerSecond, lost, path, reportEvery: 20, ...more });
    return all.map((one) => ({ ...one, timeNs: one.timeNs + delayNs }));
  }

  it('is one stream, in which only what both lost is missing', async () => {
    const a = leg({ ...PATH, port: 5004 }, [10, 11, 12, 30], 0);
    const b = leg({ ...PATH, group: '239.9.9.9', port: 6004 }, [11, 40], 3 * MS);
    const result = await analyze(a, b);
    expect(result.arbitration).toMatchObject({
      unit: 'packet',
      packets_expected: 60,
      both_lost: 1,
      remaining_lost: 1,
      skew_ns: { count: 55, min: 3 * MS, max: 3 * MS },
      legs: [
        { packets_received: 56, packets_lost: 4, first_arrivals: 56 },
        { packets_received: 58, packets_lost: 2, first_arrivals: 3 },
      ],
    });
    const media = result.streams.filter(({ format }) => format.startsWith('rtp'));
    expect(media.map(({ leg: one }) => one)).toEqual(['a', 'b']);
    expect(media[0]!.after!.metrics).toMatchObject({ packets_lost: 1 });
  });

  it('is one also where reports came first, and FEC repairs what neither brought', async () => {
    const fec = { columns: 5, rows: 4 };
    const [a, b] = [
      { ...PATH, port: 5004 },
      { ...PATH, group: '239.9.9.9', port: 6004 },
    ].map((path, i) => {
      const all = leg(path, [11, 40 + i], 0, { fec });
      const report = all.find((one) => one.path.port === path.port + 1)!;
      return [...Array.from({ length: 20 }, (_, timeNs) => ({ ...report, timeNs })), ...all];
    });
    const result = await analyze(a!, b!);
    expect(result.arbitration).toMatchObject({ packets_expected: 60, both_lost: 1, remaining_lost: 0 });
    expect(result.streams.find(({ format, leg: one }) => format === 'rtp/mpeg-ts' && one === 'a')!.fec).toMatchObject({
      packets_recovered: 1,
    });
  });

  it('is two streams where the sources differ, and other formats are on no leg', async () => {
    const other = leg({ ...PATH, group: '239.9.9.9' }, [], MS).map((one) => {
      const payload = one.payload.slice();
      // The SSRC, RFC 3550 section 5.1.
      if (one.path.port === PATH.port) payload[11]! ^= 1;
      return { ...one, payload };
    });
    const result = await analyze(leg({ ...PATH, port: 5004 }, [], 0), [...other, probe(0, 900 * MS)]);
    expect(result.arbitration!.streams.map(({ legs }) => legs.map(({ stream }) => stream === null))).toEqual([
      [false, true],
      [true, false],
    ]);
    expect(result.streams.find(({ format }) => format === 'probe')!.leg).toBeNull();
  });

  it.each([
    ['first', [60, 0]],
    ['second', [0, 60]],
  ])('of which nothing is in one capture was lost there, all in the %s one', async (which, lost) => {
    const there = leg({ ...PATH, port: 5004 }, [], 0);
    const result = await (which === 'first' ? analyze([], there) : analyze(there, []));
    const { legs, both_lost, packets_expected } = result.arbitration!;
    expect([packets_expected, both_lost, legs.map((one) => one.packets_lost)]).toEqual([60, 0, lost]);
  });
});

describe('the interfaces of two captures', () => {
  it("are each capture's own", async () => {
    await inFolder(async (folder) => {
      const files = [join(folder, 'a.pcapng'), join(folder, 'b.pcapng')];
      await record(files[0]!, line(A, 0, []));
      await record(files[1]!, [...line({ ...B, group: '239.3.3.3' }, 0, [], 'X'), ...line(B, 1, [])]);
      const { streams } = await analyzeCapture(files[0]!, { legB: files[1]! });
      // The writer names them in the order in which they come.
      expect(streams.map(({ group, interface: name }) => [group, name])).toEqual([
        ['239.1.1.1', 'if2'],
        ['239.3.3.3', 'if2'],
        ['239.1.2.1', 'if2'],
      ]);
    });
  });
});

describe('what cannot be the capture of another line', () => {
  it.each<[OpenOptions, RegExp]>([
    [{ legB: ['x', 'y'] }, /--leg-b is one capture/],
    [{ legB: 'x', against: 'y' }, /--against compares one line in two places, --leg-b joins two lines/],
    [{ legB: '/nowhere/b.pcap' }, /\/nowhere\/b\.pcap cannot be read/],
  ])('is refused: %j', async (options, what) => {
    await expect(analyze(line(A, 0, []), [], options)).rejects.toThrow(what);
  });

  it('nor two of standard input, nor of a transport stream', async () => {
    await expect(analyzeCapture('-', { legB: '-' })).rejects.toThrow(/both captures cannot be standard input/);
    await inFolder(async (folder) => {
      const path = join(folder, 'x.ts');
      const octets = new Uint8Array(PACKET * 100);
      for (let at = 0; at < octets.length; at += PACKET) octets.set([0x47, 0x1f, 0xff, 0x10], at);
      writeFileSync(path, octets);
      await expect(analyzeCapture(path, { legB: path })).rejects.toThrow(/--leg-b is the capture of another line/);
    });
  });
});
