/** A camera's or head end's RTSP, as VLC serves it: elementary streams in RTP, which we send on as a transport stream. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshGroup, startMcast } from '../mcast.js';
import { until, type Lab } from '../netns/lab.js';
import { AS_NOBODY, needs } from '../require.js';
import { expectSound, makeClip, mediaOf, openVideoLab, PORT, receiveAt, startPeer, TX_ADDRESS } from './videoLab.js';

const RTSP_PORT = 8554;
const MIN_PICTURES = 20;

describe.runIf(needs('netns', 'vlc', 'ffmpeg', 'dist'))('an RTSP server as input', { timeout: 90_000 }, () => {
  let lab: Lab;
  let home: string;
  beforeAll(async () => {
    lab = await openVideoLab();
    home = join(lab.folder, 'vlc');
    mkdirSync(home);
    chmodSync(home, 0o777);
  });
  afterAll(async () => lab?.close());

  it('is sent to a group with nothing missing, H.264 and sound as they came', async () => {
    const clip = makeClip(lab.folder, 'h264', 15);
    const words = ['-I', 'dummy', clip, '--sout', `#rtp{sdp=rtsp://${TX_ADDRESS}:${RTSP_PORT}/film}`];
    const [program, ...more] = [...AS_NOBODY, 'cvlc', ...words];
    startPeer(lab, 'tx', program!, more, { HOME: home, LC_ALL: 'C' });
    const listening = new RegExp(`:${RTSP_PORT}\\b`);
    await until(async () => listening.test(await lab.run('tx', 'ss', ['-ltn'])), 'VLC serves RTSP');
    const endpoint = `rtp://${freshGroup()}:${PORT}/iface=e0`;
    const saved = join(lab.folder, 'film.ts');
    const receiver = await receiveAt(lab, endpoint, '--once', '--save', saved);
    const input = [
      '--input',
      `rtsp://${TX_ADDRESS}:${RTSP_PORT}/film`,
      '--video-codec',
      'copy',
      '--audio-codec',
      'copy',
    ];
    const send = startMcast(['send', endpoint, ...input, '--duration', '4', '--max-late', '20s'], { lab, host: 'tx' });
    const sent = await send.result();
    expect(sent.sender!.not_sent).toBe(0);
    expect(sent.sender!.inputs).toMatchObject([{ failure: null }]);
    const media = mediaOf(await receiver.result());
    expectSound(media);
    expect(media.metrics.packets_lost).toBe(0);
    expect(media.transport!.services[0]!.streams.map(({ name }) => name)).toEqual(['H.264', 'AAC (ADTS)']);
    // Where it was joined the first pictures may have no beginning.
    const probe = ['-v', 'fatal', '-count_frames', '-select_streams', 'v', '-show_entries', 'stream=nb_read_frames'];
    const frames = await lab.run('rx', 'ffprobe', [...probe, '-of', 'csv=p=0', saved]);
    expect(Number.parseInt(frames, 10)).toBeGreaterThanOrEqual(MIN_PICTURES);
  });
});
