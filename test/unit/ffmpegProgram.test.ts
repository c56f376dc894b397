import { FFMPEG_INPUT } from '../ffmpegPlan.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { openFfmpegInput, type FfmpegInput } from '../../src/io/ffmpegInput.js';
import { encoderNames, findFfmpeg, findFfmpegPaths, inputProtocols } from '../../src/io/ffmpegProgram.js';
import { FfmpegProgressReader, type FfmpegProgress } from '../../src/io/ffmpegProgress.js';
import { LastWords } from '../../src/io/lastWords.js';
import { endChild, ownChild } from '../../src/io/ownedChild.js';
import { findPlayer, playerArguments, startPlayer } from '../../src/io/player.js';

const NONE = (): null => null;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mcast-program-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A program of a few lines of shell. */
function program(path: string, lines: string): string {
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Answers as ffmpeg does; `work` is what it does when it is to transcode. */
function fakeFfmpeg(path: string, work = 'exit 0'): string {
  return program(
    path,
    `case "$1 $2" in
"-version ") echo 'ffmpeg version 7.1-fake Copyright'; exit 0;;
"-hide_banner -encoders") printf 'Encoders:\\n V..... = Video\\n ------\\n V....D libx264 x\\n A..... aac y\\n'; exit 0;;
"-hide_banner -protocols") printf 'Supported file protocols:\\nInput:\\n  file\\n  http\\nOutput:\\n  srt\\n'; exit 0;;
esac
${work}`,
  );
}

async function failure(promise: Promise<unknown>): Promise<McastError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof McastError) return error;
  throw new Error(`no McastError: ${String(error)}`);
}

