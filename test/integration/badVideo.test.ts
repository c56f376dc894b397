/** Inputs that are not what they should be, and outputs that fail: one clear line, or counted and gone on. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SenderInput } from '../../src/result/model.js';
import { hasPcr } from '../../src/wire/mpegts.js';
import { linesOf, resultOf, runCommand, startCommand, testFolder } from '../command.js';
import { freshGroup, LocalProcess, MCAST, send, startMcast, startReceiver, sum } from '../mcast.js';
import { openLab, until } from '../netns/lab.js';
import { needs } from '../require.js';

const PACKET = 188;
const HEADER = 28;
/** 1.4 s of the test card: 200 datagrams. */
const CLIP = readFileSync(new URL('../../assets/testcard.mpegts', import.meta.url)).subarray(0, 1400 * PACKET);
const DATAGRAMS = 200;
const NO_FFMPEG = { PATH: '', FFMPEG_PATH: '', FFMPEG_BIN: '' };

function written(octets: Uint8Array | string, name = 'clip.ts'): string {
  const path = join(testFolder(), name);
  writeFileSync(path, octets);
  return path;
}

/** The clip with its PCR flags taken away. */
function withoutPcr(): Buffer {
  const octets = Buffer.from(CLIP);
  for (let at = 0; at < octets.length; at += PACKET) if (hasPcr(octets, at)) octets[at + 5]! &= ~0x10;
  return octets;
}

function endpoint(): string {
  return `rtp://${freshGroup()}:5004/iface=lo`;
}

