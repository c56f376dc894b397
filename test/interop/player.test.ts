import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findPlayer, startPlayer } from '../../src/io/player.js';
import { AS_NOBODY, needs } from '../require.js';

/** Pictures for nobody, sound for nobody. */
const HEADLESS = { ...process.env, SDL_VIDEODRIVER: 'dummy', SDL_AUDIODRIVER: 'dummy' };

/** A second of pictures. */
function clip(): Buffer {
  const words = ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=1'];
  return execFileSync('ffmpeg', [...words, '-pix_fmt', 'yuv420p', '-f', 'mpegts', 'pipe:1']);
}

/** A folder that everybody may write to, until the test has ended. */
function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcast-player-'));
  chmodSync(folder, 0o777);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe.runIf(needs('ffmpeg', 'ffplay'))('ffplay', () => {
  it('plays a transport stream from its standard input to the end', async () => {
    const octets = clip();
    const player = startPlayer(findPlayer('ffplay', process.env), 'a title', HEADLESS);
    onTestFinished(async () => await player.stop());
    player.octets.end(octets);
    expect(await player.ended).toEqual({ how: 'ended', text: 'ffplay was closed' });
  });

  it('that cannot show anything says so', async () => {
    const environment = { ...HEADLESS, SDL_VIDEODRIVER: 'none such' };
    const player = startPlayer(findPlayer('ffplay', process.env), 'a title', environment);
    onTestFinished(async () => await player.stop());
    const { how, text } = await player.ended;
    expect(how).toBe('failed');
    expect(text).toMatch(/^ffplay failed \(exit status 1\): .*SDL/);
  });
});

describe.runIf(needs('ffmpeg', 'mpv'))('mpv', () => {
  it('plays every picture of a transport stream from its standard input', async () => {
    const folder = openFolder();
    const pictures = join(folder, 'pictures');
    // A file for each picture instead of a screen.
    const config = ['ao=null', 'vo=image', `vo-image-outdir=${pictures}`, 'untimed=yes'];
    writeFileSync(join(folder, 'mpv.conf'), `${config.join('\n')}\n`);
    const player = startPlayer(findPlayer('mpv', process.env), 'a title', { ...process.env, MPV_HOME: folder });
    onTestFinished(async () => await player.stop());
    player.octets.end(clip());
    expect(await player.ended).toEqual({ how: 'ended', text: 'mpv was closed' });
    expect(readdirSync(pictures)).toHaveLength(25);
  });
});

describe.runIf(needs('ffmpeg', 'vlc'))('VLC', () => {
  it('plays a transport stream from its standard input to the end', async () => {
    const folder = openFolder();
    // It will not run as root, nor without a screen unless it is told so.
    const words = [...AS_NOBODY, 'vlc', '-vv', '-I', 'dummy', '--vout', 'dummy', '--aout', 'adummy'];
    const own = join(folder, 'vlc');
    const log = join(folder, 'log');
    writeFileSync(
      own,
      `#!/bin/sh\nHOME=${folder} exec ${words.join(' ')} "$@" --verbose=2 --file-logging --logfile=${log}\n`,
      { mode: 0o755 },
    );
    const player = startPlayer(findPlayer(own, process.env), 'a title', { ...process.env, LC_ALL: 'C' });
    onTestFinished(async () => await player.stop());
    player.octets.end(clip());
    expect(await player.ended).toEqual({ how: 'ended', text: 'vlc was closed' });
    expect(readFileSync(log, 'utf8')).toMatch(/Received first picture/);
  });
});