describe('ffmpeg', () => {
  it('is found in this order: option, FFMPEG_PATH, FFMPEG_BIN, ffmpeg-static, PATH', () => {
    const at = folder();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => program(join(at, name), 'exit 0'));
    const inPath = program(join(at, 'ffmpeg'), 'exit 0');
    const all = { FFMPEG_PATH: b, FFMPEG_BIN: c, PATH: `:/nowhere:${at}` };
    const packaged = (): string => d!;
    expect(findFfmpegPaths({ option: a!, environment: all, packaged })).toMatchObject({ path: a, origin: '--ffmpeg' });
    expect(findFfmpegPaths({ option: null, environment: all, packaged })).toMatchObject({
      path: b,
      origin: 'FFMPEG_PATH',
    });
    const fewer = { FFMPEG_PATH: '', FFMPEG_BIN: c, PATH: at };
    expect(findFfmpegPaths({ option: null, environment: fewer, packaged })).toMatchObject({ origin: 'FFMPEG_BIN' });
    expect(findFfmpegPaths({ option: null, environment: { PATH: at }, packaged })).toMatchObject({
      path: d,
      origin: 'ffmpeg-static',
    });
    expect(findFfmpegPaths({ option: null, environment: { PATH: at }, packaged: NONE })).toMatchObject({
      path: inPath,
      origin: 'PATH',
    });
    // By name on the PATH.
    expect(findFfmpegPaths({ option: 'a', environment: { PATH: at } }).path).toBe(a);
  });

  it('of the package is passed over when its file was never downloaded', () => {
    const at = folder();
    const inPath = program(join(at, 'ffmpeg'), 'exit 0');
    const packaged = (): string => join(at, 'not-there');
    expect(findFfmpegPaths({ option: null, environment: { PATH: at }, packaged }).path).toBe(inPath);
  });

  it('that is named must be there; nothing else is taken in its place', () => {
    const at = folder();
    program(join(at, 'ffmpeg'), 'exit 0');
    writeFileSync(join(at, 'text'), 'no program');
    for (const environment of [
      { FFMPEG_PATH: join(at, 'text'), PATH: at },
      { FFMPEG_BIN: at, PATH: at },
    ]) {
      expect(() => findFfmpegPaths({ option: null, environment })).toThrow(/^FFMPEG_(PATH|BIN) names .*, which is no/);
    }
    expect(() => findFfmpegPaths({ option: 'other', environment: { PATH: at } })).toThrow('--ffmpeg names other');
  });

  it('that is missing is an error that says what to do', () => {
    const search = { option: null, environment: { PATH: folder() }, packaged: NONE };
    expect(() => findFfmpegPaths(search)).toThrow(
      expect.objectContaining({
        code: 'ERR_FFMPEG_MISSING',
        message: 'ffmpeg was not found',
        hint: expect.stringContaining('apt install ffmpeg') as string,
      }),
    );
  });

  it('brings the ffprobe beside it, else one that is named or on the PATH', () => {
    const [own, other] = [folder(), folder()];
    const ffmpeg = program(join(own, 'ffmpeg'), 'exit 0');
    const find = (environment: Record<string, string>): string | null =>
      findFfmpegPaths({ option: ffmpeg, environment }).ffprobe;
    expect(find({})).toBeNull();
    const onPath = program(join(other, 'ffprobe'), 'exit 0');
    expect(find({ PATH: other })).toBe(onPath);
    const beside = program(join(own, 'ffprobe'), 'exit 0');
    expect(find({ PATH: other })).toBe(beside);
    expect(find({ PATH: other, FFPROBE_PATH: onPath })).toBe(onPath);
    expect(() => find({ FFPROBE_PATH: '/nowhere/x' })).toThrow('FFPROBE_PATH names /nowhere/x');
  });

  it('says once what it can do', async () => {
    const at = folder();
    const path = fakeFfmpeg(join(at, 'ffmpeg'));
    const found = await findFfmpeg({ option: path, environment: {} });
    expect(found).toMatchObject({ version: '7.1-fake', path, origin: '--ffmpeg' });
    expect([...found.encoders]).toEqual(['libx264', 'aac']);
    expect([...found.protocols]).toEqual(['file', 'http']);
    program(path, 'exit 1');
    expect((await findFfmpeg({ option: path, environment: {} })).version).toBe('7.1-fake');
  });

  it('is refused when it is something else, and asked again the next time', async () => {
    const at = folder();
    const broken = program(join(at, 'broken'), 'echo libavcodec.so: cannot open shared object file >&2; exit 127');
    const error = await failure(findFfmpeg({ option: broken, environment: {} }));
    expect([error.code, error.message]).toEqual([
      'ERR_FFMPEG_MISSING',
      `${broken} cannot be used as ffmpeg: libavcodec.so: cannot open shared object file`,
    ]);
    fakeFfmpeg(broken);
    expect((await findFfmpeg({ option: broken, environment: {} })).version).toBe('7.1-fake');
    const other = program(join(at, 'other'), 'echo hello');
    expect((await failure(findFfmpeg({ option: other, environment: {} }))).message).toContain('is not ffmpeg');
  });
});

describe('lists of ffmpeg', () => {
  it('encoders: names below the line of dashes', () => {
    const text =
      'Encoders:\n V..... = Video\n .....D = direct\n ------\n V....D libx264  H.264\n A..X.. opus  Opus\n S..... srt x\n';
    expect([...encoderNames(text)]).toEqual(['libx264', 'opus', 'srt']);
  });

  it('protocols: those that are read', () => {
    const text = 'Supported file protocols:\nInput:\n  file\n  srt\nOutput:\n  prompeg\n';
    expect([...inputProtocols(text)]).toEqual(['file', 'srt']);
    expect([...inputProtocols('Input:\n  file\n  srt\n')]).toEqual(['file', 'srt']);
    expect([...inputProtocols('')]).toEqual([]);
  });
});

function read(...pieces: readonly string[]): FfmpegProgress[] {
  const seen: FfmpegProgress[] = [];
  const reader = new FfmpegProgressReader((progress) => void seen.push(progress));
  for (const piece of pieces) reader.add(piece);
  return seen;
}

