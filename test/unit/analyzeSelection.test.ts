/** Endpoints of what one capture holds: both lines out of one file, and nothing else of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Path } from '../../src/io/datagram.js';
import type { RunResult } from '../../src/result/model.js';
import { analyzeCapture, type OpenOptions } from '../../src/runtime/openRun.js';
import { FrameKind } from '../../src/wire/framing.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { inFolder, type Datagram } from '../interop/captures.js';
import { PATH, pcapOf, probe } from '../probeCapture.js';
import { rtpCapture } from '../ts/rtpCapture.js';
import { PACKET } from '../ts/packet.js';
import { type FeedDatagram, feedOctets, short } from './feedDatagrams.js';

const MS = 1e6;
const A: Path = { ...PATH, group: '239.1.1.1', port: 26_400 };
const B: Path = { ...PATH, group: '239.1.2.1', port: 26_401 };
const LINE_A = 'mold://239.1.1.1:26400';
const LINE_B = 'mold://239.1.2.1:26401';

function at(path: Path, ms: number, feed: FeedDatagram): Datagram {
  return { path, timeNs: ms * MS, tos: 0, ttl: 3, payload: feedOctets(feed) };
}

/** Numbers 1 to 40, one a millisecond, but for those that a line lost; then the end. */
function line(path: Path, lateMs: number, lost: readonly number[], session = 'DAY'): Datagram[] {
  const numbers = Array.from({ length: 40 }, (_, i) => 1 + i).filter((number) => !lost.includes(number));
  const data = numbers.map((number) => at(path, number + lateMs, { session, number, messages: short(1) }));
  return [...data, at(path, 41 + lateMs, { session, number: 41, kind: FrameKind.End, messages: [] })];
}

/** 300 ms of a line. */
function lossless(path: Path, lateMs: number): Datagram[] {
  return Array.from({ length: 300 }, (_, i) => at(path, i + lateMs, { number: 1 + i, messages: short(1) }));
}

async function analyze(
  all: readonly Datagram[],
  endpoints: readonly string[],
  options: OpenOptions = {},
): Promise<RunResult> {
  return inFolder(async (folder) => {
    const path = join(folder, 'both.pcap');
    writeFileSync(path, pcapOf(all.toSorted((x, y) => x.timeNs - y.timeNs)));
    return analyzeCapture([path, ...endpoints], options);
  });
}

function streamsOf({ streams }: RunResult): unknown[] {
  return streams.map(({ leg, group, metrics }) => [leg, group, metrics.messages_received, metrics.messages_lost]);
}

describe('both lines of a feed in one capture', () => {
  const both = [...line(A, 0, [7, 20]), ...line(B, 0.25, [20, 31])];
  const other: Datagram[] = [probe(0, 3 * MS), ...line({ ...A, port: 5 }, 0.5, [], 'OTHER')];

  it('are one feed, in which only what both lost is missing', async () => {
    const result = await analyze([...both, ...other], [LINE_A], { legB: LINE_B });
    expect(streamsOf(result)).toEqual([
      ['a', A.group, 38, 2],
      ['b', B.group, 38, 2],
    ]);
    expect(result.arbitration).toMatchObject({
      unit: 'message',
      packets_expected: 40,
      both_lost: 1,
      skew_ns: { count: 37, min: 0.25 * MS, max: 0.25 * MS },
      legs: [{ first_arrivals: 38 }, { first_arrivals: 1 }],
    });
    expect(result.run.endpoints).toEqual([LINE_A, LINE_B]);
    expect(result.run.io.notes[0]).toMatch(/left out: 42 of other addresses or ports/);
    expect(result.sockets).toMatchObject([{ datagrams: 78, malformed: {} }]);
  });

  it('go by the line that the endpoint is of, whatever session they carry', async () => {
    const swapped = await analyze(both, [LINE_B], { legB: LINE_A });
    expect(streamsOf(swapped).map((one) => (one as string[])[0])).toEqual(['b', 'a']);
    expect(swapped.arbitration).toMatchObject({ skew_ns: { min: -0.25 * MS } });
    const two = await analyze(
      [...both, ...line({ ...A, port: 9 }, 0, [3]), ...line({ ...B, port: 9 }, 0, [3])],
      [LINE_A, 'mold://239.1.1.1:9'],
      { legB: [LINE_B, 'mold://239.1.2.1:9'] },
    );
    expect(two.arbitration!.streams.map(({ both_lost, packets_expected }) => [both_lost, packets_expected])).toEqual([
      [1, 40],
      [1, 40],
    ]);
  });

  it('and a line that is not there is a failure, as of a receiver', async () => {
    const result = await analyze(both, [LINE_A], { legB: 'mold://239.1.2.1:7' });
    expect(result.limits.map(({ stream, ok }) => [stream, ok])).toEqual([
      ['239.1.1.1 port 26400', true],
      ['239.1.2.1 port 7', false],
    ]);
    expect((await analyze(both, [LINE_A], { legB: 'mold://239.1.2.1:7', allowSilence: true })).limits).toEqual([]);
  });

  it('are in the order of their stamps where the file is socket by socket, as a busy receiver writes it', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'both.pcap');
      writeFileSync(path, pcapOf([...lossless(A, 1), ...lossless(B, 0.5)]));
      const { arbitration } = await analyzeCapture([path, LINE_A], { legB: LINE_B });
      expect(arbitration!.legs.map(({ first_arrivals }) => first_arrivals)).toEqual([0, 300]);
    });
  });

  it('lose nothing at a rate of which a second is more than there is room for', async () => {
    // 2 us apart, the other line 0.4 us behind.
    const fast = Array.from({ length: 40_000 }, (_, i) => i).flatMap((i) =>
      [A, B].map((path, leg): Datagram => ({
        path,
        timeNs: i * 2000 + leg * 400,
        tos: 0,
        ttl: 3,
        payload: feedOctets({ session: 'DAY', number: 1 + i, messages: short(1) }),
      })),
    );
    const { arbitration } = await analyze(fast, [LINE_A], { legB: LINE_B });
    expect(arbitration).toMatchObject({
      packets_expected: 40_000,
      legs: [
        { packets_received: 40_000, packets_lost: 0, first_arrivals: 40_000 },
        { packets_received: 40_000, packets_lost: 0, first_arrivals: 0 },
      ],
    });
  });

  it('have limits of their own', async () => {
    const result = await analyze(both, [`${LINE_A}/max=messages_lost=1`, LINE_B]);
    expect(result.limits.filter(({ expression }) => expression.startsWith('messages_lost'))).toMatchObject([
      { value: 2, ok: false },
    ]);
  });
});

