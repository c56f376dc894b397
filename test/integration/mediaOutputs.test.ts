/** What a receiver does with a stream beside measuring it: `mcast recv --save`, `--forward`, `--hls`. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunResult, Stream } from '../../src/result/model.js';
import { rtpSequence, rtpSsrc } from '../../src/wire/rtp.js';
import { freshGroup, MCAST, send, startReceiver, sum } from '../mcast.js';
import { until } from '../netns/lab.js';
import { needs } from '../require.js';

/** Datagrams of seven transport packets each. */
const COUNT = 200;
const PAYLOAD_OCTETS = 7 * 188;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mcast-outputs-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Sends the first datagrams of the test card to the group over loopback. */
async function sendTestcard(group: string, ...options: readonly string[]): Promise<void> {
  await send([`rtp://${group}:5004`, '-I', 'lo', '-c', String(COUNT), ...options]);
}

/** Everything that is sent to a group on loopback, and its port. */
async function listen(group: string): Promise<{ readonly port: number; readonly heard: readonly Buffer[] }> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  onTestFinished(() => void socket.close());
  const heard: Buffer[] = [];
  socket.on('message', (datagram) => void heard.push(datagram));
  socket.bind(0, group);
  await once(socket, 'listening');
  socket.addMembership(group, '127.0.0.1');
  return { port: (socket.address() as AddressInfo).port, heard };
}

/** Those that are no companions of others: RTCP comes beside them. */
function mediaOf({ streams }: RunResult): Stream[] {
  return streams.filter(({ role }) => role === 'media');
}

function expectTransportPackets(octets: Buffer, packets: number): void {
  expect(octets).toHaveLength(packets * 188);
  for (let at = 0; at < octets.length; at += 188) expect(octets[at]).toBe(0x47);
}

