/** What `mcast recv --rtcp` tells the sender of a stream: a plain socket is the sender, and hears what comes back. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodeLossRle } from '../../src/wire/lossRle.js';
import { rtcpCodec, rtcpFault, type RtcpPacket } from '../../src/wire/rtcp.js';
import type { RtcpReportBlock } from '../../src/wire/rtcpReports.js';
import { SdesType } from '../../src/wire/rtcpSdes.js';
import type { XrLossRle, XrStatisticsSummary } from '../../src/wire/rtcpXr.js';
import { WireStatus } from '../../src/wire/status.js';
import type { IntervalRow } from '../../src/result/interval.js';
import { freshGroup, startReceiver, type Mcast } from '../mcast.js';
import { until } from '../netns/lab.js';

const SSRC = 0x89ab_cdef;
const FIRST = 65_500;
const NONE = new Uint8Array();
/** Middle 32 bits: 0xb7052000. */
const NTP = 0x83aa_b705_2000_0000n;

async function socketOn(heard: Buffer[] = []): Promise<Socket> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.on('message', (datagram) => void heard.push(datagram));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.setMulticastInterface('127.0.0.1');
  return socket;
}

async function sent(socket: Socket, octets: Uint8Array, port: number, group: string): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    socket.send(octets, port, group, (error) => (error === null ? resolve() : reject(error))),
  );
}

/** RTP with null packets in it, number `number` of the stream. */
function mediaPacket(number: number): Uint8Array {
  const octets = new Uint8Array(12 + 188).fill(0xff);
  octets.set([0x80, 33]);
  const view = new DataView(octets.buffer);
  view.setUint16(2, number % 65_536);
  view.setUint32(4, number * 900);
  view.setUint32(8, SSRC);
  octets.set([0x47, 0x1f, 0xff, 0x10], 12);
  return octets;
}

function compoundOf(packets: readonly RtcpPacket[]): Uint8Array {
  const octets = new Uint8Array(rtcpCodec.octets({ packets, padding: NONE }));
  rtcpCodec.write(octets, 0, { packets, padding: NONE });
  return octets;
}

function senderReport(packetCount: number): Uint8Array {
  const counts = { packetCount, octetCount: packetCount * 188 };
  return compoundOf([
    { kind: 'sr', ssrc: SSRC, ntp: NTP, rtpTimestamp: 0, ...counts, blocks: [], extension: NONE },
    {
      kind: 'sdes',
      chunks: [{ ssrc: SSRC, items: [{ type: SdesType.Cname, octets: new TextEncoder().encode('a') }] }],
    },
  ]);
}

/** The packets of a compound one that came back. */
function packetsOf(octets: Buffer): readonly RtcpPacket[] {
  const compound = rtcpCodec.create();
  expect(rtcpCodec.parse(octets, 0, octets.length, compound)).toBe(WireStatus.Ok);
  expect(rtcpFault(compound)).toBe(WireStatus.Ok);
  return compound.packets;
}

const kindsOf = (octets: Buffer): string =>
  packetsOf(octets)
    .map(({ kind }) => kind)
    .join(' ');

function blockOf(octets: Buffer): RtcpReportBlock | undefined {
  const [report] = packetsOf(octets);
  if (report?.kind !== 'rr') throw new Error(`a report of kind ${report?.kind}`);
  return report.blocks[0];
}

function extendedOf(octets: Buffer): { statistics: XrStatisticsSummary; trace: XrLossRle } {
  const xr = packetsOf(octets).find(({ kind }) => kind === 'xr');
  if (xr?.kind !== 'xr') throw new Error('no XR');
  const statistics = xr.blocks.find(({ kind }) => kind === 'statistics') as XrStatisticsSummary;
  return { statistics, trace: xr.blocks.find(({ kind }) => kind === 'loss-rle') as XrLossRle };
}

const isLost = (number: number): boolean => number % 10 === 3;

/** Media packets that the receiver's intervals have told of, copies included. */
function arrivedAt(receiver: Mcast): number {
  const rows = receiver.lines.flatMap((line) =>
    line.type === 'interval' ? (line as unknown as { streams: readonly IntervalRow[] }).streams : [],
  );
  const media = rows.filter(({ flow }) => flow !== null && Number(flow) === SSRC);
  return media.reduce((sum, row) => sum + row.packets_received + (row.packets_duplicated ?? 0), 0);
}

describe('recv --rtcp', () => {
  it.each(['native', 'dgram'])('reports to the sender what came, through %s, and says BYE', async (io) => {
    const group = freshGroup();
    const port = 5004;
    const heard: Buffer[] = [];
    const media = await socketOn();
    const control = await socketOn(heard);
    const receiver = await startReceiver([`rtp://${group}:${port}`, '-I', 'lo', '--rtcp', '--io', io, '-i', '50ms']);
    const numbers = Array.from({ length: 100 }, (_, i) => FIRST + i);
    for (const number of numbers.filter((one) => !isLost(one))) {
      await sent(media, mediaPacket(number), port, group);
      // Packets at a rate at which the silence behind them cannot hold a whole cycle of numbers.
      await setTimeout(2);
    }
    await sent(control, senderReport(100), port + 1, group);
    await until(() => heard.length > 0, 'a receiver report');

    const first = heard[0]!;
    expect(kindsOf(first)).toBe('rr sdes xr');
    const block = blockOf(first)!;
    const lost = numbers.filter((number) => isLost(number)).length;
    expect(block).toMatchObject({
      ssrc: SSRC,
      fractionLost: Math.floor((256 * lost) / 100),
      cumulativeLost: lost,
      extendedHighestSequence: FIRST + 99,
      lastSr: 0xb705_2000,
    });
    expect(block.delaySinceLastSr).toBeGreaterThan(0);
    const { statistics, trace } = extendedOf(first);
    expect(statistics).toMatchObject({ ssrc: SSRC, beginSequence: FIRST, lostPackets: lost, duplicatePackets: 0 });
    const came = new Uint8Array(100);
    decodeLossRle(trace.chunks, came);
    expect(trace.endSequence).toBe((FIRST + 100) % 65_536);
    expect([...came]).toEqual(numbers.map((number) => (isLost(number) ? 0 : 1)));

    // What is new since then, and the farewell.
    for (let i = 100; i < 110; i += 2) await sent(media, mediaPacket(FIRST + i), port, group);
    await sent(media, mediaPacket(FIRST + 108), port, group);
    await until(() => arrivedAt(receiver) === numbers.length - lost + 6, 'all of the media');
    const result = await receiver.stop();
    await until(() => kindsOf(heard.at(-1)!).endsWith('bye'), 'BYE');
    const last = heard.at(-1)!;
    const again = blockOf(last)!;
    expect(again).toMatchObject({ cumulativeLost: lost + 3, extendedHighestSequence: FIRST + 108 });
    const [report] = packetsOf(first);
    expect(packetsOf(last).find(({ kind }) => kind === 'bye')).toMatchObject({
      ssrcs: [(report as { ssrc: number }).ssrc],
    });
    expect(result.run.options).toMatchObject({ passive: false, rtcp: true });
    expect(result.run.io.notes.filter((note) => note.includes('receiver report'))).toEqual([]);
  });

  it('is not sent unless it is asked for', async () => {
    const group = freshGroup();
    const receiver = await startReceiver([`rtp://${group}:5004`, '-I', 'lo', '--allow-silence']);
    expect((await receiver.stop()).run.options).toMatchObject({ passive: false, rtcp: false });
  });
});
