/** From file to file: what was sent is saved octet for octet, and ffmpeg has nothing to say against it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshGroup } from '../mcast.js';
import type { Lab } from '../netns/lab.js';
import { needs } from '../require.js';
import {
  expectSound,
  makeClip,
  mediaOf,
  openVideoLab,
  picturesOf,
  PORT,
  program,
  receiveAt,
  same,
  sendFrom,
  TESTCARD,
} from './videoLab.js';

describe.runIf(needs('netns', 'ffmpeg', 'ffprobe', 'dist'))('a whole file', { timeout: 120_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openVideoLab();
  }, 60_000);
  afterAll(async () => lab?.close());

  it.each([
    ['the test card', () => fileURLToPath(TESTCARD), 200],
    ['20 s of H.264, 1080p at 8 Mbit/s', () => makeClip(lab.folder, 'h264', 20), 500],
    ['H.265', () => makeClip(lab.folder, 'h265', 3), 75],
    ['MPEG-2', () => makeClip(lab.folder, 'mpeg2', 3), 75],
  ] as const)('%s', async (_name, file, pictures) => {
    const path = file();
    const saved = join(lab.folder, 'saved.ts');
    const endpoint = `rtp://${freshGroup()}:${PORT}/iface=e0`;
    const receiver = await receiveAt(lab, endpoint, '--once', '--save', saved);
    await sendFrom(lab, endpoint, '--input', path);
    const result = await receiver.result();
    const stream = mediaOf(result);
    expect(stream.metrics).toMatchObject({ packets_lost: 0, packets_duplicated: 0, packets_reordered: 0 });
    expectSound(stream);
    expect(result.outputs).toMatchObject([{ dropped: 0, failure: null }]);
    same(readFileSync(saved), readFileSync(path));
    program('ffprobe', ['-v', 'error', '-show_streams', '-show_format', saved]);
    expect(picturesOf(saved)).toHaveLength(pictures);
  });
});
