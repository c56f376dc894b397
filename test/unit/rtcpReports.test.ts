import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../src/analysis/measurement.js';
import { StreamFormat } from '../../src/analysis/streamTable.js';
import { SendOutcome, type SendBatch } from '../../src/core/batch.js';
import { McastError } from '../../src/core/errors.js';
import type { DatagramSink, Io, Path, SendSocketSpec } from '../../src/io/datagram.js';
import { StreamCounter } from '../../src/metrics/counters.js';
import type { Agent } from '../../src/runtime/agent.js';
import type { RtcpReceiver } from '../../src/runtime/rtcpReceiver.js';
import { RtcpReports } from '../../src/runtime/rtcpReports.js';
import { rtcpCodec, type RtcpPacket } from '../../src/wire/rtcp.js';

const SECOND = 1e9;

interface SocketOf {
  readonly spec: SendSocketSpec;
  readonly sent: (readonly RtcpPacket[])[];
  drained: number;
  isOpen: boolean;
}

interface Scene {
  /** Senders of the streams. */
  readonly paths: Path[];
  format?: (stream: number) => number;
  isMedia?: (stream: number) => boolean;
  windowPackets?: number;
  /** When the last packet of each came. */
  lastNs?: number;
  /** Outcome of a send, by how many there were. */
  outcome?: (sends: number) => number;
  open?: (spec: SendSocketSpec, sink: DatagramSink) => DatagramSink | Promise<DatagramSink>;
}

const pathOf = (change: Partial<Path> = {}): Path => ({
  source: '10.0.0.1',
  sourcePort: 5004,
  group: '239.1.1.1',
  port: 5004,
  interfaceIndex: 2,
  ...change,
});

function packetsIn({ bytes, length }: SendBatch): readonly RtcpPacket[] {
  const compound = rtcpCodec.create();
  expect(rtcpCodec.parse(bytes.slice(0, length[0]), 0, length[0]!, compound)).toBe(0);
  return compound.packets;
}

/** Streams heard since 0 at 8 Mbit/s, and the sockets that reports on them leave by. */
function reportsOn(scene: Scene) {
  const sockets: SocketOf[] = [];
  let sends = 0;
  const openSink = (spec: SendSocketSpec): DatagramSink | Promise<DatagramSink> => {
    const socket: SocketOf = { spec, sent: [], drained: 0, isOpen: true };
    sockets.push(socket);
    const sink = {
      send: (batch: SendBatch) => {
        batch.outcome[0] = scene.outcome?.(sends++) ?? SendOutcome.Sent;
        if (batch.outcome[0] === SendOutcome.Sent) socket.sent.push(packetsIn(batch));
        return 1;
      },
      drainErrors: () => ++socket.drained,
      close: () => void (socket.isOpen = false),
    } as unknown as DatagramSink;
    return scene.open?.(spec, sink) ?? sink;
  };
  const counters = new Float64Array(StreamCounter.Count);
  counters[StreamCounter.OctetsReceived] = 1e6;
  const measurement = {
    table: {
      format: (stream: number) => scene.format?.(stream) ?? StreamFormat.Rtp,
      path: (stream: number) => stream,
      flow: (stream: number) => 0x100 + stream,
      originLow: () => 1000,
    },
    streamCount: scene.paths.length,
    decoder: { rtp: { highestMonoNs: () => scene.lastNs ?? Infinity } },
    snapshot: () => ({ counters, firstMonoNs: 0 }),
    sequence: {
      window: { packets: () => scene.windowPackets ?? 65_536 },
      trace: (_: number, first: number, came: Uint8Array) => came.fill(first === 0 ? 1 : 0),
    },
  } as unknown as Measurement;
  const figures = {
    firstNumber: 1000,
    highestNumber: 1099,
    received: 100,
    duplicates: 0,
    payloadOctets: 0,
    jitterNs: NaN,
  };
  const run = { finished: false };
  const reports = new RtcpReports({
    io: { path: (path: number) => scene.paths[path] ?? pathOf({ sourcePort: path }), openSink } as unknown as Io,
    measurement,
    rtcp: { figures: () => figures } as unknown as RtcpReceiver,
    isMedia: scene.isMedia ?? (() => true),
    seed: 7,
    cname: 'AAECAwQFBgcICQoL',
    others: [run as unknown as Agent],
  });
  /** Works at every due time up to then. */
  const until = (endNs: number): void => {
    for (let nowNs = Math.max(0, reports.nextDueNs()); nowNs <= endNs; nowNs = reports.nextDueNs())
      reports.doWork(nowNs);
  };
  return { reports, sockets, run, until };
}

const kinds = (packets: readonly RtcpPacket[]): string => packets.map(({ kind }) => kind).join(' ');

