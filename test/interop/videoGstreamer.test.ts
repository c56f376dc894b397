/** GStreamer at the other end: what it takes out of our RTP, repairs with our FEC, and what its payloader sends. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshGroup } from '../mcast.js';
import { until, type Lab, type LabProcess } from '../netns/lab.js';
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

const MEDIA_CAPS = 'application/x-rtp,media=video,clock-rate=90000,encoding-name=MP2T,payload=33';
const FEC_CAPS = 'application/x-rtp,media=application,clock-rate=90000,payload=96';
/** Nothing but its own memory bounds what waits. */
const QUEUE = ['queue', 'max-size-bytes=0', 'max-size-buffers=0', 'max-size-time=0'];

function source(group: string, port: number, caps: string): string[] {
  const where = [`address=${group}`, `port=${port}`, 'multicast-iface=e0', 'buffer-size=4000000'];
  return ['udpsrc', ...where, `caps=${caps}`, '!', ...QUEUE, '!'];
}

function sink(path: string): string[] {
  return ['rtpmp2tdepay', '!', 'filesink', `location=${path}`, 'buffer-mode=unbuffered'];
}

async function written(path: string, octets: number, pipeline: LabProcess): Promise<Buffer> {
  await until(() => sizeOf(path) >= octets, `${octets} octets in ${path}`).catch((error: unknown) => {
    throw new Error(`${sizeOf(path)} octets came; ${pipeline.describe()}`, { cause: error });
  });
  return readFileSync(path);
}

describe.runIf(needs('netns', 'gst-launch-1.0', 'ffmpeg', 'dist'))('video and GStreamer', { timeout: 60_000 }, () => {
  let lab: Lab;
  let clip: string;
  beforeAll(async () => {
    lab = await openVideoLab();
    clip = makeClip(lab.folder, 'h264', 4);
  }, 60_000);
  afterAll(async () => lab?.close());

  /** A pipeline that waits for datagrams; it never ends by itself. */
  function startPipeline(...words: readonly string[]): LabProcess {
    return startPeer(lab, 'rx', 'gst-launch-1.0', ['-q', ...words]);
  }

  it('takes out of RTP what was sent, to the octet', async () => {
    const group = freshGroup();
    const path = join(lab.folder, 'out.ts');
    const pipeline = startPipeline(...source(group, PORT, MEDIA_CAPS), ...sink(path));
    await untilJoined(lab, 'rx', group);
    await sendFrom(lab, `rtp://${group}:${PORT}/iface=e0`, '--input', clip);
    const sent = readFileSync(clip);
    same(await written(path, sent.length, pipeline), sent);
  });

  it('repairs with our FEC what a network lost', async () => {
    const group = freshGroup();
    const path = join(lab.folder, 'repaired.ts');
    const repair = [
      'rtpst2022-1-fecdec',
      'name=fec',
      'size-time=5000000000',
      '!',
      'rtpjitterbuffer',
      'latency=3000',
      '!',
    ];
    const media = [...source(group, PORT, MEDIA_CAPS), 'fec.sink'];
    const columns = [...source(group, PORT + 2, FEC_CAPS), 'fec.fec_0'];
    const rows = [...source(group, PORT + 4, FEC_CAPS), 'fec.fec_1'];
    const pipeline = startPipeline(...repair, ...sink(path), ...media, ...columns, ...rows);
    await untilJoined(lab, 'rx', group, 3);
    // Of each flow: of the media bursts and single ones, and FEC packets that those which came make up for.
    const lost = 'list=60-69,200,333,700-705,1000,1500-1509,2000';
    const network = ['--fec', '10x5', '--impair', lost];
    const result = await sendFrom(lab, `rtp://${group}:${PORT}/iface=e0`, '--input', clip, ...network);
    expect(result.sender!.impairment!.lost).toBe(30 + 12 + 11);
    const sent = readFileSync(clip);
    same(await written(path, sent.length, pipeline), sent);
  });

  it('sends what arrives complete', async () => {
    const group = freshGroup();
    const saved = join(lab.folder, 'saved.ts');
    const idle = ['--until-idle', '1500ms'];
    const receiver = await receiveAt(lab, `rtp://${group}:${PORT}/iface=e0`, '--save', saved, ...idle);
    const target = [`host=${group}`, `port=${PORT}`, 'multicast-iface=e0', 'ttl-mc=1', 'sync=true'];
    const paced = ['filesrc', `location=${clip}`, '!', 'tsparse', 'set-timestamps=true', '!'];
    await lab.run('tx', 'gst-launch-1.0', ['-q', ...paced, 'rtpmp2tpay', '!', 'udpsink', ...target]);
    const stream = mediaOf(await receiver.result());
    expect(stream.format).toBe('rtp/mpeg-ts');
    expect(stream.metrics).toMatchObject({ packets_lost: 0, packets_duplicated: 0, packets_reordered: 0 });
    expectSound(stream);
    same(readFileSync(saved), readFileSync(clip));
  });
});