describe('progress', () => {
  const BLOCK =
    'frame=50\nfps=25.50\nstream_0_0_q=-1.0\nbitrate= 993.8kbits/s\ntotal_size=249100\nout_time_us=2005333\n' +
    'out_time=00:00:02.005333\ndup_frames=1\ndrop_frames=2\nspeed=18.6x\nprogress=continue\n';
  const WHOLE: FfmpegProgress = {
    frames: 50,
    framesPerSecond: 25.5,
    rateBitPerSecond: 993_800,
    totalOctets: 249_100,
    outTimeUs: 2_005_333,
    droppedFrames: 2,
    duplicatedFrames: 1,
    speed: 18.6,
    isLast: false,
  };

  it('is read in whole, however it is cut', () => {
    expect(read(BLOCK)).toEqual([WHOLE]);
    expect(read(...BLOCK)).toEqual([WHOLE]);
    expect(read(BLOCK.slice(0, -1))).toEqual([]);
  });

  it('has no figure that this block does not say', () => {
    const [, second] = read(`${BLOCK}bitrate=N/A\ntotal_size=12\nspeed=  -0x\nout_time_us=-1\nnoise\nprogress=end\n`);
    expect(second).toEqual({
      frames: null,
      framesPerSecond: null,
      rateBitPerSecond: null,
      totalOctets: 12,
      outTimeUs: -1,
      droppedFrames: null,
      duplicatedFrames: null,
      speed: -0,
      isLast: true,
    });
  });

  it('reads large speeds', () => {
    expect(read('speed=1.05e+03x\nprogress=end\n')[0]!.speed).toBe(1050);
  });
});