describe('receiver reports of a run', () => {
  it('go to the port behind that of the media, by unicast', () => {
    const { reports, sockets, until } = reportsOn({ paths: [pathOf()] });
    until(10 * SECOND);
    expect(sockets).toHaveLength(1);
    const [{ spec, sent }] = sockets as [SocketOf];
    expect(spec.destinations).toMatchObject([{ address: '10.0.0.1', port: 5005, interfaceIndex: 0, ttl: 64 }]);
    expect(sent.length).toBeGreaterThan(1);
    expect(reports.sent).toBe(sent.length);
    expect(kinds(sent[0]!)).toBe('rr sdes xr');
    expect(sent[0]![0]).toMatchObject({ blocks: [{ ssrc: 0x100, extendedHighestSequence: 1099, cumulativeLost: 0 }] });
    expect(sent[0]![2]).toMatchObject({
      blocks: [{ kind: 'loss-rle', chunks: [0x4000 | 100, 0] }, { kind: 'statistics' }],
    });
    expect(reports.notes).toEqual([]);
  });

  it('go to where sender reports come from, and follow them', () => {
    const { reports, sockets, until } = reportsOn({ paths: [pathOf()] });
    reports.onSenderReport(0, 0x1111_b705_2000_2222n, 7001, 100, 0.5 * SECOND);
    until(5 * SECOND);
    expect(sockets.map(({ spec }) => spec.destinations[0]!.port)).toEqual([7001]);
    expect(sockets[0]!.sent[0]![0]).toMatchObject({ blocks: [{ lastSr: 0xb705_2000 }] });
    reports.onSenderReport(0, 0x1111_b706_2000_2222n, 7002, 100, 5 * SECOND);
    reports.onSenderReport(0, 0x1111_b707_2000_2222n, 7002, 100, 6 * SECOND);
    expect(sockets.map(({ spec, isOpen }) => [spec.destinations[0]!.port, isOpen])).toEqual([
      [7001, false],
      [7002, true],
    ]);
  });

  it('end with BYE, where there was one at all', () => {
    const { reports, sockets, run, until } = reportsOn({ paths: [pathOf()] });
    until(10 * SECOND);
    run.finished = true;
    reports.doWork(10.5 * SECOND);
    expect(reports.finished).toBe(true);
    expect(kinds(sockets[0]!.sent.at(-1)!)).toBe('rr sdes bye');
    expect(sockets[0]!.isOpen).toBe(false);
    const short = reportsOn({ paths: [pathOf()] });
    short.until(1.1 * SECOND);
    short.run.finished = true;
    short.reports.doWork(1.2 * SECOND);
    expect([short.sockets[0]!.sent.length, short.sockets[0]!.isOpen, short.reports.finished]).toEqual([0, false, true]);
  });

  it('are of RTP media alone, each by itself', () => {
    const { sockets, until } = reportsOn({
      paths: [pathOf(), pathOf(), pathOf({ source: '2001:db8::7' }), pathOf({ source: 'fe80::7' })],
      format: (stream) => (stream === 0 ? StreamFormat.Probe : StreamFormat.Rtp),
      isMedia: (stream) => stream !== 1,
    });
    until(10 * SECOND);
    expect(
      sockets.map(({ spec }) => [spec.family, spec.destinations[0]!.address, spec.destinations[0]!.interfaceIndex]),
    ).toEqual([
      [6, '2001:db8::7', 0],
      [6, 'fe80::7', 2],
    ]);
    const own = sockets.map(({ sent }) => (sent[0]![0] as { ssrc: number }).ssrc);
    expect(new Set(own).size).toBe(2);
  });

  it('are of 64 streams at a time; one that is over makes room', () => {
    const paths = Array.from({ length: 66 }, () => pathOf());
    const scene: Scene = { paths };
    const { reports, sockets, until } = reportsOn(scene);
    until(2 * SECOND);
    expect(sockets).toHaveLength(64);
    expect(reports.notes).toEqual(['no receiver reports on 2 streams: at most 64 get them']);
    scene.lastNs = 2 * SECOND;
    until(30 * SECOND);
    expect(sockets.every(({ isOpen }) => !isOpen)).toBe(true);
    expect(reports.nextDueNs()).toBeLessThan(Infinity);
  });

  it('have no trace where the window is too short to know it', () => {
    const { sockets, until } = reportsOn({ paths: [pathOf()], windowPackets: 2048 });
    until(10 * SECOND);
    expect((sockets[0]!.sent[0]![2] as { blocks: readonly unknown[] }).blocks).toHaveLength(1);
  });

  it('are sent once more when a refusal is told, and counted where they do not leave', () => {
    const { reports, sockets, until } = reportsOn({
      paths: [pathOf()],
      outcome: (sends) => (sends === 0 ? SendOutcome.Failed : SendOutcome.Sent),
    });
    until(4.5 * SECOND);
    expect([reports.sent, reports.notSent, sockets[0]!.drained]).toEqual([1, 0, 1]);
    const refused = reportsOn({ paths: [pathOf()], outcome: () => SendOutcome.Failed });
    refused.until(4.5 * SECOND);
    expect([refused.reports.sent, refused.reports.notSent]).toEqual([0, 1]);
    expect(refused.reports.notes).toEqual(['receiver reports that could not be sent: 1']);
  });

  it('tell why there are none', () => {
    const { reports, sockets, until } = reportsOn({
      paths: [pathOf({ source: '0.0.0.0' }), pathOf()],
      open: () => {
        throw new McastError('ERR_NO_ROUTE', 'no way to 10.0.0.1');
      },
    });
    until(5 * SECOND);
    expect(sockets).toHaveLength(1);
    expect(reports.notes).toEqual([
      "no receiver reports: a sender's address is 0.0.0.0",
      'no receiver reports: no way to 10.0.0.1',
      'receiver reports that could not be sent: 1',
    ]);
  });

  it('wait for a socket that takes its time', async () => {
    const gates: (() => void)[] = [];
    const open: Scene['open'] = (_, sink) => new Promise((resolve) => void gates.push(() => resolve(sink)));
    const { reports, sockets, run, until } = reportsOn({ paths: [pathOf()], open });
    until(1.1 * SECOND);
    gates[0]!();
    await Promise.resolve();
    await Promise.resolve();
    until(5 * SECOND);
    expect(sockets[0]!.sent).toHaveLength(1);
    reports.onSenderReport(0, 1n, 7001, 100, 5 * SECOND);
    run.finished = true;
    reports.doWork(5.1 * SECOND);
    gates[1]!();
    await Promise.resolve();
    await Promise.resolve();
    expect(sockets.map(({ isOpen }) => isOpen)).toEqual([false, false]);
  });
});
