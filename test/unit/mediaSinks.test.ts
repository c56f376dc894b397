import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import type { OpenSrt, SrtCounters, SrtOpening } from '../../src/io/srt.js';
import type { SrtOptions } from '../../src/io/srtOptions.js';
import { McastError } from '../../src/core/errors.js';
import type { MediaOutputPlan, ReceivePlan } from '../../src/profile/plan.js';
import { hasMediaSinks, openMediaSinks, type MediaSinks } from '../../src/runtime/mediaSinks.js';
import type { OutputQueue } from '../../src/runtime/receiverOutputs.js';

/** Links that tests opened, instead of the library's. */
const links = vi.hoisted(() => [] as FakeLink[]);
const refusal = vi.hoisted(() => ({ error: null as Error | null }));

interface FakeLink {
  readonly options: SrtOptions;
  readonly opening: SrtOpening;
  state: SrtCounters['state'];
  connections: number;
  stopped: number;
  readonly ring: SharedArrayBuffer;
  end(): void;
  fail(error: Error): void;
}

vi.mock(import('../../src/io/srt.js'), async (original) => ({
  ...(await original()),
  openSrt: async (options: SrtOptions, opening: SrtOpening): Promise<OpenSrt> => {
    if (refusal.error !== null) throw refusal.error;
    const counters = (): SrtCounters => ({ state: link.state, connections: link.connections }) as SrtCounters;
    const link = { options, opening, state: 'waiting', connections: 0, stopped: 0 } as FakeLink & { ring: unknown };
    link.ring = ByteRing.allocate(opening.ringOctets!, 65_536);
    const ended = new Promise<SrtCounters>((resolve, reject) => {
      link.end = () => resolve(counters());
      link.fail = reject;
    });
    links.push(link);
    const stop = (): Promise<SrtCounters> => {
      link.stopped++;
      link.end();
      return ended;
    };
    return { implementation: 'libsrt', description: '', ring: link.ring, counters, ended, stop };
  },
}));

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mcast-sinks-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A program of a few lines of shell. */
function program(path: string, lines: string): string {
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

const NONE: MediaOutputPlan = { save: null, forward: [], hls: null, play: null };

function plan(...outputs: readonly (Partial<MediaOutputPlan> | null)[]): ReceivePlan {
  return {
    streams: outputs.map((_, i) => ({
      name: i === 0 ? 'News' : null,
      endpoint: `rtp://239.1.1.${i + 1}:5004`,
      group: `239.1.1.${i + 1}`,
      port: 5004,
    })),
    mediaOutputs: outputs.map((one) => (one === null ? null : { ...NONE, ...one })),
  } as unknown as ReceivePlan;
}

const told: string[] = [];

async function open(of: ReceivePlan, environment: Record<string, string> = {}): Promise<MediaSinks> {
  told.length = 0;
  links.length = 0;
  const sinks = await openMediaSinks(of, (text) => void told.push(text), {
    PATH: process.env['PATH'],
    ...environment,
  });
  onTestFinished(async () => await sinks.stop());
  sinks.onFailure((name, { why }) => void told.push(`${name}: ${why}`));
  return sinks;
}

function put({ ring }: OutputQueue, text: string): void {
  const queue = new ByteRing(ring);
  const octets = new TextEncoder().encode(text);
  queue.bytes.set(octets, queue.claim(octets.length));
  queue.publish(octets.length);
}

/** Why outputs ended early, and whether that is a fault. */
function ends(sinks: MediaSinks): [name: string, why: string, failed: boolean][] {
  return [...sinks.failures()].map(([name, { why, failed }]) => [name, why, failed]);
}

function close({ ring }: OutputQueue): void {
  new ByteRing(ring).close();
}

/** Waits for what ends at the latest when all patience is over, which is at once. */
async function outlast(begin: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const ended = begin();
  vi.advanceTimersByTime(3000);
  vi.useRealTimers();
  await ended;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The process id that a program wrote there; 0: not yet. */
function pidIn(path: string): number {
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
}

describe('a saved stream', () => {
  it('is what was received, to the last octet, of each endpoint in its own file', async () => {
    const at = folder();
    const sinks = await open(plan({ save: join(at, 'a.ts') }, null, { save: join(at, 'b.ts') }));
    expect(sinks.queues.map(({ position, name }) => [position, name])).toEqual([
      [0, `save ${at}/a.ts`],
      [2, `save ${at}/b.ts`],
    ]);
    put(sinks.queues[0]!, 'first');
    put(sinks.queues[1]!, 'other');
    put(sinks.queues[0]!, ', last');
    for (const queue of sinks.queues) close(queue);
    await sinks.finished;
    expect(['a.ts', 'b.ts'].map((name) => readFileSync(join(at, name), 'utf8'))).toEqual(['first, last', 'other']);
    expect([ends(sinks), told]).toEqual([[], []]);
  });

  it('whose file cannot be opened is an error at once, and nothing else stays open', async () => {
    const at = folder();
    const player = program(join(at, 'player'), `echo $$ > ${at}/pid; exec cat > ${at}/out`);
    const opening = openMediaSinks(plan({ play: player }, { save: '/nonexistent/a.ts' }), () => {}, process.env);
    await expect(opening).rejects.toMatchObject({
      code: 'ERR_FILE',
      message: '/nonexistent/a.ts cannot be written: no such file or directory (ENOENT)',
    });
    expect(isAlive(pidIn(join(at, 'pid')) || 2 ** 30)).toBe(false);
  });

  it('that cannot be written any more is told, and the others go on', async () => {
    const at = folder();
    const sinks = await open(plan({ save: '/dev/full' }, { save: join(at, 'b.ts') }));
    put(sinks.queues[0]!, 'x');
    await vi.waitFor(() => expect(told).toHaveLength(1));
    put(sinks.queues[1]!, 'y');
    await sinks.stop();
    expect(ends(sinks)).toEqual([
      ['save /dev/full', '/dev/full cannot be written: no space left on device (ENOSPC)', true],
    ]);
    expect(sinks.failures().get('save /dev/full')!.written).toEqual({ datagrams: 0, octets: 0 });
    expect(told).toEqual(['save /dev/full: /dev/full cannot be written: no space left on device (ENOSPC)']);
    expect(readFileSync(join(at, 'b.ts'), 'utf8')).toBe('y');
  });

  it('is written to the end when the receiving thread is gone without a word', async () => {
    const at = folder();
    const sinks = await open(plan({ save: join(at, 'a.ts') }));
    put(sinks.queues[0]!, 'all of it');
    await Promise.all([sinks.stop(), sinks.stop()]);
    expect(readFileSync(join(at, 'a.ts'), 'utf8')).toBe('all of it');
  });
});

describe('a player', () => {
  it('is given the stream on its standard input, and its end', async () => {
    const at = folder();
    program(join(at, 'mpv'), `echo "$*" > ${at}/words; exec cat > ${at}/out`);
    const sinks = await open(plan({ play: 'mpv' }), { PATH: `${at}:${process.env['PATH']}` });
    expect(sinks.queues[0]).toMatchObject({ position: 0, name: 'play mpv' });
    put(sinks.queues[0]!, 'pictures');
    close(sinks.queues[0]!);
    await sinks.finished;
    expect(readFileSync(join(at, 'out'), 'utf8')).toBe('pictures');
    expect(readFileSync(join(at, 'words'), 'utf8')).toContain('--title=News');
    expect([ends(sinks), told]).toEqual([[], []]);
  });

  it('is any that is found when none is named; each is told apart', async () => {
    const at = folder();
    program(join(at, 'ffplay'), `exec cat > /dev/null`);
    const sinks = await open(plan({ play: '-' }, { play: '-' }), { PATH: `${at}:/usr/bin:/bin` });
    expect(sinks.queues.map(({ name }) => name)).toEqual(['play', 'play (239.1.1.2:5004)']);
    await expect(open(plan({ play: '-' }), { PATH: folder() })).rejects.toMatchObject({ code: 'ERR_PLAYER_MISSING' });
  });

  it('that is closed ends its output, told, and takes nothing more', async () => {
    const at = folder();
    const player = program(join(at, 'player'), `head -c 3 > ${at}/out; exit 0`);
    const sinks = await open(plan({ play: player }));
    put(sinks.queues[0]!, 'abcdef');
    await sinks.finished;
    expect(ends(sinks)).toEqual([[`play ${player}`, 'player was closed', false]]);
    expect(told).toEqual([`play ${player}: player was closed`]);
    put(sinks.queues[0]!, 'ghi');
    expect(new ByteRing(sinks.queues[0]!.ring).readable()).toBe(3);
  });

  it('that fails says so with its last words, even when nothing came yet', async () => {
    const player = program(join(folder(), 'player'), 'echo no display >&2; exit 4');
    const sinks = await open(plan({ play: player }));
    await sinks.finished;
    expect(told).toEqual([`play ${player}: player failed (exit status 4): no display`]);
  });

  it('that fails for want of a single octet has not failed', async () => {
    const player = program(join(folder(), 'player'), 'cat > /dev/null; echo no stream >&2; exit 1');
    const silent = await open(plan({ play: player }));
    close(silent.queues[0]!);
    await silent.finished;
    expect(told).toEqual([]);
    const broken = await open(plan({ play: player }));
    put(broken.queues[0]!, 'x');
    close(broken.queues[0]!);
    await broken.finished;
    expect(told).toEqual([`play ${player}: player failed (exit status 1): no stream`]);
  });

  it('that takes nothing fills its queue alone, and is ended with the run', async () => {
    const at = folder();
    const player = program(join(at, 'player'), `echo $$ > ${at}/pid; exec sleep 60`);
    const sinks = await open(plan({ play: player, save: join(at, 'a.ts') }));
    const [save, play] = sinks.queues;
    // More than a pipe holds.
    put(play!, 'x'.repeat(65_536));
    put(play!, 'x'.repeat(65_536));
    put(save!, 'saved');
    await vi.waitFor(() => expect(readFileSync(join(at, 'a.ts'), 'utf8')).toBe('saved'));
    await vi.waitFor(() => expect(pidIn(join(at, 'pid'))).toBeGreaterThan(0));
    const pid = pidIn(join(at, 'pid'));
    expect(isAlive(pid)).toBe(true);
    await outlast(() => sinks.stop());
    expect(isAlive(pid)).toBe(false);
    // That was this program's doing.
    expect([ends(sinks), told]).toEqual([[], []]);
  });
});

describe('a folder of HLS', () => {
  it('is made, and ffmpeg writes there what it is given', async () => {
    const at = folder();
    const ffmpeg = program(join(at, 'ffmpeg'), `echo "$*" > words; exec cat > index.m3u8`);
    const hls = join(at, 'a', '%d:-b');
    const sinks = await open(plan({ hls }), { FFMPEG_PATH: ffmpeg });
    expect(sinks.queues[0]!.name).toBe(`hls ${hls}`);
    put(sinks.queues[0]!, 'segments');
    await sinks.stop();
    expect(readFileSync(join(hls, 'index.m3u8'), 'utf8')).toBe('segments');
    expect(readFileSync(join(hls, 'words'), 'utf8')).toContain(
      '-f mpegts -i pipe:0 -c copy -f hls -hls_time 2 -hls_list_size 6 -hls_flags delete_segments index.m3u8',
    );
    expect(told).toEqual([]);
  });

  it('whose ffmpeg dies is told with its last words', async () => {
    const at = folder();
    const ffmpeg = program(join(at, 'ffmpeg'), 'echo no codec >&2; exit 3');
    const sinks = await open(plan({ hls: join(at, 'hls') }), { FFMPEG_PATH: ffmpeg });
    await sinks.finished;
    expect(ends(sinks)).toMatchObject([[expect.anything(), 'ffmpeg failed (exit status 3): no codec', true]]);
    program(ffmpeg, 'exit 0');
    const early = await open(plan({ hls: join(at, 'hls') }), { FFMPEG_PATH: ffmpeg });
    await early.finished;
    expect(ends(early)).toMatchObject([[expect.anything(), 'ffmpeg ended', true]]);
  });

  it('is an error at once without ffmpeg, or where there can be no folder', async () => {
    const at = folder();
    const missing = { FFMPEG_PATH: join(at, 'none') };
    await expect(open(plan({ hls: join(at, 'hls') }), missing)).rejects.toMatchObject({ code: 'ERR_FFMPEG_MISSING' });
    expect(existsSync(join(at, 'hls'))).toBe(false);
    const ffmpeg = program(join(at, 'ffmpeg'), 'exit 0');
    await expect(open(plan({ hls: join(ffmpeg, 'x') }), { FFMPEG_PATH: ffmpeg })).rejects.toMatchObject({
      code: 'ERR_FILE',
      message: `${ffmpeg}/x cannot be written: not a directory (ENOTDIR)`,
    });
  });
});

const SRT = { kind: 'srt', text: 'srt://127.0.0.1:9000/passphrase=very-secret-words' } as const;
const SRT_NAME = 'forward srt://127.0.0.1:9000/mode=caller/latency=120ms/passphrase=***';

describe('an SRT link', () => {
  it('reads the queue itself; what happens to it is told once', async () => {
    const sinks = await open(plan(null, { forward: [SRT] }));
    const [link] = links;
    expect(link!.opening).toMatchObject({ direction: 'send', ringOctets: 8 << 20 });
    expect(link!.options).toMatchObject({ host: '127.0.0.1', port: 9000, passphrase: 'very-secret-words' });
    expect(sinks.queues).toEqual([{ position: 1, name: SRT_NAME, ring: link!.ring }]);
    const onEvent = link!.opening.onEvent!;
    for (let i = 0; i < 3; i++) onEvent({ type: 'refused', why: 'no answer' });
    onEvent({ type: 'listening' });
    onEvent({ type: 'connected', peer: '127.0.0.1:9000' });
    onEvent({ type: 'lost', why: 'broken' });
    onEvent({ type: 'refused', why: 'no answer' });
    expect(told).toEqual(
      ['no answer', 'connected to 127.0.0.1:9000', 'broken', 'no answer'].map((line) => `${SRT_NAME}: ${line}`),
    );
    Object.assign(link!, { state: 'connected', connections: 1 });
    // All of the closed queue has been sent.
    link!.end();
    await sinks.finished;
    expect(ends(sinks)).toEqual([]);
  });

  it('that fails is told, and the measurement goes on', async () => {
    const sinks = await open(plan({ forward: [SRT] }));
    links[0]!.fail(new McastError('ERR_SOCKET', 'the passphrases differ'));
    await sinks.finished;
    expect(told).toEqual([`${SRT_NAME}: the passphrases differ`]);
    expect(ends(sinks)).toEqual([[SRT_NAME, 'the passphrases differ', true]]);
    await sinks.stop();
  });

  it('without a peer is not waited for', async () => {
    const sinks = await open(plan({ forward: [SRT] }));
    await sinks.stop();
    expect(links[0]!.stopped).toBe(1);
    expect(ends(sinks)).toEqual([[SRT_NAME, 'there was no peer', true]]);
  });

  it('with a peer gets the time to send the rest, and is then ended', async () => {
    const sinks = await open(plan({ forward: [SRT] }));
    Object.assign(links[0]!, { state: 'connected', connections: 1 });
    await outlast(() => {
      const stopped = sinks.stop();
      expect(links[0]!.stopped).toBe(0);
      expect(new ByteRing(links[0]!.ring).read(new Uint8Array(1))).toBe(-1);
      return stopped;
    });
    expect(links[0]!.stopped).toBe(1);
    expect(ends(sinks)).toEqual([]);
  });

  it('that cannot be read or opened is an error at once, which does not say its passphrase', async () => {
    const wrong = { kind: 'srt', text: 'srt://127.0.0.1/passphrase=very-secret-words' } as const;
    const error: unknown = await open(plan({ forward: [wrong] })).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_ENDPOINT' });
    expect(String(error)).not.toContain('very-secret-words');
    refusal.error = new McastError('ERR_SOCKET', 'SRT: the host name x was not found');
    onTestFinished(() => void (refusal.error = null));
    await expect(open(plan({ forward: [SRT] }))).rejects.toBe(refusal.error);
  });
});

describe('a plan', () => {
  it('has outputs for the main thread unless they are all datagrams', async () => {
    const datagrams = { kind: 'datagrams', scheme: 'udp' } as MediaOutputPlan['forward'][number];
    expect(hasMediaSinks(plan(null, {}, { forward: [datagrams] }))).toBe(false);
    for (const one of [{ save: '-' }, { play: '-' }, { hls: 'a' }, { forward: [datagrams, SRT] }]) {
      expect(hasMediaSinks(plan(null, one))).toBe(true);
    }
    const sinks = await open(plan(null, { forward: [datagrams] }));
    expect(sinks.queues).toEqual([]);
    await sinks.finished;
  });
});
