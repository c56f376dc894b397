import { execFileSync } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findPlayer, startPlayer } from '../../src/io/player.js';
import { needs } from '../require.js';

/** Pictures for nobody, sound for nobody. */
const HEADLESS = { ...process.env, SDL_VIDEODRIVER: 'dummy', SDL_AUDIODRIVER: 'dummy' };

describe.runIf(needs('ffmpeg', 'ffplay'))('ffplay', () => {
  it('plays a transport stream from its standard input to the end', async () => {
    const words = ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=1'];
    const octets = execFileSync('ffmpeg', [...words, '-pix_fmt', 'yuv420p', '-f', 'mpegts', 'pipe:1']);
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