interface Given {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** `mcast send --input` ends with this one line and status. */
async function refused(words: readonly string[], what: RegExp, status = 1, given: Given = {}): Promise<void> {
  const ended = await runCommand(['send', endpoint(), '--quiet', ...words], given);
  expect(ended.stderr).toMatch(what);
  expect(ended.stderr).toMatch(/^mcast: [^\n]+\n$/);
  expect([ended.status, ended.stdout]).toEqual([status, '']);
}

/** What was counted of an input that was sent to its end: `packets` of it. */
async function inputOf(words: readonly string[], packets: number, given: Given = {}): Promise<SenderInput> {
  const ended = await runCommand(['send', endpoint(), '--json', '--max-late', '20s', ...words], given);
  expect([ended.status, ended.signal]).toEqual([0, null]);
  const { sender, run } = resultOf(linesOf(ended.stdout));
  const datagrams = Math.ceil(packets / 7);
  expect(run.complete).toBe(true);
  expect(sender).toMatchObject({ sent: datagrams, octets_sent: datagrams * HEADER + packets * PACKET });
  expect(sender!.inputs).toHaveLength(1);
  return sender!.inputs[0]!;
}

describe('a file', () => {
  it('that is no transport stream wants ffmpeg, and says why', async () => {
    const path = written('this is no transport stream\n'.repeat(5000));
    await refused(
      ['--input', path],
      /clip\.ts is no MPEG transport stream: ffmpeg was not found\. Install it .* --ffmpeg or FFMPEG_PATH/,
      1,
      { env: NO_FFMPEG },
    );
    await refused(
      ['--input', path],
      /clip\.ts is no MPEG transport stream: FFMPEG_PATH names \/nowhere\/ffmpeg, which is no program/,
      1,
      { env: { ...NO_FFMPEG, FFMPEG_PATH: '/nowhere/ffmpeg' } },
    );
    await refused(['--input', written(CLIP), '--resolution', '640x360'], /clip\.ts needs ffmpeg: /, 1, {
      env: NO_FFMPEG,
    });
    await refused(['--input', 'http://127.0.0.1:9/a.mp4'], /a\.mp4 needs ffmpeg: ffmpeg was not found/, 1, {
      env: NO_FFMPEG,
    });
  });

  it.runIf(needs('ffmpeg'))('that not even ffmpeg can read is refused with what it said', async () => {
    await refused(
      ['--input', written('no pictures\n'.repeat(5000), 'film.mp4')],
      /film\.mp4 cannot be opened: .*Invalid/,
    );
  });

  it('that is empty, a folder, or not there is refused', async () => {
    await refused(['--input', written('')], /clip\.ts is empty\. Name another file/);
    await refused(['--input', testFolder()], / is a folder\. Name a file/);
    await refused(['--input', '/nowhere/film.ts'], /\/nowhere\/film\.ts cannot be read: no such file or directory/);
  });

  it('is told with its line where it stands in a line-up', async () => {
    const lineup = written(
      `endpoint,input\nrtp://${freshGroup()}:5004/iface=lo,\nprobe://239.1.1.1:5001,a.ts\n`,
      'a.csv',
    );
    const { status, stderr } = await runCommand(['send', lineup, '--quiet']);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/a probe has no input/)]);
  });

  it('without PCR is sent at the rate that is said, and at no other', async () => {
    const path = written(withoutPcr());
    await refused(['--input', path], /clip\.ts has no clock \(PCR\) to set the pace\. Say its rate with --mux-rate/);
    await refused(['--input', path, '--pcr-pid', '300'], /clip\.ts has no clock on PID 300 \(PCR\)/);
    expect(await inputOf(['--input', path, '--mux-rate', '6M'], 1400)).toMatchObject({
      pcr_pid: null,
      skipped_octets: 0,
      discontinuities: 0,
    });
  });

  it('whose last packet is cut off is sent without that', async () => {
    const input = await inputOf(['--input', written(CLIP.subarray(0, -100))], 1399);
    expect(input).toMatchObject({ truncated_packets: 1, skipped_octets: 88, resyncs: 0, failure: null, passes: 0 });
  });

  it('that loses its sync finds it again, and what lay between is counted', async () => {
    const garbage = Buffer.from('these are no packets '.repeat(300));
    const path = written(Buffer.concat([CLIP.subarray(0, 700 * PACKET), garbage, CLIP.subarray(700 * PACKET)]));
    const place = endpoint();
    const receiver = await startReceiver([place, '--once']);
    const { sender } = await send([place, '--input', path]);
    expect(sender).toMatchObject({ sent: DATAGRAMS, octets_sent: DATAGRAMS * (HEADER + 7 * PACKET) });
    expect(sender!.inputs).toMatchObject([
      { name: path, resyncs: 1, skipped_octets: garbage.length, truncated_packets: 0, pcr_pid: 256 },
    ]);
    // Whole packets alone are sent, none of them twice.
    const [stream] = (await receiver.result()).streams;
    expect(stream!.transport).toMatchObject({ packets: 1400, continuity_errors: 0, stray_octets: 0, in_sync: true });
    const { stdout } = await runCommand(['send', endpoint(), '--quiet', '--input', path, '--count', '150']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('1 loss of sync, 6,300 octets in no transport packet');
  });

  it('that vanishes is sent to its end; one that becomes shorter is an error', async () => {
    // Too large to be held in memory.
    const folder = testFolder();
    const [kept, name] = [join(folder, 'kept.ts'), join(folder, 'large.ts')];
    const times = Math.ceil((66 << 20) / CLIP.length);
    writeFileSync(kept, Buffer.concat(Array.from({ length: times }, () => CLIP)));
    linkSync(kept, name);
    const ready = join(folder, 'ready');
    const vanishing = startMcast(['send', endpoint(), '--input', name, '--count', '200', '--ready-file', ready]);
    await until(() => existsSync(ready), 'the beginning');
    unlinkSync(name);
    const { sender } = await vanishing.result();
    expect(sender).toMatchObject({ sent: 200, inputs: [{ name, failure: null, underruns: 0 }] });
    expect(statSync(kept).nlink).toBe(1);
    const cut = startMcast(['send', endpoint(), '--input', kept]);
    await cut.untilLine('interval');
    truncateSync(kept, CLIP.length);
    expect(await cut.exited()).toMatchObject({ status: 1 });
    expect(cut.stderr).toMatch(/\nmcast: \S+kept\.ts became shorter while it was sent\. Send it when it is whole\.\n$/);
    // What there is of it is not looked at to the end.
    writeFileSync(kept, Buffer.concat(Array.from({ length: times }, () => withoutPcr())));
    await refused(['--input', kept], /kept\.ts has no clock \(PCR\) to set the pace/);
  });

  it('that holds nothing to send where one of several streams begins is refused', async () => {
    const path = written(Buffer.concat([CLIP, Buffer.from('this is no transport stream\n'.repeat(100_000))]));
    const group = freshGroup();
    const words = ['send', `rtp://${group}+2:5004/iface=lo`, '--loop', '--quiet', '--input', path];
    const { status, stderr } = await runCommand(words);
    expect(stderr).toMatch(
      /^mcast: \S+clip\.ts: no MPEG transport stream was found where reading began\. Name another/,
    );
    expect(status).toBe(1);
  });
});