describe('an endpoint of a capture', () => {
  it('demands its format from the first datagram on', async () => {
    const xdp = at({ ...A, port: 7 }, 1, { framing: xdpFraming, number: 5 });
    const path = 'xdp://239.1.1.1:7';
    expect((await analyze([xdp, probe(0, 2 * MS)], [path])).streams.map(({ format }) => format)).toEqual(['xdp']);
    // Each of its own, and what is of another format is none of it.
    const wrong = await analyze([xdp, ...line(A, 0, [])], [path.replace('xdp', 'mold'), LINE_A]);
    expect(wrong.streams.map(({ port }) => port)).toEqual([A.port]);
    expect(Object.values(wrong.sockets[0]!.malformed)).toEqual([1]);
    // Both are of one scheme, and what came where is not told apart.
    expect(wrong.sockets[0]).toMatchObject({ demanded: 'moldudp64', instead: 'xdp' });
    expect(wrong.limits.find(({ ok }) => !ok)!.reason).toBe('nothing arrived');
  });

  it('says what came although another format was demanded', async () => {
    const result = await analyze(line(A, 0, []), [LINE_A.replace('mold', 'xdp')]);
    expect(result.streams).toEqual([]);
    expect(result.limits[0]!.reason).toMatch(
      /^41 datagrams arrived, none of them xdp \(41 [a-z_]+\); the first looks like moldudp64$/u,
    );
    expect(result.health).toMatchObject({ verdict: 'valid', malformed: 41 });
    expect(result.health.reasons).toContainEqual(expect.objectContaining({ code: 'malformed', severity: 'note' }));
  });

  it('hears its sources alone', async () => {
    const foreign = line({ ...A, source: '10.9.9.9' }, 0.5, [], 'FOREIGN');
    const result = await analyze([...line(A, 0, [4]), ...foreign], [`mold://10.9.9.9@239.1.1.1:26400`]);
    expect(result.streams.map(({ source, flow }) => [source, flow])).toEqual([['10.9.9.9', 'FOREIGN']]);
  });

  it('of several schemes has each, with names of a line-up', async () => {
    await inFolder(async (folder) => {
      const [capture, lineup] = [join(folder, 'x.pcap'), join(folder, 'x.csv')];
      const all = [...line(A, 0, []), probe(0, 3 * MS), probe(1, 4 * MS)].toSorted((x, y) => x.timeNs - y.timeNs);
      writeFileSync(capture, pcapOf(all));
      writeFileSync(lineup, `name,endpoint\nfeed,${LINE_A}\nprobes,probe://${PATH.group}:${PATH.port}\n`);
      const { streams } = await analyzeCapture([capture, lineup]);
      expect(streams.map(({ name, metrics }) => [name, metrics.packets_received])).toEqual([
        ['feed', 40],
        ['probes', 2],
      ]);
    });
  });

  it('may be a single host', async () => {
    const host: Path = { ...A, group: '10.1.1.1' };
    const result = await analyze(line(host, 0, [9]), ['mold://10.1.1.1:26400/unicast=yes']);
    expect(streamsOf(result)).toEqual([[null, host.group, 39, 1]]);
  });

  it('selects of both captures that are compared', async () => {
    await inFolder(async (folder) => {
      const [a, b] = [join(folder, 'a.pcap'), join(folder, 'b.pcap')];
      writeFileSync(a, pcapOf([...line(A, 0, []), ...[90, 91, 92].map((ms, i) => probe(i, ms * MS))]));
      writeFileSync(b, pcapOf([...line(A, 1, []), probe(0, 93 * MS), probe(2, 95 * MS)]));
      const { taps } = await analyzeCapture([a, `probe://${PATH.group}:${PATH.port}`], { against: b });
      expect(taps!.streams.map(({ packets_lost }) => packets_lost)).toEqual([1]);
      expect([taps!.first.datagrams, taps!.second.datagrams]).toEqual([3, 2]);
    });
  });
});

