import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { openFfmpegInput } from '../../src/io/ffmpegInput.js';
import { FFMPEG_INPUT } from '../ffmpegPlan.js';
import type { FfmpegInput, OpenFfmpegOptions, RunningFfmpeg } from '../../src/io/ffmpegInput.js';
import { needs, programPath } from '../require.js';
import { streamFacts } from './transportStream.js';

async function open(part: Partial<FfmpegInput>, options: Partial<OpenFfmpegOptions> = {}): Promise<RunningFfmpeg> {
  const search = { option: null, environment: process.env, ...options };
  const running = await openFfmpegInput({ ...FFMPEG_INPUT, ...part }, search);
  onTestFinished(async () => await running.stop());
  return running;
}

async function octetsOf(running: RunningFfmpeg): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of running.octets) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function failure(promise: Promise<unknown>): Promise<McastError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof McastError) return error;
  throw new Error(`no McastError: ${String(error)}`);
}

/** Codecs of a transport stream, pictures first, as ffprobe finds them. */
function codecsOf(octets: Buffer): string[] {
  const words = ['-v', 'error', '-f', 'mpegts', '-show_entries', 'stream=codec_type,codec_name', '-of', 'json', '-'];
  const probed = JSON.parse(execFileSync('ffprobe', words, { input: octets, encoding: 'utf8' })) as {
    readonly streams: readonly { readonly codec_name: string; readonly codec_type: string }[];
  };
  return probed.streams.toSorted((a, b) => b.codec_type.localeCompare(a.codec_type)).map((stream) => stream.codec_name);
}