describe('standard input', () => {
  it('that is empty, no transport stream or without a clock is refused', async () => {
    await refused(['--input', '-'], /standard input is empty/);
    const text = 'this is no transport stream\n'.repeat(5000);
    await refused(
      ['--input', '-'],
      /standard input is no MPEG transport stream\. Name a file that ffmpeg can read/,
      1,
      { input: text },
    );
    await refused(['--input', '-'], /standard input has no clock/, 1, { input: withoutPcr() });
    await refused(['--input', '-', '--loop'], /loop: standard input comes once; give a file/, 2);
  });

  it('is sent to its end, the last part of a packet left out', async () => {
    const input = await inputOf(['--input', '-'], 1399, { input: CLIP.subarray(0, -1) });
    expect(input).toMatchObject({ name: '-', truncated_packets: 1, skipped_octets: 187, resyncs: 0 });
  });

  it('that pauses is waited for, and the pause is counted', async () => {
    const words = [MCAST, 'send', endpoint(), '--json', '--max-late', '20s', '--input', '-'];
    const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const sender = new LocalProcess(child, words.join(' '));
    child.stdin.write(CLIP.subarray(0, 700 * PACKET));
    // 0.7 s of it are over when a second one is told.
    await sender.untilOutput(/"type":"interval".*\n.*"type":"interval"/);
    child.stdin.end(CLIP.subarray(700 * PACKET));
    expect(await sender.exited).toMatchObject({ status: 0 });
    const result = resultOf(linesOf(sender.stdout));
    expect(result.sender).toMatchObject({ sent: DATAGRAMS, underruns: 1 });
    expect(result.sender!.inputs).toMatchObject([
      { underruns: 1, discontinuities: 1, resyncs: 0, truncated_packets: 0 },
    ]);
  });
});

/** A program that answers as ffmpeg does, and then does what `script` says. */
function fakeFfmpeg(script: string): Readonly<Record<string, string>> {
  const folder = testFolder();
  const path = join(folder, 'ffmpeg');
  writeFileSync(join(folder, 'clip.ts'), CLIP);
  const text = `#!/bin/sh
PATH=/usr/bin:/bin
case "$*" in
*-version*) echo 'ffmpeg version 7.1' ;;
*-encoders*) printf ' ------\\n V....D libx264 x\\n A....D aac x\\n' ;;
*-protocols*) printf 'Input:\\n  file\\nOutput:\\n  file\\n' ;;
*) cd '${folder}'; ${script} ;;
esac
`;
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  // Without an ffprobe, which would say first what is wrong.
  return { ...NO_FFMPEG, FFMPEG_PATH: path };
}

