import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHls } from '../../src/io/hlsWriter.js';
import { needs } from '../require.js';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mcast-hls-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe.runIf(needs('ffmpeg'))('ffmpeg for HLS', () => {
  it('writes a play list that ends, and whole segments', async () => {
    const words = '-nostdin -v error -f lavfi -i testsrc2=size=160x90:rate=10:duration=5 -g 10 -c:v mpeg2video';
    const octets = execFileSync('ffmpeg', [...words.split(' '), '-f', 'mpegts', 'pipe:1']);
    // Every character of these means something to ffmpeg where it names a file.
    const at = join(folder(), '-a', '%d:b c');
    const hls = startHls(at, { option: null, environment: process.env });
    onTestFinished(async () => await hls.stop());
    hls.octets.end(octets);
    expect(await hls.ended).toEqual({ how: 'ended', text: 'ffmpeg ended' });
    const list = readFileSync(join(at, 'index.m3u8'), 'utf8');
    expect(list).toMatch(/^#EXTM3U\n/);
    expect(list).toMatch(/#EXT-X-ENDLIST\n$/);
    const segments = list.split('\n').filter((line) => line.endsWith('.ts'));
    expect(segments.length).toBeGreaterThan(1);
    expect(readdirSync(at)).toEqual(expect.arrayContaining(segments));
    expect(readFileSync(join(at, segments[0]!))[0]).toBe(0x47);
  });

  it('says what it cannot read', async () => {
    const hls = startHls(folder(), { option: null, environment: process.env });
    onTestFinished(async () => await hls.stop());
    hls.octets.end('this is no transport stream');
    const { how, text } = await hls.ended;
    expect(how).toBe('failed');
    expect(text).toMatch(/^ffmpeg failed \(exit status \d+\): .+/);
  });
});