/** Media times of the key pictures, s, the first taken for 0. */
function keyTimesOf(octets: Buffer): number[] {
  const words = ['-v', 'error', '-f', 'mpegts', '-select_streams', 'v', '-show_entries', 'packet=pts_time,flags'];
  const text = execFileSync('ffprobe', [...words, '-of', 'csv=p=0', '-'], { input: octets, encoding: 'utf8' });
  const times = [...text.matchAll(/^([\d.]+),K/gm)].map(([, time]) => Number(time));
  return times.map((time) => Number((time - times[0]!).toFixed(3)));
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  socket.close();
  return port;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.runIf(needs('ffmpeg', 'ffprobe', 'ps'))('ffmpeg as an input', () => {
  let folder = '';
  const at = (name: string): string => join(folder, name);

  function make(name: string, seconds: number, ...words: readonly string[]): void {
    const pictures = ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${seconds}`];
    const sound = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`];
    const made = spawnSync('ffmpeg', ['-nostdin', '-v', 'error', ...pictures, ...sound, ...words, at(name)]);
    if (made.status !== 0) throw new Error(`${name}: ${made.stderr.toString()}`);
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mcast-ffmpeg-'));
    make('h264.mp4', 5, '-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '400k', '-c:a', 'aac');
    make('vp9.webm', 1, '-c:v', 'libvpx-vp9', '-cpu-used', '8', '-deadline', 'realtime', '-c:a', 'libvorbis');
    make('av1.mp4', 1, '-c:v', 'libsvtav1', '-preset', '12', '-c:a', 'aac');
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('copies H.264 and AAC of an mp4 at a constant mux rate', async () => {
    const running = await open({ source: at('h264.mp4'), muxRateBitPerSecond: 1_500_000 });
    expect(running.plan).toMatchObject({ video: 'copy', audio: 'copy' });
    const octets = await octetsOf(running);
    expect(await running.finished).toEqual({ how: 'ended', lastWords: [] });
    const facts = streamFacts(octets);
    expect(facts.rates[0]).toBeGreaterThan(1_499_900);
    expect(facts.rates[1]).toBeLessThan(1_500_100);
    expect(facts.pcrIntervalMs).toBeLessThanOrEqual(40);
    expect(facts.leadMs).toBeGreaterThan(0);
    expect(facts.nulls).toBeGreaterThan(0);
    expect(facts.discontinuities).toBe(0);
    expect(codecsOf(octets)).toEqual(['h264', 'aac']);
    expect(running.progress).toMatchObject({ frames: 125, totalOctets: octets.length, isLast: true });
  });

  it('has PCR at least every 40 ms without a mux rate, and no null packet', async () => {
    const running = await open({ source: at('h264.mp4') });
    const facts = streamFacts(await octetsOf(running));
    await running.finished;
    expect(facts.pcrIntervalMs).toBeLessThanOrEqual(40);
    expect(facts.nulls).toBe(0);
    expect(facts.leadMs).toBeGreaterThan(0);
  });

  it.each([
    ['h264', 'aac', 'h264', 'aac'],
    ['h265', 'ac3', 'hevc', 'ac3'],
    ['mpeg2', 'mp2', 'mpeg2video', 'mp2'],
  ] as const)('transcodes to %s and %s: fills the mux rate, keeps it, key pictures every 2 s', async (...codecs) => {
    const [videoCodec, audioCodec, ...found] = codecs;
    // Noise is what an encoder needs all its rate for.
    const source = 'lavfi:testsrc2=size=320x180:rate=25:duration=5,noise=alls=40:allf=t';
    const running = await open({ source, videoCodec, audioCodec, muxRateBitPerSecond: 1_500_000 });
    const octets = await octetsOf(running);
    expect(await running.finished).toEqual({ how: 'ended', lastWords: [] });
    const facts = streamFacts(octets);
    expect(facts.rates[0]).toBeGreaterThan(1_499_900);
    expect(facts.rates[1]).toBeLessThan(1_500_100);
    expect(facts.pcrIntervalMs).toBeLessThanOrEqual(40);
    expect(facts.leadMs).toBeGreaterThan(0);
    expect(facts.nulls / facts.packets).toBeLessThan(0.25);
    expect(codecsOf(octets)).toEqual(found);
    expect(keyTimesOf(octets)).toEqual([0, 2, 4]);
  });

  it.each([
    ['vp9.webm', 'libx264', 'aac'],
    ['av1.mp4', 'libx264', 'copy'],
  ])('transcodes what a transport stream cannot carry: %s', async (name, video, audio) => {
    const running = await open({ source: at(name) });
    expect(running.plan).toMatchObject({ video, audio });
    const octets = await octetsOf(running);
    expect((await running.finished).how).toBe('ended');
    expect(codecsOf(octets)).toEqual(['h264', 'aac']);
  });

  it('refuses to copy it', async () => {
    const error = await failure(open({ source: at('av1.mp4'), videoCodec: 'copy' }));
    expect([error.code, error.message]).toEqual(['ERR_USAGE', 'MPEG-TS cannot carry av1: it cannot be copied']);
  });

  it('does without ffprobe: everything is transcoded', async () => {
    const lone = at('lone');
    writeFileSync(lone, `#!/bin/sh\nexec ${programPath('ffmpeg')} "$@"\n`, { mode: 0o755 });
    const environment = { ...process.env, FFPROBE_PATH: '', PATH: '/nowhere' };
    const running = await open({ source: at('av1.mp4') }, { option: lone, environment });
    expect(running.program.ffprobe).toBeNull();
    expect(running.plan).toMatchObject({ video: 'libx264', audio: 'aac' });
    expect(codecsOf(await octetsOf(running))).toEqual(['h264', 'aac']);
  });

  it('takes a file whose name looks like a protocol', async () => {
    const name = at('srt:a b.mp4');
    copyFileSync(at('h264.mp4'), name);
    const running = await open({ source: name });
    expect((await octetsOf(running)).length).toBeGreaterThan(100_000);
    expect((await running.finished).how).toBe('ended');
  });

  it('reads pictures and a tone from a graph until both end', async () => {
    const running = await open({ source: 'lavfi:testsrc2=size=320x180:rate=25:duration=1' });
    expect(running.plan).toMatchObject({ video: 'libx264', audio: 'aac' });
    expect(codecsOf(await octetsOf(running))).toEqual(['h264', 'aac']);
    expect((await running.finished).how).toBe('ended');
  });

  it('reads what comes in pieces: HLS', async () => {
    const hls = ['-c', 'copy', '-f', 'hls', '-hls_time', '2', '-hls_list_size', '0', at('film.m3u8')];
    execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-i', at('h264.mp4'), ...hls]);
    const running = await open({ source: at('film.m3u8') });
    expect(running.plan).toMatchObject({ video: 'copy', audio: 'copy' });
    expect(codecsOf(await octetsOf(running))).toEqual(['h264', 'aac']);
    // Its last words come by a pipe of their own.
    await running.finished;
    expect(running.progress?.frames).toBe(125);
  });

  it('does not look into a pipe, which would lose what it holds', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const words = ['-nostdin', '-v', 'error', '-y', '-i', at('h264.mp4'), '-c', 'copy', '-f', 'mpegts', at('pipe')];
    const writer = spawn('ffmpeg', words, { stdio: 'ignore' });
    onTestFinished(() => void writer.kill('SIGKILL'));
    const running = await open({ source: at('pipe') });
    expect(running.plan).toMatchObject({ video: 'libx264', audio: 'aac' });
    await octetsOf(running);
    expect((await running.finished).how).toBe('ended');
    expect(running.progress?.frames).toBe(125);
  });

  it('copies a transport stream from the network unseen', async () => {
    const port = await freePort();
    const words = ['-nostdin', '-v', 'error', '-re', '-stream_loop', '-1', '-i', at('h264.mp4'), '-c', 'copy'];
    const sender = spawn('ffmpeg', [...words, '-f', 'mpegts', `udp://127.0.0.1:${port}?pkt_size=1316`], {
      stdio: 'ignore',
    });
    onTestFinished(() => void sender.kill('SIGKILL'));
    const running = await open({ source: `udp://127.0.0.1:${port}` });
    expect(running.plan).toMatchObject({ video: 'copy', audio: 'copy' });
    await once(running.octets, 'readable');
    await running.stop();
    expect((await running.finished).how).toBe('stopped');
  });

  it('says why a source cannot be opened', async () => {
    const gone = await failure(open({ source: at('gone.mp4') }));
    expect([gone.code, gone.message]).toEqual([
      'ERR_FFMPEG_FAILED',
      `${at('gone.mp4')} cannot be opened: No such file or directory`,
    ]);
    writeFileSync(at('cut.mp4'), readFileSync(at('h264.mp4')).subarray(0, 50_000));
    const cut = await failure(open({ source: at('cut.mp4') }));
    expect(cut.message).toMatch(/cut\.mp4 cannot be opened: .*moov atom not found; .*Invalid data found/);
    expect(cut.message).not.toMatch(/\n|0x/);
    const graph = await failure(open({ source: 'lavfi:nosuchfilter' }));
    expect(graph.message).toContain("No such filter: 'nosuchfilter'");
  });

  it('dies with its last words', async () => {
    const running = await open({
      source: at('h264.mp4'),
      outputOptions: ['-c:v', 'libx264', '-profile:v', 'nonsense'],
    });
    running.octets.resume();
    const error = await failure(running.finished);
    expect(error.code).toBe('ERR_FFMPEG_FAILED');
    expect(error.message).toMatch(/^ffmpeg failed \(exit status 1\): .*nonsense/);
  });

  it('fails when it makes nothing', async () => {
    const running = await open({
      source: at('h264.mp4'),
      outputOptions: ['-ss', '100', '-c:v', 'libx264', '-c:a', 'aac'],
    });
    running.octets.resume();
    expect((await failure(running.finished)).message).toMatch(/Empty output/i);
  });

  it('does not take a source that breaks off for one that ends', async () => {
    const whole = await octetsOf(await open({ source: at('h264.mp4') }));
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-length': whole.length });
      if (request.method === 'HEAD') return response.end();
      return response.write(whole.subarray(0, whole.length - 5000), () => setTimeout(() => response.destroy(), 100));
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const running = await open({ source: `http://127.0.0.1:${port}/film.ts` });
    running.octets.resume();
    const error = await failure(running.finished);
    expect(error.message).toMatch(/^ffmpeg could not read on: .*Input\/output error/);
  });

  it('waits while nobody reads, and ends when it is stopped', async () => {
    const running = await open({ source: 'lavfi:testsrc2=size=320x180:rate=25' });
    await once(running.octets, 'readable');
    expect(isRunning(running.pid)).toBe(true);
    // An interrupt at the terminal does not reach it.
    const group = execFileSync('ps', ['-o', 'pgid=', '-p', String(running.pid)], { encoding: 'utf8' });
    expect(Number(group)).toBe(running.pid);
    await running.stop();
    expect(isRunning(running.pid)).toBe(false);
    expect((await running.finished).how).toBe('stopped');
    expect(running.octets.destroyed).toBe(true);
  });

  it('gives up opening when it is told to', async () => {
    const server = createServer(() => {});
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const giveUp = new AbortController();
    server.once('request', () => giveUp.abort());
    const opening = open({ source: `http://127.0.0.1:${port}/film.ts` }, { signal: giveUp.signal });
    await expect(opening).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