describe('an ffmpeg', () => {
  it('that fails before anything came is told with its last words', async () => {
    await refused(
      ['--input', written('x', 'film.mp4')],
      /ffmpeg failed \(exit status 3\): film\.mp4: no luck today\. /,
      1,
      { env: fakeFfmpeg('echo "film.mp4: no luck today" >&2; exit 3') },
    );
  });

  it('that fails in the middle ends the run, and is what it ended of', async () => {
    const path = written('x', 'film.mp4');
    const go = join(testFolder(), 'go');
    const env = fakeFfmpeg(`cat clip.ts; until [ -e '${go}' ]; do sleep 0.05; done; echo 'out of luck' >&2; exit 3`);
    const sender = startCommand(['send', endpoint(), '--quiet', '--json', '--input', path], { env });
    await sender.untilOutput(/"type":"interval"/);
    writeFileSync(go, '');
    const { status, stderr } = await sender.ended();
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^mcast: ffmpeg failed \(exit status 3\): out of luck\. /),
    ]);
  });

  it('that ends well ends the run well', async () => {
    const input = await inputOf(['--input', written('x', 'film.mp4')], 1400, { env: fakeFfmpeg('cat clip.ts') });
    expect(input).toMatchObject({ skipped_octets: 0, resyncs: 0, failure: null });
  });

  it('that goes on is ended with the run, which ends well', async () => {
    const path = written('x', 'film.mp4');
    const pid = join(testFolder(), 'pid');
    const env = fakeFfmpeg(`echo $$ >'${pid}'; while cat clip.ts; do sleep 0.2; done`);
    const ended = await runCommand(['send', endpoint(), '--quiet', '--input', path, '--duration', '700ms'], { env });
    expect([ended.status, ended.stderr]).toEqual([0, '']);
    expect(isRunning(pid)).toBe(false);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'that never gives anything is waited for, and does not outlive a %s',
    async (signal) => {
      const pid = join(testFolder(), 'pid');
      const env = fakeFfmpeg(`echo $$ >'${pid}.new'; mv '${pid}.new' '${pid}'; exec sleep 60`);
      const sender = startCommand(['send', endpoint(), '--input', written('x', 'film.mp4')], { env });
      await until(() => existsSync(pid), 'the start of ffmpeg');
      await sender.untilOutput(/^waiting for \S*film\.mp4: /m);
      sender.signal(signal);
      // What ends before it has begun ends by the signal itself.
      expect(await sender.ended()).toMatchObject({ signal, stderr: '' });
      await until(() => !isRunning(pid), 'the end of ffmpeg');
    },
  );
});

/** Whether the process whose number is in `file` still is. */
function isRunning(file: string): boolean {
  const stat = join('/proc', readFileSync(file, 'utf8').trim(), 'stat');
  // What has ended may wait for its parent to ask how.
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
}

describe('an output', () => {
  it.runIf(needs('netns', 'dist'))('whose disk is full has failed, and the measurement goes on', async () => {
    const lab = await openLab();
    onTestFinished(() => lab.close());
    await lab.shell(
      'ip link set lo up; ip route replace 224.0.0.0/4 dev lo; mkdir /run/small; mount -t tmpfs -o size=128k none /run/small',
    );
    const place = 'rtp://239.1.1.1:5004/iface=lo';
    const receiver = await startReceiver([place, '--once', '--save', '/run/small/a.ts'], { lab });
    await send([place, '--count', String(DATAGRAMS)], { lab });
    const { outputs, streams } = await receiver.result(1);
    const whole = Math.floor((128 << 10) / (7 * 188));
    expect(outputs).toMatchObject([{ octets: 128 << 10, datagrams: whole, dropped: DATAGRAMS - whole, failed: true }]);
    expect(outputs).toMatchObject([
      { name: 'save /run/small/a.ts', failure: expect.stringMatching(/cannot be written: no space left .*ENOSPC/) },
    ]);
    expect(
      sum(
        streams.filter(({ role }) => role === 'media'),
        'packets_received',
      ),
    ).toBe(DATAGRAMS);
    expect(streams[0]!.transport!.packets).toBe(DATAGRAMS * 7);
    expect(Number(await lab.run(null, 'stat', ['-c', '%s', '/run/small/a.ts']))).toBe(128 << 10);
  });

  it('that is a player which is closed has ended, and the measurement goes on', async () => {
    const player = join(testFolder(), 'mpv');
    writeFileSync(player, '#!/bin/sh\nhead -c 20000 >/dev/null\nexit 0\n');
    chmodSync(player, 0o755);
    const place = endpoint();
    const receiver = await startReceiver([place, '--once', `--play=${player}`]);
    await send([place, '--count', String(DATAGRAMS)]);
    const { outputs, streams } = await receiver.result();
    expect(outputs).toMatchObject([{ name: `play ${player}`, failure: expect.stringMatching(/closed/) }]);
    expect(
      sum(
        streams.filter(({ role }) => role === 'media'),
        'packets_received',
      ),
    ).toBe(DATAGRAMS);
  });
});
