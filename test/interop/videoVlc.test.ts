/** VLC, without a screen: it takes every octet of ours apart, and lists what we announce. */
import { mkdirSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshGroup, startMcast } from '../mcast.js';
import { until, type Lab, type LabProcess } from '../netns/lab.js';
import { AS_NOBODY, needs } from '../require.js';
import {
  CODECS,
  makeClip,
  openVideoLab,
  picturesOf,
  PORT,
  sendFrom,
  sizeOf,
  startPeer,
  untilJoined,
  type Codec,
} from './videoLab.js';

/** What VLC's demultiplexer and its packetizer hold until the next picture begins. */
const HELD_PICTURES = 2;

describe.runIf(needs('netns', 'vlc', 'ffmpeg', 'dist'))('video and VLC', { timeout: 60_000 }, () => {
  let lab: Lab;
  let home: string;
  const clips = {} as Record<Codec, string>;
  beforeAll(async () => {
    lab = await openVideoLab();
    home = join(lab.folder, 'vlc');
    mkdirSync(home);
    chmodSync(home, 0o777);
    for (const codec of CODECS) clips[codec] = makeClip(lab.folder, codec, 2);
  }, 60_000);
  afterAll(async () => lab?.close());

  /** It is told what to do by lines on its standard input. */
  function startVlc(...words: readonly string[]): LabProcess {
    const options = ['-vv', '-I', 'oldrc', '--rc-fake-tty', '--miface', 'e0', '--vout', 'dummy', '--aout', 'adummy'];
    const [program, ...more] = [...AS_NOBODY, 'cvlc', ...options, ...words];
    return startPeer(lab, 'rx', program!, more, { HOME: home, LC_ALL: 'C' });
  }

  it.each(CODECS)('takes %s apart to the last octet', async (codec) => {
    const group = freshGroup();
    const pictures = join(home, `${codec}.es`);
    const output = `#es{access=file,mux=es,dst-video=${pictures},dst-audio=${join(home, `${codec}.aac`)}}`;
    const vlc = startVlc('--sout', output, '--sout-all', `rtp://@${group}:${PORT}`);
    await untilJoined(lab, 'rx', group);
    await sendFrom(lab, `rtp://${group}:${PORT}/iface=e0`, '--input', clips[codec]);
    // It writes at the stream's own pace, a second behind it.
    let last = -1;
    let lastMs = 0;
    await until(() => {
      const size = sizeOf(pictures);
      const nowMs = performance.now();
      if (size !== last) lastMs = nowMs;
      last = size;
      return size > 0 && nowMs - lastMs > 1500;
    }, 'VLC has written what it will');
    vlc.write('quit\n');
    await vlc.exited;
    // It says where it stands when it is stopped.
    const at = /Can't read TS packet at (\d+)/.exec(vlc.stderr)?.[1];
    expect(Number(at)).toBe(sizeOf(clips[codec]));
    expect(vlc.stderr).not.toMatch(
      /ts demux (warning|error)|rtp demux (warning|error)|discontinuity|packet\(s\) lost/i,
    );
    const got = picturesOf(pictures);
    const sent = picturesOf(clips[codec]);
    expect(got.length).toBeGreaterThanOrEqual(sent.length - HELD_PICTURES);
    expect(got).toEqual(sent.slice(0, got.length));
  });

  it('lists what is announced', async () => {
    const group = freshGroup();
    const vlc = startVlc('--services-discovery', 'sap');
    // The global scope, and the administrative ones.
    await untilJoined(lab, 'rx', '224.2.127.254');
    await untilJoined(lab, 'rx', '239.255.255.255');
    const words = ['send', `rtp://${group}:${PORT}/iface=e0`, '--announce', '--name', 'Evening news'];
    const sender = startMcast(words, { lab, host: 'tx' });
    await until(() => {
      vlc.write('playlist\n');
      return /^\|\s+- Evening news\b/m.test(vlc.stdout);
    }, 'VLC lists the stream');
    expect(vlc.stdout).toMatch(/Network streams \(SAP\)/);
    await sender.stop();
    vlc.write('quit\n');
    await vlc.exited;
  });
});