describe('outputs of a receiver', () => {
  it('are the same octets in a file and forwarded as datagrams, and are in the result', async () => {
    const [group, other] = [freshGroup(), freshGroup()];
    const file = join(folder(), 'a.ts');
    const { port, heard } = await listen(other);
    const forward = `udp://${other}:${port}`;
    const receiver = await startReceiver([`rtp://${group}:5004`, '-I', 'lo', '--save', file, '--forward', forward]);
    await sendTestcard(group);
    await until(() => heard.length === COUNT, 'what was forwarded');
    const { outputs } = await receiver.stop();
    const saved = readFileSync(file);
    expectTransportPackets(saved, COUNT * 7);
    expect(Buffer.concat(heard).equals(saved)).toBe(true);
    const counts = { datagrams: COUNT, octets: COUNT * PAYLOAD_OCTETS, dropped: 0, failure: null };
    expect(outputs).toMatchObject([
      { name: `save ${file}`, ...counts },
      { name: `forward ${forward}`, ...counts },
    ]);
  });

  it('number what they forward as RTP so that losses stay visible', async () => {
    const [group, other] = [freshGroup(), freshGroup()];
    const { port, heard } = await listen(other);
    const forward = `rtp://${other}:${port}/ttl=0`;
    const receiver = await startReceiver([`rtp://${group}:5004`, '-I', 'lo', '--forward', forward]);
    await sendTestcard(group, '--impair', 'loss=5%,seed=1');
    await receiver.untilEvent('first_packet');
    const streams = mediaOf(await receiver.stop());
    const received = sum(streams, 'packets_received');
    await until(() => heard.length === received, 'what was forwarded');
    expect(sum(streams, 'packets_lost')).toBeGreaterThan(0);
    expect(new Set(heard.map((datagram) => rtpSsrc(datagram, 0)))).toHaveLength(1);
    expect(rtpSsrc(heard[0]!, 0)).not.toBe(Number(streams[0]!.flow));
    const span = (rtpSequence(heard.at(-1)!, 0) - rtpSequence(heard[0]!, 0)) & 0xffff;
    expect(span + 1).toBe(sum(streams, 'packets_expected'));
  });

  it('that fail are told, and the measurement goes on', async () => {
    const group = freshGroup();
    const receiver = await startReceiver([`rtp://${group}:5004`, '-I', 'lo', '--save', '/dev/full']);
    await sendTestcard(group);
    const result = await receiver.stop(1);
    expect(result.outputs).toMatchObject([
      {
        datagrams: 0,
        octets: 0,
        dropped: COUNT,
        failure: '/dev/full cannot be written: no space left on device (ENOSPC)',
        failed: true,
      },
    ]);
    expect(result.event_counts['output_failed']).toBe(1);
    expect(sum(mediaOf(result), 'packets_received')).toBe(COUNT);
  });

  it('that cannot be opened keep the run from starting', async () => {
    const words = ['recv', `rtp://${freshGroup()}:5004`, '-I', 'lo', '--save', '/nonexistent/a.ts'];
    const child = spawn(process.execPath, [MCAST, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [status] = (await once(child, 'close')) as [number];
    expect([status, said]).toEqual([1, expect.stringContaining('/nonexistent/a.ts cannot be written') as string]);
  });

  it('may be standard output, which nothing else is then written to', async () => {
    const [group, at] = [freshGroup(), folder()];
    const [saved, ready] = [join(at, 'a.ts'), join(at, 'ready')];
    const output = openSync(saved, 'w');
    const words = ['recv', `rtp://${group}:5004`, '-I', 'lo', '--save', '-', '--once', '--ready-file', ready];
    const child = spawn(process.execPath, [MCAST, ...words], { stdio: ['ignore', output, 'ignore'] });
    closeSync(output);
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    await until(() => existsSync(ready), 'the ready file');
    await sendTestcard(group);
    expect((await ended)[0]).toBe(0);
    expectTransportPackets(readFileSync(saved), COUNT * 7);
  });
});

describe.runIf(needs('ffmpeg'))('a folder of HLS', () => {
  it('is written through ffmpeg, to the end of the stream', async () => {
    const [group, hls] = [freshGroup(), join(folder(), 'hls')];
    const receiver = await startReceiver([`rtp://${group}:5004`, '-I', 'lo', '--hls', hls]);
    await sendTestcard(group, '-c', '400');
    const { outputs } = await receiver.stop();
    expect(outputs).toMatchObject([{ name: `hls ${hls}`, datagrams: 400, dropped: 0, failure: null }]);
    expect(readFileSync(join(hls, 'index.m3u8'), 'utf8')).toContain('#EXT-X-ENDLIST');
  });
});

describe.runIf(needs('srt-live-transmit', 'srt-addon'))('an SRT link', () => {
  it('gets the stream from its peer on, whole packets in order', async () => {
    const [group, port] = [freshGroup(), 20_000 + (process.pid % 40_000)];
    const file = join(folder(), 'a.ts');
    const link = `srt://127.0.0.1:${port}`;
    const words = [`rtp://${group}:5004`, '-I', 'lo', '--save', file, '--forward', link];
    const receiver = await startReceiver(words);
    const peer = spawn('srt-live-transmit', ['-q', '-a:no', `srt://127.0.0.1:${port}?mode=listener`, 'file://con'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void peer.kill('SIGKILL'));
    const closed = once(peer, 'close');
    const pieces: Buffer[] = [];
    peer.stdout.on('data', (piece: Buffer) => void pieces.push(piece));
    await until(() => receiver.stderr.includes('connected to'), 'the connection');
    await sendTestcard(group);
    const { outputs } = await receiver.stop();
    // It ends with its peer, and writes then what it still holds.
    await closed;
    expect(Buffer.concat(pieces).equals(readFileSync(file))).toBe(true);
    const name = `forward ${link}/mode=caller/latency=120ms`;
    expect(outputs[1]).toMatchObject({ name, datagrams: COUNT, dropped: 0, failure: null });
  });
});