describe('both legs of RTP in one capture', () => {
  const STREAM = new Uint8Array(7 * PACKET * 60);
  for (let from = 0; from < STREAM.length; from += PACKET) STREAM.set([0x47, 0x1f, 0xff, 0x10], from);
  const rateBitPerSecond = 7 * PACKET * 8 * 1000;
  const [legA, legB] = [
    { ...PATH, port: 5004 },
    { ...PATH, group: '239.9.9.9', port: 6004 },
  ];

  it('are one stream with its reports and its FEC', async () => {
    const options = { rateBitPerSecond, reportEvery: 20, fec: { columns: 5, rows: 4 } };
    const a = rtpCapture(STREAM, { ...options, lost: [10, 11], path: legA });
    const b = rtpCapture(STREAM, { rateBitPerSecond, reportEvery: 20, lost: [11, 40], path: legB });
    const late = b.map((one) => ({ ...one, timeNs: one.timeNs + 3 * MS }));
    const result = await analyze([...a, ...late], [`rtp://${legA.group}:5004`], { legB: `rtp://${legB.group}:6004` });
    expect(result.arbitration).toMatchObject({
      unit: 'packet',
      packets_expected: 60,
      both_lost: 1,
      remaining_lost: 0,
      skew_ns: { min: 3 * MS, max: 3 * MS },
    });
    const roles = result.streams.map(({ role, leg, port }) => `${role} ${leg} ${port}`);
    expect(roles.toSorted()).toEqual([
      'control a 5005',
      'control b 6005',
      'fec a 5006',
      'fec a 5008',
      'media a 5004',
      'media b 6004',
    ]);
  });
});

describe('what cannot be selected', () => {
  it.each<[readonly string[], OpenOptions, RegExp]>([
    [[], { legB: LINE_B }, /--leg-b "mold:\/\/239.1.2.1:26401" is line B of an endpoint: write that of line A/],
    [[LINE_A], { legB: '-' }, /--leg-b "-" is a capture: beside endpoints/],
    [[LINE_A], { legB: [LINE_B, LINE_B] }, /--leg-b is given 2 times for 1 endpoints/],
    [[LINE_A], { legB: LINE_A }, /239.1.1.1 port 26400 is given twice/],
    [[`${LINE_A}/iface=lo`, `${LINE_A}/iface=eth0`], {}, /239.1.1.1 port 26400 is given twice/],
    [['udp://239.1.1.1:5'], { legB: 'udp://239.1.1.2:5' }, /two legs carry RTP/],
    [[LINE_A], { legB: LINE_B, against: 'y' }, /--against compares one line in two places/],
    [['mold://10.1.1.1:5'], {}, /is a single host/],
  ])('is refused: %j %j', async (endpoints, options, what) => {
    await expect(analyze([], endpoints, options)).rejects.toThrow(what);
  });

  it('without a capture, or of a transport stream', async () => {
    await expect(analyzeCapture([])).rejects.toThrow(/a capture is missing/);
    await inFolder(async (folder) => {
      const path = join(folder, 'x.ts');
      const octets = new Uint8Array(PACKET * 100);
      for (let from = 0; from < octets.length; from += PACKET) octets.set([0x47, 0x1f, 0xff, 0x10], from);
      writeFileSync(path, octets);
      await expect(analyzeCapture([path, LINE_A])).rejects.toThrow(/endpoints say what of a capture is measured/);
    });
  });
});
