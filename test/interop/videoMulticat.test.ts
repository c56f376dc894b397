/** multicat at the other end, which writes and sends datagrams of one size as they are. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshGroup } from '../mcast.js';
import { until, type Lab } from '../netns/lab.js';
import { needs } from '../require.js';
import {
  expectSound,
  makeClip,
  mediaOf,
  openVideoLab,
  PORT,
  receiveAt,
  same,
  sendFrom,
  sizeOf,
  startPeer,
  untilJoined,
} from './videoLab.js';

/** Fixed header, and the extension with its send time: multicat 2.3 has no more room than it is told. */
const HEADER_OCTETS = 12 + 16;

describe.runIf(needs('netns', 'multicat', 'ffmpeg', 'dist'))('video and multicat', { timeout: 60_000 }, () => {
  let lab: Lab;
  let clip: string;
  beforeAll(async () => {
    lab = await openVideoLab();
    clip = makeClip(lab.folder, 'h264', 2);
  }, 60_000);
  afterAll(async () => lab?.close());

  it.each([
    ['rtp', ['-R', String(HEADER_OCTETS)], []],
    ['rtp', [], ['--no-send-time']],
    ['udp', ['-u'], []],
  ] as const)('writes what was sent over %s, to the octet; %j %j', async (scheme, options, more) => {
    const group = freshGroup();
    const path = join(lab.folder, `${group}.ts`);
    const multicat = startPeer(lab, 'rx', 'multicat', [...options, `@${group}:${PORT}/ifname=e0`, path]);
    await untilJoined(lab, 'rx', group);
    await sendFrom(lab, `${scheme}://${group}:${PORT}/iface=e0`, '--input', clip, ...more);
    const sent = readFileSync(clip);
    await until(() => sizeOf(path) >= sent.length, `multicat wrote all; ${multicat.describe()}`);
    same(readFileSync(path), sent);
  });

  it.each(['rtp', 'udp'] as const)('sends over %s what arrives complete', async (scheme) => {
    const group = freshGroup();
    const saved = join(lab.folder, `saved-${scheme}.ts`);
    const source = join(lab.folder, `source-${scheme}.ts`);
    copyFileSync(clip, source);
    // Its times of departure, in a file beside; the PCR of ffmpeg's first program is in PID 256.
    await lab.run('tx', 'ingests', ['-p', '256', source]);
    const idle = ['--until-idle', '1500ms'];
    const receiver = await receiveAt(lab, `${scheme}://${group}:${PORT}/iface=e0`, '--save', saved, ...idle);
    const bare = scheme === 'udp' ? ['-U'] : [];
    await lab.run('tx', 'multicat', ['-t', '1', ...bare, source, `${group}:${PORT}/ifname=e0`]);
    const stream = mediaOf(await receiver.result());
    expect(stream.format).toBe(scheme === 'rtp' ? 'rtp/mpeg-ts' : 'mpeg-ts');
    if (scheme === 'rtp') {
      expect(stream.metrics).toMatchObject({ packets_lost: 0, packets_duplicated: 0, packets_reordered: 0 });
    }
    expectSound(stream);
    same(readFileSync(saved), readFileSync(clip));
  });
});