describe('last words', () => {
  it('are the last 20 lines of at most 4 Ki characters', () => {
    const words = new LastWords();
    for (let i = 0; i < 50; i++) words.add(`line ${i}\n`);
    expect(words.lines()).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i + 30}`));
    words.add(`${'x'.repeat(3000)}\n${'y'.repeat(3000)}\nend`);
    expect(words.lines().map((line) => line.length)).toEqual([3000, 3]);
    for (let i = 0; i < 10; i++) words.add('z'.repeat(3000));
    expect(words.lines().at(-1)).toHaveLength(4096);
  });

  it('are readable: no colours, control characters, addresses, empty lines', () => {
    const words = new LastWords();
    words.add('\u001b[0;31m[mov,mp4 @ 0x55efcf8c5900] moov\u0007 atom\r\n\n  not fo');
    words.add('und  ');
    expect(words.lines()).toEqual(['[mov,mp4] moov  atom', 'not found']);
  });

  it('are one line of the last three that say something', () => {
    const words = new LastWords();
    expect(words.line()).toBe('');
    words.add('a\nb\nc\nc\nd\n    Last message repeated 1 times\nConversion failed!\n');
    expect(words.line()).toBe('c; d');
    words.add(`${'w'.repeat(500)}\n`);
    expect(words.line()).toMatch(/^\.\.\.w+$/);
    expect(words.line()).toHaveLength(400);
  });
});

describe('an ffmpeg at work', () => {
  const INPUT: FfmpegInput = { ...FFMPEG_INPUT, source: 'lavfi:testsrc2' };

  it('gives octets, reports and a good end', async () => {
    const path = fakeFfmpeg(
      join(folder(), 'ffmpeg'),
      `printf 'frame=1\\nprogress=continue\\nframe=2\\nprogress=end\\n' >&3; echo warning >&2; printf octets`,
    );
    const seen: (number | null)[] = [];
    const running = await openFfmpegInput(INPUT, {
      option: path,
      environment: {},
      onProgress: ({ frames }) => void seen.push(frames),
    });
    let text = '';
    for await (const piece of running.octets.setEncoding('utf8')) text += piece as string;
    expect(await running.finished).toEqual({ how: 'ended', lastWords: ['warning'] });
    expect([text, seen, running.progress?.isLast]).toEqual(['octets', [1, 2], true]);
    expect(running.plan).toMatchObject({ video: 'libx264', audio: 'aac' });
  });

  it.each([
    ['echo "[x @ 0x1f] first" >&2; echo boom >&2; exit 3', 'ffmpeg failed (exit status 3): [x] first; boom'],
    ['kill -9 $$', 'ffmpeg failed (SIGKILL): it said nothing'],
    ['echo "lavfi:testsrc2: Input/output error" >&2', 'ffmpeg could not read on: lavfi:testsrc2: Input/output error'],
    [
      'echo "[in#0] Error during demuxing: Input/output error" >&2',
      'ffmpeg could not read on: [in#0] Error during demuxing: Input/output error',
    ],
  ])('%s: dies with its last words', async (work, message) => {
    const path = fakeFfmpeg(join(folder(), 'ffmpeg'), work);
    const running = await openFfmpegInput(INPUT, { option: path, environment: { PATH: process.env['PATH'] } });
    running.octets.resume();
    const error = await failure(running.finished);
    expect([error.code, error.message]).toEqual(['ERR_FFMPEG_FAILED', message]);
  });

  it('is heard to its last word, which may come behind its end', async () => {
    const work = '(sleep 0.2; echo late >&2) >/dev/null 3>&- & exit 1';
    const path = fakeFfmpeg(join(folder(), 'ffmpeg'), work);
    const running = await openFfmpegInput(INPUT, { option: path, environment: { PATH: process.env['PATH'] } });
    running.octets.resume();
    expect((await failure(running.finished)).message).toBe('ffmpeg failed (exit status 1): late');
  });

  it('may die unattended', async () => {
    const path = fakeFfmpeg(join(folder(), 'ffmpeg'), 'exit 1');
    const unhandled = vi.fn<() => void>();
    process.once('unhandledRejection', unhandled);
    onTestFinished(() => void process.off('unhandledRejection', unhandled));
    const running = await openFfmpegInput(INPUT, { option: path, environment: {} });
    const closed = once(running.octets.resume(), 'close');
    await vi.waitFor(() => expect(() => process.kill(running.pid, 0)).toThrow('ESRCH'));
    await closed;
    // A few turns for what else there is to say of it.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    await failure(running.finished);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('is not started any more when opening was given up', async () => {
    const at = folder();
    const path = fakeFfmpeg(join(at, 'ffmpeg'), `echo > ${at}/started`);
    const opening = openFfmpegInput(INPUT, { option: path, environment: {}, signal: AbortSignal.abort() });
    await expect(opening).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(existsSync(join(at, 'started'))).toBe(false);
  });

  it('ends well in spite of a damaged packet', async () => {
    const work = 'echo "lavfi:testsrc2: corrupt input packet in stream 0" >&2; printf x';
    const path = fakeFfmpeg(join(folder(), 'ffmpeg'), work);
    const running = await openFfmpegInput(INPUT, { option: path, environment: {} });
    running.octets.resume();
    expect((await running.finished).how).toBe('ended');
  });

  it('is killed when it does not end as it is told', async () => {
    const path = fakeFfmpeg(join(folder(), 'ffmpeg'), `trap '' TERM; echo ready; while :; do sleep 0.1; done`);
    const running = await openFfmpegInput(INPUT, { option: path, environment: { PATH: process.env['PATH'] } });
    await once(running.octets, 'data');
    await running.stop();
    expect((await running.finished).how).toBe('stopped');
    expect(() => process.kill(running.pid, 0)).toThrow('ESRCH');
    await running.stop();
  });
});

describe('an owned child', () => {
  it('is killed when this process exits, and forgotten when it has ended', async () => {
    const [child, other] = ['60', '0'].map((seconds) => spawn('sleep', [seconds], { stdio: 'ignore' }));
    ownChild(child!);
    ownChild(other!);
    await once(other!, 'exit');
    const gone = spawn('/nowhere/gone');
    ownChild(gone);
    await once(gone, 'error');
    const kills = [other!, gone].map((ended) => vi.spyOn(ended, 'kill'));
    const handlers = process.listeners('exit').filter(({ name }) => name === 'killAll');
    expect(handlers).toHaveLength(1);
    const exited = once(child!, 'exit');
    handlers[0]!(0);
    expect(await exited).toEqual([null, 'SIGKILL']);
    for (const kill of kills) expect(kill).not.toHaveBeenCalled();
    await endChild(child!);
  });
});

describe('a player', () => {
  it('is ffplay, vlc or mpv, in this order, or what was named', () => {
    const at = folder();
    const environment = { PATH: at };
    expect(() => findPlayer(null, environment)).toThrow('none of ffplay, vlc, cvlc, mpv was found');
    const mpv = program(join(at, 'mpv'), 'exit 0');
    expect(findPlayer(null, environment)).toEqual({ path: mpv, kind: 'mpv' });
    const vlc = program(join(at, 'vlc'), 'exit 0');
    expect(findPlayer(null, environment)).toEqual({ path: vlc, kind: 'vlc' });
    const ffplay = program(join(at, 'ffplay'), 'exit 0');
    expect(findPlayer(null, environment)).toEqual({ path: ffplay, kind: 'ffplay' });
    expect(findPlayer('mpv', environment).kind).toBe('mpv');
    const own = program(join(at, 'own'), 'exit 0');
    expect(findPlayer(own, environment)).toEqual({ path: own, kind: null });
    expect(() => findPlayer('gone', environment)).toThrow(expect.objectContaining({ code: 'ERR_PLAYER_MISSING' }));
  });

  it('is told to read a transport stream from its standard input', () => {
    expect(playerArguments('ffplay', 'a b')).toEqual(
      expect.arrayContaining(['nobuffer', 'low_delay', 'mpegts', '-autoexit', 'a b', 'pipe:0']),
    );
    expect(playerArguments('cvlc', 'a b')).toEqual(
      expect.arrayContaining(['--demux=ts', '--play-and-exit', '--meta-title=a b', '-']),
    );
    expect(playerArguments('mpv', 'a b')).toEqual(
      expect.arrayContaining(['--profile=low-latency', '--demuxer-lavf-format=mpegts', '--title=a b', '-']),
    );
    expect(playerArguments(null, 'a b')).toEqual(['-']);
  });

  it('takes octets to their end', async () => {
    const at = folder();
    const path = program(join(at, 'own'), `cat > ${at}/seen`);
    const player = startPlayer({ path, kind: null }, 't', { PATH: process.env['PATH'] });
    player.octets.end('octets');
    expect(await player.ended).toEqual({ how: 'ended', text: 'own was closed' });
    expect(readFileSync(join(at, 'seen'), 'utf8')).toBe('octets');
  });

  it('that is closed or fails is told of, and is no error', async () => {
    const at = folder();
    const path = program(join(at, 'own'), 'echo no display >&2; exit 1');
    const player = startPlayer({ path, kind: null }, 't', {});
    // More than a pipe holds: it breaks while this is written.
    const written = new Promise((resolve) => player.octets.write(Buffer.alloc(1_000_000), resolve));
    expect(await player.ended).toEqual({ how: 'failed', text: 'own failed (exit status 1): no display' });
    expect(await written).toBeInstanceOf(Error);
    await new Promise((resolve) => player.octets.write('more', resolve));
    const gone = startPlayer({ path: join(at, 'gone'), kind: 'mpv' }, 't', {});
    expect((await gone.ended).text).toMatch(/^mpv cannot be started: .*ENOENT/);
    await gone.stop();
  });

  it('ends when it is told to', async () => {
    const path = program(join(folder(), 'own'), 'exec sleep 60');
    const player = startPlayer({ path, kind: null }, 't', { PATH: process.env['PATH'] });
    await player.stop();
    expect(await player.ended).toEqual({ how: 'stopped', text: 'own was ended' });
  });
});
