/** ffmpeg at the other end: it decodes every picture of ours, and what its muxers send is measured and saved. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshGroup } from '../mcast.js';
import { until, type Lab } from '../netns/lab.js';
import { needs } from '../require.js';
import {
  CODECS,
  expectSound,
  hashesIn,
  hashWords,
  makeClip,
  mediaOf,
  openVideoLab,
  payloadsIn,
  picturesOf,
  PORT,
  receiveAt,
  RX_ADDRESS,
  same,
  sendFrom,
  socketsOn,
  startPeer,
  TX_ADDRESS,
  untilJoined,
  type Codec,
} from './videoLab.js';

/** Room for whatever ffmpeg has not read yet: all of a clip. */
const BUFFER = 'buffer_size=4000000';
const RTP_OCTETS = 12;

describe.runIf(needs('netns', 'ffmpeg', 'dist'))('video and ffmpeg', { timeout: 60_000 }, () => {
  let lab: Lab;
  const clips = {} as Record<Codec, string>;
  beforeAll(async () => {
    lab = await openVideoLab();
    for (const codec of CODECS) clips[codec] = makeClip(lab.folder, codec, 2);
  }, 60_000);
  afterAll(async () => lab?.close());

  /** A datagram of payload type 33 without a payload. */
  async function sendLoneRtp(group: string): Promise<void> {
    const script = `
      const socket = require('node:dgram').createSocket('udp4');
      socket.bind(0, () => {
        socket.setMulticastInterface('${TX_ADDRESS}');
        socket.send(Buffer.from('802100000000000000000001', 'hex'), ${PORT}, '${group}', () => socket.close());
      });`;
    await lab.run('tx', process.execPath, ['-e', script]);
  }

  describe.each(CODECS)('%s', (codec) => {
    it('is decoded from rtp:// to the last picture', async () => {
      const group = freshGroup();
      const hashes = join(lab.folder, `rtp-${codec}`);
      const source = `rtp://${group}:${PORT}?localaddr=${RX_ADDRESS}&${BUFFER}`;
      const ffmpeg = startPeer(lab, 'rx', 'ffmpeg', ['-nostdin', '-v', 'error', '-i', source, ...hashWords(hashes)]);
      // It throws the first datagram away: it only tells the payload type, for which ffmpeg opens its sockets anew.
      await untilJoined(lab, 'rx', group, 2);
      const before = await socketsOn(lab, 'rx', PORT);
      await sendLoneRtp(group);
      await until(async () => {
        const now = await socketsOn(lab, 'rx', PORT);
        return now.length > 0 && !before.includes(now[0]!);
      }, 'ffmpeg opened its sockets anew');
      await untilJoined(lab, 'rx', group, 2);
      await sendFrom(lab, `rtp://${group}:${PORT}/iface=e0`, '--input', clips[codec]);
      // It ends by our BYE.
      expect(await ffmpeg.exited).toMatchObject({ status: 0 });
      expect(ffmpeg.stderr).toBe('');
      // libavformat gives a picture out when the next one begins.
      expect(hashesIn(hashes)).toEqual(picturesOf(clips[codec]).slice(0, -1));
    });
  });

  it('is decoded by its session description', async () => {
    const group = freshGroup();
    const endpoint = `rtp://${group}:${PORT}/iface=e0`;
    const sdp = join(lab.folder, 'ours.sdp');
    const hashes = join(lab.folder, 'sdp');
    await sendFrom(lab, endpoint, '--input', clips.h264, '--sdp', sdp, '--count', '1');
    const inputs = ['-protocol_whitelist', 'file,rtp,udp', '-localaddr', RX_ADDRESS, '-buffer_size', '4000000'];
    const words = ['-nostdin', '-v', 'error', ...inputs, '-i', sdp, ...hashWords(hashes)];
    const ffmpeg = startPeer(lab, 'rx', 'ffmpeg', words);
    await untilJoined(lab, 'rx', group, 2);
    await sendFrom(lab, endpoint, '--input', clips.h264);
    expect(await ffmpeg.exited).toMatchObject({ status: 0 });
    expect(ffmpeg.stderr).toBe('');
    expect(hashesIn(hashes)).toEqual(picturesOf(clips.h264).slice(0, -1));
  });

  describe.runIf(needs('capture')).each(CODECS)('sends %s', (codec) => {
    it.each(['rtp', 'udp'] as const)('over %s, which arrives complete', async (scheme) => {
      const group = freshGroup();
      const saved = join(lab.folder, `from-${scheme}-${codec}.ts`);
      const capture = await lab.capture('tx', 'e0', `udp port ${PORT}`);
      const end = scheme === 'rtp' ? ['--once'] : ['--until-idle', '1500ms'];
      const receiver = await receiveAt(lab, `${scheme}://${group}:${PORT}/iface=e0`, '--save', saved, ...end);
      const muxer = scheme === 'rtp' ? ['rtp_mpegts', '-rtp_muxer_options', 'rtpflags=send_bye'] : ['mpegts'];
      const target = `${scheme}://${group}:${PORT}?localaddr=${TX_ADDRESS}&pkt_size=${scheme === 'rtp' ? 1328 : 1316}`;
      const words = ['-nostdin', '-v', 'error', '-re', '-i', clips[codec], '-map', '0', '-c', 'copy', '-f', ...muxer];
      await lab.run('tx', 'ffmpeg', [...words, `${target}&ttl=1`]);
      const result = await receiver.result();
      await capture.stop();
      const stream = mediaOf(result);
      expect(stream.format).toBe(scheme === 'rtp' ? 'rtp/mpeg-ts' : 'mpeg-ts');
      expect(result.health.kernel_drops).toBe(0);
      if (scheme === 'rtp') {
        expect(stream.metrics).toMatchObject({ packets_lost: 0, packets_duplicated: 0, packets_reordered: 0 });
        expect(stream).toMatchObject({ ended: true, rtcp: { bye: true, packets_behind: 0 } });
      }
      expectSound(stream);
      expect(stream.transport!.services[0]!.name).toBe('Service01');
      same(readFileSync(saved), payloadsIn(capture.path, PORT, scheme === 'rtp' ? RTP_OCTETS : 0));
      // Its RTP muxer keeps the end of the stream, less than a datagram, for itself.
      const pictures = picturesOf(saved, scheme === 'rtp');
      expect(pictures).toHaveLength(50);
      const whole = scheme === 'rtp' ? 49 : 50;
      expect(pictures.slice(0, whole)).toEqual(picturesOf(clips[codec]).slice(0, whole));
    });
  });
});
